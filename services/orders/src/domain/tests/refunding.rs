//! What the customer is owed back.

use proptest::prelude::*;

use super::super::refunds::worth;
use super::*;
use contracts::OrderId;
use contracts::events::order::RefundReason;

fn dues(decisions: &[Decision]) -> Vec<(Cause, i64)> {
    let due = |decision: &Decision| {
        let Decision::Refund(due) = decision else { return None };
        Some((due.cause.clone(), due.amount_minor))
    };
    decisions.iter().filter_map(due).collect()
}

fn returned(return_id: &str) -> Cause {
    Cause::Returned { return_id: ReturnId::new(return_id).unwrap() }
}

#[test]
fn a_cancelled_order_whose_money_was_taken_gets_all_of_it_back_whichever_comes_second() {
    let mut order = confirmed([captured(), Input::CancelAsked]);
    let told = order.hear(Input::ShipmentStopped, NOW);
    assert_eq!(dues(&told), [(Cause::Cancelled, 255)]);
    let mut order = confirmed([Input::CancelAsked, Input::ShipmentStopped]);
    let told = order.hear(captured(), NOW);
    assert_eq!(dues(&told), [(Cause::Cancelled, 255)]);
    assert_eq!(order.hear(captured(), NOW), [], "once");
    let [Decision::Refund(due)] = &told[..] else { panic!("{told:?}") };
    let lines: Vec<(&str, u32, i64)> =
        due.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get(), line.amount_minor)).collect();
    assert_eq!(lines, [("A", 2, 204), ("B", 1, 51)]);
}

#[test]
fn what_came_back_is_refunded_by_its_share_once_for_each_return() {
    let mut order = confirmed([captured(), delivered()]);
    let told = order.hear(came_back("r-1", &[("A", 1)]), NOW);
    assert_eq!(dues(&told), [(returned("r-1"), 102)]);
    assert_eq!(order.hear(came_back("r-1", &[("A", 1)]), NOW), []);
    let told = order.hear(came_back("r-2", &[("A", 1), ("B", 1), ("Z", 3)]), NOW);
    assert_eq!(dues(&told), [(returned("r-2"), 153)], "what was not bought is worth nothing");
    let told = order.hear(came_back("r-3", &[("A", 2)]), NOW);
    assert_eq!(dues(&told), [(returned("r-3"), 0)], "recorded, and nothing is published");
    assert_eq!((order.refunds.due_minor, order.refunds.decided.len()), (255, 3));
}

#[test]
fn what_is_lost_after_a_part_came_back_is_refunded_up_to_the_rest() {
    let mut order = confirmed([captured(), delivered(), came_back("r-1", &[("A", 1)])]);
    let told = order.hear(failed(FailedStage::Lost), NOW);
    assert_eq!(dues(&told), [(Cause::Undelivered, 153)]);
    let mut order = confirmed([captured(), delivered(), failed(FailedStage::Lost)]);
    assert_eq!(dues(&order.hear(came_back("r-1", &[("A", 1)]), NOW)), [(returned("r-1"), 0)]);
}

#[test]
fn nothing_is_owed_before_the_money_was_taken() {
    let mut order = confirmed([delivered(), came_back("r-1", &[("B", 1)])]);
    assert_eq!(order.refunds.due_minor, 0);
    let told = order.hear(captured(), NOW);
    assert_eq!(dues(&told), [(returned("r-1"), 51)]);
    let mut free = confirmed([Input::CancelAsked, Input::ShipmentStopped]);
    let nothing =
        Input::PaymentCaptured { payment_id: payment_id(), amount_minor: 0, currency: Currency::EUR };
    assert_eq!(dues(&free.hear(nothing, NOW)), [(Cause::Cancelled, 0)]);
    let mut foreign = confirmed([Input::CancelAsked, Input::ShipmentStopped]);
    let pounds =
        Input::PaymentCaptured { payment_id: payment_id(), amount_minor: 255, currency: Currency::GBP };
    assert_eq!(foreign.hear(pounds, NOW), [], "money of another currency is not this order's");
}

#[test]
fn never_more_is_asked_for_than_was_taken() {
    let part =
        Input::PaymentCaptured { payment_id: payment_id(), amount_minor: 230, currency: Currency::EUR };
    let mut order = confirmed([part, Input::CancelAsked]);
    let told = order.hear(Input::ShipmentStopped, NOW);
    let [_, Decision::Refund(due)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((due.amount_minor, due.reason), (230, RefundReason::Cancelled));
    assert_eq!(due.lines.iter().map(|line| line.amount_minor).collect::<Vec<_>>(), [204, 26]);
}

#[test]
fn money_that_is_given_back_is_counted_by_its_refund() {
    let mut order = confirmed([captured(), refunded("x", 100), refunded("x", 100), refunded("y", 5)]);
    assert_eq!((order.payment.refunded_minor, order.payment.status), (105, PaymentStatus::Captured));
    order.hear(refunded("z", 150), NOW);
    assert_eq!(order.payment.status, PaymentStatus::Refunded);
}

#[test]
fn a_refund_is_named_after_its_cause_and_the_name_is_never_too_long() {
    let id = |cause: Cause, order: &str| cause.refund_id(&OrderId::new(order).unwrap()).unwrap().to_string();
    assert_eq!(id(Cause::Cancelled, "536365"), "536365-cancelled");
    assert_eq!(id(Cause::Undelivered, "536365"), "536365-undelivered");
    assert_eq!(id(returned("rt1"), "536365"), "rt1-refund");
    let long = "x".repeat(64);
    let names = [id(Cause::Cancelled, &long), id(Cause::Undelivered, &long), id(returned(&long), &long)];
    assert!(names.iter().all(|name| name.len() <= 72), "{names:?}");
    assert_ne!(names[0], names[1]);
    assert_eq!(names[0], id(Cause::Cancelled, &long), "always the same");
}

proptest! {
    #[test]
    fn pieces_refunded_in_any_parts_add_up_to_exactly_the_share(
        share in 0i64..=i64::MAX,
        parts in prop::collection::vec(1u32..40, 1..20),
    ) {
        let pieces: u32 = parts.iter().sum();
        let (mut before, mut sum) = (0, 0i64);
        for part in parts {
            let amount = worth(share, pieces, before, part);
            prop_assert!(amount >= 0);
            sum = sum.checked_add(amount).unwrap();
            before += part;
            prop_assert!(sum <= share);
        }
        prop_assert_eq!(sum, share);
        prop_assert_eq!(worth(share, pieces, before, 7), 0, "there is nothing beyond the line");
    }

    #[test]
    fn returns_of_any_size_never_ask_for_more_than_was_taken(
        returns in prop::collection::vec((0u32..4, 0u32..3), 0..8),
        ends in any::<bool>(),
    ) {
        let mut order = confirmed([captured(), delivered()]);
        for (n, (a, b)) in returns.iter().enumerate() {
            let lines: Vec<(&str, u32)> =
                [("A", *a), ("B", *b)].into_iter().filter(|(_, pieces)| *pieces > 0).collect();
            order.hear(came_back(&format!("r-{n}"), &lines), NOW);
        }
        prop_assert!(order.refunds.due_minor <= 255);
        if ends {
            order.hear(failed(FailedStage::Returned), NOW);
            prop_assert_eq!(order.refunds.due_minor, 255);
        }
    }
}
