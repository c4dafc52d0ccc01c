//! What must hold within the notification service, and the facts that the mailbox's ledger is compared with.

use std::collections::BTreeMap;

use contracts::Timestamp;
use runtime::{Audit, Fail, Findings, Reader};
use serde_json::{Value, json};

use crate::document::{DOSSIERS, NOTIFICATIONS};
use crate::domain::{Address, Dossier, Notification, OUTCOME_UNKNOWN, State};

/// The audit of the notification service. Its facts are `mails`: by the mailbox's key, how the message stands and under
/// which reference; and `told`: by order, whether its customer can be written to, and what was written.
pub(crate) struct NotificationAudit;

impl Audit for NotificationAudit {
    async fn audit(&self, reader: &Reader, _now: Timestamp) -> Result<Findings, Fail> {
        let mut books = Books::default();
        let mut picture = reader.snapshot().await?;
        picture.each(&DOSSIERS, |dossier| books.dossier(&dossier.data)).await?;
        picture.each(&NOTIFICATIONS, |notification| books.notification(&notification.data)).await?;
        Ok(books.findings)
    }
}

#[derive(Default)]
struct Books {
    findings: Findings,
    /// Whose each reference of the mailbox is.
    references: BTreeMap<String, String>,
}

impl Books {
    fn dossier(&mut self, dossier: &Dossier) {
        let has_address =
            dossier.order.as_ref().is_some_and(|order| Address::new(&order.customer.email).is_ok());
        self.told(dossier.order_id.as_str())["has_address"] = json!(has_address);
        if dossier.order.is_some() && !dossier.waiting.is_empty() {
            let (order_id, left) = (&dossier.order_id, dossier.waiting.len());
            self.findings
                .violations
                .push(format!("order {order_id} is known, but {left} messages wait for it"));
        }
    }

    fn notification(&mut self, notification: &Notification) {
        let id = notification.notification_id.to_string();
        if let Some(order_id) = &notification.order_id {
            let state = notification.state.name();
            self.told(order_id.as_str())["mails"][notification.milestone.name()] = json!(state);
        }
        let Some(key) = notification.state.key() else { return };
        let reference = match &notification.state {
            State::Sent { reference, .. } => Some(reference.as_str()),
            State::Sending { .. } | State::Failed { .. } => None,
        };
        if notification.message.is_none() {
            self.findings.violations.push(format!("message {id} has a key and no letter"));
        }
        if let Some(reference) = reference
            && let Some(other) = self.references.insert(reference.to_owned(), id.clone())
        {
            let what = format!("messages {other} and {id} have one reference of the mailbox: {reference}");
            self.findings.violations.push(what);
        }
        let fact = json!({
            "notification_id": id,
            "order_id": notification.order_id,
            "state": notification.state.name(),
            "reference": reference,
            "gave_up": gave_up(&notification.state),
        });
        let mails = self.findings.facts.entry("mails".to_owned()).or_default();
        if mails.insert(key.to_string(), fact).is_some() {
            self.findings.violations.push(format!("message {id} has the key of another one: {key}"));
        }
    }
}

impl Books {
    fn told(&mut self, order_id: &str) -> &mut Value {
        let told = self.findings.facts.entry("told".to_owned()).or_default();
        told.entry(order_id.to_owned()).or_insert_with(|| json!({ "mails": {} }))
    }
}

/// Whether the mailbox may have taken it all the same: it never said.
fn gave_up(state: &State) -> bool {
    matches!(state, State::Failed { code: Some(code), .. } if code == OUTCOME_UNKNOWN)
}

#[cfg(test)]
mod tests {
    use contracts::events::notification::NotSentReason;
    use contracts::{NotificationId, OrderId};

    use super::*;
    use crate::domain::{Facts, Milestone, Story};
    use crate::mailbox::{MailKey, Message, Reference};

    fn sent(id: &str, key: &str, reference: &str) -> Notification {
        let notification_id = NotificationId::new(id).unwrap();
        let to = Address::new("ada@example.org").unwrap();
        Notification {
            order_id: None,
            customer_id: None,
            milestone: Milestone::OrderPlaced,
            message: Some(Message { to, subject: String::new(), text: String::new(), html: String::new() }),
            written_at: Timestamp::EPOCH,
            state: State::Sent {
                key: MailKey::new(&NotificationId::new(key).unwrap(), 1),
                reference: Reference::try_from(reference.to_owned()).unwrap(),
                at: Timestamp::EPOCH,
            },
            notification_id,
        }
    }

    #[test]
    fn what_contradicts_itself_is_found() {
        let mut books = Books::default();
        books.notification(&sent("a/x/email", "a", "r1"));
        books.notification(&sent("b/x/email", "b", "r2"));
        assert_eq!(books.findings.violations, Vec::<String>::new());
        books.notification(&sent("c/x/email", "c", "r2"));
        books.notification(&sent("d/x/email", "a", "r4"));
        books.notification(&Notification { message: None, ..sent("e/x/email", "e", "r5") });
        let mut dossier = Dossier::of(OrderId::new("1").unwrap(), Timestamp::EPOCH);
        dossier.waiting.push(Story { facts: Facts::Completed, at: Timestamp::EPOCH });
        books.dossier(&dossier);
        assert_eq!(
            books.findings.violations,
            [
                "messages b/x/email and c/x/email have one reference of the mailbox: r2",
                "message d/x/email has the key of another one: mail-a-1",
                "message e/x/email has a key and no letter",
            ]
        );
        assert_eq!(books.findings.facts["mails"]["mail-b-1"]["reference"], "r2");
    }

    #[test]
    fn what_was_never_sent_is_no_fact_about_the_mailbox() {
        let mut books = Books::default();
        let reason = NotSentReason::Suppressed;
        let state = State::Failed { key: None, reason, code: None, at: Timestamp::EPOCH };
        books.notification(&Notification { state, ..sent("a/x/email", "a", "r1") });
        assert!(books.findings.facts.is_empty() && books.findings.violations.is_empty());
    }
}
