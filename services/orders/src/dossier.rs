//! One order's document in a unit of work: open it, write down what was told, announce what was decided, close it.
//!
//! Every path into `orders` goes through here, so everything that decides about an order meets in one document.

use std::time::Duration;

use contracts::{OrderId, Timestamp};
use runtime::{Bug, Collection, Doc, Entry as IndexEntry, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::domain::{Case, Decision, Input, Stage};
use crate::timeline::{Entry, TIMELINE, Told};

mod announce;

/// All orders.
pub(crate) static ORDERS: Collection<Document> = Collection::new("orders.order").indexed(entries);

/// The index of orders by customer, newest last.
pub(crate) const BY_CUSTOMER: &str = "customer";
/// The index of all orders, newest last, in [`SHARDS`] partitions.
pub(crate) const ALL: &str = "all";
/// The index of the orders that wait for something too long, in as many partitions: cleared when they get further.
pub(crate) const STALLED: &str = "stalled";
/// Partitions of [`ALL`]: one alone would take every write of a busy shop, and each costs every list a query.
pub(crate) const SHARDS: u32 = 4;

/// What is kept of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// What is known.
    pub(crate) case: Case,
    /// When it was first heard of here.
    pub(crate) opened_at: Timestamp,
    /// When anything was last written down.
    pub(crate) updated_at: Timestamp,
    /// How many entries its timeline has.
    pub(crate) entries: u32,
}

fn entries(id: &str, document: &Document) -> Vec<IndexEntry> {
    let customer_id = match &document.case {
        Case::Heard { .. } => return Vec::new(),
        Case::Refused(refused) => refused.customer_id.as_ref(),
        Case::Taken(order) => Some(&order.terms.customer_id),
    };
    let sort = sort_of(id, document);
    let by_customer = customer_id.map(|who| IndexEntry::new(BY_CUSTOMER, who.as_str(), sort.clone()));
    let stalled = document.has_stalled().then(|| IndexEntry::new(STALLED, shard_of(id), sort.clone()));
    by_customer.into_iter().chain(stalled).chain([IndexEntry::new(ALL, shard_of(id), sort)]).collect()
}

impl Document {
    /// Whether it waits for something too long.
    pub(crate) fn has_stalled(&self) -> bool {
        matches!(&self.case, Case::Taken(order) if order.watch.stalled_at.is_some())
    }
}

/// Where an order stands in its indexes: by time, and by id where two came at once.
pub(crate) fn sort_of(id: &str, document: &Document) -> String {
    format!("{}-{id}", document.opened_at.sortable())
}

fn shard_of(id: &str) -> String {
    let sum: u32 = id.bytes().map(u32::from).sum();
    shard(sum % SHARDS)
}

/// The name of a partition of [`ALL`].
pub(crate) fn shard(number: u32) -> String {
    format!("{number}")
}

/// Who buys, when nobody said so or it may not be repeated.
pub(crate) const UNKNOWN: &str = "unknown";

/// Time is up for an order. Set once, by the unit of work that makes its document.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Deadline {
    /// Whose.
    pub(crate) order_id: OrderId,
}

impl Job for Deadline {
    const NAME: &'static str = "deadline";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// Somebody looks whether a confirmed order gets further. One row at a time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageWatch {
    /// Whose.
    pub(crate) order_id: OrderId,
}

impl Job for StageWatch {
    const NAME: &'static str = "watch";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// A watch does not look again before this time, whatever the clocks of two machines say.
const LEAST_WATCH: Duration = Duration::from_secs(60);

/// An order's document in hand.
pub(crate) struct Dossier<'u> {
    uow: &'u mut Uow,
    config: &'u Config,
    order_id: OrderId,
    is_new: bool,
    /// The event that is being handled, as its entry names it.
    heard: Option<String>,
    /// The refund that is being announced: its name, and its amount in minor units.
    refund: Option<(String, i64)>,
    /// What it says.
    pub(crate) doc: Doc<Document>,
}

impl<'u> Dossier<'u> {
    /// Opens the document of `order_id`, a new one if there is none; the commit checks that it has not changed.
    pub(crate) async fn open(uow: &'u mut Uow, config: &'u Config, order_id: &OrderId) -> Result<Self, Fail> {
        let id = order_id.as_str();
        uow.about(id);
        let seen = match uow.quirks().has(Bug::PeekDecides) {
            true => uow.peek(&ORDERS, &[id]).await?.pop().flatten(),
            false => None,
        };
        let found = uow.load(&ORDERS, id).await?;
        let mut dossier = match found {
            Some(doc) => {
                let order_id = order_id.clone();
                Self { uow, config, order_id, is_new: false, heard: None, refund: None, doc }
            }
            None => Self::fresh(uow, config, order_id.clone()),
        };
        if let Some(seen) = seen {
            dossier.doc.case = seen.case;
        }
        Ok(dossier)
    }

