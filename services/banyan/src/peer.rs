//! The simulated peers as processes of their own: reached over a socket, each killed and started again on its own.

mod odds;
mod secret;
mod serve;
mod supervise;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use runtime::signature::Secret;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::wiring;

pub use secret::fresh as fresh_secret;
pub use serve::run;
pub use supervise::{Supervisor, Webhooks};

/// Which peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// The payment provider: no card is ever charged.
    Provider,
    /// The carrier: no parcel ever moves.
    Carrier,
    /// The mailbox: no mail is ever delivered.
    Mailbox,
}

impl Kind {
    /// Every peer.
    pub const ALL: [Self; 3] = [Self::Provider, Self::Carrier, Self::Mailbox];

    /// The word for it: on the command line, and of its ledger's file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Carrier => "carrier",
            Self::Mailbox => "mailbox",
        }
    }

    /// The beginning of the path at which it tells what happens, if it does.
    #[must_use]
    pub fn desk(self) -> Option<&'static str> {
        match self {
            Self::Provider => Some("providers"),
            Self::Carrier => Some("carriers"),
            Self::Mailbox => None,
        }
    }
}

/// `banyan peer provider|carrier|mailbox`
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Which peer to simulate
    pub peer: Kind,
    /// Its ledger; without one it is kept in memory
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Port on loopback, 0 = any free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub listen: u16,
    /// Where to tell what happens, signed with the secret that is the first line of standard input
    #[arg(long, value_name = "URL")]
    pub webhook: Option<String>,
    /// Misbehave now and then
    #[arg(long)]
    pub faults: bool,
    /// What its misbehaviour is drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What a peer says when it is ready, as one JSON line.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    url: String,
}

/// How long a call may take that a simulated peer never answers; whoever asks gives up before.
const HOLD: Duration = Duration::from_secs(10);

/// Ends when whoever holds the other end of standard input is gone.
pub(crate) async fn end_of_input() {
    end_of(tokio::io::stdin()).await;
}

async fn end_of(mut input: impl AsyncRead + Unpin) {
    let mut nothing = [0; 64];
    while input.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
}

/// The running peers.
#[derive(Debug, Clone)]
pub struct Peers {
    /// Where they are.
    pub addresses: Addresses,
    /// What the provider signs with.
    pub provider_secret: Secret,
    /// What the carrier signs with.
    pub carrier_secret: Secret,
}

/// Where the peers are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// The payment provider's origin.
    pub provider: String,
    /// The carrier's origin.
    pub carrier: String,
    /// The mailbox's origin.
    pub mailbox: String,
}

impl Addresses {
    /// The origin of one of them.
    #[must_use]
    pub fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Provider => &self.provider,
            Kind::Carrier => &self.carrier,
            Kind::Mailbox => &self.mailbox,
        }
    }

    /// The same, to be filled in.
    pub(crate) fn of_mut(&mut self, kind: Kind) -> &mut String {
        match kind {
            Kind::Provider => &mut self.provider,
            Kind::Carrier => &mut self.carrier,
            Kind::Mailbox => &mut self.mailbox,
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> BTreeMap<Kind, String> {
        Kind::ALL.map(|kind| (kind, self.of(kind).to_owned())).into()
    }

    /// The ways to them.
    ///
    /// # Errors
    /// An address is not one.
    pub fn reach(&self) -> Result<wiring::Peers> {
        let (connect_timeout, request_timeout) = (Duration::from_secs(2), HOLD / 2);
        let gateway = payment::gateway::simulated::Config {
            base_url: self.provider.clone(),
            connect_timeout,
            request_timeout,
        };
        let carrier = shipping::carrier::simulated::Config {
            base_url: self.carrier.clone(),
            connect_timeout,
            request_timeout,
        };
        let mailbox = notification::mailbox::simulated::Config {
            base_url: self.mailbox.clone(),
            connect_timeout,
            request_timeout,
        };
        Ok(wiring::Peers {
            gateway: Arc::new(payment::gateway::simulated::Http::new(&gateway)?),
            carrier: Arc::new(shipping::carrier::simulated::Http::new(&carrier)?),
            mailbox: Arc::new(notification::mailbox::simulated::Http::new(&mailbox)?),
        })
    }
}
