//! The simulated carrier over HTTP.
//!
//! | route | for |
//! |---|---|
//! | `POST /v1/labels` | booking a parcel |
//! | `POST /v1/parcels/{number}/handover`, `/void` | taking it, taking its label back |
//! | `POST /v1/operations/{key}/cancel` | taking back what came, or may yet come, under a key |
//! | `GET /v1/operations/{key}`, `GET /v1/parcels/{number}` | asking what was done, and where it is |
//! | `GET /v1/ledger?after=&limit=` | audits |
//! | `GET /healthz` | whoever started it |
//!
//! Everything under `/v1/` but the export goes through [`super::Call::parse`], as in the simulator.

use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{self, Either};
use runtime::Env;
use runtime::signature::Secret;
use tokio::sync::watch;

use super::faults::Faults;
use super::journal::{self, JournalError, Running, Storage, Work};
use desk::Desk;

mod desk;
mod http;
mod tell;

/// How long requests may take to end after the shutdown began; held ones are let go at once.
const DRAIN: Duration = Duration::from_secs(5);

/// How the simulated carrier is run.
#[derive(Clone)]
pub struct Config {
    /// Where the journal is kept.
    pub storage: Storage,
    /// What goes wrong, and how often; how fast parcels move.
    pub faults: Faults,
    /// The world around the process.
    pub env: Env,
    /// How long a connection is held open when a request is never answered; a caller should give up before.
    pub hold: Duration,
    /// Whom to tell of scans; nobody has to listen.
    pub webhook: Option<Webhook>,
}

/// Whom to tell of scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where to.
    pub url: String,
    /// What it is signed with.
    pub secret: Secret,
}

impl Config {
    /// Holds connections for 30 seconds, which is longer than callers of ours wait.
    pub const HOLD: Duration = Duration::from_secs(30);
}

/// The server cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The journal cannot be used; what was answered so far is in it.
    #[error("simulated carrier stopped")]
    Journal(#[from] JournalError),
    /// The socket cannot be used.
    #[error("simulated carrier's socket")]
    Socket(#[from] std::io::Error),
    /// The client for webhooks cannot be made.
    #[error("simulated carrier's webhooks: {0}")]
    Webhook(String),
    /// The journal's thread broke an assertion of its own.
    #[error("simulated carrier's journal thread panicked")]
    Panicked,
}

/// A carrier that has read its journal: from here on it can answer.
pub struct Opened {
    config: Config,
    running: Running,
}

/// Reads the journal, so that whoever is told that the carrier is ready is told the truth.
///
/// # Errors
/// [`ServeError::Journal`]: the journal cannot be used; [`JournalError::hint`] says what to do about it.
pub fn open(config: Config) -> Result<Opened, ServeError> {
    let running = journal::start(&config.storage, config.faults.clone(), config.env.now())?;
    Ok(Opened { config, running })
}

/// Opens and serves; for whoever tells nobody in between.
///
/// # Errors
/// As for [`open`] and [`Opened::serve`].
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    open(config)?.serve(listener, shutdown).await
}

impl Opened {
    /// Serves on `listener`, and tells of scans, until `shutdown` resolves; then answers what has arrived and returns.
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
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let Self { config, running: Running { work, ended, thread } } = self;
        let env = config.env.clone();
        let (closing, is_closing) = watch::channel(false);
        if let Some(webhook) = &config.webhook {
            let teller = tell::Teller::new(webhook, work.clone(), env.clone())?;
            let telling = teller.run(is_closing.clone());
            env.spawn.spawn("simulated-carrier-webhooks".into(), Box::pin(telling));
        }
        let stop = async move {
            // A journal that ended by itself stops the server just as well: it cannot answer anything any more.
            future::select(pin!(shutdown), pin!(ended)).await;
            closing.send_replace(true);
        };
        let desk = Desk::new(config, work.clone(), is_closing.clone());
        let serving =
            pin!(axum::serve(listener, http::router(desk)).with_graceful_shutdown(stop).into_future());
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
