//! `banyan peer`: one simulated peer, until whoever started it goes away.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result, bail};
use notification::simulated::ledger::Ledger as Mailbox;
use payment::simulated::ledger::Ledger as Provider;
use peers::{Config, Listener, Opened, Peer, ServeError, Storage, open};
use runtime::signature::Secret;
use shipping::simulated::ledger::Ledger as Carrier;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{Args, HOLD, Kind, Ready, end_of, odds};
use crate::output::Output;

/// Runs the peer until whoever started it goes away: the end of standard input is the end of the peer, so that no
/// peer outlives a killed parent.
///
/// # Errors
/// The ledger or the port cannot be used, or a secret should have come and did not.
pub async fn run(args: &Args, output: Output) -> Result<()> {
    match args.peer {
        Kind::Provider => serve::<Provider>(args, odds::of_provider(args.seed, args.faults)?, output).await,
        Kind::Carrier => serve::<Carrier>(args, odds::of_carrier(args.seed, args.faults)?, output).await,
        Kind::Mailbox if args.webhook.is_some() => {
            bail!("the simulated mailbox tells nothing of its own accord")
        }
        Kind::Mailbox => serve::<Mailbox>(args, odds::of_mailbox(args.seed, args.faults)?, output).await,
    }
}

async fn serve<L: Peer>(args: &Args, faults: L::Faults, output: Output) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.listen)))
        .with_context(|| format!("port {} cannot be used", args.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut input = BufReader::new(tokio::io::stdin());
    let webhook = match &args.webhook {
        Some(url) => Some(Listener { url: url.clone(), secret: secret(&mut input).await? }),
        None => None,
    };
    let opened = opened::<L>(args, faults, webhook)?;
    output.line(serde_json::to_string(&Ready { url })?);
    let stopped = || format!("the simulated {} stopped", args.peer.as_str());
    opened.serve(listener, end_of(input)).await.with_context(stopped)
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

/// Reads the ledger; what cannot be used is named, with what to do about it.
fn opened<L: Peer>(args: &Args, faults: L::Faults, webhook: Option<Listener>) -> Result<Opened<L>> {
    let storage = args.ledger.clone().map_or(Storage::Memory, Storage::File);
    let config = Config { storage, faults, env: runtime::real::env(), hold: HOLD, webhook };
    open(config).map_err(|error| {
        let file = args.ledger.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
        let peer = args.peer.as_str();
        let hint = match &error {
            ServeError::Journal(journal) => journal.hint(),
            ServeError::Socket(_) | ServeError::Webhook(_) | ServeError::Panicked => "try again",
        };
        anyhow::Error::new(error)
            .context(format!("the simulated {peer}'s ledger {file} cannot be used; {hint}"))
    })
}
