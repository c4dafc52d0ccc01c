//! What was decided becomes an event, and an entry of the timeline.

use contracts::events::order::{
    CancelReason, OrderCancelRequested, OrderCancelled, OrderCompleted, OrderConfirmed, OrderRefundDue,
    OrderStalled,
};
use contracts::{CustomerId, EventData, MessageId, PaymentId};
use runtime::Fail;

use super::{Dossier, UNKNOWN};
use crate::domain::{Case, Decision, Due, Order, Terms, Waiting};
use crate::timeline::{DECIDED, Told, verdict};

impl Dossier<'_> {
    /// Publishes what was decided, one after another; `note` is what the customer said.
    pub(crate) fn announce(&mut self, decisions: &[Decision], note: Option<&str>) -> Result<(), Fail> {
        decisions.iter().try_for_each(|decision| self.announce_one(decision, note))
    }

    fn announce_one(&mut self, decision: &Decision, note: Option<&str>) -> Result<(), Fail> {
        let (order_id, now) = (self.order_id.clone(), self.now());
        let summary = verdict(decision, self.currency(), note);
        match decision {
            Decision::Confirm => {
                let event = self.confirmed()?;
                self.publish(&event, summary)
            }
            Decision::RequestCancel(reason) => {
                let event = OrderCancelRequested { order_id, reason: *reason, requested_at: now };
                self.publish(&event, summary)
            }
            Decision::Cancel { reason, was_confirmed } => {
                let event = self.cancelled(*reason, *was_confirmed)?;
                self.publish(&event, summary)
            }
            Decision::Complete => {
                let Terms { customer_id, currency, lines, total_minor, .. } = self.order()?.terms.clone();
                let completed_at = now;
                self.publish(
                    &OrderCompleted { order_id, customer_id, currency, lines, total_minor, completed_at },
                    summary,
                )
            }
            Decision::Refund(due) if due.amount_minor > 0 => {
                let event = self.refund_due(due)?;
                self.publish(&event, summary)
            }
            Decision::Stall(waiting) => {
                let event = self.stalled(*waiting)?;
                self.publish(&event, summary)
            }
            Decision::Refund(_) | Decision::GoOn | Decision::Remark(_) => self.say(summary),
        }
    }

    /// Publishes `data` as a fact about this order, and writes it down.
    pub(crate) fn publish<T: EventData>(&mut self, data: &T, summary: String) -> Result<(), Fail> {
        let MessageId(event_id) = self.uow.next_id();
        self.uow.emit(&mut self.doc, data)?;
        let refund = self.refund.take();
        self.note(Told {
            kind: T::TYPE.to_owned(),
            event_id: event_id.to_string(),
            service: "orders".to_owned(),
            summary,
            caused_by: self.cause(),
            sequence: Some(self.doc.emitted),
            amount_minor: refund.as_ref().map(|(_, minor)| *minor),
            refund: refund.map(|(id, _)| id),
            ..Told::default()
        })
    }

    /// Writes down a decision for which nothing is published.
    fn say(&mut self, summary: String) -> Result<(), Fail> {
        let event_id = self.uow.derived_id(&format!("decided-{}", self.doc.entries)).to_string();
        let (kind, service) = (DECIDED.to_owned(), "orders".to_owned());
        let caused_by = self.cause();
        self.note(Told { kind, event_id, service, summary, caused_by, ..Told::default() })
    }

    fn currency(&self) -> contracts::Currency {
        match &self.doc.case {
            Case::Taken(order) => order.terms.currency,
            Case::Refused(refused) => refused.currency.unwrap_or(self.config.shop_currency),
            Case::Heard { .. } => self.config.shop_currency,
        }
    }

    fn order(&self) -> Result<&Order, Fail> {
        match &self.doc.case {
            Case::Taken(order) => Ok(order),
            Case::Heard { .. } | Case::Refused(_) => {
                Err(Fail::permanent("an order that was never placed does not get further"))
            }
        }
    }

    fn payment_id(&self) -> Result<PaymentId, Fail> {
        let known = self.order()?.payment.payment_id.clone();
        known.ok_or_else(|| Fail::permanent("money was set aside or taken by a payment without a name"))
    }

    fn confirmed(&self) -> Result<OrderConfirmed, Fail> {
        let (payment_id, Order { terms, stock, .. }) = (self.payment_id()?, self.order()?);
        Ok(OrderConfirmed {
            order_id: self.order_id.clone(),
            customer_id: terms.customer_id.clone(),
            payment_id,
            currency: terms.currency,
            lines: terms.lines.clone(),
            stock: stock.clone(),
            shipping_fee_minor: terms.shipping_fee_minor,
            discount_minor: terms.discount_minor,
            tax_minor: terms.tax_minor,
            total_minor: terms.total_minor,
            customer: terms.customer.clone(),
            ship_to: terms.ship_to.clone(),
            confirmed_at: self.now(),
        })
    }

    fn cancelled(&self, reason: CancelReason, was_confirmed: bool) -> Result<OrderCancelled, Fail> {
        let (customer_id, total_minor) = match &self.doc.case {
            Case::Taken(order) => (Some(order.terms.customer_id.clone()), order.terms.total_minor),
            Case::Refused(refused) => (refused.customer_id.clone(), refused.total_minor),
            Case::Heard { .. } => (None, 0),
        };
        let customer_id = match customer_id {
            Some(known) => known,
            None => CustomerId::new(UNKNOWN).map_err(|error| Fail::permanent(error.to_string()))?,
        };
        Ok(OrderCancelled {
            order_id: self.order_id.clone(),
            customer_id,
            reason,
            was_confirmed,
            currency: self.currency(),
            total_minor,
            cancelled_at: self.now(),
        })
    }

    fn refund_due(&mut self, due: &Due) -> Result<OrderRefundDue, Fail> {
        let refund_id = due.cause.refund_id(&self.order_id);
        let refund_id = refund_id.map_err(|error| Fail::permanent(error.to_string()))?;
        self.refund = Some((refund_id.to_string(), due.amount_minor));
        Ok(OrderRefundDue {
            order_id: self.order_id.clone(),
            payment_id: self.payment_id()?,
            refund_id,
            currency: self.currency(),
            amount_minor: due.amount_minor,
            lines: due.lines.clone(),
            reason: due.reason,
            due_at: self.now(),
        })
    }

    fn stalled(&self, waiting: Waiting) -> Result<OrderStalled, Fail> {
        Ok(OrderStalled {
            order_id: self.order_id.clone(),
            status: self.order()?.status(),
            waiting_for: waiting.awaited.event().to_owned(),
            waiting_since: waiting.since,
            stalled_at: self.now(),
        })
    }
}
