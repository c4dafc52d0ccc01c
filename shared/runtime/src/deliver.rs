//! One delivery from decode to settlement.

mod ask;
mod away;
pub(crate) mod dead_queue;
mod fetch;
mod suspect;

use std::panic::AssertUnwindSafe;

use bus::{Delivery, Settle};
use contracts::event::DecodeError;
use contracts::{Envelope, EventType, MessageId, TraceParent};
use futures_util::FutureExt;
use store::{Boxed, Change, Key};

use crate::core::Core;
use crate::execute::{Ended, Plan, Runs};
use crate::fail::Fail;
use crate::policy;
use crate::quirk::Bug;
use crate::returned::Returned;
use crate::service::{ErasedHandler, ErasedOutside, Evidence, Reaction, Ready};
use crate::stats::Stats;
use crate::uow::{Cause, JOB, Uow};

/// What the subscription learns from a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// Settled, or given back in the ordinary way.
    Settled,
    /// Given back: something as a whole does not answer.
    Outage(String),
}

/// What became of a handler's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Committed by this run.
    Handled,
    /// A copy, given back, delayed, or dead.
    PutAway,
}

/// A delivery and what could be read of it.
pub(crate) struct Arrival {
    delivery: Delivery,
    event: Result<Envelope, DecodeError>,
}

impl Arrival {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self { event: Envelope::decode(&delivery.body), delivery }
    }

    /// The lane it waits in; what cannot be read gets a lane of its own.
    pub(crate) fn lane(&self) -> String {
        match &self.event {
            Ok(event) => event.lane().to_owned(),
            Err(_) => format!("?{}", self.delivery.token.seq),
        }
    }

    /// What it is called in the list of tasks.
    pub(crate) fn name(&self) -> &str {
        self.event.as_ref().map_or("undecodable", |event| event.kind.as_str())
    }

    /// Gives it back before it was started.
    pub(crate) fn give_back(self, returned: &Returned) -> bus::Token {
        if let Ok(event) = &self.event {
            returned.note(event.message_id());
        }
        self.delivery.token
    }
}

/// A message that is known well enough to be handled or put away.
struct Message<'d> {
    delivery: &'d Delivery,
    id: MessageId,
    lane: String,
    handler: String,
    contract: Option<String>,
}

impl<'d> Message<'d> {
    fn of(delivery: &'d Delivery, event: &Envelope) -> Self {
        Self {
            delivery,
            id: event.message_id(),
            lane: event.lane().to_owned(),
            handler: event.kind.to_string(),
            contract: event.dataschema.clone(),
        }
    }
}

impl Core {
    /// Handles `delivery` to its end.
    pub(crate) async fn deliver(&self, Arrival { delivery, event }: Arrival) -> Done {
        let id = event.as_ref().ok().map(Envelope::message_id);
        let attempted = self.attempt(&delivery, event).await;
        self.stir();
        match attempted {
            Ok(()) => Done::Settled,
            Err(fail) => {
                id.into_iter().for_each(|id| self.returned.note(id));
                self.bus.settle(vec![(delivery.token, Settle::Release)]).await;
                Done::Outage(fail.chain().join(": "))
            }
        }
    }

    /// Everything but an outage ends here.
    async fn attempt(&self, delivery: &Delivery, event: Result<Envelope, DecodeError>) -> Result<(), Fail> {
        let event = match event {
            Ok(event) => event,
            Err(error) => return self.undecodable(delivery, &error).await,
        };
        let message = Message::of(delivery, &event);
        let Some(reaction) = self.service.reactions.get(event.kind.as_str()).cloned() else {
            return self.not_ours(&message).await;
        };
        if self.quirks.has(Bug::AckBeforeCommit) {
            self.acknowledge(delivery).await;
        }
        let suspect = delivery.redelivered || delivery.attempt > 0;
        if suspect && self.record(self.record_key(message.id)).await?.is_some() {
            return self.duplicate(&message).await;
        }
        if delivery.redelivered && !self.returned.take(message.id) {
            return self.suspected(&message, event, &reaction).await;
        }
        let _others = self.alone.read().await;
        self.handle(&message, event, &reaction, vec![]).await.map(|_| ())
    }

