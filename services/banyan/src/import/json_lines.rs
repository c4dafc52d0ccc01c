//! One JSON line: a body of `POST /orders`, with its `idempotency_key` beside the other members if it has one.

use contracts::card;
use contracts::order::PlaceOrder;
use serde::Deserialize;
use serde_json::Value;

use super::ImportedOrder;

/// Reads line `number`. An error is a reason for a person.
///
/// The checks are those of the intake, made here so that the stock is not computed from an order that it refuses.
pub(super) fn parse(line: &[u8], number: u64) -> Result<ImportedOrder, String> {
    let mut body: Value = serde_json::from_slice(line).map_err(|error| format!("no JSON: {error}"))?;
    if let Some(pointer) = card::in_value(&body).first() {
        return Err(format!("no order: {pointer} looks like a card number"));
    }
    let order = PlaceOrder::deserialize(&body).map_err(|error| format!("no order: {error}"))?;
    if let Err(problems) = order.check() {
        let problems: Vec<String> =
            problems.iter().map(|it| format!("{} {}", it.pointer, it.message)).collect();
        return Err(format!("no order: {}", problems.join("; ")));
    }
    let key = match body.as_object_mut().and_then(|members| members.remove("idempotency_key")) {
        None => format!("line-{number}"),
        Some(Value::String(key)) if is_key(&key) => key,
        Some(_) => return Err("idempotency_key is not 1 to 255 visible ASCII characters".to_owned()),
    };
    let country = if order.ship_to.country.is_empty() { "ZZ".to_owned() } else { order.ship_to.country };
    Ok(ImportedOrder {
        invoice: key.clone(),
        placed_at_text: String::new(),
        country,
        idempotency_key: key,
        body,
    })
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
