//! A plain loop that makes the writes of recorded units of work, a transaction each: what a runtime is measured against.
//!
//! It is what one would write by hand: prepared statements, one after another, on a connection of its own. It judges
//! nothing, reads nothing, and knows beforehand what each counter comes to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_postgres::{Client, Error, NoTls, Statement};

use super::failure::{OpenError, unconnected};
use super::link::Maker;
use super::schema;
use super::settings::Settings;
use crate::failure::{Outage, OutageKind};
use crate::key::{Entry, Key};
use crate::unit::{Change, Fields, Unit};

/// How much was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Units of work that have a record: messages that were handled.
    pub units: u64,
    /// Transactions.
    pub transactions: u64,
    /// Rows that were put, changed or removed.
    pub rows: u64,
    /// Bytes of the bodies in them.
    pub bytes: u64,
}

/// What units of work write, row by row.
pub struct Writes {
    units: u64,
    each: Vec<Vec<Write>>,
}

enum Write {
    Put { key: Key, version: i64, expires: Option<i64>, entries: Option<String>, body: Body },
    Delete { key: Key },
    AddEntry { key: Key, entry: Entry },
    RemoveEntry { key: Key, entry: Entry },
}

enum Body {
    Document(bytes::Bytes),
    Counter(String),
}

/// What lies under a key by now.
#[derive(Default)]
struct Known {
    version: u64,
    entries: Vec<Entry>,
    fields: Fields,
}

impl Writes {
    /// Of `units`, in the order in which they were committed to an empty store.
    #[must_use]
    pub fn of(units: &[Unit]) -> Self {
        let mut known = BTreeMap::new();
        let each = units.iter().map(|unit| writes(unit, &mut known)).collect();
        Self { units: units.iter().filter(|unit| unit.record.is_some()).count() as u64, each }
    }

    /// What a whole run of them writes.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let rows = self.each.iter().flatten();
        let bytes = rows.clone().map(|write| match write {
            Write::Put { body: Body::Document(body), .. } => body.len() as u64,
            Write::Put { body: Body::Counter(fields), .. } => fields.len() as u64,
            Write::Delete { .. } | Write::AddEntry { .. } | Write::RemoveEntry { .. } => 0,
        });
        Tally {
            units: self.units,
            transactions: self.each.len() as u64,
            rows: rows.count() as u64,
            bytes: bytes.sum(),
        }
    }
}

fn writes(unit: &Unit, known: &mut BTreeMap<Key, Known>) -> Vec<Write> {
    let record = unit.record.as_ref().map(|record| record.as_put(unit.nonce, unit.now, false));
    let mut changes: Vec<&Change> = record.iter().chain(&unit.changes).collect();
    // In one order for all, so that two loops never wait for each other in a circle.
    changes.sort_unstable_by_key(|change| change.key());
    let mut all = Vec::new();
    for change in changes {
        let key = change.key().clone();
        let had = known.entry(key.clone()).or_default();
        match change {
            Change::Check { .. } => {}
            Change::Put { body, entries, expires, .. } => {
                if had.entries != *entries {
                    let gone = std::mem::replace(&mut had.entries, entries.clone()).into_iter();
                    all.extend(gone.map(|entry| Write::RemoveEntry { key: key.clone(), entry }));
                    let come = entries.iter().cloned();
                    all.extend(come.map(|entry| Write::AddEntry { key: key.clone(), entry }));
                }
                let list: Vec<[&str; 3]> = entries
                    .iter()
                    .map(|e| [e.index.as_ref(), e.partition.as_ref(), e.sort.as_ref()])
                    .collect();
                let entries = if list.is_empty() { None } else { serde_json::to_string(&list).ok() };
                let (version, expires) = (unit.nonce.0.cast_signed(), expires.map(|at| at.as_micros()));
                all.push(Write::Put { key, version, expires, entries, body: Body::Document(body.clone()) });
            }
            Change::Delete { .. } => {
                let gone = std::mem::take(had).entries.into_iter();
                all.extend(gone.map(|entry| Write::RemoveEntry { key: key.clone(), entry }));
                all.push(Write::Delete { key });
            }
            Change::Step { add, .. } => {
                had.version += 1;
                for (field, by) in add {
                    *had.fields.entry(field.clone()).or_default() += by;
                }
                let fields = serde_json::to_string(&had.fields).unwrap_or_default();
                let version = had.version.cast_signed();
                all.push(Write::Put {
                    key,
                    version,
                    expires: None,
                    entries: None,
                    body: Body::Counter(fields),
                });
            }
        }
    }
    all
}

/// One connection with its statements.
pub struct Bare {
    client: Client,
    driver: std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
    put: Statement,
    delete: Statement,
    add_entry: Statement,
    remove_entry: Statement,
}

impl Bare {
    /// Makes the tables in the schema of `settings`: the same that the store has.
    ///
    /// # Errors
    /// [`OpenError`], as for [`super::Postgres::open`].
    pub async fn prepare(settings: &Settings) -> Result<(), OpenError> {
        settings.check()?;
        schema::prepare(&Maker::new(settings.clone(), vec![])?).await
    }

