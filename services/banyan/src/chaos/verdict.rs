//! Whether a shop still has what its customers were told.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::book::{self, Placed, Told};
use super::load::Customer;
use crate::client::{Error, with_query};
use crate::commands::shown::{rows, text};

/// Orders on a page, and questions at a time.
const PAGE: &str = "100";
const AT_ONCE: usize = 32;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Orders that the shop lists.
    pub(super) orders: u64,
    /// Orders that a customer was told, and that are not there.
    pub(super) lost: u64,
    /// Keys with more than one order.
    pub(super) duplicated: u64,
    /// What must hold and does not, one sentence each; the lost and the duplicated too.
    pub(super) violated: Vec<String>,
}

/// Whose key is sent once more: it has to be given the same order.
#[derive(Debug, Clone, Copy)]
pub(super) enum Again {
    All,
    /// The last ones.
    Last(usize),
}

impl Verdict {
    /// The number of things that are wrong and neither lost nor duplicated.
    pub(super) fn violations(&self) -> u64 {
        (self.violated.len() as u64).saturating_sub(self.lost + self.duplicated)
    }

    /// Takes in what the shop's own audit says.
    pub(super) fn audited(&mut self, audit: &Value) {
        self.violated.extend(rows(audit, "/violations").iter().map(|violation| text(violation, "")));
        let dead = audit.get("dead_letters").and_then(Value::as_u64).unwrap_or(0);
        self.violated
            .extend((dead > 0).then(|| format!("{dead} dead letters although nothing was poisoned")));
    }

    pub(super) fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.violated.extend(other.violated);
    }

    /// `told` against all that the shop lists: who ordered what.
    fn compare(told: &BTreeMap<u64, Told>, listed: &[(String, String)]) -> Self {
        let mut verdict = Self { orders: listed.len() as u64, ..Self::default() };
        let mut by_key: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (key, order_id) in listed {
            by_key.entry(key).or_default().insert(order_id);
        }
        for (key, orders) in by_key.iter().filter(|(_, orders)| orders.len() > 1) {
            verdict.duplicated += 1;
            verdict.violated.push(format!("the key {key} has {} orders: {orders:?}", orders.len()));
        }
        for (nth, Told { order_id, .. }) in told {
            let key = book::key(*nth);
            if !by_key.get(key.as_str()).is_some_and(|orders| orders.contains(order_id.as_str())) {
                verdict.lost += 1;
                verdict.violated.push(format!("order {order_id} of the key {key} was told and is gone"));
            }
        }
        verdict
    }
}

/// Lists everything, compares it with what the customer's book says, and sends keys once more.
///
/// # Errors
/// The shop does not answer.
pub(super) async fn of(customer: &Customer, again: Again) -> Result<Verdict> {
    let (told, refused) = {
        let entries = customer.book.entries();
        (entries.told.clone(), entries.refused.clone())
    };
    let listed = listed(customer).await.context("the orders cannot be listed")?;
    let mut verdict = Verdict::compare(&told, &listed);
    verdict.violated.extend(refused);
    let many = match again {
        Again::All => told.len(),
        Again::Last(many) => many,
    };
    let mut latest: Vec<(&u64, &Told)> = told.iter().collect();
    latest.sort_by_key(|(nth, told)| (told.at, **nth));
    let mut answers = stream::iter(latest.into_iter().rev().take(many))
        .map(|(&nth, told)| async move { (nth, told, ask_again(customer, nth).await) })
        .buffer_unordered(AT_ONCE);
    while let Some((nth, told, answer)) = answers.next().await {
        match answer {
            Ok(Placed { order_id }) if order_id == told.order_id => {}
            Ok(Placed { order_id }) => {
                verdict.duplicated += 1;
                let first = &told.order_id;
                verdict.violated.push(format!("the key of order {first} is given {order_id} now"));
            }
            Err(error) => verdict.violated.push(format!("order {nth}, asked for again: {error}")),
        }
    }
    Ok(verdict)
}

async fn ask_again(customer: &Customer, nth: u64) -> Result<Placed, Error> {
    customer.client.post_until_answered(&book::write(nth), &customer.env, crate::client::Patience::BULK).await
}

/// The customer and the id of every order.
async fn listed(customer: &Customer) -> Result<Vec<(String, String)>, Error> {
    let mut listed = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let path = with_query("/orders", &[("limit", Some(PAGE)), ("cursor", cursor.as_deref())]);
        let page: Value = customer.client.get(&path).await?;
        let orders = rows(&page, "/orders").iter();
        listed.extend(orders.map(|order| (text(order, "/customer_id"), text(order, "/order_id"))));
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(listed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(orders: &[(u64, &str)]) -> BTreeMap<u64, Told> {
        orders.iter().map(|(nth, id)| (*nth, Told { order_id: (*id).to_owned(), at: 0 })).collect()
    }

    fn listed(orders: &[(u64, &str)]) -> Vec<(String, String)> {
        orders.iter().map(|(nth, id)| (book::key(*nth), (*id).to_owned())).collect()
    }

    #[test]
    fn what_is_gone_and_what_is_there_twice_is_counted_apart() {
        for (told_orders, listed_orders, lost, duplicated) in [
            (&[(0, "a"), (1, "b")][..], &[(0, "a"), (1, "b"), (2, "unanswered")][..], 0, 0),
            (&[(0, "a"), (1, "b")], &[(1, "b")], 1, 0),
            (&[(0, "a")], &[(0, "a"), (0, "c")], 0, 1),
            (&[(0, "a")], &[(0, "c")], 1, 0),
            (&[(0, "a")], &[(1, "a")], 1, 0),
        ] {
            let verdict = Verdict::compare(&told(told_orders), &listed(listed_orders));
            assert_eq!((verdict.lost, verdict.duplicated), (lost, duplicated), "{verdict:?}");
            assert_eq!(verdict.violations(), 0, "{verdict:?}");
        }
    }
}
