//! The one place that reads the environment. Precedence: flag, environment, `banyan.toml`, default; the origin of each
//! value is kept.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use runtime::Emission;

mod chosen;
mod large;
mod serving;

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub(crate) use chosen::masked;
pub use chosen::{BusKind, Chosen, StoreKind};
pub use large::{BlobsKind, KeysKind, Large};
pub use serving::Serving;

/// The configuration file, looked for in the working directory.
pub const FILE: &str = "banyan.toml";

/// Flags that every command takes. Each is also `BANYAN_<NAME>` and a key of `banyan.toml`.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings")]
pub struct Flags {
    /// Where a running banyan is; of services on their own, the operator's address of each:
    /// orders=http://...,inventory=http://... [default: that host and port]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// Address to serve on [default: 127.0.0.1]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Port to serve on, 0 = any free one [default: 8080]
    #[arg(long, global = true, value_name = "PORT")]
    pub port: Option<String>,
    /// Address of health, metrics and operator routes, for serve [default: that of --host]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub ops_host: Option<String>,
    /// Port of the same, 0 = any free one [default: 9090]
    #[arg(long, global = true, value_name = "PORT")]
    pub ops_port: Option<String>,
    /// A file that holds the bearer token, which may also come from the environment: what serve asks for, and what a client shows
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<String>,
    /// The payment provider, carrier or mailbox that a service asks, for serve
    #[arg(long, global = true, value_name = "URL")]
    pub peer_url: Option<String>,
    /// Where data is kept [default: ./.banyan]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<String>,
    /// How messages come and go: embedded, rabbitmq or aws [default: embedded]
    #[arg(long, global = true, value_name = "BUS")]
    pub bus: Option<String>,
    /// Where services keep what they know: sqlite, postgres or dynamodb [default: the one that goes with the bus]
    #[arg(long, global = true, value_name = "STORE")]
    pub store: Option<String>,
    /// The broker, for --bus rabbitmq; with a password better in the environment [default: guest on this machine]
    #[arg(long, global = true, value_name = "URL")]
    pub rabbitmq_url: Option<String>,
    /// The database, for --store postgres; with a password better in the environment [default: banyan on this machine]
    #[arg(long, global = true, value_name = "URL")]
    pub postgres_url: Option<String>,
    /// Where AWS is, for --bus aws, such as an emulator's address [default: where the SDK's own variables say]
    #[arg(long, global = true, value_name = "URL")]
    pub aws_endpoint: Option<String>,
    /// What is this shop's on a broker, a database or an account of AWS begins with this: exchange, topics, queues, schema,
    /// table [default: banyan]
    #[arg(long, global = true, value_name = "NAME")]
    pub prefix: Option<String>,
    /// Where data lies that is too large for a message: folder (in --data) or s3 [default: s3 with --bus aws]
    #[arg(long, global = true, value_name = "BLOBS")]
    pub blobs: Option<String>,
    /// The bucket, for --blobs s3 [default: one named after prefix, account and region]
    #[arg(long, global = true, value_name = "NAME")]
    pub bucket: Option<String>,
    /// Who keeps the keys that large data is sealed with: none (it is not sealed), file or kms [default: none]
    #[arg(long, global = true, value_name = "KEYS")]
    pub keys: Option<String>,
    /// The file with keys, for --keys file [default: banyan.key in --data, made if it is missing]
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<String>,
    /// The key of KMS, for --keys kms: an id, an ARN or alias/NAME [default: alias/ and the prefix]
    #[arg(long, global = true, value_name = "KEY")]
    pub kms_key: Option<String>,
    /// What is logged: off, error, warn, info, debug, or a tracing filter [default: warn]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// In which versions events are published that have several: EVENT=v1, EVENT=v2 or EVENT=both, separated by commas
    /// [default: both, until the older one's sunset]
    #[arg(long, global = true, value_name = "EVENT=VERSION")]
    pub emit: Option<String>,
    /// Of 1000 events on their way inside, how many are compared with their schema; at the edge all are [default: 10]
    #[arg(long, global = true, value_name = "PER MILLE")]
    pub validate_sample: Option<String>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A flag on the command line.
    Flag,
    /// The environment.
    Environment,
    /// `banyan.toml`.
    File,
    /// Nobody said anything.
    Default,
}

