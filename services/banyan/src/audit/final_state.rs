//! One number for what all orders and all stock came to, so that two shops can be compared that ran on different backends.

use std::collections::BTreeSet;

use runtime::Findings;
use sha2::{Digest, Sha256};

use super::sides::facts;

/// The SHA-256 of all lines, sorted, each with a line feed; in hexadecimal digits. Ids and times are in none of them.
pub(super) fn hash(findings: &[(&'static str, Findings)]) -> String {
    let mut sum = Sha256::new();
    for line in lines(findings) {
        sum.update(line);
        sum.update("\n");
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `order|<Idempotency-Key>|<end>|<captured>|<refunded>` and `sku|loc|on_hand|reserved|sold`. An order that came over the bus
/// has no key: its id, which its publisher chose, stands there.
fn lines(findings: &[(&'static str, Findings)]) -> BTreeSet<String> {
    let orders = facts(findings, "orders", "orders").map(|(id, order)| {
        let key = if order.text("idempotency_key") == "absent" { id } else { order.text("idempotency_key") };
        let minor = |name| order.number(name).unwrap_or_default();
        let (captured, refunded) = (minor("captured_minor"), minor("refunded_minor"));
        format!("order|{key}|{}|{captured}|{refunded}", order.text("status"))
    });
    let stock = facts(findings, "inventory", "stock").map(|(place, stock)| {
        let pieces = |name| stock.number(name).unwrap_or_default();
        format!("{place}|{}|{}|{}", pieces("on_hand"), pieces("reserved"), pieces("sold"))
    });
    orders.chain(stock).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn said(kind: &str, all: &[(&str, Value)]) -> Findings {
        let by_id = all.iter().map(|(id, fact)| ((*id).to_owned(), fact.clone())).collect();
        Findings { violations: vec![], facts: BTreeMap::from([(kind.to_owned(), by_id)]) }
    }

    #[test]
    fn ids_and_times_do_not_count_and_ends_and_pieces_do() {
        let order = |id: &'static str, status: &str| {
            (
                id,
                json!({ "idempotency_key": "k", "status": status, "captured_minor": 510, "refunded_minor": 255, "placed_at": id }),
            )
        };
        let state = |order: (&str, Value), sold: u32| {
            let stock = ("A|main", json!({ "on_hand": 4, "reserved": 0, "sold": sold, "allocated": 1 }));
            [("orders", said("orders", &[order])), ("inventory", said("stock", &[stock]))]
        };
        let one = state(order("1", "completed"), 2);
        let want = ["A|main|4|0|2", "order|k|completed|510|255"].map(str::to_owned);
        assert_eq!(lines(&one), BTreeSet::from(want));
        assert_eq!(hash(&one), hash(&state(order("2", "completed"), 2)));
        assert_ne!(hash(&one), hash(&state(order("1", "cancelled"), 2)));
        assert_ne!(hash(&one), hash(&state(order("1", "completed"), 3)));
    }

    #[test]
    fn an_order_without_a_key_goes_by_its_id() {
        let heard = ("shop-7", json!({ "status": "cancelled" }));
        let lines = lines(&[("orders", said("orders", &[heard]))]);
        assert_eq!(lines, BTreeSet::from(["order|shop-7|cancelled|0|0".to_owned()]));
    }
}
