use super::*;

fn order(lines: &[(&str, i64, i64)]) -> PlaceOrder {
    let line = |&(sku, quantity, unit_price_minor): &(&str, i64, i64)| PlaceLine {
        sku: sku.to_owned(),
        quantity,
        unit_price_minor,
    };
    PlaceOrder {
        customer_id: "c-17850".to_owned(),
        currency: "GBP".to_owned(),
        channel: web(),
        lines: lines.iter().map(line).collect(),
        shipping_fee_minor: 495,
        total_minor: None,
        payment_method: PaymentMethod { token: "tok_ok".to_owned() },
        customer: Customer::default(),
        ship_to: ShipTo { country: "GB".to_owned(), ..ShipTo::default() },
        hold_id: None,
    }
}

fn pointers(order: &PlaceOrder) -> Vec<String> {
    order.check().unwrap_err().into_iter().map(|problem| problem.pointer).collect()
}

#[test]
fn a_sound_order_gets_a_total_and_shares_that_add_up() {
    let checked = order(&[("85123A", 6, 255), ("71053", 6, 339)]).check().unwrap();
    assert_eq!(checked.total_minor, 6 * 255 + 6 * 339 + 495);
    let sum: i64 = checked.allocation.iter().map(|share| share.goods_minor + share.fee_minor).sum();
    assert_eq!(sum, checked.total_minor);
    assert_eq!(
        checked.allocation.iter().map(|share| share.fee_minor).collect::<Vec<_>>(),
        [213, 282],
        "a tie goes to the first"
    );
}

#[test]
fn the_body_in_the_interface_page_is_taken() {
    let body = br#"{"customer_id":"c-17850","currency":"GBP","channel":"web","lines":[{"sku":"85123A","quantity":6,"unit_price_minor":255}],
      "shipping_fee_minor":0,"payment_method":{"token":"tok_ok"},"customer":{"name":"","email":"","locale":"en-GB"},
      "ship_to":{"name":"","line1":"","city":"","postcode":"","country":"GB"}}"#;
    assert_eq!(PlaceOrder::from_json(body).unwrap().check().unwrap().total_minor, 1530);
}

#[test]
fn equal_skus_at_equal_prices_are_summed_where_first_mentioned() {
    let checked = order(&[("B", 2, 100), ("A", 1, 50), ("B", 3, 100)]).check().unwrap();
    let lines: Vec<(&str, u32)> =
        checked.lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    assert_eq!(lines, [("B", 5), ("A", 1)]);
}

#[test]
fn equal_skus_at_different_prices_name_both_places() {
    let problems = order(&[("B", 2, 100), ("A", 1, 50), ("B", 3, 90)]).check().unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].pointer, "/lines/2/unit_price_minor");
    assert!(problems[0].message.contains("/lines/0/unit_price_minor"), "{}", problems[0].message);
}

#[test]
fn all_problems_are_said_at_once() {
    let mut bad = order(&[("", 0, -1), ("A", 100_001, 1)]);
    bad.customer_id = "not an id".to_owned();
    bad.currency = "XXX".to_owned();
    bad.shipping_fee_minor = -1;
    bad.payment_method.token.clear();
    bad.ship_to.country = "gb".to_owned();
    bad.customer.name = "x".repeat(MAX_TEXT_CHARS + 1);
    assert_eq!(
        pointers(&bad),
        [
            "/customer_id",
            "/currency",
            "/lines/0/sku",
            "/lines/0/quantity",
            "/lines/0/unit_price_minor",
            "/lines/1/quantity",
            "/customer/name",
            "/payment_method/token",
            "/ship_to/country",
            "/shipping_fee_minor",
        ]
    );
    let slugs: Vec<&str> = bad.check().unwrap_err().iter().map(|problem| problem.slug).collect();
    assert_eq!(slugs.iter().filter(|&&slug| slug == "unknown-currency").count(), 1);
}

#[test]
fn eighty_distinct_skus_are_taken_and_eighty_one_are_not() {
    let skus: Vec<String> = (0..81).map(|n| format!("SKU-{n}")).collect();
    let lines: Vec<(&str, i64, i64)> = skus.iter().map(|sku| (sku.as_str(), 1, 1)).collect();
    assert!(order(&lines[..80]).check().is_ok());
    assert_eq!(pointers(&order(&lines)), ["/lines"]);
    let repeated: Vec<(&str, i64, i64)> = lines[..80].iter().chain(&lines[..80]).copied().collect();
    assert!(order(&repeated).check().is_ok(), "only distinct skus count");
    assert_eq!(pointers(&order(&[])), ["/lines"]);
}

#[test]
fn a_given_total_must_add_up() {
    let mut asked = order(&[("A", 2, 100)]);
    asked.total_minor = Some(695);
    assert!(asked.check().is_ok());
    asked.total_minor = Some(694);
    assert_eq!(pointers(&asked), ["/total_minor"]);
}

#[test]
fn amounts_that_do_not_fit_are_refused() {
    assert_eq!(pointers(&order(&[("A", 100_000, i64::MAX / 2)])), ["/lines"]);
    assert_eq!(pointers(&order(&[("A", 1, i64::MAX)])), ["/lines"]);
    assert_eq!(pointers(&order(&[("A", 60_000, 1), ("A", 60_000, 1)])), ["/lines/1/quantity"]);
}

#[test]
fn an_order_of_another_application_has_the_same_checks() {
    let placed =
        order(&[("A", 2, 100)]).check().unwrap().placed(OrderId::new("536365").unwrap(), Timestamp::EPOCH);
    let again = placed.check().unwrap();
    assert_eq!(Some(again.allocation), placed.allocation);
    let wrong = OrderPlaced { total_minor: 1, ..placed };
    assert_eq!(wrong.check().unwrap_err()[0].pointer, "/total_minor");
}

#[test]
fn bodies_that_are_no_orders_say_which_way() {
    assert!(matches!(PlaceOrder::from_json(b"{"), Err(NotAnOrder::Malformed(_))));
    assert!(matches!(PlaceOrder::from_json(b"[]"), Err(NotAnOrder::Shape(_))));
    assert!(matches!(PlaceOrder::from_json(br#"{"customer_id":7}"#), Err(NotAnOrder::Shape(_))));
}

#[test]
fn a_card_number_is_refused_wherever_it_is_and_never_repeated() {
    let mut asked = order(&[("4242424242424242", 1, 4_242_424_242_424_242)]);
    asked.customer_id = "4242 4242 4242 4242".to_owned();
    asked.currency = "378282246310005".to_owned();
    asked.customer.name = "A. Buyer, 5555-5555-5555-4444".to_owned();
    let problems = asked.check().unwrap_err();
    let cards: Vec<&str> =
        problems.iter().filter(|p| p.slug == "card-number-refused").map(|p| p.pointer.as_str()).collect();
    assert_eq!(
        cards,
        ["/customer_id", "/currency", "/customer/name", "/lines/0/unit_price_minor"],
        "a sku is exempt"
    );
    assert!(problems.iter().all(|p| !crate::card::in_text(&p.message)), "{problems:?}");
}
