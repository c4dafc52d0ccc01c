//! The cases that every backend of the Keys port passes; made like those of the Store port.

use std::sync::Arc;

use bytes::Bytes;

use super::trial::{passed, same, skipped};
use super::{Case, Checked};
use crate::keys::{DataKey, Secret, WRAPPED_BYTES};
use crate::{Boxed, Keys};

/// A backend under test.
pub trait Subject: Send + Sync {
    /// A keeper that sealed nothing yet; the hooks are about the latest one.
    fn fresh(&self) -> Boxed<'_, Arc<dyn Keys>>;

    /// The latest one, as another process would open it.
    fn reopen(&self) -> Boxed<'_, Arc<dyn Keys>>;

    /// Whether what stands for the keeper here does not look at all that it sealed, as some emulators do not.
    fn overlooks_damage(&self) -> bool {
        false
    }

    /// Brings the latest one into a situation; whether it can.
    fn hook(&self, hook: Hook) -> bool {
        let _ = hook;
        false
    }
}

/// A situation that a case wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Nobody reaches the keeper, or everybody does again.
    Down(bool),
    /// The key may not be used, or may again.
    Disabled(bool),
}

/// Every case of the Keys port.
#[must_use]
pub fn cases() -> &'static [Case<dyn Subject>] {
    CASES
}

const CASES: &[Case<dyn Subject>] = crate::conformance_cases! {
    keeping:
        every_key_is_another,
        what_lies_beside_is_short_and_does_not_show_the_key,
        a_key_is_had_again,
        a_key_is_had_again_by_another_process,
        a_key_of_another_keeper_is_none,
        a_damaged_key_is_none,
        what_is_no_key_is_none;
    faults:
        an_outage_says_so_and_loses_nothing,
        a_disabled_key_is_an_outage_until_it_is_enabled;
};

async fn made(keys: &dyn Keys) -> Result<DataKey, String> {
    keys.make().await.map_err(|outage| format!("make: {outage}"))
}

async fn unwrapped(keys: &dyn Keys, wrapped: &Bytes) -> Result<Option<Secret>, String> {
    keys.unwrap(wrapped.clone()).await.map_err(|outage| format!("unwrap: {outage}"))
}

mod keeping {
    use super::*;

    pub(super) async fn every_key_is_another(subject: &dyn Subject) -> Checked {
        let keys = subject.fresh().await;
        let (one, other) = (made(&*keys).await?, made(&*keys).await?);
        same("they are alike", one.secret == other.secret, false)?;
        same("they lie alike", one.wrapped == other.wrapped, false)?;
        passed()
    }

    pub(super) async fn what_lies_beside_is_short_and_does_not_show_the_key(
        subject: &dyn Subject,
    ) -> Checked {
        let key = made(&*subject.fresh().await).await?;
        same("it is too long", key.wrapped.len() > WRAPPED_BYTES, false)?;
        let shows = key.wrapped.windows(32).any(|bytes| bytes == key.secret.bytes());
        same("it shows the key", shows, false)?;
        passed()
    }

    pub(super) async fn a_key_is_had_again(subject: &dyn Subject) -> Checked {
        let keys = subject.fresh().await;
        let (one, other) = (made(&*keys).await?, made(&*keys).await?);
        for key in [&one, &other, &one] {
            same("it is the same", unwrapped(&*keys, &key.wrapped).await?.as_ref(), Some(&key.secret))?;
        }
        passed()
    }

    pub(super) async fn a_key_is_had_again_by_another_process(subject: &dyn Subject) -> Checked {
        let key = made(&*subject.fresh().await).await?;
        let keys = subject.reopen().await;
        same("it is the same", unwrapped(&*keys, &key.wrapped).await?, Some(key.secret))?;
        passed()
    }

    pub(super) async fn a_key_of_another_keeper_is_none(subject: &dyn Subject) -> Checked {
        let key = made(&*subject.fresh().await).await?;
        let keys = subject.fresh().await;
        same("what it is", unwrapped(&*keys, &key.wrapped).await?, None)?;
        passed()
    }

    pub(super) async fn a_damaged_key_is_none(subject: &dyn Subject) -> Checked {
        if subject.overlooks_damage() {
            return skipped("what stands for the keeper overlooks damage");
        }
        let keys = subject.fresh().await;
        let key = made(&*keys).await?;
        let last = key.wrapped.len() - 1;
        let mut damaged = key.wrapped.to_vec();
        damaged[last] ^= 1;
        same("with another end", unwrapped(&*keys, &damaged.into()).await?, None)?;
        same("cut short", unwrapped(&*keys, &key.wrapped.slice(..last)).await?, None)?;
        passed()
    }

    pub(super) async fn what_is_no_key_is_none(subject: &dyn Subject) -> Checked {
        let keys = subject.fresh().await;
        for nothing in ["?", "not a sealed data key, but as long as one of those may well be"] {
            same(nothing, unwrapped(&*keys, &Bytes::from_static(nothing.as_bytes())).await?, None)?;
        }
        passed()
    }
}

mod faults {
    use super::*;

    async fn fails_while(subject: &dyn Subject, on: Hook, off: Hook) -> Checked {
        let keys = subject.fresh().await;
        let before = made(&*keys).await?;
        if !subject.hook(on) {
            return skipped(format!("no hook {on:?}"));
        }
        same("make", keys.make().await.is_err(), true)?;
        same("unwrap", keys.unwrap(before.wrapped.clone()).await.is_err(), true)?;
        subject.hook(off);
        same("it is the same", unwrapped(&*keys, &before.wrapped).await?, Some(before.secret))?;
        made(&*keys).await?;
        passed()
    }

    pub(super) async fn an_outage_says_so_and_loses_nothing(subject: &dyn Subject) -> Checked {
        fails_while(subject, Hook::Down(true), Hook::Down(false)).await
    }

    pub(super) async fn a_disabled_key_is_an_outage_until_it_is_enabled(subject: &dyn Subject) -> Checked {
        fails_while(subject, Hook::Disabled(true), Hook::Disabled(false)).await
    }
}
