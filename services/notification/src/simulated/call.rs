//! The simulated mailbox's routes: from a request to a call that cannot be wrong in form.

use std::fmt;

use contracts::MessageId;
use peers::Touches;
use serde::{Deserialize, Serialize};

use super::ids::Key;
use super::problem::{Problem, Slug};
use super::wire::{MAX_BODY_BYTES, Request};
use crate::domain::Address;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Take a letter, once per key.
    Send {
        /// The idempotency key.
        key: Key,
        /// What to take.
        letter: Letter,
    },
    /// What became of `key`?
    Query {
        /// The key of an earlier letter.
        key: Key,
    },
}

/// What is sent: the body of `POST /v1/mails`. Serialised, it is what "the same request" means for an idempotency key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// To whom.
    pub to: Address,
    /// One line.
    pub subject: String,
    /// For whoever reads plain text.
    pub text: String,
    /// For everybody else.
    pub html: String,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(..)")
    }
}

impl Letter {
    /// Two requests under one key are the same request when their fingerprints are.
    pub(super) fn fingerprint(&self) -> MessageId {
        let canonical = serde_json::to_string(self).unwrap_or_default();
        MessageId::named(&["simulated-mailbox", "letter", &canonical])
    }

    /// What is before the at sign decides, for tests, what goes wrong: `sim-bounce@...`.
    pub(super) fn wish(&self) -> Option<&str> {
        self.to.expose().split('@').next().and_then(|local| local.strip_prefix("sim-"))
    }
}

impl Call {
    /// The letter, where there is one.
    pub(super) fn letter(&self) -> Option<&Letter> {
        match self {
            Self::Send { letter, .. } => Some(letter),
            Self::Query { .. } => None,
        }
    }
}

impl peers::Call for Call {
    type Slug = Slug;
    const MAX_BODY_BYTES: usize = MAX_BODY_BYTES;

    fn parse(request: &Request) -> Result<Self, Problem> {
        let segments = peers::segments::<Self>(request)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v1", "operations", key]) => Ok(Self::Query { key: peers::named(key)? }),
            ("POST", ["v1", "mails"]) => {
                Ok(Self::Send { key: peers::key(request)?, letter: letter(request)? })
            }
            _ => Err(peers::no_route(request)),
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Send { key, .. } => key.to_string(),
            Self::Query { key } => format!("query {key}"),
        }
    }

    fn touches(&self) -> Touches<'_> {
        match self {
            Self::Send { key, .. } => Touches::Writes(key),
            Self::Query { key } => Touches::Asks(key),
        }
    }
}

fn letter(request: &Request) -> Result<Letter, Problem> {
    // This is somebody's letter: only the place is told.
    let letter: Letter = peers::read(request, |error| {
        format!("not a letter: line {}, column {}", error.line(), error.column())
    })?;
    if letter.subject.is_empty() || letter.subject.chars().any(char::is_control) {
        return Err(Problem::new(Slug::InvalidRequest, "subject must be one line that is not empty"));
    }
    Ok(letter)
}

#[cfg(test)]
mod tests {
    use peers::Call as _;

    use super::*;

    fn post(body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            path: "/v1/mails".to_owned(),
            key: Some("k".to_owned()),
            body: body.to_owned(),
        }
    }

    const GOOD: &str = r#"{"to":"ada@example.org","subject":"s","text":"t","html":"h"}"#;

    #[test]
    fn bad_input_is_refused_with_its_kind_and_nothing_of_it_is_repeated() {
        let other = |path: &str| Request { path: path.to_owned(), ..post(GOOD) };
        let cases = [
            (post("{"), Slug::MalformedRequest),
            (post("{}"), Slug::InvalidRequest),
            (post(&GOOD.replace("ada@", "ada ")), Slug::InvalidRequest),
            (post(&GOOD.replace("\"s\"", "\"\"")), Slug::InvalidRequest),
            (post(&GOOD.replace("\"s\"", r#""s\r\nBcc: ada@example.org""#)), Slug::InvalidRequest),
            (post(&"x".repeat(MAX_BODY_BYTES + 1)), Slug::BodyTooLarge),
            (Request { key: None, ..post(GOOD) }, Slug::KeyRequired),
            (Request { key: Some("a b".to_owned()), ..post(GOOD) }, Slug::KeyRequired),
            (other("/v1/nothing"), Slug::RouteNotFound),
            (other("/v1/%zz"), Slug::RouteNotFound),
        ];
        for (request, slug) in cases {
            let problem = Call::parse(&request).unwrap_err();
            assert_eq!(problem.slug, slug, "{request:?}: {}", problem.detail);
            assert!(!problem.detail.contains("ada"), "{}", problem.detail);
        }
        assert!(Call::parse(&post(GOOD)).is_ok());
    }

    #[test]
    fn the_order_of_fields_is_no_difference_and_a_word_is() {
        let fingerprint = |body: &str| match Call::parse(&post(body)).unwrap() {
            Call::Send { letter, .. } => letter.fingerprint(),
            other => panic!("{other:?}"),
        };
        let reordered = r#"{"html":"h","text":"t","subject":"s","to":"ada@example.org","extra":1}"#;
        assert_eq!(fingerprint(GOOD), fingerprint(reordered));
        assert_ne!(fingerprint(GOOD), fingerprint(&GOOD.replace("\"t\"", "\"u\"")));
    }
}
