//! In which majors an event is published while readers move from one to the next.
//!
//! Handlers say what happened in the newest major. Older ones are made from it, here and nowhere else.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::events::majors::NotSteppedDown;
use contracts::{Described, EventData, EventType, Timestamp, catalogue, events};
use serde_json::Value;

/// What was chosen for events that have several majors. By default all that are not past their sunset: who knows only
/// an old one misses nothing, and who knows several acts once, as all have one id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Emission(BTreeMap<&'static str, Majors>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Majors {
    All,
    Only(u32),
}

/// An event in an older major.
pub(crate) struct Edition {
    pub(crate) kind: EventType,
    pub(crate) schema: &'static str,
    pub(crate) body: Value,
}

/// What was asked for cannot be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmission {
    /// Not a list of `event=version`.
    #[error("{0:?} is not of the form EVENT=VERSION, such as order.placed=both")]
    Shape(String),
    /// No such event, or it has one major only.
    #[error("{name:?} does not have several versions; {} {}", known.join(", "), if known.len() == 1 { "has" } else { "have" })]
    Event {
        /// What was named.
        name: String,
        /// What could have been.
        known: Vec<&'static str>,
    },
    /// The event is not known in this version.
    #[error("{name} can be published as {} or both, not as {given:?}", known.join(", "))]
    Version {
        /// The event.
        name: &'static str,
        /// What was asked for.
        given: String,
        /// Its versions.
        known: Vec<String>,
    },
}

impl FromStr for Emission {
    type Err = InvalidEmission;

    /// Reads `order.placed=v1`, `=v2` or `=both`; several are separated by commas. An empty text chooses nothing.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(chosen).collect::<Result<_, _>>().map(Self)
    }
}

fn chosen(part: &str) -> Result<(&'static str, Majors), InvalidEmission> {
    let Some((name, given)) = part.split_once('=').map(|(name, given)| (name.trim(), given.trim())) else {
        return Err(InvalidEmission::Shape(part.to_owned()));
    };
    let majors: Vec<&Described> = catalogue().iter().filter(|event| event.name == name).collect();
    let [first, _, ..] = &majors[..] else {
        let known = catalogue().iter().filter(|event| event.major == 2).map(|event| event.name).collect();
        return Err(InvalidEmission::Event { name: name.to_owned(), known });
    };
    if given == "both" {
        return Ok((first.name, Majors::All));
    }
    match majors.iter().find(|event| format!("v{}", event.major) == given) {
        Some(event) => Ok((event.name, Majors::Only(event.major))),
        None => {
            let known = majors.iter().map(|event| format!("v{}", event.major)).collect();
            Err(InvalidEmission::Version { name: first.name, given: given.to_owned(), known })
        }
    }
}

impl Emission {
    fn majors(&self, name: &str) -> Majors {
        self.0.get(name).copied().unwrap_or(Majors::All)
    }

    /// Whether `T` itself is published. It is in any case when no older major can say the same.
    pub(crate) fn has_newest<T: EventData>(&self) -> bool {
        match self.majors(T::NAME) {
            Majors::All => true,
            Majors::Only(major) => EventType::of::<T>().major() == major,
        }
    }

    /// What `data` says in the older majors that are to be published at `now`, the newest of them first. One that has no
    /// words for it is left out, with a warning: its readers do not hear of this fact.
    ///
    /// # Errors
    /// `data` cannot be written as JSON: a programmer error.
    pub(crate) fn older<T: EventData>(
        &self,
        data: &T,
        now: Timestamp,
    ) -> Result<Vec<Edition>, serde_json::Error> {
        // Most have one major, and nothing is to be looked up for them.
        if T::TYPE.ends_with(".v1") {
            return Ok(vec![]);
        }
        let Some(newest) = events::describe(&EventType::of::<T>()) else { return Ok(vec![]) };
        let mut editions = Vec::new();
        for older in newest.older().filter(|older| self.wants(older, now)) {
            match newest.write_older(older, serde_json::to_value(data)?) {
                Ok(body) => {
                    let kind = older.kind.parse().map_err(serde::de::Error::custom)?;
                    editions.push(Edition { kind, schema: older.schema_url, body });
                }
                Err(NotSteppedDown::NoWords(why)) => {
                    tracing::warn!(event.type = older.kind, %why, "published in newer majors only");
                }
                Err(NotSteppedDown::Body(error)) => return Err(error),
            }
        }
        Ok(editions)
    }

