//! Whatever is asked of the provider, in whatever order and however often, its ledger stays sound.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::{Currency, Timestamp};
use payment::simulated::faults::{Chance, Faults, Odds};
use payment::simulated::ledger::{Account, Ledger};
use payment::simulated::wire::Request;
use payment::simulated::{Line, Provider};
use proptest::prelude::*;

/// A request among few keys and few authorizations, so that they meet.
#[derive(Debug, Clone)]
enum Ask {
    Authorize { key: u8, amount: i64, token: &'static str },
    Capture { key: u8, of: u8, amount: i64, is_final: bool },
    Void { key: u8, of: u8 },
    Cancel { key: u8, of: u8 },
    Refund { key: u8, of: u8, amount: i64 },
    Complete { of: u8, outcome: &'static str },
    Query { of: u8 },
}

fn ask() -> impl Strategy<Value = Ask> {
    let (key, of, amount) = (|| 0u8..12, || 0u8..12, || 1i64..60);
    let token = prop_oneof![Just("tok_ok"), Just("tok_3ds"), Just("tok_3ds_fails"), Just("tok_declined")];
    prop_oneof![
        3 => (key(), amount(), token).prop_map(|(key, amount, token)| Ask::Authorize { key, amount, token }),
        3 => (key(), of(), amount(), any::<bool>())
            .prop_map(|(key, of, amount, is_final)| Ask::Capture { key, of, amount, is_final }),
        1 => (key(), of()).prop_map(|(key, of)| Ask::Void { key, of }),
        1 => (key(), of()).prop_map(|(key, of)| Ask::Cancel { key, of }),
        2 => (key(), of(), amount()).prop_map(|(key, of, amount)| Ask::Refund { key, of, amount }),
        1 => (of(), prop_oneof![Just("succeed"), Just("fail")]).prop_map(|(of, outcome)| Ask::Complete { of, outcome }),
        1 => of().prop_map(|of| Ask::Query { of }),
    ]
}

/// The request; authorizations are named by the key that would have opened them.
fn request(ask: &Ask, names: &BTreeMap<u8, String>) -> Request {
    let name = |of: &u8| names.get(of).cloned().unwrap_or_else(|| format!("sim_auth_{}", "0".repeat(32)));
    let (key, path, body) = match ask {
        Ask::Authorize { key, amount, token } => {
            let payment = key % 3;
            let body = format!(
                r#"{{"payment":"p{payment}","amount_minor":{amount},"currency":"GBP","token":"{token}"}}"#
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
        Ask::Query { of } => (None, format!("/v1/operations/k{of}"), String::new()),
    };
    let method = if matches!(ask, Ask::Query { .. }) { "GET" } else { "POST" };
    Request { method: method.to_owned(), path, key: key.map(|key| format!("k{key}")), body }
}

fn sound(provider: &Provider) {
    let ledger = provider.ledger();
    let (mut held, mut kept) = (0, 0);
    for authorization in ledger.authorizations() {
        let captured = authorization.captured_minor;
        assert!((0..=authorization.money.amount_minor).contains(&captured), "{authorization:?}");
        assert!((0..=captured).contains(&authorization.refunded_minor), "{authorization:?}");
        assert!((0..=authorization.money.amount_minor - captured).contains(&authorization.held_minor()));
        held += authorization.held_minor();
        kept += captured - authorization.refunded_minor;
    }
    let balance = |account| ledger.books().balance(Currency::GBP, account);
    assert_eq!((balance(Account::Held), balance(Account::Merchant)), (held, kept));
    assert_eq!(balance(Account::Cardholder), -(held + kept), "money only moves");
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

fn call(provider: &mut Provider, request: &Request, second: i64) -> Line<Vec<u8>> {
    provider.call(Timestamp::from_micros(second * 1_000_000), &serde_json::to_vec(request).unwrap()).line
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_an_answer_with_an_effect_is_replayed_byte_for_byte(asks in prop::collection::vec(ask(), 1..80)) {
        let mut provider = Provider::new(calm());
        let (mut names, mut answers) = (BTreeMap::new(), BTreeMap::<String, Line<Vec<u8>>>::new());
        for (second, ask) in (0..).zip(&asks) {
            let request = request(ask, &names);
            let before = provider.journal().len();
            let answer = call(&mut provider, &request, second);
            sound(&provider);
            let written = serde_json::to_string(&request).unwrap();
            if let Some(first) = answers.get(&written) {
                prop_assert_eq!(&answer, first);
                prop_assert_eq!(provider.journal().len(), before);
            } else if provider.journal().len() > before {
                answers.insert(written, answer);
            }
            if let (Ask::Authorize { key, .. }, Some(last)) = (ask, provider.journal().last())
                && let (true, Some(id)) = (provider.journal().len() > before, last.effect.authorization())
            {
                names.insert(*key, id.to_string());
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
        let mut names = BTreeMap::new();
        for (second, ask) in (0..).zip(&asks) {
            let request = request(ask, &names);
            let expected = call(&mut steady, &request, second);
            // As a caller would: the same request again until the answer is the provider's word.
            let arrived = (0..200).any(|_| call(&mut stormy, &request, second) == expected);
            prop_assert!(arrived, "{:?}", request);
            sound(&stormy);
            if let (Ask::Authorize { key, .. }, Some(last)) = (ask, steady.journal().last())
                && let Some(id) = last.effect.authorization()
            {
                names.insert(*key, id.to_string());
            }
        }
        prop_assert_eq!(stormy.ledger(), steady.ledger());
        prop_assert_eq!(stormy.journal(), steady.journal());
    }
}
