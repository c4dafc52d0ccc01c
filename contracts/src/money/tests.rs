#![expect(clippy::arithmetic_side_effects, reason = "an overflow in a test is a failure of the test")]

use proptest::prelude::*;

use super::*;

fn gbp(minor: i64) -> Money {
    Money::new(minor, Currency::GBP)
}

#[test]
fn a_currency_knows_its_minor_digits() {
    for (code, digits) in [("GBP", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2), ("ISK", 0), ("ZWG", 2), ("AED", 2)]
    {
        assert_eq!(code.parse::<Currency>().unwrap().minor_digits(), digits, "{code}");
    }
}

#[test]
fn codes_that_nobody_pays_with_are_unknown() {
    for code in ["", "gbp", "GB", "GBPX", "XXX", "XTS", "XAU", "CLF", "ZZZ", "P E", "£££"] {
        assert!(code.parse::<Currency>().is_err(), "{code:?}");
    }
}

#[test]
fn the_table_is_sorted_has_no_code_twice_and_reads_back() {
    let codes: Vec<String> = Currency::all().map(String::from).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(codes.len() > 140, "{}", codes.len());
    assert!(codes.iter().all(|code| code.parse::<Currency>().unwrap().code() == code));
}

#[test]
fn amounts_are_written_with_the_places_of_their_currency() {
    for (minor, code, text) in [
        (2550, "GBP", "25.50 GBP"),
        (5, "GBP", "0.05 GBP"),
        (-5, "GBP", "-0.05 GBP"),
        (0, "EUR", "0.00 EUR"),
        (100, "JPY", "100 JPY"),
        (1, "KWD", "0.001 KWD"),
        (i64::MIN, "GBP", "-92233720368547758.08 GBP"),
    ] {
        assert_eq!(Money::new(minor, code.parse().unwrap()).to_string(), text);
    }
}

#[test]
fn decimals_are_read_without_rounding() {
    let read =
        |text: &str, code: &str| Money::parse_decimal(text, code.parse().unwrap()).map(|m| m.amount_minor);
    assert_eq!(read("2.55", "GBP"), Ok(255));
    assert_eq!(read("2.5", "GBP"), Ok(250));
    assert_eq!(read("2", "GBP"), Ok(200));
    assert_eq!(read("-0.05", "GBP"), Ok(-5));
    assert_eq!(read("007", "JPY"), Ok(7));
    assert_eq!(read("1.234", "KWD"), Ok(1234));
    assert_eq!(read("2.555", "GBP"), Err(MoneyError::TooManyDigits(Currency::GBP)));
    assert_eq!(read("1.0", "JPY"), Err(MoneyError::TooManyDigits(Currency::JPY)));
    assert_eq!(read("92233720368547758.08", "GBP"), Err(MoneyError::Overflow));
    assert_eq!(read("-92233720368547758.08", "GBP"), Ok(i64::MIN));
    for bad in ["", "-", ".5", "2.", "+1", "1,5", "1e2", " 1", "1.-5", "--1", "١"] {
        assert_eq!(read(bad, "GBP"), Err(MoneyError::NotDecimal), "{bad:?}");
    }
}

#[test]
fn currencies_do_not_mix() {
    let yen = Money::new(1, Currency::JPY);
    let mixed = Err(MoneyError::CurrencyMismatch(Currency::GBP, Currency::JPY));
    assert_eq!(gbp(1).checked_add(yen), mixed);
    assert_eq!(gbp(1).checked_sub(yen), mixed);
}

#[test]
fn shares_of_known_totals() {
    assert_eq!(allocate(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(allocate(-100, &[1, 1, 1]), [-34, -33, -33]);
    assert_eq!(allocate(5, &[0, 0]), [3, 2]);
    assert_eq!(allocate(5, &[0, 7, 0]), [0, 5, 0]);
    assert_eq!(allocate(495, &[1530, 2034, 2200]), [131, 175, 189]);
    assert_eq!(allocate(i64::MIN, &[u64::MAX]), [i64::MIN]);
    assert_eq!(allocate(9, &[]), [0i64; 0]);
}

#[test]
fn pieces_taken_one_by_one_add_up_to_the_whole() {
    assert_eq!([part(100, 0, 1, 3), part(100, 1, 1, 3), part(100, 2, 1, 3)], [33, 33, 34]);
    assert_eq!(part(100, 3, 1, 3), 0);
    assert_eq!(part(100, 0, 1, 0), 0);
    assert_eq!(part(-100, 0, 3, 3), -100);
}

proptest! {
    #[test]
    fn shares_add_up_and_stay_within_one_of_exact(total: i64, weights in prop::collection::vec(any::<u64>(), 1..80)) {
        let shares = allocate(total, &weights);
        prop_assert_eq!(shares.iter().map(|&s| i128::from(s)).sum::<i128>(), i128::from(total));
        let sum: i128 = weights.iter().map(|&w| i128::from(w)).sum();
        for (&share, &weight) in shares.iter().zip(&weights) {
            if sum > 0 {
                let floor = (i128::from(total).abs() * i128::from(weight)) / sum;
                let over = i128::from(share).abs() - floor;
                prop_assert!(over == 0 || over == 1, "{share} of {weight}");
                prop_assert!(weight > 0 || share == 0);
            }
        }
    }

    #[test]
    fn equal_weights_differ_by_one_and_the_earlier_gets_it(total in 0..i64::MAX, n in 1usize..80) {
        let shares = allocate(total, &vec![3; n]);
        prop_assert!(shares.windows(2).all(|pair| pair[0] == pair[1] || pair[0] == pair[1] + 1));
        prop_assert!(shares[0] - shares[n - 1] <= 1);
    }

    #[test]
    fn any_way_of_taking_the_pieces_adds_up(total: i64, of in 1u32..1000, cuts in prop::collection::vec(1u32..50, 0..40)) {
        let mut before = 0;
        let mut sum = 0i128;
        for cut in cuts.into_iter().chain([of]) {
            sum += i128::from(part(total, before, cut, of));
            before = (before + cut).min(of);
        }
        prop_assert_eq!(sum, i128::from(total));
    }

    #[test]
    fn decimal_text_reads_back(minor: i64, currency in prop::sample::select(Currency::all().collect::<Vec<_>>())) {
        let money = Money::new(minor, currency);
        prop_assert_eq!(Money::parse_decimal(&money.decimal(), currency), Ok(money));
    }

    #[test]
    fn adding_and_taking_away_is_exact_or_refused(a: i64, b: i64) {
        let sum = i128::from(a) + i128::from(b);
        match gbp(a).checked_add(gbp(b)) {
            Ok(money) => {
                prop_assert_eq!(i128::from(money.amount_minor), sum);
                prop_assert_eq!(money.checked_sub(gbp(b)), Ok(gbp(a)));
            }
            Err(error) => {
                prop_assert_eq!(error, MoneyError::Overflow);
                prop_assert!(i64::try_from(sum).is_err());
            }
        }
    }

    #[test]
    fn multiplying_is_exact_or_refused(a: i64, n in 1u32..=100_000) {
        let product = i128::from(a) * i128::from(n);
        let got = gbp(a).checked_mul(Quantity::new(n).unwrap());
        prop_assert_eq!(got.map(|m| m.amount_minor), i64::try_from(product).map_err(|_| MoneyError::Overflow));
    }
}
