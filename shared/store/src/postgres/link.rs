//! One connection. Its socket is driven by whoever asks: there is no task in between, dropping the connection closes
//! it, and a unit of work is one write and one read of one task.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::addresses::{self, Address};
use super::failure::{Failure, unconnected};
use super::settings::{Settings, Tls};
use super::tls;
use crate::failure::{Outage, OutageKind};
use crate::wait;

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How connections are made.
pub(super) struct Maker {
    settings: Settings,
    tls: Option<MakeRustlsConnect>,
    /// Prepared before a connection is used for the first time, so that a unit of work is one round trip.
    prepared: Vec<String>,
}

impl Maker {
    pub(super) fn new(settings: Settings, prepared: Vec<String>) -> Result<Self, super::OpenError> {
        let tls = match &settings.tls {
            Tls::Off => None,
            Tls::Verified(file) => Some(tls::connector(file.as_deref())?),
        };
        Ok(Self { settings, tls, prepared })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A new connection, ready to be asked.
    pub(super) async fn connect(&self) -> Result<Link, Outage> {
        let mut link = self.bare().await?;
        for sql in &self.prepared {
            link.statement(sql).await.map_err(Failure::outage)?;
        }
        Ok(link)
    }

    /// A new connection with nothing prepared: before the tables are made. The first address that gives one is taken.
    pub(super) async fn bare(&self) -> Result<Link, Outage> {
        let connect = self.settings.waits.connect;
        let (addresses, mut failed) = addresses::of(&self.settings.session(), connect).await;
        let share = addresses::share(connect, addresses.len());
        let is_one = addresses.len() == 1 && failed.is_empty();
        for Address { name, config } in &addresses {
            match Box::pin(self.at(config, share)).await {
                Ok(link) => return Ok(link),
                Err(outage) if is_one => return Err(outage),
                Err(Outage { kind, detail }) => failed.push(Outage::new(kind, format!("{name}: {detail}"))),
            }
        }
        // Servers come after names that nobody knows: what the last one said is what can be done about.
        let kind = failed.last().map_or(OutageKind::Unreachable, |outage| outage.kind);
        let details: Vec<String> = failed.into_iter().map(|outage| outage.detail).collect();
        Err(Outage::new(kind, details.join("; ")))
    }

    /// A new connection to one address, with TLS and all within `share`: a server that accepts and says nothing is as silent
    /// as one that is not there.
    async fn at(&self, config: &Config, share: Duration) -> Result<Link, Outage> {
        let connected = wait::at_most(share, async {
            Ok::<_, Error>(match &self.tls {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    (client, Box::pin(connection) as Driver)
                }
                Some(tls) => {
                    let (client, connection) = config.connect(tls.clone()).await?;
                    (client, Box::pin(connection) as Driver)
                }
            })
        });
        let Some(connected) = connected.await else {
            return Err(Outage::new(OutageKind::Unreachable, format!("no connection within {share:?}")));
        };
        let (client, driver) = connected.map_err(|error| unconnected(&error))?;
        let patience = self.settings.waits.statement * 2;
        Ok(Link { client, driver: Some(driver), statements: BTreeMap::new(), patience, why: None })
    }
}

type Driver = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// One connection and what is prepared on it.
pub(super) struct Link {
    client: Client,
    /// `None` once the connection is gone: whoever still waits for an answer then learns it.
    driver: Option<Driver>,
    statements: BTreeMap<String, Statement>,
    patience: Duration,
    /// Why it is gone.
    why: Option<String>,
}

impl Link {
    /// All rows that `sql` answers, once the server has committed what it changed.
    pub(super) async fn rows(&mut self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql).await?;
        // `query` reads up to the end of the transaction: an error of the commit itself comes after the last row.
        self.ask(async |client: &Client| client.query(&statement, values).await).await
    }

    /// Statements that answer nothing, one after another.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), Failure> {
        self.ask(async |client: &Client| client.batch_execute(sql).await).await
    }

    /// Whether it can be asked, as far as this end has heard.
    pub(super) async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            if self.driver.as_mut().is_some_and(|driver| driver.as_mut().poll(cx).is_ready()) {
                self.driver = None;
            }
            Poll::Ready(self.driver.is_some())
        })
        .await
    }

    async fn statement(&mut self, sql: &str) -> Result<Statement, Failure> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.ask(async |client: &Client| client.prepare(sql).await).await?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// Sends what `work` sends and hands it what comes back.
    async fn ask<T>(&mut self, work: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, Failure> {
        let Self { client, driver, why, .. } = self;
        let mut work = pin!(work(client));
        let answered = wait::at_most(
            self.patience,
            poll_fn(|cx| {
                if let Poll::Ready(answer) = work.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                if let Some(running) = driver
                    && let Poll::Ready(end) = running.as_mut().poll(cx)
                {
                    // Dropping it answers whoever waits.
                    *driver = None;
                    *why = end.err().map(|error| error.to_string());
                }
                work.as_mut().poll(cx)
            }),
        );
        match answered.await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(match (Failure::of(&error), &self.why) {
                (Failure::Lost(told), Some(why)) => Failure::Lost(format!("{told}: {why}")),
                (failure, _) => failure,
            }),
            None => {
                // What comes later must not be taken for the answer to something else.
                self.driver = None;
                Err(Failure::Lost(format!("no answer within {:?}", self.patience)))
            }
        }
    }
}
