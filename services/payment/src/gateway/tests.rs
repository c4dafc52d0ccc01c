use super::*;

fn payment(id: &str) -> PaymentId {
    PaymentId::new(id).unwrap()
}

#[test]
fn a_key_names_payment_step_and_attempt_and_nothing_else() {
    let key = ProviderKey::new(&payment("536365"), Step::Authorize, 1);
    assert_eq!(key.as_str(), "pay-536365-authorize-1");
    assert_eq!(key, ProviderKey::new(&payment("536365"), Step::Authorize, 1));
    for other in [
        ProviderKey::new(&payment("536365"), Step::Authorize, 2),
        ProviderKey::new(&payment("536365"), Step::Void, 1),
        ProviderKey::new(&payment("536365"), Step::Capture, 1),
        ProviderKey::new(&payment("536366"), Step::Authorize, 1),
    ] {
        assert_ne!(key, other);
    }
}

#[test]
fn a_stored_key_is_read_back_and_anything_else_is_refused() {
    for id in ["536365-1", "a-authorize-1", "x/y:z+1"] {
        let refund = RefundId::new(id).unwrap();
        for key in [ProviderKey::new(&payment(id), Step::Void, 12), ProviderKey::of_refund(&refund, 3)] {
            assert_eq!(key.as_str().parse(), Ok(key));
        }
    }
    let key = ProviderKey::of_refund(&RefundId::new("536365-cancelled").unwrap(), 1);
    assert_eq!(key.as_str(), "pay-536365-cancelled-refund-1");
    for bad in [
        "",
        "pay-1-authorize",
        "pay-1-authorize-x",
        "pay-1-authorize-01",
        "pay--void-1",
        "pay-1-steal-1",
        "x-1-void-1",
    ] {
        assert!(bad.parse::<ProviderKey>().is_err(), "{bad}");
    }
}

#[test]
fn what_is_stored_keeps_its_form() {
    let key = ProviderKey::new(&payment("7"), Step::Authorize, 1);
    let authorize = Operation::Authorize(Authorize {
        key: key.clone(),
        payment_id: payment("7"),
        money: Money::new(1050, Currency::GBP),
        token: Token::new("tok_ok"),
    });
    let void = Operation::Void(Void {
        key: ProviderKey::new(&payment("7"), Step::Void, 1),
        authorize: key.clone(),
        reference: None,
    });
    let capture = Operation::Capture(Capture {
        key: ProviderKey::new(&payment("7"), Step::Capture, 1),
        payment_id: payment("7"),
        authorize: key.clone(),
        reference: Reference::try_from("auth_7".to_owned()).unwrap(),
        money: Money::new(1050, Currency::GBP),
    });
    let refund = Operation::Refund(Refund {
        key: ProviderKey::of_refund(&RefundId::new("r1").unwrap(), 1),
        payment_id: payment("7"),
        refund_id: RefundId::new("r1").unwrap(),
        reference: Reference::try_from("auth_7".to_owned()).unwrap(),
        money: Money::new(50, Currency::GBP),
    });
    for (operation, text) in [
        (
            capture,
            r#"{"operation":"capture","key":"pay-7-capture-1","payment_id":"7","authorize":"pay-7-authorize-1","reference":"auth_7","amount_minor":1050,"currency":"GBP"}"#,
        ),
        (
            refund,
            r#"{"operation":"refund","key":"pay-r1-refund-1","payment_id":"7","refund_id":"r1","reference":"auth_7","amount_minor":50,"currency":"GBP"}"#,
        ),
        (
            authorize,
            r#"{"operation":"authorize","key":"pay-7-authorize-1","payment_id":"7","amount_minor":1050,"currency":"GBP","token":"tok_ok"}"#,
        ),
        (void, r#"{"operation":"void","key":"pay-7-void-1","authorize":"pay-7-authorize-1"}"#),
    ] {
        assert_eq!(serde_json::to_string(&operation).unwrap(), text);
        assert_eq!(serde_json::from_str::<Operation>(text).unwrap(), operation);
    }
    for (evidence, text) in [
        (Evidence::Unknown { why: Why::Timeout }, r#"{"evidence":"unknown","why":"timeout"}"#),
        (Evidence::Voided, r#"{"evidence":"voided"}"#),
        (
            Evidence::Declined {
                reason: DeclineReason::InsufficientFunds,
                code: "insufficient_funds".to_owned(),
                kind: DeclineKind::Soft,
            },
            r#"{"evidence":"declined","reason":"insufficient_funds","code":"insufficient_funds","kind":"soft"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&evidence).unwrap(), text);
        assert_eq!(serde_json::from_str::<Evidence>(text).unwrap(), evidence);
    }
}

#[test]
fn a_token_is_not_printed() {
    assert!(!format!("{:?}", Token::new("tok_secret")).contains("secret"));
}
