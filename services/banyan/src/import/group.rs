//! Lines of one invoice brought together while they stream by.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use contracts::CustomerId;

use super::counts::Ignored;
use super::retail::{Entry, Row};

/// How many invoices are open at a time. Real files interleave invoices of the same minute (542806 is cut in two by
/// another one), so an invoice ends when this many others have begun, not at the first foreign line.
const MAX_OPEN: usize = 8;
/// An invoice with more lines than this goes on as if it had come again later. The longest real one has 1,114.
const MAX_INVOICE_LINES: usize = 10_000;
/// How many invoice numbers are remembered, some 20 MB. One that comes again after as many others starts anew.
const MAX_REMEMBERED_INVOICES: usize = 500_000;

/// All that is known of one invoice.
#[derive(Debug)]
pub(super) struct Invoice {
    pub number: String,
    pub is_return: bool,
    pub customer: CustomerId,
    pub is_guest: bool,
    pub placed_at: String,
    pub country: String,
    pub entries: Vec<Entry>,
    pub ignored: Vec<Ignored>,
}

impl Invoice {
    fn begin(row: &Row<'_>) -> Self {
        Self {
            number: row.invoice.to_owned(),
            is_return: row.is_return,
            customer: row.customer.clone(),
            is_guest: row.is_guest,
            placed_at: row.placed_at.to_owned(),
            country: row.country.to_owned(),
            entries: Vec::new(),
            ignored: Vec::new(),
        }
    }

    fn is_full(&self) -> bool {
        self.entries.len() + self.ignored.len() >= MAX_INVOICE_LINES
    }
}

/// The open invoices, in the order of their first lines.
#[derive(Debug, Default)]
pub(super) struct Groups {
    open: VecDeque<Invoice>,
}

impl Groups {
    /// Takes a line in; gives an invoice back that is complete because of it.
    /// The first line of an invoice says who bought, when and where.
    pub(super) fn add(&mut self, row: Row<'_>) -> Option<Invoice> {
        let known = self.open.iter().rposition(|open| open.number == row.invoice && !open.is_full());
        let at = known.unwrap_or_else(|| {
            self.open.push_back(Invoice::begin(&row));
            self.open.len() - 1
        });
        match row.entry {
            Ok(entry) => self.open[at].entries.push(entry),
            Err(why) => self.open[at].ignored.push(why),
        }
        if self.open.len() > MAX_OPEN { self.open.pop_front() } else { None }
    }

    /// Gives the next open invoice when there are no more lines.
    pub(super) fn finish(&mut self) -> Option<Invoice> {
        self.open.pop_front()
    }
}

/// Makes idempotency keys, no two alike: an invoice that comes again later goes on with the next part number, so that
/// it is a second order and not a refused change of the first.
#[derive(Debug, Default)]
pub(super) struct Keys {
    parts: HashMap<u64, u32>,
    oldest: VecDeque<u64>,
}

impl Keys {
    /// The keys of the next `count` parts of an invoice.
    pub(super) fn next(&mut self, invoice: &str, count: usize) -> Vec<String> {
        let id = BuildHasherDefault::<DefaultHasher>::default().hash_one(invoice);
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        if count == 0 {
            return Vec::new();
        }
        let used = self.parts.get(&id).copied().unwrap_or(0);
        if used == 0 {
            self.oldest.push_back(id);
        }
        self.parts.insert(id, used.saturating_add(count));
        if self.oldest.len() > MAX_REMEMBERED_INVOICES
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.parts.remove(&oldest);
        }
        if used == 0 && count == 1 {
            return vec![invoice.to_owned()];
        }
        (1..=count).map(|part| format!("{invoice}-{}", used.saturating_add(part))).collect()
    }
}
