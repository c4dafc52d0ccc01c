//! `banyan serve SERVICE`: one service in this process; the others are processes of their own.
//!
//! It is built as `dev` builds it, and is the only one here. Its own routes are at one port for whoever has an order or a
//! webhook, and everything at another one for operators and for whoever runs it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use clap::builder::PossibleValuesParser;
use runtime::Service;
use runtime::signature::Secret;
use serde::Serialize;
use tokio::sync::oneshot;

use crate::backends::{Backends, Wishes};
use crate::cli::Failure;
use crate::config::{BusKind, Config, StoreKind};
use crate::dev::{self, Ground, Stop};
use crate::http;
use crate::output::Output;
use crate::peer::{Addresses, Kind};
use crate::wiring::{self, Options, SERVICES};

/// `banyan serve`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Its own routes are on --host and --port (8080); health, metrics, and all that operators ask are on --ops-host and --ops-port
(9090), with its own routes once more. Beyond loopback writes and operators need the bearer token of BANYAN_TOKEN or
--token-file. payment, shipping and notification ask a provider, a carrier and a mailbox: --peer-url says where; these sign
what they tell with BANYAN_WEBHOOK_SECRET.

Examples:
  banyan serve orders --bus rabbitmq
  banyan serve payment --bus aws --peer-url http://127.0.0.1:7001 --port 8082 --ops-port 9092
  banyan audit --url orders=http://127.0.0.1:9090,inventory=http://127.0.0.1:9091,payment=http://127.0.0.1:9092,\
shipping=http://127.0.0.1:9093,notification=http://127.0.0.1:9094")]
pub struct Args {
    /// Which
    #[arg(value_parser = PossibleValuesParser::new(SERVICES), value_name = "SERVICE")]
    pub which: String,
    /// Stop when standard input ends, so that it does not outlive whoever started it
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// What `serve` says when it is ready.
#[derive(Debug, Serialize)]
struct Banner<'a> {
    service: &'a str,
    url: String,
    ops_url: String,
    bus: BusKind,
    store: StoreKind,
}

/// Runs until it is told to stop; then finishes what has begun.
///
/// # Errors
/// It may not be reached without a token, lacks a peer, cannot have its ports, or what it runs on does not answer.
pub async fn run(config: &Config, args: &Args, output: Output) -> Result<()> {
    may_start(config, &args.which)?;
    let env = runtime::real::env();
    let stop = Stop::listen()?;
    let (intake, address) = bind(config.host, config.port, "--port")?;
    let (ops, ops_address) = bind(config.serving.ops_host, config.serving.ops_port, "--ops-port")?;
    let wishes = Wishes { writer: &args.which, ..Wishes::default() };
    let backends = Backends::open(config, wishes, &env).await?;
    let ground = Ground { backends, policy: dev::policy(config) };
    let service = service(config, &args.which)?;
    let peers = peer_of(&args.which).map(|kind| (kind, config.serving.peer_url.clone()));
    let (site, backends) = dev::running(&env, ground, vec![service], BTreeMap::from_iter(peers)).await?;
    let token = config.serving.token.as_ref();
    let (own, all) = (http::intake(&site, address, token), http::operators(&site, ops_address, token));
    announce(config, &args.which, (address, ops_address), output);
    let (drained, is_drained) = oneshot::channel();
    let work = async {
        http::serve(own, intake, &env, stop.told(args.with_parent)).await?;
        output.note(dev::STOPPING);
        site.node.drain().await;
        drained.send(()).ok();
        anyhow::Ok(())
    };
    // Whoever runs it can see to the end how it is.
    let is_drained = async move {
        is_drained.await.ok();
    };
    tokio::try_join!(work, http::serve(all, ops, &env, is_drained))?;
    backends.close().await;
    Ok(())
}

fn bind(host: std::net::IpAddr, port: u16, flag: &str) -> Result<(std::net::TcpListener, SocketAddr)> {
    dev::bind(SocketAddr::new(host, port), flag)
}

/// Says what is missing before anything is opened.
fn may_start(config: &Config, service: &str) -> Result<(), Failure> {
    if config.chosen.bus == BusKind::Embedded {
        return Err(Failure::usage(
            "one process owns the embedded bus's file, and serve is one of several; choose --bus rabbitmq or --bus aws, or \
             run all services in one process with `banyan dev`",
        ));
    }
    let (host, ops_host) = (config.host, config.serving.ops_host);
    if config.serving.token.is_none()
        && let Some(beyond) = [host, ops_host].into_iter().find(|host| !host.is_loopback())
    {
        return Err(Failure::usage(format!(
            "{beyond} can be reached from other machines, so writes and operators need a token: set BANYAN_TOKEN or \
             --token-file (`openssl rand -hex 32` makes one), or serve on 127.0.0.1"
        )));
    }
    match peer_of(service) {
        Some(kind) if config.serving.peer_url.is_empty() => Err(Failure::usage(format!(
            "{service} asks the {}; say where it is with --peer-url",
            kind.as_str()
        ))),
        _ => Ok(()),
    }
}

/// The peer that this service asks.
pub(crate) fn peer_of(service: &str) -> Option<Kind> {
    match service {
        "payment" => Some(Kind::Provider),
        "shipping" => Some(Kind::Carrier),
        "notification" => Some(Kind::Mailbox),
        _ => None,
    }
}

/// Where the peers are of a service that asks none.
const NOBODY: &str = "http://127.0.0.1:1";

/// The service, made as all are: each has its peer at the one address, and asks no other.
fn service(config: &Config, name: &str) -> Result<Service> {
    let peer = || peer_of(name).map_or_else(|| NOBODY.to_owned(), |_| config.serving.peer_url.clone());
    let secrets: Vec<Secret> = config.serving.webhook_secret.iter().cloned().collect();
    let options = Options {
        deadline: None,
        pace: Some(dev::PACE),
        carrier_secrets: secrets.clone(),
        provider_secrets: secrets,
    };
    let peers = Addresses { provider: peer(), carrier: peer(), mailbox: peer() }.reach()?;
    let services = wiring::services(peers, options);
    services.into_iter().find(|service| service.name() == name).context("there is no such service")
}

fn announce(
    config: &Config,
    service: &str,
    (address, ops_address): (SocketAddr, SocketAddr),
    output: Output,
) {
    let (url, ops_url) = (format!("http://{address}"), format!("http://{ops_address}"));
    let (bus, store) = (config.chosen.bus, config.chosen.store);
    output.answer(&Banner { service, url, ops_url, bus, store }, |Banner { url, ops_url, .. }| {
        let guarded =
            if config.serving.token.is_some() { "; writes and operators show the token" } else { "" };
        format!(
            "{service} is ready on {bus} and {store}.\n\n  \
             its own routes            {url}\n  \
             health and metrics        {ops_url}/healthz/ready  {ops_url}/metrics\n  \
             operators                 {ops_url}/queues  /dead-letters  /audit  /events{guarded}\n\n\
             Ctrl-C stops it and loses nothing."
        )
    });
}
