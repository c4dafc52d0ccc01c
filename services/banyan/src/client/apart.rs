//! Services that are processes of their own, asked as if they were one: each path where it is answered, and what every
//! process answers for itself of all of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bytes::Bytes;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Client, Error, Write, parse};
use crate::http::services_by_segment;

/// Where the services are, by name; none: all are at one address.
pub(super) type Places = Vec<(&'static str, String)>;

/// Where a request goes.
pub(super) enum Way<'c> {
    /// To one process.
    One(&'c str),
    /// To each, as each tells of itself.
    Each(&'c Places),
}

static SERVICES: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(services_by_segment);

/// Takes what other applications publish: most of it are orders.
const PUBLISHES: &str = "orders";

impl Client {
    /// Whether services are processes of their own.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        !self.apart.is_empty()
    }

    pub(super) fn way(&self, method: &Method, path: &str) -> Result<Way<'_>, Error> {
        if self.apart.is_empty() {
            return Ok(Way::One(&self.base));
        }
        let mut segments = path.split(['/', '?']).skip(1);
        let service = match segments.next().unwrap_or_default() {
            "events" if *method == Method::POST => PUBLISHES,
            segment => match SERVICES.get(segment) {
                Some(service) => service,
                None => return Ok(Way::Each(&self.apart)),
            },
        };
        let place = self.apart.iter().find(|(name, _)| *name == service);
        place.map(|(_, url)| Way::One(url.as_str())).ok_or(Error::Nowhere(service))
    }

    /// What each process answers to the same question.
    ///
    /// # Errors
    /// [`Error`]: one of them does not.
    pub async fn each<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let mut answers = Vec::new();
        for (_, url) in self.apart.iter() {
            answers.push(parse(&self.ask(Method::GET, url, path).await?)?);
        }
        Ok(answers)
    }

    /// The answers of each, as one process would give them.
    pub(super) async fn joined(&self, places: &Places, path: &str) -> Result<Value, Error> {
        let mut answers = Vec::new();
        let mut missing = None;
        for (service, url) in places {
            match self.ask(Method::GET, url, path).await {
                Ok(answer) => answers.push((*service, parse::<Value>(&answer)?)),
                // One dead letter, say, is in one place only.
                Err(Error::Refused(problem)) if problem.status == 404 => {
                    missing = Some(Error::Refused(problem));
                }
                Err(error) => return Err(error),
            }
        }
        match missing {
            Some(missing) if answers.is_empty() => Err(missing),
            _ => Ok(no_more(join(answers), path)),
        }
    }

    /// Writes to each.
    pub(super) async fn delivered_to_each(&self, places: &Places, write: &Write) -> Result<Bytes, Error> {
        let mut answers = Vec::new();
        for (service, url) in places {
            answers.push((*service, parse::<Value>(&self.deliver_to(url, write).await?)?));
        }
        Ok(join(answers).to_string().into())
    }

    /// What each says that is not JSON, one below the other.
    pub(super) async fn texts(&self, places: &Places, path: &str) -> Result<Bytes, Error> {
        let mut text = Vec::new();
        for (_, url) in places {
            text.extend_from_slice(&self.ask(Method::GET, url, path).await?);
        }
        Ok(text.into())
    }
}

