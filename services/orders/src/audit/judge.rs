//! What must hold for one order.

use contracts::events::order::{CancelReason, OrderCancelRequested, OrderCancelled, OrderCompleted};
use contracts::events::payment::{PaymentAuthorized, PaymentCaptured};
use contracts::events::shipment::{
    ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentStopRefused, ShipmentStopped,
};
use contracts::events::stock::StockShort;
use contracts::order::OrderStatus;
use runtime::Doc;

use super::told::Told;
use crate::domain::{Case, Order, Origin, Stage, Terms};
use crate::dossier::Document;

/// Everything that does not hold, as sentences that begin with the order.
pub(super) fn all(doc: &Doc<Document>, told: &Told) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    if told.entries != doc.entries {
        wrong.push(format!("counts {} entries and has {}", doc.entries, told.entries));
    }
    if told.published != doc.emitted {
        wrong.push(format!("counts {} events and told of {}", doc.emitted, told.published));
    }
    match &doc.case {
        Case::Heard { .. } => judge_decisions("not placed", (0, 0, 0), told, &mut wrong),
        Case::Refused(_) => judge_decisions(OrderStatus::Cancelled.as_str(), (0, 1, 0), told, &mut wrong),
        Case::Taken(order) => {
            judge_terms(&order.terms, &mut wrong);
            judge_origin(order, &mut wrong);
            judge_decisions(order.status().as_str(), decisions_of(&order.stage), told, &mut wrong);
            judge_journey(order, told, &mut wrong);
            judge_stops(order, told, &mut wrong);
            judge_refunds(order, told, &mut wrong);
        }
    }
    wrong
}

/// How often an order in this stage was confirmed, cancelled and completed.
fn decisions_of(stage: &Stage) -> (u32, u32, u32) {
    match stage {
        Stage::Open => (0, 0, 0),
        Stage::Confirmed { .. }
        | Stage::Cancelling { .. }
        | Stage::Dispatched { .. }
        | Stage::Delivered { .. } => (1, 0, 0),
        Stage::Completed { .. } => (1, 0, 1),
        Stage::Cancelled { was_confirmed, .. } => (u32::from(*was_confirmed), 1, 0),
    }
}

/// Exactly one end follows, and only from what allows it.
fn judge_decisions(word: &str, expected: (u32, u32, u32), told: &Told, wrong: &mut Vec<String>) {
    let (confirmed, cancelled) = (told.confirmed(), told.times::<OrderCancelled>());
    if (confirmed, cancelled) != (expected.0, expected.1) {
        wrong.push(format!("is {word}, and was confirmed {confirmed} and cancelled {cancelled} times"));
    }
    let completed = told.times::<OrderCompleted>();
    if completed != expected.2 {
        wrong.push(format!("is {word}, and was completed {completed} times"));
    }
    if confirmed > 0 && told.times::<PaymentAuthorized>() == 0 {
        wrong.push("was confirmed and its payment never authorized".to_owned());
    }
    let has_arrived = told.times::<ShipmentDelivered>() > 0 && told.times::<PaymentCaptured>() > 0;
    if completed > 0 && !has_arrived {
        wrong.push("was completed without having been delivered and paid for".to_owned());
    }
}

/// Nothing leaves before it is confirmed, and what was cancelled stays.
fn judge_journey(order: &Order, told: &Told, wrong: &mut Vec<String>) {
    let (left, failed) = (told.first::<ShipmentDispatched>(), told.first::<ShipmentFailed>());
    if left.is_some() && told.confirmed() == 0 {
        wrong.push("left without having been confirmed".to_owned());
    }
    let Stage::Cancelled { reason, was_confirmed, .. } = order.stage else { return };
    let cancelled = told.first::<OrderCancelled>();
    let came_before = |entry: Option<u32>| entry.is_some() && entry < cancelled;
    if was_confirmed && !came_before(told.first::<ShipmentStopped>()) && !came_before(failed) {
        wrong.push(
            "was cancelled after it was confirmed, and its parcel was neither stopped nor failed".to_owned(),
        );
    }
    if reason == CancelReason::Undelivered && !came_before(failed) {
        wrong.push("was cancelled as undelivered, and its parcel did not fail".to_owned());
    }
    if left.is_some() && failed.is_none() {
        wrong.push("was cancelled, and its parcel left".to_owned());
    }
}

