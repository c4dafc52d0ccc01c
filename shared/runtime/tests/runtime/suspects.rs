//! Messages that a process had in hand when it died: who kills processes convicts nobody, and who crashes them is given up.

use std::time::Duration;

use contracts::Event;
use runtime::due::DEAD;
use runtime::operate::Redrive;
use runtime::{Fail, Handler, Service, Uow};

use crate::support::{NAME, Stage, Wound};

/// Never done with a boat: the process always ends first.
struct DiesOfBoats;

impl Handler for DiesOfBoats {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        match event.data.toy.as_str() {
            "boat" => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

/// Done with everything.
struct Mended;

impl Handler for Mended {
    type Event = Wound;

    async fn handle(&self, _: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        Ok(())
    }
}

fn dying() -> Service {
    Service::new(NAME).on(DiesOfBoats)
}

fn mended() -> Service {
    Service::new(NAME).on(Mended)
}

/// A boat, and so many ends of the process in the middle of it, a moment apart.
fn killed(times: usize) -> Stage {
    let mut stage = Stage::with(dying());
    stage.wind("boat", "lane");
    for _ in 0..times {
        stage.pass(A_MOMENT);
        stage.restart(dying());
    }
    stage
}

/// One that dies of nothing takes over, and is done with the boat.
fn is_done_with(mut stage: Stage) {
    stage.restart(mended());
    stage.wait(10);
    assert_eq!((stage.rows(DEAD).len(), stage.queued(), stage.counts().handled), (0, 0, 1));
}

const A_MOMENT: Duration = Duration::from_millis(100);

#[test]
fn many_ends_within_a_second_convict_nobody() {
    is_done_with(killed(9));
}

/// Five starts that are each cut short, with ever longer pauses before them, in which `stage` goes on with others.
fn convict(stage: &mut Stage) {
    stage.wind("boat", "lane");
    stage.pass(A_MOMENT);
    for (start, pause) in [0, 1, 2, 4, 8].into_iter().enumerate() {
        stage.restart(dying());
        if pause > 0 {
            stage.pass(A_MOMENT);
            stage.wind(&format!("train-{start}"), "another lane");
            stage.pass(Duration::from_secs(pause) - 2 * A_MOMENT);
            assert_eq!(stage.counts().handled, 1, "start {start} holds up the others");
        }
        assert_eq!(stage.rows(DEAD).len(), 0, "given up after {start} starts");
        stage.pass(2 * A_MOMENT);
    }
    stage.restart(dying());
    stage.pass(A_MOMENT);
}

#[test]
fn who_crashes_the_process_each_time_is_given_up_and_holds_up_nobody() {
    let mut stage = Stage::with(dying());
    convict(&mut stage);
    let row = stage.rows(DEAD).remove(0);
    let trouble = row.trouble.unwrap();
    assert_eq!(trouble.reason, "crashed");
    assert_eq!(trouble.chain, ["5 starts of this message ended without an answer"]);
    assert_eq!(stage.queued(), 0);
}

#[test]
fn what_is_redriven_is_tried_again() {
    let mut stage = Stage::with(dying());
    convict(&mut stage);
    stage.restart(mended());
    stage.run(stage.node.redrive(&Redrive::default())).unwrap();
    stage.wait(10);
    assert_eq!((stage.rows(DEAD).len(), stage.queued(), stage.counts().handled), (0, 0, 1));
}

#[test]
fn who_is_asked_to_stop_waits_for_no_suspect() {
    let stage = killed(3);
    stage.pass(A_MOMENT);
    let asked = stage.now();
    stage.run(stage.node.drain());
    assert_eq!(stage.now().since(asked), Duration::ZERO);
    is_done_with(stage);
}
