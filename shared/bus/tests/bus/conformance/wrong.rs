//! Wrong buses: the simulated one behind a decorator that misunderstands one thing.

mod memory;
mod peeking;
mod publishing;
mod receiving;
mod settling;
mod store_side;

use std::sync::Arc;

use bus::conformance::{Hook, Node, Simulated, Subject as Suite};
use bus::{
    Boxed, Bus, Caps, Delivery, Outage, Outgoing, Peek, Peeked, Published, QueueState, Settle, Token, Wiring,
};
use store::sim::{JumpingTime, Manners};

use memory::Memory;

/// What a wrong bus misunderstands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    AcknowledgementsIgnored,
    AcknowledgingTwiceTakesNext,
    AllMarked,
    AnswersSorted,
    AttemptsForgotten,
    AttemptsMark,
    BatchesCut,
    BodiesAsText,
    BodiesCompacted,
    BodiesCut,
    CommitsPublishNothing,
    CommitsSettleAll,
    CommitsSettleNothing,
    CreditIgnored,
    DeclarationsAddUp,
    DeclaringEmpties,
    DeliveredThriceAtMost,
    DroppedReceivesTake,
    EmptyBatchAnswers,
    EmptyQueuesUnknown,
    FailuresPublish,
    FailuresSettle,
    FirstDeclarationOnly,
    FirstSettlementOnly,
    GoneIsConflict,
    InFlightUncounted,
    LonelyQueuesRefused,
    NoLeases,
    NoRecordSettlesNothing,
    NoneMarked,
    NothingRefused,
    OneConsumerWaits,
    OutagesSwallowed,
    PeeksIgnoreTheLimit,
    PeeksMark,
    PeeksShowTaken,
    PeeksTake,
    PublishedTwice,
    PublishersCollide,
    QueuesReachAll,
    ReceiveNeverWaits,
    ReleasesAcknowledge,
    ReleasesCopy,
    RestartsForget,
    SettlesEverywhere,
    SettlesUpTo,
    SettlingNothingEndsLeases,
    TakenIsGone,
    TokensAlike,
    TopicsLost,
    TopicsReachAll,
    TopicsReachOne,
    UnheardRefused,
    UnknownConfirmed,
    UnknownQueuesAreEmpty,
    UnknownTokensEndLeases,
}

/// A subject with one flaw. Its world is slow, so that calls at the same time really overtake each other.
pub(crate) struct Subject {
    inner: Simulated,
    flaw: Flaw,
}

impl Subject {
    pub(crate) fn new(flaw: Flaw, manners: Manners) -> Self {
        Self { inner: Simulated::slow(1, manners == Manners::Embedded, manners), flaw }
    }

    pub(crate) fn time(&self) -> &JumpingTime {
        self.inner.time()
    }

    fn wrap(&self, node: Node) -> Node {
        misunderstanding(self.flaw, node)
    }
}

/// The same process, with a flaw.
pub(crate) fn misunderstanding(flaw: Flaw, node: Node) -> Node {
    let wrong = Arc::new(Wrong { inner: node, flaw, memory: Memory::default() });
    let fused = wrong.inner.fused.is_some().then(|| wrong.clone() as Arc<dyn store::Store>);
    Node { bus: wrong.clone(), peek: Some(wrong), fused }
}

impl Suite for Subject {
    fn fresh(&self) -> Boxed<'_, Node> {
        Box::pin(async { self.wrap(self.inner.fresh().await) })
    }

    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async { self.inner.second().await.map(|node| self.wrap(node)) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async {
            match self.flaw {
                Flaw::RestartsForget => Some(self.wrap(self.inner.fresh().await)),
                _ => self.inner.reopen().await.map(|node| self.wrap(node)),
            }
        })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.inner.hook(hook)
    }

    fn patience(&self) -> Boxed<'_, ()> {
        self.inner.patience()
    }
}

/// A bus, and a fused store, that misunderstand one thing.
pub(crate) struct Wrong {
    inner: Node,
    flaw: Flaw,
    memory: Memory,
}

impl Bus for Wrong {
    fn caps(&self) -> Caps {
        self.inner.bus.caps()
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move {
            let was_declared = self.memory.declare(&wiring);
            match self.flaw {
                Flaw::FirstDeclarationOnly if was_declared => return Ok(()),
                Flaw::DeclaringEmpties if was_declared => self.empty().await?,
                _ => {}
            }
            self.swallow(self.inner.bus.declare(wiring).await)
        })
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        Box::pin(self.publish_wrongly(batch))
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        Box::pin(self.receive_wrongly(queue, credit))
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        Box::pin(self.settle_wrongly(settlements))
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        Box::pin(async move {
            let mut states = self.swallow(self.inner.bus.inspect().await)?;
            match self.flaw {
                Flaw::EmptyQueuesUnknown => states.retain(|state| state.waiting + state.in_flight > 0),
                Flaw::InFlightUncounted => states.iter_mut().for_each(|state| state.in_flight = 0),
                _ => {}
            }
            Ok(states)
        })
    }
}

impl Peek for Wrong {
    fn peek(&self, queue: Arc<str>, limit: usize) -> Boxed<'_, Result<Vec<Peeked>, Outage>> {
        Box::pin(self.peek_wrongly(queue, limit))
    }
}

impl Wrong {
    fn swallow<T: Default>(&self, answer: Result<T, Outage>) -> Result<T, Outage> {
        match answer {
            Err(_) if self.flaw == Flaw::OutagesSwallowed => Ok(T::default()),
            answer => answer,
        }
    }

    /// Takes and acknowledges all that waits.
    async fn empty(&self) -> Result<(), Outage> {
        for state in self.inner.bus.inspect().await? {
            for _ in 0..state.waiting {
                let taken = self.inner.bus.receive(Arc::from(state.queue.as_str()), 1).await?;
                let all = taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect();
                self.inner.bus.settle(all).await;
            }
        }
        Ok(())
    }
}
