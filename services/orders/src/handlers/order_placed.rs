//! Another application took an order: it becomes an order here, with the checks and the life of one from HTTP.

use contracts::events::order::{CancelReason, OrderPlacedV2};
use contracts::{Event, card};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::{Decision, Fault, IdTaken, Origin, Refused, Terms};
use crate::dossier::Dossier;
use crate::timeline::Told;

/// What `orders` publishes itself; its own copy says nothing new.
const OWN: &str = "/banyan/orders";

/// Registers the order. One that nobody may work on ends at once with `order.cancelled`, because inventory and
/// payment heard of it too and may have begun. An order with deliveries to several addresses is such a one: an order has
/// one shipment and one capture here, and sending all of it to one of the addresses would be wrong.
pub(crate) struct OnOrderPlaced(pub(crate) Config);

impl Handler for OnOrderPlaced {
    type Event = OrderPlacedV2;

    async fn handle(&self, event: &Event<OrderPlacedV2>, uow: &mut Uow) -> Result<(), Fail> {
        if event.source == OWN {
            return Ok(());
        }
        let cards = cards_in(&event.data)?;
        if cards.iter().any(|pointer| pointer == "/order_id") {
            // Ending it by name would repeat the number. If others reserve for it, its deadline ends it.
            tracing::warn!(message.id = %event.message_id(), "an order id that is a card number was refused");
            return Ok(());
        }
        let mut dossier = Dossier::open(uow, &self.0, &event.data.order_id).await?;
        let decisions = match offer(&event.data, &cards, dossier.now()) {
            Ok(terms) => register(&mut dossier, event, terms)?,
            Err(refused) => refuse(&mut dossier, event, refused, !cards.is_empty())?,
        };
        dossier.announce(&decisions, None)?;
        dossier.close()
    }
}

/// The terms of the order, or what is wrong with it.
fn offer(placed: &OrderPlacedV2, cards: &[String], now: contracts::Timestamp) -> Result<Terms, Refused> {
    let faults: Vec<Fault> = if cards.is_empty() {
        match placed.check_for_one_parcel() {
            Ok(checked) => return Ok(checked.into()),
            Err(problems) => {
                problems.into_iter().map(|p| Fault { pointer: p.pointer, message: p.message }).collect()
            }
        }
    } else {
        let fault = |pointer: &String| Fault { pointer: pointer.clone(), message: CARD.to_owned() };
        cards.iter().map(fault).collect()
    };
    let may_be_kept = cards.is_empty();
    Err(Refused {
        reason: CancelReason::InvalidOrder,
        at: now,
        customer_id: may_be_kept.then(|| placed.customer_id.clone()),
        currency: Some(placed.currency),
        total_minor: if may_be_kept { placed.total_minor.max(0) } else { 0 },
        faults,
    })
}

fn register(
    dossier: &mut Dossier<'_>,
    event: &Event<OrderPlacedV2>,
    terms: Terms,
) -> Result<Vec<Decision>, Fail> {
    let now = dossier.now();
    let decisions = dossier.doc.case.place(terms, Origin::Application, now);
    let decisions = decisions.map_err(|taken| taken_by(event, taken))?;
    dossier.note(Told::by(event, "taken by another application"))?;
    Ok(decisions)
}

fn refuse(
    dossier: &mut Dossier<'_>,
    event: &Event<OrderPlacedV2>,
    refused: Refused,
    holds_card: bool,
) -> Result<Vec<Decision>, Fail> {
    let faults: Vec<String> =
        refused.faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.message)).collect();
    let summary = format!("refused: {}", faults.join("; "));
    let decisions = match dossier.doc.case.refuse(refused) {
        Ok(decisions) => decisions,
        // A dead letter would keep the number.
        Err(IdTaken::ByAnother | IdTaken::ByRefused) if holds_card => Vec::new(),
        Err(taken) => return Err(taken_by(event, taken)),
    };
    dossier.note(Told::by(event, summary))?;
    Ok(decisions)
}

fn taken_by(event: &Event<OrderPlacedV2>, taken: IdTaken) -> Fail {
    Fail::permanent(format!("order_id {} {taken}", event.data.order_id))
}

const CARD: &str = "must not hold a card number";

fn cards_in(placed: &OrderPlacedV2) -> Result<Vec<String>, Fail> {
    let value = serde_json::to_value(placed).map_err(|error| Fail::Permanent {
        reason: "an order.placed cannot be written as JSON".to_owned(),
        source: Some(error.into()),
    })?;
    Ok(card::in_value(&value))
}
