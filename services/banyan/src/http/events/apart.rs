//! Events that come in without their data: it is fetched where it is ours, and nothing is fetched from elsewhere.

use bytes::Bytes;
use contracts::event::together;
use contracts::{DataRef, Envelope};
use runtime::Problem;
use runtime::claim::{Claims, Found};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    dataref: Option<String>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
}

/// The event with its data. What is not one, or has none, is left to whoever reads it.
pub(super) async fn whole(claims: &Claims, raw: &RawValue, at: &str) -> Result<Bytes, Problem> {
    let body = Bytes::copy_from_slice(raw.get().as_bytes());
    let Ok(Parts { dataref: Some(place), data }) = serde_json::from_slice(&body) else { return Ok(body) };
    let wrong = |slug: &str, title: &'static str, detail: &str| {
        Problem::new(422, slug, title, detail)
            .at(format!("{at}/dataref"), detail)
            .hint("send the data in the event, without dataref")
    };
    let Ok(name) = place.parse::<DataRef>() else {
        let detail = "must name data that is kept here: nothing is fetched from elsewhere";
        return Err(wrong("foreign-dataref", "Foreign dataref", detail));
    };
    if let Some(data) = data {
        return match DataRef::of(data.get().as_bytes()) == name {
            true => Ok(body),
            false => Err(wrong("invalid-event", "Invalid event", "does not name the data beside it")),
        };
    }
    // An envelope that is wrong in another respect is told so first.
    if Envelope::decode(&body).is_err() {
        return Ok(body);
    }
    match claims.fetch(name).await? {
        Found::Whole(data) => Ok(together(&body, &data).map_or(body, Bytes::from)),
        Found::Missing | Found::Corrupt => {
            Err(wrong("data-not-found", "Data not found", "names data that is not kept here"))
        }
    }
}
