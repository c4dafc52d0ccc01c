//! `banyan order return`

use std::str::FromStr;

use anyhow::Result;
use contracts::Sku;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{Patience, Write, escaped};
use crate::commands::shown;

/// Asks to send goods back. They are refunded once they have arrived.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  banyan order return 0199... --line 85123A:2 --reason \"too small\"
  banyan order return 0199... --line 85123A:1 --line 22423:1 --reason broken --key my-return-3")]
pub struct Args {
    /// The order's id
    #[arg(value_name = "ORDER")]
    id: String,
    /// What comes back, and how many pieces; can be repeated
    #[arg(long = "line", value_name = "SKU:QUANTITY", required = true)]
    lines: Vec<Line>,
    /// Why, in a few words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Idempotency-Key: the same return with the same key again is the same return [default: a fresh one]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// `SKU:QUANTITY`. A SKU may itself hold colons.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    sku: Sku,
    quantity: u32,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = "a line is SKU:QUANTITY, such as 85123A:2 for two pieces";
        let (sku, quantity) = text.rsplit_once(':').ok_or(shape)?;
        Ok(Self {
            sku: Sku::new(sku).map_err(|error| error.to_string())?,
            quantity: quantity
                .parse()
                .ok()
                .filter(|quantity| *quantity > 0)
                .ok_or_else(|| format!("the quantity must be a whole number from 1 on, got {quantity:?}"))?,
        })
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let key = args.key.clone().unwrap_or_else(|| context.env.fresh_id().to_string());
    let line = |line: &Line| json!({ "sku": line.sku, "quantity": line.quantity });
    let body = json!({ "lines": args.lines.iter().map(line).collect::<Vec<_>>(), "reason": args.reason });
    let write = Write::json(format!("/orders/{}/returns", escaped(&args.id)), Some(key), &body);
    let answer: Value = context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?;
    context.output.answer(&answer, |answer| {
        let (id, status) = (shown::text(answer, "/return_id"), shown::text(answer, "/status"));
        format!("return {id} of order {} is {status}: it is refunded once it has arrived", args.id)
    });
    context.next(&[&format!("order timeline {}", args.id), &format!("order get {}", args.id)]);
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_from_its_end() {
        let line = |text: &str| text.parse::<Line>().map(|line| (line.sku.to_string(), line.quantity));
        assert_eq!(line("85123A:6"), Ok(("85123A".to_owned(), 6)));
        assert_eq!(line("a:b:6"), Ok(("a:b".to_owned(), 6)));
        for (bad, why) in [("85123A", "SKU:QUANTITY"), ("A:six", "\"six\""), ("A:0", "\"0\""), (":1", "sku")]
        {
            assert!(line(bad).unwrap_err().contains(why), "{bad}");
        }
    }
}