impl Origin {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => FILE,
            Self::Default => "default",
        }
    }
}

/// Everything that can be configured, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where a running banyan is, without a slash at the end.
    pub url: String,
    /// Where each service is, where they are processes of their own; else none.
    pub apart: Vec<(&'static str, String)>,
    /// What services on their own are told.
    pub serving: Serving,
    /// Port to serve on; 0 = any free one.
    pub port: u16,
    /// Address to serve on.
    pub host: IpAddr,
    /// Where data is kept.
    pub data: PathBuf,
    /// What services run on.
    pub chosen: Chosen,
    /// What is logged.
    pub log: String,
    /// In which majors events are published.
    pub emit: Emission,
    /// Of 1000 events on their way inside, how many are compared with their schema.
    pub validate_sample: u16,
    /// Each value as text and where it comes from, by name; passwords are masked.
    pub origins: BTreeMap<&'static str, (String, Origin)>,
}

/// Names and defaults. An empty default is worked out from the others.
const DEFAULTS: [(&str, &str); 24] = [
    ("url", ""),
    ("host", "127.0.0.1"),
    ("port", "8080"),
    ("ops_host", ""),
    ("ops_port", "9090"),
    ("token", ""),
    ("token_file", ""),
    ("peer_url", ""),
    ("webhook_secret", ""),
    ("data", "./.banyan"),
    ("bus", "embedded"),
    ("store", ""),
    ("rabbitmq_url", "amqp://guest:guest@127.0.0.1:5672/%2f"),
    ("postgres_url", "postgres://banyan@127.0.0.1:5432/banyan"),
    ("aws_endpoint", ""),
    ("prefix", "banyan"),
    ("blobs", ""),
    ("bucket", ""),
    ("keys", "none"),
    ("key_file", ""),
    ("kms_key", ""),
    ("log", "warn"),
    ("emit", ""),
    ("validate_sample", "10"),
];

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Problems(pub Vec<String>);