    /// Quick tries in the process, then a delayed one, then dead.
    async fn handle(
        &self,
        message: &Message<'_>,
        event: Envelope,
        reaction: &Reaction,
        besides: Vec<Change>,
    ) -> Result<Fate, Fail> {
        let Some(event) = self.fetched(message, event).await? else { return Ok(Fate::PutAway) };
        if let Err(fail) = self.check_incoming(message.id, &event) {
            self.failed(message, &fail).await?;
            return Ok(Fate::PutAway);
        }
        let cause = self.cause(message, &event);
        let read = match reaction {
            Reaction::Handle(handler) => handler.read(event),
            Reaction::Call(outside) => outside.read(event),
        };
        let ready = match read {
            Ok(ready) => ready,
            Err(error) => {
                self.put_away(message, "undecodable", chain_of(&error), None).await?;
                return Ok(Fate::PutAway);
            }
        };
        let plan = Plan {
            cause,
            record: self.record_key(message.id),
            expires: self.env.now().plus(policy::RECORD_KEPT),
            settles: self.fused.then(|| message.delivery.token.consumed()),
            besides,
        };
        let (handling, recording);
        let what: &dyn Runs<Fail> = match reaction {
            Reaction::Handle(handler) => {
                handling = Handling { handler: handler.as_ref(), ready: ready.as_ref() };
                &handling
            }
            Reaction::Call(outside) => {
                let Some(evidence) = self.ask(message, outside.as_ref(), ready.as_ref()).await? else {
                    return Ok(Fate::PutAway);
                };
                recording = Recording { outside: outside.as_ref(), ready: ready.as_ref(), evidence };
                &recording
            }
        };
        self.tries(message, &plan, what).await
    }

