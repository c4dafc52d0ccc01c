//! The running shop: one process for each service beside a broker, one for all on the embedded bus; and its peers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use bus::{Outgoing, Published};
use runtime::Env;
use serde_json::{Value, json};
use store::Blob;
use tempfile::TempDir;

use super::process::{Process, Start, free_port};
use crate::audit::{self, Books};
use crate::backends::{self, Backends, Wishes};
use crate::cli::Context;
use crate::client::{Client, Patience, Write, escaped};
use crate::config::{BusKind, Config};
use crate::peer::{Addresses, Kind, Supervisor, Webhooks, fresh_secret};
use crate::wiring::{self, SERVICES};

/// How long anything may take that comes to an end at all, on a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks, each of which reads whole ledgers: at first, and, doubled each time, at most.
const LOOK: Duration = Duration::from_millis(50);
const LATER_LOOK: Duration = Duration::from_millis(400);

/// The shop.
pub(super) struct Shop {
    home: TempDir,
    config: Config,
    env: Env,
    processes: Vec<(&'static str, Process)>,
    peers: Addresses,
    pub(super) client: Client,
    /// Orders that were placed.
    pub(super) placed: u64,
}

impl Shop {
    /// Starts all of it, on nothing.
    pub(super) async fn open(context: &Context) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("banyan-e2e-").tempdir();
        let home = home.context("no directory for temporary data can be made")?;
        let mut config = context.config.clone();
        config.data = home.path().join("data");
        let fresh = context.env.fresh_id().simple().to_string();
        // Its end: the beginning is the time.
        config.chosen = config.chosen.on_trial(format!("e2e_{}", &fresh[fresh.len() - 12..]));
        let env = context.env.clone();
        std::fs::create_dir_all(&config.data)?;
        if config.chosen.bus == BusKind::Embedded {
            Self::together(home, config, env).await
        } else {
            Self::apart(home, config, env).await
        }
    }

    async fn together(home: TempDir, config: Config, env: Env) -> Result<Self> {
        let port = free_port()?;
        let dev = Process::start(start(&config, home.path(), &["dev"], port), &env).await?;
        let peers = addresses(&dev.said)?;
        let client = Client::new(format!("http://127.0.0.1:{port}"))?;
        let processes = vec![("dev", dev)];
        Ok(Self { home, config, env, processes, peers, client, placed: 0 })
    }

    async fn apart(home: TempDir, config: Config, env: Env) -> Result<Self> {
        let (token, secret) = (fresh_secret()?, fresh_secret()?);
        let supervisor =
            Supervisor { env: env.clone(), data: Some(config.data.clone()), faults: false, seed: 1 };
        let mut peers = Addresses::default();
        let (mut processes, mut places) = (Vec::new(), Vec::new());
        for service in SERVICES {
            let (port, ops_port) = (free_port()?, free_port()?);
            let peer = crate::serve::peer_of(service);
            let mut start = start(&config, home.path(), &["serve", service], port);
            start
                .args
                .extend(["--ops-host", "127.0.0.1", "--ops-port", &ops_port.to_string()].map(str::to_owned));
            if let Some(kind) = peer {
                let to = |desk: &str| Webhooks {
                    url: format!("http://127.0.0.1:{port}/{desk}/{}/webhooks", wiring::SIMULATED),
                    secret: secret.clone(),
                };
                let webhooks = kind.desk().map(to);
                let url = supervisor.keep(kind, webhooks).await?;
                start.args.extend(["--peer-url".to_owned(), url.clone()]);
                *peers.of_mut(kind) = url;
            }
            for (name, value) in [("TOKEN", &token), ("WEBHOOK_SECRET", &secret)] {
                start.variables.push((format!("BANYAN_{name}"), value.expose().to_owned()));
            }
            processes.push((service, Process::start(start, &env).await?));
            places.push((service, format!("http://127.0.0.1:{ops_port}")));
        }
        let client = Client::of_all(places, token)?;
        Ok(Self { home, config, env, processes, peers, client, placed: 0 })
    }

    /// Stops all of it. What it made on a broker, in a database or an account is removed, unless somebody may want to look
    /// at it.
    pub(super) async fn close(mut self, is_looked_at: bool) {
        for (_, process) in &mut self.processes {
            process.stop(&self.env).await;
        }
        let prefix = &self.config.chosen.prefix;
        if is_looked_at {
            tracing::warn!(prefix, "what is under this name is left to be looked at");
        } else if let Err(error) = Box::pin(backends::demolish(&self.config, &self.env)).await {
            tracing::warn!(error = format!("{error:#}"), prefix, "something of this name is left");
        }
        self.home.close().ok();
    }

    /// Lays `blob` where data lies that is too large for a message.
    pub(super) async fn keep(&self, blob: Blob) -> Result<()> {
        let wishes = Wishes { writer: "e2e", ..Wishes::default() };
        let blobs = backends::blobs::open(&self.config, wishes, &self.env).await?;
        Ok(blobs.put(blob, self.env.now()).await?)
    }

    /// SIGKILL for whoever runs `service`.
    pub(super) async fn kill(&mut self, service: &str) -> Result<()> {
        self.process(service)?.kill().await
    }

