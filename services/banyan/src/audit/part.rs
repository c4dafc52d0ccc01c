//! What one process can say: of its own services, and of the peers that these ask. Processes are judged together.

use std::collections::{BTreeMap, BTreeSet};

use runtime::operate::{Filter, PAGE};
use runtime::{Findings, Problem};
use serde::{Deserialize, Serialize};

use super::{Ledgers, Looks, Report, ledgers};
use crate::client::{Client, Error};
use crate::http::Site;
use crate::wiring::SERVICES;

/// One look at one process, or at several.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(super) findings: Vec<(&'static str, Findings)>,
    pub(super) ledgers: Ledgers,
    /// Whether messages were on their way.
    pub(super) busy: bool,
    pub(super) dead_letters: u64,
    pub(super) stuck: BTreeSet<String>,
}

/// The same as it is sent: what a service found under its name.
#[derive(Debug, Serialize, Deserialize)]
struct Sent {
    services: BTreeMap<String, Findings>,
    ledgers: Ledgers,
    busy: bool,
    dead_letters: u64,
    stuck: BTreeSet<String>,
}

/// Looks at this process.
///
/// # Errors
/// A problem: a service cannot read its own items, or a peer cannot be asked.
pub(crate) async fn part(site: &Site) -> Result<Part, Problem> {
    let is_busy = async || -> Result<bool, Problem> {
        Ok(site.node.queues().await?.iter().any(|queue| queue.waiting + queue.in_flight > 0))
    };
    let busy = is_busy().await?;
    let findings = site.node.audit().await?;
    let ledgers = ledgers(&site.peers).await.map_err(|error| {
        Problem::new(503, "peer-unavailable", "Peer unavailable", format!("{error:#}"))
            .hint("a simulated peer is started again by itself; try again")
            .retry_after(2)
    })?;
    let busy = busy || is_busy().await?;
    let dead = site.node.dead_letters(&Filter::default(), PAGE).await?;
    let dead_letters = dead.len() as u64;
    let stuck = dead.into_iter().map(|letter| letter.subject).filter(|subject| !subject.is_empty()).collect();
    Ok(Part { findings, ledgers, busy, dead_letters, stuck })
}

/// Audits services that are processes of their own, each of which tells its part.
///
/// # Errors
/// One of them cannot be asked, or cannot ask its peer.
pub(crate) async fn of_all(client: &Client) -> Result<Report, Error> {
    let mut looks = Looks::default();
    loop {
        let mut whole = Part::default();
        for sent in client.each::<Sent>("/audit").await? {
            whole.add(sent);
        }
        if let Some(report) = looks.take(whole) {
            return Ok(report);
        }
    }
}

impl Part {
    fn add(&mut self, sent: Sent) {
        let Sent { mut services, ledgers, busy, dead_letters, stuck } = sent;
        self.findings.extend(SERVICES.into_iter().filter_map(|name| Some((name, services.remove(name)?))));
        self.ledgers.add(ledgers);
        self.busy |= busy;
        self.dead_letters += dead_letters;
        self.stuck.extend(stuck);
    }
}

impl Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { findings, ledgers, busy, dead_letters, stuck } = self;
        let services = findings.iter().map(|(name, found)| ((*name).to_owned(), found.clone())).collect();
        let (ledgers, stuck) = (ledgers.clone(), stuck.clone());
        Sent { services, ledgers, busy: *busy, dead_letters: *dead_letters, stuck }.serialize(serializer)
    }
}
