//! The peers' ledgers, page by page.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

use super::Books;
use crate::client::Client;
use crate::peer::{Addresses, Kind};

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

/// Reads all ledgers.
///
/// # Errors
/// A peer cannot be asked.
pub(super) async fn books(peers: &Addresses) -> Result<Books> {
    let mut books = Books::default();
    books.provider(&export::<payment::simulated::Page>(peers, Kind::Provider).await?);
    books.carrier(&export::<shipping::simulated::Page>(peers, Kind::Carrier).await?);
    books.mailbox(&export::<notification::simulated::Page>(peers, Kind::Mailbox).await?);
    Ok(books)
}

async fn export<P: Page>(peers: &Addresses, kind: Kind) -> Result<Vec<P::Entry>> {
    let client = Client::new(peers.of(kind))?;
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
