//! From confirmed to the end: what is heard, and what follows.

use contracts::events::order::CancelReason::{ShipmentFailed, Undelivered};
use contracts::events::order::RefundReason;

use super::*;
use FailedStage::{BeforeHandover, Lost, Returned};

/// Hears `inputs` one after another; answers what followed from the last one, and the status.
fn then(inputs: impl IntoIterator<Item = Input>) -> (Vec<Decision>, OrderStatus) {
    let mut order = confirmed([]);
    let mut decisions = Vec::new();
    for input in inputs {
        decisions = order.hear(input, NOW);
    }
    (decisions, order.status())
}

fn ask(reason: CancelReason) -> Decision {
    Decision::RequestCancel(reason)
}

#[test]
fn a_confirmed_order_goes_from_stage_to_stage() {
    let way = [created(), ready(), captured(), dispatched(), delivered()];
    let statuses: Vec<OrderStatus> = (1..=5).map(|n| then(way[..n].to_vec()).1).collect();
    let (confirmed, gone, done) = (OrderStatus::Confirmed, OrderStatus::Dispatched, OrderStatus::Completed);
    assert_eq!(statuses, [confirmed, confirmed, confirmed, gone, done]);
    assert_eq!(then(way).0, [Decision::Complete]);
}

#[test]
fn delivered_and_captured_complete_it_whichever_comes_second() {
    assert_eq!(then([delivered()]), (vec![], OrderStatus::Delivered));
    for way in [
        vec![captured(), delivered()],
        vec![delivered(), captured()],
        vec![dispatched(), delivered(), captured()],
        vec![delivered(), dispatched(), captured()],
        vec![captured(), dispatched(), delivered()],
    ] {
        assert_eq!(then(way.clone()), (vec![Decision::Complete], OrderStatus::Completed), "{way:?}");
    }
    assert_eq!(then([captured(), delivered(), delivered()]), (vec![], OrderStatus::Completed));
}

/// What asks to stop a parcel, and for what reason.
fn troubles() -> Vec<(Input, CancelReason)> {
    vec![
        (Input::CancelAsked, CustomerRequest),
        (Input::StockShort, StockShort),
        (Input::CaptureFailed, CaptureFailed),
        (Input::AuthorizationExpired, CaptureFailed),
        (Input::PaymentVoided, CaptureFailed),
    ]
}

#[test]
fn trouble_asks_shipping_to_stop_the_parcel_and_the_answer_decides() {
    for (trouble, reason) in troubles() {
        assert_eq!(then([trouble.clone()]), (vec![ask(reason)], OrderStatus::Cancelling));
        assert_eq!(
            then([trouble.clone(), Input::ShipmentStopped]),
            (vec![cancelled(reason)], OrderStatus::Cancelled)
        );
        assert_eq!(
            then([trouble.clone(), failed(BeforeHandover)]),
            (vec![cancelled(reason)], OrderStatus::Cancelled)
        );
        assert_eq!(
            then([trouble.clone(), Input::StopRefused]),
            (vec![Decision::GoOn], OrderStatus::Confirmed),
            "and not asked again"
        );
        assert_eq!(
            then([trouble.clone(), dispatched(), Input::StopRefused]),
            (vec![Decision::GoOn], OrderStatus::Dispatched)
        );
        let (told, status) = then([trouble, Input::StopRefused, dispatched(), delivered()]);
        assert_eq!((told, status), (vec![], OrderStatus::Delivered));
    }
}

#[test]
fn the_first_reason_stays() {
    let (stays, late) = (Decision::Remark(Remark::FirstReasonStays), Decision::Remark(Remark::TooLate));
    assert_eq!(then([Input::StockShort, Input::CaptureFailed]), (vec![stays], OrderStatus::Cancelling));
    let mut order = confirmed([Input::StockShort, Input::CaptureFailed, Input::CancelAsked]);
    assert_eq!(order.hear(Input::ShipmentStopped, NOW), [cancelled(StockShort)]);
    assert_eq!(then([dispatched(), Input::StockShort]), (vec![late.clone()], OrderStatus::Dispatched));
    assert_eq!(
        then([Input::CancelAsked, Input::StopRefused, Input::StockShort]),
        (vec![late], OrderStatus::Confirmed)
    );
}

#[test]
fn money_that_was_taken_is_not_lost_by_what_was_said_before() {
    assert_eq!(then([captured(), Input::AuthorizationExpired]).1, OrderStatus::Confirmed);
    assert_eq!(then([captured(), Input::StockShort]).0, [ask(StockShort)]);
}

