//! Which bus and which store services run on, and where these are.

use std::collections::BTreeMap;
use std::fmt;

use super::{Large, Origin};

/// How messages come and go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BusKind {
    /// In the store's own file.
    #[default]
    Embedded,
    /// Through a RabbitMQ broker.
    RabbitMq,
    /// Through SNS and SQS.
    Aws,
}

/// Where services keep what they know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// In one file.
    #[default]
    Sqlite,
    /// In a PostgreSQL database.
    Postgres,
    /// In a table of DynamoDB.
    DynamoDb,
}

impl BusKind {
    fn parse(text: &str) -> Option<Self> {
        [Self::Embedded, Self::RabbitMq, Self::Aws].into_iter().find(|kind| kind.to_string() == text)
    }
}

impl StoreKind {
    fn parse(text: &str) -> Option<Self> {
        [Self::Sqlite, Self::Postgres, Self::DynamoDb].into_iter().find(|kind| kind.to_string() == text)
    }
}

impl fmt::Display for BusKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::RabbitMq => "rabbitmq",
            Self::Aws => "aws",
        })
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::DynamoDb => "dynamodb",
        })
    }
}

/// What services run on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// How messages come and go.
    pub bus: BusKind,
    /// Where services keep what they know.
    pub store: StoreKind,
    /// The broker; may hold a password.
    pub rabbitmq_url: String,
    /// The database; may hold a password.
    pub postgres_url: String,
    /// Where AWS is; empty: where the SDK's own variables say.
    pub aws_endpoint: String,
    /// What is this shop's elsewhere begins with this: exchange, topics, queues, schema, table.
    pub prefix: String,
    /// What is too large for a message.
    pub large: Large,
}

impl Chosen {
    /// Of what the settings say.
    ///
    /// # Errors
    /// The name of the setting that is wrong, and what it must be.
    pub(super) fn of(text: impl Fn(&str) -> String) -> Result<Self, (&'static str, &'static str)> {
        let bus = BusKind::parse(&text("bus")).ok_or(("bus", "embedded, rabbitmq or aws"))?;
        let store = match (text("store").as_str(), bus) {
            ("", BusKind::Embedded) => Some(StoreKind::Sqlite),
            ("", BusKind::RabbitMq) => Some(StoreKind::Postgres),
            ("", BusKind::Aws) => Some(StoreKind::DynamoDb),
            (named, _) => StoreKind::parse(named),
        };
        let store = store.ok_or(("store", "sqlite, postgres or dynamodb"))?;
        let aws_endpoint = text("aws_endpoint");
        if !aws_endpoint.is_empty() && !is_address(&aws_endpoint) {
            return Err(("aws_endpoint", "an http:// or https:// address"));
        }
        let prefix = text("prefix");
        if !is_prefix(&prefix) {
            return Err(("prefix", "3 to 32 of a to z, 0 to 9 and _, no digit first"));
        }
        let (rabbitmq_url, postgres_url) = (text("rabbitmq_url"), text("postgres_url"));
        let large = Large::of(text, bus)?;
        Ok(Self { bus, store, rabbitmq_url, postgres_url, aws_endpoint, prefix, large })
    }

    /// The same for a shop that is made to be tried, and taken away again: under a name of its own, and in no bucket and with no
    /// key that somebody else may use.
    #[must_use]
    pub fn on_trial(self, prefix: String) -> Self {
        let large = Large { bucket: String::new(), kms_key: String::new(), ..self.large };
        Self { prefix, large, ..self }
    }

    /// Puts what was worked out among the values that are shown, and no password.
    pub(super) fn show(&self, origins: &mut BTreeMap<&'static str, (String, Origin)>) {
        let shown = [
            ("store", self.store.to_string()),
            ("blobs", self.large.blobs.to_string()),
            ("rabbitmq_url", masked(&self.rabbitmq_url)),
            ("postgres_url", masked(&self.postgres_url)),
        ];
        for (name, text) in shown {
            if let Some((value, _)) = origins.get_mut(name) {
                *value = text;
            }
        }
    }
}

fn is_address(text: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// What may begin the name of an exchange, a topic, a queue, a table and a schema, with room for the rest.
fn is_prefix(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (3..=32).contains(&text.len())
        && text.bytes().all(is_plain)
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// Without passwords.
impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen").field("bus", &self.bus).field("store", &self.store).finish_non_exhaustive()
    }
}

