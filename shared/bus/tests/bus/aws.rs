//! SNS and SQS: the shared list against a real endpoint, and what only an endpoint on a network can meet.
//!
//! The endpoint is at `BANYAN_TEST_AWS`, such as `http://127.0.0.1:4566`; without it these tests say that they are skipped.
//! Every run uses names of its own and leaves nothing behind.

mod assumed;
mod calls;
mod declaring;
mod faults;
mod http;
mod leases;
mod outages;
mod proxy;
mod subject;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use bus::aws::SnsSqs;
use bus::conformance::trial::{LEFT, SAID, to_queue, to_topic, wiring};
use bus::{Bus, Delivery, Outgoing, Published, Settle};
use tokio::runtime::Runtime;

use crate::conformance::{pass, pass_side_by_side};
use crate::network::take_within;
use subject::Account;

/// What a machine that is only slow does not need.
const MOST: Duration = Duration::from_secs(90);

/// Runs `test` with an endpoint, if there is one.
fn with_account<F: Future<Output = ()>>(test: impl FnOnce(Arc<Account>) -> F) {
    let Some(url) = url() else { return };
    runtime().block_on(async {
        let account = Arc::new(Account::at(&url).await);
        test(account.clone()).await;
        Arc::into_inner(account).expect("nobody else has it").leave().await;
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the endpoint is, is told to the tests by the environment"
)]
fn url() -> Option<String> {
    let url = std::env::var("BANYAN_TEST_AWS").ok();
    if url.is_none() {
        println!("skipped: aws (BANYAN_TEST_AWS is not set)");
    }
    url
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A bus with the wiring of the shared cases, through the proxy.
async fn declared(account: &Account) -> Arc<SnsSqs> {
    account.renew(|_| {}).await;
    let bus = account.join();
    bus.declare(wiring()).await.unwrap();
    account.proxy.counted();
    bus
}

async fn take(bus: &SnsSqs, queue: &str, n: usize) -> Vec<Delivery> {
    take_within(MOST, bus, queue, n).await
}

/// Whether nothing comes while `n` receives wait for it.
async fn is_empty(bus: &SnsSqs, queue: &str, n: usize) -> bool {
    for _ in 0..n {
        if !bus.receive(queue.into(), 10).await.unwrap().is_empty() {
            return false;
        }
    }
    true
}

async fn settle(bus: &SnsSqs, taken: Vec<Delivery>, how: Settle) {
    bus.settle(taken.into_iter().map(|one| (one.token, how)).collect()).await;
}

async fn publish(bus: &SnsSqs, batch: Vec<Outgoing>) {
    let wanted = vec![Published::Confirmed; batch.len()];
    assert_eq!(bus.publish(batch).await, wanted);
}

/// The SDK's own clients, straight to the endpoint, for what other applications and operators do.
async fn queue_of(account: &Account, queue: &str) -> (aws_sdk_sqs::Client, String) {
    let sqs = aws_sdk_sqs::Client::new(&account.direct);
    let name = format!("{}{queue}", account.differ(|_| {}).prefix);
    let url = Box::pin(sqs.get_queue_url().queue_name(name).send()).await.unwrap();
    (sqs, url.queue_url.unwrap())
}

async fn topic_of(account: &Account, noun: &str) -> (aws_sdk_sns::Client, String) {
    let (sqs, url) = queue_of(account, LEFT).await;
    let arn = QueueAttributeName::QueueArn;
    let asked = Box::pin(sqs.get_queue_attributes().queue_url(url).attribute_names(arn.clone()).send())
        .await
        .unwrap();
    let queue = asked.attributes.unwrap().remove(&arn).unwrap();
    let prefix = account.differ(|_| {}).prefix;
    let topic =
        queue.replace(":sqs:", ":sns:").replace(&format!("{prefix}{LEFT}"), &format!("{prefix}{noun}"));
    (aws_sdk_sns::Client::new(&account.direct), topic)
}

#[test]
fn aws_passes_every_case() {
    let Some(url) = url() else { return };
    let skipped = pass_side_by_side(|share| {
        let runtime = runtime();
        let account = runtime.block_on(Account::at(&url));
        let skipped = pass(share, &account, &|case| runtime.block_on(case));
        runtime.block_on(account.leave());
        skipped
    });
    let of = |why: &str| skipped.iter().filter(|line| line.ends_with(why)).count();
    assert_eq!(of("(bus and store are not fused)"), 17, "{skipped:?}");
    assert_eq!(of("(no look that takes nothing)"), 5, "{skipped:?}");
    let smaller = "skipped: a_body_of_256_kib_arrives_whole (261888 bytes at most)";
    assert_eq!((of(smaller), skipped.len()), (1, 23), "{skipped:?}");
}

#[test]
fn an_address_that_no_queue_has_is_refused_with_a_reason() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let batch =
            vec![to_queue(LEFT, "a"), to_queue("nobody", "a"), to_queue("no.name", "a"), to_topic(SAID, "a")];
        let answers = bus.publish(batch).await;
        let Published::Refused(why) = &answers[1] else { panic!("{answers:?}") };
        assert!(why.contains("nobody") && why.contains("declare"), "{why}");
        let Published::Refused(why) = &answers[2] else { panic!("{answers:?}") };
        assert!(why.contains("not the name of a queue"), "{why}");
        assert_eq!((&answers[0], &answers[3]), (&Published::Confirmed, &Published::Confirmed));
    });
}

#[test]
fn what_somebody_else_published_is_delivered_as_it_is() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let (sqs, url) = queue_of(&account, LEFT).await;
        Box::pin(sqs.send_message().queue_url(&url).message_body("not ours").send()).await.unwrap();
        let taken = take(&bus, LEFT, 1).await.remove(0);
        assert_eq!((taken.body.as_ref(), taken.attempt, taken.redelivered), (&b"not ours"[..], 0, false));
    });
}

#[test]
fn a_topic_lets_through_what_was_subscribed_to_and_nothing_else() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let (sns, topic) = topic_of(&account, "suite").await;
        let kind = |kind: &str| {
            let attribute = aws_sdk_sns::types::MessageAttributeValue::builder().data_type("String");
            attribute.string_value(format!("suite.{kind}.v1")).build().unwrap()
        };
        let other =
            sns.publish().topic_arn(&topic).message("other").message_attributes("type", kind("other"));
        Box::pin(other.send()).await.unwrap();
        Box::pin(sns.publish().topic_arn(&topic).message("without a type").send()).await.unwrap();
        let said = sns.publish().topic_arn(&topic).message("said").message_attributes("type", kind("said"));
        Box::pin(said.send()).await.unwrap();
        assert_eq!(take(&bus, LEFT, 1).await[0].body.as_ref(), b"said");
        assert!(is_empty(&bus, LEFT, 2).await);
    });
}

#[test]
fn what_the_queue_gives_up_lies_in_the_dead_queue_with_all_it_had() {
    with_account(async |account| {
        account.renew(|settings| settings.max_receive_count = 3).await;
        let bus = account.join();
        bus.declare(wiring()).await.unwrap();
        publish(&bus, vec![Outgoing { attempt: 2, ..to_topic(SAID, "a") }]).await;
        for _ in 0..3 {
            let taken = take(&bus, LEFT, 1).await;
            settle(&bus, taken, Settle::Release).await;
        }
        assert!(is_empty(&bus, LEFT, 1).await);
        let dead = take(&bus, &format!("{LEFT}-dead"), 1).await.remove(0);
        assert_eq!((dead.body.as_ref(), dead.attempt), (&b"\"a\""[..], 2));
    });
}