    /// Starts it again.
    pub(super) async fn start_again(&mut self, service: &str) -> Result<()> {
        let env = self.env.clone();
        let process = self.process(service)?;
        process.start_again(&env).await?;
        let said = process.said.clone();
        if self.config.chosen.bus == BusKind::Embedded {
            // It has started its peers anew, on other ports.
            self.peers = addresses(&said)?;
        }
        Ok(())
    }

    fn process(&mut self, service: &str) -> Result<&mut Process> {
        let mut processes = self.processes.iter_mut();
        let found = processes.find(|(name, _)| *name == service || *name == "dev");
        found.map(|(_, process)| process).context("there is no such service")
    }

    /// Whether the bus has a broker that could be restarted.
    pub(super) fn has_broker(&self) -> bool {
        self.config.chosen.bus != BusKind::Embedded
    }

    /// Publishes what no service and no route would: anything. One process owns the embedded bus's file, so the shop is
    /// closed meanwhile.
    pub(super) async fn inject(&mut self, messages: Vec<Outgoing>) -> Result<()> {
        let (env, is_embedded) = (self.env.clone(), !self.has_broker());
        if is_embedded {
            self.process("dev")?.stop(&env).await;
        }
        let wishes = Wishes { counted_as: "e2e", writer: "e2e", ..Wishes::default() };
        let backends = Backends::open(&self.config, wishes, &env).await?;
        backends.bus.declare(wiring::wiring()).await?;
        let answers = backends.bus.publish(messages).await;
        backends.close().await;
        if is_embedded {
            self.start_again("dev").await?;
        }
        ensure!(answers.iter().all(|answer| *answer == Published::Confirmed), "not published: {answers:?}");
        Ok(())
    }

    /// Writes until it is answered.
    pub(super) async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Value> {
        let write = Write::json(path, key.map(str::to_owned), body);
        Ok(self.client.post_until_answered(&write, &self.env, Patience::BULK).await?)
    }

    /// Puts ten of a thing on the shelf.
    pub(super) async fn receive(&self, sku: &str) -> Result<()> {
        let body = json!({ "location": "main", "delta": super::order::SHELF, "reason": "received" });
        self.post(&format!("/stock/{}/adjust", escaped(sku)), None, &body).await.map(drop)
    }

    /// The status of an order.
    pub(super) async fn status(&self, id: &str) -> Result<String> {
        let order: Value = self.client.get(&format!("/orders/{}", escaped(id))).await?;
        Ok(order["status"].as_str().unwrap_or_default().to_owned())
    }

    /// What the peers' ledgers come to.
    pub(super) async fn books(&self) -> Result<Books> {
        Ok(audit::ledgers(&self.peers.all()).await?.books())
    }

    /// Looks until it is so, or for a long time; the last that was seen, or why nothing was.
    pub(super) async fn until<T>(
        &self,
        look: impl AsyncFn(&Self) -> Result<T>,
        is_so: impl Fn(&T) -> bool,
    ) -> Result<T> {
        let (begun, mut pause) = (self.env.now(), LOOK);
        loop {
            let seen = look(self).await;
            let is_over = self.env.now().since(begun) > PATIENCE;
            match seen {
                Ok(seen) if is_over || is_so(&seen) => return Ok(seen),
                Err(error) if is_over => return Err(error),
                Ok(_) | Err(_) => self.env.clock.sleep(pause).await,
            }
            pause = (pause * 2).min(LATER_LOOK);
        }
    }

    /// What does not add up once everything is at rest.
    pub(super) async fn audit(&self) -> Result<Vec<String>> {
        let look = async |shop: &Self| -> Result<audit::Report> {
            Ok(match shop.client.is_apart() {
                true => audit::of_all(&shop.client).await?,
                false => shop.client.get("/audit").await?,
            })
        };
        let quiet = |report: &audit::Report| {
            report.in_flight == 0 && report.counts.under_way == 0 && report.orders == self.placed
        };
        let report = self.until(look, quiet).await?;
        let mut wrong = report.violations.clone();
        let seen = (report.orders, report.in_flight, report.dead_letters, report.stuck.len());
        if seen != (self.placed, 0, 0, 0) {
            wrong.push(format!(
                "wanted {} orders, none of them on the way, no dead letter and nobody stuck; got {seen:?}",
                self.placed
            ));
        }
        for (peer, ledger) in &report.ledgers {
            if ledger.effects == 0 || ledger.disagreements > 0 {
                wrong.push(format!("{peer}: wanted effects and no disagreement, got {ledger:?}"));
            }
        }
        Ok(wrong)
    }
}

fn start(config: &Config, home: &Path, command: &[&str], port: u16) -> Start {
    let fixed = ["--with-parent", "--json", "--host", "127.0.0.1", "--port", &port.to_string(), "--data"];
    let data = config.data.to_string_lossy();
    let args = command.iter().copied().chain(fixed).chain([data.as_ref()]).map(str::to_owned).collect();
    let log = home.join(format!("{}.log", command.join("-")));
    Start { args, variables: config.handed_on().collect(), log }
}

/// Where the peers of a `dev` are, as it says itself.
fn addresses(said: &Value) -> Result<Addresses> {
    let mut peers = Addresses::default();
    for kind in Kind::ALL {
        let Some(url) = said["peers"][kind.as_str()].as_str() else { bail!("dev has no {}", kind.as_str()) };
        url.clone_into(peers.of_mut(kind));
    }
    Ok(peers)
}
