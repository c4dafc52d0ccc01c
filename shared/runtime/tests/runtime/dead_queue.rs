//! What a broker gives up by itself becomes a dead letter like any other, and nothing that was handled does.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use contracts::Event;
use runtime::due::{DEAD, DUE};
use runtime::operate::Redrive;
use runtime::{Fail, Handler, Service, Uow};

use crate::support::{NAME, Stage, Wound};

/// Remembers what it handled; the lead toy fails for ever, in a way that may pass.
struct OnWound(Arc<Mutex<Vec<String>>>);

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        if event.data.toy == "lead" {
            return Err(Fail::transient(anyhow::anyhow!("too heavy")));
        }
        self.0.lock().unwrap().push(event.data.toy.clone());
        Ok(())
    }
}

fn stage() -> (Arc<Mutex<Vec<String>>>, Stage) {
    let handled = Arc::default();
    (Arc::clone(&handled), Stage::on_broker(Service::new(NAME).on(OnWound(handled))))
}

/// Longer than an empty dead queue rests.
const A_WHILE: u64 = 400;

#[test]
fn what_the_broker_gave_up_is_a_dead_letter_once_and_can_be_redriven() {
    let (handled, stage) = stage();
    let (id, body) = stage.wound("bear", "bear");
    for _ in 0..2 {
        // The second time it is known.
        stage.give_up(body.clone());
        stage.wait(A_WHILE);
        let rows = stage.rows(DEAD);
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let trouble = row.trouble.as_ref().unwrap();
        assert_eq!((row.id, trouble.reason.as_ref(), row.attempts), (id, "given_up", 2));
        assert_eq!(trouble.chain, ["the broker moved it to toy.dead"]);
        assert_eq!(stage.queued(), 0, "it is acknowledged");
    }
    assert_eq!((stage.counts().dead, handled.lock().unwrap().len()), (1, 0));
    let done = stage.run(stage.node.redrive(&Redrive::default())).unwrap();
    assert_eq!(done.ids, [id.to_string()]);
    stage.wait(A_WHILE);
    assert_eq!(*handled.lock().unwrap(), ["bear"]);
    assert_eq!(stage.rows(DEAD), []);
}

#[test]
fn what_was_handled_already_is_dropped() {
    let (handled, stage) = stage();
    stage.wind("bear", "bear");
    stage.wait(5);
    stage.give_up(stage.wound("bear", "bear").1);
    stage.wait(A_WHILE);
    assert_eq!((stage.rows(DEAD), stage.queued()), (vec![], 0));
    assert_eq!((handled.lock().unwrap().len(), stage.counts().duplicates), (1, 1));
}

#[test]
fn what_will_be_tried_again_stays_alive() {
    let (_, stage) = stage();
    stage.wind("lead", "lead");
    // It is given up by the broker while a delayed try of it waits.
    stage.wait(1);
    let waiting = stage.rows(DUE);
    assert_eq!(waiting.len(), 1);
    stage.give_up(stage.wound("lead", "lead").1);
    stage.wait(A_WHILE);
    assert!(stage.rows(DEAD).iter().all(|row| row.trouble.as_ref().unwrap().reason != "given_up"));
    assert_eq!(stage.rows(DUE).len() + stage.rows(DEAD).len(), 1);
}

#[test]
fn bytes_are_kept_as_undecodable_and_no_more_of_them_than_a_row_holds() {
    let (_, stage) = stage();
    let long = Bytes::from(vec![0xff; 1_000_000]);
    for (nth, body) in [Bytes::from_static(b"\xff\x00 no event"), long].into_iter().enumerate() {
        stage.give_up(body.clone());
        stage.wait(A_WHILE);
        let rows = stage.rows(DEAD);
        assert_eq!((rows.len(), stage.queued()), (nth + 1, 0));
        let row = rows.iter().find(|row| body.starts_with(&row.outgoing().body)).unwrap();
        assert_eq!(row.trouble.as_ref().unwrap().reason, "undecodable");
        assert_eq!(row.outgoing().body.len(), body.len().min(64 * 1024));
    }
}

#[test]
fn a_type_that_nobody_knows_is_kept() {
    let (_, stage) = stage();
    let (_, body) = stage.wound("bear", "bear");
    let body = String::from_utf8(body.to_vec()).unwrap().replace("toy.wound", "toy.gone");
    stage.give_up(body.into());
    stage.wait(A_WHILE);
    let rows = stage.rows(DEAD);
    // Nobody in this topology handles it: perhaps a newer build does.
    assert_eq!(
        rows.iter().map(|row| row.trouble.as_ref().unwrap().reason.as_ref()).collect::<Vec<_>>(),
        ["given_up"]
    );
}
