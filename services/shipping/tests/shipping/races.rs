//! A cancel and a hand-over meet in one document, whatever the network does, and only one of them comes about.

use std::time::Duration;

use shipping::Pace;
use store::sim::Rates;

use crate::support::{Mishap, Shop, cancelling, captured, confirmed};

/// How an order ended: what was told of it, and what the carrier has.
fn end(shop: &Shop, id: &str, told: &[String]) -> (bool, bool, u32) {
    let has = |name: &str| told.iter().filter(|told| *told == name).count();
    assert!(has("shipment.dispatched") <= 1 && has("shipment.ready") <= 1, "{told:?}");
    assert_eq!(has("shipment.stopped") + has("shipment.stop-refused"), 1, "one cancel, one answer: {told:?}");
    let totals = shop.road.totals().get(&format!("shipment/{id}-s1")).copied().unwrap_or_default();
    assert!(totals.open_labels + totals.voided_labels <= 1, "at most one label");
    (has("shipment.stopped") == 1, has("shipment.dispatched") == 1, totals.handed_over)
}

#[test]
fn of_a_cancel_and_a_hand_over_only_one_comes_about() {
    use Mishap::{Down, LostAfter, LostBefore};
    let mut ends = [0, 0];
    for seed in 0..60 {
        let shop = Shop::with(seed, Pace::default());
        shop.tell("c", "o-1", &confirmed("o-1", ""));
        let mishaps = [LostAfter, LostBefore, Down];
        let nth = |n: u64| mishaps[usize::try_from((seed / n) % 3).unwrap()];
        shop.road.lose(&[nth(1), nth(3), nth(9)][..usize::try_from(seed % 4).unwrap().min(3)]);
        shop.publish("p", "o-1", &captured("o-1"));
        shop.wait(Duration::from_millis(seed * 40));
        shop.publish("x", "o-1", &cancelling("o-1"));
        shop.wait(Duration::from_secs(900));
        let (is_stopped, is_dispatched, handed_over) = end(&shop, "o-1", &shop.told());
        assert_ne!(is_stopped, is_dispatched, "seed {seed}");
        assert_eq!(is_dispatched, handed_over == 1, "seed {seed}: what is told is what the carrier has");
        assert_eq!(shop.audit().violations, [""; 0], "seed {seed}");
        ends[usize::from(is_stopped)] += 1;
    }
    assert!(ends[0] > 5 && ends[1] > 5, "{ends:?}");
}

#[test]
fn whatever_the_store_does_every_order_ends_as_the_carrier_has_it() {
    for seed in 0..12 {
        let shop = Shop::with(seed, Pace::default());
        shop.disturb(Rates::steady());
        for n in 0..6 {
            let id = format!("o-{n}");
            shop.publish(&format!("c{n}"), &id, &confirmed(&id, ""));
            shop.publish(&format!("p{n}"), &id, &captured(&id));
            if n % 2 == 0 {
                shop.publish(&format!("x{n}"), &id, &cancelling(&id));
            }
        }
        shop.wait(Duration::from_secs(60));
        shop.calm();
        shop.wait(Duration::from_secs(3_600));
        assert_eq!(shop.dead_letters(), [""; 0], "seed {seed}");
        assert_eq!(shop.audit().violations, [""; 0], "seed {seed}");
        let facts = shop.audit().facts;
        for (order_id, fact) in &facts["shipments"] {
            let totals = shop.road.totals();
            let totals = totals.get(&format!("shipment/{order_id}-s1")).copied().unwrap_or_default();
            assert_eq!(fact["handed_over"], totals.handed_over == 1, "seed {seed}: {order_id} {fact}");
            assert!(totals.open_labels + totals.voided_labels <= 1, "seed {seed}: {order_id}");
            assert_eq!(
                totals.open_labels == 1,
                fact["handed_over"] == true,
                "seed {seed}: {order_id} {fact}"
            );
        }
        assert_eq!(facts["shipments"].len(), 6);
    }
}