#[test]
fn a_parcel_that_never_leaves_cancels() {
    assert_eq!(then([failed(BeforeHandover)]), (vec![cancelled(ShipmentFailed)], OrderStatus::Cancelled));
    assert_eq!(then([Input::ShipmentStopped]), (vec![], OrderStatus::Confirmed), "nobody asked");
    assert_eq!(
        then([Input::ShipmentStopped, Input::CancelAsked]),
        (vec![ask(CustomerRequest), cancelled(CustomerRequest)], OrderStatus::Cancelled)
    );
}

#[test]
fn a_parcel_that_is_lost_or_brought_back_cancels_what_is_not_completed_and_is_refunded() {
    for (stage, reason) in [(Lost, RefundReason::Lost), (Returned, RefundReason::Undelivered)] {
        for before in [vec![captured()], vec![captured(), dispatched()], vec![Input::CancelAsked, captured()]]
        {
            let mut order = confirmed(before);
            let told = order.hear(failed(stage), NOW);
            assert_eq!(told[0], cancelled(Undelivered));
            let [_, Decision::Refund(due)] = &told[..] else { panic!("{told:?}") };
            assert_eq!((&due.cause, due.reason, due.amount_minor), (&Cause::Undelivered, reason, 255));
            assert_eq!(order.status(), OrderStatus::Cancelled);
        }
        let mut order = confirmed([captured(), delivered()]);
        let told = order.hear(failed(stage), NOW);
        assert!(matches!(&told[..], [Decision::Refund(due)] if due.amount_minor == 255), "{told:?}");
        assert_eq!(order.status(), OrderStatus::Completed);
        let mut order = confirmed([dispatched(), failed(stage)]);
        let told = order.hear(captured(), NOW);
        assert!(
            matches!(&told[..], [Decision::Refund(due)] if due.cause == Cause::Undelivered),
            "whichever comes second: {told:?}"
        );
    }
}

#[test]
fn what_ended_stays_ended() {
    let ends = [
        after([Input::Deadline]),
        confirmed([captured(), delivered()]),
        confirmed([Input::CancelAsked, Input::ShipmentStopped]),
    ];
    for before in ends {
        for (input, _) in rules().into_iter().chain(troubles().into_iter().map(|(input, _)| (input, vec![])))
        {
            let mut order = before.clone();
            let told = order.hear(input.clone(), NOW.plus(std::time::Duration::from_secs(1)));
            assert!(
                told.iter().all(|decision| matches!(decision, Decision::Refund(_))),
                "{input:?}: {told:?}"
            );
            assert_eq!(order.stage, before.stage, "{input:?}");
        }
    }
}

#[test]
fn the_customer_can_cancel_until_the_parcel_has_left() {
    let cancel = |mut order: Order| order.cancel(NOW);
    assert_eq!(cancel(order()), Ok(vec![Decision::end(CustomerRequest)]));
    assert_eq!(cancel(after([Input::Deadline])), Ok(vec![]));
    assert_eq!(cancel(confirmed([])), Ok(vec![ask(CustomerRequest)]));
    assert_eq!(cancel(confirmed([Input::StockShort])), Ok(vec![]), "it is being tried already");
    assert_eq!(cancel(confirmed([Input::CancelAsked, Input::StopRefused])), Err(NotCancellable::Refused));
    assert_eq!(cancel(confirmed([dispatched()])), Err(NotCancellable::HasLeft));
    assert_eq!(cancel(confirmed([delivered()])), Err(NotCancellable::HasLeft));
    assert_eq!(cancel(confirmed([captured(), delivered()])), Err(NotCancellable::IsCompleted));
}

#[test]
fn what_shipping_says_is_kept_in_one_word() {
    let status = |inputs: Vec<Input>| confirmed(inputs).shipment.status();
    assert_eq!(status(vec![created()]), "created");
    assert_eq!(status(vec![ready(), created()]), "ready");
    assert_eq!(status(vec![dispatched(), ready()]), "dispatched");
    assert_eq!(status(vec![delivered(), dispatched()]), "delivered");
    assert_eq!(status(vec![ready(), Input::ShipmentStopped]), "stopped");
    assert_eq!(status(vec![failed(Lost), delivered()]), "lost");
    let parcel = confirmed([ready(), delivered()]).shipment;
    assert_eq!(parcel.tracking_number.as_deref(), Some("T1"));
}

#[test]
fn a_dispute_is_an_account_of_its_own() {
    let told = |status, sequence| Input::PaymentDisputed {
        dispute_id: DisputeId::new("d-1").unwrap(),
        status,
        amount_minor: 255,
        sequence: Some(sequence),
    };
    let (opened, won) = (told(DisputeStatus::Opened, 7), told(DisputeStatus::Won, 8));
    for way in [vec![opened.clone(), won.clone()], vec![won.clone(), opened, won]] {
        let mut order = confirmed([captured()]);
        for input in way {
            assert_eq!(order.hear(input, NOW), []);
        }
        assert_eq!(order.payment.dispute.unwrap().status, DisputeStatus::Won);
    }
}
