//! The import itself: from lines to items, one at a time.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use contracts::card;
use csv::ByteRecord;
use serde_json::{Value, json};

use super::country::Country;
use super::counts::{Counts, Ignored};
use super::group::{Groups, Invoice, Keys};
use super::lines::{Found, Lines, MAX_LINE_BYTES};
use super::retail::{Columns, Entry};
use super::returns::{History, MAX_REMEMBERED_LINES};
use super::{ImportError, ImportedOrder, ImportedReturn, Item, ReturnedLine, basket, json_lines, neutral};

/// A running import. An error is its last item.
pub struct Import {
    lines: Lines,
    format: Format,
    /// The first line of JSON lines is an order; that of a CSV is not.
    is_line_pending: bool,
    is_at_end: bool,
    orders_left: u64,
    ready: VecDeque<Item>,
    groups: Groups,
    keys: Keys,
    history: History,
    counts: Counts,
}

enum Format {
    Retail { columns: Columns, record: ByteRecord },
    JsonLines,
}

impl Import {
    /// Opens a file. What it holds is told by its bytes, not by its name.
    ///
    /// # Errors
    /// [`ImportError`] when it cannot be read or is no orders.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        Self::from_reader(File::open(path)?)
    }

    /// Reads from anything, for instance standard input.
    ///
    /// # Errors
    /// As [`Import::open`].
    pub fn from_reader(file: impl Read + Send + 'static) -> Result<Self, ImportError> {
        let mut lines = Lines::new(file)?;
        while lines.text().trim_ascii().is_empty() {
            if lines.advance()? == Found::End {
                return Err(ImportError::Empty);
            }
        }
        let is_json = lines.text().trim_ascii_start().starts_with(b"{");
        let format = match Columns::from_header(lines.text()) {
            Some(columns) => Format::Retail { columns, record: ByteRecord::new() },
            None if is_json => Format::JsonLines,
            None => {
                let first_line = String::from_utf8_lossy(lines.text()).chars().take(80).collect();
                return Err(ImportError::UnknownFormat { first_line });
            }
        };
        Ok(Self {
            lines,
            is_line_pending: is_json,
            format,
            is_at_end: false,
            orders_left: u64::MAX,
            ready: VecDeque::new(),
            groups: Groups::default(),
            keys: Keys::default(),
            history: History::new(MAX_REMEMBERED_LINES),
            counts: Counts::default(),
        })
    }

    /// Ends behind the `orders`th order from here, without reading the rest.
    #[must_use]
    pub fn limit(mut self, orders: u64) -> Self {
        self.orders_left = orders;
        self
    }

    /// What was given so far, and what was left out of it.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Reads on until there is something to give, or nothing more to read.
    fn fill(&mut self) -> Result<(), ImportError> {
        while self.ready.is_empty() {
            if self.is_at_end {
                let Some(invoice) = self.groups.finish() else { return Ok(()) };
                self.close(invoice);
                continue;
            }
            let found =
                if std::mem::take(&mut self.is_line_pending) { Found::Line } else { self.lines.advance()? };
            match found {
                Found::Line => self.take_line(),
                Found::TooLong => self.bad_line(format!("longer than {MAX_LINE_BYTES} bytes")),
                Found::End => self.is_at_end = true,
            }
        }
        Ok(())
    }

    fn take_line(&mut self) {
        if self.lines.text().trim_ascii().is_empty() {
            return;
        }
        match &mut self.format {
            Format::Retail { columns, record } => match columns.parse(self.lines.text(), record) {
                Ok(row) => {
                    if let Some(invoice) = self.groups.add(row) {
                        self.close(invoice);
                    }
                }
                Err(reason) => self.bad_line(reason),
            },
            Format::JsonLines => match json_lines::parse(self.lines.text(), self.lines.number()) {
                Ok(order) => {
                    self.counts.lines += 1;
                    self.counts.order_lines += 1;
                    self.ready.push_back(Item::Order(order));
                }
                Err(reason) => self.bad_line(reason),
            },
        }
    }

    /// Reasons repeat a part of the line, and reports are kept: a card number must not get there.
    fn bad_line(&mut self, reason: String) {
        let reason = if card::in_text(&reason) { "it holds a card number".to_owned() } else { reason };
        self.counts.lines += 1;
        self.counts.bad_lines += 1;
        self.ready.push_back(Item::BadLine { line: self.lines.number(), reason });
    }

    fn close(&mut self, mut invoice: Invoice) {
        for why in &invoice.ignored {
            self.counts.ignore(*why, 1);
        }
        let entries = std::mem::take(&mut invoice.entries);
        if entries.is_empty() {
            return;
        }
        if invoice.is_return {
            self.close_return(&invoice, entries)
        } else {
            self.close_orders(&invoice, entries)
        }
    }

    fn close_orders(&mut self, invoice: &Invoice, entries: Vec<Entry>) {
        let count = entries.len() as u64;
        self.counts.lines += count;
        self.counts.order_lines += count;
        let parts = basket::split(entries);
        let country = Country::from_name(&invoice.country);
        self.counts.split_invoices += u64::from(parts.len() > 1);
        self.counts.countries_assumed += if country.is_assumed { parts.len() as u64 } else { 0 };
        for (key, part) in self.keys.next(&invoice.number, parts.len()).into_iter().zip(parts) {
            // A guest is known by one invoice only, so no C-invoice can name the same one.
            if !invoice.is_guest {
                let sold = part.iter().map(|entry| (entry.sku.clone(), entry.quantity)).collect();
                self.history.remember(&invoice.customer, &key, sold);
            }
            self.ready.push_back(Item::Order(order(invoice, key, country, part)));
        }
    }

    fn close_return(&mut self, invoice: &Invoice, entries: Vec<Entry>) {
        for (key, lines) in self.history.take(&invoice.customer, summed(&entries)) {
            // Lines of the file, of which several can be one line of the return.
            let is_here = |entry: &&Entry| lines.iter().any(|line| line.sku == entry.sku);
            let count = entries.iter().filter(is_here).count() as u64;
            if key.is_some() {
                self.counts.lines += count;
                self.counts.return_lines += count;
            } else {
                self.counts.ignore(Ignored::ReturnWithoutOrder, count);
            }
            self.ready.push_back(Item::Return(ImportedReturn {
                invoice: invoice.number.clone(),
                customer_id: invoice.customer.clone(),
                lines,
                matched: key,
            }));
        }
    }
}

