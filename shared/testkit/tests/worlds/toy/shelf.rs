//! The shelf: counters under guards; a drop may come before the sale.

use contracts::Event;
use runtime::{Collection, Counters, Fail, Handler, Service, Step, Uow};
use serde::{Deserialize, Serialize};
use testkit::Settled;

use super::{Dropped, Missing, PIECES, Sold, Taken};

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Place {
    Held { toy: String, quantity: i64 },
    Free,
}

const PLACES: Collection<Place> = Collection::new("shelf.place");
const TOYS: Counters = Counters { name: "shelf.toy" };
/// How many pieces were taken.
const GONE: &str = "gone";

pub(crate) fn service() -> Service {
    Service::new("shelf").on(OnSold).on(OnDropped)
}

/// How many pieces are there.
pub(crate) fn level(settled: &Settled<'_>, toy: &str) -> i64 {
    let key = store::Key::new(TOYS.name, toy);
    let found = settled.backend.with_model(|model| model.read(&[key], settled.now)).pop().flatten();
    let fields: store::Fields =
        found.map(|item| serde_json::from_slice(&item.body).unwrap()).unwrap_or_default();
    PIECES + fields.get(GONE).copied().unwrap_or(0)
}

struct OnSold;

impl Handler for OnSold {
    type Event = Sold;

    async fn handle(&self, event: &Event<Sold>, uow: &mut Uow) -> Result<(), Fail> {
        let Sold { sale, toy, quantity, wrapping } = &event.data;
        if *wrapping != super::wrapping() {
            return Err(Fail::permanent("nobody sells a toy like that"));
        }
        uow.about(sale);
        if uow.load(&PLACES, sale).await?.is_some() {
            return Ok(());
        }
        let gone = uow.levels(&TOYS, &[toy]).await?[0].get(GONE);
        if PIECES + gone < *quantity {
            let mut place = uow.fresh(sale.clone(), Place::Free);
            uow.emit(&mut place, &Missing { sale: sale.clone() })?;
            return uow.put(&PLACES, place);
        }
        uow.step(&TOYS, toy, Step::new().add(GONE, -quantity).guard(GONE, quantity - PIECES))?;
        let mut place = uow.fresh(sale.clone(), Place::Held { toy: toy.clone(), quantity: *quantity });
        uow.emit(&mut place, &Taken { sale: sale.clone() })?;
        uow.put(&PLACES, place)
    }
}

struct OnDropped;

impl Handler for OnDropped {
    type Event = Dropped;

    async fn handle(&self, event: &Event<Dropped>, uow: &mut Uow) -> Result<(), Fail> {
        let sale = &event.data.sale;
        uow.about(sale);
        let Some(mut place) = uow.load(&PLACES, sale).await? else {
            let tombstone = uow.fresh(sale.clone(), Place::Free);
            return uow.put(&PLACES, tombstone);
        };
        if let Place::Held { toy, quantity } = &place.data {
            uow.step(&TOYS, toy, Step::new().add(GONE, *quantity))?;
        }
        place.data = Place::Free;
        uow.put(&PLACES, place)
    }
}
