//! Many orders of little stock, in any order, with everything going wrong that can; and the proof that this finds bugs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::events::order::CancelReason;
use runtime::Bug;
use serde_json::{Value, json};
use store::sim::{Fault, Rates};

use crate::events::{cancelled, cancelled_for, confirmed, placed};
use crate::journeys::{came_back, dispatched, failed};
use crate::support::Warehouse;

const ORDERS: u32 = 14;
const SEEDS: u64 = 12;
/// Longer than any outage.
const TROUBLE: Duration = Duration::from_secs(600);

/// Slow enough that decisions overlap, besides all the rest.
fn rates() -> Rates {
    let mut rates = Rates::steady();
    rates.set(Fault::SlowStore, 700_000);
    // Delays of hours are the simulator's: here they would be most of the time that is played.
    rates.set(Fault::Delay, 0);
    rates
}

/// One world: everything that does not hold in the end.
fn wrong(seed: u64, bug: Option<Bug>) -> Vec<String> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let warehouse = Warehouse::with(seed, bug);
    warehouse.receive(&[("a@main", 9), ("a@east", 4), ("b@main", 12)]);
    for hold in ["h-0", "h-1"] {
        let lines = json!([{ "sku": "a", "quantity": 2 }]);
        let reply = warehouse.post("/holds", hold, &json!({ "hold_id": hold, "lines": lines, "ttl_s": 120 }));
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    let wanted: BTreeMap<String, BTreeMap<&str, u32>> = (0..ORDERS)
        .map(|n| (format!("o-{n}"), BTreeMap::from([("a", rng.u32(1..4)), ("b", rng.u32(1..4))])))
        .collect();
    let mut cancels = BTreeSet::new();
    let mut ids: Vec<&String> = wanted.keys().collect();
    rng.shuffle(&mut ids);
    for (nth, id) in ids.iter().enumerate() {
        let lines: Vec<(&str, u32)> = wanted[*id].iter().map(|(sku, n)| (*sku, *n)).collect();
        let hold = format!("h-{nth}");
        warehouse.publish(&format!("p-{id}"), id, &placed(id, &lines, (nth < 3).then_some(&hold)));
        if rng.u8(0..3) == 0 {
            warehouse.publish(&format!("x-{id}"), id, &cancelled(id));
            cancels.insert((*id).clone());
        }
    }
    warehouse.disturb(rates());
    warehouse.wait(TROUBLE);
    warehouse.calm();
    // Here too: what is cancelled later may hide what was sold twice.
    let mut wrong = warehouse.audit().violations;
    let mut ends = BTreeMap::new();
    for (id, fact) in reservations(&warehouse) {
        if fact["state"] == "reserved" {
            warehouse.publish(&format!("c-{id}"), &id, &confirmed(&id));
            let end = *rng.choice(&["committed", "released", "sold", "lost", "brought_back"]).unwrap();
            end_as(&warehouse, &id, end);
            ends.insert(id, end);
        }
    }
    warehouse.disturb(rates());
    warehouse.wait(Duration::from_secs(rng.u64(0..60)));
    steal(&warehouse, rng.i64(1..8));
    warehouse.wait(TROUBLE);
    warehouse.calm();
    wrong.extend(judge(&warehouse, &wanted, &cancels, &ends));
    wrong
}

/// Takes some pieces away, whoever has them; asks again while nobody answers.
fn steal(warehouse: &Warehouse, pieces: i64) {
    let body = json!({ "location": "main", "delta": -pieces, "reason": "stolen", "take_promised": true });
    for _ in 0..20 {
        let reply = warehouse.post("/stock/a/adjust", "theft", &body);
        if reply.status < 500 {
            // Perhaps fewer are left, or those who have them have just moved on.
            assert!(matches!(reply.status, 200 | 409 | 422), "{reply:?}");
            return;
        }
        warehouse.wait(Duration::from_secs(10));
    }
}

/// All that is told of a confirmed order that ends so, in the order in which nobody will hear it.
fn end_as(warehouse: &Warehouse, id: &str, end: &str) {
    match end {
        "released" => warehouse.publish(&format!("x-{id}"), id, &cancelled(id)),
        "sold" => {
            warehouse.publish(&format!("d-{id}"), id, &dispatched(id));
            // Told twice by the parcel's scanner, so under two ids.
            for name in ["r", "again"] {
                let came = came_back(&format!("{id}-r"), "returns", &[("a", 1, "sellable")]);
                warehouse.publish(&format!("{name}-{id}"), id, &came);
            }
        }
        "lost" | "brought_back" => {
            let stage = if end == "lost" { "lost" } else { "returned" };
            warehouse.publish(&format!("d-{id}"), id, &dispatched(id));
            warehouse.publish(&format!("f-{id}"), id, &failed(id, stage));
            let undelivered = cancelled_for(id, CancelReason::Undelivered);
            warehouse.publish(&format!("u-{id}"), id, &undelivered);
        }
        _ => {}
    }
}

fn judge(
    warehouse: &Warehouse,
    wanted: &BTreeMap<String, BTreeMap<&str, u32>>,
    cancels: &BTreeSet<String>,
    ends: &BTreeMap<String, &str>,
) -> Vec<String> {
    let mut wrong = warehouse.audit().violations;
    wrong.extend(warehouse.dead_letters());
    let found = reservations(warehouse);
    for (id, wanted) in wanted {
        let fact = found.get(id).cloned().unwrap_or_default();
        let state = fact["state"].as_str().unwrap_or("absent");
        let expected: &[&str] = match ends.get(id) {
            Some(end) => &[end],
            None if cancels.contains(id) => &["released", "cancelled", "rejected"],
            None => &["rejected"],
        };
        if !expected.contains(&state) {
            wrong.push(format!("{id} is {state}"));
        }
        let got =
            |sku: &str| ["lines", "missing"].iter().filter_map(|part| fact[*part][sku].as_u64()).sum::<u64>();
        let is_whole = wanted.iter().all(|(sku, n)| got(sku) == u64::from(*n));
        if !matches!(state, "cancelled" | "rejected") && !is_whole {
            wrong.push(format!("{id} wanted {wanted:?} and got {fact}"));
        }
    }
    wrong
}

fn reservations(warehouse: &Warehouse) -> BTreeMap<String, Value> {
    warehouse.audit().facts.remove("reservations").unwrap_or_default()
}

#[test]
fn whatever_goes_wrong_every_order_gets_all_or_nothing_and_the_stock_adds_up() {
    for seed in 0..SEEDS {
        assert_eq!(wrong(seed, None), [""; 0], "seed {seed}");
    }
}

#[test]
fn every_bug_planted_in_this_service_is_found() {
    for bug in [
        Bug::GuardIgnored,
        Bug::PartialReserve,
        Bug::CancelBeforeSubjectForgotten,
        Bug::PeekDecides,
        Bug::RestockTwice,
        Bug::SaleReleases,
    ] {
        let found = (0..SEEDS).find(|seed| !wrong(*seed, Some(bug)).is_empty());
        assert!(found.is_some(), "{} is not found", bug.name());
    }
}
