//! The peers' ledgers, page by page.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Books;
use crate::client::Client;
use crate::peer::Kind;

/// A page of an export.
trait Page: DeserializeOwned {
    type Entry;

    /// What is on it, and where to go on.
    fn turn(self) -> (Vec<Self::Entry>, Option<u64>);
}

macro_rules! pages {
    ($($peer:ident)*) => {$(
        impl Page for $peer::simulated::Page {
            type Entry = $peer::simulated::ledger::Entry;

            fn turn(self) -> (Vec<Self::Entry>, Option<u64>) {
                (self.entries, self.next_after)
            }
        }
    )*};
}

pages!(payment shipping notification);

/// What peers wrote down; of a peer that nobody asked for, nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ledgers {
    provider: Vec<payment::simulated::ledger::Entry>,
    carrier: Vec<shipping::simulated::ledger::Entry>,
    mailbox: Vec<notification::simulated::ledger::Entry>,
}

impl Ledgers {
    /// Adds those of other peers.
    pub(super) fn add(&mut self, other: Self) {
        self.provider.extend(other.provider);
        self.carrier.extend(other.carrier);
        self.mailbox.extend(other.mailbox);
    }

    /// What they come to.
    pub(crate) fn books(&self) -> Books {
        let mut books = Books::default();
        books.provider(&self.provider);
        books.carrier(&self.carrier);
        books.mailbox(&self.mailbox);
        books
    }
}

/// Reads the ledgers of these peers.
///
/// # Errors
/// A peer cannot be asked.
pub(crate) async fn ledgers(peers: &BTreeMap<Kind, String>) -> Result<Ledgers> {
    let mut read = Ledgers::default();
    for (kind, at) in peers {
        match kind {
            Kind::Provider => read.provider = export::<payment::simulated::Page>(*kind, at).await?,
            Kind::Carrier => read.carrier = export::<shipping::simulated::Page>(*kind, at).await?,
            Kind::Mailbox => read.mailbox = export::<notification::simulated::Page>(*kind, at).await?,
        }
    }
    Ok(read)
}

async fn export<P: Page>(kind: Kind, at: &str) -> Result<Vec<P::Entry>> {
    let client = Client::new(at)?;
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let page: P = client
            .get(&format!("/v1/ledger?after={after}"))
            .await
            .with_context(|| format!("the simulated {} cannot be asked for its ledger", kind.as_str()))?;
        let (more, next) = page.turn();
        entries.extend(more);
        match next {
            Some(next) => after = next,
            None => return Ok(entries),
        }
    }
}
