//! What a person is told when the account cannot be used.

use std::sync::Arc;
use std::time::Duration;

use bus::aws::{Settings, SnsSqs};
use bus::conformance::trial::{HEARD, LEFT, to_topic, wiring};
use bus::{Bus, OutageKind, Published};

use super::proxy::Fate;
use super::{declared, runtime, subject, with_account};
use crate::world::Real;

const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"User: arn:aws:iam::1:role/shop is not authorized"}"#;

#[test]
fn who_may_not_do_something_is_told_what_and_where() {
    with_account(async |account| {
        let bus = declared(&account).await;
        account.proxy.next(&["ReceiveMessage"], Fate::Refused(400, DENIED));
        let outage = bus.receive(LEFT.into(), 1).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Broken);
        for word in ["sqs:ReceiveMessage", "-left", "not authorized", "let the role of this process do"] {
            assert!(outage.detail.contains(word), "{outage}");
        }
        // Not the message's fault: it is sent again later.
        account.proxy.next(&["PublishBatch"], Fate::Refused(403, "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>"));
        assert_eq!(bus.publish(vec![to_topic(HEARD, "a")]).await, [Published::Unknown]);
    });
}

#[test]
fn a_queue_that_nobody_declared_is_the_programs_fault() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let outage = bus.receive("nobody".into(), 1).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Undeclared);
        assert!(outage.detail.contains("no queue") && outage.detail.contains("nobody"), "{outage}");
    });
}

/// No endpoint is needed for these.
async fn outage_of(config: aws_types::SdkConfig) -> bus::Outage {
    let settings = Settings { receive_wait: Duration::from_secs(1), ..Settings::default() };
    let bus = SnsSqs::new(&config, settings, Arc::new(Real));
    let outage = bus.declare(wiring()).await.unwrap_err();
    assert_eq!(bus.receive(LEFT.into(), 1).await.unwrap_err().kind, outage.kind);
    outage
}

#[test]
fn an_endpoint_that_nobody_listens_at_is_unreachable() {
    let outage = runtime().block_on(outage_of(subject::config("http://127.0.0.1:1")));
    assert_eq!(outage.kind, OutageKind::Unreachable);
    assert!(
        outage.detail.contains("sqs:GetQueueUrl on banyan-") && outage.detail.contains("refused"),
        "{outage}"
    );
}

#[test]
fn who_has_no_credentials_or_no_region_is_told_where_they_come_from() {
    let complete = || subject::config("http://127.0.0.1:1").into_builder();
    let mut without_credentials = complete();
    without_credentials.set_credentials_provider(None);
    for config in [complete().region(None).build(), without_credentials.build()] {
        let outage = runtime().block_on(outage_of(config));
        assert_eq!(outage.kind, OutageKind::Broken, "{outage}");
        assert!(outage.detail.contains("check region and credentials"), "{outage}");
    }
}
