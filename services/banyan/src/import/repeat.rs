//! As many orders as anybody asks for, from a file that has fewer.

use contracts::CustomerId;

use super::{Counts, Import, ImportError, ImportedOrder, Item, neutral};

/// The orders that come with the binary: three weeks of a real shop. See `data/README.md` for source and licence.
pub static SAMPLE: &[u8] = include_bytes!("../../data/online-retail-sample.csv.gz");

/// A file read again and again until it has given as many orders as were asked for.
///
/// From the second round on every invoice, key, matched key and guest has the round behind it (`538895-r2`), so rounds are
/// orders of their own, by the same customers, and a return stays with the order of its round. Bad lines are reported in
/// the first round only; the counts are those of all rounds.
pub struct Repeated {
    file: &'static [u8],
    round: u32,
    current: Import,
    orders_left: u64,
    /// The counts of the rounds that have ended.
    ended: Counts,
}

impl Repeated {
    /// Starts at the first line of `file`.
    ///
    /// # Errors
    /// [`ImportError`] when `file` is no orders.
    pub fn new(file: &'static [u8], orders: u64) -> Result<Self, ImportError> {
        let current = Import::from_reader(file)?.limit(orders);
        Ok(Self { file, round: 1, current, orders_left: orders, ended: Counts::default() })
    }

    /// What was given so far in all rounds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.ended.clone();
        counts.add(self.current.counts());
        counts
    }

    /// Begins again; says whether there is a next round. A file without any order has none, or this would never end.
    fn begin_round(&mut self) -> Result<bool, ImportError> {
        let given = self.current.counts().orders;
        if self.orders_left == 0 || given == 0 {
            return Ok(false);
        }
        self.ended.add(self.current.counts());
        self.current = Import::from_reader(self.file)?.limit(self.orders_left);
        self.round += 1;
        Ok(true)
    }

    fn renamed(&self, item: Item) -> Option<Item> {
        let suffix = format!("-r{}", self.round);
        match item {
            item if self.round == 1 => Some(item),
            Item::Order(order) => Some(Item::Order(renamed_order(order, &suffix))),
            Item::Return(mut returned) => {
                returned.invoice.push_str(&suffix);
                if let Some(key) = &mut returned.matched {
                    key.push_str(&suffix);
                }
                if let Some(guest) = renamed_guest(returned.customer_id.as_str(), &suffix) {
                    returned.customer_id = guest;
                }
                Some(Item::Return(returned))
            }
            Item::BadLine { .. } => None,
        }
    }
}

impl Iterator for Repeated {
    type Item = Result<Item, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.current.next() {
                Some(Ok(item)) => {
                    self.orders_left -= u64::from(matches!(item, Item::Order(_)));
                    if let Some(item) = self.renamed(item) {
                        return Some(Ok(item));
                    }
                }
                Some(Err(error)) => {
                    self.orders_left = 0;
                    return Some(Err(error));
                }
                None => match self.begin_round() {
                    Ok(true) => {}
                    Ok(false) => return None,
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    }
}

fn renamed_order(mut order: ImportedOrder, suffix: &str) -> ImportedOrder {
    order.invoice.push_str(suffix);
    order.idempotency_key.push_str(suffix);
    let guest = order.body["customer_id"].as_str().and_then(|id| renamed_guest(id, suffix));
    if let Some(guest) = guest {
        order.body["customer"] = neutral::customer(&guest);
        order.body["ship_to"] = neutral::ship_to(&guest, &order.country);
        order.body["customer_id"] = guest.as_str().into();
    }
    order
}

/// A guest is a guest of one invoice; any other customer comes back in every round.
fn renamed_guest(id: &str, suffix: &str) -> Option<CustomerId> {
    if id.starts_with("guest-") { CustomerId::new(format!("{id}{suffix}")).ok() } else { None }
}
