//! What fails as a whole: the store, or a peer outside.

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use contracts::{Event, Timestamp};
use runtime::due::{DEAD, DUE};
use runtime::{Fail, Handler, Job, Outside, Service, Unavailable, Uow};
use serde::{Deserialize, Serialize};
use store::{Address, OutageKind};

use crate::support::{NAME, Stage, Wound};

/// What a test sees of the service and of the peer that it asks.
#[derive(Default)]
struct Seen {
    /// Handlers that were begun.
    begun: AtomicU64,
    /// How many of them are at work, and how many were at most.
    inside: AtomicU64,
    most_inside: AtomicU64,
    answered: AtomicU64,
    calls: Mutex<Vec<Timestamp>>,
    /// How the peer refuses, while it does.
    refuses: Mutex<Option<Option<Duration>>>,
}

struct OnWound(Arc<Seen>);

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, uow: &mut Uow) -> Result<(), Fail> {
        self.0.begun.fetch_add(1, Relaxed);
        let inside = self.0.inside.fetch_add(1, Relaxed) + 1;
        self.0.most_inside.fetch_max(inside, Relaxed);
        let_others_in().await;
        self.0.inside.fetch_sub(1, Relaxed);
        let toy = event.data.toy.clone();
        if toy.starts_with("ask") { uow.enqueue(&Ask { toy }) } else { Ok(()) }
    }
}

