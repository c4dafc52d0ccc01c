//! Every handler by the table that all services stand, with the frozen examples of the wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use contracts::Timestamp;
use futures_util::future::BoxFuture;
use notification::Config;
use notification::mailbox::simulated::{evidence_of, query_for, request_for};
use notification::mailbox::{Evidence, MailKey, Mailbox, Message, Unavailable};
use notification::simulated::PostOffice;
use notification::simulated::faults::{Faults, Odds};
use notification::simulated::wire::Request;
use testkit::Life;
use testkit::table::{Before, Example, Make, Subject, prove};

use crate::support::{OPERATOR, frozen, is_alarm, milestones, told_to_customers, wiring};

/// The way of one process to the mailbox: it ends with the process.
struct Wire {
    office: Mutex<PostOffice>,
    life: Life,
}

impl Wire {
    async fn ask(&self, request: Request) -> Result<Evidence, Unavailable> {
        self.life.pass().await;
        let bytes = serde_json::to_vec(&request).unwrap();
        let now: Timestamp = self.life.world_now();
        evidence_of(&self.office.lock().unwrap().call(now, &bytes))
    }
}

impl Mailbox for Wire {
    fn send<'a>(
        &'a self,
        key: &'a MailKey,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(request_for(key, message)))
    }

    fn lookup<'a>(&'a self, key: &'a MailKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(query_for(key)))
    }
}

fn subject() -> Subject {
    let make: Make = Arc::new(|life: &Life| {
        let faults = Faults::new(1, Odds::default(), Duration::ZERO).unwrap();
        let wire = Wire { office: Mutex::new(PostOffice::new(faults)), life: life.clone() };
        let config = Config { operator: Some(OPERATOR.to_owned()), ..Config::default() };
        notification::service(Arc::new(wire), config)
    });
    Subject { name: "notification", wiring: wiring(), make }
}

fn bytes(name: &str) -> Bytes {
    serde_json::to_vec(&frozen(name)).unwrap().into()
}

fn after(before: &[&str], event: &str) -> Example {
    let before = before.iter().map(|name| Before::Message(bytes(name))).collect();
    Example { before, event: bytes(event) }
}

#[test]
fn every_handler_stands_the_table() {
    let opens = ["order.placed", "order.confirmed"];
    let told: Vec<&str> = told_to_customers().into_iter().filter(|name| !opens.contains(name)).collect();
    let mut examples = vec![
        after(&[], "order.placed"),
        after(&[], "order.placed.v2"),
        after(&["order.cancelled", "payment.voided"], "order.placed"),
        after(&[], "order.confirmed"),
        after(&["order.placed"], "order.confirmed"),
    ];
    examples.extend(milestones().into_iter().filter(|name| is_alarm(name)).map(|name| after(&[], name)));
    examples.extend(told.iter().map(|name| after(&["order.placed"], name)));
    examples.extend(told.iter().map(|name| after(&[], name)));
    assert_eq!(prove(&subject(), &examples), Vec::<String>::new());
}
