//! What the shop runs on while it is killed, and how that is killed itself: by commands that whoever starts this knows.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Url;
use runtime::Env;
use tokio::process::Command;

use super::heard;
use super::wire::Wire;
use crate::backends::{self, Backends, Wishes};
use crate::cli::{Context, Failure};
use crate::config::{BusKind, Config};
use crate::wiring;

/// How long a broker or a database may take to be killed and to be there again.
const RESTART: Duration = Duration::from_secs(180);

/// How what the shop runs on is killed and started again.
#[derive(Debug, Clone, Default)]
pub struct Restarts {
    /// For the shell: returns once the broker is there again.
    pub broker: Option<String>,
    /// The same for the database.
    pub database: Option<String>,
}

/// A bus and a store that nobody else has.
pub(super) struct Ground {
    config: Config,
    restarts: Restarts,
    pub(super) env: Env,
    wires: Vec<Wire>,
}

impl Ground {
    /// What the configuration names, under a name of its own; with `is_cut` by ways that can be cut.
    ///
    /// # Errors
    /// There is nothing that can be cut.
    pub(super) async fn lay(restarts: Restarts, is_cut: bool, context: &Context) -> Result<Self> {
        let (env, mut config) = (context.env.clone(), context.config.clone());
        config.chosen = config.chosen.on_trial(format!("chaos_{:016x}", env.nonce().0));
        let mut wires = Vec::new();
        if is_cut {
            let chosen = &mut config.chosen;
            let ways: Vec<(&mut String, u16)> = match chosen.bus {
                BusKind::Embedded => {
                    return Err(Failure::usage("the embedded bus has no connections to be cut").into());
                }
                BusKind::RabbitMq => {
                    vec![(&mut chosen.rabbitmq_url, 5_672), (&mut chosen.postgres_url, 5_432)]
                }
                BusKind::Aws => vec![(&mut chosen.aws_endpoint, 80)],
            };
            for (url, port) in ways {
                wires.push(by_wire(url, port, &env).await?);
            }
        }
        Ok(Self { config, restarts, env, wires })
    }

    /// Arguments of a `dev` on it.
    pub(super) fn arguments(&self) -> [String; 4] {
        let chosen = &self.config.chosen;
        ["--bus".to_owned(), chosen.bus.to_string(), "--store".to_owned(), chosen.store.to_string()]
    }

    /// What a `dev` on it is told by the environment: there may be passwords in it.
    pub(super) fn variables(&self) -> Vec<(String, String)> {
        self.config.handed_on().collect()
    }

    /// Cuts every connection; new ones can be made.
    pub(super) fn cut(&self) {
        self.wires.iter().for_each(Wire::cut);
    }

    /// Kills the broker, and waits until it is there again.
    ///
    /// # Errors
    /// The command fails, or takes too long.
    pub(super) async fn restart_broker(&self) -> Result<()> {
        self.restart(self.restarts.broker.as_deref(), "--broker-restart").await
    }

    /// Kills the database, and waits until it is there again.
    ///
    /// # Errors
    /// As for [`Ground::restart_broker`].
    pub(super) async fn restart_database(&self) -> Result<()> {
        self.restart(self.restarts.database.as_deref(), "--database-restart").await
    }

    async fn restart(&self, command: Option<&str>, flag: &str) -> Result<()> {
        let command = command.with_context(|| format!("{flag} is missing"))?;
        // Nothing that it leaves running may hold an end of ours.
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = tokio::select! {
            biased;
            status = shell.status() => status.with_context(|| format!("{flag} cannot be run"))?,
            () = self.env.clock.sleep(RESTART) => bail!("{flag} takes longer than {} s", RESTART.as_secs()),
        };
        if !status.success() {
            bail!("{flag} failed ({status})");
        }
        Ok(())
    }

    /// What subscribers have not handled, as the store says that the shop had whose files are in `data`. Nobody may run on it.
    ///
    /// # Errors
    /// The store cannot be opened or does not answer.
    pub(super) async fn unheard(&self, data: &Path) -> Result<Vec<String>> {
        let config = Config { data: data.to_owned(), ..self.config.clone() };
        let backends = Box::pin(Backends::open(&config, Wishes::default(), &self.env)).await?;
        let unheard = heard::unheard(backends.store.as_ref(), &wiring::wiring(), self.env.now()).await;
        backends.close().await;
        unheard.context("whether every event was handled cannot be seen")
    }

    /// Removes what the shop made elsewhere.
    pub(super) async fn clear(&self) {
        if let Err(error) = Box::pin(backends::demolish(&self.config, &self.env)).await {
            let prefix = &self.config.chosen.prefix;
            tracing::warn!(error = format!("{error:#}"), prefix, "something of this name is left");
        }
    }
}

/// Lays a wire to where `url` points, and makes it point to the wire.
async fn by_wire(url: &mut String, usual: u16, env: &Env) -> Result<Wire> {
    let unusable =
        || Failure::usage("connections can be cut to an address with a host, and to http, not https");
    let mut parsed = Url::parse(url).map_err(|_| unusable())?;
    let host = parsed.host_str().ok_or_else(unusable)?.trim_matches(['[', ']']).to_owned();
    if parsed.scheme() == "https" {
        return Err(unusable().into());
    }
    let wire = Wire::lay((host, parsed.port().unwrap_or(usual)), env).await?;
    let (host, port) = (wire.address.ip().to_string(), wire.address.port());
    parsed.set_host(Some(&host)).map_err(|_| unusable())?;
    parsed.set_port(Some(port)).map_err(|()| unusable())?;
    url.clear();
    url.push_str(parsed.as_str().trim_end_matches('/'));
    Ok(wire)
}
