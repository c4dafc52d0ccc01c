//! The story that is played in every world: some stock, some buyers, one of each kind of trouble.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Wiring;
use contracts::EventData;
use contracts::events::order::OrderPlacedV2;
use runtime::{Bug, Emission, Findings, Quirks, Service};
use serde_json::Value;
use store::Boxed;
use testkit::{Build, Caller, Life, Plan, Scenario, Settled};

mod parcels;
mod stock;

use super::buyers;
use super::peer::{Peers, secret};
use crate::audit::compare;
use crate::wiring::{self, Options, SERVICES};

/// One world's shop.
pub(super) struct Shop {
    pub(super) peers: Peers,
    pub(super) known: Arc<Known>,
    quirks: Quirks,
    deadline: Duration,
    /// For each service, the processes that run it.
    places: [u8; SERVICES.len()],
    /// In which majors orders are told during a deploy, and after it.
    emits: (&'static str, &'static str),
}

/// What people outside know for certain, because they were told.
#[derive(Default)]
pub(super) struct Known(Mutex<Facts>);

#[derive(Default)]
pub(super) struct Facts {
    /// Orders that were taken: by HTTP with their key, or published by another application.
    pub(super) orders: BTreeMap<String, Option<String>>,
    /// Pieces that came, by SKU and place.
    pub(super) received: BTreeMap<String, i64>,
    /// Told to have been cancelled.
    pub(super) cancelled: BTreeSet<String>,
    /// Whether everybody understands version 2 of an order from the beginning: no deploy is under way.
    pub(super) knows_v2: bool,
    /// Returns that were taken, and of which order.
    pub(super) returns: BTreeMap<String, String>,
}

impl Known {
    pub(super) fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shop {
    pub(super) fn new(plan: &Plan, bug: Option<Bug>) -> Self {
        let mut rng = fastrand::Rng::with_seed(plan.seed ^ 0x5409);
        let all = (1 << plan.processes) - 1;
        let known = Arc::<Known>::default();
        known.facts().knows_v2 = plan.deploys == 0;
        let mut place = || if plan.fused { all } else { rng.u8(1..=all) };
        Self {
            peers: Peers::new(plan.seed),
            known,
            quirks: quirks(bug),
            places: SERVICES.map(|_| place()),
            // Short ones meet what confirms an order; the usual one gives everything time.
            deadline: Duration::from_secs(*rng.choice(&[5, 40, 1_800, 1_800]).unwrap_or(&1_800)),
            emits: (
                *rng.choice(&["order.placed=both", "order.placed=v1"]).unwrap_or(&""),
                *rng.choice(&["order.placed=both", "order.placed=v2"]).unwrap_or(&""),
            ),
        }
    }
}

#[cfg(feature = "planted-bugs")]
fn quirks(bug: Option<Bug>) -> Quirks {
    Quirks::with(bug)
}

#[cfg(not(feature = "planted-bugs"))]
fn quirks(_: Option<Bug>) -> Quirks {
    Quirks::default()
}

impl Scenario for Shop {
    fn wiring(&self) -> Wiring {
        // The same for every world, and each asks for it several times.
        static WIRING: LazyLock<Wiring> = LazyLock::new(wiring::wiring);
        WIRING.clone()
    }

    fn wiring_of(&self, life: &Life) -> Wiring {
        let mut wiring = self.wiring();
        if life.build() == Build::Last {
            wiring.subscribers.retain(|kind, _| kind.as_str() != OrderPlacedV2::TYPE);
        }
        wiring
    }

    /// The last build knows only v1. The next one says both as soon as it is there, or only v1 still; and only v2 once
    /// everybody understands that, or both still.
    fn emission(&self, life: &Life) -> Emission {
        let chosen = match life.build() {
            Build::Last => "order.placed=v1",
            Build::Next => self.emits.0,
            Build::Everywhere => self.emits.1,
        };
        chosen.parse().unwrap_or_default()
    }

    fn services(&self, life: &Life) -> Vec<Service> {
        let options = Options {
            deadline: Some(self.deadline),
            provider_secrets: vec![secret()],
            carrier_secrets: vec![secret()],
            ..Options::default()
        };
        let all = wiring::services(self.peers.reach(life), options);
        let here = 1 << life.process();
        all.into_iter()
            .zip(self.places)
            .filter(|(_, at)| at & here != 0)
            .map(|(service, _)| match life.build() {
                Build::Last => service.before(OrderPlacedV2::TYPE),
                Build::Next | Build::Everywhere => service,
            })
            .collect()
    }

