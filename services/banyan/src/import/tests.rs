//! Given lines of a file, then these items and these counts.

use super::{Counts, Import, ImportedOrder, Item};

mod formats;
mod invoices;
mod returns;
mod rules;
mod sample;
mod stock;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

/// Imports a whole text.
fn import(text: impl Into<Vec<u8>>) -> (Vec<Item>, Counts) {
    let mut import = Import::from_reader(std::io::Cursor::new(text.into())).unwrap();
    let items = import.by_ref().map(Result::unwrap).collect();
    (items, import.counts().clone())
}

/// Imports lines of `InvoiceNo,StockCode,Quantity,UnitPrice,CustomerID`.
fn import_rows(rows: &[&str]) -> (Vec<Item>, Counts) {
    let mut text = HEADER.to_owned();
    for row in rows {
        let fields: Vec<&str> = row.split(',').collect();
        let [invoice, sku, quantity, price, customer] = fields[..] else { panic!("{row}") };
        text += &format!(
            "{invoice},{sku},A THING,{quantity},2011-01-04T10:00:00,{price},{customer},United Kingdom\n"
        );
    }
    import(text)
}

fn orders(items: &[Item]) -> Vec<&ImportedOrder> {
    items.iter().filter_map(|item| if let Item::Order(order) = item { Some(order) } else { None }).collect()
}

/// `key: sku*quantity@price ...`, as one line of text to compare.
fn shown(order: &ImportedOrder) -> String {
    let lines = order.body["lines"].as_array().unwrap();
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            format!("{}*{}@{}", line["sku"].as_str().unwrap(), line["quantity"], line["unit_price_minor"])
        })
        .collect();
    format!("{}: {}", order.idempotency_key, lines.join(" "))
}

/// Items as lines of text to compare.
fn all_shown(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .map(|item| match item {
            Item::Order(order) => shown(order),
            Item::Return(returned) => {
                let lines: Vec<String> =
                    returned.lines.iter().map(|line| format!("{}*{}", line.sku, line.quantity)).collect();
                format!("{} of {:?}: {}", returned.invoice, returned.matched, lines.join(" "))
            }
            Item::BadLine { line, reason } => format!("line {line}: {reason}"),
        })
        .collect()
}

/// Every line is in an order, in a return, left out for a reason, or bad.
fn assert_lines_add_up(counts: &Counts) {
    let ignored: u64 = counts.ignored.values().sum();
    assert_eq!(
        counts.lines,
        counts.order_lines + counts.return_lines + ignored + counts.bad_lines,
        "{counts:?}"
    );
}
