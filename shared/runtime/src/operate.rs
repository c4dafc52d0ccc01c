//! What operators do: look at queues and dead letters, redrive or discard them, read health and metrics.

mod http;
mod metrics;
mod peek;
mod redrive;

use contracts::{Envelope, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Key, Query};

use crate::core::Core;
use crate::due::{self, DEAD, Due};
use crate::fail::Fail;
use crate::node::Node;

pub use http::{health_routes, operator_routes};
pub use peek::{Waiting, peek_routes};
pub use redrive::{Discard, Done, Redrive};

/// A message that nobody could handle, as people see it: without anybody's name or address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The message's identity.
    pub id: String,
    /// The service that gave it up.
    pub service: String,
    /// Its type; empty when it could not be decoded.
    pub event_type: String,
    /// What it is about.
    pub subject: String,
    /// Why it is dead: see [`due::Trouble::reason`].
    pub reason: String,
    /// The error and all that lay beneath, outermost first.
    pub chain: Vec<String>,
    /// Which handler.
    pub handler: String,
    /// The schema it claims to keep.
    pub contract: Option<String>,
    /// Tries that failed.
    pub attempts: u32,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When it was given up.
    pub died: Timestamp,
    /// The message, personal data blanked; text where it is not JSON.
    pub message: serde_json::Value,
    /// Set when the message held a card number: what is kept, and would be redriven, is not what came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<due::Masked>,
    /// Set when the message was too long to be kept: only its beginning is, and it cannot be redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<due::Cut>,
}

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Exactly these; empty = all that fit the rest.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Of this service.
    #[serde(default)]
    pub service: Option<String>,
    /// With this reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// Of this type.
    #[serde(default)]
    pub event_type: Option<String>,
}

/// Dead letters that one request looks at: a page is held in memory.
pub const PAGE: usize = 500;

impl Filter {
    fn fits(&self, letter: &DeadLetter) -> bool {
        let same = |want: &Option<String>, is: &str| want.as_ref().is_none_or(|want| want == is);
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && same(&self.service, &letter.service)
            && same(&self.reason, &letter.reason)
            && same(&self.event_type, &letter.event_type)
    }
}

impl Node {
    /// Dead letters that fit, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`Fail::Outage`].
    pub async fn dead_letters(&self, filter: &Filter, limit: usize) -> Result<Vec<DeadLetter>, Fail> {
        let mut found = Vec::new();
        for core in self.cores() {
            let (mut place, mut of_one) = (Place::of(core, filter), Vec::new());
            while of_one.len() < limit
                && let Some(page) = core.next_dead(filter, &mut place).await?
            {
                of_one.extend(page.into_iter().map(|dead| dead.letter));
            }
            of_one.truncate(limit);
            found.extend(of_one);
        }
        found.sort_by(|a, b| (a.died, &a.id).cmp(&(b.died, &b.id)));
        found.truncate(limit);
        Ok(found)
    }
}

/// A dead row as it is now.
struct Dead {
    letter: DeadLetter,
    key: Key,
    item: store::Item,
    row: Due,
}

/// How far somebody looked through the dead rows of a service.
enum Place {
    /// These are left of those that were named.
    Named(Vec<String>),
    /// In the index, oldest first.
    Index(Query),
    End,
}

impl Place {
    /// The beginning of what may fit. Who names rows does not have to find them among all others.
    fn of(core: &Core, filter: &Filter) -> Self {
        if !filter.ids.is_empty() {
            let known = filter.ids.iter().filter_map(|id| message_id(id)).map(|id| id.to_string());
            let named: std::collections::BTreeSet<String> = known.collect();
            return Self::Named(named.into_iter().collect());
        }
        let mut query = Query::new(core.names.due.clone(), DEAD, DEAD);
        query.limit = PAGE;
        Self::Index(query)
    }
}

