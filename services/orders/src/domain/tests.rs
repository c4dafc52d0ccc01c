use contracts::events::order::CancelReason::{
    self, CaptureFailed, CustomerRequest, Deadline, InsufficientStock, InvalidOrder, PaymentDeclined,
    StockShort, UnknownSku,
};
use contracts::events::returns::Condition;
use contracts::order::{Line, Share};
use contracts::{CustomerId, LocationId, Quantity, Sku};

use super::case::MAX_HEARD;
use super::*;

mod any_order;
mod journey;
mod refunding;
mod returning;
mod waiting;

const NOW: Timestamp = Timestamp::EPOCH;

fn sku(text: &str) -> Sku {
    Sku::new(text).unwrap()
}

fn terms() -> Terms {
    let line = |name, pieces, unit_price_minor| Line {
        sku: sku(name),
        quantity: Quantity::new(pieces).unwrap(),
        unit_price_minor,
    };
    let share = |name, goods_minor, fee_minor| Share { sku: sku(name), goods_minor, fee_minor };
    Terms {
        customer_id: CustomerId::new("c-1").unwrap(),
        currency: Currency::EUR,
        channel: "web".to_owned(),
        lines: vec![line("A", 2, 100), line("B", 1, 50)],
        shipping_fee_minor: 5,
        discount_minor: 0,
        tax_minor: 0,
        total_minor: 255,
        allocation: vec![share("A", 200, 4), share("B", 50, 1)],
        customer: Default::default(),
        ship_to: Default::default(),
        placed_at: NOW,
    }
}

fn stock(lines: &[(&str, u32, &str)]) -> Input {
    let line = |&(name, pieces, location): &(&str, u32, &str)| StockLine {
        sku: sku(name),
        quantity: Quantity::new(pieces).unwrap(),
        location: LocationId::new(location).unwrap(),
    };
    Input::StockReserved { lines: lines.iter().map(line).collect() }
}

fn reserved() -> Input {
    stock(&[("B", 1, "x"), ("A", 1, "x"), ("A", 1, "y")])
}

fn payment_id() -> PaymentId {
    PaymentId::new("p-1").unwrap()
}

fn authorized(amount_minor: i64, currency: Currency) -> Input {
    Input::PaymentAuthorized { payment_id: payment_id(), amount_minor, currency }
}

fn paid() -> Input {
    authorized(255, Currency::EUR)
}

fn order() -> Order {
    Order::new(terms(), Origin::Application)
}

fn after(inputs: impl IntoIterator<Item = Input>) -> Order {
    let mut order = order();
    for input in inputs {
        order.hear(input, NOW);
    }
    order
}

/// An order that heard all this after it was confirmed.
fn confirmed(inputs: impl IntoIterator<Item = Input>) -> Order {
    after([reserved(), paid()].into_iter().chain(inputs))
}

fn captured() -> Input {
    Input::PaymentCaptured { payment_id: payment_id(), amount_minor: 255, currency: Currency::EUR }
}

fn shipment_id() -> ShipmentId {
    ShipmentId::new("s-1").unwrap()
}

fn created() -> Input {
    Input::ShipmentCreated { shipment_id: shipment_id() }
}

fn ready() -> Input {
    Input::ShipmentReady { shipment_id: shipment_id(), tracking_number: "T1".to_owned() }
}

fn dispatched() -> Input {
    Input::ShipmentDispatched { shipment_id: shipment_id(), tracking_number: "T1".to_owned() }
}

fn delivered() -> Input {
    Input::ShipmentDelivered { shipment_id: shipment_id() }
}

fn failed(stage: FailedStage) -> Input {
    Input::ShipmentFailed { stage }
}

fn came_back(return_id: &str, lines: &[(&str, u32)]) -> Input {
    let line = |&(name, pieces): &(&str, u32)| ReturnedLine {
        sku: sku(name),
        quantity: Quantity::new(pieces).unwrap(),
        condition: Condition::Sellable,
    };
    let return_id = ReturnId::new(return_id).unwrap();
    Input::ReturnReceived { return_id, lines: lines.iter().map(line).collect() }
}

fn refunded(refund_id: &str, amount_minor: i64) -> Input {
    Input::PaymentRefunded { refund_id: RefundId::new(refund_id).unwrap(), amount_minor }
}

fn cancelled(reason: CancelReason) -> Decision {
    Decision::Cancel { reason, was_confirmed: true }
}

/// Every input, and what follows from it while nothing is decided.
fn rules() -> Vec<(Input, Vec<Decision>)> {
    let cancel = |reason| vec![Decision::end(reason)];
    let nothing = Vec::new;
    let rejected = |reason| Input::StockRejected { reason };
    vec![
        (reserved(), nothing()),
        (stock(&[("A", 2, "x")]), cancel(InvalidOrder)),
        (stock(&[("A", 3, "x"), ("B", 1, "x")]), cancel(InvalidOrder)),
        (rejected(RejectReason::UnknownSku), cancel(UnknownSku)),
        (rejected(RejectReason::InsufficientStock), cancel(InsufficientStock)),
        (rejected(RejectReason::Unrecognised), cancel(InsufficientStock)),
        (Input::StockShort, cancel(StockShort)),
        (paid(), vec![Decision::Confirm]),
        (authorized(254, Currency::EUR), cancel(InvalidOrder)),
        (authorized(255, Currency::GBP), cancel(InvalidOrder)),
        (Input::PaymentDeclined, cancel(PaymentDeclined)),
        (Input::PaymentVoided, cancel(PaymentDeclined)),
        (Input::CaptureFailed, cancel(CaptureFailed)),
        (Input::AuthorizationExpired, cancel(CaptureFailed)),
        (Input::PaymentActionRequired { sequence: Some(1) }, nothing()),
        (Input::PaymentActionCompleted { sequence: Some(2) }, nothing()),
        (captured(), nothing()),
        (dispatched(), nothing()),
        (Input::Deadline, cancel(Deadline)),
        (Input::CancelAsked, cancel(CustomerRequest)),
    ]
}

