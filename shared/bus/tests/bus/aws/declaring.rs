//! Declaring: adds what is missing, reads what is there, takes nothing away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bus::conformance::trial::{ALONE, HEARD, LEFT, RIGHT, SAID, UNHEARD, texts, to_queue, to_topic, wiring};
use bus::{Bus, OutageKind, Published, Settle, Wiring, World};

use super::subject::Account;
use super::{declared, is_empty, publish, queue_of, settle, take, topic_of, with_account};
use crate::world::Real;

/// One queue, and the types it wants.
fn only(queue: &str, types: &[&str]) -> Wiring {
    let queues = BTreeSet::from([queue.to_owned()]);
    let subscribers = types.iter().map(|kind| (kind.parse().unwrap(), queues.clone())).collect();
    Wiring { queues, subscribers }
}

async fn subscription(account: &Account, queue: &str) -> BTreeMap<String, String> {
    let (sns, topic) = topic_of(account, "suite").await;
    let all = Box::pin(sns.list_subscriptions_by_topic().topic_arn(&topic).send())
        .await
        .unwrap()
        .subscriptions
        .unwrap();
    let name = format!("-{queue}");
    let one = all.into_iter().find(|one| one.endpoint().unwrap().ends_with(&name)).unwrap();
    let asking = sns.get_subscription_attributes().subscription_arn(one.subscription_arn.unwrap());
    Box::pin(asking.send()).await.unwrap().attributes.unwrap().into_iter().collect()
}

#[test]
fn declaring_what_is_there_only_reads() {
    with_account(async |account| {
        let bus = declared(&account).await;
        bus.declare(wiring()).await.unwrap();
        let calls = account.proxy.counted();
        let wanted = [
            // Three queues and their dead queues; one topic; two subscriptions.
            ("GetQueueAttributes", 6),
            ("GetQueueUrl", 6),
            ("GetSubscriptionAttributes", 2),
            ("ListSubscriptionsByTopic", 1),
        ];
        assert_eq!(calls, wanted.map(|(action, n)| (action.to_owned(), n)).into());
    });
}

#[test]
fn who_takes_it_down_makes_nothing_first_and_may_do_it_again() {
    with_account(async |account| {
        declared(&account).await;
        let other = account.join();
        other.demolish(wiring()).await.unwrap();
        let calls = account.proxy.counted();
        assert_eq!((calls["DeleteTopic"], calls["DeleteQueue"]), (1, 6), "{calls:?}");
        let makes = |call: &String| ["Create", "Set", "Subscribe"].iter().any(|verb| call.starts_with(verb));
        assert!(!calls.keys().any(makes), "{calls:?}");
        let missing = other.compare(&wiring()).await.unwrap();
        assert_eq!(missing.len(), 7, "{missing:?}");
        account.proxy.counted();
        other.demolish(wiring()).await.unwrap();
        let calls = account.proxy.counted();
        assert!(calls.keys().all(|call| call == "GetQueueUrl"), "{calls:?}");
    });
}

#[test]
fn a_process_of_the_version_before_narrows_nothing() {
    with_account(async |account| {
        let newer = declared(&account).await;
        let older = account.join();
        older.declare(only(LEFT, &[UNHEARD])).await.unwrap();
        older.declare(only(RIGHT, &[])).await.unwrap();
        publish(&newer, vec![to_topic(SAID, "a"), to_topic(HEARD, "b"), to_topic(UNHEARD, "c")]).await;
        assert_eq!(texts(&take(&newer, LEFT, 3).await), ["a", "b", "c"]);
        assert_eq!(texts(&take(&newer, RIGHT, 1).await), ["a"]);
        let filter = &subscription(&account, LEFT).await["FilterPolicy"];
        for kind in [SAID, HEARD, UNHEARD] {
            assert!(filter.contains(kind), "{filter}");
        }
    });
}

#[test]
fn processes_that_widen_at_once_do_not_undo_each_other() {
    with_account(async |account| {
        let first = declared(&account).await;
        let kinds: Vec<String> = (0..6).map(|n| format!("suite.said-{n}.v1")).collect();
        let widening = kinds.iter().map(|kind| {
            let bus = account.join();
            async move { bus.declare(only(ALONE, &[kind])).await.unwrap() }
        });
        futures_util::future::join_all(widening).await;
        publish(&first, kinds.iter().map(|kind| to_topic(kind, kind)).collect()).await;
        assert_eq!(texts(&take(&first, ALONE, 6).await), kinds);
    });
}