impl Core {
    /// The next dead rows, those that fit of a page of them; `None` at the end.
    async fn next_dead(&self, filter: &Filter, place: &mut Place) -> Result<Option<Vec<Dead>>, Fail> {
        let now = self.env.now();
        let ids = match place {
            Place::Named(left) => {
                let rest = left.split_off(left.len().min(PAGE));
                std::mem::replace(left, rest)
            }
            Place::Index(query) => {
                let page = self.store.query(query.clone(), now).await?;
                match page.next {
                    Some(next) => query.after = Some(next),
                    None => *place = Place::End,
                }
                page.rows.into_iter().map(|row| row.id).collect()
            }
            Place::End => return Ok(None),
        };
        if matches!(place, Place::Named(_)) && ids.is_empty() {
            return Ok(None);
        }
        let keys: Vec<Key> = ids.into_iter().map(|id| Key::new(self.names.due.clone(), id)).collect();
        let items = self.store.read(keys.clone(), now).await?;
        let mut found = Vec::new();
        for (key, item) in keys.into_iter().zip(items) {
            let Some(item) = item else { continue };
            let row = Due::decode(&key.id, &item)?;
            let letter = letter(&self.queue, row.clone());
            if row.due.is_none() && filter.fits(&letter) {
                found.push(Dead { letter, key, item, row });
            }
        }
        Ok(Some(found))
    }
}

fn letter(service: &str, row: Due) -> DeadLetter {
    let mut trouble =
        row.trouble.unwrap_or_else(|| due::Trouble::new("unknown", vec![], service.to_owned(), None));
    let (event_type, subject) = match (&mut trouble.cut, Envelope::decode(row.body.as_bytes())) {
        (Some(cut), _) => (std::mem::take(&mut cut.event_type), std::mem::take(&mut cut.subject)),
        (None, Ok(event)) => (event.kind.to_string(), event.subject),
        (None, Err(_)) => Default::default(),
    };
    let message = match &trouble.cut {
        // The beginning of an event cannot be read any more, so nobody knows which of it is personal.
        Some(_) if !event_type.is_empty() => serde_json::Value::String(BLANK.to_owned()),
        Some(_) | None => redacted(&row.body),
    };
    DeadLetter {
        id: row.id.to_string(),
        service: service.to_owned(),
        event_type,
        subject,
        reason: trouble.reason.into_owned(),
        chain: trouble.chain,
        handler: trouble.handler,
        contract: trouble.contract,
        attempts: row.attempts,
        first_seen: row.first_seen,
        died: row.last_failed.unwrap_or(row.first_seen),
        message,
        masked: trouble.masked,
        cut: trouble.cut,
    }
}

/// What stands in for personal data.
const BLANK: &str = "redacted";

/// A message as people see it. Personal data is in the blocks `customer` and `ship_to` and nowhere else; the latter once,
/// or in each of `deliveries`.
#[must_use]
pub fn redacted(body: &str) -> serde_json::Value {
    let Ok(mut message) = serde_json::from_str::<serde_json::Value>(body) else {
        return serde_json::Value::String(body.chars().take(1_000).collect());
    };
    if let Some(data) = message.get_mut("data").and_then(serde_json::Value::as_object_mut) {
        blank(data);
        let deliveries = data.get_mut("deliveries").and_then(serde_json::Value::as_array_mut);
        deliveries.into_iter().flatten().filter_map(serde_json::Value::as_object_mut).for_each(blank);
    }
    message
}

fn blank(object: &mut serde_json::Map<String, serde_json::Value>) {
    for block in ["customer", "ship_to"] {
        if let Some(block) = object.get_mut(block) {
            *block = serde_json::Value::String(BLANK.to_owned());
        }
    }
}

/// The identity of a message as text, when it is one.
pub(crate) fn message_id(text: &str) -> Option<MessageId> {
    uuid::Uuid::parse_str(text).ok().map(MessageId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobodys_name_or_address_is_shown() {
        let shown = redacted(r#"{"id":"1","data":{"customer":{"name":"Ada"},"ship_to":{"city":"X"},"n":1}}"#);
        assert_eq!(
            shown.to_string(),
            r#"{"data":{"customer":"redacted","n":1,"ship_to":"redacted"},"id":"1"}"#
        );
        let shown = redacted(r#"{"data":{"deliveries":[{"ship_to":{"city":"X"},"fee_minor":1}]}}"#);
        assert_eq!(shown.to_string(), r#"{"data":{"deliveries":[{"fee_minor":1,"ship_to":"redacted"}]}}"#);
        assert_eq!(redacted("not json"), serde_json::json!("not json"));
    }
}
