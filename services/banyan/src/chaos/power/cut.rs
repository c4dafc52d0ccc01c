//! One loss of power: what it has left, held against what customers were told before it.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use futures_util::future::join_all;
use runtime::Env;
use store::sqlite::Engine;
use store::sqlite::vfs::Controls;

use super::shop::{self, Shop};
use crate::chaos::book::Book;
use crate::chaos::load::Customer;
use crate::chaos::settle;
use crate::chaos::verdict::{self, Again, Verdict};
use crate::peer::Peers;

/// Keys that are sent once more after a cut: the last ones before it, which it would hit first.
const AGAIN: usize = 12;
/// A file that cannot be read to its end within this time is no better than one that cannot be opened.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a cut is judged with.
#[derive(Clone, Copy)]
pub(super) struct Judge<'a> {
    pub(super) env: &'a Env,
    pub(super) peers: &'a Peers,
}

impl Judge<'_> {
    /// Opens what is in `folder`, through `disk` if there is one, and looks for everything that `told` knows.
    pub(super) async fn of(self, folder: &Path, told: &Book, disk: Option<Controls>) -> Verdict {
        let engine = match shop::open(folder, disk) {
            Ok(engine) => engine,
            Err(error) => return broken(anyhow::Error::new(error).context("the file cannot be opened")),
        };
        let judged = tokio::select! {
            biased;
            judged = self.engine(&engine, told) => judged,
            () = self.env.clock.sleep(PATIENCE) => Err(anyhow!("the file is not read in {} s", PATIENCE.as_secs())),
        };
        engine.close();
        judged.unwrap_or_else(broken)
    }

    /// Lets the services go on with what is in `folder` until everything has settled. Who was not answered asks again.
    pub(super) async fn resumed(self, folder: &Path, listener: TcpListener, book: Book) -> Verdict {
        let engine = match shop::open(folder, None) {
            Ok(engine) => engine,
            Err(error) => return broken(anyhow::Error::new(error).context("the file cannot be opened")),
        };
        let shop = match Shop::start(self.env, &engine, self.peers, listener, false).await {
            Ok(shop) => shop,
            Err(error) => return broken(error),
        };
        let judged = self.settled(&shop, book).await;
        shop.end().await;
        judged.unwrap_or_else(broken)
    }

    async fn settled(self, shop: &Shop, book: Book) -> Result<Verdict> {
        let customer = self.customer(shop, book);
        let unanswered: Vec<u64> = {
            let entries = customer.book.entries();
            (0..entries.sent).filter(|nth| !entries.told.contains_key(nth)).collect()
        };
        join_all(unanswered.into_iter().map(|nth| customer.clone().place(nth))).await;
        let unsettled = settle::rest(&shop.client, self.env).await?;
        let mut verdict = verdict::of(&customer, Again::All).await?;
        verdict.audited(&shop.client.get("/audit").await?);
        verdict.violated.extend(unsettled);
        Ok(verdict)
    }

    async fn engine(self, engine: &Arc<Engine>, told: &Book) -> Result<Verdict> {
        let findings = engine.integrity()?;
        if !findings.is_empty() {
            // In a broken file the same rows may come again and again.
            return Ok(Verdict { violated: findings, ..Verdict::default() });
        }
        let shop = Shop::start(self.env, engine, self.peers, shop::listen()?, true).await?;
        let judged = self.shop(&shop, told).await;
        shop.end().await;
        judged
    }

    async fn shop(self, shop: &Shop, told: &Book) -> Result<Verdict> {
        let customer = self.customer(shop, told.clone());
        let mut verdict = verdict::of(&customer, Again::Last(AGAIN)).await?;
        let audits = shop.node.audit().await.map_err(|fail| anyhow!("the audit failed: {fail:?}"))?;
        for (service, found) in audits {
            verdict
                .violated
                .extend(found.violations.iter().map(|violation| format!("{service}: {violation}")));
        }
        Ok(verdict)
    }

    fn customer(self, shop: &Shop, book: Book) -> Customer {
        let (client, env) = (shop.client.clone(), self.env.clone());
        Customer { client, env, book, position: Arc::new(|| 0) }
    }
}

fn broken(error: anyhow::Error) -> Verdict {
    Verdict { violated: vec![format!("{error:#}")], ..Verdict::default() }
}
