//! One order's document in a unit of work: open it, write down what was told, announce what was decided, close it.
//!
//! Every path into `orders` goes through here, so everything that decides about an order meets in one document.

use contracts::events::order::{CancelReason, OrderCancelled, OrderConfirmed};
use contracts::{CustomerId, EventData, MessageId, OrderId, Timestamp};
use runtime::{Bug, Collection, Doc, Entry as IndexEntry, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::domain::{Case, Decision, Input, Order, Stage};
use crate::timeline::{Entry, TIMELINE, Told, verdict};

/// All orders.
pub(crate) static ORDERS: Collection<Document> = Collection::new("orders.order").indexed(entries);

/// The index of orders by customer, newest last.
pub(crate) const BY_CUSTOMER: &str = "customer";
/// The index of all orders, newest last, in [`SHARDS`] partitions.
pub(crate) const ALL: &str = "all";
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
    by_customer.into_iter().chain([IndexEntry::new(ALL, shard_of(id), sort)]).collect()
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

/// An order's document in hand.
pub(crate) struct Dossier<'u> {
    uow: &'u mut Uow,
    config: &'u Config,
    order_id: OrderId,
    is_new: bool,
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
            Some(doc) => Self { uow, config, order_id: order_id.clone(), is_new: false, doc },
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
        Self { uow, config, order_id, is_new: true, doc }
    }

    /// Whether nobody has ever spoken of it here.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
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
        let now = self.now();
        let decision = self.doc.case.hear(input, now);
        self.announce(&decision, None)
    }

    /// Writes down what was told.
    pub(crate) fn note(&mut self, told: Told) -> Result<(), Fail> {
        let entry = Entry { order_id: self.order_id.clone(), number: self.doc.entries, at: self.now(), told };
        self.doc.entries += 1;
        let doc = self.uow.fresh(entry.id(), entry);
        self.uow.put(&TIMELINE, doc)
    }

    /// Publishes `data` as a fact about this order, and writes it down.
    pub(crate) fn publish<T: EventData>(&mut self, data: &T, summary: String) -> Result<(), Fail> {
        let MessageId(event_id) = self.uow.next_id();
        self.uow.emit(&mut self.doc, data)?;
        self.note(Told {
            kind: T::TYPE.to_owned(),
            event_id: event_id.to_string(),
            service: "orders".to_owned(),
            summary,
        })
    }

    /// Publishes what was decided, if anything was.
    pub(crate) fn announce(&mut self, decision: &Decision, note: Option<&str>) -> Result<(), Fail> {
        let summary = verdict(decision, note);
        let now = self.now();
        match decision {
            Decision::Note => Ok(()),
            Decision::Confirm { .. } => match self.confirmed(now) {
                Some(event) => self.publish(&event, summary),
                None => Err(Fail::permanent("an order that was never placed cannot be confirmed")),
            },
            Decision::Cancel(reason) => {
                let event = self.cancelled(*reason, now)?;
                self.publish(&event, summary)
            }
        }
    }

    /// Puts the document back; the unit of work that makes it sets its one deadline.
    pub(crate) fn close(mut self) -> Result<(), Fail> {
        let now = self.now();
        self.doc.updated_at = now;
        if self.is_new {
            let job = Deadline { order_id: self.order_id };
            self.uow.schedule(now.plus(self.config.deadline), &job)?;
        }
        self.uow.put(&ORDERS, self.doc)
    }

    fn confirmed(&self, confirmed_at: Timestamp) -> Option<OrderConfirmed> {
        let Case::Taken(order) = &self.doc.case else { return None };
        let Order { terms, stage: Stage::Confirmed { payment_id, .. }, stock, .. } = &**order else {
            return None;
        };
        Some(OrderConfirmed {
            order_id: self.order_id.clone(),
            customer_id: terms.customer_id.clone(),
            payment_id: payment_id.clone(),
            currency: terms.currency,
            lines: terms.lines.clone(),
            stock: stock.clone(),
            shipping_fee_minor: terms.shipping_fee_minor,
            total_minor: terms.total_minor,
            customer: terms.customer.clone(),
            ship_to: terms.ship_to.clone(),
            confirmed_at,
        })
    }

    fn cancelled(&self, reason: CancelReason, cancelled_at: Timestamp) -> Result<OrderCancelled, Fail> {
        let (customer_id, currency, total_minor) = match &self.doc.case {
            Case::Taken(order) => {
                let terms = &order.terms;
                (Some(terms.customer_id.clone()), Some(terms.currency), terms.total_minor)
            }
            Case::Refused(refused) => (refused.customer_id.clone(), refused.currency, refused.total_minor),
            Case::Heard { .. } => (None, None, 0),
        };
        let customer_id = match customer_id {
            Some(known) => known,
            None => CustomerId::new(UNKNOWN).map_err(|error| Fail::permanent(error.to_string()))?,
        };
        Ok(OrderCancelled {
            order_id: self.order_id.clone(),
            customer_id,
            reason,
            was_confirmed: false,
            currency: currency.unwrap_or(self.config.shop_currency),
            total_minor,
            cancelled_at,
        })
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
}
