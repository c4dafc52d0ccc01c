//! A customer whose bank asks for authentication, on the payment provider's page.

use std::time::Duration;

use bytes::Bytes;
use contracts::EventData;
use contracts::events::payment::PaymentActionRequired;
use serde::Deserialize;

use super::mischief::Dice;
use crate::cli::Context;
use crate::client::{Client, Error, Patience, Write};

/// What customers do on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// They authenticate.
    Authenticate,
    /// They get it wrong.
    Fail,
    /// They close the page, and the order ends at its deadline.
    WalkAway,
}

#[derive(Deserialize)]
struct Heard {
    #[serde(rename = "type")]
    kind: String,
    data: Asked,
}

#[derive(Deserialize)]
struct Asked {
    action_url: String,
    amount_minor: i64,
}

/// The page that an event sends a customer to, and what is done there. Drawn from the amount: the ids of orders differ
/// from run to run, and the same seed should do the same.
pub(super) fn asked(event: &str, dice: &Dice) -> Option<(String, Choice)> {
    if !event.contains(PaymentActionRequired::TYPE) {
        return None;
    }
    let Heard { kind, data } = serde_json::from_str(event).ok()?;
    (kind == PaymentActionRequired::TYPE)
        .then(|| (data.action_url, dice.choice(&data.amount_minor.to_string())))
}

/// Opens the page and does what was chosen, after a moment. Who cannot reach it walks away.
pub(super) fn visit(context: &Context, page: String, choice: Choice) {
    let outcome = match choice {
        Choice::Authenticate => "succeed",
        Choice::Fail => "fail",
        Choice::WalkAway => return,
    };
    let env = context.env.clone();
    let visiting = {
        let env = env.clone();
        async move {
            env.clock.sleep(Duration::from_millis(300)).await;
            if let Err(error) = submit(&page, outcome, &env).await {
                tracing::warn!(page, error = %error, "the customer cannot authenticate");
            }
        }
    };
    env.spawn.spawn("demo.customer".into(), Box::pin(visiting));
}

async fn submit(page: &str, outcome: &str, env: &runtime::Env) -> Result<(), Error> {
    let Some((origin, path)) = page.split_once("/v1/") else { return Err(Error::Nonsense(page.to_owned())) };
    let write = Write {
        path: format!("/v1/{path}"),
        key: None,
        media: "application/x-www-form-urlencoded",
        body: Bytes::from(format!("outcome={outcome}")),
    };
    let provider = Client::new(origin).map_err(Error::Lost)?;
    provider.deliver_until_answered(&write, env, Patience::PERSON).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_event_that_asks_sends_a_customer_somewhere() {
        let dice = Dice::new(1);
        let event = |kind: &str| {
            format!(r#"{{"type":"{kind}","data":{{"action_url":"http://x/v1/a","amount_minor":5}}}}"#)
        };
        let (page, choice) = asked(&event(PaymentActionRequired::TYPE), &dice).unwrap();
        assert_eq!((page.as_str(), choice), ("http://x/v1/a", dice.choice("5")));
        assert_eq!(asked(&event("shop.banyan.payment.authorized.v1"), &dice), None);
    }
}
