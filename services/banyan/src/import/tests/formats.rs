//! What a file may look like.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};

use super::super::lines::MAX_LINE_BYTES;
use super::super::{Import, ImportError, Item};
use super::{HEADER, all_shown, import};

const ROW: &str = "1,A,X,1,d,1.00,7,RSA\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

#[test]
fn a_csv_may_be_packed_in_parts_quoted_marked_and_of_windows() {
    let quoted = "1,\"A\",\"X, \"\"Y\"\"\",\"1\",d,1.00,7,RSA\n";
    let shuffled =
        "Country,CustomerID,UnitPrice,InvoiceDate,Quantity,StockCode,InvoiceNo,Extra\nRSA,7,1.00,d,1,A,1,\n";
    let cases = [
        ("plain", format!("{HEADER}{ROW}").into_bytes()),
        ("no line break at the end", format!("{HEADER}{}", ROW.trim_end()).into_bytes()),
        ("blank lines", format!("\n{HEADER}\n{ROW}\n").into_bytes()),
        ("quotes", format!("{HEADER}{quoted}").into_bytes()),
        ("windows", format!("\u{feff}{HEADER}{ROW}").replace('\n', "\r\n").into_bytes()),
        ("other order of columns", shuffled.into()),
        ("gzip", gzip(format!("{HEADER}{ROW}").as_bytes())),
        ("gzip of two members", [gzip(HEADER.as_bytes()), gzip(ROW.as_bytes())].concat()),
    ];
    for (what, file) in cases {
        let (items, _) = import(file);
        assert_eq!(all_shown(&items), ["1: A*1@100"], "{what}");
    }
}

/// A body with these lines, and `more` members before the others.
fn body(more: &str, lines: &str) -> String {
    format!(
        r#"{{{more}"customer_id":"c-1","currency":"EUR","lines":[{lines}],"payment_method":{{"token":"tok_ok"}},"ship_to":{{"country":"DE"}}}}"#
    )
}

fn line(sku: &str, quantity: &str) -> String {
    format!(r#"{{"sku":"{sku}","quantity":{quantity},"unit_price_minor":5}}"#)
}

#[test]
fn json_lines_are_bodies_with_their_own_or_a_counted_key() {
    let plain = body("", &line("A", "2"));
    let keyed = body(r#""idempotency_key":"mine","#, &line("A", "2"));
    let (items, counts) = import(format!("{plain}\n\n{keyed}\n"));
    assert_eq!(all_shown(&items), ["line-1: A*2@5", "mine: A*2@5"]);
    assert_eq!((counts.lines, counts.order_lines, counts.orders), (2, 2, 2));
    let [_, Item::Order(order)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(
        order.body,
        serde_json::from_str::<serde_json::Value>(&plain).unwrap(),
        "the key is no part of it"
    );
    assert_eq!((order.country.as_str(), order.invoice.as_str()), ("DE", "mine"));
}

#[test]
fn a_bad_json_line_is_reported_and_the_next_one_is_read() {
    let good = body("", &line("A", "1"));
    let many: Vec<String> = (0..81).map(|sku| line(&format!("S{sku}"), "1")).collect();
    let cases = [
        ("{".to_owned(), "no JSON: "),
        ("7".to_owned(), "no order: invalid type"),
        (good.replace("customer_id", "customer"), "no order: "),
        (body("", ""), "no order: /lines must have at least one line"),
        (body("", &line("A", "0")), "no order: /lines/0/quantity must be 1 to 100000, got 0"),
        (body("", &line("A", "1.5")), "no order: invalid type: floating point"),
        (body("", &many.join(",")), "no order: /lines must have at most 80 distinct skus, has 81"),
        (
            body(r#""idempotency_key":"a b","#, &line("A", "1")),
            "idempotency_key is not 1 to 255 visible ASCII",
        ),
    ];
    for (text, reason) in cases {
        let (items, counts) = import(format!("{good}\n{text}\n{good}\n"));
        let shown = all_shown(&items);
        assert_eq!((shown[0].as_str(), shown[2].as_str()), ("line-1: A*1@5", "line-3: A*1@5"), "{text}");
        assert!(shown[1].starts_with(&format!("line 2: {reason}")), "{}", shown[1]);
        assert_eq!(counts.bad_lines, 1, "{text}");
    }
}

#[test]
fn a_bad_json_line_does_not_repeat_a_card_number() {
    let good = body("", &line("A", "1"));
    let unknown = body(r#""note":"4111-1111-1111-1111","#, &line("A", "1"));
    for text in
        [unknown, good.replace("tok_ok", "4111111111111111"), body("", &line("A", "\"4111 1111 1111 1111\""))]
    {
        let (items, counts) = import(format!("{good}\n{text}\n"));
        assert_eq!(counts.bad_lines, 1, "{text}");
        assert!(!all_shown(&items)[1].contains("1111"), "{}", all_shown(&items)[1]);
    }
}

#[test]
fn a_line_without_end_is_passed_over() {
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    let (items, _) = import(format!("{HEADER}{long}\n{ROW}"));
    assert_eq!(all_shown(&items), ["line 2: longer than 1048576 bytes", "1: A*1@100"]);
}

#[test]
fn a_file_of_something_else_is_refused_with_its_first_line() {
    let refusal = |text: &str| Import::from_reader(Cursor::new(text.to_owned())).map(|_| ()).unwrap_err();
    assert!(matches!(refusal(""), ImportError::Empty));
    assert!(matches!(refusal("\n\n"), ImportError::Empty));
    let without_price = HEADER.replace("UnitPrice,", "");
    for text in ["PK\u{3}\u{4}", "a,b,c\n", "[{}]\n", without_price.as_str()] {
        let ImportError::UnknownFormat { first_line } = refusal(text) else { panic!("{text}") };
        assert_eq!(first_line, text.lines().next().unwrap().chars().take(80).collect::<String>());
    }
}

#[test]
fn a_cut_gzip_gives_what_is_whole_and_then_an_error() {
    let rows: String = (0..5_000).map(|n| format!("{n},A{},X,1,d,1.00,7,RSA\n", n * 7_919 % 5_000)).collect();
    let mut packed = gzip(format!("{HEADER}{rows}").as_bytes());
    packed.truncate(packed.len() / 2);
    let results: Vec<_> = Import::from_reader(Cursor::new(packed)).unwrap().collect();
    let (last, before) = results.split_last().unwrap();
    assert!(matches!(last, Err(ImportError::Read(_))), "{last:?}");
    assert!(!before.is_empty() && before.iter().all(Result::is_ok));
}
