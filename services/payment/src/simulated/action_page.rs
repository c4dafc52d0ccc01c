//! The page on which a customer would authenticate, if there were a bank.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use contracts::Money;
use peers::{Desk, reply};

use super::call::Call;
use super::ledger::Ledger;
use super::problem::{Problem, Slug};
use super::wire::{Authorization, Object, Request, Status, encode_segment};

type Shared = State<Arc<Desk<Ledger>>>;

pub(super) fn routes() -> Router<Arc<Desk<Ledger>>> {
    Router::new().route("/v1/actions/{id}", get(show).post(complete))
}

async fn show(State(desk): Shared, Path(id): Path<String>) -> Response {
    let response = match id.try_into() {
        Ok(authorization) => desk.execute(Call::Look { authorization }, 1).await,
        Err(_) => Problem::new(Slug::AuthorizationNotFound, "no such action").into(),
    };
    match serde_json::from_str(&response.body) {
        Ok(Object::Authorization(authorization)) => Html(render(&authorization)).into_response(),
        _ => reply(response),
    }
}

/// The form of the page, which a browser sends without JSON or headers of its own.
async fn complete(State(desk): Shared, Path(id): Path<String>, form: String) -> Response {
    let page = format!("/v1/actions/{}", encode_segment(&id));
    let outcome = form.strip_prefix("outcome=").unwrap_or_default();
    let request = Request {
        method: "POST".to_owned(),
        path: format!("{page}/complete"),
        key: None,
        body: serde_json::json!({ "outcome": outcome }).to_string(),
    };
    match peers::Call::parse(&request) {
        // However it went, the page says how it stands now.
        Ok(call) => {
            desk.execute(call, 1).await;
            Redirect::to(&page).into_response()
        }
        Err(problem) => reply(Problem::into(problem)),
    }
}

/// The page of `authorization`. Nothing in it needs escaping: ids, enumerations and amounts are all it shows.
fn render(authorization: &Authorization) -> String {
    let amount = Money::new(authorization.amount_minor, authorization.currency).decimal();
    let Authorization { id, payment, currency, .. } = authorization;
    let state = match authorization.status {
        Status::RequiresAction => format!(
            r#"<form method="post" action="/v1/actions/{id}">
<button name="outcome" value="succeed">Authenticate</button>
<button name="outcome" value="fail">Fail</button>
</form>"#
        ),
        Status::Failed => "<p>Authentication failed. Nothing is held.</p>".to_owned(),
        Status::Authorized | Status::PartiallyCaptured | Status::Captured => {
            "<p>Authenticated.</p>".to_owned()
        }
        Status::Voided => "<p>The payment was cancelled. Nothing is held.</p>".to_owned(),
        Status::Expired => "<p>The authorization has run out. Nothing is held.</p>".to_owned(),
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>SIMULATED 3-D Secure</title>
<h1>SIMULATED 3-D Secure</h1>
<p>This is a simulated payment provider. No card, no bank and no money are involved.</p>
<p>Payment {payment}: {amount} {currency}</p>
{state}
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_that_it_is_simulated_and_asks_only_while_it_must() {
        let mut authorization: Authorization = serde_json::from_str(
            r#"{"id":"sim_auth_00000000000000000000000000000000","status":"requires_action","payment":"p-1",
            "amount_minor":1050,"captured_minor":0,"refunded_minor":0,"currency":"GBP",
            "expires_at":"2026-11-29T20:00:00Z"}"#,
        )
        .unwrap();
        let page = render(&authorization);
        assert!(page.contains("SIMULATED") && page.contains("10.50 GBP") && page.contains("<form"), "{page}");
        for status in [Status::Failed, Status::Authorized, Status::Voided] {
            authorization.status = status;
            let page = render(&authorization);
            assert!(page.contains("SIMULATED") && !page.contains("<form"), "{page}");
        }
    }
}