#[test]
fn a_queue_is_made_with_raw_delivery_a_dead_queue_and_a_policy_for_its_topics_only() {
    with_account(async |account| {
        let _bus = declared(&account).await;
        let one = subscription(&account, LEFT).await;
        assert_eq!(one["RawMessageDelivery"], "true");
        let (sqs, url) = queue_of(&account, LEFT).await;
        let asking = sqs.get_queue_attributes().queue_url(url).attribute_names("All".into());
        let all = Box::pin(asking.send()).await.unwrap().attributes.unwrap();
        let of = |name: &str| all[&name.into()].clone();
        assert!(
            of("RedrivePolicy").contains("-left-dead") && of("RedrivePolicy").contains("1000"),
            "{all:?}"
        );
        assert_eq!(of("MessageRetentionPeriod"), "1209600");
        let policy: serde_json::Value = serde_json::from_str(&of("Policy")).unwrap();
        let topics = &policy["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"];
        assert_eq!(topics, &serde_json::json!([one["TopicArn"]]));
        let (sqs, url) = queue_of(&account, ALONE).await;
        let asking = sqs.get_queue_attributes().queue_url(url).attribute_names("All".into());
        let all = Box::pin(asking.send()).await.unwrap().attributes.unwrap();
        assert_eq!(all.get(&"Policy".into()), None, "no topic sends there");
    });
}

#[test]
fn who_may_not_create_says_what_is_missing_and_reads_what_is_there() {
    with_account(async |account| {
        account.renew(|_| {}).await;
        let maker = account.join();
        let reader = account.join_with(account.differ(|settings| settings.may_create = false));
        let missing = async || reader.declare(wiring()).await.unwrap_err();
        let outage = missing().await;
        assert_eq!(outage.kind, OutageKind::Broken);
        assert!(
            outage.detail.contains("there is no queue ") && outage.detail.contains("may not create"),
            "{outage}"
        );
        maker.declare(Wiring { subscribers: BTreeMap::new(), ..wiring() }).await.unwrap();
        let outage = missing().await;
        assert!(outage.detail.contains("there is no topic ") && outage.detail.contains("suite"), "{outage}");
        maker.declare(only(LEFT, &[SAID])).await.unwrap();
        let outage = missing().await;
        assert!(outage.detail.contains("there is no "), "{outage}");
        maker.declare(wiring()).await.unwrap();
        account.proxy.counted();
        reader.declare(wiring()).await.unwrap();
        let calls = account.proxy.counted();
        assert!(
            calls.keys().all(|action| action.starts_with("Get") || action.starts_with("List")),
            "{calls:?}"
        );
        publish(&reader, vec![to_topic(SAID, "a")]).await;
        assert_eq!(texts(&take(&reader, LEFT, 1).await), ["a"]);
    });
}

#[test]
fn a_filter_that_a_person_made_too_narrow_is_an_outage_that_says_so() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let arn = subscription(&account, LEFT).await["SubscriptionArn"].clone();
        let (sns, _) = topic_of(&account, "suite").await;
        let narrow = format!(r#"{{"type":["{SAID}","{HEARD}"],"store":["7"]}}"#);
        let setting = sns.set_subscription_attributes().subscription_arn(arn).attribute_name("FilterPolicy");
        Box::pin(setting.attribute_value(narrow).send()).await.unwrap();
        let outage = bus.declare(wiring()).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Broken);
        assert!(outage.detail.contains("condition on store"), "{outage}");
    });
}

#[test]
fn a_queue_that_was_deleted_is_declared_again() {
    with_account(async |account| {
        let bus = declared(&account).await;
        for consumer_is_first in [false, true] {
            publish(&bus, vec![to_queue(LEFT, "before")]).await;
            settle(&bus, take(&bus, LEFT, 1).await, Settle::Acknowledge).await;
            let (sqs, url) = queue_of(&account, LEFT).await;
            Box::pin(sqs.delete_queue().queue_url(&url).send()).await.unwrap();
            if consumer_is_first {
                assert!(is_empty(&bus, LEFT, 1).await);
            } else {
                assert_eq!(bus.publish(vec![to_queue(LEFT, "lost")]).await, [Published::Unknown]);
            }
            publish(&bus, vec![to_topic(HEARD, "after")]).await;
            let taken = take(&bus, LEFT, 1).await;
            assert_eq!(texts(&taken), ["after"]);
            settle(&bus, taken, Settle::Acknowledge).await;
            // What is missing is looked for again only after a while.
            Real.sleep(Duration::from_millis(5_200)).await;
        }
    });
}

#[test]
fn a_topic_that_was_deleted_is_declared_again() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let (sns, topic) = topic_of(&account, "suite").await;
        Box::pin(sns.delete_topic().topic_arn(topic).send()).await.unwrap();
        assert_eq!(bus.publish(vec![to_topic(HEARD, "a")]).await, [Published::Unknown]);
        publish(&bus, vec![to_topic(HEARD, "a")]).await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["a"]);
    });
}

#[test]
fn a_topic_that_nobody_ever_subscribed_to_confirms() {
    with_account(async |account| {
        let bus = declared(&account).await;
        publish(&bus, vec![to_topic("other.said.v1", "a")]).await;
        assert!(is_empty(&bus, LEFT, 1).await);
    });
}
