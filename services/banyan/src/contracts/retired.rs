//! Which events nobody publishes any more.

use contracts::Timestamp;

use super::version::Name;

/// The events whose sunset is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired(Vec<Name>);

impl Retired {
    /// Those of the catalogue at a time. What the catalogue does not have is not retired.
    #[must_use]
    pub fn on(now: Timestamp) -> Self {
        // Both are written year first, so they compare as text.
        let today = now.to_string();
        let events = contracts::catalogue().iter();
        let over = events.filter(|event| event.sunset.is_some_and(|sunset| sunset <= today.as_str()));
        Self(over.map(|event| Name { name: event.name.to_owned(), major: event.major }).collect())
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn has(&self, name: &Name) -> bool {
        self.0.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_retires_on_the_day_of_its_sunset() {
        let event = contracts::catalogue().iter().find(|event| event.sunset.is_some()).unwrap();
        let name = Name { name: event.name.to_owned(), major: event.major };
        let at = |time: String| time.parse::<Timestamp>().unwrap();
        let sunset = event.sunset.unwrap();
        assert!(Retired::on(at(format!("{sunset}T00:00:00Z"))).has(&name));
        assert!(!Retired::on(at("2020-01-01T00:00:00Z".to_owned())).has(&name));
    }
}
