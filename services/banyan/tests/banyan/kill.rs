//! `banyan dev` is killed under load, again and again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::Value;

use crate::shop::{Answer, Dev, Shop, block_on, folder, order};

const KILLS: u32 = 20;
const CALLERS: u32 = 8;
/// Pieces of the SKU that runs out: some orders must end cancelled.
const SCARCE: i64 = 40;

/// What the callers know; they share one thread.
#[derive(Default)]
struct Known {
    next: Cell<u32>,
    answered: RefCell<BTreeMap<String, String>>,
    unanswered: RefCell<Vec<(String, Value)>>,
}

impl Known {
    fn next(&self) -> (String, Value) {
        let n = self.next.get();
        self.next.set(n + 1);
        let sku = if n.is_multiple_of(3) { "SCARCE" } else { "PLENTY" };
        let mut order = order(&format!("c-{}", n % 7), sku, 1 + n % 3);
        if n.is_multiple_of(11) {
            order["payment_method"]["token"] = "tok_declined".into();
        }
        (format!("key-{n}"), order)
    }

    fn learn(&self, key: String, answer: &Answer) {
        assert_eq!(answer.status, 201, "{answer:?}");
        self.answered.borrow_mut().insert(key, answer.order_id());
    }

    fn count(&self) -> usize {
        self.answered.borrow().len()
    }
}

/// Places orders until nobody answers any more. Who gets the last answer kills; sometimes the provider dies before.
async fn caller(shop: &Shop, known: &Known, dev: &RefCell<Dev>, last: usize, provider_dies_at: usize) {
    loop {
        let (key, order) = known.next();
        match shop.place(&key, &order).await {
            Some(answer) => known.learn(key, &answer),
            None => return known.unanswered.borrow_mut().push((key, order)),
        }
        if known.count() == provider_dies_at {
            dev.borrow().kill_provider();
        }
        if known.count() == last {
            dev.borrow_mut().kill();
        }
    }
}

/// Whoever got no answer asks again with the same key.
async fn ask_again(shop: &Shop, known: &Known) {
    join_all(known.unanswered.take().into_iter().map(|(key, order)| async move {
        let answer = shop.place(&key, &order).await.unwrap();
        known.learn(key, &answer);
    }))
    .await;
}

#[test]
fn twenty_kills_under_load_lose_nothing_and_do_nothing_twice() {
    let folder = folder();
    let data = folder.path().join("data");
    let known = Known::default();
    let (mut in_flight, mut slowest_ms) = (0, 0);
    for round in 0..KILLS {
        let begun = runtime::real::now();
        let dev = RefCell::new(Dev::start(&data));
        slowest_ms = slowest_ms.max(runtime::real::now().since(begun).as_millis());
        let shop = dev.borrow().shop();
        block_on(async {
            if round == 0 {
                shop.receive("PLENTY", 100_000).await;
                shop.receive("SCARCE", SCARCE).await;
            }
            ask_again(&shop, &known).await;
            // Another place in the life of the orders each time.
            let last = known.count() + 6 + usize::try_from(round * 7 % 23).unwrap();
            let provider_dies_at = if round % 5 == 2 { known.count() + 3 } else { 0 };
            join_all((0..CALLERS).map(|_| caller(&shop, &known, &dev, last, provider_dies_at))).await;
        });
        in_flight += u32::from(!known.unanswered.borrow().is_empty());
    }
    assert!(in_flight * 10 >= KILLS * 9, "only {in_flight} of {KILLS} kills met work in flight");
    let dev = Dev::start(&data);
    block_on(nothing_is_lost(&dev.shop(), &known));
    eprintln!(
        "{} orders, {in_flight} of {KILLS} kills in flight, slowest start {slowest_ms} ms",
        known.count()
    );
}

async fn nothing_is_lost(shop: &Shop, known: &Known) {
    ask_again(shop, known).await;
    shop.is_sound().await;
    let orders = shop.orders(None).await;
    let mut found: Vec<&str> = orders.iter().map(|order| order["order_id"].as_str().unwrap()).collect();
    let answered = known.answered.borrow().clone();
    let mut expected: Vec<&str> = answered.values().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "each order that was answered is there once, and no other");
    assert_eq!(shop.audit().await["orders"], orders.len());
    for status in ["completed", "cancelled"] {
        assert!(orders.iter().any(|order| order["status"] == status), "none ended {status}");
    }
}
