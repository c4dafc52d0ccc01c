//! One breach of each lint that the workspace asks for by name, and of one lint of each group.

use std::collections::HashMap;
use std::fmt::{self, Formatter};
use std::sync::Mutex;

pub fn unreachable_pub() {}

pub(crate) fn unsafe_code(bytes: &[u8]) -> u8 {
    unsafe { *bytes.as_ptr() }
}

pub(crate) struct Idioms;

impl fmt::Display for Idioms {
    // Group `rust_2018_idioms`: the lifetime of `Formatter` is not shown.
    fn fmt(&self, _: &mut Formatter) -> fmt::Result {
        Ok(())
    }
}

pub(crate) fn unused_qualifications() -> fmt::Result {
    std::fmt::Result::Ok(())
}

// Group `all`.
pub(crate) fn needless_return() -> u8 {
    return 1;
}

#[allow(unused_variables, reason = "to be noticed")]
pub(crate) fn allow_attributes(unused: u8) {}

#[expect(unused_variables)]
pub(crate) fn allow_attributes_without_reason(unused: u8) {}

pub(crate) async fn await_holding_lock(lock: &Mutex<u8>) {
    let Ok(mut held) = lock.lock() else { return };
    std::future::ready(()).await;
    *held = 1;
}

pub(crate) fn cast_lossless(small: u8) -> u32 {
    small as u32
}

pub(crate) fn cast_possible_truncation(large: u32) -> u8 {
    large as u8
}

pub(crate) fn cast_sign_loss(signed: i32) -> u32 {
    signed as u32
}

pub(crate) fn dbg_macro(value: u8) -> u8 {
    dbg!(value)
}

/// Names `doc_markdown` once in quotes and another_thing without.
pub(crate) fn doc_markdown() {}

pub(crate) fn expect_used(value: Option<u8>) -> u8 {
    value.expect("there is one")
}

pub(crate) fn iter_over_hash_type(map: &HashMap<u8, u8>) -> u8 {
    let mut last = 0;
    for value in map.values() {
        last = *value;
    }
    last
}

pub(crate) async fn large_futures() {
    large().await;
}

async fn large() {
    let held = [0_u8; 20_000];
    std::future::ready(&held).await;
}

pub(crate) fn let_underscore_must_use(text: &str) {
    let _ = text.parse::<u8>();
}

pub(crate) fn panic() {
    panic!("on purpose");
}

pub(crate) fn print_stdout() {
    println!("on purpose");
}

pub(crate) fn str_to_string(text: &str) -> String {
    text.to_string()
}

pub(crate) fn todo() {
    todo!()
}

pub(crate) fn too_many_arguments(_: u8, _: u8, _: u8, _: u8, _: u8, _: u8) {}

pub(crate) fn as_many_arguments_as_may_be(_: u8, _: u8, _: u8, _: u8, _: u8) {}

pub(crate) fn unwrap_used(value: Option<u8>) -> u8 {
    value.unwrap()
}

pub(crate) fn too_many_lines(mut value: u8) -> u8 {
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value
}

pub(crate) fn as_many_lines_as_may_be(mut value: u8) -> u8 {
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value ^= 1;
    value
}
