use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Test numbers that the brands and payment providers publish.
const CARDS: &[(&str, &str)] = &[
    ("Visa", "4242424242424242"),
    ("Visa", "4111111111111111"),
    ("Visa", "4012888888881881"),
    ("Visa, 13 digits", "4222222222222"),
    ("Mastercard", "5555555555554444"),
    ("Mastercard", "5105105105105100"),
    ("Mastercard, 2-series", "2223003122003222"),
    ("Mastercard, first of the 2-series", "2221000000000009"),
    ("American Express", "378282246310005"),
    ("American Express", "371449635398431"),
    ("Discover", "6011111111111117"),
    ("Discover", "6011000990139424"),
    ("Discover", "6445644564456445"),
    ("Diners Club", "30569309025904"),
    ("Diners Club", "38520000023237"),
    ("Diners Club", "36227206271667"),
    ("JCB", "3530111333300000"),
    ("JCB", "3566002020360505"),
    ("UnionPay", "6200000000000005"),
    ("UnionPay, 19 digits", "6205500000000000004"),
    ("Maestro", "6759649826438453"),
    ("Maestro, 14 digits", "50339619890917"),
    ("Maestro, 18 digits", "586824160825533338"),
];

#[test]
fn every_issuers_test_numbers_are_found_in_every_writing() {
    for (issuer, number) in CARDS {
        let grouped = |by: &str| {
            number.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join(by)
        };
        for text in [
            (*number).to_owned(),
            grouped(" "),
            grouped("-"),
            grouped("\u{a0}"),
            grouped(" - "),
            format!("paid with {} exp 12/29 cvc 123", grouped(" ")),
            format!("card:{number}."),
            format!("tok_{number}"),
            format!("x{number}y"),
            format!("2026 {}", grouped(" ")),
        ] {
            assert!(in_text(&text), "{issuer}: {text}");
            assert_eq!(in_value(&json!({ "note": text })), ["/note"], "{issuer}: {text}");
        }
        let as_number: u64 = number.parse().unwrap();
        assert_eq!(in_value(&json!({ "a": [1, as_number] })), ["/a/1"], "{issuer}");
        assert_eq!(in_json(&format!("{{\"a\":{number}}}")).unwrap(), ["/a"], "{issuer}");
    }
}

#[test]
fn numbers_that_are_no_cards_pass() {
    for text in [
        "4242424242424241",                    // check digit
        "42424242424242",                      // Visa has no 14 digits
        "9999999999999995",                    // no issuer, though Luhn holds
        "1234567890123452",                    // likewise
        "51051051051051005",                   // Mastercard has 16 only
        "42424242424242424242",                // 20 digits without a break
        "4242 4242 4242",                      // 12 digits
        "+44 20 7946 0958",                    // telephone
        "+49 170 1234567 / +1 (415) 555-2671", // two of them
        "+86 139 1234 5678",                   // 13 digits
        "5012345678900",                       // EAN-13 whose Luhn digit differs
        "9780201379624",                       // ISBN-13
        "2026-11-22T20:00:00.000001Z",         // time
        "1732305600000000",                    // microseconds
        "536365",
        "c-17850",
        "85123A",
        "",                                     // what orders are full of
        "12345678-1234-4123-8123-123456789012", // UUID of digits only
        "0af76519-16cd-43dd-8448-eb211c80319c",
        "00-4242424242424242000000000000000a-b7ad6b7169203331-01", // trace context
    ] {
        assert!(!in_text(text), "{text}");
    }
}

#[test]
fn a_sku_may_be_any_digits_but_what_is_in_it_may_not() {
    assert!(
        in_value(&json!({ "sku": "4242424242424242", "lines": [{ "sku": 4_242_424_242_424_242_u64 }] }))
            .is_empty()
    );
    assert_eq!(in_value(&json!({ "sku": { "note": "4242424242424242" } })), ["/sku/note"]);
    assert_eq!(in_value(&json!({ "SKU": "4242424242424242", "skus": ["4242424242424242"] })).len(), 2);
}

#[test]
fn a_field_that_is_named_like_a_card_is_found_and_not_repeated() {
    let found = in_value(&json!({ "a/b": { "4242424242424242": { "x~y": "378282246310005" } } }));
    assert_eq!(found, ["/a~1b/*", "/a~1b/*/x~0y"]);
}

#[test]
fn escapes_exponents_and_repeated_fields_hide_nothing() {
    assert_eq!(in_json(r#"{"n":"4242\u0020424242424242"}"#).unwrap(), ["/n"]);
    assert_eq!(in_json(r#"{"n":"\u0034242424242424242"}"#).unwrap(), ["/n"]);
    assert_eq!(in_json(r#"{"n":"4242\t4242\n42424242"}"#).unwrap(), ["/n"]);
    assert_eq!(in_json(r#"{"n":4.242424242424242e15}"#).unwrap(), ["/n"]);
    assert_eq!(in_json(r#"{"n":4242424242424242.0}"#).unwrap(), ["/n"]);
    assert_eq!(in_json(r#"{"n":"4242424242424242","n":""}"#).unwrap(), ["/n"]);
    assert!(in_json(r#"{"n":"4242424242424242"} x"#).is_err());
}

#[test]
fn reports_are_bounded() {
    assert_eq!(in_value(&json!(vec!["4242424242424242"; 100])).len(), MAX_FOUND);
}

/// A number of `length` digits with `prefix` and a right check digit.
fn card(prefix: &str, length: usize, filler: &str) -> String {
    let mut digits: String = prefix.chars().chain(filler.chars()).take(length - 1).collect();
    let check = (0..10)
        .map(|d| format!("{digits}{d}"))
        .find(|all| luhn(&all.bytes().map(|b| b - b'0').collect::<Vec<_>>()));
    digits = check.unwrap();
    digits
}

proptest! {
    #[test]
    fn the_quick_look_never_hides_a_card(
        filler in "[0-9]{18}", before in "[a-z ,]{0,9}", after in "[a-z ,]{0,9}", by in "[ -]{0,2}",
        prefix in prop::sample::select(vec![("4", 16), ("5412", 16), ("34", 15), ("6011", 19), ("36", 14), ("62", 17)]),
    ) {
        let number = card(prefix.0, prefix.1, &filler);
        let spaced: Vec<&str> = number.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let text = json!({ "note": format!("{before}{}{after}", spaced.join(&by)) }).to_string();
        prop_assert_eq!(in_json(&text).unwrap(), ["/note"]);
    }

    #[test]
    fn the_quick_look_and_the_walk_agree(text in "[0-9 a-f\\-.]{0,60}") {
        let value = json!({ "t": text });
        prop_assert_eq!(in_json(&value.to_string()).unwrap(), in_value(&value));
    }

    #[test]
    fn uuids_never_look_like_cards(bits: u128) {
        let id = uuid::Uuid::from_u128(bits).to_string();
        prop_assert!(!in_text(&id));
        let inside = format!("order {id} of 85123A");
        prop_assert!(!in_text(&inside));
    }

    #[test]
    fn any_text_is_searched_without_trouble(text: String) {
        prop_assert_eq!(in_text(&text), in_text(&format!("{text}.")));
    }
}
