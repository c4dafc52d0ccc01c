use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use payment::simulated::ledger::PaymentTotals;
use serde_json::{Value, json};

use super::*;

/// What services and ledgers say of one order, `1`.
#[derive(Clone)]
struct Said {
    order: Value,
    reservation: Value,
    payment: Value,
    shipment: Value,
    told: Value,
    /// By return id, as inventory booked it.
    returned: Value,
    mail: Value,
    books: Books,
}

fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp::from_micros(seconds * 1_000_000))
}

/// Six pieces for 15.30, of which 1.00 is shipping.
fn placed(status: &str) -> Value {
    json!({
        "status": status, "total_minor": 1530, "lines": { "A": 6 }, "shares": { "A": 1530 },
        "was_confirmed": true, "captured_minor": 0, "refunded_minor": 0, "refund_due_minor": 0,
        "shipped": false, "returns": {},
    })
}

fn books(totals: PaymentTotals, parcel: Parcel) -> Books {
    let captured_at = (totals.captured_minor > 0).then(|| at(10)).flatten();
    Books {
        money: BTreeMap::from([("1".to_owned(), Money { totals, captured_at })]),
        parcels: BTreeMap::from([("shipment/1".to_owned(), parcel)]),
        mails: BTreeMap::from([("mail-1/order-completed/email-1".to_owned(), Some("m1".to_owned()))]),
        ..Books::default()
    }
}

/// Everybody agrees that the order was shipped, paid and delivered.
fn completed() -> Said {
    let mut order = placed("completed");
    order["captured_minor"] = json!(1530);
    order["shipped"] = json!(true);
    let totals = PaymentTotals { captured_minor: 1_530, ..PaymentTotals::default() };
    let end = Some(TrackingStatus::Delivered);
    Said {
        order,
        reservation: json!({ "state": "sold", "lines": { "A": 6 } }),
        payment: json!({ "state": "captured", "amount_minor": 1530, "captured_minor": 1530,
            "refunded_minor": 0, "refunds": {}, "asking": false }),
        shipment: json!({ "state": "delivered", "parcel": "shipment/1", "handed_over": true, "label": null, "stuck": false }),
        told: json!({ "has_address": true, "mails": { "order-completed": "sent" } }),
        returned: json!({}),
        mail: json!({ "state": "sent", "reference": "m1", "gave_up": false }),
        books: books(totals, Parcel { labels: 1, handed_over: 1, handed_over_at: at(20), end }),
    }
}

/// Two of the six came back, and their share was refunded.
fn returned() -> Said {
    let mut said = completed();
    said.order["refund_due_minor"] = json!(510);
    said.order["refunded_minor"] = json!(510);
    said.payment["refunded_minor"] = json!(510);
    said.payment["refunds"] = json!({ "r-refund": { "amount_minor": 510, "state": "refunded" } });
    said.returned = json!({ "r": { "order_id": "1", "lines": { "A": 2 } } });
    totals(&mut said).refunded_minor = 510;
    said
}

/// Cancelled before anything was taken.
fn cancelled() -> Said {
    Said {
        order: placed("cancelled"),
        reservation: json!({ "state": "released", "lines": { "A": 6 } }),
        payment: json!({ "state": "voided", "amount_minor": 1530, "asking": false }),
        shipment: json!({ "state": "stopped", "parcel": "shipment/1", "label": "voided" }),
        books: books(PaymentTotals::default(), Parcel::default()),
        ..completed()
    }
}

/// Lost on its way, and given back.
fn undelivered() -> Said {
    let mut said = completed();
    said.order["status"] = json!("cancelled");
    said.order["refund_due_minor"] = json!(1530);
    said.order["refunded_minor"] = json!(1530);
    said.payment["refunded_minor"] = json!(1530);
    said.reservation["state"] = json!("lost");
    said.shipment["state"] = json!("lost");
    totals(&mut said).refunded_minor = 1_530;
    parcel(&mut said).end = Some(TrackingStatus::Lost);
    said
}

fn totals(said: &mut Said) -> &mut PaymentTotals {
    &mut said.books.money.get_mut("1").unwrap().totals
}

fn parcel(said: &mut Said) -> &mut Parcel {
    said.books.parcels.get_mut("shipment/1").unwrap()
}

