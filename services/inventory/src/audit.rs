//! The books, done again: the counts of every place from its movements, and from what is promised, and both compared
//! with the counters.

mod books;

use std::collections::BTreeSet;

use contracts::Timestamp;
use runtime::{Audit, Fail, Findings, Reader};

use crate::ledger::{CARDS, HOLDS, MOVEMENTS, RESERVATIONS, RETURNS, STOCK, stock_of};
use books::Books;

pub(crate) struct StockAudit;

impl Audit for StockAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut picture = reader.snapshot().await?;
        let mut books = Books::default();
        picture.each(&MOVEMENTS, |movement| books.moved(&movement)).await?;
        picture.each(&RESERVATIONS, |doc| books.reservation(doc.id, &doc.data)).await?;
        picture.each(&HOLDS, |doc| books.hold(&doc.data)).await?;
        picture.each(&RETURNS, |doc| books.came_back(doc.id, &doc.data)).await?;
        picture.each_level(&STOCK, |id, levels| books.counted(&id, stock_of(&levels))).await?;
        let mut listed = BTreeSet::new();
        picture
            .each(&CARDS, |card| {
                listed.extend(card.locations.iter().map(|location| format!("{}@{location}", card.id)));
            })
            .await?;
        Ok(books.findings(&listed))
    }
}