    fn wants(&self, older: &Described, now: Timestamp) -> bool {
        match self.majors(older.name) {
            // Times are written as RFC 3339, so the day comes first and text order is time order.
            Majors::All => older.sunset.is_none_or(|sunset| now.to_string().as_str() < sunset),
            Majors::Only(major) => older.major == major,
        }
    }
}

#[cfg(test)]
mod tests {
    use contracts::Envelope;
    use contracts::events::majors::Succeeds;
    use contracts::events::order::{Discount, OrderPlaced, OrderPlacedV2};

    use super::*;

    fn order() -> OrderPlacedV2 {
        let example = include_bytes!("../../../contracts/examples/order.placed.v1.json");
        OrderPlacedV2::step_up(Envelope::decode(example).unwrap().read::<OrderPlaced>().unwrap().data)
    }

    /// The majors in which `order` is published on a day.
    fn published(chosen: &str, order: &OrderPlacedV2, day: &str) -> Vec<u32> {
        let emission: Emission = chosen.parse().unwrap();
        let now: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        let older: Vec<u32> =
            emission.older(order, now).unwrap().iter().map(|one| one.kind.major()).collect();
        let newest = older.is_empty() || emission.has_newest::<OrderPlacedV2>();
        newest.then_some(2).into_iter().chain(older).collect()
    }

    #[test]
    fn an_event_is_published_in_the_majors_that_were_chosen() {
        for (chosen, majors) in [
            ("", vec![2, 1]),
            ("order.placed=both", vec![2, 1]),
            ("order.placed=v1", vec![1]),
            (" order.placed = v2 ,", vec![2]),
        ] {
            assert_eq!(published(chosen, &order(), "2026-11-22"), majors, "{chosen:?}");
        }
    }

    #[test]
    fn an_older_major_ends_on_its_sunset_unless_it_is_the_one_that_was_chosen() {
        for (day, chosen, majors) in [
            ("2027-12-30", "", vec![2, 1]),
            ("2027-12-31", "", vec![2]),
            ("2028-01-01", "order.placed=both", vec![2]),
            ("2028-01-01", "order.placed=v1", vec![1]),
        ] {
            assert_eq!(published(chosen, &order(), day), majors, "{day} {chosen:?}");
        }
    }

    #[test]
    fn what_an_older_major_cannot_say_is_published_in_the_newest_whatever_was_chosen() {
        let discount = Discount { code: "X".to_owned(), amount_minor: 1 };
        let order = OrderPlacedV2 { discounts: vec![discount], discount_minor: 1, ..order() };
        for chosen in ["", "order.placed=v1", "order.placed=v2"] {
            assert_eq!(published(chosen, &order, "2026-11-22"), [2], "{chosen:?}");
        }
    }

    #[test]
    fn what_cannot_be_published_says_what_can() {
        for (text, told) in [
            ("order.placed", "\"order.placed\" is not of the form EVENT=VERSION, such as order.placed=both"),
            ("order.place=v1", "\"order.place\" does not have several versions; order.placed has"),
            ("order.confirmed=v1", "\"order.confirmed\" does not have several versions; order.placed has"),
            ("order.placed=v3", "order.placed can be published as v1, v2 or both, not as \"v3\""),
        ] {
            assert_eq!(text.parse::<Emission>().unwrap_err().to_string(), told);
        }
    }
}
