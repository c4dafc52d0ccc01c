//! Numbers without rounding: whole multiples of a billionth.

use serde_json::{Number, Value};

const DIGITS: u32 = 9;
const UNIT: i128 = 1_000_000_000;
/// Far from the ends of `i128`, so that sums and differences of two do not overflow.
const MAX: i128 = i128::MAX / 8;

/// A number with up to nine decimal places and up to 28 places before them. Others are not understood, and said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fixed(i128);

impl Fixed {
    pub(crate) const ONE: Self = Self(UNIT);
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) fn whole(value: i128) -> Self {
        Self(value * UNIT)
    }

    pub(crate) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        if let Some(whole) = number.as_i64() {
            return Some(Self::whole(whole.into()));
        }
        if let Some(whole) = number.as_u64() {
            return Some(Self::whole(whole.into()));
        }
        Self::parse(&number.to_string())
    }

    fn parse(text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        let after = after.trim_end_matches('0');
        let all: i128 = format!("{before}{after}").parse().ok()?;
        let shift = i32::try_from(DIGITS).ok()? + exponent - i32::try_from(after.len()).ok()?;
        let power = 10_i128.checked_pow(shift.unsigned_abs())?;
        let scaled =
            if shift >= 0 { all.checked_mul(power)? } else { (all % power == 0).then(|| all / power)? };
        (scaled.abs() < MAX).then_some(Self(scaled))
    }

    pub(crate) fn is_whole(self) -> bool {
        self.0 % UNIT == 0
    }

    /// As JSON; `None` when no JSON number is just that.
    pub(crate) fn json(self) -> Option<Value> {
        if self.is_whole() {
            let whole = self.0 / UNIT;
            if let Ok(whole) = i64::try_from(whole) {
                return Some(whole.into());
            }
            if let Ok(whole) = u64::try_from(whole) {
                return Some(whole.into());
            }
        }
        let sign = if self.0 < 0 { "-" } else { "" };
        let (before, after) = (self.0.abs() / UNIT, self.0.abs() % UNIT);
        let text = format!("{sign}{before}.{after:09}");
        let value = Value::Number(Number::from_f64(text.parse().ok()?)?);
        (Self::of(&value) == Some(self)).then_some(value)
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        Some(Self(self.0.checked_add(other.0)?)).filter(|sum| sum.0.abs() < MAX)
    }

    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self(-other.0))
    }

    pub(crate) fn times(self, count: i128) -> Option<Self> {
        Some(Self(self.0.checked_mul(count)?)).filter(|product| product.0.abs() < MAX)
    }

    /// How far from zero.
    pub(crate) fn size(self) -> Self {
        Self(self.0.abs())
    }

    pub(crate) fn halfway(self, other: Self) -> Self {
        Self(self.0 + (other.0 - self.0) / 2)
    }

    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        step.0 > 0 && self.0 % step.0 == 0
    }

    /// The smallest multiple of `step` that is not below.
    pub(crate) fn up_to(self, step: Self) -> Option<Self> {
        let rest = self.0.rem_euclid(step.0);
        if rest == 0 { Some(self) } else { self.plus(Self(step.0 - rest)) }
    }

    /// The largest multiple of `step` that is not above.
    pub(crate) fn down_to(self, step: Self) -> Option<Self> {
        self.minus(Self(self.0.rem_euclid(step.0)))
    }

    /// The smallest number that is a multiple of both.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let (mut a, mut b) = (self.0, other.0);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Some(Self((self.0 / a).checked_mul(other.0)?)).filter(|common| common.0 < MAX)
    }
}

/// Equal as JSON Schema has it: 1 is 1.0. Numbers that are not understood are equal when they are written alike.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => match (Fixed::of(a), Fixed::of(b)) {
            (Some(x), Some(y)) => x == y,
            _ => x == y,
        },
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, x)| y.get(name).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_without_rounding() {
        for (value, expected) in [
            (json!(1), Some(UNIT)),
            (json!(1.0), Some(UNIT)),
            (json!(-0.5), Some(-UNIT / 2)),
            (json!(1e-9), Some(1)),
            (json!(1e3), Some(1000 * UNIT)),
            (json!(u64::MAX), Some(i128::from(u64::MAX) * UNIT)),
            (json!(1e-10), None),
            (json!(1e300), None),
            (json!("1"), None),
        ] {
            assert_eq!(Fixed::of(&value).map(|fixed| fixed.0), expected, "{value}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for value in [json!(1), json!(-7), json!(0.1), json!(-2.75), json!(u64::MAX), json!(1e20)] {
            let fixed = Fixed::of(&value).unwrap();
            assert!(same(&fixed.json().unwrap(), &value), "{value}");
        }
    }

    #[test]
    fn steps_meet_at_their_common_multiple() {
        let fixed = |value: Value| Fixed::of(&value).unwrap();
        assert_eq!(fixed(json!(0.5)).common(Fixed::ONE), Some(Fixed::ONE));
        assert_eq!(fixed(json!(4)).common(fixed(json!(6))), Some(fixed(json!(12))));
        assert_eq!(fixed(json!(-5)).up_to(fixed(json!(3))), Some(fixed(json!(-3))));
        assert_eq!(fixed(json!(-5)).down_to(fixed(json!(3))), Some(fixed(json!(-6))));
    }
}
