//! Every service in this process, on a file of which everything is known.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bus::{Boxed, Bus, Caps, Delivery, Embedded, Outgoing, Published, QueueState, Settle, Token, Wiring};
use runtime::{Env, Node, Policy};
use store::Outage;
use store::blobs::Memory;
use store::sqlite::vfs::Controls;
use store::sqlite::{self, Engine, OpenError};
use tokio::sync::oneshot;

use super::leash::Leash;
use crate::backends::{Backends, File};
use crate::client::Client;
use crate::dev::{self, Ground};
use crate::http;
use crate::peer::Peers;

/// Opens the file in `folder`.
pub(super) fn open(folder: &Path, disk: Option<Controls>) -> Result<Arc<Engine>, OpenError> {
    let config = sqlite::Config { vfs: disk, ..sqlite::Config::file(folder.join("banyan.db")) };
    Engine::open(config).map(Arc::new)
}

/// Any free port.
pub(super) fn listen() -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Running services.
pub(super) struct Shop {
    pub(super) node: Arc<Node>,
    pub(super) client: Client,
    engine: Arc<Engine>,
    leash: Leash,
    stop: oneshot::Sender<()>,
}

impl Shop {
    /// Starts every service on `engine`. One that `is_quiet` answers requests, and no message is handled.
    ///
    /// # Errors
    /// The port or the file cannot be used.
    pub(super) async fn start(
        env: &Env,
        engine: &Arc<Engine>,
        peers: &Peers,
        listener: TcpListener,
        is_quiet: bool,
    ) -> Result<Self> {
        let leash = Leash::default();
        let own = leash.env(env);
        let address = listener.local_addr()?;
        // No order here is too large for a message.
        let blobs = Arc::new(Memory::default());
        let mut backends = Backends::embedded(File { engine: engine.clone(), disk: None }, blobs);
        if is_quiet {
            backends.bus = Arc::new(Quiet(Embedded::new(engine.clone())));
        }
        let ground = Ground { backends, policy: Policy::default() };
        let (site, _) = dev::site(&own, ground, peers, &dev::Args::default()).await?;
        let (node, time) = (site.node.clone(), own.clone());
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            stopped.await.ok();
        };
        let serve = async move {
            if let Err(error) = http::serve(http::router(&site, address), listener, &time, stopped).await {
                tracing::error!(error = %error, "the services cannot be reached");
            }
        };
        own.spawn.spawn("chaos.serve".into(), Box::pin(serve));
        let client = Client::new(format!("http://{address}")).context("there is no client")?;
        Ok(Self { node, client, engine: engine.clone(), leash, stop })
    }

    /// Finishes what has begun, and closes the file.
    pub(super) async fn stop(self) {
        self.stop.send(()).ok();
        self.node.drain().await;
        self.leash.end().await;
        self.engine.close();
    }

    /// Ends in the middle of whatever it does.
    pub(super) async fn end(self) {
        self.die().await;
        self.engine.close();
    }

    /// The same, with the file still open. Nothing is asked of a peer any more.
    pub(super) async fn die(&self) {
        self.leash.end().await;
    }
}

/// A bus on which nothing arrives.
struct Quiet(Embedded);

impl Bus for Quiet {
    fn caps(&self) -> Caps {
        self.0.caps()
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        self.0.declare(wiring)
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        self.0.publish(batch)
    }

    fn receive(&self, _: Arc<str>, _: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        Box::pin(std::future::pending())
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        self.0.settle(settlements)
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        self.0.inspect()
    }
}