#[test]
fn while_nothing_is_decided_every_input_has_its_consequence() {
    for (input, expected) in rules() {
        assert_eq!(order().hear(input.clone(), NOW), expected, "{input:?}");
    }
}

#[test]
fn status_follows_what_payment_asks_and_what_was_decided() {
    let asks = |sequence| Input::PaymentActionRequired { sequence };
    let answered = |sequence| Input::PaymentActionCompleted { sequence };
    let cases: Vec<(Vec<Input>, OrderStatus)> = vec![
        (vec![], OrderStatus::Placed),
        (vec![asks(Some(1))], OrderStatus::ActionRequired),
        (vec![asks(Some(1)), answered(Some(2))], OrderStatus::Placed),
        (vec![answered(Some(2)), asks(Some(1))], OrderStatus::Placed),
        (vec![asks(Some(1)), answered(Some(2)), asks(Some(3))], OrderStatus::ActionRequired),
        (vec![asks(None), answered(None)], OrderStatus::Placed),
        (vec![asks(Some(1)), paid()], OrderStatus::Confirmed),
        (vec![paid(), asks(Some(9))], OrderStatus::Confirmed),
        (vec![asks(Some(1)), Input::Deadline], OrderStatus::Cancelled),
    ];
    for (inputs, expected) in cases {
        assert_eq!(after(inputs.clone()).status(), expected, "{inputs:?}");
    }
}

#[test]
fn a_payment_never_goes_back_to_an_earlier_status() {
    let status = |inputs: Vec<Input>| {
        let payment = after(inputs).payment;
        (payment.status, payment.authorized_minor)
    };
    assert_eq!(status(vec![paid()]), (PaymentStatus::Authorized, 255));
    assert_eq!(status(vec![paid(), Input::PaymentDeclined]), (PaymentStatus::Authorized, 255));
    assert_eq!(status(vec![paid(), Input::PaymentVoided]), (PaymentStatus::Voided, 0));
    assert_eq!(status(vec![Input::PaymentVoided, paid()]), (PaymentStatus::Voided, 0));
    let asks = Input::PaymentActionRequired { sequence: Some(7) };
    assert_eq!(status(vec![Input::PaymentDeclined, asks]), (PaymentStatus::Declined, 0));
}

#[test]
fn what_is_heard_before_the_order_counts_once_it_is_placed() {
    let mut case = Case::default();
    for input in [reserved(), reserved(), paid()] {
        assert_eq!(case.hear(input, NOW), []);
    }
    assert_eq!(case, Case::Heard { inputs: vec![reserved(), paid()] });
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(vec![Decision::Confirm]));
    let Case::Taken(order) = case else { panic!("not taken") };
    assert_eq!((order.status(), order.stock.len()), (OrderStatus::Confirmed, 3));
}

#[test]
fn what_is_heard_before_the_order_is_bounded() {
    let mut case = Case::default();
    for sequence in 0..100 {
        case.hear(Input::PaymentActionRequired { sequence: Some(sequence) }, NOW);
    }
    assert!(matches!(case, Case::Heard { inputs } if inputs.len() == MAX_HEARD));
}

fn refused() -> Refused {
    Refused {
        reason: InvalidOrder,
        at: NOW,
        customer_id: None,
        currency: None,
        total_minor: 0,
        faults: vec![],
    }
}

#[test]
fn an_id_belongs_to_its_first_order() {
    let mut case = Case::default();
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(vec![]));
    let later = Terms { placed_at: Timestamp::MAX, ..terms() };
    assert_eq!(case.place(later, Origin::Application, NOW), Ok(vec![]));
    let other = Terms { channel: "phone".to_owned(), ..terms() };
    assert_eq!(case.place(other, Origin::Application, NOW), Err(IdTaken::ByAnother));
    assert_eq!(case.refuse(refused()), Err(IdTaken::ByAnother));
    assert_eq!(case, Case::Taken(Box::new(order())));
}

#[test]
fn a_refused_order_ends_once_and_for_all() {
    let mut case = Case::Heard { inputs: vec![paid()] };
    assert_eq!(case.refuse(refused()), Ok(vec![Decision::end(InvalidOrder)]));
    assert_eq!(case.refuse(refused()), Ok(vec![]));
    assert_eq!(case.hear(Input::Deadline, NOW), []);
    assert_eq!(case.place(terms(), Origin::Application, NOW), Err(IdTaken::ByRefused));
}

#[test]
fn an_order_that_never_came_ends_and_is_filed_as_cancelled_when_it_comes() {
    let mut case = Case::Heard { inputs: vec![paid()] };
    assert_eq!(case.hear(Input::Deadline, NOW), [Decision::end(Deadline)]);
    assert!(
        matches!(&case, Case::Refused(refused) if refused.total_minor == 255 && refused.currency == Some(Currency::EUR))
    );
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(vec![]));
    assert!(
        matches!(case, Case::Taken(order) if order.stage == Stage::Cancelled { reason: Deadline, at: NOW, was_confirmed: false })
    );
}