fn judged(said: &Said, busy: bool) -> Report {
    let one = |kind: &str, id: &str, fact: &Value| {
        (kind.to_owned(), BTreeMap::from([(id.to_owned(), fact.clone())]))
    };
    let of = |facts: Vec<(String, BTreeMap<String, Value>)>| Findings {
        violations: vec![],
        facts: facts.into_iter().filter(|(_, by_id)| by_id.values().all(|fact| !fact.is_null())).collect(),
    };
    let returns: BTreeMap<String, Value> =
        said.returned.as_object().unwrap().iter().map(|(id, fact)| (id.clone(), fact.clone())).collect();
    let stock = vec![one("reservations", "1", &said.reservation), ("returns".to_owned(), returns)];
    let mails =
        vec![one("told", "1", &said.told), one("mails", "mail-1/order-completed/email-1", &said.mail)];
    let findings = [
        ("orders", of(vec![one("orders", "1", &said.order)])),
        ("inventory", of(stock)),
        ("payment", of(vec![one("payments", "1", &said.payment)])),
        ("shipping", of(vec![one("shipments", "1", &said.shipment)])),
        ("notification", of(mails)),
    ];
    compare(&findings, said.books.clone(), busy)
}

#[test]
fn agreement_is_no_violation() {
    for (name, said) in [
        ("completed", completed()),
        ("returned", returned()),
        ("cancelled", cancelled()),
        ("undelivered", undelivered()),
    ] {
        let report = judged(&said, false);
        assert_eq!((report.orders, report.in_flight, report.violations), (1, 0, vec![]), "{name}");
    }
}

type Plant = fn(&mut Said);

/// Each plant is found, by one sentence.
fn each_is_found(sound: &Said, plants: &[(&str, Plant)]) {
    for (expected, plant) in plants {
        let mut said = sound.clone();
        plant(&mut said);
        let violations = judged(&said, false).violations;
        assert!(violations.len() == 1 && violations[0].contains(expected), "{expected}: {violations:?}");
    }
}

#[test]
fn each_disagreement_about_a_completed_order_is_one_violation() {
    each_is_found(
        &completed(),
        &[
            ("its reservation is released", |s| s.reservation["state"] = json!("released")),
            ("other quantities", |s| s.reservation["lines"] = json!({ "A": 5 })),
            ("its payment is voided", |s| s.payment["state"] = json!("voided")),
            ("its payment is over 1 minor units", |s| s.payment["amount_minor"] = json!(1)),
            ("payment says that 1 minor units were captured", |s| s.payment["captured_minor"] = json!(1)),
            ("orders says that 9 minor units were refunded", |s| s.order["refunded_minor"] = json!(9)),
            ("2 open authorizations", |s| totals(s).open_authorizations = 2),
            ("the provider holds 7 more", |s| {
                totals(s).open_authorizations = 1;
                totals(s).held_minor = 7;
            }),
            ("its parcel is ready", |s| s.shipment["state"] = json!("ready")),
            ("never heard that it left", |s| s.order["shipped"] = json!(false)),
            ("before its money was taken", |s| parcel(s).handed_over_at = at(9)),
            ("2 labels, not one", |s| {
                parcel(s).labels = 2;
                s.order["status"] = json!("delivered");
            }),
            ("sold 0 labels and took 0 parcels", |s| *parcel(s) = Parcel::default()),
            ("its customer was not told", |s| s.told["mails"] = json!({})),
            ("the mailbox does not have it", |s| s.books.mails.clear()),
            ("another name than the mailbox's", |s| s.mail["reference"] = json!("m2")),
            ("was not sent, and the mailbox has it", |s| s.mail["state"] = json!("failed")),
            ("the mailbox took 2 mails", |s| {
                s.books.mails.insert("mail-1/order-completed/email-2".to_owned(), Some("m2".to_owned()));
            }),
            ("the carrier has it, and nobody else", |s| {
                s.books.parcels.insert("return/x".to_owned(), Parcel::default());
            }),
        ],
    );
}

#[test]
fn each_disagreement_about_a_return_is_one_violation() {
    each_is_found(
        &returned(),
        &[
            ("worth 255 minor units came back", |s| s.returned["r"]["lines"] = json!({ "A": 1 })),
            ("worth 0 minor units came back", |s| s.returned = json!({})),
            ("gave 509 back", |s| {
                totals(s).refunded_minor = 509;
                s.order["refunded_minor"] = json!(509);
                s.payment["refunded_minor"] = json!(509);
            }),
            ("to be refunded of 1530 captured", |s| {
                s.order["refund_due_minor"] = json!(1531);
                s.order["status"] = json!("delivered");
            }),
        ],
    );
}

