//! The simulated provider's routes: from a request to a call that cannot be wrong in form.

use contracts::{MessageId, Money, PaymentId};
use peers::{Mishap, Touches, named, no_route};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use super::problem::{Problem, Slug};
use super::token::Token;
use super::wire::{self, ActionOutcome, DisputeOutcome, MAX_AMOUNT_MINOR, MAX_BODY_BYTES, Request};

/// The first capture of exactly this much is executed, and the connection breaks before the answer: what `tok_reset_after`
/// is for an authorization. A capture carries no token.
pub const UNANSWERED_CAPTURE_MINOR: i64 = 8_675_309;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Change something, once per key.
    Command {
        /// The idempotency key.
        key: Key,
        /// What to change.
        command: Command,
    },
    /// What became of `key`?
    Query {
        /// The key of an earlier command.
        key: Key,
    },
    /// How does the authorization stand?
    Look {
        /// Which.
        authorization: AuthorizationId,
    },
}

/// What can be changed. Serialised, it is what "the same request" means for an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Hold money.
    Authorize {
        /// The merchant's payment.
        payment: PaymentId,
        /// How much.
        money: Money,
        /// What pays.
        token: Token,
    },
    /// Take held money.
    Capture {
        /// From which.
        authorization: AuthorizationId,
        /// How much, in minor units.
        amount_minor: i64,
        /// Whether the rest is released.
        is_final: bool,
    },
    /// Release what is held.
    Void {
        /// Of which.
        authorization: AuthorizationId,
    },
    /// Undo what came under a key, and let nothing come under it later.
    Cancel {
        /// The key of an authorization, executed or not.
        operation: Key,
    },
    /// Give taken money back.
    Refund {
        /// Of which.
        authorization: AuthorizationId,
        /// How much, in minor units.
        amount_minor: i64,
    },
    /// The customer is done with the 3-D Secure page.
    Complete {
        /// Of which.
        authorization: AuthorizationId,
        /// What the customer did.
        outcome: ActionOutcome,
    },
    /// The hold has run out, or the time in which its customer could act. Time asks for it, and nobody else.
    Expire {
        /// Of which.
        authorization: AuthorizationId,
    },
    /// The customer contests a capture.
    Dispute {
        /// Which.
        capture: CaptureId,
    },
    /// A dispute is decided.
    Decide {
        /// Which.
        dispute: DisputeId,
        /// For whom.
        outcome: DisputeOutcome,
    },
}

impl Command {
    /// Two requests under one key are the same request when their fingerprints are.
    pub(super) fn fingerprint(&self) -> MessageId {
        let canonical = serde_json::to_string(self).unwrap_or_default();
        MessageId::named(&["simulated-provider", "request", &canonical])
    }
}

impl Call {
    /// The customer contests `capture`. Without a key of the caller's, as [`complete`]: it happens once.
    pub(super) fn dispute(capture: CaptureId) -> Self {
        Self::Command { key: capture.dispute_key(), command: Command::Dispute { capture } }
    }

    /// The `dispute` is decided. Happens once, too.
    pub(super) fn decide(dispute: DisputeId, outcome: DisputeOutcome) -> Self {
        Self::Command { key: dispute.decision_key(), command: Command::Decide { dispute, outcome } }
    }

    /// What the request itself wants to go wrong: an authorization by its token, a capture by its amount.
    pub(super) fn wish(&self) -> Option<Mishap> {
        match self {
            Self::Command { command: Command::Capture { amount_minor, .. }, .. } => {
                (*amount_minor == UNANSWERED_CAPTURE_MINOR).then_some(Mishap::ResetAfter)
            }
            Self::Command { .. } | Self::Query { .. } | Self::Look { .. } => self.token()?.mishap(),
        }
    }

    /// The token, where there is one.
    pub(super) fn token(&self) -> Option<&Token> {
        match self {
            Self::Command { command: Command::Authorize { token, .. }, .. } => Some(token),
            Self::Command { .. } | Self::Query { .. } | Self::Look { .. } => None,
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
            ("GET", ["v1", "operations", key]) => Ok(Self::Query { key: named(key)? }),
            ("GET", ["v1", "authorizations", id]) => Ok(Self::Look { authorization: named(id)? }),
            ("POST", ["v1", "actions", id, "complete"]) => complete(named(id)?, request),
            ("POST", ["v1", "captures", id, "dispute"]) => Ok(Self::dispute(named(id)?)),
            ("POST", ["v1", "disputes", id, "decide"]) => {
                let wire::Decide { outcome } = read(request)?;
                Ok(Self::decide(named(id)?, outcome))
            }
            ("POST", route) => {
                let command = command(route, request)?;
                Ok(Self::Command { key: peers::key(request)?, command })
            }
            _ => Err(no_route(request)),
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Command { key, .. } => key.to_string(),
            Self::Query { key } => format!("query {key}"),
            Self::Look { authorization } => format!("look {authorization}"),
        }
    }

    fn touches(&self) -> Touches<'_> {
        match self {
            Self::Command { key, .. } => Touches::Writes(key),
            Self::Query { key } => Touches::Asks(key),
            Self::Look { .. } => Touches::Nothing,
        }
    }
}

