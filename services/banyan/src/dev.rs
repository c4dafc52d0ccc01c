//! `banyan dev`: every service in one process, on one file, on one port.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use runtime::{Env, Node, Policy, Service, Validation};
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::backends::{self, Backends, Wishes};
use crate::config::{self, BusKind, Config, StoreKind};
use crate::http::{self, Site};
use crate::output::Output;
use crate::peer::{self, Addresses, Kind, Peers, Supervisor, Webhooks};
use crate::wiring::{self, Options};

/// `banyan dev`
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    /// Keep nothing: everything is gone when it ends
    #[arg(long)]
    pub memory: bool,
    /// Let the simulated peers misbehave, and give orders a minute instead of half an hour
    #[arg(long)]
    pub faults: bool,
    /// What the misbehaviour is drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Stop when standard input ends, so that it does not outlive whoever started it
    #[arg(long, hide = true)]
    pub with_parent: bool,
    /// Leave this service out, as if its process were down: what it hears waits in its queue
    #[arg(long, hide = true, value_name = "SERVICE")]
    pub without: Option<String>,
    /// Let the file have so many pages of 4 KiB and no more, as if the disk were full
    #[arg(long, hide = true, value_name = "PAGES")]
    pub page_limit: Option<u32>,
}

/// What `dev` says when it is ready.
#[derive(Debug, Serialize)]
struct Banner {
    url: String,
    data: Option<PathBuf>,
    bus: BusKind,
    store: StoreKind,
    peers: Addresses,
}

/// With faults, how long orders have until they are confirmed.
const SHORT_DEADLINE: Duration = Duration::from_secs(60);

/// How often parcels are asked about: the simulated carrier delivers within seconds, and whoever watches shall not wait
/// for a webhook that was lost.
pub(crate) const PACE: shipping::Pace = shipping::Pace {
    first: Duration::from_secs(5),
    most: Duration::from_secs(60),
    until: Duration::from_secs(86_400),
};

/// Runs until it is told to stop; then finishes what has begun.
///
/// # Errors
/// The directory is in use or cannot be written, the port is taken, or a peer does not start.
pub async fn run(config: &Config, args: &Args, output: Output) -> Result<()> {
    let env = runtime::real::env();
    // From the first moment that anybody can know of it: a signal that comes before somebody listens is lost.
    let stop = Stop::listen()?;
    let data = (!args.memory).then(|| config.data.clone());
    let (listener, address) = bind(SocketAddr::new(config.host, config.port), "--port")?;
    // Named after its address: several of them in one process, as in tests, are counted apart.
    let counted_as = format!("dev-{address}");
    let (memory, page_limit) = (args.memory, args.page_limit);
    let wishes = Wishes { memory, page_limit, counted_as: &counted_as, ..Wishes::default() };
    let backends = Backends::open(config, wishes, &env).await?;
    let peers = peers(&env, data.as_deref(), args, address).await?;
    let ground = Ground { backends, policy: policy(config) };
    let (site, backends) = site(&env, ground, &peers, args).await?;
    let node = site.node.clone();
    let url = format!("http://{address}");
    let (bus, store) = (config.chosen.bus, config.chosen.store);
    announce(&Banner { url, data, bus, store, peers: peers.addresses }, output);
    http::serve(http::router(&site, address), listener, &env, stop.told(args.with_parent)).await?;
    output.note(STOPPING);
    node.drain().await;
    backends.close().await;
    Ok(())
}

/// What is said when a signal was heard.
pub(crate) const STOPPING: &str = "stopping: finishing what has begun ...";

