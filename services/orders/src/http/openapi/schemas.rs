//! What the routes of `orders` take and answer.

use serde_json::{Value, json};

pub(super) fn schemas() -> Value {
    let (text, time, minor, reason) = (text(), time(), minor(), reason());
    let status = json!({ "$ref": "#/components/schemas/OrderStatus" });
    let line = json!({
        "type": "object", "required": ["sku", "quantity", "unit_price_minor"],
        "properties": { "sku": text, "quantity": pieces(), "unit_price_minor": minor },
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
            "lines": { "type": "array", "items": line }, "payment": payment(),
            "shipments": { "type": "array", "items": shipment() },
            "returns": { "type": "array", "items": { "$ref": "#/components/schemas/Return" } },
            "cancel_reason": reason, "stalled": stalled(), "placed_at": time, "updated_at": time,
        } },
        "Orders": { "type": "object", "properties": {
            "orders": { "type": "array", "items": { "$ref": "#/components/schemas/Order" } },
            "next_cursor": { "type": ["string", "null"] },
        } },
        "Timeline": { "type": "object", "properties": { "entries": { "type": "array", "items": entry() } } },
        "CancelOrder": { "type": "object", "properties": { "reason": { "type": "string", "maxLength": 256 } } },
        "OrderCancelled": { "type": "object", "properties": { "order_id": text, "status": status, "cancel_reason": reason } },
        "ReturnGoods": {
            "type": "object", "required": ["lines"],
            "properties": {
                "lines": { "type": "array", "minItems": 1, "items": line_quantity() },
                "reason": { "type": "string", "maxLength": 256 },
            },
        },
        "Return": { "type": "object", "properties": {
            "return_id": text, "order_id": text, "status": { "enum": ["requested", "received", "refunded"] },
            "lines": { "type": "array", "items": line_quantity() },
            "arrived": { "type": "object", "additionalProperties": pieces(), "description": "pieces by SKU, once they are here" },
            "refunded_minor": minor, "requested_at": time,
        } },
        "PlaceOrder": place_order(&line),
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn minor() -> Value {
    json!({ "type": "integer", "format": "int64", "minimum": 0, "description": "minor units of the currency" })
}

fn pieces() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": 100_000 })
}

fn reason() -> Value {
    json!({ "type": ["string", "null"], "description": "a CancelReason of the contracts" })
}

fn line_quantity() -> Value {
    json!({
        "type": "object", "required": ["sku", "quantity"],
        "properties": { "sku": text(), "quantity": pieces() },
    })
}

fn payment() -> Value {
    json!({ "type": "object", "properties": {
        "status": { "enum": [
            "pending", "action_required", "declined", "authorized", "expired", "capture_failed", "voided", "captured", "refunded",
        ] },
        "authorized_minor": minor(), "captured_minor": minor(), "refunded_minor": minor(),
        "dispute": { "type": "object", "properties": {
            "dispute_id": text(), "status": { "enum": ["opened", "won", "lost"] }, "amount_minor": minor(),
        } },
    } })
}

fn shipment() -> Value {
    json!({ "type": "object", "properties": {
        "shipment_id": text(),
        "status": { "enum": [
            "created", "ready", "dispatched", "delivered", "stopped", "before_handover", "lost", "returned",
        ] },
        "tracking_number": { "type": ["string", "null"] },
    } })
}

fn stalled() -> Value {
    json!({
        "type": "object", "description": "present while the order waits too long",
        "properties": { "waiting_for": text(), "since": time() },
    })
}

fn entry() -> Value {
    json!({ "type": "object", "properties": {
        "at": time(), "type": text(), "event_id": text(), "service": text(), "summary": text(),
        "caused_by": { "type": "string", "description": "the event_id of what caused it" },
        "attempt": { "type": "integer", "minimum": 2, "description": "at which try it was handled, if not at the first" },
        "sequence": { "type": "integer", "description": "how many events its subject had published by then" },
        "order_at": { "type": "string", "format": "date-time", "description": "when it happened, by its publisher's clock" },
    } })
}

fn place_order(line: &Value) -> Value {
    let (text, minor) = (text(), minor());
    json!({
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
    })
}
