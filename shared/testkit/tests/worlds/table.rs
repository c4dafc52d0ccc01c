//! The table of handlers can fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use contracts::{Event, EventData};
use runtime::{Collection, Fail, Handler, Service, Uow};
use testkit::table::{Example, Make, Subject, prove};

use crate::toy::{Sold, wiring, wrapping};

const NOTES: Collection<u64> = Collection::new("clerk.note");

/// Remembers in the process how often it ran: what no handler may do.
struct Unsteady(Arc<AtomicU64>);

impl Handler for Unsteady {
    type Event = Sold;

    async fn handle(&self, event: &Event<Sold>, uow: &mut Uow) -> Result<(), Fail> {
        let run = self.0.fetch_add(1, Ordering::Relaxed);
        let note = uow.fresh(format!("{}-{run}", event.data.sale), run);
        uow.put(&NOTES, note)
    }
}

/// Does nothing that could go wrong.
struct Steady;

impl Handler for Steady {
    type Event = Sold;

    async fn handle(&self, event: &Event<Sold>, uow: &mut Uow) -> Result<(), Fail> {
        let note = uow.load(&NOTES, &event.data.sale).await?;
        let note = note.unwrap_or_else(|| uow.fresh(event.data.sale.clone(), 1));
        uow.put(&NOTES, note)
    }
}

fn subject(make: fn() -> Service) -> Subject {
    let make: Make = Arc::new(move |_| make());
    Subject { name: "clerk", wiring: wiring("clerk"), make }
}

fn example() -> Example {
    let sold = Sold { sale: "s-1".to_owned(), toy: "bear".to_owned(), quantity: 1, wrapping: wrapping() };
    let event = serde_json::json!({
        "specversion": "1.0", "id": "1", "source": "/somebody", "type": Sold::TYPE, "subject": "s-1",
        "time": "2026-01-05T08:00:00Z", "data": sold,
    });
    Example { before: vec![], event: event.to_string().into() }
}

#[test]
fn a_handler_that_always_does_the_same_stands_the_table() {
    let wrong = prove(&subject(|| Service::new("clerk").on(Steady)), &[example()]);
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_handler_that_does_something_else_each_time_is_found() {
    let wrong = prove(&subject(|| Service::new("clerk").on(Unsteady(Arc::default()))), &[example()]);
    assert!(wrong.iter().any(|what| what.contains("store.conflict before the commit")), "{wrong:?}");
}

#[test]
fn a_service_that_takes_no_such_message_is_found() {
    let wrong = prove(&subject(|| Service::new("clerk")), &[example()]);
    assert!(!wrong.is_empty());
}
