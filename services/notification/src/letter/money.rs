//! Money and numbers as they are written in a language, in the manner of the Unicode CLDR: integers only.

use contracts::{Currency, Money};

use super::locale::{Language, Locale, Region};

/// Between a number and what belongs to it: no line is broken there.
const NBSP: &str = "\u{a0}";
/// Between groups of digits in French.
const NARROW_NBSP: &str = "\u{202f}";

/// How amounts are written.
struct Style {
    decimal: &'static str,
    group: &'static str,
    /// Whether the currency comes before the number.
    is_before: bool,
}

/// `money` with its currency: `£1,234.50`, `1.234,50 €`, `CHF 1’234.50`.
#[must_use]
pub fn amount(money: Money, locale: Locale) -> String {
    let Style { decimal, group, is_before } = style(locale);
    let sign = if money.amount_minor < 0 { "-" } else { "" };
    let per_major = money.currency.minor_per_major().unsigned_abs();
    let minor = money.amount_minor.unsigned_abs();
    let mut number = grouped(minor / per_major, group);
    let places = money.currency.minor_digits() as usize;
    if places > 0 {
        number.push_str(decimal);
        number.push_str(&format!("{:0>places$}", minor % per_major));
    }
    let symbol = symbol(&money.currency, locale);
    // A code, or a word, is set off from the digits; a sign is not, where it comes first in English.
    let is_glued = locale.language == Language::En && !symbol.ends_with(|c: char| c.is_ascii_alphabetic());
    match (is_before, is_glued) {
        (true, true) => format!("{sign}{symbol}{number}"),
        (true, false) => format!("{sign}{symbol}{NBSP}{number}"),
        (false, _) => format!("{sign}{number}{NBSP}{symbol}"),
    }
}

/// A number of pieces: `1,200`.
#[must_use]
pub fn count(n: i64, locale: Locale) -> String {
    let group = match locale.region {
        Region::Austria => NBSP,
        _ => style(locale).group,
    };
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(n.unsigned_abs(), group))
}

fn style(locale: Locale) -> Style {
    let (decimal, group, is_before) = match (locale.language, locale.region) {
        (Language::En, _) => (".", ",", true),
        (Language::De, Region::Austria) => (",", ".", true),
        (Language::De, Region::Switzerland) => (".", "’", true),
        (Language::De, _) => (",", ".", false),
        (Language::Fr, Region::Switzerland) => (".", NARROW_NBSP, false),
        (Language::Fr, Region::Canada) => (",", NBSP, false),
        (Language::Fr, Region::Luxembourg) => (",", ".", false),
        (Language::Fr, _) => (",", NARROW_NBSP, false),
    };
    Style { decimal, group, is_before }
}

/// The sign of a currency where readers know it, else its code.
fn symbol(currency: &Currency, locale: Locale) -> &str {
    let Locale { language, region } = locale;
    match (*currency, language, region) {
        (Currency::EUR, Language::De, Region::Switzerland) => "EUR",
        (Currency::EUR, _, _) => "€",
        (Currency::GBP, Language::Fr, region) if region != Region::Canada => "£GB",
        (Currency::GBP, _, _) => "£",
        (Currency::USD, Language::En, Region::UnitedStates) | (Currency::USD, Language::De, _) => "$",
        (Currency::USD, Language::En, _) => "US$",
        (Currency::USD, Language::Fr, Region::Canada) => "$\u{a0}US",
        (Currency::USD, Language::Fr, _) => "$US",
        (Currency::JPY, Language::En, region) if region != Region::UnitedStates => "JP¥",
        (Currency::JPY, Language::Fr, region) if region != Region::Canada => "JPY",
        (Currency::JPY, _, _) => "¥",
        _ => currency.code(),
    }
}

