//! Events in, events out, with the provider in between.

use std::time::Duration;

use contracts::events::payment::{
    CaptureFailure, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured, PaymentRefunded,
};

use crate::shop::{Mishap, Shop, TOTAL, cancelled, placed, refund_due, reserved, shipment_ready};

/// Longer than anybody waits here before asking again.
const LONG: Duration = Duration::from_secs(2 * 3_600);

#[test]
fn money_is_held_taken_and_given_back_in_parts() {
    let shop = Shop::new();
    shop.order("o-1", "tok_ok");
    let held = shop.heard_of::<PaymentAuthorized>();
    assert_eq!((held.len(), held[0].amount_minor, held[0].provider.as_str()), (1, TOTAL, "simulated"));
    shop.ready("o-1");
    let captured = shop.heard_of::<PaymentCaptured>();
    assert_eq!((captured.len(), captured[0].amount_minor), (1, TOTAL));
    shop.give_back("o-1", (1, 736));
    shop.give_back("o-1", (2, TOTAL - 736));
    shop.give_back("o-1", (2, TOTAL - 736));
    let refunded = shop.heard_of::<PaymentRefunded>();
    let amounts: Vec<i64> = refunded.iter().map(|refunded| refunded.amount_minor).collect();
    assert_eq!(amounts, [736, TOTAL - 736]);
    shop.is_sound("o-1");
    let keys = ["pay-o-1-authorize-1", "pay-o-1-capture-1", "pay-o-1-1-refund-1", "pay-o-1-2-refund-1"];
    assert_eq!(shop.road.calls(), keys);
    shop.wait(LONG);
    assert_eq!((shop.told(), shop.road.calls().len()), (vec![], 4), "nobody asks about what has ended");
}

#[test]
fn more_than_was_taken_never_goes_back() {
    let shop = Shop::new();
    shop.taken("o-1", "tok_ok");
    shop.give_back("o-1", (1, TOTAL));
    shop.give_back("o-1", (2, 1));
    assert_eq!(shop.told(), ["refunded"]);
    let shown = shop.shown("o-1");
    assert_eq!(
        (&shown["trouble"], &shown["refunds"][1]["status"]),
        (&"refund_contradicts".into(), &"refused".into())
    );
    assert_eq!(shop.road.books("o-1").refunded_minor, TOTAL);
}

#[test]
fn the_same_event_twice_and_the_same_fact_under_another_id_count_once() {
    let shop = Shop::new();
    for name in ["1", "1", "again"] {
        shop.publish(name, "o-1", &placed("o-1", "tok_ok"));
        shop.publish(name, "o-1", &reserved("o-1"));
        shop.publish(name, "o-1", &shipment_ready("o-1"));
        shop.publish(name, "o-1", &refund_due("o-1", (1, 100)));
        shop.settle();
    }
    assert_eq!(shop.told(), ["authorized", "captured", "refunded"]);
    shop.is_sound("o-1");
}

#[test]
fn events_come_in_any_order() {
    let shop = Shop::new();
    shop.publish("1", "o-1", &refund_due("o-1", (1, 100)));
    shop.ready("o-1");
    shop.publish("1", "o-1", &reserved("o-1"));
    shop.settle();
    assert_eq!((shop.told(), shop.road.calls()), (vec![], vec![]));
    shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
    shop.settle();
    assert_eq!(shop.told(), ["authorized", "captured", "refunded"]);
    shop.is_sound("o-1");
}

#[test]
fn an_order_cancelled_before_it_came_is_never_paid() {
    let shop = Shop::new();
    shop.cancel("o-1");
    shop.order("o-1", "tok_ok");
    shop.ready("o-1");
    let failed = shop.heard_of::<PaymentCaptureFailed>();
    assert_eq!((failed.len(), failed[0].reason), (1, CaptureFailure::Cancelled));
    assert_eq!((shop.status("o-1").as_str(), shop.road.calls()), ("closed", vec![]));
}

#[test]
fn what_is_held_goes_back_when_the_order_is_cancelled_and_is_not_taken_afterwards() {
    let shop = Shop::new();
    shop.order("o-1", "tok_ok");
    shop.cancel("o-1");
    shop.ready("o-1");
    assert_eq!(shop.told(), ["authorized", "voided", "capture-failed"]);
    assert_eq!(shop.status("o-1"), "voided");
    shop.is_sound("o-1");
}

#[test]
fn a_capture_that_is_declined_is_told_and_lets_go_so_that_the_order_may_be_cancelled() {
    let shop = Shop::new();
    shop.order("o-1", "tok_capture_declined");
    shop.heard();
    shop.ready("o-1");
    let heard = shop.heard();
    let failed: PaymentCaptureFailed = heard[0].clone().read().unwrap().data;
    assert_eq!(
        (failed.reason, failed.provider_code.as_deref()),
        (CaptureFailure::Declined, Some("do_not_honor"))
    );
    assert_eq!((heard.len(), heard[1].kind.as_str()), (2, "shop.banyan.payment.voided.v1"));
    shop.deliver();
    shop.cancel("o-1");
    assert_eq!(shop.told(), [""; 0], "it is known already");
    assert_eq!(shop.status("o-1"), "voided");
    shop.is_sound("o-1");
}

