//! What is placed: orders of a file, or of the built-in sample as often as needed.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use contracts::Sku;

use super::Args;
use super::errand::SendBack;
use super::mischief::{Dice, Mischief};
use crate::client::{JSON, Write};
use crate::import::{Demand, Import, ImportError, ImportedOrder, ImportedReturn, Item, Repeated, SAMPLE};

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
    /// What comes back from each order, by the order's key.
    pub(super) returns: Returns,
}

/// What comes back from each order, by the order's key.
pub(super) type Returns = BTreeMap<String, Vec<SendBack>>;

/// An order to place.
pub(super) struct Order {
    /// The request, always the same bytes.
    pub(super) write: Write,
    /// What goes wrong with it on the way.
    pub(super) mischief: Mischief,
    /// How long after it was taken its customer cancels it.
    pub(super) cancel: Option<Duration>,
}

/// Reads all of it: the opening stock depends on every order.
pub(super) fn read(args: &Args) -> Result<Input> {
    match &args.input {
        Some(file) => {
            let what = || format!("{} cannot be imported", file.display());
            let mut import = Import::open(file).with_context(what)?.limit(args.orders);
            let gathered = gather(&mut import, args).with_context(what)?;
            if gathered.orders.is_empty() {
                bail!("there is no order in {}", file.display());
            }
            let counts = import.counts().clone();
            Ok(Input::of(args, gathered, counts))
        }
        None => {
            let mut sample = Repeated::new(SAMPLE, args.orders)?;
            let gathered = gather(&mut sample, args)?;
            let counts = sample.counts();
            Ok(Input::of(args, gathered, counts))
        }
    }
}

#[derive(Default)]
struct Gathered {
    orders: Vec<Order>,
    demand: Demand,
    returns: Returns,
    bad_lines: Vec<String>,
}

fn gather(items: impl Iterator<Item = Result<Item, ImportError>>, args: &Args) -> Result<Gathered> {
    let dice = args.faults.then(|| Dice::new(args.seed));
    let mut gathered = Gathered::default();
    for item in items {
        match item? {
            Item::Order(order) => {
                gathered.demand.add(&order);
                if let Some(back) = dice.as_ref().and_then(|dice| on_a_whim(&order, dice)) {
                    gathered.returns.entry(order.idempotency_key.clone()).or_default().push(back);
                }
                gathered.orders.push(Order::of(order, dice.as_ref()));
            }
            Item::Return(returned) => gathered.comes_back(returned),
            Item::BadLine { line, reason } => gathered.bad_lines.push(format!("line {line}: {reason}")),
        }
    }
    Ok(gathered)
}

impl Gathered {
    /// A C-invoice of the file. Whoever sends that back sends nothing back on a whim: it may be the same goods.
    fn comes_back(&mut self, returned: ImportedReturn) {
        let (Some(key), Some(order)) = (returned.idempotency_key(), returned.matched) else { return };
        let lines = returned.lines.into_iter().map(|line| (String::from(line.sku), line.quantity)).collect();
        let of_order = self.returns.entry(order).or_default();
        of_order.retain(|back| !back.key.starts_with(WHIM));
        of_order.push(SendBack { key, lines });
    }
}

/// What the keys of returns begin with that are in no file.
const WHIM: &str = "whim-";

/// One piece of the first line, which somebody sends back without an invoice that says so.
fn on_a_whim(order: &ImportedOrder, dice: &Dice) -> Option<SendBack> {
    let key = &order.idempotency_key;
    let sku = order.body.pointer("/lines/0/sku")?.as_str()?.to_owned();
    dice.sends_back(key).then(|| SendBack { key: format!("{WHIM}{key}"), lines: vec![(sku, 1)] })
}

impl Input {
    fn of(args: &Args, gathered: Gathered, counts: crate::import::Counts) -> Self {
        let Gathered { orders, demand, returns, bad_lines } = gathered;
        let stock = demand.opening_stock(args.stock);
        Self { orders, stock, ignored: counts.ignored, bad_lines, returns }
    }
}

impl Order {
    fn of(mut order: ImportedOrder, dice: Option<&Dice>) -> Self {
        let mischief = dice.map_or(Mischief::None, |dice| dice.mischief(&order.idempotency_key));
        if let Some(token) = dice.and_then(|dice| dice.token(&order.idempotency_key)) {
            order.body["payment_method"]["token"] = token.into();
        }
        let cancel = dice.and_then(|dice| dice.changes_mind(&order.idempotency_key));
        let write = Write {
            path: "/orders".to_owned(),
            key: Some(order.idempotency_key),
            media: JSON,
            body: Bytes::from(order.body.to_string()),
        };
        Self { write, mischief, cancel }
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
        let is_spared = |order: &Order| order.mischief == Mischief::None && order.cancel.is_none();
        assert!(input.orders.iter().all(is_spared));
        let is_ok = |order: &Order| String::from_utf8_lossy(&order.write.body).contains("\"tok_ok\"");
        assert!(input.orders.iter().all(is_ok));
    }

    #[test]
    fn what_invoices_give_back_comes_back_with_the_order_that_sold_it() {
        let file = read(&args(false, 1)).unwrap();
        let keys: Vec<&str> = file.orders.iter().filter_map(|order| order.write.key.as_deref()).collect();
        assert!(!file.returns.is_empty());
        assert!(file.returns.keys().all(|key| keys.contains(&key.as_str())), "{:?}", file.returns);
        let with_whims = read(&args(true, 1)).unwrap().returns;
        assert!(
            with_whims.len() > file.returns.len()
                && file.returns.keys().all(|key| with_whims.contains_key(key))
        );
    }
}