    /// A document for an order whose id was made in this unit of work.
    pub(crate) fn fresh(uow: &'u mut Uow, config: &'u Config, order_id: OrderId) -> Self {
        uow.about(order_id.as_str());
        let now = uow.now();
        let document = Document { case: Case::default(), opened_at: now, updated_at: now, entries: 0 };
        let doc = uow.fresh(order_id.as_str(), document);
        Self { uow, config, order_id, is_new: true, heard: None, refund: None, doc }
    }

    /// Whether nobody has ever spoken of it here.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether it is an order that waits for something.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(&self.doc.case, Case::Taken(order) if order.watch.waiting.is_some())
    }

    /// The time of this execution.
    pub(crate) fn now(&self) -> Timestamp {
        self.uow.now()
    }

    /// Lets the order hear `input`, which is told by `told` unless it came from within.
    pub(crate) fn hear(&mut self, input: Input, told: Option<Told>) -> Result<(), Fail> {
        if let Some(told) = told {
            self.note(told)?;
        }
        self.forget_decision(&input);
        let Some(input) = self.mishear(input) else { return Ok(()) };
        let now = self.now();
        let decisions = self.doc.case.hear(input, now);
        self.announce(&decisions, None)
    }

    /// Its watch has fired: raises the alarm if the order has not got further for too long.
    pub(crate) fn look(&mut self) -> Result<(), Fail> {
        let (now, patience) = (self.now(), self.config.patience);
        let Case::Taken(order) = &mut self.doc.case else { return Ok(()) };
        let stalled = order.watch.fire(|awaited| patience.with(awaited), now);
        self.announce(&stalled.map(Decision::Stall).into_iter().collect::<Vec<_>>(), None)
    }

    /// Writes down what was told.
    pub(crate) fn note(&mut self, told: Told) -> Result<(), Fail> {
        if told.service != "orders" {
            self.heard = Some(told.event_id.clone());
        }
        let attempt = self.uow.attempt();
        let entry = Entry {
            order_id: self.order_id.clone(),
            number: self.doc.entries,
            at: self.now(),
            attempt: (attempt > 0).then_some(attempt + 1),
            told,
        };
        self.doc.entries += 1;
        self.doc.updated_at = entry.at;
        let doc = self.uow.fresh(entry.id(), entry);
        self.uow.put(&TIMELINE, doc)
    }

    /// What caused the events that follow: the event that was heard, or else the request or the timer.
    fn cause(&self) -> Option<String> {
        Some(self.heard.clone().unwrap_or_else(|| self.uow.cause().to_string()))
    }

    /// Puts the document back; the unit of work that makes it sets its one deadline, and the one that makes it wait
    /// for something sets its watch.
    pub(crate) fn close(mut self) -> Result<(), Fail> {
        let now = self.now();
        if self.is_new {
            let job = Deadline { order_id: self.order_id.clone() };
            self.uow.schedule(now.plus(self.config.deadline), &job)?;
        }
        if let Case::Taken(order) = &mut self.doc.case
            && let Some(waiting) = order.watch.wants_row()
        {
            order.watch.has_row = true;
            let due = waiting.since.plus(self.config.patience.with(waiting.awaited));
            let job = StageWatch { order_id: self.order_id };
            self.uow.schedule(due.max(now.plus(LEAST_WATCH)), &job)?;
        }
        self.uow.put(&ORDERS, self.doc)
    }

    /// The planted bug: deadline and confirmation do not look whether the other one has decided.
    fn forget_decision(&mut self, input: &Input) {
        if !self.uow.quirks().has(Bug::DeadlineAndConfirmBoth) {
            return;
        }
        if let (Case::Taken(order), Input::Deadline | Input::PaymentAuthorized { .. }) =
            (&mut self.doc.case, input)
        {
            order.stage = Stage::Open;
        }
    }

    /// The other planted bugs: what is heard is taken for something else, or for nothing.
    fn mishear(&mut self, input: Input) -> Option<Input> {
        let quirks = self.uow.quirks();
        if let Case::Taken(order) = &mut self.doc.case {
            order.refunds.is_overlooked = quirks.has(Bug::RefundFromTwoDeciders);
            if quirks.has(Bug::StockShortIgnored) && input == Input::StockShort && order.stage != Stage::Open
            {
                return None;
            }
        }
        if quirks.has(Bug::StopRefusedIgnored) && input == Input::StopRefused {
            return Some(Input::ShipmentStopped);
        }
        Some(input)
    }
}