#[test]
fn an_order_cancelled_while_its_money_is_being_taken_gets_the_whole_truth() {
    use Mishap::{LostAfter, LostBefore};
    for (mishap, told, status) in [
        (LostAfter, vec!["captured", "refunded"], "captured"),
        (LostBefore, vec!["capture-failed", "voided"], "voided"),
    ] {
        let shop = Shop::new();
        shop.order("o-1", "tok_ok");
        shop.heard();
        shop.road.lose(&[mishap]);
        shop.publish("1", "o-1", &shipment_ready("o-1"));
        shop.wait(Duration::from_millis(500));
        assert_eq!(shop.status("o-1"), "unknown", "{mishap:?}");
        shop.cancel("o-1");
        shop.wait(Duration::from_secs(60));
        if mishap == LostAfter {
            shop.give_back("o-1", (1, TOTAL));
        }
        assert_eq!(shop.told(), told, "{mishap:?}");
        assert_eq!(shop.status("o-1"), status);
        shop.is_sound("o-1");
    }
}

#[test]
fn whatever_is_lost_each_step_is_made_once_under_one_key() {
    use Mishap::{Down, LostAfter, LostBefore, Well};
    for mishaps in [
        &[LostAfter][..],
        &[LostBefore, Well, LostBefore, Well, LostBefore],
        &[LostAfter, Well, LostAfter, Well, LostAfter],
        &[LostAfter, LostAfter, LostBefore],
        &[Down, LostBefore, Down, LostAfter],
    ] {
        let shop = Shop::new();
        shop.road.lose(mishaps);
        shop.publish("1", "o-1", &placed("o-1", "tok_ok"));
        shop.publish("1", "o-1", &reserved("o-1"));
        shop.publish("1", "o-1", &shipment_ready("o-1"));
        shop.publish("1", "o-1", &refund_due("o-1", (1, 100)));
        shop.wait(Duration::from_secs(300));
        assert_eq!(shop.told(), ["authorized", "captured", "refunded"], "{mishaps:?}");
        shop.is_sound("o-1");
        let ends = ["authorize-1", "capture-1", "refund-1"];
        assert!(
            shop.road.calls().iter().all(|call| ends.iter().any(|end| call.ends_with(end))),
            "{:?}",
            shop.road.calls()
        );
    }
}

#[test]
fn a_hold_that_runs_out_is_held_again_and_nobody_is_told() {
    for is_told_first in [true, false] {
        let shop = Shop::new();
        shop.order("o-1", "tok_expires");
        assert_eq!(shop.told(), ["authorized"]);
        // By the clock of the service the hold is over when the provider's word comes, or that word is the first.
        shop.wait(if is_told_first { Duration::from_micros(15_000_500) } else { Duration::from_secs(30) });
        shop.deliver();
        assert_eq!((shop.told(), shop.status("o-1").as_str()), (vec![], "authorized"));
        assert!(shop.road.calls().contains(&"pay-o-1-authorize-2".to_owned()));
        shop.is_sound("o-1");
        shop.ready("o-1");
        assert_eq!(shop.told(), ["captured"]);
        shop.is_sound("o-1");
    }
}

#[test]
fn a_hold_that_is_not_given_again_ends_by_who_waits_for_the_money() {
    let shop = Shop::new();
    shop.order("o-1", "tok_expires_declined");
    shop.wait(Duration::from_secs(30));
    assert_eq!(shop.told(), ["authorized", "authorization-expired"]);
    shop.ready("o-1");
    assert_eq!(shop.told(), ["capture-failed"]);
    shop.is_sound("o-1");

    // The provider cannot be asked for the capture until the hold is over.
    let shop = Shop::new();
    shop.order("o-1", "tok_expires_declined");
    shop.road.lose(&[Mishap::LostBefore; 4]);
    shop.ready("o-1");
    shop.wait(Duration::from_secs(600));
    let failed = shop.heard_of::<PaymentCaptureFailed>();
    assert_eq!((failed.len(), failed[0].reason), (1, CaptureFailure::AuthorizationExpired));
    shop.is_sound("o-1");
}

#[test]
fn a_capture_that_comes_too_late_is_made_from_a_new_hold() {
    let shop = Shop::new();
    shop.order("o-1", "tok_expires");
    shop.road.lose(&[Mishap::LostBefore; 4]);
    shop.ready("o-1");
    shop.wait(Duration::from_secs(600));
    assert_eq!(shop.told(), ["authorized", "captured"]);
    assert!(shop.road.calls().contains(&"pay-o-1-capture-2".to_owned()), "{:?}", shop.road.calls());
    shop.is_sound("o-1");
}

#[test]
fn a_cancelled_hold_is_not_renewed() {
    let shop = Shop::new();
    shop.order("o-1", "tok_expires");
    shop.publish("1", "o-1", &cancelled("o-1"));
    shop.wait(LONG);
    shop.deliver();
    assert_eq!(shop.told(), ["authorized", "voided"]);
    assert!(!shop.road.calls().contains(&"pay-o-1-authorize-2".to_owned()));
    shop.is_sound("o-1");
}

#[test]
fn a_customer_who_acts_is_seen_by_asking() {
    let shop = Shop::new();
    shop.order("o-1", "tok_3ds");
    assert_eq!(
        (shop.told(), shop.status("o-1").as_str()),
        (vec!["action-required".to_owned()], "action_required")
    );
    shop.road.act(shop.shown("o-1")["action_url"].as_str().unwrap());
    shop.wait(Duration::from_secs(60));
    assert_eq!(shop.told(), ["action-completed", "authorized"]);
    shop.is_sound("o-1");
}
