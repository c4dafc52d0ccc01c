//! A peer over HTTP: what [`crate::Call::parse`] knows, `GET /v1/ledger?after=&limit=` for audits, `GET /healthz` for
//! whoever started it, and the routes of its own ([`Peer::routes`]).

use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either};
use runtime::Env;
use runtime::signature::Secret;
use tokio::sync::watch;

use crate::call::Call;
use crate::journal::{self, JournalError, Running, Storage, Work};
use crate::ledger::{Ledger, Peer};
use crate::problem::Slug;
use cut::{Cut, Cuttable};
pub use desk::Desk;
pub use http::{reply, told};

mod cut;
mod desk;
mod http;
mod tell;

/// How long requests may take to end after the shutdown began; held ones are let go at once.
const DRAIN: Duration = Duration::from_secs(5);

/// How a peer is run.
#[derive(Clone)]
pub struct Config<L: Ledger> {
    /// Where the journal is kept.
    pub storage: Storage,
    /// What goes wrong, and how often.
    pub faults: L::Faults,
    /// The world around the process.
    pub env: Env,
    /// How long a connection is held open when a request is never answered; a caller should give up before.
    pub hold: Duration,
    /// Whom to tell of what happens; nobody has to listen.
    pub webhook: Option<Listener>,
}

/// Whom to tell of what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where to.
    pub url: String,
    /// What it is signed with.
    pub secret: Secret,
}

impl<L: Ledger> Config<L> {
    /// Holds connections for 30 seconds, which is longer than callers of ours wait.
    pub const HOLD: Duration = Duration::from_secs(30);
}

/// The server cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The journal cannot be used; what was answered so far is in it.
    #[error("the simulated peer stopped")]
    Journal(#[from] JournalError),
    /// The socket cannot be used.
    #[error("the simulated peer's socket")]
    Socket(#[from] std::io::Error),
    /// The client for webhooks cannot be made.
    #[error("the simulated peer's webhooks: {0}")]
    Webhook(String),
    /// The journal's thread broke an assertion of its own.
    #[error("the simulated peer's journal thread panicked")]
    Panicked,
}

/// A peer that has read its journal: from here on it can answer.
pub struct Opened<L: Peer> {
    config: Config<L>,
    running: Running<L>,
}

/// The peer's name, such as `simulated-carrier`.
fn name<L: Ledger>() -> &'static str {
    <L::Call as Call>::Slug::PEER
}

/// Reads the journal, so that whoever is told that the peer is ready is told the truth.
///
/// # Errors
/// [`ServeError::Journal`]: the journal cannot be used; [`JournalError::hint`] says what to do about it.
pub fn open<L: Peer>(config: Config<L>) -> Result<Opened<L>, ServeError> {
    let listening_from = config.webhook.is_some().then(|| config.env.now());
    let running = journal::start(&config.storage, config.faults.clone(), listening_from, name::<L>())?;
    Ok(Opened { config, running })
}

/// Opens and serves; for whoever tells nobody in between.
///
/// # Errors
/// As for [`open`] and [`Opened::serve`].
pub async fn serve<L: Peer>(
    config: Config<L>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    open(config)?.serve(listener, shutdown).await
}

impl<L: Peer> Opened<L> {
    /// Serves on `listener`, and tells of what happens, until `shutdown` resolves; then answers what has arrived and
    /// returns.
    ///
    /// Runs on the caller's tokio runtime, which must have I/O and time.
    ///
    /// # Errors
    /// [`ServeError`]: the journal or the socket cannot be used. Nothing was answered that is not in the journal.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        listener.set_nonblocking(true)?;
        let listener = Cuttable::new(tokio::net::TcpListener::from_std(listener)?);
        let Self { config, running: Running { work, ended, thread } } = self;
        let env = config.env.clone();
        let (closing, is_closing) = watch::channel(false);
        if let Some(listener) = &config.webhook {
            let teller = tell::Teller::new(listener, name::<L>(), work.clone(), env.clone())?;
            env.spawn.spawn("a simulated peer's webhooks".into(), Box::pin(teller.run(is_closing.clone())));
        }
        let stop = async move {
            // A journal that ended by itself stops the server just as well: it cannot answer anything any more.
            future::select(pin!(shutdown), pin!(ended)).await;
            closing.send_replace(true);
        };
        let desk = Desk::new(config, work.clone(), is_closing.clone());
        let app = http::router(desk).into_make_service_with_connect_info::<Cut>();
        let serving = pin!(axum::serve(listener, app).with_graceful_shutdown(stop).into_future());
        let drained = pin!(async move {
            let mut is_closing = is_closing;
            is_closing.wait_for(|is_closing| *is_closing).await.ok();
            env.clock.sleep(DRAIN).await;
        });
        let served = future::select(serving, drained).await;
        // A connection may outlive the drain and keep the thread's inbox open, so the thread is told to end.
        work.send(Work::Stop).await.ok();
        thread.join().map_err(|_| ServeError::Panicked)??;
        if let Either::Left((Err(error), _)) = served {
            return Err(error.into());
        }
        Ok(())
    }
}
