//! Names in the simulated carrier's world. Merchants choose keys; parcels get numbers.

use contracts::card;
pub use peers::{Key, MalformedId};
use peers::{derived, names};

names! {
    /// The number of a simulated parcel: `SIM`, 14 digits, `GB`.
    Number("parcel number", "SIM, 14 digits and GB", |text| {
        text.strip_prefix("SIM").and_then(|rest| rest.strip_suffix("GB")).is_some_and(|digits| {
            digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit())
        })
    });
}

impl Number {
    /// The number of the parcel that a request under `key` books. None could be the number of a payment card: whoever
    /// is told of it may be one who refuses those.
    pub(super) fn booked_by(key: &Key) -> Self {
        let first = derived("simulated-carrier", "parcel", key).0.as_u64_pair().0;
        let number = |nth| format!("SIM{:014}GB", first.wrapping_add(nth) % 100_000_000_000_000);
        // The last digit of a card's number checks the others, so that the next one is none.
        Self(Some(number(0)).filter(|number| !card::in_text(number)).unwrap_or_else(|| number(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_derived_from_the_key_alone() {
        let number = |text: &str| Number::booked_by(&Key::try_from(text.to_owned()).unwrap());
        assert_eq!(number("a"), number("a"));
        assert_ne!(number("a"), number("b"));
        assert_eq!(Number::try_from(number("a").to_string()), Ok(number("a")));
        assert!(Number::try_from("SIM1GB".to_owned()).is_err());
    }

    #[test]
    fn no_number_could_be_that_of_a_payment_card() {
        for n in 0..1_000 {
            let number = Number::booked_by(&Key::try_from(n.to_string()).unwrap());
            assert!(!card::in_text(number.as_str()), "{number}");
        }
    }
}
