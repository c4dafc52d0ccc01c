//! Goods that the customer asks to send back.

use super::super::returns::{MAX_OPEN, NotReturnable, Wanted};
use super::*;

fn wanted(lines: &[(&str, i64)]) -> Vec<Wanted> {
    lines.iter().map(|&(sku, quantity)| Wanted { sku: sku.to_owned(), quantity }).collect()
}

fn id(n: usize) -> ReturnId {
    ReturnId::new(format!("r-{n}")).unwrap()
}

fn home() -> Order {
    confirmed([captured(), delivered()])
}

#[test]
fn goods_can_be_sent_back_once_the_customer_has_them() {
    let ask = |mut order: Order| order.send_back(id(1), &wanted(&[("A", 1)]), NOW).map(|lines| lines.len());
    assert_eq!(ask(home()), Ok(1));
    assert_eq!(ask(confirmed([delivered()])), Ok(1));
    for order in [order(), confirmed([]), confirmed([dispatched()]), confirmed([Input::CancelAsked])] {
        assert_eq!(ask(order), Err(NotReturnable::NotDelivered));
    }
    assert_eq!(ask(after([Input::Deadline])), Err(NotReturnable::NotDelivered));
}

#[test]
fn no_more_comes_back_than_was_bought_and_is_not_under_way_or_refunded() {
    let faults = |order: &mut Order, lines: &[(&str, i64)]| match order.send_back(id(9), &wanted(lines), NOW)
    {
        Err(NotReturnable::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
        other => vec![format!("{other:?}")],
    };
    let mut order = home();
    assert_eq!(faults(&mut order, &[]), ["/lines"]);
    assert_eq!(
        faults(&mut order, &[("A", 3), ("B", 0), ("Z", 1), ("", 1), ("B", -1)]),
        ["/lines/0/quantity", "/lines/1/quantity", "/lines/2/sku", "/lines/3/sku", "/lines/4/quantity"]
    );
    assert_eq!(faults(&mut order, &[("A", 1), ("A", 2)]), ["/lines/1/quantity"], "equal SKUs are summed");
    order.send_back(id(1), &wanted(&[("A", 1)]), NOW).unwrap();
    assert_eq!(faults(&mut order, &[("A", 2)]), ["/lines/0/quantity"], "one is under way");
    order.hear(came_back("r-1", &[("A", 1)]), NOW);
    assert_eq!(faults(&mut order, &[("A", 2)]), ["/lines/0/quantity"], "one is refunded");
    order.send_back(id(2), &wanted(&[("A", 1)]), NOW).unwrap();
    assert_eq!(faults(&mut order, &[("A", 1)]), ["/lines/0/quantity"]);
    assert_eq!(faults(&mut order, &[("A", i64::MAX), ("A", i64::MAX)]).len(), 2);
}

#[test]
fn what_did_not_arrive_can_be_sent_back_again() {
    let mut order = home();
    order.send_back(id(1), &wanted(&[("A", 2)]), NOW).unwrap();
    order.hear(came_back("r-1", &[("A", 1)]), NOW);
    assert_eq!(order.send_back(id(2), &wanted(&[("A", 1)]), NOW).map(|lines| lines.len()), Ok(1));
}

#[test]
fn returns_that_are_under_way_are_bounded() {
    let mut order = home();
    order.terms.lines[0].quantity = Quantity::new(100).unwrap();
    for n in 0..MAX_OPEN {
        order.send_back(id(n), &wanted(&[("A", 1)]), NOW).unwrap();
    }
    assert_eq!(order.send_back(id(99), &wanted(&[("A", 1)]), NOW), Err(NotReturnable::TooMany));
    order.hear(came_back("r-0", &[("A", 1)]), NOW);
    assert_eq!(order.send_back(id(99), &wanted(&[("A", 1)]), NOW).map(|lines| lines.len()), Ok(1));
}

#[test]
fn a_return_says_how_it_stands() {
    let status = |order: &Order, refunded| order.returns[0].status(&order.refunds, refunded);
    let mut order = home();
    order.send_back(id(1), &wanted(&[("A", 1)]), NOW).unwrap();
    assert_eq!(status(&order, None), "requested");
    order.hear(came_back("r-1", &[("A", 1)]), NOW);
    assert_eq!((status(&order, None), status(&order, Some(102))), ("received", "refunded"));
}
