use std::time::Duration;

use contracts::{Currency, Money, PaymentId, RefundId, Timestamp};

use super::*;
use crate::gateway::{Authorize, Capture, Refund, Step, Token, Void};
use crate::simulated::Provider;
use crate::simulated::faults::{Faults, Mishap, Odds};

fn provider() -> Provider {
    Provider::new(Faults::new(1, Odds::default(), Duration::ZERO).unwrap())
}

fn key(step: Step) -> ProviderKey {
    ProviderKey::new(&PaymentId::new("a/b:c").unwrap(), step, 1)
}

fn authorize(token: &str) -> Operation {
    Operation::Authorize(Authorize {
        key: key(Step::Authorize),
        payment_id: PaymentId::new("a/b:c").unwrap(),
        money: Money::new(1050, Currency::GBP),
        token: Token::new(token),
    })
}

fn void(reference: Option<Reference>) -> Operation {
    Operation::Void(Void { key: key(Step::Void), authorize: key(Step::Authorize), reference })
}

fn ask(provider: &mut Provider, request: &Request) -> Result<Evidence, Unavailable> {
    evidence_of(&provider.call(Timestamp::EPOCH, &serde_json::to_vec(request).unwrap()))
}

fn execute(provider: &mut Provider, operation: &Operation) -> Result<Evidence, Unavailable> {
    ask(provider, &request_for(operation))
}

fn query(provider: &mut Provider) -> Result<Evidence, Unavailable> {
    ask(provider, &query_for(&key(Step::Authorize)))
}

#[test]
fn a_hold_is_made_found_again_and_released_by_reference() {
    let mut provider = provider();
    assert_eq!(query(&mut provider), Ok(Evidence::NotFound));
    let Ok(held @ Evidence::Authorized { .. }) = execute(&mut provider, &authorize("tok_ok")) else {
        panic!()
    };
    assert_eq!(query(&mut provider), Ok(held.clone()));
    let Evidence::Authorized { reference, amount_minor, currency, .. } = held else { panic!() };
    assert_eq!((amount_minor, currency), (1050, Currency::GBP));
    assert_eq!(execute(&mut provider, &void(Some(reference))), Ok(Evidence::Voided));
    assert_eq!(query(&mut provider), Ok(Evidence::Voided));
}

#[test]
fn a_hold_that_nobody_knows_of_is_released_by_key_before_or_after_it_is_made() {
    for is_made_first in [true, false] {
        let mut provider = provider();
        if is_made_first {
            execute(&mut provider, &authorize("tok_ok")).unwrap();
        }
        assert_eq!(execute(&mut provider, &void(None)), Ok(Evidence::Voided));
        assert_eq!(query(&mut provider), Ok(Evidence::Voided));
        let late = execute(&mut provider, &authorize("tok_ok")).unwrap();
        assert_eq!(
            matches!(late, Evidence::Voided),
            !is_made_first,
            "a replay gets its old answer: {late:?}"
        );
        assert!(provider.ledger().authorizations().all(|authorization| !authorization.is_open()));
    }
}

#[test]
fn what_is_held_is_taken_and_given_back() {
    let mut provider = provider();
    let held = execute(&mut provider, &authorize("tok_ok"));
    let Ok(Evidence::Authorized { reference, .. }) = held else { panic!("{held:?}") };
    let payment_id = PaymentId::new("a/b:c").unwrap();
    let capture = Operation::Capture(Capture {
        key: key(Step::Capture),
        payment_id: payment_id.clone(),
        authorize: key(Step::Authorize),
        reference: reference.clone(),
        money: Money::new(1050, Currency::GBP),
    });
    let refund_id = RefundId::new("a/b:c-cancelled").unwrap();
    let refund = Operation::Refund(Refund {
        key: ProviderKey::of_refund(&refund_id, 1),
        payment_id,
        refund_id,
        reference,
        money: Money::new(50, Currency::GBP),
    });
    for _ in 0..2 {
        let taken = execute(&mut provider, &capture);
        assert!(matches!(taken, Ok(Evidence::Captured { amount_minor: 1050, .. })), "{taken:?}");
        let back = execute(&mut provider, &refund);
        assert!(matches!(back, Ok(Evidence::Refunded { amount_minor: 50, .. })), "{back:?}");
        for operation in [&capture, &refund] {
            let stands = ask(&mut provider, &query_for(operation.key()));
            assert_eq!(stands, execute(&mut provider, operation), "a question is answered like the call");
        }
    }
}

