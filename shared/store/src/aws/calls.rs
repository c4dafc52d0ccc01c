//! Requests: how many at once, how long, and how often the same is asked. The client's own retries are off: it cannot
//! tell what is certainly not done from what nobody knows, and a commit must.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::Semaphore;

use super::chance::Chance;
use super::failure::Failure;
use crate::failure::{Outage, OutageKind};
use crate::wait;

/// Tries of a request that changes nothing, or that may be repeated; also in a row those that bring nothing new.
pub(crate) const TRIES: u32 = 4;
/// The pause before the next try is random, up to this times 2, 4, 8, ...
const PAUSE: Duration = Duration::from_millis(25);
const PAUSE_AT_MOST: Duration = Duration::from_millis(800);

/// Bounds on the use of one service.
pub(crate) struct Calls {
    at_once: usize,
    turn: Duration,
    answer: Duration,
    turns: Semaphore,
    chance: Chance,
}

impl Calls {
    /// At most `at_once` requests under way, each of which waits at most `turn` to be one of them, and then at most
    /// `answer`.
    pub(crate) fn new(at_once: usize, turn: Duration, answer: Duration) -> Self {
        Self { at_once, turn, answer, turns: Semaphore::new(at_once), chance: Chance::default() }
    }

    /// Lets nothing out any more.
    pub(crate) fn close(&self) {
        self.turns.close();
    }

    /// What names one transaction, however often it is sent.
    pub(crate) fn token(&self) -> String {
        format!("{:016x}{:016x}", self.chance.draw(), self.chance.draw())
    }

    /// Waits before try `n`, the first being 0.
    pub(crate) async fn pause(&self, n: u32) {
        let most = PAUSE.saturating_mul(1 << n.min(10)).min(PAUSE_AT_MOST);
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
        wait::pause(Duration::from_micros(self.chance.draw() % most.max(1))).await;
    }

    /// Sends one request, once.
    pub(crate) async fn once<T, E, F>(&self, request: impl FnOnce(Sent) -> F) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let _turn = match wait::at_most(self.turn, self.turns.acquire()).await {
            Some(Ok(turn)) => turn,
            Some(Err(_)) => return Err(Failure::unsent(OutageKind::Unreachable, "it was closed")),
            None => {
                let why = format!("{} requests were under way for {:?}", self.at_once, self.turn);
                return Err(Failure::unsent(OutageKind::Throttled, why));
            }
        };
        let sent = Sent::default();
        match wait::at_most(self.answer, request(sent.clone())).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(Failure::of(&error, sent.was())),
            None => {
                let why = format!("no answer within {:?}", self.answer);
                Err(Failure::Lost(Outage::new(OutageKind::Unreachable, why)))
            }
        }
    }

    /// The same again, as long as it may help: for what changes nothing, or may be repeated.
    pub(crate) async fn again<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        request: impl Fn() -> F,
    ) -> Result<T, Outage> {
        let mut tried = 1;
        loop {
            match request().await {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.passes() && tried < TRIES => {}
                Err(failure) => return Err(failure.outage()),
            }
            self.pause(tried).await;
            tried += 1;
        }
    }
}

/// Whether a request was begun to be sent. Before that it waits for credentials, which may never come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sent(Arc<AtomicBool>);

impl Sent {
    fn was(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Intercept for Sent {
    fn name(&self) -> &'static str {
        "Sent"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.store(true, Ordering::SeqCst);
        Ok(())
    }
}
