//! What becomes of one line.

use super::super::country::Country;
use super::super::price::{InvalidPrice, minor_units};
use super::super::retail::is_product;
use super::{HEADER, all_shown, assert_lines_add_up, import, import_rows};

#[test]
fn a_price_is_read_as_whole_pence() {
    let cases = [
        ("2.55", Ok(255)),
        ("2.5", Ok(250)),
        ("2", Ok(200)),
        ("0.29", Ok(29)),
        (".5", Ok(50)),
        ("1.", Ok(100)),
        ("2.550", Ok(255)),
        ("0.00", Ok(0)),
        ("-11062.06", Ok(-1_106_206)),
        ("10000000.00", Ok(1_000_000_000)),
        ("10000000.01", Err(InvalidPrice::TooHigh)),
        ("99999999999999999999", Err(InvalidPrice::TooHigh)),
        ("0.001", Err(InvalidPrice::TooFine)),
        ("", Err(InvalidPrice::NotANumber)),
        (".", Err(InvalidPrice::NotANumber)),
        ("-", Err(InvalidPrice::NotANumber)),
        ("1,5", Err(InvalidPrice::NotANumber)),
        ("1e3", Err(InvalidPrice::NotANumber)),
        ("--1", Err(InvalidPrice::NotANumber)),
        ("£2", Err(InvalidPrice::NotANumber)),
    ];
    for (text, price) in cases {
        assert_eq!(minor_units(text), price, "{text:?}");
    }
}

#[test]
fn fees_and_vouchers_are_no_products_and_party_bags_are() {
    let fees = ["POST", "DOT", "M", "m", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"];
    for code in fees.into_iter().chain(["gift_0001_20", "GIFT_0001_50", "post"]) {
        assert!(!is_product(code), "{code}");
    }
    for code in ["85123A", "85123a", "15056BL", "DCGSSGIRL", "DCGS0066P", "22423", "MUG-1", "gift", "POSTER"]
    {
        assert!(is_product(code), "{code}");
    }
}

#[test]
fn a_line_that_is_no_sale_is_counted_by_its_reason() {
    let cases = [
        ("1,POST,1,18.00,17850", "non_product"),
        ("1,M,-1,0.001,17850", "non_product"),
        ("1,gift_0001_20,1,20.00,17850", "non_product"),
        ("1,85123A,0,2.55,17850", "quantity_not_positive"),
        ("1,85123A,-6,2.55,17850", "quantity_not_positive"),
        ("1,85123A,-6,0.00,17850", "quantity_not_positive"),
        ("1,85123A,6,0.00,17850", "price_not_positive"),
        ("1,85123A,6,-2.55,17850", "price_not_positive"),
        ("C1,85123A,6,2.55,17850", "returned_quantity_not_negative"),
        ("C1,85123A,-6,2.55,17850", "return_without_order"),
        ("C1,D,-1,5.00,17850", "non_product"),
    ];
    for (row, reason) in cases {
        let (items, counts) = import_rows(&[row]);
        assert_eq!(counts.ignored, [(reason.to_owned(), 1)].into(), "{row}");
        assert_eq!(items.len(), usize::from(reason == "return_without_order"), "{row}");
        assert_lines_add_up(&counts);
    }
}

#[test]
fn a_bad_line_is_reported_with_its_number_and_the_next_one_is_read() {
    let cases = [
        ("1,A,X,1,d,1.00,1", "7 columns instead of 8"),
        ("1,A,X,1,d,1.00,1,GB,more", "9 columns instead of 8"),
        ("1,A,\"X,1,d,1.00,1,GB", "3 columns instead of 8"),
        (",A,X,1,d,1.00,1,GB", "InvoiceNo \"\" is not a number"),
        ("1 2,A,X,1,d,1.00,1,GB", "InvoiceNo \"1 2\" is not a number"),
        ("1,A,X,one,d,1.00,1,GB", "Quantity \"one\" is not a whole number"),
        ("1,A,X,1.5,d,1.00,1,GB", "Quantity \"1.5\" is not a whole number"),
        ("1,A,X,100001,d,1.00,1,GB", "Quantity 100001 is over 100000"),
        ("1,A,X,1,d,0.001,1,GB", "price has more than 2 decimal places: \"0.001\""),
        ("1,A,X,1,d,cheap,1,GB", "price is not a decimal number: \"cheap\""),
        ("1,A,X,4111 1111 1111 1111,d,1.00,1,GB", "it holds a card number"),
        ("1,A,X,1,d,1.00,4111111111111111,GB", "CustomerID looks like a card number"),
        ("4111111111111111,A,X,1,d,1.00,1,GB", "InvoiceNo looks like a card number"),
        (
            "1,,X,1,d,1.00,1,GB",
            "sku must be 1 to 64 characters of A-Z a-z 0-9 . _ : / + - and inner blanks, got \"\"",
        ),
        (
            "1,A,X,1,d,1.00,1 2,GB",
            "customer_id must be 1 to 64 characters of A-Z a-z 0-9 . _ : / + -, got \"c-1 2\"",
        ),
    ];
    for (line, reason) in cases {
        let (items, counts) = import(format!("{HEADER}{line}\n2,K,X,3,d,1.50,1,GB\n"));
        assert_eq!(all_shown(&items), [format!("line 2: {reason}"), "2: K*3@150".to_owned()], "{line}");
        assert_eq!((counts.bad_lines, counts.order_lines, counts.lines), (1, 1, 2), "{line}");
    }
}

#[test]
fn only_the_fields_that_are_used_have_to_be_utf_8() {
    let latin_1 = b"1,A,VOUCHER \xa320,1,d,1.00,1,GB\n1,A\xa3,X,1,d,1.00,1,GB\n";
    let (items, _) = import([HEADER.as_bytes(), latin_1].concat());
    assert_eq!(all_shown(&items), ["line 3: StockCode is not UTF-8", "1: A*1@100"]);
}

#[test]
fn every_country_of_the_shop_has_a_code_and_stand_ins_are_marked() {
    let cases = [
        ("United Kingdom", "GB", false),
        ("EIRE", "IE", false),
        ("RSA", "ZA", false),
        ("USA", "US", false),
        ("Czech Republic", "CZ", false),
        ("DE", "DE", false),
        ("Channel Islands", "JE", true),
        ("European Community", "EU", true),
        ("Unspecified", "ZZ", true),
        ("Atlantis", "ZZ", true),
        ("", "ZZ", true),
    ];
    for (name, code, is_assumed) in cases {
        let country = Country::from_name(name);
        assert_eq!((country.as_text().as_str(), country.is_assumed), (code, is_assumed), "{name:?}");
    }
}
