//! Events inside are compared with their schemas by sample, which only looks unless a test is strict.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use contracts::events::order::{CancelReason, OrderCancelled};
use contracts::{Currency, Event};
use runtime::due::{DEAD, Due};
use runtime::{Counts, Fail, Handler, Policy, Service, Uow, Validation};

use crate::support::{NAME, Stage, Wound};

/// Publishes that an order was cancelled that was worth less than nothing, which no schema knows of.
struct OnWound;

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, uow: &mut Uow) -> Result<(), Fail> {
        let cancelled = OrderCancelled {
            order_id: "o-1".parse().map_err(Fail::transient)?,
            customer_id: "c-1".parse().map_err(Fail::transient)?,
            reason: CancelReason::Deadline,
            was_confirmed: false,
            currency: Currency::GBP,
            total_minor: event.data.toy.parse().map_err(Fail::transient)?,
            cancelled_at: uow.now(),
        };
        uow.emit_state("o-1", 1, &cancelled)
    }
}

/// Counts the orders that it hears of.
struct OnCancelled(Arc<AtomicU64>);

impl Handler for OnCancelled {
    type Event = OrderCancelled;

    async fn handle(&self, _: &Event<OrderCancelled>, _: &mut Uow) -> Result<(), Fail> {
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

/// What came of an order of that worth: orders heard of, what was counted, and who is dead.
fn cancelled(total_minor: &str, validation: Validation) -> (u64, Counts, Vec<Due>) {
    let heard = Arc::default();
    let service = Service::new(NAME).on(OnWound).on(OnCancelled(Arc::clone(&heard)));
    let stage = Stage::on(service, Policy { validation, ..Policy::default() }, None);
    stage.wind(total_minor, "lane");
    stage.wait(10);
    (heard.load(Relaxed), stage.node.counts()[0].1, stage.rows(DEAD))
}

#[test]
fn what_breaks_its_contract_is_counted_on_both_sides_and_goes_its_way() {
    let all = Validation { per_mille: 1_000, strict: false };
    let (heard, counts, dead) = cancelled("-1", all);
    assert_eq!((heard, dead.len()), (1, 0));
    assert_eq!((counts.invalid_out, counts.invalid_in, counts.handled), (1, 1, 2));
    let (heard, counts, _) = cancelled("1", all);
    assert_eq!((heard, counts.invalid_out, counts.invalid_in), (1, 0, 0));
    // The event on its way out and in; and what was heard first, whose type nobody published.
    assert_eq!(counts.validated, 3);
}

#[test]
fn nothing_is_compared_when_nobody_wants_it() {
    let (heard, counts, dead) = cancelled("-1", Validation { per_mille: 0, strict: true });
    assert_eq!((heard, counts.validated, counts.invalid_out, counts.invalid_in), (1, 0, 0, 0));
    assert_eq!(dead, []);
}

#[test]
fn a_strict_test_fails_where_a_contract_is_broken() {
    let (heard, counts, dead) = cancelled("-1", Validation::ALL);
    let [dead] = <[Due; 1]>::try_from(dead).unwrap();
    let trouble = dead.trouble.unwrap();
    assert_eq!((heard, counts.published, counts.invalid_out, trouble.reason.as_ref()), (0, 0, 1, "rejected"));
    assert!(trouble.chain[0].contains("/total_minor"), "{:?}", trouble.chain);
}