impl Config {
    /// Gathers flags, the process's environment and `banyan.toml` of the working directory.
    ///
    /// # Errors
    /// [`Problems`]: all that is wrong, together.
    pub fn gather(flags: &Flags) -> Result<Self, Problems> {
        let file = match std::fs::read_to_string(FILE) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Problems(vec![format!("{FILE} cannot be read: {error}")])),
        };
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
        Self::from_sources(flags, |name| std::env::var(name).ok(), &file)
    }

    /// The same from given sources.
    ///
    /// # Errors
    /// As for [`Config::gather`].
    pub fn from_sources(
        flags: &Flags,
        environment: impl Fn(&str) -> Option<String>,
        file: &str,
    ) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let file = parse_file(file, &mut problems);
        let mut origins = BTreeMap::new();
        for (name, default) in DEFAULTS {
            let value = flag(flags, name)
                .map(|value| (value, Origin::Flag))
                .or_else(|| environment(&variable(name)).map(|value| (value, Origin::Environment)))
                .or_else(|| file.get(name).map(|value| (value.clone(), Origin::File)))
                .unwrap_or_else(|| (default.to_owned(), Origin::Default));
            origins.insert(name, value);
        }
        Self::check(origins, problems)
    }

    /// What another process of this program needs to run on the same: as variables, since everybody may read what a
    /// process was called with, and a URL may hold a password.
    pub(crate) fn handed_on(&self) -> impl Iterator<Item = (String, String)> {
        let Chosen { bus, store, rabbitmq_url, postgres_url, aws_endpoint, prefix, large } = &self.chosen;
        let values = [
            ("bus", bus.to_string()),
            ("store", store.to_string()),
            ("rabbitmq_url", rabbitmq_url.clone()),
            ("postgres_url", postgres_url.clone()),
            ("aws_endpoint", aws_endpoint.clone()),
            ("prefix", prefix.clone()),
            ("blobs", large.blobs.to_string()),
            ("bucket", large.bucket.clone()),
            ("keys", large.keys.to_string()),
            ("key_file", large.key_file.clone()),
            ("kms_key", large.kms_key.clone()),
            ("log", self.log.clone()),
            ("emit", self.origins.get("emit").map(|(text, _)| text.clone()).unwrap_or_default()),
            ("validate_sample", self.validate_sample.to_string()),
        ];
        values.into_iter().map(|(name, value)| (variable(name), value))
    }

    fn check(
        mut origins: BTreeMap<&'static str, (String, Origin)>,
        mut problems: Vec<String>,
    ) -> Result<Self, Problems> {
        let text = |name: &str| origins.get(name).map(|(value, _)| value.clone()).unwrap_or_default();
        let mut wrong = |name: &str, want: &str| {
            let origin = origins.get(name).map_or(Origin::Default, |(_, origin)| *origin);
            let got = if serving::SECRETS.contains(&name) { "***".to_owned() } else { text(name) };
            problems.push(format!("{name} must be {want}, got {got:?} (from {})", origin.as_str()));
        };
        let port = text("port").parse().map_err(|_| wrong("port", "a number from 0 to 65535")).unwrap_or(0);
        let host = text("host")
            .parse()
            .map_err(|_| wrong("host", "an IP address"))
            .unwrap_or(IpAddr::from([127, 0, 0, 1]));
        let validate_sample = text("validate_sample").parse().ok().filter(|share: &u16| *share <= 1_000);
        if validate_sample.is_none() {
            wrong("validate_sample", "a number from 0 to 1000");
        }
        let url = match text("url") {
            url if url.is_empty() => served_at(host, port),
            url => url,
        };
        let apart = serving::apart(&url).unwrap_or_else(|| {
            wrong("url", "an http:// address or service=http://..., with commas between (for https:// put a proxy or a tunnel in between)");
            Vec::new()
        });
        let emit = text("emit").parse::<Emission>();
        let emit = emit
            .map_err(|error| wrong("emit", &format!("like order.placed=both ({error})")))
            .unwrap_or_default();
        let chosen = Chosen::of(text).map_err(|(name, want)| wrong(name, want)).unwrap_or_default();
        let serving = Serving::of(text, host).map_err(|(name, want)| wrong(name, want)).unwrap_or_default();
        let (data, log) = (Path::new(&text("data")).to_path_buf(), text("log"));
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let url = url.trim_end_matches('/').to_owned();
        if let Some((value, _)) = origins.get_mut("url") {
            value.clone_from(&url);
        }
        chosen.show(&mut origins);
        Serving::show(&mut origins);
        let validate_sample = validate_sample.unwrap_or_default();
        Ok(Self { url, apart, serving, port, host, data, chosen, log, emit, validate_sample, origins })
    }
}

/// Where a client finds what serves on `host` and `port`.
pub(crate) fn served_at(host: IpAddr, port: u16) -> String {
    let host = if host.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { host };
    // Which port a server took by itself, only its operator knows.
    format!("http://{}", SocketAddr::new(host, if port == 0 { 8080 } else { port }))
}

fn flag(flags: &Flags, name: &str) -> Option<String> {
    match name {
        "url" => flags.url.clone(),
        "port" => flags.port.clone(),
        "ops_host" => flags.ops_host.clone(),
        "ops_port" => flags.ops_port.clone(),
        "token_file" => flags.token_file.clone(),
        "peer_url" => flags.peer_url.clone(),
        // Everybody may read what a process was called with.
        "token" | "webhook_secret" => None,
        "host" => flags.host.clone(),
        "data" => flags.data.clone(),
        "bus" => flags.bus.clone(),
        "store" => flags.store.clone(),
        "rabbitmq_url" => flags.rabbitmq_url.clone(),
        "postgres_url" => flags.postgres_url.clone(),
        "aws_endpoint" => flags.aws_endpoint.clone(),
        "prefix" => flags.prefix.clone(),
        "blobs" => flags.blobs.clone(),
        "bucket" => flags.bucket.clone(),
        "keys" => flags.keys.clone(),
        "key_file" => flags.key_file.clone(),
        "kms_key" => flags.kms_key.clone(),
        "emit" => flags.emit.clone(),
        "validate_sample" => flags.validate_sample.clone(),
        _ => flags.log.clone(),
    }
}

