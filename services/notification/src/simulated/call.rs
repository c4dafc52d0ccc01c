//! The simulated mailbox's routes: from a request to a call that cannot be wrong in form.

use std::fmt;

use contracts::MessageId;
use serde::{Deserialize, Serialize};

use super::ids::Key;
use super::problem::{Problem, Slug};
use super::wire::{self, MAX_BODY_BYTES, Request};
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
    /// Reads `request` by its route.
    ///
    /// # Errors
    /// The [`Problem`] to answer with. Nothing is stored under the key of a request that is refused here.
    pub fn parse(request: &Request) -> Result<Self, Problem> {
        if request.body.len() > MAX_BODY_BYTES {
            return Err(Problem::new(Slug::BodyTooLarge, format!("at most {MAX_BODY_BYTES} bytes")));
        }
        let segments: Option<Vec<String>> =
            request.path.split('/').skip(1).map(wire::decode_segment).collect();
        let segments = segments.unwrap_or_default();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v1", "operations", key]) => {
                let key = Key::try_from((*key).to_owned());
                let key = key.map_err(|error| Problem::new(Slug::InvalidRequest, error.to_string()))?;
                Ok(Self::Query { key })
            }
            ("POST", ["v1", "mails"]) => Ok(Self::Send { key: key(request)?, letter: letter(request)? }),
            _ => Err(no_route(request)),
        }
    }

    /// What the dice are rolled for: the same operation has the same luck, whenever it arrives.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Send { key, .. } => key.to_string(),
            Self::Query { key } => format!("query {key}"),
        }
    }

    /// The letter, where there is one.
    pub(super) fn letter(&self) -> Option<&Letter> {
        match self {
            Self::Send { letter, .. } => Some(letter),
            Self::Query { .. } => None,
        }
    }
}

fn key(request: &Request) -> Result<Key, Problem> {
    let required = |why: String| Problem::new(Slug::KeyRequired, why);
    let key = request.key.clone();
    let key = key.ok_or_else(|| required("every write needs the header Idempotency-Key".to_owned()))?;
    Key::try_from(key).map_err(|error| required(error.to_string()))
}

fn letter(request: &Request) -> Result<Letter, Problem> {
    let letter: Letter = serde_json::from_str(&request.body).map_err(|error| {
        let slug = if error.is_data() { Slug::InvalidRequest } else { Slug::MalformedRequest };
        // Parsers quote what they refuse, and this is somebody's letter: only the place is told.
        Problem::new(slug, format!("not a letter: line {}, column {}", error.line(), error.column()))
    })?;
    if letter.subject.is_empty() || letter.subject.chars().any(char::is_control) {
        return Err(Problem::new(Slug::InvalidRequest, "subject must be one line that is not empty"));
    }
    Ok(letter)
}

fn no_route(request: &Request) -> Problem {
    let path: String = request.path.chars().take(100).collect();
    Problem::new(
        Slug::RouteNotFound,
        format!("no {} {path}", request.method.chars().take(10).collect::<String>()),
    )
}

#[cfg(test)]
mod tests {
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
