//! What becomes of one invoice.

use serde_json::json;

use super::super::Item;
use super::{HEADER, all_shown, assert_lines_add_up, import, import_rows, orders};

#[test]
fn an_invoice_becomes_the_body_of_one_order() {
    let (items, _) = import(format!(
        "{HEADER}536370,22728,ALARM CLOCK BAKELIKE PINK,24,2010-12-01T08:45:00,3.75,12583,France\n\
         536370,POST,POSTAGE,3,2010-12-01T08:45:00,18.00,12583,France\n"
    ));
    let [Item::Order(order)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(order.invoice, "536370");
    assert_eq!(order.idempotency_key, "536370");
    assert_eq!(order.placed_at_text, "2010-12-01T08:45:00");
    assert_eq!(order.country, "FR");
    let body = json!({
        "customer_id": "c-12583", "currency": "GBP", "channel": "web",
        "lines": [{ "sku": "22728", "quantity": 24, "unit_price_minor": 375 }],
        "shipping_fee_minor": 0, "payment_method": { "token": "tok_ok" },
        "customer": { "name": "Customer c-12583", "email": "c-12583@example.com", "locale": "en-GB" },
        "ship_to": { "name": "Customer c-12583", "line1": order.body["ship_to"]["line1"], "city": "Sampleton",
            "postcode": "00000", "country": "FR" },
    });
    assert_eq!(order.body, body);
    let line1 = order.body["ship_to"]["line1"].as_str().unwrap();
    assert!(line1.ends_with(" Example Street"), "{line1}");
}

#[test]
fn who_is_not_known_is_the_guest_of_one_invoice() {
    let (items, _) = import_rows(&["536414,A,1,1.00,", "536415,A,1,1.00,17850.0"]);
    let ids: Vec<_> = orders(&items).iter().map(|order| order.body["customer_id"].clone()).collect();
    assert_eq!(ids, ["guest-536414", "c-17850"]);
}

#[test]
fn invoices_become_orders_of_summed_lines() {
    let cases: [(&str, &[&str], &[&str]); 6] = [
        (
            "equal SKUs at one price are summed",
            &["1,A,2,1.00,7", "1,K,1,2.00,7", "1,A,3,1.0,7"],
            &["1: A*5@100 K*1@200"],
        ),
        (
            "a second price goes into the next part",
            &["1,A,2,1.00,7", "1,K,1,2.00,7", "1,A,3,0.90,7"],
            &["1-1: A*2@100 K*1@200", "1-2: A*3@90"],
        ),
        (
            "every price has a part",
            &["1,A,2,1.00,7", "1,A,3,0.90,7", "1,A,4,0.80,7", "1,A,1,0.90,7"],
            &["1-1: A*2@100", "1-2: A*4@90", "1-3: A*4@80"],
        ),
        (
            "pieces beyond the limit go into the next part",
            &["1,A,60000,1.00,7", "1,A,60000,1.00,7"],
            &["1-1: A*60000@100", "1-2: A*60000@100"],
        ),
        ("an invoice of nothing but fees is no order", &["1,POST,1,1.00,7", "2,A,1,1.00,7"], &["2: A*1@100"]),
        (
            "a SKU is what the file says, letter case and all",
            &["1,85123A,1,1.00,7", "1,85123a,1,1.00,7"],
            &["1: 85123A*1@100 85123a*1@100"],
        ),
    ];
    for (rule, rows, expected) in cases {
        let (items, counts) = import_rows(rows);
        assert_eq!(all_shown(&items), expected, "{rule}");
        assert_eq!(counts.split_invoices, u64::from(expected.len() > 1), "{rule}");
        assert_lines_add_up(&counts);
    }
}

#[test]
fn a_basket_of_81_skus_is_split_and_one_of_80_is_not() {
    let sizes = |skus: u32| -> Vec<(String, usize)> {
        let rows: Vec<String> = (0..skus).map(|sku| format!("9,S{sku},1,1.00,7")).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let (items, _) = import_rows(&rows);
        orders(&items).iter().map(|order| (order.idempotency_key.clone(), order.demand().count())).collect()
    };
    let named = |parts: &[(&str, usize)]| {
        parts.iter().map(|(key, size)| ((*key).to_owned(), *size)).collect::<Vec<_>>()
    };
    assert_eq!(sizes(80), named(&[("9", 80)]));
    assert_eq!(sizes(81), named(&[("9-1", 80), ("9-2", 1)]));
    assert_eq!(sizes(161), named(&[("9-1", 80), ("9-2", 80), ("9-3", 1)]));
}

#[test]
fn a_second_price_does_not_open_a_part_while_there_is_room_in_a_later_one() {
    let mut rows: Vec<String> = (0..81).map(|sku| format!("9,S{sku},1,1.00,7")).collect();
    rows.push("9,S0,1,2.00,7".to_owned());
    let (items, _) = import_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = all_shown(&items);
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1], "9-2: S80*1@100 S0*1@200");
}

#[test]
fn an_interleaved_invoice_is_one_order() {
    let (items, _) = import_rows(&["1,A,1,1.00,7", "2,K,1,1.00,8", "2,C,1,1.00,8", "1,L,1,1.00,7"]);
    assert_eq!(all_shown(&items), ["1: A*1@100 L*1@100", "2: K*1@100 C*1@100"]);
}

#[test]
fn an_invoice_that_comes_again_much_later_is_an_order_with_a_key_of_its_own() {
    let mut rows = vec!["1,A,1,1.00,7".to_owned()];
    rows.extend((10..20).map(|invoice| format!("{invoice},K,1,1.00,8")));
    rows.push("1,C,1,1.00,7".to_owned());
    let (items, _) = import_rows(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let shown = all_shown(&items);
    assert_eq!((shown[0].as_str(), shown[11].as_str()), ("1: A*1@100", "1-2: C*1@100"));
}

#[test]
fn an_invoice_without_end_is_cut_into_orders() {
    let (items, counts) = import_rows(&["1,A,1,1.00,7"; 10_001]);
    assert_eq!(all_shown(&items), ["1: A*10000@100", "1-2: A*1@100"]);
    assert_lines_add_up(&counts);
}

#[test]
fn a_limit_ends_behind_that_many_orders_and_counts_no_more_than_was_given() {
    let text = format!(
        "{HEADER}1,POST,X,1,d,1.00,7,RSA\n1,A,X,1,d,1.00,7,RSA\n2,A,X,1,d,1.00,7,RSA\n3,M,X,1,d,1.00,7,RSA\n"
    );
    let mut import = super::Import::from_reader(std::io::Cursor::new(text)).unwrap().limit(1);
    assert_eq!(import.by_ref().count(), 1);
    let counts = import.counts();
    assert_eq!((counts.orders, counts.lines, counts.order_lines), (1, 2, 1));
    assert_eq!(counts.ignored, [("non_product".to_owned(), 1)].into());
}