fn variable(name: &str) -> String {
    format!("BANYAN_{}", name.to_uppercase())
}

fn parse_file(text: &str, problems: &mut Vec<String>) -> BTreeMap<String, String> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            problems.push(format!("{FILE}: {}", error.to_string().lines().next().unwrap_or_default()));
            return BTreeMap::new();
        }
    };
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let known = DEFAULTS.iter().any(|(name, _)| *name == key);
        match value {
            _ if !known => {
                let names: Vec<&str> = DEFAULTS.iter().map(|(name, _)| *name).collect();
                problems.push(format!("{FILE}: unknown key {key:?}; known: {}", names.join(", ")));
            }
            toml::Value::String(text) => drop(values.insert(key, text)),
            toml::Value::Integer(number) => drop(values.insert(key, number.to_string())),
            _ => problems.push(format!("{FILE}: {key} must be text or a number")),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let flags = Flags { port: Some("1".into()), ..Flags::default() };
        let environment =
            |name: &str| (name == "BANYAN_PORT" || name == "BANYAN_DATA").then(|| "2".to_owned());
        let config =
            Config::from_sources(&flags, environment, "port = 3\ndata = \"x\"\nlog = \"info\"").unwrap();
        assert_eq!((config.port, config.data.to_str(), config.log.as_str()), (1, Some("2"), "info"));
        let origins: Vec<Origin> =
            ["port", "data", "log", "url"].iter().map(|n| config.origins[n].1).collect();
        assert_eq!(origins, [Origin::Flag, Origin::Environment, Origin::File, Origin::Default]);
    }

    #[test]
    fn all_problems_are_reported_together() {
        let flags = Flags {
            host: Some("nowhere".into()),
            url: Some("ftp://x".into()),
            validate_sample: Some("1001".into()),
            ..Flags::default()
        };
        let problems = Config::from_sources(&flags, none, "prot = 1").unwrap_err().0;
        assert_eq!(problems.len(), 4, "{problems:?}");
        assert!(problems[0].contains("unknown key \"prot\""), "{problems:?}");
    }

    #[test]
    fn versions_that_cannot_be_published_are_a_problem_that_says_which_can() {
        let chosen =
            |text: &str| Config::from_sources(&Flags::default(), none, &format!("emit = \"{text}\""));
        assert_eq!(chosen("order.placed=v1").unwrap().emit, "order.placed=v1".parse().unwrap());
        let problems = chosen("order.placed=v3").unwrap_err().0;
        let told = "order.placed can be published as v1, v2 or both, not as \"v3\"";
        assert!(problems.len() == 1 && problems[0].contains(told), "{problems:?}");
        assert!(problems[0].contains("from banyan.toml"), "{problems:?}");
    }

    #[test]
    fn a_client_looks_where_the_server_of_the_same_settings_is() {
        for (host, port, url) in [
            (None, None, "http://127.0.0.1:8080"),
            (None, Some("9000"), "http://127.0.0.1:9000"),
            (Some("0.0.0.0"), Some("9000"), "http://127.0.0.1:9000"),
            (Some("::1"), None, "http://[::1]:8080"),
            (None, Some("0"), "http://127.0.0.1:8080"),
        ] {
            let flags = Flags { host: host.map(Into::into), port: port.map(Into::into), ..Flags::default() };
            assert_eq!(Config::from_sources(&flags, none, "").unwrap().url, url);
        }
        let flags = Flags { url: Some("http://shop:1/".into()), port: Some("9".into()), ..Flags::default() };
        assert_eq!(Config::from_sources(&flags, none, "").unwrap().url, "http://shop:1");
    }
}
