//! What a service consists of: its handlers, its jobs, its calls to the outside, its routes, its audit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use contracts::{Described, Envelope, EventData, EventType, Timestamp, View};
use store::Boxed;

use crate::edge::Edge;
use crate::fail::Fail;
use crate::handler::{Handler, Job, JobHandler, Outside, Unavailable};
use crate::reader::Reader;
use crate::uow::{Uow, job_type};

/// A service: a name, and everything it reacts to. Built once at start.
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) reactions: BTreeMap<String, Reaction>,
    pub(crate) events: Vec<&'static str>,
    pub(crate) patience: Patience,
    pub(crate) routes: Option<RoutesFn>,
    pub(crate) audit: Option<Box<dyn ErasedAudit>>,
}

/// What a service does that nobody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Patience {
    All,
    /// These types of messages.
    Only(BTreeSet<String>),
}

type RoutesFn = Box<dyn Fn(Edge) -> Router + Send + Sync>;

/// How one type of message is handled.
#[derive(Clone)]
pub(crate) enum Reaction {
    /// In a unit of work.
    Handle(Arc<dyn ErasedHandler>),
    /// A call first, outside of any unit of work; then its evidence, in one.
    Call(Arc<dyn ErasedOutside>),
}

impl Service {
    /// A service that reacts to nothing yet. `name` is its queue, its source and the prefix of its collections.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            reactions: BTreeMap::new(),
            events: Vec::new(),
            patience: Patience::Only(BTreeSet::new()),
            routes: None,
            audit: None,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The event types it handles, in the order of registration, each with the older majors that step up to it; compared
    /// with the topology by a test.
    #[must_use]
    pub fn handled_events(&self) -> &[&'static str] {
        &self.events
    }

    /// Reacts to an event, and to its older majors, which `handler` gets stepped up. The last handler of a type wins, so
    /// register each event once, in the highest major that this service knows.
    #[must_use]
    pub fn on<H: Handler>(mut self, handler: H) -> Self {
        let described = contracts::events::describe(&EventType::of::<EventOf<H>>());
        let older = described.into_iter().flat_map(Described::older).map(|older| older.kind);
        let reaction = Reaction::Handle(Arc::new(EventReaction(handler)));
        for kind in std::iter::once(EventOf::<H>::TYPE).chain(older) {
            self.events.push(kind);
            self.reactions.insert(kind.to_owned(), reaction.clone());
        }
        self
    }

    /// Reacts to an event as [`Service::on`] does, but nobody waits for what follows: on a busy machine it comes after what
    /// somebody waits for.
    #[must_use]
    pub fn on_patiently<H: Handler>(self, handler: H) -> Self {
        let known = self.events.len();
        let mut service = self.on(handler);
        if let Patience::Only(kinds) = &mut service.patience {
            kinds.extend(service.events[known..].iter().map(|&kind| kind.to_owned()));
        }
        service
    }

    /// Whether the handler of `event` can read it; `None` when there is none.
    #[must_use]
    pub fn can_read(&self, event: Envelope) -> Option<bool> {
        match self.reactions.get(event.kind.as_str())? {
            Reaction::Handle(handler) => Some(handler.read(event).is_ok()),
            Reaction::Call(outside) => Some(outside.read(event).is_ok()),
        }
    }

    /// The same service as its last build was that did not know `kind`: it neither expects that major of the event nor
    /// understands it. For trying a rolling deploy.
    #[must_use]
    pub fn before(mut self, kind: &str) -> Self {
        self.events.retain(|known| *known != kind);
        self.reactions.remove(kind);
        self
    }

    /// Does a job that it tells itself.
    #[must_use]
    pub fn job<H: JobHandler>(mut self, handler: H) -> Self {
        self.react::<H::Job>(Reaction::Handle(Arc::new(JobReaction(handler))));
        self
    }

    /// Nobody waits for anything that it does: where several services share a machine, the others go first.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.patience = Patience::All;
        self
    }

    /// Whether nobody waits for what follows from a message of `kind`.
    pub(crate) fn is_patient(&self, kind: &str) -> bool {
        match &self.patience {
            Patience::All => true,
            Patience::Only(kinds) => kinds.contains(kind),
        }
    }

    /// Calls the outside.
    #[must_use]
    pub fn outside<O: Outside>(mut self, outside: O) -> Self {
        self.react::<O::Intent>(Reaction::Call(Arc::new(OutsideReaction(outside))));
        self
    }

    fn react<J: Job>(&mut self, reaction: Reaction) {
        let kind = job_type(self.name, J::NAME);
        if let (true, Patience::Only(kinds)) = (J::IS_PATIENT, &mut self.patience) {
            kinds.insert(kind.clone());
        }
        self.reactions.insert(kind, reaction);
    }

    /// Serves these routes.
    #[must_use]
    pub fn routes(mut self, routes: impl Fn(Edge) -> Router + Send + Sync + 'static) -> Self {
        self.routes = Some(Box::new(routes));
        self
    }

    /// Audits itself from a snapshot.
    #[must_use]
    pub fn audit<A: Audit>(mut self, audit: A) -> Self {
        self.audit = Some(Box::new(audit));
        self
    }
}