/// Takes the port, and says which it is.
///
/// # Errors
/// It is taken already; `flag` chooses another one.
pub(crate) fn bind(address: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .with_context(|| format!("{address} cannot be used; take any free port with {flag} 0"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The bounds that `config` chooses.
pub(crate) fn policy(config: &Config) -> Policy {
    let validation = Validation { per_mille: config.validate_sample, ..Validation::default() };
    let sweep_at_most = backends::sweep_at_most(config.chosen.bus);
    Policy { emission: config.emit.clone(), validation, sweep_at_most, ..Policy::default() }
}

/// What services run on in this process.
pub(crate) struct Ground {
    /// Store, bus and blobs.
    pub(crate) backends: Backends,
    /// Its bounds.
    pub(crate) policy: Policy,
}

/// Starts the simulated peers, each a process of its own, which tell what happens to what is served at `address`.
pub(crate) async fn peers(env: &Env, data: Option<&Path>, args: &Args, address: SocketAddr) -> Result<Peers> {
    let here = config::served_at(address.ip(), address.port());
    let to = |desk: &str| -> Result<Webhooks> {
        let url = format!("{here}/{desk}/{}/webhooks", wiring::SIMULATED);
        Ok(Webhooks { url, secret: peer::fresh_secret()? })
    };
    let (provider, carrier) = (to("providers")?, to("carriers")?);
    let (provider_secret, carrier_secret) = (provider.secret.clone(), carrier.secret.clone());
    let data = data.map(Path::to_path_buf);
    let supervisor = Supervisor { env: env.clone(), data, faults: args.faults, seed: args.seed };
    // At once: each reads its whole ledger before it is ready.
    let (provider, carrier, mailbox) = tokio::try_join!(
        supervisor.keep(Kind::Provider, Some(provider)),
        supervisor.keep(Kind::Carrier, Some(carrier)),
        supervisor.keep(Kind::Mailbox, None),
    )?;
    let addresses = Addresses { provider, carrier, mailbox };
    Ok(Peers { addresses, provider_secret, carrier_secret })
}

/// Starts every service. They run as long as `env` runs their tasks, or until their node is drained; afterwards the
/// backends that are given back can be closed.
pub(crate) async fn site(env: &Env, ground: Ground, peers: &Peers, args: &Args) -> Result<(Site, Backends)> {
    let options = Options {
        deadline: args.faults.then_some(SHORT_DEADLINE),
        pace: Some(PACE),
        provider_secrets: vec![peers.provider_secret.clone()],
        carrier_secrets: vec![peers.carrier_secret.clone()],
    };
    let mut services = wiring::services(peers.addresses.reach()?, options);
    services.retain(|service| args.without.as_deref() != Some(service.name()));
    running(env, ground, services, peers.addresses.all()).await
}

/// Starts these services, which ask these peers.
pub(crate) async fn running(
    env: &Env,
    ground: Ground,
    services: Vec<Service>,
    peers: BTreeMap<Kind, String>,
) -> Result<(Site, Backends)> {
    let Ground { backends, policy } = ground;
    let node = match Node::start(services, backends.ports(env), policy, wiring::wiring()).await {
        Ok(node) => Arc::new(node),
        Err(outage) => {
            backends.close().await;
            return Err(outage).context(
                "the bus did not take the queues; where a broker is, is said by --rabbitmq-url or \
                 BANYAN_RABBITMQ_URL, where AWS is by the SDK's own variables or --aws-endpoint",
            );
        }
    };
    let site = Site {
        node,
        tap: backends.tap.clone(),
        file: backends.file.clone(),
        bus: backends.bus.clone(),
        env: env.clone(),
        peers,
    };
    Ok((site, backends))
}

fn announce(banner: &Banner, output: Output) {
    let kept = match (&banner.data, banner.store) {
        (Some(data), StoreKind::Sqlite) => format!("{} (delete it to begin again)", data.display()),
        (None, StoreKind::Sqlite) => "nowhere: everything is gone when this ends".to_owned(),
        (_, store) => format!("{store}, and {} for the peers", {
            banner.data.as_ref().map_or_else(|| "nothing".to_owned(), |data| data.display().to_string())
        }),
    };
    output.answer(banner, |banner| {
        let Banner { url, peers, .. } = banner;
        format!(
            "Banyan is ready.\n\n  \
             orders, stock, parcels    {url}\n  \
             health and metrics        {url}/healthz/ready  {url}/metrics\n  \
             events as they happen     {url}/events?follow=1\n  \
             API description           {url}/openapi.json\n  \
             payment provider          {} (simulated: no card is ever charged)\n  \
             carrier                   {} (simulated: no parcel ever moves)\n  \
             mailbox                   {}/v1/mails (simulated: no mail is ever delivered)\n  \
             data                      {kept}\n\n\
             Try in another terminal:\n  \
             banyan stock adjust 85123A --location main --delta 100 --reason received --url {url}\n  \
             banyan order place --customer c-1 --line 85123A:6:255 --currency GBP --url {url}\n  \
             banyan events tail --url {url}\n\n\
             Ctrl-C stops it and loses nothing.",
            peers.provider, peers.carrier, peers.mailbox
        )
    });
}

/// Hears when the process is told to stop.
pub(crate) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// From now on.
    ///
    /// # Errors
    /// The system does not let us.
    pub(crate) fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("the signals that stop this program cannot be heard");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Ends when it is told.
    pub(crate) async fn told(mut self, with_parent: bool) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = peer::end_of_input(), if with_parent => {}
        }
    }
}