#[test]
fn each_disagreement_about_a_cancelled_order_is_one_violation() {
    each_is_found(
        &cancelled(),
        &[
            ("its reservation is committed", |s| s.reservation["state"] = json!("committed")),
            ("its payment is authorized", |s| s.payment["state"] = json!("authorized")),
            ("the provider holds 1530", |s| {
                totals(s).open_authorizations = 1;
                totals(s).held_minor = 1_530;
            }),
            ("1530 minor units are to be refunded, and the provider gave 0 back", |s| {
                totals(s).captured_minor = 1_530;
                s.order["captured_minor"] = json!(1530);
            }),
            ("its parcel is ready", |s| s.shipment["state"] = json!("ready")),
            ("its label was not taken back", |s| parcel(s).labels = 1),
        ],
    );
    each_is_found(
        &undelivered(),
        &[
            ("brought its parcel to the customer", |s| parcel(s).end = Some(TrackingStatus::Delivered)),
            ("its reservation is released", |s| s.reservation["state"] = json!("released")),
            ("gave 1529 back", |s| {
                totals(s).refunded_minor = 1_529;
                s.order["refunded_minor"] = json!(1529);
                s.payment["refunded_minor"] = json!(1529);
            }),
        ],
    );
}

#[test]
fn what_a_lost_dispute_took_need_not_be_refunded_and_is_not_given_twice() {
    let mut said = undelivered();
    totals(&mut said).refunded_minor = 0;
    totals(&mut said).charged_back_minor = 1_530;
    said.order["refunded_minor"] = json!(0);
    said.payment["refunded_minor"] = json!(0);
    said.payment["refunds"] = json!({ "x": { "amount_minor": 1530, "state": "covered" } });
    assert_eq!(judged(&said, false).violations, Vec::<String>::new());
    totals(&mut said).refunded_minor = 1;
    assert!(judged(&said, true).violations[0].contains("1531 minor units given back of 1530"));
}

#[test]
fn an_order_that_nobody_has_leaves_nothing_behind() {
    let mut said = completed();
    (said.order, said.told, said.mail) = (Value::Null, Value::Null, Value::Null);
    let violations = judged(&said, false).violations;
    let each = ["the provider took money", "stock is sold", "the carrier took a parcel"];
    assert_eq!(violations.len(), each.len(), "{violations:?}");
    assert!(violations.iter().zip(each).all(|(said, part)| said.contains(part)), "{violations:?}");
}

#[test]
fn while_something_is_asked_or_on_its_way_only_what_can_never_be_counts() {
    let unfinished: [(&str, Plant, bool); 5] = [
        ("messages wait", |_| {}, true),
        ("a refund is asked for", |s| s.payment["refunds"] = json!({ "x": { "state": "asking" } }), false),
        ("payment asks", |s| s.payment["asking"] = json!(true), false),
        ("a label is taken back", |s| s.shipment["label"] = json!("voiding"), false),
        ("it is not over", |s| s.order["status"] = json!("cancelling"), false),
    ];
    for (name, plant, busy) in unfinished {
        let mut said = completed();
        plant(&mut said);
        said.reservation["state"] = json!("reserved");
        let report = judged(&said, busy);
        assert_eq!((report.in_flight, report.violations), (1, vec![]), "{name}");
        parcel(&mut said).handed_over_at = at(9);
        assert_eq!(judged(&said, busy).violations.len(), 1, "{name}");
    }
}

#[test]
fn how_far_an_order_came_is_counted() {
    let came = |said: &Said| judged(said, false).counts;
    let mails = Counts { mails: 1, ..Counts::default() };
    let left = Counts { confirmed: 1, dispatched: 1, ..mails };
    let arrived = Counts { delivered: 1, completed: 1, ..left };
    assert_eq!(came(&completed()), arrived);
    assert_eq!(came(&returned()), Counts { returned: 1, refunded: 1, ..arrived });
    assert_eq!(came(&cancelled()), Counts { confirmed: 1, cancelled: 1, ..mails });
    assert_eq!(came(&undelivered()), Counts { lost: 1, cancelled: 1, refunded: 1, ..left });
}

#[test]
fn each_ledger_is_reported_with_what_disagrees() {
    let mut said = completed();
    said.books.entries.insert(Kind::Provider, 4);
    parcel(&mut said).handed_over_at = at(9);
    let ledgers = judged(&said, false).ledgers;
    assert_eq!(ledgers["provider"], Ledger { effects: 4, disagreements: 0 });
    assert_eq!(ledgers["carrier"], Ledger { effects: 0, disagreements: 1 });
}
