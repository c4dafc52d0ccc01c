//! Where the server is and how it is used. A wrong URL is told in one line, with what to write instead.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How a URL should look, for whoever wrote another one.
const EXAMPLE: &str = "write postgres://USER:PASSWORD@HOST:5432/DATABASE";

/// How the server is reached and used.
#[derive(Clone)]
pub struct Settings {
    /// The schema that holds everything: what lies in another one is another store. Letters in lower case, digits and
    /// `_`, at most 63, no digit first.
    pub schema: String,
    /// Connections at most, 1 to 64. More than 16 seldom help: units of work wait for the server's disk together.
    pub connections: usize,
    /// How long anything is waited for.
    pub waits: Waits,
    /// Expired items stay so much longer, so that a caller whose clock is behind does not lose what it may still see.
    pub purge_grace: Duration,
    pub(super) config: Config,
    pub(super) tls: Tls,
}

/// Bounds on every wait. What waits longer is an outage or, once a commit is under way, unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// For a new connection. Where the server has several addresses each has a share, of a second at least.
    pub connect: Duration,
    /// For one of the connections to be free.
    pub connection: Duration,
    /// For other units of work that change the same items (the server's `lock_timeout`).
    pub lock: Duration,
    /// For the server to work on one statement (`statement_timeout`). Silence for twice as long is a lost connection.
    pub statement: Duration,
}

impl Waits {
    /// An interactive caller is still there after these; a fail-over takes longer, and is an outage.
    pub const USUAL: Self = Self {
        connect: Duration::from_secs(5),
        connection: Duration::from_secs(5),
        lock: Duration::from_secs(5),
        statement: Duration::from_secs(10),
    };
}

/// How the connection is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tls {
    Off,
    /// The server's certificate is verified, against this file or what the system trusts.
    Verified(Option<PathBuf>),
}

/// Why a URL is refused. Never repeats the URL, as a password is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It begins with something else.
    #[error("a PostgreSQL URL begins with postgres:// or postgresql://; {EXAMPLE}")]
    Scheme,
    /// It cannot be read.
    #[error(
        "the PostgreSQL URL cannot be read; {EXAMPLE}, with : / ? # @ in names and passwords percent-encoded"
    )]
    Unreadable,
    /// It names no server.
    #[error("the PostgreSQL URL names no host; {EXAMPLE}")]
    NoHost,
    /// An unknown `sslmode`.
    #[error(
        "sslmode is `disable`, `require` or `verify-full` (both verify the certificate); without it, only loopback goes without TLS"
    )]
    SslMode,
    /// Not a name that needs no quotes.
    #[error(
        "a PostgreSQL schema is named with a to z, 0 to 9 and _, at most 63, no digit first, such as `banyan`"
    )]
    Schema,
    /// A number of connections that is too low or too high.
    #[error("a PostgreSQL store has 1 to 64 connections, such as 16")]
    Connections,
}

impl Settings {
    /// Connections unless something else is said.
    pub const CONNECTIONS: usize = 16;

    /// Of `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, in the schema `banyan`. Beyond loopback TLS is used and the
    /// certificate verified, unless the URL says `sslmode=disable`; `sslrootcert=FILE` names whom to trust (PEM).
    ///
    /// # Errors
    /// [`SettingsError`]: one line for whoever wrote the URL.
    pub fn parse(url: &str) -> Result<Self, SettingsError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(SettingsError::Scheme);
        }
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut ssl_mode, mut root, mut others) = (None, None, vec![]);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => ssl_mode = Some(mode),
                Some(("sslrootcert", file)) => root = Some(PathBuf::from(file)),
                _ => others.push(pair),
            }
        }
        let kept = if others.is_empty() { place.to_owned() } else { format!("{place}?{}", others.join("&")) };
        let mut config: Config = kept.parse().map_err(|_| SettingsError::Unreadable)?;
        if config.get_hosts().is_empty() {
            return Err(SettingsError::NoHost);
        }
        // What is left of a password with an `@` in it would otherwise be told as a host.
        let is_torn = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
        if config.get_hosts().iter().any(is_torn) {
            return Err(SettingsError::Unreadable);
        }
        let tls = match ssl_mode {
            Some("disable") => Tls::Off,
            Some("require" | "verify-ca" | "verify-full") => Tls::Verified(root),
            None if config.get_hosts().iter().all(is_near) => Tls::Off,
            None => Tls::Verified(root),
            Some(_) => return Err(SettingsError::SslMode),
        };
        config.ssl_mode(if tls == Tls::Off { SslMode::Disable } else { SslMode::Require });
        // Of several hosts the one that takes writes: strong reads are not what a standby gives.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.keepalives_idle(Duration::from_secs(30));
        Ok(Self {
            schema: "banyan".to_owned(),
            connections: Self::CONNECTIONS,
            waits: Waits::USUAL,
            purge_grace: Duration::from_secs(600),
            config,
            tls,
        })
    }

    /// Judges what can be changed after [`Settings::parse`].
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        let name = self.schema.as_bytes();
        let is_name = name.first().is_some_and(|byte| is_letter(*byte))
            && name.iter().all(|byte| is_letter(*byte) || byte.is_ascii_digit())
            && name.len() <= 63
            && !self.schema.starts_with("pg_");
        if !is_name {
            return Err(SettingsError::Schema);
        }
        if !(1..=64).contains(&self.connections) {
            return Err(SettingsError::Connections);
        }
        Ok(())
    }

    /// For a new connection: with what the server must know about every session of ours.
    pub(super) fn session(&self) -> Config {
        let mut config = self.config.clone();
        let Waits { connect, lock, statement, .. } = self.waits;
        let own = format!(
            "{} -c statement_timeout={} -c lock_timeout={} {SESSION}",
            config.get_options().unwrap_or_default(),
            statement.as_millis(),
            lock.as_millis(),
        );
        config.options(own);
        config.connect_timeout(connect);
        config.tcp_user_timeout(statement * 2);
        if config.get_application_name().is_none() {
            config.application_name("banyan");
        }
        config
    }
}

/// What is answered must survive the loss of power, and a unit of work must see what earlier holders of its locks
/// committed, whatever the role's or the database's own settings are. Every statement is a descent in an index, also
/// where the planner has not yet noticed how large a table has become, and one that marks the dead rows that it meets:
/// an index in which rows come and go all the time is full of them. A snapshot that nobody reads any more must not
/// keep the server from cleaning up.
const SESSION: &str = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed \
    -c default_transaction_read_only=off -c idle_in_transaction_session_timeout=600000 \
    -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
    -c plan_cache_mode=force_generic_plan -c jit=off";

/// On this machine: nobody listens in between.
fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

impl std::fmt::Debug for Settings {
    /// Without user and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("database", &self.config.get_dbname())
            .field("schema", &self.schema)
            .field("connections", &self.connections)
            .field("waits", &self.waits)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
