//! An event that means something to an order: it is written down, and the order hears it.

use std::marker::PhantomData;

use contracts::{Event, EventData, OrderId};
use runtime::{Fail, Handler, Uow};

use crate::config::Config;
use crate::domain::Input;
use crate::dossier::Dossier;
use crate::timeline::Told;

/// An event about an order.
pub(crate) trait Means: EventData {
    /// Which order; none when the event is about something else.
    fn order_id(&self) -> Option<&OrderId>;
    /// What it means.
    fn meaning(event: &Event<Self>) -> Meaning;
}

/// What an event means for its order.
pub(crate) struct Meaning {
    /// In words.
    pub(super) summary: String,
    /// What the order hears; nothing when it is only written down.
    pub(super) input: Option<Input>,
    /// The money that moved, in minor units.
    pub(super) amount_minor: Option<i64>,
    /// The refund that it moved for.
    pub(super) refund: Option<String>,
}

impl Meaning {
    /// `input`, and in words.
    pub(super) fn input(input: Input, summary: impl Into<String>) -> Self {
        Self { input: Some(input), ..Self::only(summary) }
    }

    /// Only words.
    pub(super) fn only(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), input: None, amount_minor: None, refund: None }
    }

    /// With the money that moved.
    pub(super) fn moved(self, amount_minor: i64) -> Self {
        Self { amount_minor: Some(amount_minor), ..self }
    }
}

/// Lets the order hear what an event means for it.
pub(crate) struct Hear<E> {
    config: Config,
    event: PhantomData<fn() -> E>,
}

impl<E> Hear<E> {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, event: PhantomData }
    }
}

impl<E: Means> Handler for Hear<E> {
    type Event = E;

    async fn handle(&self, event: &Event<E>, uow: &mut Uow) -> Result<(), Fail> {
        let Some(order_id) = event.data.order_id() else { return Ok(()) };
        let Meaning { summary, input, amount_minor, refund } = E::meaning(event);
        let mut dossier = Dossier::open(uow, &self.config, order_id).await?;
        let told = Told { amount_minor, refund, ..Told::by(event, summary) };
        match input {
            Some(input) => dossier.hear(input, Some(told))?,
            None => dossier.note(told)?,
        }
        dossier.close()
    }
}

/// What each event means: a table of `event => closure`.
macro_rules! means {
    ($($event:ident => $says:expr;)*) => {$(
        impl crate::handlers::hear::Means for $event {
            fn order_id(&self) -> Option<&contracts::OrderId> {
                // The field may be optional.
                Option::from(&self.order_id)
            }

            fn meaning(event: &contracts::Event<Self>) -> crate::handlers::hear::Meaning {
                let says: fn(&$event, Option<u64>) -> crate::handlers::hear::Meaning = $says;
                says(&event.data, event.sequence_number())
            }
        }
    )*};
}

pub(super) use means;