#[test]
fn a_void_of_what_is_not_there_is_refused() {
    let reference = Reference::try_from(format!("sim_auth_{}", "0".repeat(32))).unwrap();
    let refused = Evidence::Refused { code: "authorization_not_found".to_owned() };
    assert_eq!(execute(&mut provider(), &void(Some(reference))), Ok(refused));
}

#[test]
fn only_the_providers_own_words_prove_anything() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    let ours = |slug: &str| {
        format!(
            r#"{{"type":"urn:banyan:simulated-provider:problem:{slug}","title":"","status":0,"detail":""}}"#
        )
    };
    for (status, body, expected) in [
        (200, "<html>".to_owned(), unknown(Why::Unreadable)),
        (200, "{}".to_owned(), unknown(Why::Unreadable)),
        (200, r#"{"object":"simulated_void","released_minor":0}"#.to_owned(), Ok(Evidence::Voided)),
        (302, String::new(), unknown(Why::Unreadable)),
        (404, "not here".to_owned(), unknown(Why::Unreadable)),
        (
            404,
            r#"{"type":"about:blank","title":"Not Found","status":404,"detail":""}"#.to_owned(),
            unknown(Why::Unreadable),
        ),
        (404, ours("operation-not-found"), Ok(Evidence::NotFound)),
        (402, ours("card-declined"), unknown(Why::Unreadable)),
        (409, ours("idempotency-key-in-use"), unknown(Why::InProgress)),
        (422, ours("idempotency-key-reused"), unknown(Why::KeyReused)),
        (422, ours("operation-cancelled"), Ok(Evidence::Voided)),
        (422, ours("invalid-request"), Ok(Evidence::Refused { code: "invalid_request".to_owned() })),
        (429, String::new(), Err(Unavailable::Throttled { retry_after_s: None })),
        (401, String::new(), Err(Unavailable::Unauthorized)),
        (500, ours("operation-not-found"), unknown(Why::ServerError)),
        (503, String::new(), unknown(Why::ServerError)),
    ] {
        assert_eq!(evidence_from(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn another_amount_under_the_same_key_is_not_taken_for_a_refusal() {
    let mut provider = provider();
    execute(&mut provider, &authorize("tok_ok")).unwrap();
    let other = execute(&mut provider, &authorize("tok_declined"));
    assert_eq!(other, Ok(Evidence::Unknown { why: Why::KeyReused }), "the first one stands");
}

#[test]
fn an_address_that_cannot_work_is_refused_at_once() {
    for base_url in ["", "127.0.0.1:80", "https://127.0.0.1", "file:///tmp"] {
        let timeout = Duration::from_secs(1);
        let config =
            Config { base_url: base_url.to_owned(), connect_timeout: timeout, request_timeout: timeout };
        assert!(Http::new(&config).is_err(), "{base_url}");
    }
}

#[test]
fn without_sockets_each_mishap_means_what_it_means_with_them() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    for mishap in Mishap::ALL.iter().copied() {
        let mut provider = provider();
        let operation = authorize(&format!("tok_{}", mishap.as_str()));
        let first = execute(&mut provider, &operation);
        let expected = match mishap {
            Mishap::TimeoutBefore | Mishap::TimeoutAfter => unknown(Why::Timeout),
            Mishap::ResetBefore | Mishap::ResetAfter => unknown(Why::Reset),
            Mishap::ErrorBefore | Mishap::ErrorAfter => unknown(Why::ServerError),
            Mishap::Unreadable => unknown(Why::Unreadable),
            Mishap::Busy => unknown(Why::InProgress),
            Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: None }),
            Mishap::Slow => query(&mut provider),
        };
        assert_eq!(first, expected, "{mishap:?}");
        assert_eq!(provider.journal().len(), usize::from(mishap.is_executed()), "{mishap:?}");
        assert!(matches!(execute(&mut provider, &operation), Ok(Evidence::Authorized { .. })), "{mishap:?}");
        assert_eq!(provider.journal().len(), 1, "{mishap:?}");
    }
}
