use std::time::Duration;

use contracts::order::ShipTo;
use contracts::{ReturnId, ShipmentId, Timestamp};

use super::*;
use crate::carrier::{Book, Captured, HandOver, Paid, Step, Void};
use crate::simulated::faults::{Faults, Mishap, Odds, Pace};
use crate::simulated::{Depot, Webhook};

const NOW: Timestamp = Timestamp::EPOCH;
const HOUR: Duration = Duration::from_secs(3_600);

fn depot() -> Depot {
    let pace = Pace { step: HOUR, late_up_to: Duration::ZERO, slow_up_to: Duration::ZERO };
    Depot::new(Faults::new(1, Odds::default(), pace).unwrap())
}

fn parcel() -> Parcel {
    Parcel::Shipment(ShipmentId::new("a/b:c-s1").unwrap())
}

fn key(step: Step) -> CarrierKey {
    CarrierKey::new(&parcel(), step, 1)
}

fn book_of(parcel: Parcel, line1: &str) -> Operation {
    let ship_to = ShipTo { name: "Ada".to_owned(), line1: line1.to_owned(), ..ShipTo::default() };
    Operation::Book(Box::new(Book {
        key: CarrierKey::new(&parcel, Step::Book, 1),
        parcel,
        ship_to,
        pieces: 3,
    }))
}

fn book(line1: &str) -> Operation {
    book_of(parcel(), line1)
}

fn hand_over(number: TrackingNumber) -> Operation {
    let event = r#"{"order_id":"a","payment_id":"a","amount_minor":1,"currency":"GBP","provider":"p",
        "provider_reference":"r","captured_at":"2026-11-22T20:00:00Z"}"#;
    let captured = Captured::heard(&serde_json::from_str::<Paid>(event).unwrap());
    Operation::HandOver(HandOver::new(&parcel(), number, captured))
}

fn void(number: Option<TrackingNumber>) -> Operation {
    Operation::Void(Void { key: key(Step::Void), book: key(Step::Book), number })
}

fn ask(depot: &mut Depot, now: Timestamp, request: &Request) -> Result<Evidence, Unavailable> {
    evidence_of(&depot.call(now, &serde_json::to_vec(request).unwrap()))
}

fn execute(depot: &mut Depot, operation: &Operation) -> Result<Evidence, Unavailable> {
    ask(depot, NOW, &request_for(operation))
}

fn look_up(depot: &mut Depot, step: Step) -> Result<Evidence, Unavailable> {
    ask(depot, NOW, &look_up_for(&key(step)))
}

fn number_in(evidence: Result<Evidence, Unavailable>) -> TrackingNumber {
    let Ok(Evidence::Labelled { label, .. }) = evidence else { panic!("{evidence:?}") };
    label.number
}

#[test]
fn a_label_is_sold_found_again_and_taken_back() {
    let mut depot = depot();
    assert_eq!(look_up(&mut depot, Step::Book), Ok(Evidence::NotFound));
    let sold = execute(&mut depot, &book("1 Mill Road"));
    assert_eq!(
        (&execute(&mut depot, &book("1 Mill Road")), &look_up(&mut depot, Step::Book)),
        (&sold, &sold)
    );
    let number = number_in(sold);
    assert_eq!(execute(&mut depot, &void(Some(number.clone()))), Ok(Evidence::Voided));
    assert_eq!(look_up(&mut depot, Step::Book), Ok(Evidence::Voided));
    assert_eq!(
        execute(&mut depot, &hand_over(number)),
        Ok(Evidence::Refused { code: "label_voided".to_owned() })
    );
}

#[test]
fn a_label_that_nobody_knows_of_is_taken_back_by_key_before_or_after_it_is_sold() {
    for is_sold_first in [true, false] {
        let mut depot = depot();
        if is_sold_first {
            execute(&mut depot, &book("")).unwrap();
        }
        assert_eq!(execute(&mut depot, &void(None)), Ok(Evidence::Voided));
        assert_eq!(look_up(&mut depot, Step::Book), Ok(Evidence::Voided));
        execute(&mut depot, &book("")).unwrap();
        let totals = depot.ledger().totals();
        assert!(totals.values().all(|of| of.open_labels == 0), "{totals:?}");
    }
}

#[test]
fn hand_over_and_void_exclude_each_other_and_the_carrier_says_which_came_first() {
    let mut depot = depot();
    let number = number_in(execute(&mut depot, &book("")));
    let handed = execute(&mut depot, &hand_over(number.clone()));
    assert_eq!(handed, Ok(Evidence::HandedOver { at: NOW }));
    assert_eq!(
        (&execute(&mut depot, &hand_over(number.clone())), &look_up(&mut depot, Step::HandOver)),
        (&handed, &handed)
    );
    for void in [void(Some(number)), void(None)] {
        assert_eq!(execute(&mut depot, &void), Ok(Evidence::TooLate { at: NOW }));
    }
}

