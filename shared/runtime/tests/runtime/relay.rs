//! What a commit leaves to be published: to the end of a drain, and behind what the bus never confirms.

use std::sync::Arc;
use std::time::Duration;

use bus::Outgoing;
use contracts::Event;
use futures_util::future::join;
use runtime::{Fail, Handler, Service, Uow};
use tokio::sync::Notify;

use crate::support::{NAME, Stage, Wound};

/// Echoes each toy, and echoes of echoes no more. A slow one first waits until it is told.
struct OnWound(Arc<Notify>);

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, uow: &mut Uow) -> Result<(), Fail> {
        let toy = &event.data.toy;
        if toy.starts_with("echo") {
            return Ok(());
        }
        if toy.starts_with("slow") {
            self.0.notified().await;
        }
        uow.emit_state(toy, 1, &Wound { toy: format!("echo of {toy}") })
    }
}

fn stage() -> (Arc<Notify>, Stage) {
    let told = Arc::new(Notify::new());
    (told.clone(), Stage::on_broker(Service::new(NAME).on(OnWound(told))))
}

#[test]
fn what_is_committed_during_a_drain_is_published_before_it_ends() {
    let (told, stage) = stage();
    stage.wind("slow", "lane");
    stage.wait(1);
    assert_eq!(stage.ills().published, [], "it is at work");
    stage.run(join(stage.node.drain(), async {
        stage.sleep(5).await;
        told.notify_one();
    }));
    assert_eq!((stage.counts().handled, stage.ills().published.len(), stage.queued()), (1, 1, 1));
}

#[test]
fn a_bus_that_is_away_holds_up_no_drain() {
    let (_, stage) = stage();
    stage.ills().publish_takes = Duration::from_secs(10);
    stage.ills().is_stuck = Some(|_| true);
    for n in 0..500 {
        stage.wind(&format!("toy-{n}"), &format!("lane-{n}"));
    }
    stage.wait(2);
    assert_eq!(stage.counts().handled, 500);
    let begun = stage.now();
    stage.run(stage.node.drain());
    let took = stage.now().since(begun);
    assert!(took <= Duration::from_secs(20), "one round that is under way, and one to see: {took:?}");
}

/// Whether it is about a toy whose name begins with `stuck`: its queue is full, or it may not be published.
fn is_about_stuck(message: &Outgoing) -> bool {
    String::from_utf8_lossy(&message.body).contains("echo of stuck")
}

#[test]
fn what_the_bus_never_confirms_hides_nothing_and_is_sent_more_and_more_seldom() {
    let (_, stage) = stage();
    stage.ills().is_stuck = Some(|_| true);
    // More pages than one sweep looks at.
    let many = 300;
    for n in 0..many {
        stage.wind(&format!("stuck-{n}"), &format!("lane-{n}"));
    }
    stage.wait(1);
    stage.wind("free", "lane");
    stage.wait(1);
    stage.ills().is_stuck = Some(is_about_stuck);
    stage.wait(60);
    assert_eq!(stage.counts().handled, many + 2, "all toys, and the echo of the one that is free");

    let sent = |stage: &Stage| std::mem::take(&mut stage.ills().published).len() as u64 / many;
    let times = sent(&stage);
    assert!(times < 15, "{times} copies of each in the first minute");
    for n in 0..30 {
        stage.wind(&format!("free-{n}"), "lane");
        stage.wait(20);
    }
    let times = sent(&stage);
    assert!((15..=25).contains(&times), "{times} copies of each in ten minutes");

    stage.ills().is_stuck = None;
    stage.wait(40);
    assert_eq!(stage.counts().handled, 2 * (many + 31));
    stage.ills().published.clear();
    stage.wait(60);
    assert_eq!(stage.ills().published, [], "nothing is left");
}
