//! Events on their way between services, compared with their published schemas by sample: all are at the edge.
//!
//! Comparing only looks: an event in the sample goes the same way as one beside it, so that no outcome depends on the
//! share. Only where a test says `strict` is a difference a failure.

use contracts::validate::{self, Invalid};
use contracts::{Envelope, MessageId};
use store::Address;

use crate::core::Core;
use crate::fail::Fail;
use crate::stats::Stats;
use crate::uow::{JOB, Uow};

/// Which events are compared, and what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validation {
    /// Of 1,000 events so many, chosen by their ids: every process chooses the same.
    pub per_mille: u16,
    /// What breaks its contract is not sent, and not handled: for tests and the simulator.
    pub strict: bool,
}

impl Default for Validation {
    /// One in a hundred: a mistake in a type that is used at all is seen within minutes, and nobody pays for it.
    fn default() -> Self {
        Self { per_mille: 10, strict: false }
    }
}

impl Validation {
    /// Every event, and a difference is a failure.
    pub const ALL: Self = Self { per_mille: 1_000, strict: true };

    /// Whether the event `id` is in the sample.
    fn samples(self, id: MessageId) -> bool {
        // The low half of an id is spread evenly, but for its two highest bits.
        id.0.as_u64_pair().1 % 1_000 < u64::from(self.per_mille)
    }
}

impl Core {
    /// Compares what `uow` publishes with what its types promise.
    pub(crate) fn check_outgoing(&self, uow: &Uow) -> Result<(), Fail> {
        for message in &uow.outgoing {
            let is_event = matches!(message.address, Address::Topic(_));
            if !is_event || !self.policy.validation.samples(message.id) {
                continue;
            }
            let event = Envelope::decode(&message.body).map_err(Fail::transient)?;
            if let Some(broken) = self.broken(&event, validate::output) {
                Stats::add(&self.stats.invalid_out, 1);
                tracing::error!(service = %self.queue, message.id = %message.id, event.type = %event.kind, broken,
                    "this service breaks the contract of an event");
                self.if_strict(broken)?;
            }
        }
        Ok(())
    }

    /// Compares what came in with what an open reader of its type accepts.
    pub(crate) fn check_incoming(&self, id: MessageId, event: &Envelope) -> Result<(), Fail> {
        if event.kind.as_str().starts_with(JOB) || !self.policy.validation.samples(id) {
            return Ok(());
        }
        if let Some(broken) = self.broken(event, validate::input) {
            Stats::add(&self.stats.invalid_in, 1);
            tracing::warn!(service = %self.queue, message.id = %id, event.type = %event.kind, event.source = event.source,
                broken, "an event is not what its type promises");
            self.if_strict(broken)?;
        }
        Ok(())
    }

    /// What is wrong, without any value: those may be personal. Types that nobody published a schema of are left alone.
    fn broken(
        &self,
        event: &Envelope,
        compare: fn(&contracts::EventType, &str) -> Result<(), Invalid>,
    ) -> Option<String> {
        Stats::add(&self.stats.validated, 1);
        match compare(&event.kind, event.body_text()) {
            Ok(()) | Err(Invalid::UnknownType { .. }) => None,
            Err(Invalid::Data { kind, violations }) => {
                let told = violations.iter().map(|found| format!("{} {}", found.pointer, found.message));
                Some(format!("data is not a valid {kind}: {}", told.collect::<Vec<_>>().join("; ")))
            }
            Err(other @ (Invalid::UnknownMajor { .. } | Invalid::NotJson(_))) => Some(other.to_string()),
        }
    }

    fn if_strict(&self, broken: String) -> Result<(), Fail> {
        if self.policy.validation.strict { Err(Fail::permanent(broken)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_all_ids_is_chosen_and_always_the_same() {
        let chosen = |per_mille| {
            let validation = Validation { per_mille, strict: false };
            let ids = (0..20_000).map(|n: u32| MessageId::named(&[&n.to_string()]));
            ids.filter(|id| validation.samples(*id)).collect::<Vec<_>>()
        };
        assert_eq!((chosen(0).len(), chosen(1_000).len()), (0, 20_000));
        let (some, more) = (chosen(10), chosen(20));
        assert!((140..260).contains(&some.len()), "{} of 20,000", some.len());
        assert!(some.iter().all(|id| more.contains(id)), "a larger share has all of a smaller one");
    }
}