/// Recomputes what must hold within one service, from what caused it, never from what is checked.
pub trait Audit: Send + Sync + 'static {
    /// Reads one snapshot and says what is wrong, and the facts that other services' rows are compared with.
    ///
    /// # Errors
    /// [`Fail::Outage`], or [`Fail::Permanent`] when stored bytes cannot be read (which is itself a finding of the
    /// caller).
    fn audit(&self, reader: &Reader, now: Timestamp) -> impl Future<Output = Result<Findings, Fail>> + Send;
}

/// What a service's own audit found.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub struct Findings {
    /// What must hold and does not, one sentence each, naming ids and numbers.
    pub violations: Vec<String>,
    /// Facts for comparing with other services and with the peers' ledgers: kind, id, value as JSON.
    pub facts: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
}

pub(crate) trait ErasedAudit: Send + Sync {
    fn run<'a>(&'a self, reader: &'a Reader, now: Timestamp) -> Boxed<'a, Result<Findings, Fail>>;
}

impl<A: Audit> ErasedAudit for A {
    fn run<'a>(&'a self, reader: &'a Reader, now: Timestamp) -> Boxed<'a, Result<Findings, Fail>> {
        Box::pin(self.audit(reader, now))
    }
}

/// The one place where types are erased: a body is read once and handled as often as conflicts ask for.
pub(crate) trait ErasedHandler: Send + Sync {
    /// Reads the body, or says why it cannot be.
    fn read(&self, event: Envelope) -> Result<Box<dyn Ready>, contracts::event::DecodeError>;
    fn handle<'a>(&'a self, event: &'a dyn Ready, uow: &'a mut Uow) -> Boxed<'a, Result<(), Fail>>;
}

/// A decoded message of a type that only its reaction knows.
pub(crate) trait Ready: Send + Sync {
    fn as_any(&self) -> &dyn std::any::Any;
}

impl<T: Send + Sync + 'static> Ready for T {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Evidence of a type that only its reaction knows.
pub(crate) type Evidence = Box<dyn std::any::Any + Send + Sync>;

pub(crate) trait ErasedOutside: Send + Sync {
    fn read(&self, event: Envelope) -> Result<Box<dyn Ready>, contracts::event::DecodeError>;
    fn call<'a>(&'a self, intent: &'a dyn Ready, now: Timestamp) -> Boxed<'a, Result<Evidence, Unavailable>>;
    fn record<'a>(
        &'a self,
        intent: &'a dyn Ready,
        evidence: &'a Evidence,
        uow: &'a mut Uow,
    ) -> Boxed<'a, Result<(), Fail>>;
}

fn mismatch() -> Fail {
    Fail::permanent("a message reached a reaction of another type")
}

type EventOf<H> = <<H as Handler>::Event as View>::Of;

struct EventReaction<H>(H);

impl<H: Handler> ErasedHandler for EventReaction<H> {
    fn read(&self, event: Envelope) -> Result<Box<dyn Ready>, contracts::event::DecodeError> {
        Ok(Box::new(event.read_event::<H::Event>()?))
    }

    fn handle<'a>(&'a self, event: &'a dyn Ready, uow: &'a mut Uow) -> Boxed<'a, Result<(), Fail>> {
        Box::pin(async move {
            let event = event.as_any().downcast_ref().ok_or_else(mismatch)?;
            self.0.handle(event, uow).await
        })
    }
}

struct JobReaction<H>(H);

impl<H: JobHandler> ErasedHandler for JobReaction<H> {
    fn read(&self, event: Envelope) -> Result<Box<dyn Ready>, contracts::event::DecodeError> {
        Ok(Box::new(event.read::<H::Job>()?.data))
    }

    fn handle<'a>(&'a self, job: &'a dyn Ready, uow: &'a mut Uow) -> Boxed<'a, Result<(), Fail>> {
        Box::pin(async move {
            let job = job.as_any().downcast_ref().ok_or_else(mismatch)?;
            self.0.run(job, uow).await
        })
    }
}

struct OutsideReaction<O>(O);

impl<O: Outside> ErasedOutside for OutsideReaction<O> {
    fn read(&self, event: Envelope) -> Result<Box<dyn Ready>, contracts::event::DecodeError> {
        Ok(Box::new(event.read::<O::Intent>()?.data))
    }

    fn call<'a>(&'a self, intent: &'a dyn Ready, now: Timestamp) -> Boxed<'a, Result<Evidence, Unavailable>> {
        Box::pin(async move {
            let Some(intent) = intent.as_any().downcast_ref() else {
                let why = "the intent is of another type".to_owned();
                return Err(Unavailable { peer: "nobody", why, retry_after: None });
            };
            Ok(Box::new(self.0.call(intent, now).await?) as Evidence)
        })
    }

    fn record<'a>(
        &'a self,
        intent: &'a dyn Ready,
        evidence: &'a Evidence,
        uow: &'a mut Uow,
    ) -> Boxed<'a, Result<(), Fail>> {
        Box::pin(async move {
            let intent = intent.as_any().downcast_ref().ok_or_else(mismatch)?;
            let evidence: &O::Evidence = evidence.downcast_ref().ok_or_else(mismatch)?;
            self.0.record(intent, evidence.clone(), uow).await
        })
    }
}
