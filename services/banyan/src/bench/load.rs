//! The work that is measured: two services with one queue each, whose handlers do what real ones do.
//!
//! The first loads an account, steps a counter, puts the account back and says so; the second records what it hears.
//! Both units of work leave a record, and the first sends one event.

#[cfg(any(feature = "aws", all(feature = "postgres", feature = "rabbitmq")))]
pub(super) mod apart;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use bus::{Address, Bus, Outgoing, Published, Wiring};
use contracts::{Envelope, Event, EventData, EventType, MessageId, Timestamp};
use futures_util::{StreamExt, TryStreamExt, stream};
use runtime::{Collection, Counters, Fail, Handler, Service, Step, Uow};
use serde::{Deserialize, Serialize};

/// Accounts that take turns: more than there are messages in hand, so that no lane is a bottleneck.
const ACCOUNTS: u64 = 4_096;
/// Units of work for one message that is published.
pub(super) const UNITS_PER_MESSAGE: u64 = 2;
/// Messages of one call of `publish`: the relay's rounds.
const BATCH: usize = 64;
/// Lines of an order, as many as half of the orders of a real shop have or fewer.
const LINES: u64 = 8;

const TELLER: &str = "teller";
const ARCHIVE: &str = "archive";

/// Somebody wants something booked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    account: String,
    nth: u64,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    sku: String,
    quantity: u32,
    unit_price_minor: u64,
}

impl EventData for Asked {
    const NAME: &'static str = "bench.asked";
    const TYPE: &'static str = "shop.banyan.bench.asked.v1";
    const SCHEMA: &'static str = "https://banyan.example/contracts/bench.asked/1.0.0.json";
}

/// It was booked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Booked {
    account: String,
    nth: u64,
    lines: Vec<Line>,
    balance_minor: u64,
}

impl EventData for Booked {
    const NAME: &'static str = "bench.booked";
    const TYPE: &'static str = "shop.banyan.bench.booked.v1";
    const SCHEMA: &'static str = "https://banyan.example/contracts/bench.booked/1.0.0.json";
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Account {
    balance_minor: u64,
    bookings: u64,
    last: Vec<Line>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    nth: u64,
    balance_minor: u64,
    lines: Vec<Line>,
}

const ACCOUNT: Collection<Account> = Collection::new("teller.account");
const PIECES: Counters = Counters { name: "teller.pieces" };
const ENTRY: Collection<Entry> = Collection::new("archive.entry");

struct Books;

impl Handler for Books {
    type Event = Asked;

    async fn handle(&self, event: &Event<Asked>, uow: &mut Uow) -> Result<(), Fail> {
        let Asked { account, nth, lines } = &event.data;
        let mut doc = uow
            .load(&ACCOUNT, account)
            .await?
            .unwrap_or_else(|| uow.fresh(account.clone(), Account::default()));
        let spent: u64 = lines.iter().map(|line| line.unit_price_minor * u64::from(line.quantity)).sum();
        let pieces: i64 = lines.iter().map(|line| i64::from(line.quantity)).sum();
        doc.balance_minor += spent;
        doc.bookings += 1;
        doc.last.clone_from(lines);
        uow.step(&PIECES, account, Step::new().guard("sold", 0).add("sold", pieces))?;
        let booked = Booked {
            account: account.clone(),
            nth: *nth,
            lines: lines.clone(),
            balance_minor: doc.balance_minor,
        };
        uow.emit(&mut doc, &booked)?;
        uow.put(&ACCOUNT, doc)
    }
}

struct Records;

impl Handler for Records {
    type Event = Booked;

    async fn handle(&self, event: &Event<Booked>, uow: &mut Uow) -> Result<(), Fail> {
        let Booked { account, nth, lines, balance_minor } = event.data.clone();
        let id = format!("{account}-{nth}");
        if uow.load(&ENTRY, &id).await?.is_none() {
            let doc = uow.fresh(id, Entry { nth, balance_minor, lines });
            uow.put(&ENTRY, doc)?;
        }
        Ok(())
    }
}

/// Both services.
pub(super) fn services() -> Vec<Service> {
    vec![Service::new(TELLER).on(Books), Service::new(ARCHIVE).on(Records)]
}

/// Who hears what.
pub(super) fn wiring() -> Wiring {
    let one = |queue: &str| BTreeSet::from([queue.to_owned()]);
    Wiring {
        queues: BTreeSet::from([TELLER.to_owned(), ARCHIVE.to_owned()]),
        subscribers: BTreeMap::from([
            (EventType::of::<Asked>(), one(TELLER)),
            (EventType::of::<Booked>(), one(ARCHIVE)),
        ]),
    }
}

/// The first messages, the same in every run.
///
/// # Errors
/// One cannot be written as JSON.
pub(super) fn messages(count: u64) -> Result<Vec<Outgoing>> {
    (0..count).map(|nth| message(nth).map_err(Into::into)).collect()
}

/// Publishes `messages` as a relay does, in batches, with `at_once` messages unanswered at most.
///
/// # Errors
/// One was not confirmed.
pub(super) async fn publish(bus: &dyn Bus, messages: &[Outgoing], at_once: usize) -> Result<()> {
    let batches = stream::iter(messages.chunks(BATCH)).map(|batch| async {
        let published = bus.publish(batch.to_vec()).await;
        let is_done = published.iter().all(|one| *one == Published::Confirmed);
        is_done.then_some(()).context("the messages could not be published")
    });
    batches.buffered((at_once / BATCH).max(1)).try_collect().await
}

fn message(nth: u64) -> Result<Outgoing, serde_json::Error> {
    let account = format!("account-{:05}", nth % ACCOUNTS);
    let line = |at: u64| Line {
        sku: format!("{}A", 80_000 + (nth * 7 + at * 131) % 9_000),
        quantity: 1 + u32::try_from((nth + at) % 12).unwrap_or(0),
        unit_price_minor: 85 + (nth * 13 + at * 29) % 900,
    };
    let id = MessageId::named(&["bench", &nth.to_string()]);
    let envelope = Envelope {
        specversion: "1.0".to_owned(),
        id: id.to_string(),
        source: "/banyan/bench".to_owned(),
        kind: EventType::of::<Asked>(),
        subject: account.clone(),
        time: Timestamp::from_micros(1_700_000_000_000_000),
        datacontenttype: "application/json".to_owned(),
        dataschema: Some(Asked::SCHEMA.to_owned()),
        traceparent: None,
        partitionkey: Some(account.clone()),
        sequence: None,
        correlationid: None,
        causationid: None,
        dataref: None,
        data: Asked { account: account.clone(), nth, lines: (0..LINES).map(line).collect() },
    };
    let body = serde_json::to_vec(&envelope)?.into();
    Ok(Outgoing { id, address: Address::Topic(EventType::of::<Asked>()), lane: account, attempt: 0, body })
}
