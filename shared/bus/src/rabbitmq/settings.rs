//! Which broker, and how long to wait for it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};

/// How to reach a broker, and what to call things there. [`Settings::parse`] fills in what a URL does not say.
#[derive(Clone)]
pub struct Settings {
    /// Parsed, with the credentials: never printed.
    pub(super) uri: AMQPUri,
    /// The topic exchange that events are published to.
    pub exchange: String,
    /// Put in front of every queue's name, for applications that share a virtual host.
    pub prefix: String,
    /// What the broker calls this process's connections, before `.publish` and `.consume`.
    pub process: String,
    /// The longest body, in bytes. A broker takes 16 MiB from version 4 on and 128 MiB before, unless its
    /// `max_message_size` says less; then this has to say less, too.
    pub max_message_bytes: usize,
    /// How often the broker delivers one message before it moves it to the dead queue. It counts every giving back, also
    /// what an outage or a drain gives back, so this is far above any number of attempts. A queue keeps what it was first
    /// declared with: all processes have to say the same.
    pub delivery_limit: u32,
    /// How long a call waits for a connection before it says that there is none.
    pub connect_wait: Duration,
    /// The longest pause between two attempts to connect; the first pauses are a tenth of a second and less.
    pub reconnect_wait: Duration,
    /// How long a batch waits for its confirms. What has none by then is unknown.
    pub confirm_wait: Duration,
    /// How long a receive waits for a message.
    pub receive_wait: Duration,
    /// How long messages may lie here with nobody asking before they are given back to the queue.
    pub hold_wait: Duration,
}

/// Why a URL is none of a broker. The text never holds the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadUrl(String);

impl fmt::Display for BadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not the URL of a RabbitMQ broker: {}; write amqp://USER:PASSWORD@HOST:5672/VHOST", self.0)
    }
}

impl std::error::Error for BadUrl {}

/// What the name of a queue's dead queue ends with.
pub(super) const DEAD: &str = ".dead";
/// In seconds. Half a minute without a sign of life ends a connection; for the broker up to 45 s, as it looks only so often.
const HEARTBEAT_S: u16 = 15;
/// Long enough for a handshake with TLS across a continent, in milliseconds.
const HANDSHAKE_MS: u64 = 10_000;

/// Attempts are counted by the runtime, so for the broker this only ends what is a loop. It is said explicitly because
/// the default differs: none up to version 3, and from 4 on 20, which an hour of outage reaches.
const DELIVERY_LIMIT: u32 = 100_000;

impl Settings {
    /// The settings for the broker at `url`: `amqp://` or, with TLS, `amqps://`. Its query may have `heartbeat` (seconds)
    /// and `connection_timeout` (milliseconds).
    ///
    /// # Errors
    /// [`BadUrl`]: one line that says what is wrong and how it should look.
    pub fn parse(url: &str) -> Result<Self, BadUrl> {
        if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
            return Err(BadUrl("it does not begin with amqp:// or amqps://".to_owned()));
        }
        // What the parser says may quote the URL, so it is not passed on.
        let mut uri = AMQPUri::from_str(url).map_err(|_| BadUrl("it cannot be parsed".to_owned()))?;
        if uri.authority.host.is_empty() {
            return Err(BadUrl("it has no host".to_owned()));
        }
        if url.ends_with('/') && uri.vhost.is_empty() {
            // By the letter of the specification this is the virtual host without a name; nobody means it.
            "/".clone_into(&mut uri.vhost);
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT_S);
        uri.query.connection_timeout.get_or_insert(HANDSHAKE_MS);
        Ok(Self {
            uri,
            exchange: "banyan".to_owned(),
            prefix: String::new(),
            process: "banyan".to_owned(),
            max_message_bytes: 16 * 1024 * 1024,
            delivery_limit: DELIVERY_LIMIT,
            connect_wait: Duration::from_secs(1),
            reconnect_wait: Duration::from_secs(5),
            confirm_wait: Duration::from_secs(20),
            receive_wait: Duration::from_secs(20),
            hold_wait: Duration::from_secs(5),
        })
    }

    /// Where the broker is: `HOST:PORT`.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.uri.authority.host, self.uri.authority.port)
    }

    /// The same broker by another address, such as a proxy's.
    #[must_use]
    pub fn by(mut self, host: &str, port: u16) -> Self {
        host.clone_into(&mut self.uri.authority.host);
        self.uri.authority.port = port;
        self
    }

    /// How long the broker keeps for a process what it had in hand when it vanished without closing its connections, at
    /// most: it looks once in each heartbeat, and gives up at the second look in a row without a sign of life.
    #[must_use]
    pub fn unnoticed_wait(&self) -> Duration {
        Duration::from_secs(self.uri.query.heartbeat.unwrap_or(HEARTBEAT_S).into()) * 3
    }

    /// What the broker calls `queue`.
    pub(super) fn physical(&self, queue: &str) -> String {
        format!("{}{queue}", self.prefix)
    }

    /// Where the broker puts what it gives up of `queue`.
    pub(super) fn dead(&self, queue: &str) -> String {
        format!("{}{queue}{DEAD}", self.prefix)
    }

    /// The broker without the credentials, for people.
    pub(super) fn place(&self) -> String {
        let scheme = match self.uri.scheme {
            AMQPScheme::AMQP => "amqp",
            AMQPScheme::AMQPS => "amqps",
        };
        format!("{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("place", &self.place())
            .field("user", &self.uri.authority.userinfo.username)
            .field("password", &"(not shown)")
            .field("vhost", &self.uri.vhost)
            .field("exchange", &self.exchange)
            .field("prefix", &self.prefix)
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}