    /// Removes the tables from the schema of `settings`, with all that is in them; nothing where there are none. The schema
    /// goes with them, unless it is `public` or somebody else keeps something in it, which stays.
    ///
    /// # Errors
    /// [`OpenError`]: they are still there.
    pub async fn demolish(settings: &Settings) -> Result<(), OpenError> {
        settings.check()?;
        schema::remove(&Maker::new(settings.clone(), vec![])?).await
    }

    /// A connection with everything prepared, in a session with the settings that the store has.
    ///
    /// # Errors
    /// [`Outage`]: the server does not answer, or wants TLS, which this loop does not speak.
    pub async fn connect(settings: &Settings) -> Result<Self, Outage> {
        let (client, connection) =
            settings.session().connect(NoTls).await.map_err(|error| unconnected(&error))?;
        let mut driver: std::pin::Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> =
            Box::pin(connection);
        let (item, entry) =
            (format!("\"{}\".item", settings.schema), format!("\"{}\".entry", settings.schema));
        let statements = [
            format!(
                "INSERT INTO {item} (collection, id, version, expires, entries, body, fields) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb) ON CONFLICT (collection, id) DO UPDATE SET \
                 version = excluded.version, expires = excluded.expires, entries = excluded.entries, \
                 body = excluded.body, fields = excluded.fields"
            ),
            format!("DELETE FROM {item} WHERE collection = $1 AND id = $2"),
            format!(
                "INSERT INTO {entry} (collection, name, partition, sort, id) VALUES ($1, $2, $3, $4, $5)"
            ),
            format!(
                "DELETE FROM {entry} WHERE collection = $1 AND name = $2 AND partition = $3 AND sort = $4 AND id = $5"
            ),
        ];
        let mut prepared = Vec::new();
        for sql in &statements {
            prepared.push(driven(&mut driver, client.prepare(sql)).await?);
        }
        let Ok([put, delete, add_entry, remove_entry]) = <[Statement; 4]>::try_from(prepared) else {
            return Err(Outage::new(OutageKind::Broken, "a statement is missing".to_owned()));
        };
        Ok(Self { client, driver, put, delete, add_entry, remove_entry })
    }

    /// Makes units of `writes` until none is left; `next` is shared by all loops of a run.
    ///
    /// # Errors
    /// [`Outage`]: the server refused something, or is gone.
    pub async fn work(&mut self, writes: &Writes, next: &AtomicUsize) -> Result<(), Outage> {
        let Self { client, driver, put, delete, add_entry, remove_entry } = self;
        let all = async {
            while let Some(unit) = writes.each.get(next.fetch_add(1, Ordering::Relaxed)) {
                let transaction = client.transaction().await?;
                for write in unit {
                    match write {
                        Write::Put { key, version, expires, entries, body } => {
                            let (body, fields) = match body {
                                Body::Document(body) => (Some(body.as_ref()), None),
                                Body::Counter(fields) => (None, Some(fields)),
                            };
                            let Key { collection, id } = key;
                            let row: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
                                [&collection.as_ref(), id, version, expires, entries, &body, &fields];
                            transaction.execute(&*put, &row).await?
                        }
                        Write::Delete { key: Key { collection, id } } => {
                            transaction.execute(&*delete, &[&collection.as_ref(), id]).await?
                        }
                        Write::AddEntry { key, entry } => place(&transaction, add_entry, key, entry).await?,
                        Write::RemoveEntry { key, entry } => {
                            place(&transaction, remove_entry, key, entry).await?
                        }
                    };
                }
                transaction.commit().await?;
            }
            Ok(())
        };
        driven(driver, all).await
    }
}

async fn place(
    transaction: &tokio_postgres::Transaction<'_>,
    statement: &Statement,
    Key { collection, id }: &Key,
    Entry { index, partition, sort }: &Entry,
) -> Result<u64, Error> {
    let (collection, index): (&str, &str) = (collection.as_ref(), index.as_ref());
    let (partition, sort): (&str, &str) = (partition.as_ref(), sort.as_ref());
    transaction.execute(statement, &[&collection, &index, &partition, &sort, id]).await
}

/// `work`'s answer, while `driver` moves what it sends and gets.
async fn driven<T>(
    driver: &mut (impl Future<Output = Result<(), Error>> + Unpin),
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Outage> {
    let mut work = std::pin::pin!(work);
    let answer = std::future::poll_fn(|cx| {
        if let std::task::Poll::Ready(answer) = work.as_mut().poll(cx) {
            return std::task::Poll::Ready(Some(answer));
        }
        if std::pin::Pin::new(&mut *driver).poll(cx).is_ready() {
            return std::task::Poll::Ready(None);
        }
        work.as_mut().poll(cx).map(Some)
    });
    let lost = || Outage::new(OutageKind::Unreachable, "the connection is gone".to_owned());
    answer.await.ok_or_else(lost)?.map_err(|error| unconnected(&error))
}