    fn callers(&self, caller: &Caller) -> Vec<Boxed<'static, ()>> {
        self.peers.hire(caller);
        buyers::all(caller, &self.peers, &self.known)
    }

    fn quirks(&self) -> Quirks {
        self.quirks
    }

    fn calm(&self) {
        self.peers.calm();
    }

    fn faults(&self) -> Vec<(&'static str, u64)> {
        self.peers.faults()
    }

    fn ends(&self, settled: &Settled<'_>) -> Vec<(&'static str, u64)> {
        let orders = facts(settled, "orders", "orders");
        let ended = |status: &str| orders.values().filter(|order| order["status"] == status).count() as u64;
        let counted =
            |what: &dyn Fn(&Value) -> bool| orders.values().filter(|order| what(order)).count() as u64;
        let more_than_nothing = |order: &Value, field: &str| order[field].as_i64().is_some_and(|n| n > 0);
        vec![
            ("completed", ended("completed")),
            ("cancelled", ended("cancelled")),
            (
                "cancelled after it was confirmed",
                counted(&|order| order["status"] == "cancelled" && order["was_confirmed"] == true),
            ),
            ("undelivered", counted(&|order| order["cancel_reason"] == "undelivered")),
            ("refunded", counted(&|order| more_than_nothing(order, "refunded_minor"))),
            ("returned", facts(settled, "inventory", "returns").len() as u64),
            (
                "disputed",
                facts(settled, "payment", "payments").values().filter(|p| p["dispute"].is_object()).count()
                    as u64,
            ),
            ("short of stock", counted(&|order| order["cancel_reason"] == "stock_short")),
        ]
    }

    fn check(&self, settled: &Settled<'_>) -> Vec<String> {
        let findings: Vec<(&'static str, Findings)> =
            settled.audits.iter().map(|(service, found)| (*service, found.clone())).collect();
        let report = compare(&findings, self.peers.books(), false);
        let mut wrong = report.violations;
        if report.in_flight > 0 {
            wrong.push(format!("{} orders are not at rest", report.in_flight));
        }
        wrong.extend(
            self.peers.keys_used_twice().into_iter().map(|key| format!("{key}: a peer did two things")),
        );
        wrong.extend(orders(&self.known.facts(), &facts(settled, "orders", "orders")));
        wrong.extend(stock::wrong(&self.known.facts(), settled));
        wrong.extend(parcels::elsewhere(&self.peers, settled));
        wrong
    }
}

/// Every order that somebody was told of is there once, and has ended; and no other is there.
fn orders(known: &Facts, orders: &BTreeMap<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (id, key) in &known.orders {
        let Some(order) = orders.get(id) else {
            wrong.push(format!("order {id} was taken and is not there"));
            continue;
        };
        if order.get("idempotency_key").and_then(Value::as_str) != key.as_deref() {
            wrong.push(format!("order {id} has another Idempotency-Key than {key:?}"));
        }
        let status = order.get("status").and_then(Value::as_str).unwrap_or("unknown");
        if !matches!(status, "completed" | "cancelled") {
            wrong.push(format!("order {id} is still {status}"));
        }
        if known.cancelled.contains(id) && status != "cancelled" {
            wrong.push(format!("order {id} is {status}; its buyer was told that it is cancelled"));
        }
    }
    for (return_id, id) in &known.returns {
        if orders.get(id).is_some_and(|order| order["returns"].get(return_id).is_none()) {
            wrong.push(format!("return {return_id} of order {id} was taken and is not there"));
        }
    }
    let strangers = orders.keys().filter(|id| !known.orders.contains_key(*id));
    wrong.extend(strangers.map(|id| format!("order {id} is there and nobody asked for it")));
    wrong
}

fn facts(settled: &Settled<'_>, service: &str, kind: &str) -> BTreeMap<String, Value> {
    settled.audits.get(service).and_then(|found| found.facts.get(kind)).cloned().unwrap_or_default()
}
