//! Real orders from a file: an Online Retail CSV, or JSON lines of `POST /orders` bodies, plain or gzipped.
//!
//! [`Import`] streams: it holds the history that returns are matched with, a few open invoices and one line, never
//! the file. What cannot be used is counted, line by line, so that the file's lines always add up: see [`Counts`].
//! How a line becomes part of an order is decided in `retail` (one line), `basket` (one invoice) and `returns`.

mod basket;
mod country;
mod counts;
mod group;
mod json_lines;
mod lines;
mod neutral;
mod price;
mod repeat;
mod retail;
mod returns;
mod stock;
mod stream;
#[cfg(test)]
mod tests;

pub use counts::{Counts, Ignored};
pub use repeat::{Repeated, SAMPLE};
pub use stock::{Demand, InvalidScale, Scale, opening_stock};
pub use stream::Import;

use contracts::{CustomerId, Sku};

/// What one step of an import gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// An order to place.
    Order(ImportedOrder),
    /// Goods that come back.
    Return(ImportedReturn),
    /// A line that means nothing here. The import goes on behind it.
    BadLine {
        /// Where in the (unpacked) file, from 1; the header is line 1.
        line: u64,
        /// What is wrong with it, for a person.
        reason: String,
    },
}

/// One order, ready for `POST /orders`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedOrder {
    /// The invoice it came from, without the number of the part. For JSON lines the same as the key.
    pub invoice: String,
    /// When it was placed, as the file has it (local time of the shop); empty for JSON lines.
    pub placed_at_text: String,
    /// Where it goes: ISO 3166-1 alpha-2, `ZZ` where the file does not say, `EU` for the European Community.
    pub country: String,
    /// The `Idempotency-Key`: the invoice, with `-1`, `-2`, ... when it had to be split.
    pub idempotency_key: String,
    /// The body, in the shape of `POST /orders`.
    pub body: serde_json::Value,
}

impl ImportedOrder {
    /// What it asks for. A SKU can occur more than once in JSON lines.
    pub fn demand(&self) -> impl Iterator<Item = (&str, u64)> {
        let lines = self.body["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
        lines.iter().filter_map(|line| Some((line["sku"].as_str()?, line["quantity"].as_u64()?)))
    }
}

/// One return, ready for `POST /orders/{id}/returns` when an order was found for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReturn {
    /// The C-invoice it came from.
    pub invoice: String,
    /// Whose goods.
    pub customer_id: CustomerId,
    /// What comes back, each SKU once.
    pub lines: Vec<ReturnedLine>,
    /// The `Idempotency-Key` of the order that these goods were sold with; `None`: there is none in this file.
    pub matched: Option<String>,
}

impl ImportedReturn {
    /// The `Idempotency-Key` to send it with. The C-invoice alone would not do: its goods can be of several orders.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<String> {
        self.matched.as_ref().map(|order| format!("{}/{order}", self.invoice))
    }
}

/// Pieces of one SKU that come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedLine {
    /// What.
    pub sku: Sku,
    /// How many, from 1.
    pub quantity: u32,
}

/// Why an import cannot start, or stops before the end of its file.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened, read or unpacked. What was not given yet is lost.
    #[error("cannot read the orders")]
    Read(#[from] std::io::Error),
    /// There is no line in it.
    #[error("there is no order in an empty file")]
    Empty,
    /// Neither a JSON object nor the header that is needed. Nothing was read beyond the first line.
    #[error(
        "the first line is neither a JSON object nor the header InvoiceNo,StockCode,Description,Quantity,\
         InvoiceDate,UnitPrice,CustomerID,Country, but {first_line:?}"
    )]
    UnknownFormat {
        /// The first line, cut to 80 characters.
        first_line: String,
    },
}