#[test]
fn where_a_parcel_has_been_is_told_when_asked_and_by_webhook_and_is_the_same() {
    let mut depot = depot();
    let number = number_in(execute(&mut depot, &book("")));
    let track = |depot: &mut Depot, hours| {
        let now = NOW.plus(HOUR * hours);
        let Ok(Evidence::Tracked { scans }) = ask(depot, now, &track_for(&number)) else { panic!() };
        scans
    };
    assert_eq!(track(&mut depot, 99), [], "it is not handed over");
    execute(&mut depot, &hand_over(number.clone())).unwrap();
    assert_eq!(track(&mut depot, 0), []);
    assert!((1..4).contains(&track(&mut depot, 2).len()));
    let all = track(&mut depot, 99);
    assert_eq!(all.last().unwrap().status, contracts::events::shipment::TrackingStatus::Delivered);
    let mut told = Vec::new();
    while let Some(Webhook { body, .. }) = depot.next_webhook(NOW.plus(HOUR * 99)) {
        told.extend(told_in(&body).unwrap());
    }
    assert!(told.iter().all(|told| told.parcel == parcel()));
    let told: Vec<Scan> = told.into_iter().map(|told| told.scan).collect();
    assert_eq!(told, all);
    assert_eq!(told_in(b"{}"), None);
}

#[test]
fn a_return_is_posted_by_its_customer_and_not_handed_over() {
    let mut depot = depot();
    let returning = Parcel::Return(ReturnId::new("1-rt1").unwrap());
    let number = number_in(execute(&mut depot, &book_of(returning, "sim:damaged")));
    let refused = Ok(Evidence::Refused { code: "not_outbound".to_owned() });
    assert_eq!(execute(&mut depot, &hand_over(number.clone())), refused);
    let evidence = ask(&mut depot, NOW.plus(HOUR * 99), &track_for(&number));
    let Ok(Evidence::Tracked { scans }) = evidence else { panic!() };
    assert!(scans.iter().any(|scan| scan.code == "damaged"));
}

#[test]
fn an_address_that_nobody_knows_is_refused_for_good() {
    let mut depot = depot();
    let refused = Ok(Evidence::Refused { code: "address_unknown".to_owned() });
    assert_eq!(execute(&mut depot, &book("sim:address_unknown")), refused);
    assert_eq!(look_up(&mut depot, Step::Book), refused);
    assert_eq!(execute(&mut depot, &void(None)), Ok(Evidence::Voided), "nothing stands");
    assert_eq!(execute(&mut depot, &book("elsewhere")), Ok(Evidence::Unknown { why: Why::KeyReused }));
}

#[test]
fn only_the_carriers_own_words_prove_anything() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    let ours = |slug: &str| {
        format!(
            r#"{{"type":"urn:banyan:simulated-carrier:problem:{slug}","title":"","status":0,"detail":""}}"#
        )
    };
    let no_label = r#"{"object":"simulated_label","number":"SIM00000000000001GB","parcel":"p","url":"u",
        "sha256":"00","pdf":"%PDF-1.4\n%%EOF"}"#;
    for (status, body, expected) in [
        (200, "<html>".to_owned(), unknown(Why::Unreadable)),
        (201, no_label.to_owned(), unknown(Why::Unreadable)),
        (200, r#"{"object":"simulated_void"}"#.to_owned(), Ok(Evidence::Voided)),
        (302, String::new(), unknown(Why::Unreadable)),
        (404, "not here".to_owned(), unknown(Why::Unreadable)),
        (404, ours("operation-not-found"), Ok(Evidence::NotFound)),
        (404, ours("parcel-not-found"), Ok(Evidence::Refused { code: "parcel_not_found".to_owned() })),
        (409, ours("already-handed-over"), unknown(Why::Unreadable)),
        (409, ours("idempotency-key-in-use"), unknown(Why::InProgress)),
        (422, ours("idempotency-key-reused"), unknown(Why::KeyReused)),
        (422, ours("operation-cancelled"), Ok(Evidence::Voided)),
        (429, String::new(), Err(Unavailable::Throttled { retry_after_s: None })),
        (401, String::new(), Err(Unavailable::Unauthorized)),
        (500, ours("operation-not-found"), unknown(Why::ServerError)),
    ] {
        assert_eq!(evidence_from(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn without_sockets_each_mishap_means_what_it_means_with_them() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    for mishap in Mishap::ALL.iter().copied() {
        let mut depot = depot();
        let operation = book(&format!("sim:{}", mishap.as_str()));
        let first = execute(&mut depot, &operation);
        let expected = match mishap {
            Mishap::TimeoutBefore | Mishap::TimeoutAfter => unknown(Why::Timeout),
            Mishap::ResetBefore | Mishap::ResetAfter => unknown(Why::Reset),
            Mishap::ErrorBefore | Mishap::ErrorAfter => unknown(Why::ServerError),
            Mishap::Unreadable => unknown(Why::Unreadable),
            Mishap::Busy => unknown(Why::InProgress),
            Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: None }),
            Mishap::Slow => look_up(&mut depot, Step::Book),
        };
        assert_eq!(first, expected, "{mishap:?}");
        assert_eq!(depot.journal().len(), usize::from(mishap.is_executed()), "{mishap:?}");
        number_in(execute(&mut depot, &operation));
        assert_eq!(depot.journal().len(), 1, "{mishap:?}");
    }
}

#[test]
fn an_address_of_the_carrier_that_cannot_work_is_refused_at_once() {
    for base_url in ["", "127.0.0.1:80", "https://127.0.0.1", "file:///tmp"] {
        let timeout = Duration::from_secs(1);
        let config =
            Config { base_url: base_url.to_owned(), connect_timeout: timeout, request_timeout: timeout };
        assert!(Http::new(&config).is_err(), "{base_url}");
    }
}