/// Every other task gets a turn.
async fn let_others_in() {
    let mut was_here = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut was_here, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Ask {
    toy: String,
}

impl Job for Ask {
    const NAME: &'static str = "ask";

    fn lane(&self) -> &str {
        &self.toy
    }
}

struct Peer(Arc<Seen>);

impl Outside for Peer {
    type Intent = Ask;
    type Evidence = ();

    async fn call(&self, _: &Ask, now: Timestamp) -> Result<(), Unavailable> {
        self.0.calls.lock().unwrap().push(now);
        match *self.0.refuses.lock().unwrap() {
            None => Ok(()),
            Some(retry_after) => Err(Unavailable { peer: "peer", why: "out".to_owned(), retry_after }),
        }
    }

    async fn record(&self, _: &Ask, (): (), _: &mut Uow) -> Result<(), Fail> {
        self.0.answered.fetch_add(1, Relaxed);
        Ok(())
    }
}

fn stage() -> (Arc<Seen>, Stage) {
    let seen = Arc::new(Seen::default());
    let service = Service::new(NAME).on(OnWound(seen.clone())).outside(Peer(seen.clone()));
    (seen, Stage::with(service))
}

#[test]
fn a_peer_that_is_out_delays_who_asks_it_and_nobody_else() {
    let (seen, stage) = stage();
    *seen.refuses.lock().unwrap() = Some(None);
    for n in 0..40 {
        stage.wind(&format!("ask-{n}"), &format!("ask-{n}"));
        stage.wind(&format!("do-{n}"), &format!("do-{n}"));
    }
    stage.wait(2);
    assert_eq!(seen.begun.load(Relaxed), 80, "others go on");
    // A quarter of an hour, with something else to do all the while.
    for n in 0..90 {
        stage.wait(10);
        stage.wind(&format!("later-{n}"), "later");
    }
    stage.wait(1);
    assert_eq!((seen.begun.load(Relaxed), stage.queued()), (170, 0));
    let calls = seen.calls.lock().unwrap().len();
    assert!((40..140).contains(&calls), "one asks now and then, not all of them: {calls} calls");
    assert_eq!(stage.rows(DEAD), [], "an outage is not an attempt");
    let waiting = stage.rows(DUE);
    assert_eq!(waiting.len(), 40);
    for row in waiting {
        assert_eq!((row.attempts, row.trouble.unwrap().reason.as_ref()), (0, "unavailable"));
        assert!(row.due.unwrap() <= stage.now().plus(Duration::from_secs(60)), "the wait has a bound");
    }
    assert_eq!(stage.node.not_ready(), ["toy: peer cannot be asked: out"]);

    *seen.refuses.lock().unwrap() = None;
    stage.wait(150);
    assert_eq!((seen.answered.load(Relaxed), stage.rows(DUE).len()), (40, 0));
    assert_eq!(stage.node.not_ready(), Vec::<String>::new());
}

#[test]
fn a_peer_that_asks_for_a_pause_gets_it() {
    let (seen, stage) = stage();
    *seen.refuses.lock().unwrap() = Some(Some(Duration::from_secs(20)));
    for n in 0..5 {
        stage.wind(&format!("ask-{n}"), "one");
    }
    stage.wait(1);
    let first = seen.calls.lock().unwrap()[0];
    *seen.refuses.lock().unwrap() = None;
    stage.wait(18);
    let asked =
        |from: Duration| seen.calls.lock().unwrap().iter().filter(|at| **at > first.plus(from)).count();
    assert_eq!(asked(Duration::from_secs(1)), 0);
    stage.wind("do", "do");
    stage.wait(60);
    assert_eq!((asked(Duration::from_secs(20)), seen.answered.load(Relaxed)), (5, 5));
    assert_eq!(seen.begun.load(Relaxed), 6);
}

#[test]
fn what_waits_in_a_lane_is_not_begun_while_the_store_is_out() {
    let (seen, stage) = stage();
    for n in 0..100 {
        stage.wind(&format!("do-{n}"), "one lane");
    }
    stage.world.fail_store(OutageKind::Unreachable, Duration::from_secs(30));
    stage.wait(20);
    let begun = seen.begun.load(Relaxed);
    assert!((1..30).contains(&begun), "{begun} were begun for nothing");
    assert!(!stage.node.not_ready().is_empty());
    stage.wait(60);
    assert_eq!((stage.queued(), stage.rows(DUE).len() + stage.rows(DEAD).len()), (0, 0));
    assert_eq!(stage.node.counts()[0].1.handled, 100);
    assert_eq!(stage.node.not_ready(), Vec::<String>::new());
}

/// Only what a dead process had in hand is suspected of having killed it, and handled alone.
#[test]
fn what_a_living_process_gave_back_is_not_handled_alone() {
    let (seen, stage) = stage();
    for n in 0..60 {
        stage.wind(&format!("do-{n}"), &format!("lane-{n}"));
    }
    stage.world.fail_store(OutageKind::Throttled, Duration::from_secs(5));
    stage.wait(4);
    seen.most_inside.store(0, Relaxed);
    stage.wait(60);
    assert_eq!(stage.node.counts()[0].1.handled, 60);
    assert!(seen.most_inside.load(Relaxed) > 30, "{} at once", seen.most_inside.load(Relaxed));
}

/// A programmer's mistake: it must neither look like a broken disk nor hold up anything else.
#[test]
fn a_row_for_a_queue_that_nobody_declared_is_dead_and_the_others_are_sent() {
    let (seen, stage) = stage();
    *seen.refuses.lock().unwrap() = Some(Some(Duration::from_secs(20)));
    for n in 0..3 {
        stage.wind(&format!("ask-{n}"), &format!("ask-{n}"));
    }
    stage.wait(1);
    let mut lost = stage.rows(DUE).remove(0);
    lost.address = Address::Queue("nowhere".to_owned());
    stage.replace(&lost);
    *seen.refuses.lock().unwrap() = None;
    stage.wait(120);
    assert_eq!((seen.answered.load(Relaxed), stage.rows(DUE).len()), (2, 0));
    let dead = stage.rows(DEAD).remove(0);
    let trouble = dead.trouble.unwrap();
    assert_eq!((dead.id, trouble.reason.as_ref()), (lost.id, "unpublishable"));
    assert_eq!(trouble.chain, [r#"no queue is called "nowhere""#]);
    assert_eq!(stage.node.not_ready(), Vec::<String>::new());
}
