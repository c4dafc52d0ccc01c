//! The routes of `inventory` as a fragment of the OpenAPI document: `paths` and `components.schemas`.

use serde_json::{Value, json};

/// Paths and schemas of this service's routes; the binary puts the fragments of all services into one document.
#[must_use]
pub fn openapi() -> Value {
    json!({ "paths": paths(), "components": { "schemas": schemas() } })
}

fn paths() -> Value {
    let name = |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "maxLength": 64 } });
    let key = json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 } });
    let operation = |id: &str, summary: &str, parameters: Value, success: &str, schema: &str| {
        let problem = json!({ "description": "Refused", "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" } } } });
        json!({
            "operationId": id, "tags": ["inventory"], "summary": summary, "parameters": parameters,
            "responses": {
                success: { "description": summary, "content": { "application/json": {
                    "schema": { "$ref": format!("#/components/schemas/{schema}") } } } },
                "4XX": problem, "503": problem,
            },
        })
    };
    let with_body = |mut operation: Value, schema: &str| {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": {
            "schema": { "$ref": format!("#/components/schemas/{schema}") } } } });
        operation
    };
    json!({
        "/stock/{sku}": {
            "get": operation("getStock", "Shows how much there is", json!([name("sku")]), "200", "Stock"),
            "put": with_body(operation("putStockCard", "Sets where a SKU lies, and when it is low", json!([name("sku"), key]), "200", "StockCard"), "StockCard"),
        },
        "/stock/{sku}/adjust": {
            "post": with_body(operation("adjustStock", "Adds or removes pieces", json!([name("sku"), key]), "200", "Adjusted"), "Adjustment"),
        },
        "/stock/adjust": {
            "post": with_body(operation("adjustStockMany", "Adjusts up to 45 SKUs, all or none", json!([key]), "200", "AdjustedMany"), "Adjustments"),
        },
        "/stock/{sku}/quarantine": {
            "post": with_body(operation("decideQuarantine", "Restocks or writes off what came back", json!([name("sku"), key]), "200", "Decided"), "Decision"),
        },
        "/stock/transfers": {
            "post": with_body(operation("transferStock", "Moves up to 40 SKUs to another location, all or none", json!([key]), "200", "Transferred"), "Transfer"),
        },
        "/holds": { "post": with_body(operation("holdStock", "Holds stock for a cart", json!([key]), "201", "Hold"), "NewHold") },
        "/holds/{id}": {
            "get": operation("getHold", "Shows a hold", json!([name("id")]), "200", "Hold"),
            "delete": operation("releaseHold", "Lets go of a hold", json!([name("id"), key]), "200", "Hold"),
        },
    })
}

fn schemas() -> Value {
    let number = json!({ "type": "integer" });
    let text = json!({ "type": "string" });
    let levels = json!({ "on_hand": number, "available": number, "reserved": number, "allocated": number, "quarantine": number });
    let mut at_location = levels.clone();
    at_location["location"] = text.clone();
    let mut stock = levels;
    stock["sku"] = text.clone();
    stock["locations"] = json!({ "type": "array", "items": { "type": "object", "properties": at_location } });
    let adjustment = json!({ "location": text, "delta": number, "reason": text });
    let mut named = adjustment.clone();
    named["sku"] = text.clone();
    let lines = json!({ "type": "array", "items": { "type": "object", "properties": { "sku": text, "quantity": number } } });
    let required = ["location", "delta", "reason"];
    let takes = json!({ "type": "boolean", "default": false, "description":
        "Whether carts and then the newest orders lose what is missing; otherwise what is promised is refused with 409" });
    let short = json!({ "type": "array", "description": "Who lost what", "items": { "type": "object",
        "properties": { "sku": text, "location": text, "missing": number, "order_id": text, "found_at": text } } });
    let mut asked = adjustment.clone();
    asked["take_promised"] = takes.clone();
    let mut done = named.clone();
    done["short"] = short.clone();
    let mut transfer = json!({ "from": text, "to": text, "lines": lines, "reason": text });
    transfer["lines"]["maxItems"] = json!(crate::MAX_TRANSFERRED);
    let decision = json!({ "location": text, "quantity": number, "reason": text,
        "decision": { "type": "string", "enum": ["restock", "write_off"] } });
    let with_id = |mut properties: Value| {
        properties["movement_id"] = text.clone();
        json!({ "type": "object", "properties": properties })
    };
    let mut decided = decision.clone();
    decided["sku"] = text.clone();
    json!({
        "Stock": { "type": "object", "properties": stock },
        "StockCard": { "type": "object", "properties": { "locations": { "type": "array", "items": text }, "low_stock": number } },
        "Adjustment": { "type": "object", "properties": asked, "required": required },
        "Adjusted": with_id(done),
        "Adjustments": { "type": "object", "required": ["adjustments"], "properties": { "take_promised": takes, "adjustments": {
            "type": "array", "maxItems": crate::MAX_ADJUSTMENTS, "items": { "type": "object", "properties": named } } } },
        "AdjustedMany": with_id(json!({ "adjusted": number, "short": short })),
        "Transfer": { "type": "object", "properties": transfer, "required": ["from", "to", "lines", "reason"] },
        "Transferred": with_id(transfer),
        "Decision": { "type": "object", "properties": decision, "required": ["location", "quantity", "decision", "reason"] },
        "Decided": with_id(decided),
        "NewHold": { "type": "object", "properties": { "hold_id": text, "lines": lines, "ttl_s": number }, "required": ["lines"] },
        "Hold": { "type": "object", "properties": { "hold_id": text, "state": text, "lines": lines } },
    })
}
