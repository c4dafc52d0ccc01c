//! When the mailbox does not say what happened, or says no; and when nothing works as it should.

use std::time::Duration;

use contracts::events::notification::{NotSentReason, NotificationFailed, NotificationSent};
use notification::simulated::faults::{Chance, Odds};
use serde_json::json;
use store::sim::Rates;

use crate::support::{Desk, frozen, order_with, retold};

const ALWAYS: Chance = Chance(1_000_000);

fn status(desk: &Desk) -> String {
    let shown = desk.get("/notifications/536365/order-placed/email");
    shown.body["status"].as_str().unwrap().to_owned()
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn unknown_is_a_state_and_the_same_key_resolves_it_with_one_letter() {
    for to in
        ["sim-timeout-after", "sim-timeout-before", "sim-reset-after", "sim-5xx-after", "sim-unreadable"]
    {
        let desk = Desk::new();
        desk.publish(&order_with("/data/customer/email", format!("{to}@example.org")));
        desk.wait(Duration::from_millis(900));
        assert_eq!(status(&desk), "unknown", "{to}");
        assert_eq!(desk.heard().len(), 0, "{to}: nobody is told what nobody knows");
        desk.settle();
        assert_eq!(status(&desk), "sent", "{to}");
        assert_eq!(desk.heard_of::<NotificationSent>().len(), 1);
        assert_eq!((desk.office.letters().len(), desk.office.asked()), (1, 2), "{to}");
        assert_eq!(desk.audit().violations, Vec::<String>::new());
    }
}

#[test]
fn what_is_never_taken_is_tried_six_times_and_given_up_with_its_reason() {
    let desk = Desk::new();
    desk.office.misbehave(Odds { deferred: ALWAYS, ..Odds::default() });
    desk.tell("order.placed");
    for (waited, asked) in [(0, 2), (10, 3), (30, 4), (120, 5), (590, 5), (30, 6)] {
        desk.wait(seconds(waited));
        assert_eq!(desk.office.asked(), asked, "{waited}");
    }
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].reason, NotSentReason::Unreachable);
    assert_eq!(failed[0].provider_code.as_deref(), Some("deferred"));
    desk.wait(seconds(100_000));
    assert_eq!((desk.office.asked(), desk.office.letters().len()), (6, 0));
    assert_eq!(desk.dead_letters(), Vec::<String>::new());
}

#[test]
fn what_nobody_knows_after_six_tries_is_looked_up_until_somebody_does() {
    let desk = Desk::new();
    desk.office.misbehave(Odds { error_after: ALWAYS, ..Odds::default() });
    desk.tell("order.placed");
    desk.wait(seconds(5_000));
    assert_eq!(status(&desk), "unknown");
    desk.office.misbehave(Odds::default());
    desk.wait(seconds(5_000));
    assert_eq!(status(&desk), "sent");
    assert_eq!(desk.office.letters().len(), 1);
    assert_eq!(desk.audit().violations, Vec::<String>::new());
}

#[test]
fn what_nobody_knows_for_a_day_is_given_up() {
    let desk = Desk::new();
    desk.office.misbehave(Odds { timeout_before: ALWAYS, ..Odds::default() });
    desk.tell("order.placed");
    desk.wait(seconds(27 * 3_600));
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!(failed[0].provider_code.as_deref(), Some("outcome_unknown"));
    assert_eq!(desk.office.asked(), 30);
}

#[test]
fn a_mailbox_that_cannot_be_reached_is_no_attempt() {
    let desk = Desk::new();
    desk.office.open(false);
    desk.tell("order.placed");
    desk.wait(seconds(4 * 3_600));
    assert!(desk.office.asked() > 20, "{}", desk.office.asked());
    assert_eq!((status(&desk), desk.heard().len()), ("sending".to_owned(), 0));
    desk.office.open(true);
    desk.wait(seconds(120));
    assert_eq!(status(&desk), "sent");
    assert_eq!(desk.dead_letters(), Vec::<String>::new());
}

