//! What a confirmed order waits for, and when somebody should look.

use std::time::Duration;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn after_hours(hours: u32) -> Timestamp {
    NOW.plus(HOUR * hours)
}

#[test]
fn every_stage_waits_for_its_event_and_an_end_for_nothing() {
    let awaits = |order: Order| order.watch.waiting.map(|waiting| waiting.awaited.event());
    let cases = [
        (order(), None),
        (confirmed([]), Some("shipment.ready")),
        (confirmed([created()]), Some("shipment.ready")),
        (confirmed([ready()]), Some("payment.captured")),
        (confirmed([captured()]), Some("shipment.dispatched")),
        (confirmed([ready(), captured(), dispatched()]), Some("shipment.delivered")),
        (confirmed([delivered()]), Some("payment.captured")),
        (confirmed([Input::CancelAsked]), Some("shipment.stopped")),
        (confirmed([Input::CancelAsked, Input::StopRefused]), Some("shipment.ready")),
        (confirmed([captured(), delivered()]), None),
        (confirmed([failed(FailedStage::BeforeHandover)]), None),
    ];
    for (order, expected) in cases {
        let stage = order.stage.clone();
        assert_eq!(awaits(order), expected, "{stage:?}");
    }
}

#[test]
fn an_alarm_is_raised_once_for_each_stage_that_takes_too_long() {
    let mut order = confirmed([]);
    let fire = |order: &mut Order, hours| order.watch.fire(|_| HOUR, after_hours(hours)).map(|w| w.awaited);
    assert!(order.watch.wants_row().is_some());
    order.watch.has_row = true;
    assert_eq!(order.watch.wants_row(), None, "one row at a time");
    assert_eq!(order.watch.fire(|_| HOUR, NOW), None, "too early");
    assert!(order.watch.wants_row().is_some(), "and the next one is needed");
    assert_eq!(fire(&mut order, 1), Some(Awaited::Ready));
    assert_eq!((fire(&mut order, 2), order.watch.wants_row()), (None, None), "no row comes for nothing");
    order.hear(ready(), after_hours(3));
    assert_eq!(order.watch.stalled_at, None, "it got further");
    assert_eq!(order.watch.wants_row().map(|waiting| waiting.since), Some(after_hours(3)));
    assert_eq!((fire(&mut order, 3), fire(&mut order, 4)), (None, Some(Awaited::Captured)));
    order.hear(failed(FailedStage::BeforeHandover), after_hours(5));
    assert_eq!((fire(&mut order, 6), order.watch.stalled_at), (None, None), "it ended");
}

#[test]
fn what_changes_nothing_does_not_begin_the_wait_anew() {
    let mut order = confirmed([]);
    order.hear(created(), after_hours(1));
    order.hear(Input::PaymentDeclined, after_hours(2));
    assert_eq!(order.watch.waiting.map(|waiting| waiting.since), Some(NOW));
}
