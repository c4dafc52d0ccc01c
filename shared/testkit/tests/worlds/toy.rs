//! A toy shop of three services with everything a real one has: a document per sale with a deadline, stock in
//! counters, a bank outside, a cancel that may come first.

mod bank;
mod shelf;
mod till;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Wiring;
use contracts::{EventData, EventType};
use runtime::{Quirks, Service};
use serde::{Deserialize, Serialize};
use store::Boxed;
use testkit::{Ask, Caller, Life, Plan, Scenario, Settled};

use bank::Bank;

macro_rules! event {
    ($name:ident, $text:literal { $($field:ident: $kind:ty),* }) => {
        #[derive(Debug, Clone, Serialize, Deserialize)]
        pub(crate) struct $name { $(pub(crate) $field: $kind),* }

        impl EventData for $name {
            const NAME: &'static str = $text;
            const TYPE: &'static str = concat!("shop.banyan.", $text, ".v1");
            const SCHEMA: &'static str = concat!("https://banyan.example/contracts/", $text, "/1.0.0.json");
        }
    };
}

event!(Sold, "toy.sold" { sale: String, toy: String, quantity: i64, wrapping: String });
event!(Taken, "toy.taken" { sale: String });
event!(Missing, "toy.missing" { sale: String });
event!(Paid, "toy.paid" { sale: String });
event!(Dropped, "toy.dropped" { sale: String });

/// So much of it that a narrow bus does not take it.
pub(crate) fn wrapping() -> String {
    "paper ".repeat(200)
}

/// Pieces of each toy on the shelf in the beginning.
pub(crate) const PIECES: i64 = 10;
const TOYS: [&str; 2] = ["bear", "kite"];
const SALES: u64 = 6;

struct Shop {
    bank: Arc<Bank>,
    quirks: Quirks,
    fused: bool,
}

/// The shop of one seed.
pub(crate) fn shop(plan: &Plan, bug: Option<runtime::Bug>) -> Arc<dyn Scenario> {
    let bank = Bank::new(plan.seed);
    Arc::new(Shop { bank, quirks: Quirks::with(bug), fused: plan.fused })
}

/// Who subscribes to what; `besides` hears of what is sold.
pub(crate) fn wiring(besides: &str) -> Wiring {
    let mut wiring = Wiring::default();
    for queue in ["till", "shelf", "bank"] {
        wiring.queues.insert(queue.to_owned());
    }
    let mut to = |kind: EventType, queues: &[&str]| {
        wiring.subscribers.insert(kind, queues.iter().map(|q| (*q).to_owned()).collect());
    };
    match besides {
        "nobody" => to(EventType::of::<Sold>(), &["shelf"]),
        besides => to(EventType::of::<Sold>(), &["shelf", besides]),
    }
    to(EventType::of::<Taken>(), &["till", "bank"]);
    to(EventType::of::<Missing>(), &["till"]);
    to(EventType::of::<Paid>(), &["till"]);
    to(EventType::of::<Dropped>(), &["shelf", "bank"]);
    wiring.queues.extend((besides != "nobody").then(|| besides.to_owned()));
    wiring
}

impl Scenario for Shop {
    fn wiring(&self) -> Wiring {
        wiring("nobody")
    }

    fn services(&self, life: &Life) -> Vec<Service> {
        let all: [fn(&Shop, &Life) -> Service; 3] = [
            |_, _| till::service(),
            |_, _| shelf::service(),
            |shop, life| bank::service(shop.bank.clone(), life.clone()),
        ];
        // Every service runs in two of three processes, or in all there are.
        let here = |n: usize| self.fused || life.process() < 2 || n != life.process() % 3;
        (0..3).filter(|n| here(*n)).map(|n| all[n](self, life)).collect()
    }

    fn callers(&self, caller: &Caller) -> Vec<Boxed<'static, ()>> {
        (0..SALES).map(|n| Box::pin(customer(caller.clone(), n)) as Boxed<'static, ()>).collect()
    }

    fn quirks(&self) -> Quirks {
        self.quirks
    }

    fn calm(&self) {
        self.bank.calm();
    }

    fn faults(&self) -> Vec<(&'static str, u64)> {
        self.bank.faults()
    }

    fn check(&self, settled: &Settled<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        let sales = till::ends(settled);
        let mut left: BTreeMap<&str, i64> = TOYS.iter().map(|toy| (*toy, PIECES)).collect();
        for (id, sale) in &sales {
            let charged = self.bank.balance(id);
            match sale.state {
                till::State::Paid => {
                    *left.get_mut(sale.toy.as_str()).unwrap() -= sale.quantity;
                    if charged != 1 {
                        wrong.push(format!("{id} is paid, the bank has {charged}"));
                    }
                }
                till::State::Dropped if charged != 0 => {
                    wrong.push(format!("{id} is dropped, the bank has {charged}"));
                }
                till::State::Dropped => {}
                till::State::Open | till::State::Taken => wrong.push(format!("{id} is {:?}", sale.state)),
            }
        }
        if sales.len() as u64 != SALES {
            wrong.push(format!("{} sales of {SALES}", sales.len()));
        }
        for (toy, left) in left {
            let has = shelf::level(settled, toy);
            if has != left {
                wrong.push(format!("{has} of {toy} on the shelf, not {left}"));
            }
        }
        wrong
    }
}

async fn customer(caller: Caller, n: u64) {
    caller.linger(Duration::from_secs(60)).await;
    let toy = TOYS[usize::try_from(n).unwrap() % TOYS.len()];
    let sold = serde_json::json!({ "toy": toy, "quantity": 3 + caller.below(4) });
    let ask = |path: String, body: &serde_json::Value| Ask {
        service: "till",
        method: "POST",
        path,
        key: Some(format!("key-{n}")),
        body: body.to_string().into(),
        ..Ask::default()
    };
    let Some(reply) = caller.insist(&ask("/sales".to_owned(), &sold)).await else { return };
    assert_eq!(reply.status, 201, "{reply:?}");
    let sale: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    if caller.below(3) == 0 {
        caller.linger(Duration::from_secs(60)).await;
        let path = format!("/sales/{}/drop", sale["sale"].as_str().unwrap());
        caller.insist(&ask(path, &serde_json::json!({}))).await;
    }
}
