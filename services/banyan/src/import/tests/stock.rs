//! The rule for the opening stock.

use super::super::{ImportedOrder, Scale, opening_stock};
use super::{import_rows, orders};

fn stock(rows: &[String], scale: &str) -> Vec<(String, u64)> {
    let (items, _) = import_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let stock = opening_stock(orders(&items), scale.parse().unwrap());
    stock.into_iter().map(|(sku, pieces)| (sku.to_string(), pieces)).collect()
}

#[test]
fn the_most_wanted_sku_has_half_of_its_demand_rounded_up_and_the_next_39_all() {
    // 81 SKUs: S00 is wanted 1,001 times, S01 1,000 times, ... so the short ones are S00, S40 and S80.
    let rows: Vec<String> = (0..81).map(|n| format!("{n},S{n:02},{},1.00,7", 1_001 - n)).collect();
    let short: Vec<(String, u64)> = stock(&rows, "1")
        .into_iter()
        .enumerate()
        .filter(|(n, (_, pieces))| *pieces < 1_001 - *n as u64)
        .map(|(_, s)| s)
        .collect();
    assert_eq!(short, [("S00".to_owned(), 501), ("S40".to_owned(), 481), ("S80".to_owned(), 461)]);
}

#[test]
fn demand_is_summed_over_orders_and_equal_demands_go_by_name() {
    let rows = ["1,K,4,1.00,7", "2,A,3,1.00,7", "3,A,1,1.00,8"].map(str::to_owned);
    assert_eq!(stock(&rows, "1"), [("A".to_owned(), 2), ("K".to_owned(), 4)]);
}

#[test]
fn a_scale_multiplies_the_stock_and_rounds_up() {
    let rows = ["1,A,5,1.00,7", "1,K,4,1.00,7"].map(str::to_owned);
    let cases = [
        ("1", [3, 4]),
        ("1.5", [5, 6]),
        ("0.1", [1, 1]),
        ("0", [0, 0]),
        (".25", [1, 1]),
        ("10.000000", [30, 40]),
    ];
    for (scale, [a, b]) in cases {
        assert_eq!(stock(&rows, scale), [("A".to_owned(), a), ("K".to_owned(), b)], "{scale}");
    }
}

#[test]
fn a_scale_that_is_no_such_decimal_is_refused() {
    for text in
        ["", ".", "-1", "1e3", "1,5", "1.0000001", "1000000.1", "99999999999999999999", "NaN", "1.5.5"]
    {
        assert!(text.parse::<Scale>().is_err(), "{text:?}");
    }
    assert_eq!("1000000".parse::<Scale>().unwrap().apply(u64::MAX), u64::MAX);
}

#[test]
fn no_orders_have_no_stock() {
    assert!(opening_stock(&Vec::<ImportedOrder>::new(), Scale::ONE).is_empty());
}
