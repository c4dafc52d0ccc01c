//! Reading for answers and audits: typed, never checked, never decides.

use std::sync::Arc;
use std::task::Poll;

use serde::de::DeserializeOwned;
use store::{Key, Page, Query, Row, Store};

use crate::collection::{Collection, Counters, Doc, Levels, decode};
use crate::env::Env;
use crate::fail::Fail;
use crate::uow::levels_of;

/// Reads one service's items.
#[derive(Clone)]
pub struct Reader {
    store: Arc<dyn Store>,
    env: Env,
}

impl Reader {
    pub(crate) fn new(store: Arc<dyn Store>, env: Env) -> Self {
        Self { store, env }
    }

    /// One document.
    ///
    /// # Errors
    /// [`Fail::Outage`], or [`Fail::Permanent`] when the stored bytes are not a `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        of: &Collection<T>,
        id: &str,
    ) -> Result<Option<Doc<T>>, Fail> {
        let found = self.store.read(vec![Key::new(of.name(), id)], self.env.now()).await?;
        match found.into_iter().next().flatten() {
            Some(item) => decode(id, item.version, &item.body).map(Some),
            None => Ok(None),
        }
    }

    /// Counters, in the order of `ids`; absent ones are all zeros.
    ///
    /// # Errors
    /// As for [`Reader::get`].
    pub async fn levels(&self, of: &Counters, ids: &[&str]) -> Result<Vec<Levels>, Fail> {
        let keys = ids.iter().map(|id| Key::new(of.name, *id)).collect();
        let found = self.store.read(keys, self.env.now()).await?;
        found.into_iter().map(|item| item.map_or_else(|| Ok(Levels::default()), levels_of)).collect()
    }

    /// One page of an index: documents, and where to go on.
    ///
    /// # Errors
    /// As for [`Reader::get`].
    pub async fn list<T: DeserializeOwned>(
        &self,
        of: &Collection<T>,
        query: Query,
    ) -> Result<(Vec<Doc<T>>, Option<String>), Fail> {
        debug_assert_eq!(of.name(), query.collection, "a query names the collection it reads");
        let Page { rows, next } = self.store.query(query, self.env.now()).await?;
        let docs = rows
            .into_iter()
            .map(|row| decode(&row.id, row.item.version, &row.item.body))
            .collect::<Result<_, _>>()?;
        Ok((docs, next))
    }

    /// A consistent picture, for audits.
    ///
    /// # Errors
    /// [`Fail::Outage`].
    pub async fn snapshot(&self) -> Result<Picture, Fail> {
        Ok(Picture(self.store.snapshot(self.env.now()).await?))
    }
}

/// A consistent picture of the store.
pub struct Picture(Box<dyn store::Snapshot>);

impl Picture {
    const PAGE: usize = 500;

    /// Shows every document of a collection to `visit`, in the order of ids.
    ///
    /// # Errors
    /// As for [`Reader::get`].
    pub async fn each<T: DeserializeOwned>(
        &mut self,
        of: &Collection<T>,
        mut visit: impl FnMut(Doc<T>) + Send,
    ) -> Result<(), Fail> {
        self.rows(of.name(), |row| {
            visit(decode(&row.id, row.item.version, &row.item.body)?);
            Ok(())
        })
        .await
    }

    /// Shows every counter of a kind to `visit`, in the order of ids.
    ///
    /// # Errors
    /// As for [`Reader::get`].
    pub async fn each_level(
        &mut self,
        of: &Counters,
        mut visit: impl FnMut(String, Levels) + Send,
    ) -> Result<(), Fail> {
        self.rows(of.name, |row| {
            let id = row.id;
            levels_of(row.item).map(|levels| visit(id, levels))
        })
        .await
    }

    async fn rows(
        &mut self,
        collection: &str,
        mut visit: impl FnMut(Row) -> Result<(), Fail> + Send,
    ) -> Result<(), Fail> {
        let mut after: Option<String> = None;
        loop {
            let rows = self.0.page(collection, after.as_deref(), Self::PAGE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id.clone());
            let is_full = rows.len() == Self::PAGE;
            for row in rows {
                visit(row)?;
            }
            // A file answers at once: without this, an audit of a large shop would keep a thread from all others.
            if is_full {
                let_others_run().await;
            }
        }
    }
}

/// Is not ready once, and asks to be looked at again after those that wait.
async fn let_others_run() {
    let mut has_waited = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
