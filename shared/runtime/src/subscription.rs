//! The loop that takes messages: credit is free slots, lanes keep one key in order, an outage means one probe.

use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;

use bus::Settle;
use store::limits::IN_HAND;
use tokio::sync::mpsc;

use crate::core::Core;
use crate::deliver::{Arrival, Done};
use crate::policy::WATCHDOG;

/// Takes and handles messages until the process is to stop; then gives back what has not started and finishes what has.
pub(crate) async fn run(core: Arc<Core>) {
    let (finished, done) = mpsc::unbounded_channel();
    let mut taker = Taker { core, lanes: BTreeMap::new(), held: 0, finished, done };
    taker.take().await;
    taker.drain().await;
    let name = taker.loop_name();
    taker.core.health.ended(&name);
}

/// A lane is here while one of its messages is being handled; the others wait in it.
type Lanes = BTreeMap<String, VecDeque<Arrival>>;

/// A message that was handled to its end.
struct Finished {
    lane: String,
    done: Done,
    /// When it was begun, as the gate counts.
    era: u64,
}

struct Taker {
    core: Arc<Core>,
    lanes: Lanes,
    /// Messages in hand, started or waiting: never more than the policy's `in_flight`.
    held: usize,
    /// Unbounded in type only: it holds at most one answer per message in hand.
    finished: mpsc::UnboundedSender<Finished>,
    done: mpsc::UnboundedReceiver<Finished>,
}

impl Taker {
    async fn take(&mut self) {
        let name = self.loop_name();
        let core = self.core.clone();
        let mut stops = pin!(core.asked_to_stop());
        loop {
            self.core.health.beat(&name, self.core.env.now());
            let (era, pause) = (self.core.gate.era(), self.core.gate.wait(&self.core.env));
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
            let finished = tokio::select! {
                biased;
                () = &mut stops => return,
                Some(finished) = self.done.recv() => Some(finished),
                received = receive, if credit > 0 => {
                    match received {
                        Ok(deliveries) => deliveries.into_iter().for_each(|one| self.accept(Arrival::new(one))),
                        Err(outage) => self.core.gate.failed(era, outage.to_string()),
                    }
                    None
                }
                // Who has a free slot and nothing to do is well; who has none for a minute is stuck. A pause is shorter
                // than that, and must not begin again and again.
                () = self.core.env.clock.sleep(WATCHDOG / 4), if credit > 0 && pause.is_none() => None,
            };
            if let Some(finished) = finished {
                self.finish(finished).await;
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
        let era = core.gate.era();
        let name = std::borrow::Cow::Owned(format!("{} {}", core.queue, arrival.name()));
        let is_patient = core.service.is_patient(arrival.name());
        let task = Box::pin(async move {
            let done = core.deliver(arrival).await;
            finished.send(Finished { lane, done, era }).ok();
        });
        match is_patient {
            true => self.core.env.spawn.spawn_patient(name, task),
            false => self.core.env.spawn.spawn(name, task),
        }
    }

    async fn finish(&mut self, Finished { lane, done, era }: Finished) {
        self.held -= 1;
        let is_open = match done {
            Done::Settled => self.core.gate.settled(era),
            Done::Outage(reason) => {
                self.core.gate.failed(era, reason);
                false
            }
        };
        if !is_open {
            // What has not started would only meet the same outage.
            self.give_back_waiting().await;
        }
        match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(next) => self.start(lane, next),
            None => {
                self.lanes.remove(&lane);
            }
        }
    }

    async fn drain(&mut self) {
        self.give_back_waiting().await;
        while self.held > 0 {
            let Some(finished) = self.done.recv().await else { return };
            self.finish(finished).await;
        }
    }

    async fn give_back_waiting(&mut self) {
        let waiting = self.lanes.values_mut().flat_map(std::mem::take);
        let given_back: Vec<_> =
            waiting.map(|arrival| (arrival.give_back(&self.core.returned), Settle::Release)).collect();
        self.held -= given_back.len();
        if !given_back.is_empty() {
            self.core.bus.settle(given_back).await;
        }
    }

    fn loop_name(&self) -> String {
        format!("{}.take", self.core.queue)
    }
}
