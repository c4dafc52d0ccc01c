//! The routes of `orders` as a fragment of the OpenAPI document: `paths` and `components.schemas`.

use serde_json::{Value, json};

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
            "operationId": "cancelOrder", "tags": ["orders"], "summary": "Cancels an order that is not confirmed",
            "parameters": [id, key], "requestBody": body("CancelOrder"),
            "responses": responses(
                &[("202", "Cancelled", Some("OrderCancelled")), ("200", "Was cancelled already", Some("OrderCancelled"))],
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

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let minor = json!({ "type": "integer", "format": "int64", "minimum": 0, "description": "minor units of the currency" });
    let status = json!({ "$ref": "#/components/schemas/OrderStatus" });
    let reason = json!({ "type": ["string", "null"], "description": "a CancelReason of the contracts" });
    let line = json!({
        "type": "object", "required": ["sku", "quantity", "unit_price_minor"],
        "properties": {
            "sku": text, "quantity": { "type": "integer", "minimum": 1, "maximum": 100_000 }, "unit_price_minor": minor,
        },
    });
    let payment = json!({
        "type": "object",
        "properties": {
            "status": { "enum": ["pending", "action_required", "authorized", "declined", "voided"] },
            "authorized_minor": minor, "captured_minor": minor, "refunded_minor": minor,
        },
    });
    json!({
        "OrderStatus": {
            "enum": ["placed", "action_required", "confirmed", "cancelling", "dispatched", "delivered", "completed", "cancelled"],
        },
        "OrderPlaced": { "type": "object", "properties": {
            "order_id": text, "status": status, "currency": text, "total_minor": minor, "placed_at": time,
        } },
        "Order": { "type": "object", "properties": {
            "order_id": text, "customer_id": text, "status": status, "currency": text, "total_minor": minor,
            "lines": { "type": "array", "items": line }, "payment": payment,
            "shipments": { "type": "array", "items": { "type": "object" } },
            "returns": { "type": "array", "items": { "type": "object" } },
            "cancel_reason": reason, "placed_at": time, "updated_at": time,
        } },
        "Orders": { "type": "object", "properties": {
            "orders": { "type": "array", "items": { "$ref": "#/components/schemas/Order" } },
            "next_cursor": { "type": ["string", "null"] },
        } },
        "Timeline": { "type": "object", "properties": { "entries": { "type": "array", "items": {
            "type": "object",
            "properties": { "at": time, "type": text, "event_id": text, "service": text, "summary": text },
        } } } },
        "CancelOrder": { "type": "object", "properties": { "reason": { "type": "string", "maxLength": 256 } } },
        "OrderCancelled": { "type": "object", "properties": { "order_id": text, "status": status, "cancel_reason": reason } },
        "PlaceOrder": {
            "type": "object", "required": ["customer_id", "currency", "lines", "payment_method"],
            "properties": {
                "customer_id": text, "currency": { "type": "string", "pattern": "^[A-Z]{3}$" },
                "channel": { "type": "string", "default": "web" },
                "lines": { "type": "array", "minItems": 1, "items": line },
                "shipping_fee_minor": minor, "total_minor": minor, "hold_id": text,
                "payment_method": { "type": "object", "required": ["token"], "properties": { "token": text } },
                "customer": { "type": "object", "properties": { "name": text, "email": text, "locale": text } },
                "ship_to": { "type": "object", "properties": {
                    "name": text, "line1": text, "line2": text, "city": text, "region": text, "postcode": text, "country": text,
                } },
            },
        },
    })
}
