//! Which earlier order the goods of a C-invoice were sold with.

use std::collections::{HashMap, VecDeque};

use contracts::{CustomerId, Sku};

use super::ReturnedLine;

/// How many sold lines are remembered, some 40 MB: more than a year of the shop in the sample. Beyond that the oldest
/// order is forgotten, and what comes back from it counts as a return without an order.
pub(super) const MAX_REMEMBERED_LINES: usize = 500_000;

/// What customers have bought and not returned, oldest order first.
#[derive(Debug)]
pub(super) struct History {
    max_lines: usize,
    customers: HashMap<CustomerId, VecDeque<Sold>>,
    oldest: VecDeque<CustomerId>,
    lines: usize,
}

#[derive(Debug)]
struct Sold {
    key: String,
    /// SKU and the pieces that did not come back yet.
    lines: Vec<(Sku, u32)>,
}

/// Lines that come back from one order; `None` where no order has sold them.
pub(super) type Matched = (Option<String>, Vec<ReturnedLine>);

impl History {
    /// Knows of no order yet; forgets the oldest beyond `max_lines` sold lines.
    pub(super) fn new(max_lines: usize) -> Self {
        Self { max_lines, customers: HashMap::new(), oldest: VecDeque::new(), lines: 0 }
    }

    /// Takes in an order under its idempotency key.
    pub(super) fn remember(&mut self, customer: &CustomerId, key: &str, lines: Vec<(Sku, u32)>) {
        self.lines += lines.len();
        self.customers.entry(customer.clone()).or_default().push_back(Sold { key: key.to_owned(), lines });
        self.oldest.push_back(customer.clone());
        while self.lines > self.max_lines {
            self.forget_oldest();
        }
    }

    /// Finds orders for what `customer` returns, and takes the pieces off them, so that none comes back twice.
    ///
    /// The newest order that sold all of it gets all of it. Where there is none (a return of several orders, or of
    /// a split one) each line goes to the newest order that sold it.
    pub(super) fn take(&mut self, customer: &CustomerId, lines: Vec<ReturnedLine>) -> Vec<Matched> {
        let Some(orders) = self.customers.get_mut(customer) else {
            return vec![(None, lines)];
        };
        if let Some(order) = orders.iter_mut().rev().find(|order| lines.iter().all(|line| order.has(line))) {
            lines.iter().for_each(|line| order.take(line));
            return vec![(Some(order.key.clone()), lines)];
        }
        let mut matched: Vec<Matched> = Vec::new();
        for line in lines {
            let order = orders.iter_mut().rev().find(|order| order.has(&line));
            let key = order.map(|order| {
                order.take(&line);
                order.key.clone()
            });
            match matched.iter_mut().find(|(known, _)| *known == key) {
                Some((_, held)) => held.push(line),
                None => matched.push((key, vec![line])),
            }
        }
        matched
    }

    fn forget_oldest(&mut self) {
        let Some(customer) = self.oldest.pop_front() else {
            self.lines = 0;
            return;
        };
        let Some(orders) = self.customers.get_mut(&customer) else { return };
        if let Some(order) = orders.pop_front() {
            self.lines = self.lines.saturating_sub(order.lines.len());
        }
        if orders.is_empty() {
            self.customers.remove(&customer);
        }
    }
}

impl Sold {
    fn has(&self, line: &ReturnedLine) -> bool {
        self.lines.iter().any(|(sku, left)| *sku == line.sku && *left >= line.quantity)
    }

    fn take(&mut self, line: &ReturnedLine) {
        if let Some((_, left)) = self.lines.iter_mut().find(|(sku, _)| *sku == line.sku) {
            *left = left.saturating_sub(line.quantity);
        }
    }
}
