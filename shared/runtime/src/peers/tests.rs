use std::borrow::Cow;
use std::sync::Arc;

use store::Boxed;
use store::sim::{JumpingTime, SimTime};

use super::*;
use crate::env::{Clock, Entropy, Spawn};

struct Still(JumpingTime);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.0.sleep(duration)
    }
}

impl Spawn for Still {
    fn spawn(&self, _: Cow<'static, str>, _: Boxed<'static, ()>) {}
}

/// Draws the longest wait always.
struct Most;

impl Entropy for Most {
    fn next_u64(&self) -> u64 {
        u64::MAX
    }
}

fn env() -> (JumpingTime, Env) {
    let time = JumpingTime::starting_at(Timestamp::from_micros(1_700_000_000_000_000));
    let still = Arc::new(Still(time.clone()));
    (time, Env { clock: still.clone(), spawn: still, entropy: Arc::new(Most) })
}

fn out(retry_after: Option<u64>) -> Unavailable {
    Unavailable { peer: "bank", why: "closed".to_owned(), retry_after: retry_after.map(Duration::from_secs) }
}

#[test]
fn one_asks_at_a_time_and_each_failure_makes_them_wait_longer() {
    let (time, env) = env();
    let peers = Peers::default();
    assert_eq!(peers.hold("ask", &env), None, "nothing is known against it");
    let mut last = Duration::ZERO;
    for failure in 0..12 {
        peers.failed("ask", &out(None), &env);
        peers.failed("ask", &out(None), &env);
        assert_eq!(peers.hold("other", &env), None, "another peer is another matter");
        let (wait, why) = peers.hold("ask", &env).unwrap();
        assert!(wait > Duration::ZERO && wait <= PEER_CAP * 2, "{wait:?}");
        assert_eq!(why, "bank cannot be asked: closed");
        assert_eq!(peers.reasons(env.now()).is_empty(), failure + 1 < PEER_TOLD, "{failure}");
        let until = peers.0.lock().unwrap()["ask"].until.since(env.now());
        assert!(until >= last, "{until:?} after {last:?}");
        last = until;
        time.run(time.sleep(until)).unwrap();
        assert_eq!(peers.hold("ask", &env), None, "one asks, to see");
        assert!(peers.hold("ask", &env).is_some(), "the others wait for what comes of it");
    }
    assert!(last >= PEER_CAP / 2, "{last:?}");
    peers.answered("ask");
    assert_eq!((peers.hold("ask", &env), peers.reasons(env.now()).len()), (None, 0));
}

#[test]
fn who_says_how_long_is_left_alone_for_so_long() {
    let (time, env) = env();
    let peers = Peers::default();
    assert!(peers.failed("ask", &out(Some(90)), &env) >= Duration::from_secs(90));
    time.run(time.sleep(Duration::from_secs(89))).unwrap();
    assert!(peers.hold("ask", &env).is_some());
    time.run(time.sleep(Duration::from_secs(1))).unwrap();
    assert_eq!(peers.hold("ask", &env), None);
    let asked = peers.failed("ask", &out(Some(1_000_000)), &env);
    assert!(asked <= PEER_ASKED + PEER_CAP, "a bound for what a peer may ask: {asked:?}");
}

#[test]
fn a_probe_that_never_ended_is_followed_by_another() {
    let (time, env) = env();
    let peers = Peers::default();
    peers.failed("ask", &out(Some(1)), &env);
    time.run(time.sleep(Duration::from_secs(1))).unwrap();
    assert_eq!(peers.hold("ask", &env), None);
    time.run(time.sleep(PEER_PROBE)).unwrap();
    assert_eq!(peers.hold("ask", &env), None);
}

#[test]
fn an_outage_that_nobody_asks_about_any_more_is_told_no_more() {
    let (time, env) = env();
    let peers = Peers::default();
    for _ in 0..PEER_TOLD {
        peers.failed("ask", &out(Some(1)), &env);
        time.run(time.sleep(Duration::from_secs(1))).unwrap();
        assert_eq!(peers.hold("ask", &env), None);
    }
    assert_eq!(peers.reasons(env.now()).len(), 1);
    time.run(time.sleep(PEER_CAP * 3)).unwrap();
    assert_eq!(peers.reasons(env.now()), Vec::<String>::new());
}
