//! Events in, events out, with the carrier in between.

use std::time::Duration;

use contracts::MessageId;
use contracts::events::returns::{Condition, ReturnReceived};
use contracts::events::shipment::{
    FailedStage, ShipmentCreated, ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentReady,
    ShipmentStopRefused, ShipmentStopped, ShipmentTracked, StopRefusal, TrackingStatus,
};

use crate::support::{Mishap, Shop, cancelling, captured, confirmed, only, returning};

/// Longer than any parcel takes here, and than anybody waits before asking about one again.
const LONG: Duration = Duration::from_secs(900);

#[test]
fn what_follows_from_asking_the_carrier_says_which_event_it_follows_from() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", "1 Mill Road"));
    let heard = shop.heard();
    let confirmed = MessageId::named(&["c"]).to_string();
    only::<ShipmentReady>(&heard);
    for event in &heard {
        let cause = event.causationid.as_deref();
        assert_eq!(cause, Some(confirmed.as_str()), "{}: nobody else knows the job in between", event.kind);
    }
}

#[test]
fn a_confirmed_order_is_booked_handed_over_after_its_money_and_delivered() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", "1 Mill Road"));
    let heard = shop.heard();
    assert!(heard.iter().all(|event| event.subject == "o-1-s1"), "{heard:?}");
    let (created, ready): (ShipmentCreated, ShipmentReady) = (only(&heard), only(&heard));
    assert_eq!((created.carrier.as_str(), created.lines.len()), ("simulated", 1));
    assert!(ready.tracking_number.starts_with("SIM"));
    shop.wait(LONG);
    assert_eq!(shop.told(), [""; 0], "nothing leaves before the money is taken");
    assert_eq!(shop.road.totals()["shipment/o-1-s1"].handed_over, 0);

    shop.tell("p", "o-1", &captured("o-1"));
    let dispatched = shop.heard_of::<ShipmentDispatched>();
    assert_eq!((dispatched.len(), &dispatched[0].tracking_number), (1, &ready.tracking_number));
    shop.wait(Duration::from_secs(120));
    let heard = shop.heard();
    let (position, delivered): (ShipmentTracked, ShipmentDelivered) = (only(&heard), only(&heard));
    assert_eq!(position.status, TrackingStatus::Delivered);
    assert_eq!(position.scanned_at, delivered.delivered_at);
    let calls = shop.road.calls().len();
    shop.wait(LONG * 2);
    assert_eq!((shop.road.calls().len(), shop.heard().len()), (calls, 0), "nobody asks about what has ended");
    assert_eq!(shop.audit().violations, [""; 0]);
}

#[test]
fn the_same_event_twice_and_the_same_fact_under_another_id_count_once() {
    let shop = Shop::new();
    for name in ["c", "c", "c-again"] {
        shop.tell(name, "o-1", &confirmed("o-1", ""));
    }
    for name in ["p", "p", "p-again"] {
        shop.tell(name, "o-1", &captured("o-1"));
    }
    assert_eq!(shop.told(), ["shipment.created", "shipment.ready", "shipment.dispatched"]);
    let totals = shop.road.totals()["shipment/o-1-s1"];
    assert_eq!((totals.open_labels, totals.voided_labels, totals.handed_over), (1, 0, 1));
}

#[test]
fn the_money_may_be_heard_of_first() {
    let shop = Shop::new();
    shop.tell("p", "o-1", &captured("o-1"));
    assert_eq!(shop.told(), [""; 0]);
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    assert_eq!(shop.told(), ["shipment.created", "shipment.ready", "shipment.dispatched"]);
}

#[test]
fn an_order_cancelled_before_it_came_gets_no_parcel() {
    let shop = Shop::new();
    shop.tell("x", "o-1", &cancelling("o-1"));
    let stopped = shop.heard_of::<ShipmentStopped>();
    assert_eq!((stopped.len(), &stopped[0].shipment_id), (1, &None));
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.tell("p", "o-1", &captured("o-1"));
    assert_eq!(shop.told(), [""; 0]);
    assert_eq!(shop.road.calls(), [""; 0]);
    assert_eq!(shop.audit().violations, [""; 0]);
}

#[test]
fn a_labelled_parcel_is_stopped_and_its_label_given_back() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.heard();
    shop.tell("x", "o-1", &cancelling("o-1"));
    let stopped = shop.heard_of::<ShipmentStopped>();
    assert_eq!(stopped[0].shipment_id.as_ref().unwrap().as_str(), "o-1-s1");
    shop.tell("p", "o-1", &captured("o-1"));
    let totals = shop.road.totals()["shipment/o-1-s1"];
    assert_eq!((totals.open_labels, totals.voided_labels, totals.handed_over), (0, 1, 0));
    assert_eq!(shop.audit().facts["shipments"]["o-1"]["label"], "voided");
}

