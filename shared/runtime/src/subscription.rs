//! The loop that takes messages: credit is free slots, lanes keep one key in order, an outage means one probe.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bus::Settle;
use store::limits::IN_HAND;
use tokio::sync::{mpsc, watch};

use crate::core::Core;
use crate::deliver::{Arrival, Done};
use crate::policy::WATCHDOG;

/// Takes and handles messages until `drain` says to stop; then gives back what has not started and finishes what has.
pub(crate) async fn run(core: Arc<Core>, drain: watch::Receiver<bool>) {
    let (finished, done) = mpsc::unbounded_channel();
    let mut taker = Taker { core, lanes: BTreeMap::new(), held: 0, finished, done };
    taker.take(drain).await;
    taker.drain().await;
    let name = taker.loop_name();
    taker.core.health.ended(&name);
}

/// A lane is here while one of its messages is being handled; the others wait in it.
type Lanes = BTreeMap<String, VecDeque<Arrival>>;

struct Taker {
    core: Arc<Core>,
    lanes: Lanes,
    /// Messages in hand, started or waiting: never more than the policy's `in_flight`.
    held: usize,
    /// Unbounded in type only: it holds at most one answer per message in hand.
    finished: mpsc::UnboundedSender<(String, Done)>,
    done: mpsc::UnboundedReceiver<(String, Done)>,
}

impl Taker {
    async fn take(&mut self, mut drain: watch::Receiver<bool>) {
        let name = self.loop_name();
        loop {
            self.core.health.beat(&name, self.core.env.now());
            let pause = self.core.gate.wait(&self.core.env);
            let credit = match pause {
                Some(_) => usize::from(self.held == 0),
                None => self.core.policy.in_flight.min(IN_HAND) - self.held,
            };
            let core = self.core.clone();
            let receive = async move {
                match pause {
                    Some(pause) => core.receive_after(pause, credit).await,
                    None => core.bus.receive(core.queue.clone(), credit).await,
                }
            };
            tokio::select! {
                biased;
                _ = drain.wait_for(|&draining| draining) => return,
                Some((lane, done)) = self.done.recv() => self.finish(lane, done),
                received = receive, if credit > 0 => match received {
                    Ok(deliveries) => deliveries.into_iter().for_each(|delivery| self.accept(Arrival::new(delivery))),
                    Err(outage) => self.core.gate.close(outage.to_string()),
                },
                // Who has a free slot and nothing to do is well; who has none for a minute is stuck.
                () = self.core.env.clock.sleep(WATCHDOG / 4), if credit > 0 => {}
            }
        }
    }

    fn accept(&mut self, arrival: Arrival) {
        self.held += 1;
        let lane = arrival.lane();
        match self.lanes.get_mut(&lane) {
            Some(waiting) => waiting.push_back(arrival),
            None => {
                self.lanes.insert(lane.clone(), VecDeque::new());
                self.start(lane, arrival);
            }
        }
    }

    fn start(&self, lane: String, arrival: Arrival) {
        let (core, finished) = (self.core.clone(), self.finished.clone());
        let name = std::borrow::Cow::Owned(format!("{} {}", core.queue, arrival.name()));
        self.core.env.spawn.spawn(
            name,
            Box::pin(async move {
                let done = core.deliver(arrival).await;
                finished.send((lane, done)).ok();
            }),
        );
    }

    fn finish(&mut self, lane: String, done: Done) {
        self.held -= 1;
        match done {
            Done::Settled => self.core.gate.open(),
            Done::Outage(reason) => self.core.gate.close(reason),
        }
        match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(next) => self.start(lane, next),
            None => {
                self.lanes.remove(&lane);
            }
        }
    }

    async fn drain(&mut self) {
        let waiting = self.lanes.values_mut().flat_map(std::mem::take);
        let given_back: Vec<_> = waiting.map(|arrival| (arrival.into_token(), Settle::Release)).collect();
        self.held -= given_back.len();
        if !given_back.is_empty() {
            self.core.bus.settle(given_back).await;
        }
        while self.held > 0 {
            let Some((lane, done)) = self.done.recv().await else { return };
            self.finish(lane, done);
        }
    }

    fn loop_name(&self) -> String {
        format!("{}.take", self.core.queue)
    }
}
