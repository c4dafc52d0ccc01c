//! How one major version of an event becomes another.
//!
//! A handler knows one major, the highest that its service knows. What comes in an older one is stepped up before the
//! handler sees it; what is published in an older one too is stepped down after the handler has said it.

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Described, catalogue};
use crate::event::EventData;

/// The next major version of the event `Older`.
pub trait Succeeds<Older: EventData>: EventData {
    /// What `older` says, in this version. Total: whatever can be read can be stepped up.
    fn step_up(older: Older) -> Self;

    /// What this says, in the older version: `step_down(step_up(x)) = x`, and never something that is not quite the same.
    ///
    /// # Errors
    /// [`NoWords`]: the older version cannot say it, and its readers do not hear of this fact.
    fn step_down(&self) -> Result<Older, NoWords>;
}

/// An older version has no words for what a newer one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the older version has no words for {0}")]
pub struct NoWords(pub &'static str);

/// Why a body was not stepped down.
#[derive(Debug, thiserror::Error)]
pub enum NotSteppedDown {
    /// The older version cannot say it.
    #[error(transparent)]
    NoWords(#[from] NoWords),
    /// The body is not what its type promises, or cannot be written: a programmer error in what made it.
    #[error("not a body of the newer version")]
    Body(#[from] serde_json::Error),
}

/// Turns a body of one major into one of the next.
pub type StepUp = fn(&str) -> Result<Value, serde_json::Error>;
/// Turns a body of the next major into one of this, if this can say it.
pub type StepDown = fn(&str) -> Result<Value, NotSteppedDown>;

pub(super) fn up<Older: EventData, Next: Succeeds<Older>>(body: &str) -> Result<Value, serde_json::Error> {
    serde_json::to_value(Next::step_up(serde_json::from_str(body)?))
}

pub(super) fn down<Older: EventData, Next: Succeeds<Older>>(body: &str) -> Result<Value, NotSteppedDown> {
    let next: Next = serde_json::from_str(body)?;
    Ok(serde_json::to_value(next.step_down()?)?)
}

impl Described {
    /// The majors of the same event below this one, from the next lower one down to the oldest that still steps up to
    /// it.
    pub fn older(&self) -> impl Iterator<Item = &'static Self> {
        let lower =
            |major: u32| catalogue().iter().find(|other| other.name == self.name && other.major == major);
        (1..self.major).rev().map_while(move |major| lower(major).filter(|older| older.step_up.is_some()))
    }

    /// What `body`, in the version `from` of this event, says in this one.
    ///
    /// # Errors
    /// It is not a body of `from`, or `from` does not step up to this version.
    pub fn read_older(&self, from: &Self, body: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
        let mut body = body.to_owned();
        let way: Vec<_> = self.older().take_while(|older| older.major >= from.major).collect();
        for older in way.into_iter().rev() {
            if let Some(step_up) = older.step_up {
                body = serde_json::value::to_raw_value(&step_up(body.get())?)?;
            }
        }
        Ok(body)
    }

    /// What `body`, in this version, says in the older version `to`.
    ///
    /// # Errors
    /// [`NotSteppedDown`], of the first step that cannot be made.
    pub fn write_older(&self, to: &Self, body: Value) -> Result<Value, NotSteppedDown> {
        let mut body = body;
        for older in self.older().take_while(|older| older.major >= to.major) {
            if let Some(step_down) = older.step_down {
                body = step_down(&body.to_string())?;
            }
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_full_and_every_major_but_the_last_says_when_it_ends() {
        for event in catalogue() {
            let parts: Vec<u32> = event.semver.split('.').map(|part| part.parse().unwrap()).collect();
            assert!(parts.len() == 3 && parts[0] == event.major, "{} {}", event.kind, event.semver);
            let has_next =
                catalogue().iter().any(|other| other.name == event.name && other.major > event.major);
            let says = [event.sunset.is_some(), event.step_up.is_some(), event.step_down.is_some()];
            assert_eq!(says, [has_next; 3], "{}", event.kind);
            if let Some(sunset) = event.sunset {
                assert!(sunset.parse::<jiff::civil::Date>().is_ok(), "{}: {sunset}", event.kind);
            }
        }
    }

    #[test]
    fn a_body_that_is_not_what_its_type_promises_is_not_stepped() {
        let placed =
            |major| catalogue().iter().find(|e| e.name == "order.placed" && e.major == major).unwrap();
        let (v1, v2) = (placed(1), placed(2));
        let body = RawValue::from_string("{}".to_owned()).unwrap();
        assert!(v2.read_older(v1, &body).is_err());
        let error = v2.write_older(v1, serde_json::json!({})).unwrap_err();
        assert!(matches!(error, NotSteppedDown::Body(_)), "{error:?}");
    }
}
