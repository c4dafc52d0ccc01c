//! The orders that come with the binary.

use std::collections::{BTreeMap, BTreeSet};

use contracts::order::PlaceOrder;
use serde::Deserialize;

use super::super::{Counts, ImportedOrder, Item, Repeated, SAMPLE, Scale, opening_stock};
use super::{all_shown, assert_lines_add_up, import, orders};

fn repeated(count: u64) -> (Vec<Item>, Counts) {
    let mut repeated = Repeated::new(SAMPLE, count).unwrap();
    let items = repeated.by_ref().map(Result::unwrap).collect();
    (items, repeated.counts())
}

/// Serves the orders one after another, all lines of an order or none; gives how many could not be served.
fn short(orders: &[&ImportedOrder]) -> usize {
    let stock = opening_stock(orders.iter().copied(), Scale::ONE);
    let mut left: BTreeMap<&str, u64> = stock.iter().map(|(sku, pieces)| (sku.as_str(), *pieces)).collect();
    let mut short = 0;
    for order in orders {
        if order.demand().all(|(sku, quantity)| left[sku] >= quantity) {
            order.demand().for_each(|(sku, quantity)| *left.get_mut(sku).unwrap() -= quantity);
        } else {
            short += 1;
        }
    }
    short
}

#[test]
fn the_sample_is_read_to_the_last_line_and_every_line_is_accounted_for() {
    let (items, counts) = import(SAMPLE);
    let ignored = [
        ("non_product", 74),
        ("price_not_positive", 84),
        ("quantity_not_positive", 11),
        ("return_without_order", 137),
    ];
    let expected = Counts {
        lines: 12_193,
        order_lines: 11_806,
        return_lines: 81,
        bad_lines: 0,
        ignored: ignored.map(|(reason, lines)| (reason.to_owned(), lines)).into(),
        orders: 519,
        split_invoices: 19,
        returns_matched: 36,
        returns_unmatched: 77,
        countries_assumed: 0,
    };
    assert_eq!(counts, expected);
    assert_lines_add_up(&counts);
    assert_eq!(orders(&items).len(), 519);
}

#[test]
fn every_order_of_the_sample_can_be_placed() {
    let (items, _) = import(SAMPLE);
    let mut keys = BTreeSet::new();
    for order in orders(&items) {
        let key = &order.idempotency_key;
        assert!(keys.insert(key), "{key} is used twice");
        let checked = PlaceOrder::deserialize(&order.body).unwrap().check().unwrap();
        assert_eq!(checked.lines.len(), order.demand().count(), "{key}: each SKU is there once");
        assert!(checked.lines.iter().all(|line| line.unit_price_minor > 0), "{key}");
    }
}

#[test]
fn about_one_order_in_seven_ends_short() {
    for count in [200, 519, 5_000] {
        let (items, _) = repeated(count);
        let orders = orders(&items);
        assert_eq!(orders.len() as u64, count);
        let short = short(&orders);
        assert!((120..=165).contains(&(short * 1_000 / orders.len())), "{short} of {count}");
    }
}

#[test]
fn three_orders_in_four_can_be_filled_however_many_are_asked_for() {
    for count in [50, 100, 300, 400, 1_000, 2_000] {
        let (items, _) = repeated(count);
        let orders = orders(&items);
        let short = short(&orders);
        assert!(short > 0 && short * 4 <= orders.len(), "{short} of {count}");
    }
}

#[test]
fn more_orders_than_the_sample_has_are_new_orders_of_the_same_customers() {
    let (first, once) = import(SAMPLE);
    let (items, counts) = repeated(once.orders + 100);
    assert_eq!(items[..first.len()], first, "the first round is the sample");
    assert_eq!(counts.orders, once.orders + 100);
    let keys: BTreeSet<_> = orders(&items).into_iter().map(|order| &order.idempotency_key).collect();
    assert_eq!(keys.len() as u64, counts.orders);
    let again = orders(&items[first.len()..]);
    for (order, original) in again.iter().zip(orders(&first)) {
        assert_eq!(order.idempotency_key, format!("{}-r2", original.idempotency_key));
        let (id, old) =
            (order.body["customer_id"].as_str().unwrap(), original.body["customer_id"].as_str().unwrap());
        let expected = if old.starts_with("guest-") { format!("{old}-r2") } else { old.to_owned() };
        assert_eq!(id, expected);
        assert_eq!(order.body["customer"]["email"], format!("{id}@example.com"));
        assert_eq!(order.body["lines"], original.body["lines"]);
    }
}

#[test]
fn a_return_of_a_later_round_belongs_to_the_order_of_its_round() {
    let (items, _) = repeated(2_000);
    let mut placed = BTreeSet::new();
    let mut matched = 0;
    for item in &items {
        match item {
            Item::Order(order) => assert!(placed.insert(order.idempotency_key.as_str())),
            Item::Return(returned) => {
                if let Some(key) = &returned.matched {
                    assert!(placed.contains(key.as_str()), "{key} is not placed yet");
                    assert_eq!(
                        key.split_once("-r").map(|(_, r)| r),
                        returned.invoice.split_once("-r").map(|(_, r)| r)
                    );
                    matched += 1;
                }
            }
            Item::BadLine { .. } => panic!("{:?}", all_shown(&items)),
        }
    }
    assert!(matched > 60, "{matched}");
}

#[test]
fn bad_lines_are_reported_once_and_a_file_without_orders_ends() {
    let file = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\nbad\n1,A,,1,,1.00,7,RSA\n";
    let items: Vec<Item> = Repeated::new(file, 3).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        all_shown(&items),
        ["line 2: 1 columns instead of 8", "1: A*1@100", "1-r2: A*1@100", "1-r3: A*1@100"]
    );
    assert_eq!(Repeated::new(&file[..86], 3).unwrap().count(), 1);
    assert_eq!(Repeated::new(SAMPLE, 0).unwrap().count(), 0);
}
