//! Messages of a newer writer: what is new within a major version is left alone, and what is unknown is waited for.

use std::sync::{Arc, Mutex};

use contracts::events::order::{CancelReason, OrderCancelled};
use contracts::{Event, EventData, MessageId};
use runtime::due::{DEAD, DUE, Due};
use runtime::{Fail, Handler, Service, Uow};
use serde_json::{Value, json};

use crate::support::{NAME, Stage};

struct OnCancelled(Arc<Mutex<Vec<OrderCancelled>>>);

impl Handler for OnCancelled {
    type Event = OrderCancelled;

    async fn handle(&self, event: &Event<OrderCancelled>, _: &mut Uow) -> Result<(), Fail> {
        self.0.lock().unwrap().push(event.data.clone());
        Ok(())
    }
}

fn stage() -> (Arc<Mutex<Vec<OrderCancelled>>>, Stage) {
    let heard = Arc::default();
    let stage = Stage::with(Service::new(NAME).on(OnCancelled(Arc::clone(&heard))));
    (heard, stage)
}

/// Order `o-1` was cancelled, in a version that is newer than any.
fn newer(kind: &str, data: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0", "id": "e-1", "source": "/my-shop", "type": kind, "subject": "o-1",
        "time": "2026-11-22T20:00:00Z", "dataschema": "https://banyan.example/contracts/order.cancelled/1.7.0.json",
        "shopextension": { "of": "the envelope" },
        "data": {
            "order_id": "o-1", "customer_id": "c-1", "reason": "customer_request", "was_confirmed": true,
            "currency": "GBP", "total_minor": 6259, "cancelled_at": "2026-11-22T20:05:00.045000Z",
        },
    });
    event["data"].as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    event
}

fn send(stage: &Stage, event: &Value) {
    stage.send(MessageId::of("/my-shop", "e-1"), "o-1", event.to_string().into());
}

#[test]
fn fields_of_a_newer_minor_are_left_alone_and_its_words_are_unrecognised() {
    let (heard, stage) = stage();
    let added = json!({ "reason": "aliens", "added_in_1_7": { "nested": [1, null] }, "added_as_null": null });
    send(&stage, &newer(OrderCancelled::TYPE, added));
    stage.wait(10);
    let heard = heard.lock().unwrap();
    let [cancelled] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((cancelled.reason, cancelled.total_minor), (CancelReason::Unrecognised, 6259));
    let counts = stage.node.counts()[0].1;
    assert_eq!((counts.validated, counts.invalid_in, counts.dead), (1, 0, 0));
}

#[test]
fn an_unknown_type_or_major_waits_for_an_hour_for_a_build_that_knows_it_and_is_dead_then() {
    for kind in ["shop.banyan.order.forgotten.v1", "shop.banyan.order.cancelled.v2"] {
        let (heard, stage) = stage();
        send(&stage, &newer(kind, json!({})));
        stage.wait(3_500);
        let waiting = stage.rows(DUE);
        assert_eq!((waiting.len(), stage.rows(DEAD).len()), (1, 0), "{kind}");
        assert_eq!(waiting[0].attempts, 0, "{kind}: waiting is no attempt");
        stage.wait(200);
        let [dead] = <[Due; 1]>::try_from(stage.rows(DEAD)).unwrap();
        let trouble = dead.trouble.unwrap();
        assert_eq!(trouble.reason, "unknown_type", "{kind}");
        assert!(trouble.chain[0].contains(kind), "{:?}", trouble.chain);
        assert!(heard.lock().unwrap().is_empty() && stage.queued() == 0, "{kind}");
    }
}
