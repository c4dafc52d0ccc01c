//! Whatever is asked of the provider, in whatever order and however often, its ledger stays sound.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::{Currency, Timestamp};
use payment::simulated::faults::{Chance, Faults, Odds};
use payment::simulated::ledger::{Account, Effect, Entry, Ledger, PaymentTotals};
use payment::simulated::wire::Request;
use payment::simulated::{Line, Provider};
use proptest::prelude::*;

/// A request among few keys and few authorizations, so that they meet.
#[derive(Debug, Clone)]
enum Ask {
    Authorize { key: u8, amount: i64, token: &'static str },
    Dispute { of: u8 },
    Decide { of: u8, outcome: &'static str },
    Wait { seconds: u64 },
    Capture { key: u8, of: u8, amount: i64, is_final: bool },
    Void { key: u8, of: u8 },
    Cancel { key: u8, of: u8 },
    Refund { key: u8, of: u8, amount: i64 },
    Complete { of: u8, outcome: &'static str },
    Query { of: u8 },
}

fn ask() -> impl Strategy<Value = Ask> {
    let (key, of, amount) = (|| 0u8..12, || 0u8..12, || 1i64..60);
    let token = prop_oneof![
        4 => Just("tok_ok"),
        1 => Just("tok_3ds"),
        1 => Just("tok_3ds_fails"),
        1 => Just("tok_declined"),
        1 => Just("tok_capture_declined"),
        1 => Just("tok_disputed"),
        1 => Just("tok_disputed_lost"),
        1 => Just("tok_expires"),
        1 => Just("tok_expires_declined"),
    ];
    prop_oneof![
        3 => (key(), amount(), token).prop_map(|(key, amount, token)| Ask::Authorize { key, amount, token }),
        3 => (key(), of(), amount(), any::<bool>())
            .prop_map(|(key, of, amount, is_final)| Ask::Capture { key, of, amount, is_final }),
        1 => (key(), of()).prop_map(|(key, of)| Ask::Void { key, of }),
        1 => (key(), of()).prop_map(|(key, of)| Ask::Cancel { key, of }),
        2 => (key(), of(), amount()).prop_map(|(key, of, amount)| Ask::Refund { key, of, amount }),
        1 => (of(), prop_oneof![Just("succeed"), Just("fail")]).prop_map(|(of, outcome)| Ask::Complete { of, outcome }),
        1 => of().prop_map(|of| Ask::Query { of }),
        1 => of().prop_map(|of| Ask::Dispute { of }),
        1 => (of(), prop_oneof![Just("won"), Just("lost")]).prop_map(|(of, outcome)| Ask::Decide { of, outcome }),
        2 => prop_oneof![4 => 0u64..30, 1 => Just(8 * 24 * 3600)].prop_map(|seconds| Ask::Wait { seconds }),
    ]
}

/// What was named so far: by the key that opened or captured it.
#[derive(Default)]
struct Names {
    authorizations: BTreeMap<u8, String>,
    captures: BTreeMap<u8, (String, String)>,
}

impl Names {
    /// Learns what `ask` opened or captured, where it did: its entry is the last one.
    fn learn(&mut self, ask: &Ask, made: &Entry) {
        match (ask, &made.effect) {
            (Ask::Authorize { key, .. }, effect) => {
                let id = effect.authorization().map(ToString::to_string);
                self.authorizations.extend(id.map(|id| (*key, id)));
            }
            (Ask::Capture { key, .. }, Effect::Captured { .. }) => {
                let answer: serde_json::Value = serde_json::from_str(&made.answer.body).unwrap();
                let capture = answer["id"].as_str().unwrap().to_owned();
                self.captures.insert(*key, (capture, String::new()));
            }
            (Ask::Dispute { of }, Effect::DisputeOpened { dispute, .. }) => {
                self.captures.get_mut(of).unwrap().1 = dispute.to_string();
            }
            _ => {}
        }
    }
}

/// The request; `None` for one that only waits.
fn request(ask: &Ask, names: &Names) -> Option<Request> {
    let nobody = |kind: &str| format!("sim_{kind}_{}", "0".repeat(32));
    let name = |of: &u8| names.authorizations.get(of).cloned().unwrap_or_else(|| nobody("auth"));
    let contested =
        |of: &u8| names.captures.get(of).cloned().unwrap_or_else(|| (nobody("capture"), nobody("dispute")));
    let (key, path, body) = match ask {
        Ask::Wait { .. } => return None,
        Ask::Authorize { key, amount, token } => {
            let (payment, currency) = (key % 3, if key % 3 == 0 { "JPY" } else { "GBP" });
            let body = format!(
                r#"{{"payment":"p{payment}","amount_minor":{amount},"currency":"{currency}","token":"{token}"}}"#
            );
            (Some(key), "/v1/authorizations".to_owned(), body)
        }
        Ask::Capture { key, of, amount, is_final } => {
            let body = format!(r#"{{"amount_minor":{amount},"final":{is_final}}}"#);
            (Some(key), format!("/v1/authorizations/{}/capture", name(of)), body)
        }
        Ask::Void { key, of } => (Some(key), format!("/v1/authorizations/{}/void", name(of)), String::new()),
        Ask::Cancel { key, of } => (Some(key), format!("/v1/operations/k{of}/cancel"), String::new()),
        Ask::Refund { key, of, amount } => {
            let body = format!(r#"{{"authorization":"{}","amount_minor":{amount}}}"#, name(of));
            (Some(key), "/v1/refunds".to_owned(), body)
        }
        Ask::Complete { of, outcome } => {
            (None, format!("/v1/actions/{}/complete", name(of)), format!(r#"{{"outcome":"{outcome}"}}"#))
        }
        Ask::Dispute { of } => (None, format!("/v1/captures/{}/dispute", contested(of).0), String::new()),
        Ask::Decide { of, outcome } => (
            None,
            format!("/v1/disputes/{}/decide", contested(of).1),
            format!(r#"{{"outcome":"{outcome}"}}"#),
        ),
        Ask::Query { of } => (None, format!("/v1/operations/k{of}"), String::new()),
    };
    let method = if matches!(ask, Ask::Query { .. }) { "GET" } else { "POST" };
    Some(Request { method: method.to_owned(), path, key: key.map(|key| format!("k{key}")), body })
}

/// What all payments say is what the books say, and in every currency money only moves.
fn sound(provider: &Provider) {
    let ledger = provider.ledger();
    for currency in [Currency::GBP, Currency::JPY] {
        let balance = |account| ledger.books().balance(currency, account);
        let (mut held, mut kept, mut disputed) = (0, 0, 0);
        for authorization in ledger.authorizations().filter(|one| one.money.currency == currency) {
            let captured = authorization.captured_minor;
            let lost = authorization.charged_back_minor();
            let contested = authorization.disputed_minor();
            assert!((0..=authorization.money.amount_minor).contains(&captured), "{authorization:?}");
            assert!((0..=captured).contains(&authorization.refunded_minor), "{authorization:?}");
            assert!(authorization.refundable_minor() >= 0, "{authorization:?}");
            assert!((0..=authorization.money.amount_minor - captured).contains(&authorization.held_minor()));
            held += authorization.held_minor();
            disputed += contested;
            kept += captured - authorization.refunded_minor - contested - lost;
        }
        let there = [Account::Held, Account::Merchant, Account::Disputed].map(balance);
        assert_eq!(there, [held, kept, disputed]);
        assert_eq!(balance(Account::Cardholder), -(held + kept + disputed), "money only moves");
    }
    let sum = |of: fn(&PaymentTotals) -> i64| ledger.payments().values().map(of).sum::<i64>();
    let books = |account| {
        ledger.books().balances().filter(|b| b.account == account).map(|b| b.balance_minor).sum::<i64>()
    };
    assert_eq!(sum(|of| of.held_minor), books(Account::Held));
    assert_eq!(sum(|of| of.disputed_minor), books(Account::Disputed));
    assert_eq!(
        sum(|of| of.captured_minor - of.refunded_minor - of.disputed_minor - of.charged_back_minor),
        books(Account::Merchant)
    );
    let keys: BTreeSet<_> = provider.journal().iter().map(|entry| &entry.key).collect();
    assert_eq!(keys.len(), provider.journal().len(), "one effect per key");
}

fn rebuilt(provider: &Provider) -> Ledger {
    let mut ledger = Ledger::default();
    for entry in provider.journal() {
        // Through its written form, as it comes from a disk or an export.
        let written = serde_json::to_string(entry).unwrap();
        ledger.apply(&serde_json::from_str(&written).unwrap()).unwrap();
    }
    ledger
}

fn calm() -> Faults {
    Faults::new(1, Odds::default(), Duration::ZERO).unwrap()
}

fn call(provider: &mut Provider, request: &Request, now: Timestamp) -> Line<Vec<u8>> {
    provider.call(now, &serde_json::to_vec(request).unwrap()).line
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_an_answer_with_an_effect_is_replayed_byte_for_byte(asks in prop::collection::vec(ask(), 1..80)) {
        let mut provider = Provider::new(calm());
        let (mut names, mut answers) = (Names::default(), BTreeMap::<String, Line<Vec<u8>>>::new());
        let mut now = Timestamp::EPOCH;
        for ask in &asks {
            if let Ask::Wait { seconds } = ask {
                now = now.plus(Duration::from_secs(*seconds));
            }
            provider.pass(now);
            sound(&provider);
            let Some(request) = request(ask, &names) else { continue };
            let before = provider.journal().len();
            let answer = call(&mut provider, &request, now);
            sound(&provider);
            let written = serde_json::to_string(&request).unwrap();
            if let Some(first) = answers.get(&written) {
                prop_assert_eq!(&answer, first);
                prop_assert_eq!(provider.journal().len(), before);
            } else if let [made] = &provider.journal()[before..] {
                answers.insert(written, answer);
                names.learn(ask, made);
            }
        }
        prop_assert_eq!(&rebuilt(&provider), provider.ledger());
    }

    #[test]
    fn faults_and_retries_change_nothing_about_the_outcome(asks in prop::collection::vec(ask(), 1..40), seed: u64) {
        let often = Chance::percent(9);
        let odds = Odds {
            timeout_before: often, timeout_after: often, reset_before: often, reset_after: often, error_before: often,
            error_after: often, unreadable: often, busy: often, throttled: often, slow: often, ..Odds::default()
        };
        let mut stormy = Provider::new(Faults::new(seed, odds, Duration::from_secs(1)).unwrap());
        let mut steady = Provider::new(calm());
        let (mut names, mut now) = (Names::default(), Timestamp::EPOCH);
        for ask in &asks {
            if let Ask::Wait { seconds } = ask {
                now = now.plus(Duration::from_secs(*seconds));
            }
            // One is looked at all the time, the other only when it is asked: time does the same to both.
            steady.pass(now);
            let Some(request) = request(ask, &names) else { continue };
            let before = steady.journal().len();
            let expected = call(&mut steady, &request, now);
            // As a caller would: the same request again until the answer is the provider's word.
            let arrived = (0..200).any(|_| call(&mut stormy, &request, now) == expected);
            prop_assert!(arrived, "{:?}", request);
            sound(&stormy);
            if let [made] = &steady.journal()[before..] {
                names.learn(ask, made);
            }
        }
        stormy.pass(now);
        prop_assert_eq!(stormy.ledger(), steady.ledger());
        prop_assert_eq!(stormy.journal(), steady.journal());
    }

    #[test]
    fn every_effect_is_told_and_what_was_heard_is_told_no_more(asks in prop::collection::vec(ask(), 1..40), seed: u64) {
        let odds = Odds { told_late: Chance::percent(30), told_twice: Chance::percent(30), ..Odds::default() };
        let mut provider = Provider::new(Faults::new(seed, odds, Duration::ZERO).unwrap());
        let (mut names, mut now) = (Names::default(), Timestamp::EPOCH);
        for ask in &asks {
            if let Ask::Wait { seconds } = ask {
                now = now.plus(Duration::from_secs((*seconds).min(30)));
            }
            let Some(request) = request(ask, &names) else { continue };
            provider.pass(now);
            let before = provider.journal().len();
            call(&mut provider, &request, now);
            if let [made] = &provider.journal()[before..] {
                names.learn(ask, made);
            }
        }
        let mut tellings = BTreeMap::<u64, u32>::new();
        while let Some(due) = provider.next_due() {
            while let Some(webhook) = provider.next_webhook(due) {
                provider.heard(webhook.seq);
                *tellings.entry(webhook.seq).or_default() += 1;
            }
        }
        let has_payment = |entry: &&Entry| !matches!(entry.effect, Effect::Cancelled { .. });
        let expected: BTreeSet<u64> = provider.journal().iter().filter(has_payment).map(|entry| entry.seq).collect();
        prop_assert_eq!(tellings.keys().copied().collect::<BTreeSet<_>>(), expected);
        prop_assert!(tellings.values().all(|times| *times <= 2));
    }
}
