use contracts::events::order::CancelReason::{
    self, CustomerRequest, Deadline, InsufficientStock, InvalidOrder, PaymentDeclined, StockShort, UnknownSku,
};
use contracts::order::{Line, Share};
use contracts::{CustomerId, LocationId, Quantity, Sku};
use proptest::prelude::*;

use super::case::MAX_HEARD;
use super::*;

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

fn confirm() -> Decision {
    Decision::Confirm { payment_id: payment_id() }
}

/// Every input, and what follows from it while nothing is decided.
fn rules() -> Vec<(Input, Decision)> {
    let cancel = Decision::Cancel;
    let rejected = |reason| Input::StockRejected { reason };
    vec![
        (reserved(), Decision::Note),
        (stock(&[("A", 2, "x")]), cancel(InvalidOrder)),
        (stock(&[("A", 3, "x"), ("B", 1, "x")]), cancel(InvalidOrder)),
        (rejected(RejectReason::UnknownSku), cancel(UnknownSku)),
        (rejected(RejectReason::InsufficientStock), cancel(InsufficientStock)),
        (rejected(RejectReason::Unrecognised), cancel(InsufficientStock)),
        (Input::StockShort, cancel(StockShort)),
        (paid(), confirm()),
        (authorized(254, Currency::EUR), cancel(InvalidOrder)),
        (authorized(255, Currency::GBP), cancel(InvalidOrder)),
        (Input::PaymentDeclined, cancel(PaymentDeclined)),
        (Input::PaymentVoided, cancel(PaymentDeclined)),
        (Input::PaymentActionRequired { sequence: Some(1) }, Decision::Note),
        (Input::PaymentActionCompleted { sequence: Some(2) }, Decision::Note),
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
fn what_was_decided_stays_whatever_comes() {
    for decided in [paid(), Input::Deadline] {
        let before = after([decided]);
        for (input, _) in rules() {
            let mut order = before.clone();
            assert_eq!(
                order.hear(input.clone(), NOW.plus(std::time::Duration::from_secs(1))),
                Decision::Note,
                "{input:?}"
            );
            assert_eq!(order.stage, before.stage, "{input:?}");
        }
    }
}

#[test]
fn the_customer_can_cancel_until_it_is_confirmed() {
    assert_eq!(order().cancel(NOW), Ok(Decision::Cancel(CustomerRequest)));
    assert_eq!(after([Input::Deadline]).cancel(NOW), Ok(Decision::Note));
    assert_eq!(after([paid()]).cancel(NOW), Err(NotCancellable));
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
        assert_eq!(case.hear(input, NOW), Decision::Note);
    }
    assert_eq!(case, Case::Heard { inputs: vec![reserved(), paid()] });
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(confirm()));
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
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(Decision::Note));
    let later = Terms { placed_at: Timestamp::MAX, ..terms() };
    assert_eq!(case.place(later, Origin::Application, NOW), Ok(Decision::Note));
    let other = Terms { channel: "phone".to_owned(), ..terms() };
    assert_eq!(case.place(other, Origin::Application, NOW), Err(IdTaken::ByAnother));
    assert_eq!(case.refuse(refused()), Err(IdTaken::ByAnother));
    assert_eq!(case, Case::Taken(Box::new(order())));
}

#[test]
fn a_refused_order_ends_once_and_for_all() {
    let mut case = Case::Heard { inputs: vec![paid()] };
    assert_eq!(case.refuse(refused()), Ok(Decision::Cancel(InvalidOrder)));
    assert_eq!(case.refuse(refused()), Ok(Decision::Note));
    assert_eq!(case.hear(Input::Deadline, NOW), Decision::Note);
    assert_eq!(case.place(terms(), Origin::Application, NOW), Err(IdTaken::ByRefused));
}

#[test]
fn an_order_that_never_came_ends_and_is_filed_as_cancelled_when_it_comes() {
    let mut case = Case::Heard { inputs: vec![paid()] };
    assert_eq!(case.hear(Input::Deadline, NOW), Decision::Cancel(Deadline));
    assert!(
        matches!(&case, Case::Refused(refused) if refused.total_minor == 255 && refused.currency == Some(Currency::EUR))
    );
    assert_eq!(case.place(terms(), Origin::Application, NOW), Ok(Decision::Note));
    assert!(
        matches!(case, Case::Taken(order) if order.stage == Stage::Cancelled { reason: Deadline, at: NOW })
    );
}

fn any_input() -> impl Strategy<Value = Input> {
    (0..rules().len()).prop_map(|n| rules().swap_remove(n).0)
}

/// How many of `decisions` confirm, and why the others cancel.
fn verdicts(decisions: &[Decision]) -> (usize, Vec<CancelReason>) {
    let confirmed = decisions.iter().filter(|d| matches!(d, Decision::Confirm { .. })).count();
    let reasons =
        decisions.iter().filter_map(|d| if let Decision::Cancel(reason) = d { Some(*reason) } else { None });
    (confirmed, reasons.collect())
}

proptest! {
    #[test]
    fn any_order_of_inputs_with_duplicates_leads_to_exactly_one_decision(
        inputs in prop::collection::vec(any_input(), 0..30),
        placed_at in 0usize..30,
        is_sound in any::<bool>(),
    ) {
        let mut case = Case::default();
        let mut decisions = Vec::new();
        for (n, input) in inputs.iter().cloned().enumerate() {
            if n == placed_at {
                decisions.extend(if is_sound { case.place(terms(), Origin::Application, NOW) } else { case.refuse(refused()) });
            }
            decisions.push(case.hear(input, NOW));
        }
        // Whatever happened, the deadline comes.
        decisions.push(case.hear(Input::Deadline, NOW));
        let (confirmed, reasons) = verdicts(&decisions);
        prop_assert_eq!(confirmed + reasons.len(), 1, "{:?}", decisions);
        match case {
            Case::Heard { .. } => prop_assert!(false, "still open"),
            Case::Refused(refused) => prop_assert_eq!(vec![refused.reason], reasons),
            Case::Taken(order) => match order.stage {
                Stage::Open => prop_assert!(false, "still open"),
                Stage::Confirmed { .. } => prop_assert_eq!(confirmed, 1),
                Stage::Cancelled { reason, .. } => prop_assert_eq!(vec![reason], reasons),
            },
        }
    }

    #[test]
    fn hearing_before_the_order_is_placed_decides_like_hearing_after(inputs in prop::collection::vec(any_input(), 0..8)) {
        let early: Vec<Input> = inputs
            .into_iter()
            .filter(|input| !matches!(input, Input::Deadline | Input::CancelAsked))
            .collect();
        let mut joined = Case::default();
        for input in &early {
            joined.hear(input.clone(), NOW);
        }
        joined.place(terms(), Origin::Application, NOW).unwrap();
        let mut seen = Vec::new();
        let straight = after(early.into_iter().filter(|input| {
            let is_new = !seen.contains(input);
            seen.push(input.clone());
            is_new
        }));
        prop_assert_eq!(joined, Case::Taken(Box::new(straight)));
    }
}
