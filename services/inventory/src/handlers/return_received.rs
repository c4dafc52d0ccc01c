//! A customer's goods came back: into the books, once per return, however often it is told.

use contracts::events::returns;
use contracts::{Event, ReturnId};
use runtime::{Bug, Doc, Fail, Handler, Job, JobHandler, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{Place, Return, TooManyLocations};
use crate::ledger::{self, Entry, RETURNS};

pub(crate) struct ReturnReceived;

impl Handler for ReturnReceived {
    type Event = returns::ReturnReceived;

    async fn handle(&self, event: &Event<returns::ReturnReceived>, uow: &mut Uow) -> Result<(), Fail> {
        let told = &event.data;
        uow.about(told.order_id.as_str());
        let came = Return {
            order_id: told.order_id.clone(),
            location: told.location.clone(),
            lines: told.lines.clone(),
            booked: 0,
        };
        match uow.load(&RETURNS, told.return_id.as_str()).await? {
            None => {
                let doc = uow.fresh(told.return_id.as_str(), came);
                book(uow, doc).await
            }
            Some(mut doc) if uow.quirks().has(Bug::RestockTwice) => {
                doc.data = came;
                book(uow, doc).await
            }
            Some(_) => Ok(()),
        }
    }
}

/// Book the next lines of a return that is too large for one unit of work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NextLines {
    return_id: ReturnId,
    /// So many are booked.
    after: usize,
}

impl Job for NextLines {
    const NAME: &'static str = "book-return";

    fn lane(&self) -> &str {
        self.return_id.as_str()
    }
}

pub(crate) struct BookReturn;

impl JobHandler for BookReturn {
    type Job = NextLines;

    async fn run(&self, job: &NextLines, uow: &mut Uow) -> Result<(), Fail> {
        match uow.load(&RETURNS, job.return_id.as_str()).await? {
            Some(doc) if doc.booked == job.after => {
                uow.about(doc.order_id.as_str());
                book(uow, doc).await
            }
            _ => Ok(()),
        }
    }
}

/// Moves what fits into this unit of work, and has the rest done by the next.
async fn book(uow: &mut Uow, mut doc: Doc<Return>) -> Result<(), Fail> {
    let id: ReturnId =
        doc.id.parse().map_err(|error| Fail::permanent(format!("a return's id is not one: {error}")))?;
    let place = |sku: &contracts::Sku| Place { sku: sku.clone(), location: doc.location.clone() };
    let places: Vec<Place> = doc.next().iter().map(|line| place(&line.sku)).collect();
    if let Err((place, TooManyLocations)) = ledger::list(uow, &places).await? {
        let Place { sku, location } = place;
        return Err(Fail::permanent(format!("{sku} lies at too many locations to come back to {location}")));
    }
    let movement = doc.book();
    if !doc.is_booked() {
        uow.enqueue(&NextLines { return_id: id.clone(), after: doc.booked })?;
    }
    uow.put(&RETURNS, doc)?;
    ledger::enter(uow, Entry::about(id.as_str(), movement))
}
