//! `banyan order import`

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use contracts::MessageId;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Context, Exit, Failure};
use crate::client::{Error, Patience, Write};
use crate::commands::opening::{self, Opened};
use crate::commands::shown::{count, counted};
use crate::import::{Demand, Import, ImportedOrder, Item, Scale};

/// Places all orders of a file, once each however often it is done.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
The file is a CSV with the header InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country, or
has one body of POST /orders in each line; plain or gzipped. First the stock that these orders need is received at
location \"main\", a little less than enough. Each order has its invoice as Idempotency-Key, so importing the same file
again (within a day) places nothing twice. Lines that cannot be read are told and passed over; ends with 1 when an order
was refused, or none was placed.

Examples:
  banyan order import online-retail.csv --limit 1000
  banyan order import orders.jsonl --stock 1.5
  banyan order import orders.jsonl --stock 0       leaves the stock alone")]
pub struct Args {
    /// The orders
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Receive this many times the usual opening stock; 0 = none
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    stock: Scale,
    /// End after so many orders
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

/// Orders that are being placed at a time.
const AT_ONCE: usize = 16;
/// Refusals that are told one by one; the rest is counted.
const TOLD: u64 = 20;

/// What became of the file. The names stay.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Orders that were placed, now or by an earlier import.
    orders: u64,
    /// Orders that the shop does not take.
    refused: u64,
    /// Orders of which nobody knows: the answer did not come in time.
    unanswered: u64,
    /// Lines that could not be read.
    bad_lines: u64,
    /// Lines that were left out, by reason.
    ignored: BTreeMap<String, u64>,
    /// Returns of orders of this file, which cannot be asked for yet.
    returns_pending: u64,
    /// Orders with a stand-in for an unknown country.
    countries_assumed: u64,
    /// Stock received.
    stock: Opened,
    /// How long it took.
    seconds: f64,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    // Whoever has typed the wrong address wants to know it before the file is read.
    context.client.get_text("/healthz/ready").await?;
    let begun = context.env.now();
    let mut report = Report::default();
    if args.stock.apply(1) > 0 {
        let mut demand = Demand::default();
        for item in open(args)? {
            if let Item::Order(order) = item? {
                demand.add(&order);
            }
        }
        let stock = demand.opening_stock(args.stock);
        if !stock.is_empty() {
            context.output.note(format!("receiving stock of {} ...", counted(stock.len() as u64, "SKU")));
        }
        report.stock = opening::receive(&context.client, &context.env, &stock).await?;
    }
    let ended = place_all(args, context, &mut report).await;
    report.seconds = context.env.now().since(begun).as_secs_f64();
    context.output.answer(&report, report_text);
    ended?;
    context.next(&["order list", "audit"]);
    let is_whole = report.orders > 0 && report.refused + report.unanswered == 0;
    Ok(if is_whole { Exit::Ok } else { Exit::Error })
}

fn open(args: &Args) -> Result<Import> {
    let import =
        Import::open(&args.file).with_context(|| format!("{} cannot be imported", args.file.display()))?;
    Ok(import.limit(args.limit.unwrap_or(u64::MAX)))
}

async fn place_all(args: &Args, context: &Context, report: &mut Report) -> Result<()> {
    let mut import = open(args)?;
    let mut stopped = None;
    let orders = std::iter::from_fn(|| {
        loop {
            match import.next()? {
                Ok(Item::Order(order)) => return Some(order),
                Ok(Item::Return(_)) => {}
                Ok(Item::BadLine { line, reason }) => context.output.warn(format!("line {line}: {reason}")),
                Err(error) => stopped = Some(error),
            }
        }
    });
    let placing = stream::iter(orders).map(|order| async move {
        let write = Write::json("/orders", Some(key_of(&order)), &order.body);
        let answer = context.client.post_until_answered::<Value>(&write, &context.env, Patience::BULK).await;
        (order.idempotency_key, answer.map(drop))
    });
    let mut placing = Box::pin(placing.buffer_unordered(AT_ONCE));
    while let Some((key, answer)) = placing.next().await {
        report.take(&key, answer, context)?;
    }
    drop(placing);
    context.output.progress_done();
    let counts = import.counts();
    report.bad_lines = counts.bad_lines;
    report.ignored.clone_from(&counts.ignored);
    report.returns_pending = counts.returns_matched;
    report.countries_assumed = counts.countries_assumed;
    match stopped {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// The key of an order. One that the file gives no name is named after its line and its content: the same line of
/// another file is another order.
fn key_of(order: &ImportedOrder) -> String {
    let key = &order.idempotency_key;
    let is_line =
        key.strip_prefix("line-").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_line {
        return key.clone();
    }
    format!("{key}-{}", MessageId::named(&["line", &order.body.to_string()]))
}

impl Report {
    fn take(&mut self, key: &str, answer: Result<(), Error>, context: &Context) -> Result<()> {
        match answer {
            Ok(()) => self.orders += 1,
            Err(error) if error.is_passing() => {
                self.unanswered += 1;
                self.tell(key, &error, context);
                if matches!(error, Error::Unreachable(_)) {
                    return Err(Failure::new(
                        Exit::Error,
                        format!("{error}; import the file again to go on"),
                    )
                    .into());
                }
            }
            Err(error) => {
                self.refused += 1;
                self.tell(key, &error, context);
            }
        }
        let done = self.orders + self.refused + self.unanswered;
        if done.is_multiple_of(50) {
            let wrong = self.refused + self.unanswered;
            context.output.progress(format!("{} placed, {} not", count(self.orders), count(wrong)));
        }
        Ok(())
    }

    fn tell(&self, key: &str, error: &Error, context: &Context) {
        let nth = self.refused + self.unanswered;
        if nth <= TOLD {
            context.output.warn(format!("order {key}: {error}"));
        } else if nth == TOLD + 1 {
            context.output.warn("more orders are not placed; they are counted only");
        }
    }
}

fn report_text(report: &Report) -> String {
    let mut text = format!("{} placed in {:.1} s", counted(report.orders, "order"), report.seconds);
    for (many, thing, what) in [
        (report.refused, "order", "refused"),
        (report.unanswered, "order", "without an answer: import the file again"),
        (report.bad_lines, "line", "that cannot be read"),
        (report.returns_pending, "return", "left for later: returns cannot be asked for yet"),
        (report.countries_assumed, "order", "with a stand-in for an unknown country"),
    ] {
        if many > 0 {
            text.push_str(&format!("\n  {} {what}", counted(many, thing)));
        }
    }
    for (reason, lines) in &report.ignored {
        text.push_str(&format!("\n  {} left out: {reason}", counted(*lines, "line")));
    }
    if report.stock.skus > 0 {
        let Opened { skus, pieces } = report.stock;
        text.push_str(&format!("\n  stock received: {} pieces of {}", count(pieces), counted(skus, "SKU")));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn orders_without_a_name_are_told_apart_by_content() {
        let order = |key: &str, sku: &str| ImportedOrder {
            invoice: key.to_owned(),
            placed_at_text: String::new(),
            country: "GB".to_owned(),
            idempotency_key: key.to_owned(),
            body: json!({ "sku": sku }),
        };
        assert_eq!(key_of(&order("536365", "a")), "536365");
        assert_eq!(key_of(&order("line-up", "a")), "line-up");
        assert_eq!(key_of(&order("line-7", "a")), key_of(&order("line-7", "a")));
        assert_ne!(key_of(&order("line-7", "a")), key_of(&order("line-7", "b")));
    }
}
