use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis * 1_000)
}

fn event(kind: &str, id: &str) -> String {
    format!(
        r#"{{"type":"{kind}","subject":"{id}","data":{{"reason":"insufficient_stock","customer":"redacted"}}}}"#
    )
}

#[test]
fn an_order_ends_once_whichever_is_heard_first() {
    let mut watch = Watch::default();
    watch.placed("a".into(), at(10));
    watch.heard(&event(OrderConfirmed::TYPE, "b"), at(25));
    watch.heard(&event(OrderCompleted::TYPE, "b"), at(80));
    watch.heard(&event(OrderConfirmed::TYPE, "a"), at(40));
    watch.heard(&event("shop.banyan.order.placed.v1", "c"), at(41));
    assert_eq!(watch.take_completed(), Vec::<String>::new(), "whose request is not answered yet");
    watch.placed("b".into(), at(5));
    watch.placed("c".into(), at(6));
    assert_eq!(watch.take_completed(), ["b"]);
    watch.heard(&event(OrderCancelled::TYPE, "c"), at(106));
    watch.ended("c".into(), End::Completed(at(500)));
    watch.placed("c".into(), at(7));
    assert_eq!((watch.open(), watch.ended_count(), watch.happened()), (1, 2, 4));
    watch.heard(&event(OrderCompleted::TYPE, "a"), at(90));
    assert_eq!(watch.take_completed(), ["a"]);
    assert_eq!(watch.counts(), (2, 2, BTreeMap::from([("insufficient_stock", 1)])));
    assert_eq!(watch.until_confirmed(), [20, 30].map(Duration::from_millis));
    assert_eq!(watch.until_completed(), [75, 80].map(Duration::from_millis));
    assert_eq!(watch.took(), Duration::from_millis(101));
    assert_eq!(watch.take_recent(), [30, 20, 100].map(Duration::from_millis));
}

#[test]
fn what_stalls_is_counted_by_order() {
    let mut watch = Watch::default();
    for id in ["a", "b", "a"] {
        watch.heard(&event(OrderStalled::TYPE, id), at(1));
    }
    assert_eq!(watch.stalled(), 2);
}

#[test]
fn old_orders_are_looked_at_in_turn() {
    let mut watch = Watch::default();
    for (id, due) in [("a", 1), ("b", 9), ("c", 2), ("d", 3)] {
        watch.placed(id.into(), at(due));
    }
    assert_eq!(watch.old(at(5), "", 2), ["a", "c"]);
    assert_eq!(watch.old(at(5), "c", 2), ["d", "a"]);
    assert_eq!(watch.old(at(5), "c", 9), ["d", "a", "c"]);
    assert_eq!((watch.young(at(3)), watch.is_open("b"), watch.is_open("x")), (2, true, false));
    watch.confirmed("b".into(), at(10));
    assert_eq!((watch.young(at(3)), watch.is_open("b")), (1, true));
}

#[test]
fn percentiles_are_values_that_occurred() {
    let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    let of = |percent| percentile(&sorted, percent).map(|value| value.as_millis());
    assert_eq!((of(50), of(99), of(100)), (Some(100), Some(198), Some(200)));
    assert_eq!(percentile(&sorted[..1], 99), Some(sorted[0]));
    assert_eq!(percentile(&[], 50), None);
}
