//! Who issues cards: the prefixes and lengths of ISO/IEC 7812 issuer numbers.
//!
//! Sources: the brands' published ranges as collected in "Payment card number" (Wikipedia, read in 2026) and in the
//! card-type tables of payment form libraries. Where they differ, the wider one is taken.

use std::ops::RangeInclusive;

/// One range of prefixes, compared at the number of digits that both ends have.
struct Range {
    prefix: RangeInclusive<u32>,
    prefix_digits: usize,
    lengths: &'static [usize],
}

const fn range(from: u32, to: u32, prefix_digits: usize, lengths: &'static [usize]) -> Range {
    Range { prefix: from..=to, prefix_digits, lengths }
}

const LONG: &[usize] = &[16, 17, 18, 19];
const DINERS: &[usize] = &[14, 15, 16, 17, 18, 19];
const MAESTRO: &[usize] = &[13, 14, 15, 16, 17, 18, 19];

const RANGES: &[Range] = &[
    // Visa
    range(4, 4, 1, &[13, 16, 19]),
    // Mastercard
    range(51, 55, 2, &[16]),
    range(2221, 2720, 4, &[16]),
    // American Express
    range(34, 34, 2, &[15]),
    range(37, 37, 2, &[15]),
    // Discover
    range(6011, 6011, 4, LONG),
    range(644, 649, 3, LONG),
    range(65, 65, 2, LONG),
    // Diners Club
    range(300, 305, 3, DINERS),
    range(3095, 3095, 4, DINERS),
    range(36, 36, 2, DINERS),
    range(38, 39, 2, DINERS),
    // JCB
    range(3528, 3589, 4, LONG),
    // UnionPay
    range(62, 62, 2, LONG),
    range(81, 81, 2, LONG),
    // Maestro
    range(50, 50, 2, MAESTRO),
    range(56, 58, 2, MAESTRO),
    range(63, 63, 2, MAESTRO),
    range(67, 67, 2, MAESTRO),
];

/// Whether some issuer makes cards with these digits at the front and this many digits in all.
pub(super) fn issues(digits: &[u8]) -> bool {
    let prefix = |n: usize| digits.iter().take(n).fold(0, |number, &digit| number * 10 + u32::from(digit));
    RANGES.iter().any(|range| {
        range.lengths.contains(&digits.len()) && range.prefix.contains(&prefix(range.prefix_digits))
    })
}
