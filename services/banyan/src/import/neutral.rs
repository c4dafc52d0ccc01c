//! Stand-ins for what the source does not hold: it has no names, addresses or e-mail addresses, and neither do we.

use contracts::CustomerId;
use serde_json::{Value, json};

/// The `customer` block: made from the id alone, at a domain that is reserved for examples (RFC 2606).
pub(super) fn customer(id: &CustomerId) -> Value {
    json!({ "name": name(id), "email": format!("{id}@example.com"), "locale": "en-GB" })
}

/// The `ship_to` block. `ZZ99 3CZ` is the United Kingdom's postcode for "no fixed abode": no letter box has it.
pub(super) fn ship_to(id: &CustomerId, country: &str) -> Value {
    let number = id.as_str().bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 200) + 1;
    let postcode = if country == "GB" { "ZZ99 3CZ" } else { "00000" };
    json!({
        "name": name(id), "line1": format!("{number} Example Street"), "city": "Sampleton",
        "postcode": postcode, "country": country,
    })
}

fn name(id: &CustomerId) -> String {
    format!("Customer {id}")
}