fn grouped(n: u64, group: &str) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push_str(group);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With blanks that a person can see: `_` and `~` (narrow).
    fn seen(text: &str) -> String {
        text.replace(NBSP, "_").replace(NARROW_NBSP, "~")
    }

    #[test]
    fn amounts_are_written_as_they_are_there() {
        // EUR, GBP, USD, JPY (no minor digits), KWD (three of them), and less than one CHF.
        let rows = [
            (
                "en",
                "€1,234,567.89 | £1,234,567.89 | $1,234,567.89 | ¥1,234,567 | KWD_1,234,567.895 | CHF_0.05",
            ),
            (
                "en-GB",
                "€1,234,567.89 | £1,234,567.89 | US$1,234,567.89 | JP¥1,234,567 | KWD_1,234,567.895 | CHF_0.05",
            ),
            (
                "de",
                "1.234.567,89_€ | 1.234.567,89_£ | 1.234.567,89_$ | 1.234.567_¥ | 1.234.567,895_KWD | 0,05_CHF",
            ),
            (
                "de-AT",
                "€_1.234.567,89 | £_1.234.567,89 | $_1.234.567,89 | ¥_1.234.567 | KWD_1.234.567,895 | CHF_0,05",
            ),
            (
                "de-CH",
                "EUR_1’234’567.89 | £_1’234’567.89 | $_1’234’567.89 | ¥_1’234’567 | KWD_1’234’567.895 | CHF_0.05",
            ),
            (
                "fr",
                "1~234~567,89_€ | 1~234~567,89_£GB | 1~234~567,89_$US | 1~234~567_JPY | 1~234~567,895_KWD | 0,05_CHF",
            ),
            (
                "fr-BE",
                "1~234~567,89_€ | 1~234~567,89_£GB | 1~234~567,89_$US | 1~234~567_JPY | 1~234~567,895_KWD | 0,05_CHF",
            ),
            (
                "fr-CA",
                "1_234_567,89_€ | 1_234_567,89_£ | 1_234_567,89_$_US | 1_234_567_¥ | 1_234_567,895_KWD | 0,05_CHF",
            ),
            (
                "fr-CH",
                "1~234~567.89_€ | 1~234~567.89_£GB | 1~234~567.89_$US | 1~234~567_JPY | 1~234~567.895_KWD | 0.05_CHF",
            ),
            (
                "fr-LU",
                "1.234.567,89_€ | 1.234.567,89_£GB | 1.234.567,89_$US | 1.234.567_JPY | 1.234.567,895_KWD | 0,05_CHF",
            ),
        ];
        let amounts = [
            Money::new(123_456_789, Currency::EUR),
            Money::new(123_456_789, Currency::GBP),
            Money::new(123_456_789, Currency::USD),
            Money::new(1_234_567, Currency::JPY),
            Money::new(1_234_567_895, Currency::KWD),
            Money::new(5, "CHF".parse().unwrap()),
        ];
        for (tag, expected) in rows {
            let locale = Locale::best_of([tag]);
            let written = amounts.map(|money| seen(&amount(money, locale)));
            assert_eq!(written.join(" | "), expected, "{tag}");
        }
    }

    #[test]
    fn the_sign_comes_first_and_the_ends_of_the_range_are_written_out() {
        let english = Locale::best_of(["en-GB"]);
        for (minor, text) in [
            (-5, "-£0.05"),
            (0, "£0.00"),
            (99_999, "£999.99"),
            (100_000, "£1,000.00"),
            (i64::MAX, "£92,233,720,368,547,758.07"),
            (i64::MIN, "-£92,233,720,368,547,758.08"),
        ] {
            assert_eq!(amount(Money::new(minor, Currency::GBP), english), text);
        }
    }

    #[test]
    fn pieces_are_grouped_like_numbers() {
        for (tag, text) in
            [("en", "12,345"), ("de", "12.345"), ("de-AT", "12_345"), ("de-CH", "12’345"), ("fr", "12~345")]
        {
            assert_eq!(seen(&count(12_345, Locale::best_of([tag]))), text, "{tag}");
        }
        assert_eq!(count(-1, Locale::best_of(["en"])), "-1");
    }
}
