//! How many authorizations a second the simulated provider makes durable, over HTTP, in a process of its own.

use std::time::Instant;

use futures_util::future::join_all;
use payment::gateway::{Evidence, Gateway};

use crate::support::{PATIENT, Peer, authorize, block_on, gateway};

/// What the services ask of their provider at full load on two cores.
const GOAL: u128 = 2_000;
const CALLERS: u32 = 128;
const EACH: u32 = 100;

#[test]
#[ignore = "a measurement: cargo test --release -p payment -- --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn two_thousand_authorizations_a_second_are_durable_before_they_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start(&folder.path().join("provider.db"));
    let gateway = gateway(peer.address, PATIENT);
    let started = Instant::now();
    block_on(join_all((0..CALLERS).map(|caller| {
        let gateway = &gateway;
        async move {
            for n in 0..EACH {
                let evidence = gateway.execute(&authorize(&format!("{caller}-{n}"), "tok_ok")).await;
                assert!(matches!(evidence, Ok(Evidence::Authorized { .. })), "{evidence:?}");
            }
        }
    })));
    let rate = u128::from(CALLERS * EACH) * 1_000 / started.elapsed().as_millis();
    println!("{rate} authorizations/s");
    assert!(rate >= GOAL, "{rate} authorizations/s");
}