/// Lists one behind the other, the latest moment until when, more where one has more, and of everything else the first. Who
/// knows of all queues counts in hand only what is in its own hands, so a queue is told by whoever takes from it.
fn join(answers: Vec<(&'static str, Value)>) -> Value {
    let mut whole = Value::Null;
    for (service, mut answer) in answers {
        if let Some(queues) = answer.get_mut("queues").and_then(Value::as_array_mut) {
            queues.retain(|queue| queue.get("queue").and_then(Value::as_str) == Some(service));
        }
        match (whole.as_object_mut(), answer) {
            (Some(whole), Value::Object(more)) => {
                for (name, value) in more {
                    match (whole.get_mut(&name), value) {
                        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                        (Some(one @ Value::Bool(false)), more @ Value::Bool(true)) => *one = more,
                        (Some(Value::String(one)), Value::String(more)) if name == "until" => {
                            *one = more.max(std::mem::take(one));
                        }
                        (Some(_), _) => {}
                        (None, value) => drop(whole.insert(name, value)),
                    }
                }
            }
            (Some(_), _) => {}
            (None, answer) => whole = answer,
        }
    }
    if let Some(letters) = whole.get_mut("dead_letters").and_then(Value::as_array_mut) {
        // Oldest first, as from one process.
        letters
            .sort_by_key(|letter| letter.get("died").and_then(Value::as_str).unwrap_or_default().to_owned());
    }
    whole
}

/// Each of several keeps to the limit that was asked for, and all of them have to.
fn no_more(mut whole: Value, path: &str) -> Value {
    let parameters = path.split_once('?').map_or("", |(_, parameters)| parameters).split('&');
    let limit = parameters.filter_map(|one| one.strip_prefix("limit=")).find_map(|limit| limit.parse().ok());
    if let (Some(limit), Some(letters)) = (limit, whole.get_mut("dead_letters").and_then(Value::as_array_mut))
    {
        letters.truncate(limit);
    }
    whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_path_goes_where_it_is_answered() {
        let places = vec![("orders", "http://o".to_owned()), ("payment", "http://p".to_owned())];
        let client = Client { apart: places.into(), ..Client::new("http://x").unwrap() };
        let way = |method, path| match client.way(&method, path) {
            Ok(Way::One(url)) => url.to_owned(),
            Ok(Way::Each(places)) => format!("{} places", places.len()),
            Err(error) => error.to_string(),
        };
        assert_eq!(way(Method::GET, "/orders?limit=5"), "http://o");
        assert_eq!(way(Method::GET, "/payments/1"), "http://p");
        assert_eq!(way(Method::POST, "/events"), "http://o");
        for path in ["/events?follow=1", "/queues", "/dead-letters/1", "/healthz/ready"] {
            assert_eq!(way(Method::GET, path), "2 places", "{path}");
        }
        assert!(way(Method::GET, "/stock/1").contains("inventory="));
    }

    #[test]
    fn answers_of_each_are_joined_as_one_process_would_give_them() {
        let queues = |n: u64| json!({ "queues": [{ "queue": "orders", "in_flight": n }, { "queue": "payment", "in_flight": n }] });
        let joined = join(vec![("orders", queues(1)), ("payment", queues(2))]);
        assert_eq!(
            joined,
            json!({ "queues": [{ "queue": "orders", "in_flight": 1 }, { "queue": "payment", "in_flight": 2 }] })
        );
        let letters = |died: &str| json!({ "dead_letters": [{ "died": died }] });
        let joined =
            join(vec![("orders", letters("2")), ("payment", letters("1")), ("shipping", letters("3"))]);
        assert_eq!(joined, json!({ "dead_letters": [{ "died": "1" }, { "died": "2" }, { "died": "3" }] }));
        let oldest = |path| no_more(joined.clone(), path)["dead_letters"].as_array().map(Vec::len);
        assert_eq!(oldest("/dead-letters?limit=2"), Some(2));
        assert_eq!(oldest("/dead-letters?service=orders&limit=1"), Some(1));
        assert_eq!(oldest("/dead-letters"), Some(3));
        let done = |id: &str| json!({ "ids": [id], "too_old": [], "dry_run": true });
        let joined = join(vec![("orders", done("a")), ("payment", done("b"))]);
        assert_eq!(joined, json!({ "ids": ["a", "b"], "too_old": [], "dry_run": true }));
        let part = |more: bool, until: &str| json!({ "ids": [], "more": more, "until": until });
        let nothing = json!({ "ids": [], "more": false });
        let joined =
            join(vec![("orders", part(false, "2")), ("payment", part(true, "1")), ("shipping", nothing)]);
        assert_eq!(joined, part(true, "2"));
    }
}
