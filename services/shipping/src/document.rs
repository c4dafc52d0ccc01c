//! What the shipping service keeps, and how a decision becomes changes, events and questions.

use std::time::Duration;

use contracts::{OrderId, ReturnId, ShipmentId, Timestamp};
use runtime::{Bug, Collection, Doc, Entry, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::carrier::{Evidence, Parcel, Pdf, Scan};
use crate::config::{Config, Pace};
use crate::domain::{
    Ask, Next, Question, Return, ReturnState, Returned, Shipment, State, wait_before, wait_before_looking,
};

mod tell;

/// How many partitions hold the list of all shipments: one is written to by every new order.
pub const SHARDS: u32 = 4;

/// How long a label can be printed: as long as a parcel may take, and then the address on it is forgotten.
const LABEL_KEPT: Duration = Duration::from_secs(90 * 86_400);

/// Shipments by their id. Indexed as a whole, by how they stand, and by what a person should look at; newest last.
pub const SHIPMENTS: Collection<Shipment> = Collection::new("shipping.shipment").indexed(|id, shipment| {
    let sort = sort_of(id, shipment);
    let trouble = shipment.trouble.is_some().then(|| Entry::new(TROUBLE, TROUBLE.to_owned(), sort.clone()));
    let all = Entry::new("all", shard(shard_of(id)), sort.clone());
    let state = Entry::new("state", shipment.state.name().to_owned(), sort);
    [all, state].into_iter().chain(trouble).collect()
});

/// The index, and its one partition, of shipments that a person should look at.
pub const TROUBLE: &str = "trouble";

/// Returns by their id.
pub const RETURNS: Collection<Return> = Collection::new("shipping.return");

/// Labels by the parcel that they are for: at most one each.
pub const LABELS: Collection<Printable> =
    Collection::new("shipping.label").expiring(|label| Some(label.kept_until));

/// A label as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printable {
    /// SHA-256 of the bytes, in hexadecimal digits.
    pub sha256: String,
    /// The bytes, in hexadecimal digits.
    pdf: String,
    /// From when on it is forgotten.
    kept_until: Timestamp,
}

impl Printable {
    /// The bytes; `None` when what was kept is damaged.
    #[must_use]
    pub fn pdf(&self) -> Option<Pdf> {
        Pdf::from_hex(&self.pdf).filter(|pdf| pdf.sha256() == self.sha256)
    }
}

/// The intent to ask the carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCarrier {
    /// About which parcel.
    pub parcel: Parcel,
    /// Whose order.
    pub order_id: OrderId,
    /// What is asked, and how often it was.
    #[serde(flatten)]
    pub ask: Ask,
}

impl Job for AskCarrier {
    const NAME: &'static str = "ask-carrier";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// The parcel of `order_id`: one each in this version, named after it.
///
/// # Errors
/// [`Fail::Permanent`]: the name cannot be an id, which no order's is too long for.
pub fn shipment_of(order_id: &OrderId) -> Result<ShipmentId, Fail> {
    ShipmentId::new(format!("{order_id}-s1")).map_err(|error| Fail::permanent(error.to_string()))
}

/// The shipment of `order_id`, or one of which nothing is known yet: its absence is checked at commit.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn load(uow: &mut Uow, order_id: &OrderId) -> Result<Doc<Shipment>, Fail> {
    let id = shipment_of(order_id)?;
    let found = uow.load(&SHIPMENTS, id.as_str()).await?;
    let now = uow.now();
    Ok(found.unwrap_or_else(|| uow.fresh(id.as_str(), Shipment::of(order_id.clone(), id.clone(), now))))
}

/// The return, if there is one.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn load_return(uow: &mut Uow, id: &ReturnId) -> Result<Option<Doc<Return>>, Fail> {
    uow.load(&RETURNS, id.as_str()).await
}

/// Puts the shipment back, tells the news and asks the question.
///
/// # Errors
/// As for [`Uow::put`].
pub fn save(uow: &mut Uow, mut shipment: Doc<Shipment>, next: Next, config: &Config) -> Result<(), Fail> {
    uow.about(shipment.order_id.clone().as_str());
    for news in next.news {
        tell::shipment(uow, &mut shipment, news, config.carrier)?;
    }
    if let Some(ask) = next.ask {
        put_question(uow, shipment.parcel(), &shipment.order_id, (ask, &config.pace))?;
    }
    uow.put(&SHIPMENTS, shipment)
}

