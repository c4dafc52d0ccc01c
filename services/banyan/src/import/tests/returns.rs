//! What becomes of C-invoices.

use contracts::{CustomerId, Sku};

use super::super::returns::History;
use super::super::{Item, ReturnedLine};
use super::{all_shown, assert_lines_add_up, import_rows};

/// Two orders of one customer and one of another; `K` is in the first only.
const SOLD: [&str; 4] = ["1,A,5,1.00,7", "1,K,2,1.00,7", "2,A,3,1.00,7", "3,A,9,1.00,8"];

fn returned(rows: &[&str]) -> (Vec<String>, u64) {
    let (items, counts) = import_rows(&[&SOLD, rows].concat());
    assert_lines_add_up(&counts);
    (all_shown(&items)[3..].to_vec(), counts.ignored.get("return_without_order").copied().unwrap_or(0))
}

#[test]
fn a_c_invoice_is_a_return_of_the_customers_newest_order_that_sold_all_of_it() {
    let cases: [(&str, &[&str], &[&str], u64); 9] = [
        ("newest order first", &["C4,A,-3,1.00,7"], &["C4 of Some(\"2\"): A*3"], 0),
        ("enough pieces", &["C4,A,-4,1.00,7"], &["C4 of Some(\"1\"): A*4"], 0),
        ("all lines", &["C4,A,-1,1.00,7", "C4,K,-1,1.00,7"], &["C4 of Some(\"1\"): A*1 K*1"], 0),
        ("lines of a SKU are summed", &["C4,A,-2,1.00,7", "C4,A,-2,0.90,7"], &["C4 of Some(\"1\"): A*4"], 0),
        ("more than was sold", &["C4,A,-6,1.00,7"], &["C4 of None: A*6"], 1),
        ("another's goods", &["C4,K,-1,1.00,8"], &["C4 of None: K*1"], 1),
        ("nobody's goods", &["C4,A,-1,1.00,"], &["C4 of None: A*1"], 1),
        (
            "what came back does not come again",
            &["C4,A,-3,1.00,7", "C5,A,-3,1.00,7", "C6,A,-3,1.00,7"],
            &["C4 of Some(\"2\"): A*3", "C5 of Some(\"1\"): A*3", "C6 of None: A*3"],
            1,
        ),
        (
            "line by line where no order sold all",
            &["C4,A,-5,1.00,7", "C4,K,-1,1.00,7", "C4,Z,-1,1.00,7"],
            &["C4 of Some(\"1\"): A*5 K*1", "C4 of None: Z*1"],
            1,
        ),
    ];
    for (rule, rows, expected, ignored) in cases {
        let (shown, count) = returned(rows);
        assert_eq!(shown, expected, "{rule}");
        assert_eq!(count, ignored, "{rule}");
    }
}

#[test]
fn a_return_before_its_order_matches_nothing() {
    let (items, counts) = import_rows(&["C1,A,-1,1.00,7", "2,A,1,1.00,7"]);
    assert_eq!(all_shown(&items), ["C1 of None: A*1", "2: A*1@100"]);
    assert_eq!((counts.returns_matched, counts.returns_unmatched), (0, 1));
}

#[test]
fn a_guest_is_named_in_a_return_but_never_matched() {
    let (items, _) = import_rows(&["1,A,1,1.00,", "C1,A,-1,1.00,"]);
    let [_, Item::Return(returned)] = &items[..] else { panic!("{items:?}") };
    assert_eq!((returned.customer_id.as_str(), &returned.matched), ("guest-C1", &None));
}

#[test]
fn a_return_of_a_split_invoice_names_the_parts() {
    let (items, _) = import_rows(&["1,A,1,1.00,7", "1,A,2,2.00,7", "C2,A,-2,2.00,7", "C3,A,-1,2.00,7"]);
    assert_eq!(all_shown(&items)[2..], ["C2 of Some(\"1-2\"): A*2", "C3 of Some(\"1-1\"): A*1"]);
}

#[test]
fn the_parts_of_a_return_have_keys_of_their_own() {
    let (items, _) = import_rows(&["1,A,1,1.00,7", "2,K,1,1.00,7", "C3,A,-1,1.00,7", "C3,K,-1,1.00,7"]);
    let [.., Item::Return(first), Item::Return(second)] = &items[..] else { panic!("{items:?}") };
    let keys = [first, second].map(super::super::ImportedReturn::idempotency_key);
    assert_eq!(keys, [Some("C3/1".to_owned()), Some("C3/2".to_owned())]);
}

#[test]
fn the_oldest_order_is_forgotten_when_too_many_lines_are_remembered() {
    let customer = |id: &str| CustomerId::new(id).unwrap();
    let sku = |name: &str| Sku::new(name).unwrap();
    let mut history = History::new(3);
    history.remember(&customer("c-1"), "1", vec![(sku("A"), 1), (sku("K"), 1)]);
    history.remember(&customer("c-2"), "2", vec![(sku("A"), 1)]);
    history.remember(&customer("c-1"), "3", vec![(sku("L"), 1)]);
    let mut order_of = |id: &str, name: &str| {
        let (order, _) =
            history.take(&customer(id), vec![ReturnedLine { sku: sku(name), quantity: 1 }]).remove(0);
        order
    };
    assert_eq!(order_of("c-1", "A"), None);
    assert_eq!(order_of("c-2", "A").as_deref(), Some("2"));
    assert_eq!(order_of("c-1", "L").as_deref(), Some("3"));
}
