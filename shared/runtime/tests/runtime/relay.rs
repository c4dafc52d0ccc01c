//! What a commit leaves to be published: to the end of a drain, and behind what the bus never confirms.

use std::sync::Arc;
use std::time::Duration;

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
