//! Decimal text as integers: no floating point comes near money.

/// The highest price of one piece: ten million pounds. 80 lines of 100,000 pieces at this price still fit an `i64`.
pub(super) const MAX_MINOR: i64 = 1_000_000_000;

/// Why a text is not a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidPrice {
    #[error("price is not a decimal number")]
    NotANumber,
    #[error("price has more than 2 decimal places")]
    TooFine,
    #[error("price is over 10,000,000.00")]
    TooHigh,
}

/// `2.55` as 255. A minus sign is read, since such lines are left out rather than bad; zeros behind the second
/// decimal place change nothing and are taken.
pub(super) fn minor_units(text: &str) -> Result<i64, InvalidPrice> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !is_number || whole.len() + fraction.len() == 0 {
        return Err(InvalidPrice::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 2 {
        return Err(InvalidPrice::TooFine);
    }
    let minor = whole.bytes().chain(format!("{fraction:0<2}").bytes()).try_fold(0_i64, |sum, digit| {
        Some(sum * 10 + i64::from(digit - b'0')).filter(|sum| *sum <= MAX_MINOR)
    });
    minor.map(|minor| sign * minor).ok_or(InvalidPrice::TooHigh)
}