#[test]
fn a_parcel_that_has_left_is_not_stopped() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.tell("p", "o-1", &captured("o-1"));
    shop.tell("x1", "o-1", &cancelling("o-1"));
    shop.wait(LONG);
    shop.tell("x2", "o-1", &cancelling("o-1"));
    let refused = shop.heard_of::<ShipmentStopRefused>();
    let reasons: Vec<StopRefusal> = refused.iter().map(|refused| refused.reason).collect();
    assert_eq!(reasons, [StopRefusal::AlreadyDispatched, StopRefusal::AlreadyDelivered]);
}

#[test]
fn an_address_that_nobody_knows_fails_the_parcel_before_the_hand_over() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", "sim:address_unknown"));
    let failed = shop.heard_of::<ShipmentFailed>();
    assert_eq!(failed[0].stage, FailedStage::BeforeHandover);
    assert_eq!(failed[0].carrier_code.as_deref(), Some("address_unknown"));
    assert_eq!(failed[0].lines.len(), 1);
    shop.tell("x", "o-1", &cancelling("o-1"));
    assert_eq!(shop.told(), ["shipment.stopped"], "it will not leave");
}

#[test]
fn a_lost_parcel_and_one_that_is_brought_back_are_told_with_the_carriers_word() {
    for (line1, stage, code) in
        [("sim:lost", FailedStage::Lost, "lost"), ("sim:returned", FailedStage::Returned, "brought_back")]
    {
        let shop = Shop::new();
        shop.tell("c", "o-1", &confirmed("o-1", line1));
        shop.tell("p", "o-1", &captured("o-1"));
        shop.wait(LONG);
        let failed = shop.heard_of::<ShipmentFailed>();
        assert_eq!((failed.len(), failed[0].stage), (1, stage));
        assert_eq!(failed[0].carrier_code.as_deref(), Some(code));
    }
}

#[test]
fn a_label_whose_answer_was_lost_is_found_under_its_key_and_never_bought_twice() {
    use Mishap::{Down, LostAfter, LostBefore};
    for mishaps in [
        &[LostAfter][..],
        &[LostBefore],
        &[LostAfter, LostAfter, LostAfter],
        &[LostBefore, LostBefore, LostBefore, LostBefore],
        &[Down, LostBefore, Down, LostAfter],
    ] {
        let shop = Shop::new();
        shop.road.lose(mishaps);
        shop.tell("c", "o-1", &confirmed("o-1", ""));
        shop.wait(Duration::from_secs(300));
        assert_eq!(shop.told(), ["shipment.created", "shipment.ready"], "{mishaps:?}");
        assert_eq!(shop.road.totals()["shipment/o-1-s1"].open_labels, 1);
        let writes = shop.road.calls();
        let keys = writes.iter().filter(|call| !call.starts_with("GET")).collect::<Vec<_>>();
        assert!(keys.iter().all(|key| *key == "shipment-o-1-s1-book-1"), "{keys:?}");
        assert_eq!(shop.dead_letters(), [""; 0]);
    }
}

#[test]
fn an_unknown_booking_shows_as_unknown_until_it_is_known() {
    let shop = Shop::new();
    shop.road.lose(&[Mishap::LostAfter; 4]);
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    assert_eq!(shop.get("/shipments/o-1-s1").body["status"], "unknown");
    assert_eq!(shop.get("/shipments?status=unknown").body["shipments"][0]["order_id"], "o-1");
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.get("/shipments/o-1-s1").body["status"], "ready");
}

#[test]
fn a_return_gets_a_label_and_is_received_when_the_carrier_brings_it() {
    for (line1, condition) in [("", Condition::Sellable), ("sim:damaged", Condition::Damaged)] {
        let shop = Shop::new();
        shop.tell("c", "o-1", &confirmed("o-1", line1));
        shop.heard();
        for name in ["r", "r", "r-again"] {
            shop.tell(name, "o-1", &returning("o-1", "o-1-rt1"));
        }
        assert_eq!(shop.get("/returns/o-1-rt1").body["status"], "labelled");
        shop.wait(LONG);
        let received = shop.heard_of::<ReturnReceived>();
        assert_eq!((received.len(), received[0].location.as_str()), (1, "east"));
        assert_eq!((received[0].lines[0].quantity.get(), received[0].lines[0].condition), (2, condition));
        assert_eq!(shop.road.totals()["return/o-1-rt1"].open_labels, 1);
        assert_eq!(shop.get("/returns/o-1-rt1").body["status"], "received");
    }
}

#[test]
fn a_return_waits_for_its_order_but_not_for_ever() {
    let shop = Shop::new();
    shop.tell("r1", "o-1", &returning("o-1", "o-1-rt1"));
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.get("/returns/o-1-rt1").status, 200);
    shop.tell("r2", "o-2", &returning("o-2", "o-2-rt1"));
    shop.wait(Duration::from_secs(2 * 3_600));
    assert_eq!(shop.dead_letters(), ["waited shipping/shop.banyan.return.requested.v1"]);
}