    async fn tries(&self, message: &Message<'_>, plan: &Plan, what: &dyn Runs<Fail>) -> Result<Fate, Fail> {
        for quick in 0.. {
            let tried = AssertUnwindSafe(self.execute(plan, what)).catch_unwind().await;
            let fail = match tried.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))) {
                Ok(ended) => return self.ended(message, ended).await,
                Err(Fail::Outage(outage)) => return Err(Fail::Outage(outage)),
                Err(fail) => fail,
            };
            if matches!(fail, Fail::Transient(_)) && quick < policy::QUICK_TRIES {
                self.env.clock.sleep(self.env.jitter(policy::QUICK_BASE, quick, policy::DELAYED_CAP)).await;
                continue;
            }
            self.failed(message, &fail).await?;
            break;
        }
        Ok(Fate::PutAway)
    }

    async fn ended(&self, message: &Message<'_>, ended: Ended) -> Result<Fate, Fail> {
        match ended {
            Ended::Committed => {
                Stats::add(&self.stats.handled, 1);
                if !self.fused {
                    self.acknowledge(message.delivery).await;
                }
                return Ok(Fate::Handled);
            }
            Ended::Duplicate => self.duplicate(message).await?,
            // Given back without counting an attempt: nothing is wrong with the message.
            Ended::Busy | Ended::Unknown => self.give_back(message).await?,
        }
        Ok(Fate::PutAway)
    }

    /// A copy of what was handled: publish what its record still holds, and be done with it.
    async fn duplicate(&self, message: &Message<'_>) -> Result<(), Fail> {
        Stats::add(&self.stats.duplicates, 1);
        self.publish_stored(&self.record_key(message.id)).await?;
        self.acknowledge(message.delivery).await;
        Ok(())
    }

    async fn give_back(&self, message: &Message<'_>) -> Result<(), Fail> {
        self.env.clock.sleep(self.env.jitter(policy::CONFLICT_BASE, 6, policy::CONFLICT_CAP)).await;
        self.release(message).await
    }

    async fn release(&self, message: &Message<'_>) -> Result<(), Fail> {
        self.returned.note(message.id);
        self.bus.settle(vec![(message.delivery.token.clone(), Settle::Release)]).await;
        Ok(())
    }

    async fn acknowledge(&self, delivery: &Delivery) {
        self.bus.settle(vec![(delivery.token.clone(), Settle::Acknowledge)]).await;
    }

    /// A type without a reaction here: known to others = ignored; unknown = perhaps a newer build knows it. Or it came in
    /// an older major as well and was handled in that.
    async fn not_ours(&self, message: &Message<'_>) -> Result<(), Fail> {
        let majors = self.majors_of(&message.handler);
        if self.is_for_others(message) || (!majors.is_empty() && self.quirks.has(Bug::NewerMajorIgnored)) {
            Stats::add(&self.stats.ignored, 1);
            self.acknowledge(message.delivery).await;
            return Ok(());
        }
        if self.record(self.record_key(message.id)).await?.is_some() {
            return self.duplicate(message).await;
        }
        let why = match &majors[..] {
            [] => format!("no handler here knows {}", message.handler),
            known => format!("no handler here knows {}, only {}", message.handler, known.join(" and ")),
        };
        self.wait(message, UNKNOWN_TYPE, vec![why], None).await
    }

    /// Whether somebody else in the topology handles its type, and nobody here.
    fn is_for_others(&self, message: &Message<'_>) -> bool {
        self.majors_of(&message.handler).is_empty() && self.known_types.contains(&message.handler)
    }

    /// The majors of this event that are handled here, oldest first: `v1`.
    fn majors_of(&self, kind: &str) -> Vec<String> {
        let Ok(kind) = kind.parse::<EventType>() else { return vec![] };
        let known = self.service.reactions.keys().filter_map(|known| known.parse::<EventType>().ok());
        let mut majors: Vec<u32> =
            known.filter(|known| known.family() == kind.family()).map(|known| known.major()).collect();
        majors.sort_unstable();
        majors.into_iter().map(|major| format!("v{major}")).collect()
    }

    async fn undecodable(&self, delivery: &Delivery, error: &DecodeError) -> Result<(), Fail> {
        let content: String = String::from_utf8_lossy(&delivery.body).into_owned();
        let id = MessageId::named(&["undecodable", &content]);
        let mut kept = delivery.clone();
        kept.body.truncate(policy::CUT_BYTES);
        let message =
            Message { delivery: &kept, id, lane: id.to_string(), handler: "none".to_owned(), contract: None };
        let row = self.row(&message, "undecodable", chain_of(error));
        let is_whole = kept.body.len() == delivery.body.len();
        self.keep(&message, if is_whole { row } else { row.cut(delivery.body.len()) }).await
    }

    async fn failed(&self, message: &Message<'_>, fail: &Fail) -> Result<(), Fail> {
        match fail {
            Fail::Later { wait_for, .. } => {
                self.wait(message, "waited", fail.chain(), wait_for.clone()).await
            }
            Fail::Permanent { .. } | Fail::Outage(_) => {
                self.put_away(message, "rejected", fail.chain(), None).await
            }
            Fail::Transient(_) => {
                let attempts = message.delivery.attempt + 1;
                if attempts > policy::DELAYED_TRIES {
                    return self.put_away(message, "exhausted", fail.chain(), None).await;
                }
                let wait = self.env.jitter(policy::DELAYED_BASE, attempts, policy::DELAYED_CAP);
                self.put_away(message, "delayed", fail.chain(), Some(wait)).await
            }
        }
    }

    fn cause(&self, message: &Message<'_>, event: &Envelope) -> Cause {
        let trace = event.traceparent.unwrap_or_else(|| TraceParent::root(message.id));
        let correlation = event.correlationid.clone();
        let origin = event.causationid.as_deref().filter(|_| event.kind.as_str().starts_with(JOB));
        Cause {
            id: message.id,
            known: origin.and_then(|id| id.parse().ok()).map_or(message.id, MessageId),
            trace,
            correlation,
            lane: message.lane.clone(),
            attempt: message.delivery.attempt,
        }
    }

    fn record_key(&self, id: MessageId) -> Key {
        Key::new(self.names.record.clone(), id.to_string())
    }
}

/// A handler and its message.
struct Handling<'r> {
    handler: &'r dyn ErasedHandler,
    ready: &'r dyn Ready,
}

impl Runs<Fail> for Handling<'_> {
    fn run<'a>(&'a self, uow: &'a mut Uow) -> Boxed<'a, Result<bytes::Bytes, Fail>> {
        Box::pin(async move { self.handler.handle(self.ready, uow).await.map(|()| NOTHING) })
    }
}

/// A call that was made, and what came of it.
struct Recording<'r> {
    outside: &'r dyn ErasedOutside,
    ready: &'r dyn Ready,
    evidence: Evidence,
}

impl Runs<Fail> for Recording<'_> {
    fn run<'a>(&'a self, uow: &'a mut Uow) -> Boxed<'a, Result<bytes::Bytes, Fail>> {
        Box::pin(async move { self.outside.record(self.ready, &self.evidence, uow).await.map(|()| NOTHING) })
    }
}

/// Why a message waits that only a newer build understands.
const UNKNOWN_TYPE: &str = "unknown_type";

/// The note of a record that answers nobody.
const NOTHING: bytes::Bytes = bytes::Bytes::from_static(b"null");

fn chain_of(error: &dyn std::error::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    chain
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Fail {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text =
        text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned());
    Fail::transient(anyhow::anyhow!("the handler panicked: {text}"))
}