impl Iterator for Import {
    type Item = Result<Item, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.orders_left == 0 {
            return None;
        }
        if let Err(error) = self.fill() {
            self.orders_left = 0;
            return Some(Err(error));
        }
        let item = self.ready.pop_front()?;
        match &item {
            Item::Order(_) => {
                self.orders_left -= 1;
                self.counts.orders += 1;
            }
            Item::Return(returned) if returned.matched.is_some() => self.counts.returns_matched += 1,
            Item::Return(_) => self.counts.returns_unmatched += 1,
            Item::BadLine { .. } => {}
        }
        Some(Ok(item))
    }
}

/// The lines of a C-invoice, each SKU once. Prices do not matter: what is paid back is what was paid.
fn summed(entries: &[Entry]) -> Vec<ReturnedLine> {
    let mut lines: Vec<ReturnedLine> = Vec::new();
    for entry in entries {
        match lines.iter_mut().find(|line| line.sku == entry.sku) {
            Some(line) => line.quantity = line.quantity.saturating_add(entry.quantity),
            None => lines.push(ReturnedLine { sku: entry.sku.clone(), quantity: entry.quantity }),
        }
    }
    lines
}

fn order(invoice: &Invoice, key: String, country: Country, part: Vec<Entry>) -> ImportedOrder {
    let country = country.as_text();
    let lines: Vec<Value> = part
        .into_iter()
        .map(|entry| {
            json!({
                "sku": String::from(entry.sku), "quantity": entry.quantity, "unit_price_minor": entry.price_minor,
            })
        })
        .collect();
    let body = json!({
        "customer_id": invoice.customer.as_str(), "currency": "GBP", "channel": "web", "lines": lines,
        "shipping_fee_minor": 0, "payment_method": { "token": "tok_ok" },
        "customer": neutral::customer(&invoice.customer), "ship_to": neutral::ship_to(&invoice.customer, &country),
    });
    ImportedOrder {
        invoice: invoice.number.clone(),
        placed_at_text: invoice.placed_at.clone(),
        country,
        idempotency_key: key,
        body,
    }
}
