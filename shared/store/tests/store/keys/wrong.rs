//! Keys with one flaw each, and the case that notices it; without one they are right, but keep all in memory.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use store::conformance::keys::{Hook, Subject};
use store::keys::{DataKey, Secret};
use store::{Boxed, Keys, Outage, OutageKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    AlwaysTheSame,
    Plain,
    OnlyTheLatest,
    ForgottenByARestart,
    SharedByAll,
    DamageOverlooked,
    AnythingIsAKey,
    OutagesSwallowed,
    DisabledStillOpens,
}

use Flaw::*;

pub(super) const FLAWS: &[(&str, Flaw)] = &[
    ("every_key_is_another", AlwaysTheSame),
    ("what_lies_beside_is_short_and_does_not_show_the_key", Plain),
    ("a_key_is_had_again", OnlyTheLatest),
    ("a_key_is_had_again_by_another_process", ForgottenByARestart),
    ("a_key_of_another_keeper_is_none", SharedByAll),
    ("a_damaged_key_is_none", DamageOverlooked),
    ("what_is_no_key_is_none", AnythingIsAKey),
    ("an_outage_says_so_and_loses_nothing", OutagesSwallowed),
    ("a_disabled_key_is_an_outage_until_it_is_enabled", DisabledStillOpens),
];

#[derive(Default)]
struct Kept {
    keys: Vec<(Bytes, Secret)>,
    made: u64,
    is_down: bool,
    is_disabled: bool,
}

/// A keeper that remembers every key.
pub(super) struct Wrong {
    flaw: Option<Flaw>,
    kept: Mutex<Arc<Mutex<Kept>>>,
}

impl Wrong {
    pub(super) fn new(flaw: Option<Flaw>) -> Self {
        Self { flaw, kept: Mutex::default() }
    }

    fn keys(&self) -> Arc<dyn Keys> {
        Arc::new(Keeper { flaw: self.flaw, kept: self.kept.lock().unwrap().clone() })
    }
}

impl Subject for Wrong {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Keys>> {
        let made = self.kept.lock().unwrap().lock().unwrap().made;
        if self.flaw != Some(SharedByAll) {
            *self.kept.lock().unwrap() = Arc::new(Mutex::new(Kept { made, ..Kept::default() }));
        }
        Box::pin(std::future::ready(self.keys()))
    }

    fn reopen(&self) -> Boxed<'_, Arc<dyn Keys>> {
        if self.flaw == Some(ForgottenByARestart) {
            self.kept.lock().unwrap().lock().unwrap().keys.clear();
        }
        Box::pin(std::future::ready(self.keys()))
    }

    fn hook(&self, hook: Hook) -> bool {
        let kept = self.kept.lock().unwrap();
        let mut kept = kept.lock().unwrap();
        match hook {
            Hook::Down(is_down) => kept.is_down = is_down,
            Hook::Disabled(is_disabled) => kept.is_disabled = is_disabled,
        }
        true
    }
}

struct Keeper {
    flaw: Option<Flaw>,
    kept: Arc<Mutex<Kept>>,
}

impl Keeper {
    fn check(&self, opens: bool) -> Result<(), Outage> {
        let kept = self.kept.lock().unwrap();
        let still_opens = opens && self.flaw == Some(DisabledStillOpens);
        let is_down = kept.is_down && self.flaw != Some(OutagesSwallowed);
        if is_down || (kept.is_disabled && !still_opens) {
            return Err(Outage::new(OutageKind::Unreachable, "said by a test"));
        }
        Ok(())
    }
}

impl Keys for Keeper {
    fn make(&self) -> Boxed<'_, Result<DataKey, Outage>> {
        let made = self.check(false).map(|()| {
            let mut kept = self.kept.lock().unwrap();
            kept.made += u64::from(self.flaw != Some(AlwaysTheSame));
            let bytes: Vec<u8> = kept.made.to_be_bytes().repeat(4);
            let secret = Secret::new(&bytes).unwrap();
            let wrapped: Bytes = match self.flaw {
                Some(Plain) => bytes.into(),
                _ => format!("sealed {:08}", kept.made).into(),
            };
            if self.flaw == Some(OnlyTheLatest) {
                kept.keys.clear();
            }
            kept.keys.push((wrapped.clone(), secret.clone()));
            DataKey { secret, wrapped }
        });
        Box::pin(std::future::ready(made))
    }

    fn unwrap(&self, wrapped: Bytes) -> Boxed<'_, Result<Option<Secret>, Outage>> {
        let opened = self.check(true).map(|()| {
            let kept = self.kept.lock().unwrap();
            let is_it = |(key, _): &&(Bytes, Secret)| match self.flaw {
                Some(AnythingIsAKey) => true,
                Some(DamageOverlooked) => key[..key.len() - 1] == wrapped[..wrapped.len().min(key.len() - 1)],
                _ => *key == wrapped,
            };
            let any = || (self.flaw == Some(AnythingIsAKey)).then(|| Secret::new(&[0; 32]).unwrap());
            kept.keys.iter().find(is_it).map(|(_, secret)| secret.clone()).or_else(any)
        });
        Box::pin(std::future::ready(opened))
    }
}
