//! One fact in several majors: whoever knows some of them acts once, and nobody gives up what another build can handle.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use contracts::events::order::OrderPlacedV2;
use contracts::{Envelope, Event};
use runtime::due::{DEAD, DUE};
use runtime::{Fail, Handler, Service, Uow};
use serde_json::{Value, json};

use crate::support::{NAME, Stage};

/// What the handler saw: the type, and what is in the body in version 2 only.
type Seen = Arc<Mutex<Vec<(String, i64, usize)>>>;

struct OnOrderPlaced {
    seen: Seen,
    /// How often it fails first.
    failures: Mutex<u32>,
}

impl Handler for OnOrderPlaced {
    type Event = OrderPlacedV2;

    async fn handle(&self, event: &Event<OrderPlacedV2>, _: &mut Uow) -> Result<(), Fail> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(Fail::transient(anyhow::anyhow!("not now")));
        }
        let seen = (event.kind.to_string(), event.data.tax_minor, event.data.deliveries.len());
        self.seen.lock().unwrap().push(seen);
        Ok(())
    }
}

fn stage(failures: u32) -> (Stage, Seen) {
    let seen = Seen::default();
    let handler = OnOrderPlaced { seen: seen.clone(), failures: Mutex::new(failures) };
    (Stage::with(Service::new(NAME).on(handler)), seen)
}

/// The frozen example of a major, as the fact `id`; majors that nobody knows yet look like the last one.
fn placed(id: &str, major: u32) -> Bytes {
    let example = match major {
        1 => include_str!("../../../../contracts/examples/order.placed.v1.json"),
        _ => include_str!("../../../../contracts/examples/order.placed.v2.json"),
    };
    let mut event: Value = serde_json::from_str(example).unwrap();
    event["source"] = json!("/my-shop");
    event["id"] = json!(id);
    event["type"] = json!(format!("shop.banyan.order.placed.v{major}"));
    Bytes::from(event.to_string())
}

fn send(stage: &Stage, body: Bytes) {
    let id = Envelope::decode(&body).unwrap().message_id();
    stage.send(id, "lane", body);
}

const V2: &str = "shop.banyan.order.placed.v2";

#[test]
fn an_older_major_is_handled_as_the_newest_that_the_service_knows() {
    let (stage, seen) = stage(0);
    send(&stage, placed("a", 1));
    send(&stage, placed("b", 2));
    stage.wait(1);
    let [up, as_it_came] = <[_; 2]>::try_from(seen.lock().unwrap().clone()).unwrap();
    assert_eq!(up, (V2.to_owned(), 0, 1));
    assert_eq!((as_it_came.0.as_str(), as_it_came.1 > 0, as_it_came.2), (V2, true, 2));
}

#[test]
fn nobody_acts_twice_on_two_majors_of_one_fact_in_any_order() {
    for majors in [[1, 2], [2, 1]] {
        let (stage, _) = stage(0);
        for major in majors {
            send(&stage, placed("a", major));
        }
        stage.wait(1);
        let counts = stage.counts();
        assert_eq!((counts.handled, counts.duplicates, stage.queued()), (1, 1, 0), "{majors:?}");
        assert_eq!((stage.rows(DUE).len(), stage.rows(DEAD).len()), (0, 0), "{majors:?}");
    }
}

#[test]
fn a_newer_major_waits_an_hour_and_is_dead_with_the_majors_that_are_known() {
    let (stage, _) = stage(0);
    send(&stage, placed("a", 3));
    stage.wait(3_500);
    assert_eq!((stage.rows(DUE).len(), stage.rows(DEAD).len()), (1, 0));
    stage.wait(300);
    let [dead] = <[_; 1]>::try_from(stage.rows(DEAD)).unwrap();
    let trouble = dead.trouble.unwrap();
    assert_eq!(trouble.reason, "unknown_type");
    assert_eq!(trouble.chain, ["no handler here knows shop.banyan.order.placed.v3, only v1 and v2"]);
}

#[test]
fn a_newer_major_of_what_was_handled_is_a_copy_before_it_waits_and_while_it_does() {
    for (first, then) in [(2, 3), (3, 2), (3, 1)] {
        let (stage, _) = stage(0);
        send(&stage, placed("a", first));
        stage.wait(60);
        send(&stage, placed("a", then));
        stage.wait(2 * 3_600);
        assert_eq!(stage.counts().handled, 1, "{first} and then {then}");
        assert_eq!((stage.rows(DUE).len(), stage.rows(DEAD).len()), (0, 0), "{first} and then {then}");
    }
}

#[test]
fn a_newer_major_does_not_take_the_place_of_one_that_is_tried_again() {
    let (stage, _) = stage(6);
    send(&stage, placed("a", 2));
    stage.wait(1);
    assert_eq!(stage.rows(DUE).len(), 1, "it failed and is put off");
    send(&stage, placed("a", 3));
    stage.wait(2 * 3_600);
    assert_eq!(stage.counts().handled, 1);
    assert_eq!((stage.rows(DUE).len(), stage.rows(DEAD).len()), (0, 0));
}

#[test]
fn a_build_from_before_a_major_leaves_it_to_the_next_one() {
    let handler = OnOrderPlaced { seen: Seen::default(), failures: Mutex::new(0) };
    let stage = Stage::with(Service::new(NAME).on(handler).before(V2));
    send(&stage, placed("a", 2));
    send(&stage, placed("b", 1));
    stage.wait(60);
    assert_eq!((stage.counts().handled, stage.rows(DUE).len(), stage.rows(DEAD).len()), (1, 1, 0));
}
