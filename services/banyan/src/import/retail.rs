//! One line of the Online Retail CSV: `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country`.
//!
//! A record is one physical line: a stray quote then spoils one line and not the rest of the file, and no record can
//! grow without bound. A quoted line break is therefore bad. The description is never decoded, so its encoding is free.

use contracts::{CustomerId, Quantity, Sku, card};
use csv::{ByteRecord, ReaderBuilder};

use super::counts::Ignored;
use super::price::minor_units;

/// An invoice number has to leave room for `guest-`, a part and a round in an id of 64 characters.
const MAX_INVOICE_BYTES: usize = 40;

/// What is sold under these codes is not goods: postage, carriage, manual entries, charges, discounts, samples,
/// commissions, bad debt, corrections. `PADS` is a token of 0.001 that goes with cushions. Vouchers: see [`is_product`].
const NON_PRODUCTS: [&str; 14] = [
    "POST",
    "DOT",
    "M",
    "C2",
    "C3",
    "D",
    "S",
    "B",
    "BANK CHARGES",
    "AMAZONFEE",
    "CRUK",
    "PADS",
    "ADJUST",
    "ADJUST2",
];

/// Where the columns are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    invoice: usize,
    sku: usize,
    quantity: usize,
    placed_at: usize,
    price: usize,
    customer: usize,
    country: usize,
    count: usize,
}

/// A line that could be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pub invoice: &'a str,
    pub is_return: bool,
    pub customer: CustomerId,
    /// Whether the file does not say who bought.
    pub is_guest: bool,
    pub placed_at: &'a str,
    pub country: &'a str,
    pub entry: Result<Entry, Ignored>,
}

/// What a line adds to its invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub sku: Sku,
    /// From 1, also in a return.
    pub quantity: u32,
    pub price_minor: i64,
}

impl Columns {
    /// Finds the columns by name, in any order; more of them do no harm.
    pub(super) fn from_header(line: &[u8]) -> Option<Self> {
        let mut record = ByteRecord::new();
        let fields = fields(line, &mut record);
        let find = |name: &str| {
            fields.iter().position(|field| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        };
        Some(Self {
            invoice: find("InvoiceNo")?,
            sku: find("StockCode")?,
            quantity: find("Quantity")?,
            placed_at: find("InvoiceDate")?,
            price: find("UnitPrice")?,
            customer: find("CustomerID")?,
            country: find("Country")?,
            count: fields.len(),
        })
    }

    /// Reads one line; `record` is room for quoted fields. An error is a reason for a person.
    pub(super) fn parse<'a>(&self, line: &'a [u8], record: &'a mut ByteRecord) -> Result<Row<'a>, String> {
        let fields = fields(line, record);
        if fields.len() != self.count {
            return Err(format!("{} columns instead of {}", fields.len(), self.count));
        }
        let text = |column: usize, name: &str| {
            std::str::from_utf8(fields[column]).map(str::trim).map_err(|_| format!("{name} is not UTF-8"))
        };
        let invoice = text(self.invoice, "InvoiceNo")?;
        if invoice.len() > MAX_INVOICE_BYTES || CustomerId::new(invoice).is_err() {
            return Err(format!("InvoiceNo {:?} is not a number", clip(invoice)));
        }
        if card::in_text(invoice) {
            return Err("InvoiceNo looks like a card number".to_owned());
        }
        let is_return = invoice.starts_with(['C', 'c']);
        let entry = entry(
            text(self.sku, "StockCode")?,
            text(self.quantity, "Quantity")?,
            text(self.price, "UnitPrice")?,
            is_return,
        )?;
        let number = text(self.customer, "CustomerID")?;
        Ok(Row {
            invoice,
            is_return,
            customer: customer(number, invoice)?,
            is_guest: number.is_empty(),
            placed_at: text(self.placed_at, "InvoiceDate")?,
            country: text(self.country, "Country")?,
            entry,
        })
    }
}

/// The fields of a line. Quotes are rare, so only lines that have one go through the reader that knows them.
fn fields<'a>(line: &'a [u8], record: &'a mut ByteRecord) -> Vec<&'a [u8]> {
    if !line.contains(&b'"') {
        return line.split(|byte| *byte == b',').collect();
    }
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(line.len()).from_reader(line);
    match reader.read_byte_record(record) {
        Ok(true) => record.iter().collect(),
        Ok(false) | Err(_) => Vec::new(),
    }
}

/// Guards in the order in which a reason counts: what is no product is no product at any price.
fn entry(sku: &str, quantity: &str, price: &str, is_return: bool) -> Result<Result<Entry, Ignored>, String> {
    if !is_product(sku) {
        return Ok(Err(Ignored::NonProduct));
    }
    let sku = Sku::new(sku).map_err(|error| error.to_string())?;
    let signed: i64 =
        quantity.parse().map_err(|_| format!("Quantity {:?} is not a whole number", clip(quantity)))?;
    let pieces = if is_return { signed.checked_neg().unwrap_or(i64::MAX) } else { signed };
    if pieces <= 0 {
        let why = if is_return { Ignored::ReturnedQuantityNotNegative } else { Ignored::QuantityNotPositive };
        return Ok(Err(why));
    }
    let price_minor = minor_units(price).map_err(|error| format!("{error}: {:?}", clip(price)))?;
    if price_minor <= 0 {
        return Ok(Err(Ignored::PriceNotPositive));
    }
    match u32::try_from(pieces) {
        Ok(quantity) if quantity <= Quantity::MAX => Ok(Ok(Entry { sku, quantity, price_minor })),
        _ => Err(format!("Quantity {pieces} is over {}", Quantity::MAX)),
    }
}

/// Whether a stock code is of goods. A list of what is not, rather than a pattern of what is, since every shop
/// numbers its goods in its own way (this one has `DCGSSGIRL` party bags beside `85123A`).
pub(super) fn is_product(code: &str) -> bool {
    let starts_as_voucher = code.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("gift_"));
    !starts_as_voucher && !NON_PRODUCTS.iter().any(|known| known.eq_ignore_ascii_case(code))
}

/// `17850` as `c-17850`; spreadsheets write `17850.0`, which is the same customer. Nobody is `guest-<invoice>`.
fn customer(number: &str, invoice: &str) -> Result<CustomerId, String> {
    let id = match number.strip_suffix(".0").unwrap_or(number) {
        "" => format!("guest-{invoice}"),
        number => format!("c-{number}"),
    };
    if card::in_text(number) {
        return Err("CustomerID looks like a card number".to_owned());
    }
    CustomerId::new(id).map_err(|error| error.to_string())
}

/// Enough of a wrong text to find it.
fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}
