//! Keys of KMS against an endpoint, over a wire on which answers can be lost. Every test has keys of its own, which are to
//! be deleted at its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_kms::Client;
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use store::conformance::keys::{Hook, Subject};
use store::keys::kms::{Kms, Settings};
use store::{Boxed, Keys, OutageKind};

use super::{pass_all, run};
use crate::aws::{config, endpoint};
use crate::units::together;
use crate::wire::{Fault, Wire, told};

/// How often a request is sent that may be repeated.
const TRIES: usize = 4;

/// A key of its own.
struct Key {
    url: String,
    alias: String,
}

impl Key {
    fn new(url: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        Self { url: url.to_owned(), alias: format!("alias/test-{}-{number}", std::process::id()) }
    }

    fn settings(&self) -> Settings {
        Settings { key: self.alias.clone(), context: self.alias.clone(), ..Settings::default() }
    }

    async fn open(&self) -> Kms {
        Kms::open(&config(&self.url), self.settings()).await.unwrap()
    }

    fn client(&self) -> Client {
        Client::new(&config(&self.url))
    }

    /// What KMS tells of the key that is called so, by its alias or its id.
    async fn told(&self, called: &str) -> KeyMetadata {
        let found = self.client().describe_key().key_id(called).send().await.unwrap();
        found.key_metadata.unwrap()
    }

    async fn id(&self) -> String {
        self.told(&self.alias).await.key_id
    }

    async fn discard(&self, id: String) {
        self.client().schedule_key_deletion().key_id(id).pending_window_in_days(7).send().await.unwrap();
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        let remove = async { Kms::demolish(&config(&self.url), self.settings()).await.unwrap() };
        std::thread::scope(|scope| scope.spawn(|| run(remove)).join().unwrap());
    }
}

struct KeysOfKms {
    endpoint: String,
    wire: Wire,
    /// The last one is the latest.
    made: Mutex<Vec<Key>>,
}

impl KeysOfKms {
    fn open(&self) -> Boxed<'_, Arc<dyn Keys>> {
        let settings = self.made.lock().unwrap().last().unwrap().settings();
        Box::pin(async {
            Arc::new(Kms::open(&config(&self.wire.url), settings).await.unwrap()) as Arc<dyn Keys>
        })
    }
}

impl Subject for KeysOfKms {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Keys>> {
        self.made.lock().unwrap().push(Key::new(&self.endpoint));
        self.open()
    }

    fn reopen(&self) -> Boxed<'_, Arc<dyn Keys>> {
        self.open()
    }

    /// ministack does not look at the end of what it sealed.
    fn overlooks_damage(&self) -> bool {
        true
    }

    fn hook(&self, hook: Hook) -> bool {
        match hook {
            Hook::Down(is_down) => {
                for operation in ["GenerateDataKey", "Decrypt"] {
                    let faults = if is_down { TRIES } else { 0 };
                    self.wire.next(operation, std::iter::repeat_n(Fault::Question, faults));
                }
            }
            Hook::Disabled(is_disabled) => {
                let made = self.made.lock().unwrap();
                let key = made.last().unwrap();
                let change = async {
                    let id = key.id().await;
                    if is_disabled {
                        key.client().disable_key().key_id(id).send().await.map(drop).unwrap();
                    } else {
                        key.client().enable_key().key_id(id).send().await.map(drop).unwrap();
                    }
                };
                std::thread::scope(|scope| scope.spawn(|| run(change)).join().unwrap());
            }
        }
        true
    }
}

#[test]
fn keys_of_kms_pass_every_case() {
    let Some(endpoint) = endpoint() else { return };
    let wire = Wire::new(&endpoint);
    let subject = KeysOfKms { endpoint, wire, made: Mutex::default() };
    let skipped = pass_all(&subject);
    assert_eq!(skipped, ["skipped: a_damaged_key_is_none (what stands for the keeper overlooks damage)"]);
}

#[test]
fn processes_that_start_at_once_make_the_key_once() {
    let Some(endpoint) = endpoint() else { return };
    let key = Key::new(&endpoint);
    run(async {
        let all = together((0..4).map(|_| key.open()).collect()).await;
        let made = all[0].make().await.unwrap();
        for keys in all {
            assert_eq!(keys.unwrap(made.wrapped.clone()).await.unwrap(), Some(made.secret.clone()));
        }
        let rotation = key.client().get_key_rotation_status().key_id(key.id().await).send().await.unwrap();
        assert!(rotation.key_rotation_enabled, "it is turned every year");
    });
}

#[test]
fn a_data_key_opens_only_for_what_it_is_for() {
    let Some(endpoint) = endpoint() else { return };
    let key = Key::new(&endpoint);
    run(async {
        let made = key.open().await.make().await.unwrap();
        let settings = Settings { context: "something else".to_owned(), ..key.settings() };
        let other = Kms::open(&config(&endpoint), settings).await.unwrap();
        assert_eq!(other.unwrap(made.wrapped).await.unwrap(), None);
    });
}

