//! `banyan order place`

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use contracts::Sku;
use serde_json::{Value, json};

use crate::cli::{Context, Exit, Failure};
use crate::client::{Error, JSON, Patience, Write};
use crate::commands::{read_input, shown};

/// Places one order, said by flags or as JSON.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  banyan order place --customer c-1 --line 85123A:6:255 --line 22423:1:1275
  banyan order place --customer c-1 --line 85123A:1:255 --token tok_declined
  banyan order place --file order.json --key my-order-17
  echo '{...}' | banyan order place --file -

Tokens of the simulated provider: tok_ok, tok_declined, tok_insufficient_funds, tok_3ds, tok_timeout_after, ...
There must be stock first: banyan stock adjust 85123A --location main --delta 100 --reason received")]
pub struct Args {
    /// The order as JSON, the body of POST /orders; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["customer", "lines", "currency", "token"])]
    file: Option<PathBuf>,
    /// Who buys
    #[arg(long, value_name = "CUSTOMER", required_unless_present = "file")]
    customer: Option<String>,
    /// What is bought: how many pieces, and the price of one in minor units; can be repeated
    #[arg(long = "line", value_name = "SKU:QUANTITY:PRICE_MINOR", required_unless_present = "file")]
    lines: Vec<Line>,
    /// Currency of the prices
    #[arg(long, value_name = "CODE", default_value = "GBP")]
    currency: String,
    /// What the payment provider calls the customer's card
    #[arg(long, value_name = "TOKEN", default_value = "tok_ok")]
    token: String,
    /// Idempotency-Key: sending the same order with the same key again places nothing new [default: a fresh one]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// `SKU:QUANTITY:PRICE_MINOR`. A SKU may itself hold colons.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    sku: Sku,
    quantity: i64,
    unit_price_minor: i64,
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.rsplitn(3, ':');
        let (Some(price), Some(quantity), Some(sku)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(
                "a line is SKU:QUANTITY:PRICE_MINOR, such as 85123A:6:255 for six at 2.55 each".to_owned()
            );
        };
        let number = |name: &str, text: &str| {
            text.parse().map_err(|_| format!("{name} must be a whole number, got {text:?}"))
        };
        Ok(Self {
            sku: Sku::new(sku).map_err(|error| error.to_string())?,
            quantity: number("the quantity", quantity)?,
            unit_price_minor: number("the price in minor units", price)?,
        })
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let key = args.key.clone().unwrap_or_else(|| context.env.fresh_id().to_string());
    let write = match &args.file {
        Some(file) => {
            let body = read_input(Some(file))?;
            Write { path: "/orders".into(), key: Some(key.clone()), media: JSON, body: body.into() }
        }
        None => Write::json("/orders", Some(key.clone()), &body(args)),
    };
    let answer: Result<Value, Error> =
        context.client.post_until_answered(&write, &context.env, Patience::PERSON).await;
    let answer = answer.map_err(|error| explained(error, &key))?;
    context.output.answer(&answer, |answer| {
        let (id, total) = (shown::text(answer, "/order_id"), shown::money(answer, "/total_minor"));
        format!("order {id} {}: {total}", shown::text(answer, "/status"))
    });
    let id = shown::text(&answer, "/order_id");
    context.next(&[&format!("order watch {id}"), &format!("order timeline {id}")]);
    Ok(Exit::Ok)
}

fn body(args: &Args) -> Value {
    let line = |line: &Line| json!({ "sku": line.sku, "quantity": line.quantity, "unit_price_minor": line.unit_price_minor });
    json!({
        "customer_id": args.customer,
        "currency": args.currency,
        "lines": args.lines.iter().map(line).collect::<Vec<_>>(),
        "payment_method": { "token": args.token },
    })
}

/// Whoever does not know whether the order was placed must know how to ask without placing a second one.
fn explained(error: Error, key: &str) -> anyhow::Error {
    let is_open =
        matches!(error, Error::Lost(_)) || error.is_passing() && !matches!(error, Error::Unreachable(_));
    if !is_open {
        return error.into();
    }
    let text = format!("the order may have been placed; send it again with --key {key} to be sure");
    anyhow::Error::new(error).context(Failure::new(Exit::NotReady, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_from_its_end() {
        let line =
            |text: &str| text.parse::<Line>().map(|l| (l.sku.to_string(), l.quantity, l.unit_price_minor));
        assert_eq!(line("85123A:6:255"), Ok(("85123A".to_owned(), 6, 255)));
        assert_eq!(line("a:b:6:255"), Ok(("a:b".to_owned(), 6, 255)));
        assert_eq!(line("gift 1:1:0"), Ok(("gift 1".to_owned(), 1, 0)));
        for (bad, why) in [
            ("85123A", "SKU:QUANTITY"),
            ("85123A:six:255", "\"six\""),
            (":1:2", "sku"),
            ("A:1:2.55", "\"2.55\""),
        ] {
            assert!(line(bad).unwrap_err().contains(why), "{bad}");
        }
    }
}
