//! `banyan peer`: one simulated peer, until whoever started it goes away.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result, bail};
use runtime::signature::Secret;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Args, HOLD, Kind, Ready, end_of, odds};
use crate::output::Output;

/// Runs the peer until whoever started it goes away: the end of standard input is the end of the peer, so that no
/// peer outlives a killed parent.
///
/// # Errors
/// The ledger or the port cannot be used, or a secret should have come and did not.
pub async fn run(args: &Args, output: Output) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.listen)))
        .with_context(|| format!("port {} cannot be used", args.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut input = BufReader::new(tokio::io::stdin());
    let webhook = match &args.webhook {
        Some(url) => Some((url.clone(), secret(&mut input).await?)),
        None => None,
    };
    let ready = move || -> Result<()> {
        output.line(serde_json::to_string(&Ready { url })?);
        Ok(())
    };
    let stopped = || format!("the simulated {} stopped", args.peer.as_str());
    match args.peer {
        Kind::Provider => {
            let opened = provider(args, webhook)?;
            ready()?;
            opened.serve(listener, end_of(input)).await.with_context(stopped)
        }
        Kind::Carrier => {
            let opened = carrier(args, webhook)?;
            ready()?;
            opened.serve(listener, end_of(input)).await.with_context(stopped)
        }
        Kind::Mailbox => {
            let opened = mailbox(args, webhook)?;
            ready()?;
            opened.serve(listener, end_of(input)).await.with_context(stopped)
        }
    }
}

/// The first line of standard input.
async fn secret(input: &mut (impl AsyncBufReadExt + Unpin)) -> Result<Secret> {
    let mut line = String::new();
    input.read_line(&mut line).await.context("standard input cannot be read")?;
    match line.trim_end() {
        "" => bail!("with --webhook the first line of standard input must be the secret that signs"),
        secret => Ok(Secret::new(secret)),
    }
}

/// Whom to tell, and what signs it.
type Webhook = Option<(String, Secret)>;

fn provider(args: &Args, webhook: Webhook) -> Result<payment::simulated::Opened> {
    use payment::simulated::{Config, Listener, ServeError, Storage, open};
    let config = Config {
        storage: args.ledger.clone().map_or(Storage::Memory, Storage::File),
        faults: odds::of_provider(args.seed, args.faults)?,
        now: runtime::real::now,
        hold: HOLD,
        webhook: webhook.map(|(url, secret)| Listener { url, secret }),
    };
    open(config).map_err(|error| match &error {
        ServeError::Journal(journal) => unusable(args, journal.hint(), error),
        ServeError::Socket(_) | ServeError::Webhook(_) | ServeError::Panicked => {
            unusable(args, TRY_AGAIN, error)
        }
    })
}

fn carrier(args: &Args, webhook: Webhook) -> Result<shipping::simulated::Opened> {
    use shipping::simulated::{Config, Listener, ServeError, Storage, open};
    let config = Config {
        storage: args.ledger.clone().map_or(Storage::Memory, Storage::File),
        faults: odds::of_carrier(args.seed, args.faults)?,
        env: runtime::real::env(),
        hold: HOLD,
        webhook: webhook.map(|(url, secret)| Listener { url, secret }),
    };
    open(config).map_err(|error| match &error {
        ServeError::Journal(journal) => unusable(args, journal.hint(), error),
        ServeError::Socket(_) | ServeError::Webhook(_) | ServeError::Panicked => {
            unusable(args, TRY_AGAIN, error)
        }
    })
}

fn mailbox(args: &Args, webhook: Webhook) -> Result<notification::simulated::Opened> {
    use notification::simulated::{Config, ServeError, Storage, open};
    if webhook.is_some() {
        bail!("the simulated mailbox tells nothing of its own accord");
    }
    let config = Config {
        storage: args.ledger.clone().map_or(Storage::Memory, Storage::File),
        faults: odds::of_mailbox(args.seed, args.faults)?,
        env: runtime::real::env(),
        hold: HOLD,
        webhook: None,
    };
    open(config).map_err(|error| match &error {
        ServeError::Journal(journal) => unusable(args, journal.hint(), error),
        ServeError::Socket(_) | ServeError::Webhook(_) | ServeError::Panicked => {
            unusable(args, TRY_AGAIN, error)
        }
    })
}

const TRY_AGAIN: &str = "try again";

/// Which file, and what to do about it.
fn unusable(args: &Args, hint: &str, error: impl Into<anyhow::Error>) -> anyhow::Error {
    let file = args.ledger.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
    let peer = args.peer.as_str();
    error.into().context(format!("the simulated {peer}'s ledger {file} cannot be used; {hint}"))
}