#[test]
fn a_missing_key_and_one_that_may_not_be_used_say_what_to_do() {
    let Some(endpoint) = endpoint() else { return };
    let (key, wire) = (Key::new(&endpoint), Wire::new(&endpoint));
    run(async {
        let settings = Settings { creates: false, ..key.settings() };
        let outage = Kms::open(&config(&endpoint), settings).await.err().unwrap();
        let want = format!("the key {} of KMS is missing", key.alias);
        assert!(outage.kind == OutageKind::Broken && outage.detail.contains(&want), "{outage}");
        let keys = Kms::open(&config(&wire.url), key.settings()).await.unwrap();
        wire.next("GenerateDataKey", [Fault::Refused(400, told("AccessDeniedException", ""))]);
        let outage = keys.make().await.unwrap_err();
        assert!(
            outage.kind == OutageKind::Broken && outage.detail.contains("kms:GenerateDataKey"),
            "{outage}"
        );
        let busy = Fault::Refused(400, told("ThrottlingException", ""));
        wire.next("GenerateDataKey", vec![busy.clone(); TRIES - 1]);
        keys.make().await.unwrap();
        wire.next("GenerateDataKey", vec![busy; TRIES]);
        assert_eq!(keys.make().await.unwrap_err().kind, OutageKind::Throttled);
    });
}

#[test]
fn a_key_is_taken_down_and_its_name_is_free_at_once() {
    let Some(endpoint) = endpoint() else { return };
    let key = Key::new(&endpoint);
    run(async {
        for _ in 0..2 {
            key.open().await.make().await.unwrap();
            let id = key.id().await;
            for _ in 0..2 {
                Kms::demolish(&config(&endpoint), key.settings()).await.unwrap();
                assert_eq!(key.told(&id).await.key_state, Some(KeyState::PendingDeletion));
            }
        }
    });
}

#[test]
fn a_key_that_somebody_else_made_stays_and_so_does_its_name() {
    let Some(endpoint) = endpoint() else { return };
    for about in ["", "seals what somebody else keeps"] {
        let key = Key::new(&endpoint);
        run(async {
            let made = key.client().create_key().description(about).send().await.unwrap();
            let id = made.key_metadata.unwrap().key_id;
            key.client().create_alias().alias_name(&key.alias).target_key_id(&id).send().await.unwrap();
            key.open().await.make().await.unwrap();
            Kms::demolish(&config(&endpoint), key.settings()).await.unwrap();
            let found = key.told(&key.alias).await;
            assert_eq!((found.key_id, found.key_state), (id.clone(), Some(KeyState::Enabled)), "{about:?}");
            key.client().delete_alias().alias_name(&key.alias).send().await.unwrap();
            key.discard(id).await;
        });
    }
}

#[test]
fn a_key_that_is_disabled_or_to_be_deleted_says_what_to_do_and_no_other_is_made() {
    let Some(endpoint) = endpoint() else { return };
    let (key, wire) = (Key::new(&endpoint), Wire::new(&endpoint));
    run(async {
        let sealed = key.open().await.make().await.unwrap();
        let id = key.id().await;
        let refused = async |want: &str| {
            let outage = Kms::open(&config(&wire.url), key.settings()).await.err().unwrap();
            assert!(outage.kind == OutageKind::Broken && outage.detail.contains(want), "{outage}");
            assert!(outage.detail.contains(&format!("aws kms enable-key --key-id {id}")), "{outage}");
            assert_eq!(wire.asked("CreateKey"), 0);
            assert_eq!(key.id().await, id);
        };
        key.discard(id.clone()).await;
        refused(&format!("the key {} is to be deleted on 20", key.alias)).await;
        refused(&format!("aws kms cancel-key-deletion --key-id {id}")).await;
        key.client().cancel_key_deletion().key_id(&id).send().await.unwrap();
        refused(&format!("the key {} is disabled", key.alias)).await;
        key.client().enable_key().key_id(&id).send().await.unwrap();
        assert_eq!(key.open().await.unwrap(sealed.wrapped).await.unwrap(), Some(sealed.secret));
    });
}

#[test]
fn a_key_that_is_to_be_deleted_already_gives_its_name_free() {
    let Some(endpoint) = endpoint() else { return };
    let key = Key::new(&endpoint);
    run(async {
        key.open().await;
        let id = key.id().await;
        key.discard(id.clone()).await;
        Kms::demolish(&config(&endpoint), key.settings()).await.unwrap();
        key.open().await.make().await.unwrap();
        assert_ne!(key.id().await, id);
    });
}
