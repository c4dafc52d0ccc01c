//! The routes of `orders` as a fragment of the OpenAPI document: `paths` and `components.schemas`.

use serde_json::{Value, json};

mod schemas;

use schemas::schemas;

/// Paths and schemas of this service's routes; the binary puts the fragments of all services into one document.
#[must_use]
pub fn openapi() -> Value {
    json!({ "paths": paths(), "components": { "schemas": schemas() } })
}

fn paths() -> Value {
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "maxLength": 64 } });
    let key = json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 } });
    json!({
        "/orders": {
            "post": {
                "operationId": "placeOrder", "tags": ["orders"], "summary": "Takes an order", "parameters": [key],
                "requestBody": body("PlaceOrder"),
                "responses": responses(&[("201", "Taken", Some("OrderPlaced"))], &["400", "413", "415", "422", "429", "503"]),
            },
            "get": {
                "operationId": "listOrders", "tags": ["orders"], "summary": "Lists orders, newest first",
                "parameters": [
                    query("customer_id", &json!({ "type": "string" })),
                    query("status", &json!({ "$ref": "#/components/schemas/OrderStatus" })),
                    query("stalled", &json!({ "type": "boolean", "default": false, "description": "only orders that wait too long" })),
                    query("limit", &json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 })),
                    query("cursor", &json!({ "type": "string" })),
                ],
                "responses": responses(&[("200", "A page of orders", Some("Orders"))], &["400", "503"]),
            },
        },
        "/orders/{id}": { "get": {
            "operationId": "getOrder", "tags": ["orders"], "summary": "Shows an order", "parameters": [id],
            "responses": responses(&[("200", "The order", Some("Order"))], &["404", "503"]),
        } },
        "/orders/{id}/timeline": { "get": {
            "operationId": "getOrderTimeline", "tags": ["orders"], "summary": "Tells what happened to an order",
            "parameters": [id],
            "responses": responses(&[("200", "Its entries, oldest first", Some("Timeline"))], &["404", "503"]),
        } },
        "/orders/{id}/cancel": { "post": {
            "operationId": "cancelOrder", "tags": ["orders"], "summary": "Cancels an order whose parcel has not left",
            "parameters": [id, key], "requestBody": body("CancelOrder"),
            "responses": responses(
                &[
                    ("200", "Cancelled", Some("OrderCancelled")),
                    ("202", "Shipping is asked to stop the parcel", Some("OrderCancelled")),
                ],
                &["400", "404", "409", "413", "415", "422", "429", "503"],
            ),
        } },
        "/orders/{id}/returns": { "post": {
            "operationId": "returnGoods", "tags": ["orders"], "summary": "Takes goods of a delivered order back",
            "parameters": [id, key], "requestBody": body("ReturnGoods"),
            "responses": responses(
                &[("202", "A label is made for the goods", Some("Return"))],
                &["400", "404", "409", "413", "415", "422", "429", "503"],
            ),
        } },
    })
}

fn query(name: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "schema": schema })
}

fn body(schema: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "required": true, "content": { "application/json": { "schema": schema } } })
}

fn responses(good: &[(&str, &str, Option<&str>)], problems: &[&str]) -> Value {
    let good = good.iter().map(|(status, what, schema)| {
        let schema = schema.map(|name| json!({ "$ref": format!("#/components/schemas/{name}") }));
        (
            (*status).to_owned(),
            json!({ "description": what, "content": { "application/json": { "schema": schema } } }),
        )
    });
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    let problems = problems.iter().map(|status| {
        let content = json!({ "application/problem+json": { "schema": schema } });
        ((*status).to_owned(), json!({ "description": "Problem (RFC 9457)", "content": content }))
    });
    good.chain(problems).collect::<serde_json::Map<_, _>>().into()
}
