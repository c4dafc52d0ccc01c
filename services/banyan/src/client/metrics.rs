//! What every service did, read from `/metrics`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Client, Error};

/// What one service did since it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Messages handled.
    pub handled: u64,
    /// Copies recognised.
    pub duplicate: u64,
    /// Messages put off.
    pub delayed: u64,
    /// Messages given up.
    pub dead: u64,
    /// Executions repeated because something changed meanwhile.
    pub conflicts: u64,
    /// Events published.
    pub published: u64,
    /// Messages in its queue, taken or not.
    #[serde(skip)]
    pub waiting: u64,
}

impl Client {
    /// What every service did, by name.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn activity(&self) -> Result<BTreeMap<String, Activity>, Error> {
        Ok(activity(&self.get_text("/metrics").await?))
    }
}

/// Reads the counts of services out of a Prometheus exposition; what it does not know it passes over.
#[must_use]
pub fn activity(exposition: &str) -> BTreeMap<String, Activity> {
    let mut services: BTreeMap<String, Activity> = BTreeMap::new();
    for line in exposition.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, labels, count)) = sample(line) else { continue };
        let Some(service) = label(labels, "service").or_else(|| label(labels, "queue")) else { continue };
        let activity = services.entry(service.to_owned()).or_default();
        match (name, label(labels, "outcome")) {
            ("banyan_messages_total", Some("handled")) => activity.handled = count,
            ("banyan_messages_total", Some("duplicate")) => activity.duplicate = count,
            ("banyan_messages_total", Some("delayed")) => activity.delayed = count,
            ("banyan_messages_total", Some("dead")) => activity.dead = count,
            ("banyan_conflicts_total", None) => activity.conflicts = count,
            ("banyan_published_total", None) => activity.published = count,
            ("banyan_queue_messages", None) => activity.waiting += count,
            _ => {}
        }
    }
    services
}

/// `name{labels} count`
fn sample(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, count) = rest.split_once("} ")?;
    Some((name, labels, count.parse().ok()?))
}

fn label<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    labels.split(',').find_map(|label| label.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_service() {
        let text = "# HELP x y\nbanyan_messages_total{service=\"orders\",outcome=\"handled\"} 12\n\
                    banyan_conflicts_total{service=\"orders\"} 3\nbanyan_queue_messages{queue=\"orders\",state=\"waiting\"} 9\n\
                    banyan_queue_messages{queue=\"orders\",state=\"in_flight\"} 1\n\
                    banyan_published_total{service=\"payment\"} 4\nbanyan_ready 1\n";
        let read = activity(text);
        assert_eq!(
            read["orders"],
            Activity { handled: 12, conflicts: 3, waiting: 10, ..Activity::default() }
        );
        assert_eq!(read["payment"], Activity { published: 4, ..Activity::default() });
        assert_eq!(read.len(), 2);
    }
}