/// When stock turns out to be missing while the parcel can still be stopped, shipping is asked to.
fn judge_stops(order: &Order, told: &Told, wrong: &mut Vec<String>) {
    let Some(short) = told.first::<StockShort>() else { return };
    let before = |entry: Option<u32>| entry.is_some_and(|entry| entry < short);
    let too_late = before(told.first::<ShipmentDispatched>())
        || before(told.first::<ShipmentDelivered>())
        || before(told.first::<ShipmentFailed>())
        || before(told.first::<ShipmentStopRefused>());
    let has_asked =
        told.times::<OrderCancelRequested>() > 0 || matches!(order.stage, Stage::Cancelled { .. });
    if told.confirmed() > 0 && !too_late && !has_asked {
        wrong.push("lost its stock, and nobody asked to stop its parcel".to_owned());
    }
}

/// Never more is given back than was taken, each refund once, and exactly what the goods are worth that came back.
fn judge_refunds(order: &Order, told: &Told, wrong: &mut Vec<String>) {
    let (due, captured) = (told.refund_due_minor(), told.captured_minor.unwrap_or(0));
    for (refund, (times, _)) in told.refunds.iter().filter(|(_, (times, _))| *times > 1) {
        wrong.push(format!("asked {times} times for the refund {refund}"));
    }
    if due != order.refunds.due_minor {
        wrong.push(format!("counts refunds of {} and told of {due}", order.refunds.due_minor));
    }
    if due > captured {
        wrong.push(format!("asked for refunds of {due}, and {captured} was taken"));
    }
    let owed = owed_minor(order);
    if due != owed {
        wrong.push(format!("owes {owed} back, and asked for {due}"));
    }
    let back = order.payment.refunded_minor;
    if back > order.payment.captured_minor && order.payment.is_captured {
        wrong.push(format!("was given {back} back of {}", order.payment.captured_minor));
    }
}

/// What the customer is owed back by what is known: everything, or what came back.
fn owed_minor(order: &Order) -> i64 {
    let captured = order.payment.captured_minor;
    let is_over = matches!(order.stage, Stage::Cancelled { .. })
        || (matches!(order.stage, Stage::Completed { .. }) && order.shipment.is_undelivered());
    if !order.payment.is_captured || is_over {
        return if order.payment.is_captured { captured } else { 0 };
    }
    let line_owed = |line: &contracts::order::Line| {
        let pieces = i128::from(line.quantity.get());
        let arrived = order.returns.iter().filter_map(|one| one.arrived.as_ref()?.get(&line.sku));
        let back = arrived.map(|count| i128::from(*count)).sum::<i128>().min(pieces);
        i128::from(order.terms.worth_of(&line.sku)) * back / pieces
    };
    let sum: i128 = order.terms.lines.iter().map(line_owed).sum();
    i64::try_from(sum.min(i128::from(captured))).unwrap_or(i64::MAX)
}

fn judge_terms(terms: &Terms, wrong: &mut Vec<String>) {
    let goods = terms.lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.goods_minor()?));
    let paid = goods.and_then(|goods| goods.checked_sub(terms.discount_minor)?.checked_add(terms.tax_minor));
    let total = paid.and_then(|paid| paid.checked_add(terms.shipping_fee_minor));
    if total != Some(terms.total_minor) {
        wrong.push(format!(
            "costs {} and its lines with discounts, tax and shipping {total:?}",
            terms.total_minor
        ));
    }
    let shares = terms.allocation.iter();
    let worth = shares
        .clone()
        .try_fold(0i64, |sum, share| sum.checked_add(share.goods_minor)?.checked_add(share.fee_minor));
    if worth != Some(terms.total_minor) {
        wrong.push(format!("costs {} and its shares {worth:?}", terms.total_minor));
    }
    let is_plain = terms.discount_minor == 0 && terms.tax_minor == 0;
    let is_of = |(line, share): (&contracts::order::Line, &contracts::order::Share)| {
        line.sku == share.sku && (!is_plain || line.goods_minor() == Some(share.goods_minor))
    };
    if terms.lines.len() != terms.allocation.len() || !terms.lines.iter().zip(shares).all(is_of) {
        wrong.push("has shares of other goods than its lines".to_owned());
    }
}

/// An order from HTTP was checked before it was told to anybody: whoever answers for other lines or another amount is
/// wrong. Two applications may use one id for two orders, and then both are right.
fn judge_origin(order: &Order, wrong: &mut Vec<String>) {
    if let (Origin::Http { .. }, Stage::Cancelled { reason: CancelReason::InvalidOrder, .. }) =
        (&order.origin, &order.stage)
    {
        wrong.push("was sound, and stock or payment were arranged for something else".to_owned());
    }
}
