//! What can be asked of shipping, OpenAPI 3.1.

use serde_json::{Value, json};

/// What can be asked of shipping, OpenAPI 3.1.
#[must_use]
pub fn openapi() -> Value {
    let answer = |code: &str, text: &str| json!({ code: { "description": text } });
    let query = |name: &str, text: &str| json!({ "name": name, "in": "query", "description": text, "schema": { "type": "string" } });
    let pdf = json!({ "200": { "description": "What to print", "content": { "application/pdf": {} } } });
    json!({ "paths": {
        "/shipments": { "get": {
            "summary": "Shipments, newest first",
            "parameters": [
                query("order_id", "Of this order"),
                query("status", "By how they stand; trouble: what a person should look at"),
                query("limit", "1 to 100"),
                query("cursor", "next_cursor of the page before"),
            ],
            "responses": answer("200", "A page"),
        } },
        "/shipments/{id}": { "get": {
            "summary": "One shipment, and where it was seen", "responses": answer("200", "The shipment"),
        } },
        "/shipments/{id}/label": { "get": { "summary": "Its label", "responses": pdf } },
        "/shipments/{id}/ask": { "post": {
            "summary": "Ask the carrier again about a shipment that was given up",
            "responses": answer("202", "It is asked"),
        } },
        "/returns/{id}": { "get": {
            "summary": "One return, and where it was seen", "responses": answer("200", "The return"),
        } },
        "/returns/{id}/label": { "get": { "summary": "Its label", "responses": pdf } },
        "/returns/{id}/ask": { "post": {
            "summary": "Ask the carrier again about a return that was given up",
            "responses": answer("202", "It is asked"),
        } },
        "/carriers/{carrier}/webhooks": { "post": {
            "summary": "What a carrier tells of its own accord, signed", "responses": answer("202", "Heard"),
        } },
    } })
}