/// Puts the return back, tells the news and asks the question.
///
/// # Errors
/// As for [`Uow::put`].
pub fn save_return(
    uow: &mut Uow,
    mut returning: Doc<Return>,
    next: Next<Returned>,
    config: &Config,
) -> Result<(), Fail> {
    uow.about(returning.order_id.clone().as_str());
    for news in next.news {
        tell::returned(uow, &mut returning, news)?;
    }
    if let Some(ask) = next.ask {
        let parcel = Parcel::Return(returning.return_id.clone());
        put_question(uow, parcel, &returning.order_id, (ask, &config.pace))?;
    }
    uow.put(&RETURNS, returning)
}

fn put_question(
    uow: &mut Uow,
    parcel: Parcel,
    order_id: &OrderId,
    (ask, pace): (Ask, &Pace),
) -> Result<(), Fail> {
    let wait = match &ask.question {
        Question::Track { .. } => match ask.tries {
            0 => Duration::ZERO,
            tries => wait_before_looking(tries, pace),
        },
        Question::Do { .. } | Question::Look { .. } => Duration::from_secs(wait_before(ask.tries)),
    };
    let intent = AskCarrier { parcel, order_id: order_id.clone(), ask };
    if wait.is_zero() { uow.enqueue(&intent) } else { uow.schedule(uow.now().plus(wait), &intent) }
}

/// Scans as the carrier told them; with the planted bug as if each had been made when it arrived.
#[must_use]
pub fn as_told(uow: &Uow, mut scans: Vec<Scan>) -> Vec<Scan> {
    if uow.quirks().has(Bug::TrackingGoesBack) {
        scans.iter_mut().for_each(|scan| scan.at = uow.now());
    }
    scans
}

/// Keeps the label that `evidence` brings for `parcel`, if it brings one.
///
/// # Errors
/// As for [`Uow::put`].
pub async fn keep_label(uow: &mut Uow, parcel: &Parcel, evidence: &Evidence) -> Result<(), Fail> {
    let Evidence::Labelled { pdf, .. } = evidence else { return Ok(()) };
    let id = parcel.to_string();
    let kept_until = uow.now().plus(LABEL_KEPT);
    let label = Printable { sha256: pdf.sha256().to_owned(), pdf: pdf.to_hex(), kept_until };
    // Said again, it is the same one; the carrier's latest word is what is printed.
    let doc = match uow.load(&LABELS, &id).await? {
        Some(found) if found.sha256 == label.sha256 => return Ok(()),
        Some(mut found) => {
            found.data = label;
            found
        }
        None => uow.fresh(id, label),
    };
    uow.put(&LABELS, doc)
}

/// Where a shipment stands in lists: by when it was first heard of.
pub(crate) fn sort_of(id: &str, shipment: &Shipment) -> String {
    format!("{}|{id}", shipment.opened_at.sortable())
}

fn shard_of(id: &str) -> u32 {
    id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % SHARDS
}

/// The name of one partition of the list of all shipments.
pub(crate) fn shard(number: u32) -> String {
    number.to_string()
}

impl State {
    /// The state's name, as indexes and answers show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Booking { unknown: None, .. } => "created",
            Self::Booking { unknown: Some(_), .. }
            | Self::HandingOver { unknown: Some(_), .. }
            | Self::Stopping { unknown: Some(_), .. } => "unknown",
            Self::Ready { .. } => "ready",
            Self::HandingOver { unknown: None, .. } => "handing_over",
            Self::Stopping { unknown: None, .. } => "stopping",
            Self::HandedOver { .. } => "dispatched",
            Self::Delivered { .. } => "delivered",
            Self::Stopped { .. } => "stopped",
            Self::Failed { .. } => "failed",
            Self::Lost { .. } => "lost",
            Self::Returned { .. } => "returned",
        }
    }

    /// Every name that [`State::name`] gives.
    pub const NAMES: [&'static str; 12] = [
        "waiting",
        "created",
        "unknown",
        "ready",
        "handing_over",
        "stopping",
        "dispatched",
        "delivered",
        "stopped",
        "failed",
        "lost",
        "returned",
    ];
}

impl ReturnState {
    /// The state's name, as answers show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Booking { unknown: None, .. } => "requested",
            Self::Booking { unknown: Some(_), .. } => "unknown",
            Self::Labelled { .. } => "labelled",
            Self::Received { .. } => "received",
            Self::Astray { .. } => "astray",
            Self::Refused { .. } => "refused",
        }
    }
}
