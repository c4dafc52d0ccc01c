use serde_json::json;

use super::*;

/// Three services that agree about one confirmed order.
fn agreeing() -> (Vec<(&'static str, Findings)>, BTreeMap<PaymentId, PaymentTotals>) {
    let facts = |kind: &str, fact: Value| Findings {
        violations: vec![],
        facts: BTreeMap::from([(kind.to_owned(), BTreeMap::from([("1".to_owned(), fact)]))]),
    };
    let findings = vec![
        (
            "orders",
            facts("orders", json!({ "status": "confirmed", "total_minor": 1530, "lines": { "A": 6 } })),
        ),
        ("inventory", facts("reservations", json!({ "state": "committed", "lines": { "A": 6 } }))),
        ("payment", facts("payments", json!({ "state": "authorized", "amount_minor": 1530 }))),
    ];
    let totals = PaymentTotals { open_authorizations: 1, held_minor: 1_530, ..PaymentTotals::default() };
    (findings, BTreeMap::from([(PaymentId::new("1").unwrap(), totals)]))
}

fn set(findings: &mut [(&'static str, Findings)], at: usize, kind: &str, name: &str, value: Value) {
    findings[at].1.facts.get_mut(kind).unwrap().get_mut("1").unwrap()[name] = value;
}

#[test]
fn agreement_is_no_violation() {
    let (findings, ledger) = agreeing();
    let report = compare(&findings, &ledger, false);
    assert_eq!((report.orders, report.in_flight, report.violations), (1, 0, vec![]));
}

#[test]
fn each_disagreement_is_one_violation() {
    type Plant = fn(&mut Vec<(&'static str, Findings)>, &mut BTreeMap<PaymentId, PaymentTotals>);
    let plants: [(&str, Plant); 8] = [
        ("its reservation is released", |f, _| set(f, 1, "reservations", "state", json!("released"))),
        ("other quantities", |f, _| set(f, 1, "reservations", "lines", json!({ "A": 5 }))),
        ("its payment is declined", |f, _| set(f, 2, "payments", "state", json!("declined"))),
        ("its payment is over 1 minor units", |f, _| set(f, 2, "payments", "amount_minor", json!(1))),
        ("holds or took 1500", |_, l| l.values_mut().for_each(|t| t.held_minor = 1_500)),
        ("2 open authorizations", |_, l| l.values_mut().for_each(|t| t.open_authorizations = 2)),
        ("cancelled, but the provider holds", |f, _| {
            set(f, 0, "orders", "status", json!("cancelled"));
            set(f, 1, "reservations", "state", json!("released"));
            set(f, 2, "payments", "state", json!("voided"));
        }),
        ("cancelled, but its reservation is committed", |f, l| {
            set(f, 0, "orders", "status", json!("cancelled"));
            set(f, 2, "payments", "state", json!("voided"));
            l.clear();
        }),
    ];
    for (expected, plant) in plants {
        let (mut findings, mut ledger) = agreeing();
        plant(&mut findings, &mut ledger);
        let violations = compare(&findings, &ledger, false).violations;
        assert!(violations.len() == 1 && violations[0].contains(expected), "{expected}: {violations:?}");
    }
}

#[test]
fn while_messages_are_on_their_way_only_what_can_never_be_counts() {
    let (mut findings, mut ledger) = agreeing();
    set(&mut findings, 1, "reservations", "state", json!("reserved"));
    let report = compare(&findings, &ledger, true);
    assert_eq!((report.in_flight, report.violations.len()), (1, 0));
    ledger.values_mut().for_each(|totals| totals.open_authorizations = 2);
    assert_eq!(compare(&findings, &ledger, true).violations.len(), 1);
}