/// A URL without its password. Where that ends is not the same for every client: for one a `/` in it does, for another the `@`.
/// So of what is before the last `@` nothing but the user is shown.
#[must_use]
pub(crate) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "(not a URL)".to_owned() };
    let shown = match rest.rsplit_once('@') {
        Some((user, place)) => {
            let user =
                user.split_once(':').map_or_else(|| user.to_owned(), |(user, _)| format!("{user}:***"));
            format!("{user}@{place}")
        }
        None => rest.to_owned(),
    };
    let Some((place, query)) = shown.split_once('?') else { return format!("{scheme}://{shown}") };
    let parameters = query.split('&').map(|one| match one.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}=***"),
        _ => one.to_owned(),
    });
    format!("{scheme}://{place}?{}", parameters.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    #[test]
    fn the_store_follows_the_bus_unless_it_is_named() {
        let chosen = |text: &str| Config::from_sources(&Flags::default(), |_| None, text);
        let kinds = |text: &str| chosen(text).map(|config| (config.chosen.bus, config.chosen.store)).unwrap();
        assert_eq!(kinds(""), (BusKind::Embedded, StoreKind::Sqlite));
        assert_eq!(kinds("bus = \"rabbitmq\""), (BusKind::RabbitMq, StoreKind::Postgres));
        assert_eq!(kinds("bus = \"aws\""), (BusKind::Aws, StoreKind::DynamoDb));
        assert_eq!(kinds("store = \"postgres\""), (BusKind::Embedded, StoreKind::Postgres));
        let wrongs = [
            "bus = \"carrier-pigeon\"",
            "store = \"shoebox\"",
            "aws_endpoint = \"127.0.0.1:4566\"",
            "prefix = \"a-b-c\"",
        ];
        for wrong in wrongs {
            let problems = chosen(wrong).unwrap_err().0;
            assert!(problems.len() == 1 && problems[0].contains("from banyan.toml"), "{problems:?}");
        }
    }

    #[test]
    fn a_shop_on_trial_shares_nothing_that_is_taken_away_with_it() {
        let text = "bus = \"aws\"\nbucket = \"shops\"\nkeys = \"kms\"\nkms_key = \"alias/shops\"";
        let chosen = Config::from_sources(&Flags::default(), |_| None, text).unwrap().chosen;
        let trial = chosen.clone().on_trial("trial".to_owned());
        assert_eq!(
            (trial.prefix.as_str(), trial.bus, trial.large.keys),
            ("trial", chosen.bus, chosen.large.keys)
        );
        assert_eq!((trial.large.bucket.as_str(), trial.large.kms_key.as_str()), ("", ""));
    }

    #[test]
    fn a_password_is_shown_nowhere() {
        let flags = Flags {
            rabbitmq_url: Some("amqps://shop:s3cret@broker:5671/shop".into()),
            postgres_url: Some("postgres://shop:p%40ss@db/shop?sslmode=require".into()),
            ..Flags::default()
        };
        let config = Config::from_sources(&flags, |_| None, "").unwrap();
        assert!(config.chosen.rabbitmq_url.contains("s3cret"));
        assert_eq!(config.origins["rabbitmq_url"].0, "amqps://shop:***@broker:5671/shop");
        assert_eq!(config.origins["postgres_url"].0, "postgres://shop:***@db/shop?sslmode=require");
        for (url, shown) in [
            ("postgres://shop@db/shop", "postgres://shop@db/shop"),
            (
                "postgres://shop:a/b?c#d@e@db/shop?sslmode=require",
                "postgres://shop:***@db/shop?sslmode=require",
            ),
            ("postgres://db/shop?user=shop&password=s3cret", "postgres://db/shop?user=shop&password=***"),
            ("postgres://db:5432/shop?password=s3@cret", "postgres://db:***@cret"),
            ("amqp://broker:5672/%2f", "amqp://broker:5672/%2f"),
            ("s3cret@broker", "(not a URL)"),
        ] {
            assert_eq!(masked(url), shown);
        }
        let shown = format!("{config:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("p%40ss"), "{shown}");
    }
}
