//! What can be asked of payments, OpenAPI 3.1.

use serde_json::{Value, json};

/// What can be asked of payments, OpenAPI 3.1.
#[must_use]
pub fn openapi() -> Value {
    let answer = |code: &str, text: &str| json!({ code: { "description": text } });
    let query = |name: &str, text: &str| json!({ "name": name, "in": "query", "description": text, "schema": { "type": "string" } });
    json!({ "paths": {
        "/payments": { "get": {
            "summary": "Payments, newest first",
            "parameters": [
                query("status", "By how they stand; trouble: what a person should look at"),
                query("limit", "1 to 100"),
                query("cursor", "next_cursor of the page before"),
            ],
            "responses": answer("200", "A page"),
        } },
        "/payments/{id}": { "get": {
            "summary": "One payment, its refunds and dispute, and what came of each question",
            "responses": answer("200", "The payment"),
        } },
        "/payments/{id}/ask": { "post": {
            "summary": "Ask the provider again about a payment that was given up, or is in trouble",
            "responses": answer("202", "It is asked"),
        } },
        "/providers/{provider}/webhooks": { "post": {
            "summary": "What a provider tells of its own accord, signed", "responses": answer("202", "Heard"),
        } },
    } })
}
