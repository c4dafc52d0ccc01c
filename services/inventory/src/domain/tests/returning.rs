use contracts::OrderId;
use contracts::events::returns::{Condition, ReturnedLine};

use super::{location, pieces, sku};
use crate::domain::{Return, shifts};

fn came(lines: Vec<ReturnedLine>) -> Return {
    Return { order_id: OrderId::new("o-1").unwrap(), location: location("main"), lines, booked: 0 }
}

fn of(name: &str, quantity: u32, condition: Condition) -> ReturnedLine {
    ReturnedLine { sku: sku(name), quantity: pieces(quantity), condition }
}

#[test]
fn what_can_be_sold_again_is_on_sale_at_once_and_the_rest_waits() {
    let mut came = came(vec![
        of("a", 3, Condition::Sellable),
        of("a", 1, Condition::Damaged),
        of("b", 2, Condition::Unrecognised),
    ]);
    let movement = came.book();
    let sums: Vec<(String, [i64; 3])> = shifts(&movement)
        .into_iter()
        .map(|(place, shift)| {
            (place.sku.to_string(), [shift.0.on_hand, shift.0.available, shift.0.quarantine])
        })
        .collect();
    assert_eq!(sums, [("a".to_owned(), [4, 3, 1]), ("b".to_owned(), [2, 0, 2])]);
    assert!(came.is_booked() && came.book().is_empty());
}

#[test]
fn a_return_too_large_for_one_unit_of_work_is_booked_in_parts_and_once() {
    let lines: Vec<_> = (0..100).map(|n| of(&format!("s{n}"), 1, Condition::Damaged)).collect();
    let mut came = came(lines);
    let parts: Vec<usize> = (0..4).map(|_| came.book().len()).collect();
    assert_eq!((parts, came.is_booked()), (vec![45, 45, 10, 0], true));
}
