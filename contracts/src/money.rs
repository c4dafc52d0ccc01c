//! Money: integer minor units and a currency. No floating point, and no arithmetic that can wrap.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

mod share;
mod table;

pub use share::{allocate, part};

/// A currency of ISO 4217 that people pay with. Funds, metals and withdrawn codes are unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Pound sterling, 2 minor digits.
    pub const GBP: Self = Self(*b"GBP");
    /// Euro, 2 minor digits.
    pub const EUR: Self = Self(*b"EUR");
    /// US dollar, 2 minor digits.
    pub const USD: Self = Self(*b"USD");
    /// Yen, no minor digits.
    pub const JPY: Self = Self(*b"JPY");
    /// Kuwaiti dinar, 3 minor digits.
    pub const KWD: Self = Self(*b"KWD");

    /// The three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // Only ASCII letters of the table get in, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimal places the minor unit is away from the major one: 0, 2 or 3.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        table::minor_digits(self.0).unwrap_or(2)
    }

    /// How many minor units make one major unit: 1, 100 or 1,000.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        match self.minor_digits() {
            0 => 1,
            3 => 1_000,
            _ => 100,
        }
    }

    /// Every currency that is known, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        table::codes().map(Self)
    }
}

/// The code is not that of a circulating currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("currency must be a code of ISO 4217 in capitals, such as GBP, got {0:?}")]
pub struct UnknownCurrency(String);

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        <[u8; 3]>::try_from(code.as_bytes())
            .ok()
            .filter(|code| table::minor_digits(*code).is_some())
            .map(Self)
            .ok_or_else(|| UnknownCurrency(code.chars().take(20).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of one currency. May be negative: a correction, a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount in minor units (pence, cents; whole yen).
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
}

/// Why an amount cannot be computed or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies in one sum: convert first.
    #[error("cannot combine {0} with {1}")]
    CurrencyMismatch(Currency, Currency),
    /// More than 64 bits of minor units.
    #[error("amount is too large")]
    Overflow,
    /// Not `-?digits(.digits)?`.
    #[error("not a decimal amount such as 25.50")]
    NotDecimal,
    /// More decimal places than the currency has.
    #[error("{0} has at most {digits} decimal places", digits = .0.minor_digits())]
    TooManyDigits(Currency),
}

impl Money {
    /// `amount_minor` of `currency`.
    #[must_use]
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Nothing of `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Reads `25.50`, `-3` or `0.5`; never rounds.
    ///
    /// # Errors
    /// [`MoneyError::NotDecimal`], [`MoneyError::TooManyDigits`] or [`MoneyError::Overflow`].
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (major, minor) = digits.split_once('.').map_or((digits, None), |(a, b)| (a, Some(b)));
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(major) || minor.is_some_and(|m| !all_digits(m)) {
            return Err(MoneyError::NotDecimal);
        }
        let minor = minor.unwrap_or_default();
        let places = currency.minor_digits() as usize;
        if minor.len() > places {
            return Err(MoneyError::TooManyDigits(currency));
        }
        let padded = format!("{}{major}{minor:0<places$}", if negative { "-" } else { "" });
        let amount_minor = padded.parse().map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(amount_minor, currency))
    }

    /// The amount as gateways and people write it: `25.50`, `-0.05`, `100` for yen.
    #[must_use]
    pub fn decimal(self) -> String {
        let places = self.currency.minor_digits() as usize;
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let digits =
            format!("{:0>width$}", self.amount_minor.unsigned_abs(), width = places.saturating_add(1));
        let (major, minor) = digits.split_at(digits.len().saturating_sub(places));
        if minor.is_empty() { format!("{sign}{major}") } else { format!("{sign}{major}.{minor}") }
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount(self.amount_minor.checked_add(other.amount_minor))
    }

    /// `self - other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.amount(self.amount_minor.checked_sub(other.amount_minor))
    }

    /// The price of `quantity` pieces at `self` each.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, quantity: Quantity) -> Result<Self, MoneyError> {
        self.amount(self.amount_minor.checked_mul(i64::from(quantity.get())))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
    }

    fn amount(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor.map(|minor| Self::new(minor, self.currency)).ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let codes: Vec<String> = Self::all().map(String::from).collect();
        schemars::json_schema!({
            "type": "string",
            "description": "A circulating currency of ISO 4217.",
            "enum": codes,
        })
    }
}

#[cfg(test)]
mod tests;
