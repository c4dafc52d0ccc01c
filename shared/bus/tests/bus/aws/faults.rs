//! Calls that are lost, refused, throttled, or done in part.

use bus::conformance::trial::{HEARD, LEFT, numbered, text, texts, to_queue, to_topic};
use bus::{Bus, Published, Settle};

use super::proxy::Fate;
use super::{declared, is_empty, publish, settle, take, with_account};

const THROTTLED: Fate =
    Fate::RefusedOnce(400, r#"{"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow down"}"#);
const BROKEN: Fate = Fate::RefusedOnce(500, r#"{"__type":"InternalFailure","message":"made up"}"#);

#[test]
fn each_message_of_a_batch_that_is_done_in_part_has_its_own_answer() {
    with_account(async |account| {
        let bus = declared(&account).await;
        for (action, batch) in [
            ("PublishBatch", ["a", "b", "c", "d"].map(|text| to_topic(HEARD, text)).to_vec()),
            ("SendMessageBatch", ["a", "b", "c", "d"].map(|text| to_queue(LEFT, text)).to_vec()),
        ] {
            account.proxy.next(
                &["PublishBatch", "SendMessageBatch"],
                Fate::FailsInPart(2, "InvalidParameterValue", true),
            );
            let refused = Published::Refused("InvalidParameterValue: made up".to_owned());
            let wanted = [Published::Confirmed, Published::Confirmed, refused.clone(), refused];
            assert_eq!(bus.publish(batch.clone()).await, wanted, "{action}");
            let taken = take(&bus, LEFT, 2).await;
            assert_eq!(texts(&taken), ["a", "b"]);
            settle(&bus, taken, Settle::Acknowledge).await;
            // What was nobody's fault is sent again, and only that.
            account
                .proxy
                .next(&["PublishBatch", "SendMessageBatch"], Fate::FailsInPart(1, "InternalError", false));
            account.proxy.counted();
            publish(&bus, batch).await;
            assert_eq!(account.proxy.counted()[action], 2);
            let taken = take(&bus, LEFT, 4).await;
            assert_eq!(texts(&taken), ["a", "b", "c", "d"]);
            settle(&bus, taken, Settle::Acknowledge).await;
        }
        assert!(is_empty(&bus, LEFT, 1).await);
    });
}

#[test]
fn what_fails_again_and_again_is_unknown() {
    with_account(async |account| {
        let bus = declared(&account).await;
        // With the others, then twice alone.
        for _ in 0..3 {
            account.proxy.next(&["SendMessageBatch"], Fate::FailsInPart(1, "InternalError", false));
        }
        let answers = bus.publish(["a", "b", "c"].map(|text| to_queue(LEFT, text)).to_vec()).await;
        assert_eq!(answers, [Published::Confirmed, Published::Confirmed, Published::Unknown]);
        assert_eq!(account.proxy.counted()["SendMessageBatch"], 3);
        assert_eq!(texts(&take(&bus, LEFT, 2).await), ["a", "b"]);
    });
}

#[test]
fn a_throttled_or_broken_call_is_made_again() {
    with_account(async |account| {
        let bus = declared(&account).await;
        for fate in [THROTTLED, BROKEN, Fate::AnsweredLate] {
            account.proxy.next(&["SendMessageBatch"], fate.clone());
            account.proxy.counted();
            publish(&bus, vec![to_queue(LEFT, "a")]).await;
            assert_eq!(account.proxy.counted()["SendMessageBatch"], 2, "{fate:?}");
        }
        // One of them was sent twice, which is what an answer that is lost means.
        let taken = take(&bus, LEFT, 4).await;
        for fate in [THROTTLED, BROKEN, Fate::AnsweredLate] {
            account.proxy.next(&["DeleteMessageBatch"], fate);
        }
        settle(&bus, taken, Settle::Acknowledge).await;
        assert!(is_empty(&bus, LEFT, 6).await, "deleted at last");
    });
}

#[test]
fn what_a_lost_answer_brought_comes_again() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let all = numbered(7);
        publish(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        account.proxy.next(&["ReceiveMessage"], Fate::AnsweredLate);
        let taken = take(&bus, LEFT, 7).await;
        assert_eq!(texts(&taken), all);
        assert!(taken.iter().all(|one| one.redelivered), "{taken:?}");
    });
}

#[test]
fn deletions_that_fail_in_part_are_made_again() {
    with_account(async |account| {
        let bus = declared(&account).await;
        publish(&bus, numbered(6).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let taken = take(&bus, LEFT, 6).await;
        account.proxy.next(&["DeleteMessageBatch"], Fate::FailsInPart(3, "InternalError", false));
        account.proxy.counted();
        settle(&bus, taken, Settle::Acknowledge).await;
        assert_eq!(account.proxy.counted()["DeleteMessageBatch"], 2);
        assert!(is_empty(&bus, LEFT, 6).await);
    });
}

#[test]
fn one_message_that_spoils_a_batch_spoils_no_other() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let spoilt = r#"{"__type":"com.amazonaws.sqs#InvalidMessageContents","message":"made up"}"#;
        account.proxy.next(&["SendMessageBatch"], Fate::RefusedOnce(400, spoilt));
        account.proxy.counted();
        publish(&bus, ["a", "b", "c"].map(|text| to_queue(LEFT, text)).to_vec()).await;
        assert_eq!(account.proxy.counted()["SendMessageBatch"], 4);
        account.proxy.next(&["SendMessageBatch"], Fate::RefusedOnce(400, spoilt));
        let answers = bus.publish(vec![to_queue(LEFT, "alone")]).await;
        assert!(matches!(&answers[0], Published::Refused(why) if why.contains("made up")), "{answers:?}");
        let mut came: Vec<String> = take(&bus, LEFT, 3).await.iter().map(text).collect();
        came.sort_unstable();
        assert_eq!(came, ["a", "b", "c"]);
    });
}
