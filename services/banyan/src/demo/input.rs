//! What is placed: orders of a file, or of the built-in sample as often as needed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use contracts::Sku;

use super::Args;
use super::mischief::{Dice, Mischief};
use crate::client::{JSON, Write};
use crate::import::{Demand, Import, ImportError, ImportedOrder, Item, Repeated, SAMPLE};

/// Everything that the demo starts with.
pub(super) struct Input {
    /// In the order of the file.
    pub(super) orders: Vec<Order>,
    /// What these orders find.
    pub(super) stock: BTreeMap<Sku, u64>,
    /// Lines that were left out, by reason.
    pub(super) ignored: BTreeMap<String, u64>,
    /// Lines that could not be read: where, and why.
    pub(super) bad_lines: Vec<String>,
    /// Returns of orders among these.
    pub(super) returns_pending: u64,
}

/// An order to place.
pub(super) struct Order {
    /// The request, always the same bytes.
    pub(super) write: Write,
    /// What goes wrong with it on the way.
    pub(super) mischief: Mischief,
}

/// Reads all of it: the opening stock depends on every order.
pub(super) fn read(args: &Args) -> Result<Input> {
    match &args.input {
        Some(file) => {
            let what = || format!("{} cannot be imported", file.display());
            let mut import = Import::open(file).with_context(what)?.limit(args.orders);
            let (orders, demand, bad_lines) = gather(&mut import, args).with_context(what)?;
            if orders.is_empty() {
                bail!("there is no order in {}", file.display());
            }
            let counts = import.counts().clone();
            Ok(Input::of(args, (orders, demand, bad_lines), counts))
        }
        None => {
            let mut sample = Repeated::new(SAMPLE, args.orders)?;
            let gathered = gather(&mut sample, args)?;
            let counts = sample.counts();
            Ok(Input::of(args, gathered, counts))
        }
    }
}

type Gathered = (Vec<Order>, Demand, Vec<String>);

fn gather(items: impl Iterator<Item = Result<Item, ImportError>>, args: &Args) -> Result<Gathered> {
    let dice = args.faults.then(|| Dice::new(args.seed));
    let (mut orders, mut demand, mut bad_lines) = (Vec::new(), Demand::default(), Vec::new());
    for item in items {
        match item? {
            Item::Order(order) => {
                demand.add(&order);
                orders.push(Order::of(order, dice.as_ref()));
            }
            Item::Return(_) => {}
            Item::BadLine { line, reason } => bad_lines.push(format!("line {line}: {reason}")),
        }
    }
    Ok((orders, demand, bad_lines))
}

impl Input {
    fn of(args: &Args, (orders, demand, bad_lines): Gathered, counts: crate::import::Counts) -> Self {
        let stock = demand.opening_stock(args.stock);
        Self { orders, stock, ignored: counts.ignored, bad_lines, returns_pending: counts.returns_matched }
    }
}

impl Order {
    fn of(mut order: ImportedOrder, dice: Option<&Dice>) -> Self {
        let mischief = dice.map_or(Mischief::None, |dice| dice.mischief(&order.idempotency_key));
        if let Some(token) = dice.and_then(|dice| dice.token(&order.idempotency_key)) {
            order.body["payment_method"]["token"] = token.into();
        }
        let write = Write {
            path: "/orders".to_owned(),
            key: Some(order.idempotency_key),
            media: JSON,
            body: Bytes::from(order.body.to_string()),
        };
        Self { write, mischief }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(faults: bool, seed: u64) -> Args {
        Args { orders: 300, input: None, stock: crate::import::Scale::ONE, faults, seed, keep: false }
    }

    fn bodies(args: &Args) -> Vec<Bytes> {
        read(args).unwrap().orders.into_iter().map(|order| order.write.body).collect()
    }

    #[test]
    fn the_same_seed_places_the_same_orders() {
        assert_eq!(bodies(&args(true, 7)), bodies(&args(true, 7)));
        assert_ne!(bodies(&args(true, 7)), bodies(&args(true, 8)));
    }

    #[test]
    fn without_faults_nothing_is_changed() {
        let input = read(&args(false, 1)).unwrap();
        assert_eq!(input.orders.len(), 300);
        assert!(input.orders.iter().all(|order| order.mischief == Mischief::None));
        let is_ok = |order: &Order| String::from_utf8_lossy(&order.write.body).contains("\"tok_ok\"");
        assert!(input.orders.iter().all(is_ok));
    }
}
