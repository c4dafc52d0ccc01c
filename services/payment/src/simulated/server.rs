//! The simulated provider over HTTP.
//!
//! | route | for |
//! |---|---|
//! | `POST /v1/authorizations` | holding money |
//! | `POST /v1/authorizations/{id}/capture`, `/void` | taking it, releasing it |
//! | `POST /v1/refunds` | giving it back |
//! | `POST /v1/operations/{key}/cancel` | releasing what came, or may yet come, under a key |
//! | `GET /v1/operations/{key}`, `GET /v1/authorizations/{id}` | asking |
//! | `GET /v1/actions/{id}`, `POST /v1/actions/{id}/complete` | the customer's 3-D Secure page |
//! | `POST /v1/captures/{id}/dispute` | contesting it, as its customer would; needs no key, as it happens once |
//! | `POST /v1/disputes/{id}/decide` | deciding that: `{"outcome":"won"}` for the merchant, or `lost`; once as well |
//! | `GET /v1/ledger?after=&limit=` | audits |
//! | `GET /healthz` | whoever started it |
//!
//! Everything under `/v1/` but the page and the export goes through [`super::Call::parse`], as in the simulator.
//!
//! What happens is told by webhook ([`super::wire::Told`]) to whoever is configured to listen.

use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use contracts::Timestamp;
use futures_util::future::{self, Either};
use runtime::signature::Secret;
use tokio::sync::watch;

use super::faults::Faults;
use super::journal::{self, JournalError, Running, Storage, Work};
use cut::{Cut, Cuttable};
use desk::Desk;

mod cut;
mod desk;
mod http;
mod tell;

/// How long requests may take to end after the shutdown began; held ones are let go at once.
const DRAIN: Duration = Duration::from_secs(5);

/// How the simulated provider is run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the journal is kept.
    pub storage: Storage,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// The clock of the process.
    pub now: fn() -> Timestamp,
    /// How long a connection is held open when a request is never answered; a caller should give up before.
    pub hold: Duration,
    /// Whom to tell of what happened; nobody has to listen.
    pub webhook: Option<Listener>,
}

/// Whom to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
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
    #[error("simulated provider stopped")]
    Journal(#[from] JournalError),
    /// The socket cannot be used.
    #[error("simulated provider's socket")]
    Socket(#[from] std::io::Error),
    /// The client for webhooks cannot be made.
    #[error("simulated provider's webhooks: {0}")]
    Webhook(String),
    /// The journal's thread broke an assertion of its own.
    #[error("simulated provider's journal thread panicked")]
    Panicked,
}

/// A provider that has read its journal: from here on it can answer.
pub struct Opened {
    config: Config,
    running: Running,
}

/// Reads the journal, so that whoever is told that the provider is ready is told the truth.
///
/// # Errors
/// [`ServeError::Journal`]: the journal cannot be used; [`JournalError::hint`] says what to do about it.
pub fn open(config: Config) -> Result<Opened, ServeError> {
    let telling = config.webhook.is_some().then(|| (config.faults.clone(), (config.now)()));
    let running = journal::start(&config.storage, telling)?;
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
    /// Serves on `listener`, and tells what happens, until `shutdown` resolves; then answers what has arrived and
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
        let (closing, is_closing) = watch::channel(false);
        let stop = async move {
            // A journal that ended by itself stops the server just as well: it cannot answer anything any more.
            future::select(pin!(shutdown), pin!(ended)).await;
            closing.send_replace(true);
        };
        let teller = tell::Teller::new(&config, work.clone())?;
        let telling = future::OptionFuture::from(teller.map(|teller| teller.run(is_closing.clone())));
        let desk = Desk::new(config, work.clone(), is_closing.clone());
        let app = http::router(desk).into_make_service_with_connect_info::<Cut>();
        let serving = pin!(axum::serve(listener, app).with_graceful_shutdown(stop).into_future());
        let drained = pin!(drained(is_closing));
        let (served, _) = future::join(future::select(serving, drained), telling).await;
        // A connection may outlive the drain and keep the thread's inbox open, so the thread is told to end.
        work.send(Work::Stop).await.ok();
        thread.join().map_err(|_| ServeError::Panicked)??;
        if let Either::Left((Err(error), _)) = served {
            return Err(error.into());
        }
        Ok(())
    }
}

async fn drained(mut is_closing: watch::Receiver<bool>) {
    is_closing.wait_for(|is_closing| *is_closing).await.ok();
    pause(DRAIN).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own: nothing simulates the time of its sockets"
)]
async fn pause(how_long: Duration) {
    tokio::time::sleep(how_long).await;
}