#[test]
fn after_a_hard_bounce_the_address_is_left_alone_whoever_orders_with_it() {
    let desk = Desk::new();
    desk.tell_of(&order_with("/data/customer/email", "Sim-Bounce@example.org".to_lowercase()));
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!((failed[0].reason, failed[0].template.as_str()), (NotSentReason::BadAddress, "order-placed"));
    let listed = desk.get("/suppressions").body;
    assert_eq!(listed["suppressions"][0]["email"], "s***@example.org");
    assert_eq!(listed["suppressions"][0]["reason"], "bounce");
    assert_eq!(listed["suppressions"][0]["note"], "no-such-mailbox");
    let asked = desk.office.asked();
    desk.tell("order.cancelled");
    let mut other = retold(&order_with("/data/customer/email", "SIM-bounce@example.org"), "other");
    for pointer in ["/data/order_id", "/subject", "/partitionkey", "/correlationid"] {
        *other.pointer_mut(pointer).unwrap() = json!("536366");
    }
    desk.tell_of(&other);
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|failed| failed.reason == NotSentReason::Suppressed), "{failed:?}");
    assert_eq!(desk.office.asked(), asked, "the mailbox is not asked any more");
}

#[test]
fn a_letter_that_is_not_wanted_does_not_close_the_address() {
    let desk = Desk::new();
    desk.tell_of(&order_with("/data/customer/email", "sim-refuse@example.org"));
    let failed = desk.heard_of::<NotificationFailed>();
    assert_eq!(failed[0].reason, NotSentReason::Refused);
    assert_eq!(failed[0].provider_code.as_deref(), Some("message-refused"));
    assert_eq!(desk.get("/suppressions").body["suppressions"], json!([]));
}

#[test]
fn a_dead_letter_shows_nobody() {
    let desk = Desk::new();
    let mut event = frozen("order.placed");
    event["data"]["lines"] = json!("none");
    desk.tell_of(&event);
    let shown = runtime::operate::redacted(&event.to_string()).to_string();
    assert!(!shown.contains("ada@") && desk.dead_letters().len() == 1);
    // And so does the intent that holds the letter.
    let to = notification::domain::Address::new("ada@example.org").unwrap();
    let message = notification::mailbox::Message {
        to,
        subject: "Dear Ada".into(),
        text: "Ada".into(),
        html: "<p>Ada".into(),
    };
    let id = contracts::NotificationId::new("536365/order-placed/email").unwrap();
    let intent = notification::document::AskMailbox {
        lane: "536365".to_owned(),
        key: notification::mailbox::MailKey::new(&id, 1),
        notification_id: id,
        message: Some(message),
        asked: 0,
    };
    let text = json!({ "data": intent }).to_string();
    assert!(text.contains("Ada"));
    assert!(!runtime::operate::redacted(&text).to_string().to_lowercase().contains("ada"));
    assert!(!format!("{intent:?}").contains("Ada"));
}

#[test]
fn whatever_goes_wrong_each_letter_is_written_once() {
    let names = [
        "order.placed",
        "order.confirmed",
        "shipment.dispatched",
        "shipment.delivered",
        "payment.refunded",
        "order.completed",
        "stock.low",
    ];
    for seed in 1..=10 {
        let desk = Desk::with(seed, Some(crate::support::OPERATOR));
        desk.disturb(Rates::steady());
        let often = Chance::percent(8);
        desk.office.misbehave(Odds {
            timeout_before: often,
            timeout_after: often,
            reset_before: often,
            reset_after: often,
            error_after: often,
            unreadable: often,
            busy: often,
            throttled: often,
            ..Odds::default()
        });
        for name in names {
            let event = frozen(name);
            desk.publish(&event);
            desk.publish(&event);
        }
        desk.wait(seconds(60));
        desk.office.misbehave(Odds::default());
        desk.calm();
        assert_eq!(desk.delivered().len(), names.len(), "seed {seed}: {:?}", desk.delivered());
        let mut told: Vec<String> =
            desk.heard_of::<NotificationSent>().iter().map(|sent| sent.notification_id.to_string()).collect();
        told.sort();
        // A relay may repeat what it said, under the same id; the next inbox knows it.
        told.dedup();
        assert_eq!(told.len(), names.len(), "seed {seed}: {told:?}");
        assert_eq!(desk.audit().violations, Vec::<String>::new(), "seed {seed}");
        assert_eq!(desk.dead_letters(), Vec::<String>::new(), "seed {seed}");
    }
}
