//! Queries, misunderstood.

use contracts::Timestamp;
use store::{Outage, Page, Query};

use super::{Flaw, Wrong};

impl Wrong {
    /// One page as this store understands the question.
    pub(super) async fn page(&self, mut query: Query, now: Timestamp) -> Result<Page, Outage> {
        let asked = query.clone();
        match self.flaw {
            Flaw::IndexNeverForgets => return Ok(self.memory.rows(&query)),
            Flaw::CursorByOffset => return self.by_offset(query, now).await,
            Flaw::CursorBySortValue => return self.by_sort_value(query, now).await,
            Flaw::PagesUnbounded => return self.unbounded(query, now).await,
            Flaw::EmptyPageIsTheEnd => return self.without_expired(query, now).await,
            Flaw::CollectionsMerged => query.collection = "all".into(),
            Flaw::IndexesMerged => query.index = "all".into(),
            Flaw::PartitionsMerged => "all".clone_into(&mut query.partition),
            Flaw::BoundsIgnored => (query.from, query.to) = (String::new(), None),
            Flaw::OldestFirst => query.newest_first = false,
            Flaw::LimitIgnored => query.limit = Query::MAX_LIMIT,
            _ => {}
        }
        let mut page = self.inner.query(query, now).await?;
        match self.flaw {
            Flaw::RowsById => page.rows.sort_by(|a, b| a.id.cmp(&b.id)),
            Flaw::BoundsExclusive => {
                page.rows.retain(|row| row.sort > asked.from && asked.to.as_ref() != Some(&row.sort))
            }
            _ => {}
        }
        Ok(page)
    }

    /// A cursor that counts rows: inserts before it shift everything.
    async fn by_offset(&self, query: Query, now: Timestamp) -> Result<Page, Outage> {
        let offset: usize = query.after.as_ref().and_then(|after| after.parse().ok()).unwrap_or(0);
        let all = Query { limit: Query::MAX_LIMIT, after: None, ..query.clone() };
        let rows = self.inner.query(all, now).await?.rows;
        let end = offset + query.limit;
        let next = (rows.len() > end).then(|| end.to_string());
        Ok(Page { rows: rows.into_iter().skip(offset).take(query.limit).collect(), next })
    }

    /// A cursor that knows only the sort value: what is equal to it is skipped.
    async fn by_sort_value(&self, query: Query, now: Timestamp) -> Result<Page, Outage> {
        let all = Query { limit: Query::MAX_LIMIT, after: None, ..query.clone() };
        let mut rows = self.inner.query(all, now).await?.rows;
        if let Some(after) = &query.after {
            rows.retain(|row| if query.newest_first { row.sort < *after } else { row.sort > *after });
        }
        let more = rows.len() > query.limit;
        rows.truncate(query.limit);
        let next = rows.last().filter(|_| more).map(|row| row.sort.clone());
        Ok(Page { rows, next })
    }

    async fn unbounded(&self, mut query: Query, now: Timestamp) -> Result<Page, Outage> {
        let wanted = query.limit;
        let mut all = vec![];
        loop {
            let page = self.inner.query(query.clone(), now).await?;
            all.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() || all.len() >= wanted {
                return Ok(Page { rows: all, next: query.after });
            }
        }
    }

    /// Expired rows are taken out of a page afterwards, and an empty page is taken for the end.
    async fn without_expired(&self, query: Query, now: Timestamp) -> Result<Page, Outage> {
        let mut page = self.inner.query(query.clone(), Timestamp::EPOCH).await?;
        let keys =
            page.rows.iter().map(|row| store::Key::new(query.collection.clone(), row.id.clone())).collect();
        let mut live = self.inner.read(keys, now).await?.into_iter().map(|item| item.is_some());
        page.rows.retain(|_| live.next().unwrap_or(false));
        page.next = page.next.filter(|_| !page.rows.is_empty());
        Ok(page)
    }
}