fn command(route: &[&str], request: &Request) -> Result<Command, Problem> {
    match route {
        ["v1", "authorizations"] => {
            let wire::Authorize { payment, amount_minor, currency, token } = read(request)?;
            let money = Money::new(within_bounds(amount_minor)?, currency);
            Ok(Command::Authorize { payment, money, token })
        }
        ["v1", "authorizations", id, "capture"] => {
            let wire::Capture { amount_minor, is_final } = read(request)?;
            let amount_minor = within_bounds(amount_minor)?;
            Ok(Command::Capture { authorization: named(id)?, amount_minor, is_final })
        }
        ["v1", "authorizations", id, "void"] => Ok(Command::Void { authorization: named(id)? }),
        ["v1", "operations", key, "cancel"] => Ok(Command::Cancel { operation: named(key)? }),
        ["v1", "refunds"] => {
            let wire::Refund { authorization, amount_minor } = read(request)?;
            Ok(Command::Refund { authorization, amount_minor: within_bounds(amount_minor)? })
        }
        _ => Err(no_route(request)),
    }
}

/// A write without a key of the caller's: it comes from the customer's browser, and happens once.
fn complete(authorization: AuthorizationId, request: &Request) -> Result<Call, Problem> {
    let wire::Complete { outcome } = read(request)?;
    let key = authorization.action_key();
    Ok(Call::Command { key, command: Command::Complete { authorization, outcome } })
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    peers::read(request, |error| without_long_numbers(&error.to_string()))
}

/// Parsers quote what they refuse, and that may be a card number in the wrong place.
fn without_long_numbers(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits < 12 { text.to_owned() } else { text.replace(|c: char| c.is_ascii_digit(), "#") }
}

fn within_bounds(amount_minor: i64) -> Result<i64, Problem> {
    if (1..=MAX_AMOUNT_MINOR).contains(&amount_minor) {
        return Ok(amount_minor);
    }
    Err(Problem::new(Slug::InvalidRequest, format!("amount_minor must be 1 to {MAX_AMOUNT_MINOR}")))
}

#[cfg(test)]
mod tests {
    use peers::Call as _;

    use super::*;

    fn post(path: &str, body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            key: Some("k".to_owned()),
            body: body.to_owned(),
        }
    }

    const GOOD: &str = r#"{"payment":"p","amount_minor":100,"currency":"GBP","token":"tok_ok"}"#;

    #[test]
    fn bad_input_is_refused_with_its_kind() {
        let mut keyless = post("/v1/authorizations", GOOD);
        keyless.key = None;
        let mut own_key = post("/v1/authorizations", GOOD);
        own_key.key = Some("sim_action_x".to_owned());
        let card = GOOD.replace("tok_ok", "4242424242424242");
        let cases = [
            (post("/v1/authorizations", "{"), Slug::MalformedRequest),
            (post("/v1/authorizations", "{}"), Slug::InvalidRequest),
            (post("/v1/authorizations", &GOOD.replace("100", "0")), Slug::InvalidRequest),
            (post("/v1/authorizations", &GOOD.replace("100", "1.5")), Slug::InvalidRequest),
            (post("/v1/authorizations", &GOOD.replace("100", "1000000000000")), Slug::InvalidRequest),
            (post("/v1/authorizations", &GOOD.replace("GBP", "XXX")), Slug::InvalidRequest),
            (post("/v1/authorizations", &card), Slug::InvalidRequest),
            (
                post("/v1/authorizations", &card.replace("\"4242424242424242\"", "4242424242424242")),
                Slug::InvalidRequest,
            ),
            (post("/v1/authorizations", &"x".repeat(MAX_BODY_BYTES + 1)), Slug::BodyTooLarge),
            (post("/v1/authorizations/1/void", ""), Slug::InvalidRequest),
            (post("/v1/nothing", GOOD), Slug::RouteNotFound),
            (post("/v1/%zz", GOOD), Slug::RouteNotFound),
            (keyless, Slug::KeyRequired),
            (own_key, Slug::KeyRequired),
        ];
        for (request, slug) in cases {
            let problem = Call::parse(&request).unwrap_err();
            assert_eq!(problem.slug, slug, "{request:?}: {}", problem.detail);
            assert!(!problem.detail.contains("4242"), "{}", problem.detail);
        }
        assert!(Call::parse(&post("/v1/authorizations", GOOD)).is_ok());
    }

    #[test]
    fn the_order_of_fields_is_no_difference_and_an_amount_is() {
        let fingerprint = |body: &str| match Call::parse(&post("/v1/authorizations", body)).unwrap() {
            Call::Command { command, .. } => command.fingerprint(),
            other => panic!("{other:?}"),
        };
        let reordered = r#"{"token":"tok_ok","currency":"GBP","amount_minor":100,"payment":"p","extra":1}"#;
        assert_eq!(fingerprint(GOOD), fingerprint(reordered));
        assert_ne!(fingerprint(GOOD), fingerprint(&GOOD.replace("100", "101")));
    }
}
