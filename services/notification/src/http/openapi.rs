//! The routes of `notification` as a fragment of the OpenAPI document: `paths` and `components.schemas`.

use serde_json::{Value, json};

use crate::domain::{SuppressionCause, Topic};

/// Paths and schemas of this service's routes; the binary puts the fragments of all services into one document.
#[must_use]
pub fn openapi() -> Value {
    json!({ "paths": paths(), "components": { "schemas": schemas() } })
}

fn operation(id: &str, summary: &str, parameters: Value, (success, schema): (&str, &str)) -> Value {
    let problem = json!({ "description": "Refused", "content": { "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" } } } });
    json!({
        "operationId": id, "tags": ["notification"], "summary": summary, "parameters": parameters,
        "responses": {
            success: { "description": summary, "content": { "application/json": {
                "schema": { "$ref": format!("#/components/schemas/{schema}") } } } },
            "4XX": problem, "503": problem,
        },
    })
}

fn with_body(mut operation: Value, schema: &str) -> Value {
    operation["requestBody"] = json!({ "required": true, "content": { "application/json": {
        "schema": { "$ref": format!("#/components/schemas/{schema}") } } } });
    operation
}

fn paths() -> Value {
    let id = |most: usize| json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "maxLength": most } });
    let key = json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 } });
    let query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    let text = json!({ "type": "string" });
    let limit = query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 100, "default": 20 }));
    let cursor = query("cursor", text.clone());
    let by = json!([
        query("order_id", text.clone()),
        query("customer_id", text),
        query("status", json!({ "type": "string", "enum": ["sending", "unknown", "failed"] })),
        limit,
        cursor,
    ]);
    json!({
        "/notifications": {
            "get": operation("listNotifications", "Messages of an order, of a customer or by how they stand, newest first", by, ("200", "Notifications")),
        },
        "/notifications/{id}": {
            "get": operation("getNotification", "One message, with what was written", json!([id(128)]), ("200", "Notification")),
        },
        "/customers/{id}/preferences": {
            "get": operation("getPreferences", "What a customer wants to hear of", json!([id(64)]), ("200", "Preferences")),
            "put": with_body(operation("putPreferences", "Chooses what to hear of; receipts always go", json!([id(64), key]), ("200", "Preferences")), "PreferencesWish"),
        },
        "/suppressions": {
            "get": operation("listSuppressions", "Addresses that are left alone, newest first", json!([limit, cursor]), ("200", "Suppressions")),
            "post": with_body(operation("addSuppression", "Leaves an address alone from now on", json!([key]), ("201", "Suppression")), "NewSuppression"),
        },
        "/suppressions/{id}": {
            "get": operation("getSuppression", "Why an address is left alone", json!([id(32)]), ("200", "Suppression")),
            "delete": operation("liftSuppression", "Writes to an address again", json!([id(32), key]), ("200", "Suppression")),
        },
    })
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let time = json!({ "type": "string", "format": "date-time" });
    let causes = SuppressionCause::ALL.map(SuppressionCause::name);
    let all: Value = Topic::CUSTOMERS
        .iter()
        .map(|topic| (topic.name().to_owned(), json!({ "type": "boolean" })))
        .collect();
    let optional = Topic::CUSTOMERS.iter().filter(|topic| !topic.always_goes());
    let wishes: Value =
        optional.map(|topic| (topic.name().to_owned(), json!({ "type": "boolean" }))).collect();
    let listed = json!({
        "notification_id": text, "order_id": text, "customer_id": text, "channel": text, "template": text,
        "status": { "type": "string", "enum": ["sending", "unknown", "sent", "failed"] },
        "to": { "type": "string", "description": "Masked" }, "reason": text, "provider_code": text,
        "provider_reference": text, "written_at": time,
    });
    let mut whole = listed.clone();
    for name in ["subject", "text", "html"] {
        whole[name] = text.clone();
    }
    let page = |name: &str, of: &str| {
        json!({ "type": "object", "properties": {
            name: { "type": "array", "items": { "$ref": format!("#/components/schemas/{of}") } },
            "next_cursor": { "type": ["string", "null"] },
        } })
    };
    json!({
        "Notification": { "type": "object", "properties": whole },
        "ListedNotification": { "type": "object", "properties": listed },
        "Notifications": page("notifications", "ListedNotification"),
        "Preferences": { "type": "object", "properties": { "customer_id": text, "topics": { "type": "object", "properties": all } } },
        "PreferencesWish": { "type": "object", "required": ["topics"], "properties": { "topics": { "type": "object", "properties": wishes, "additionalProperties": false } } },
        "Suppression": { "type": "object", "properties": { "suppression_id": text, "email": { "type": "string", "description": "Masked" }, "reason": { "type": "string", "enum": causes }, "note": text, "since": time } },
        "NewSuppression": { "type": "object", "required": ["email", "reason"], "properties": { "email": { "type": "string", "maxLength": 254 }, "reason": { "type": "string", "enum": causes }, "note": { "type": "string", "maxLength": 256 } } },
        "Suppressions": page("suppressions", "Suppression"),
    })
}
