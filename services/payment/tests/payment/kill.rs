//! The simulated provider is killed under load, again and again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::future::join_all;
use payment::gateway::simulated::Http;
use payment::gateway::{Evidence, Gateway, Operation, ProviderKey, Unavailable};

use crate::support::{PATIENT, Peer, authorize, block_on, capture, exported, gateway, refund};

const KILLS: u32 = 10;
const CALLERS: u32 = 32;

/// What the callers know; they share one thread.
#[derive(Default)]
struct Known {
    next: Cell<u32>,
    answered: RefCell<BTreeMap<ProviderKey, Evidence>>,
    unanswered: RefCell<Vec<Operation>>,
}

impl Known {
    fn next(&self) -> Operation {
        let n = self.next.get();
        self.next.set(n + 1);
        authorize(&n.to_string(), "tok_ok")
    }

    fn learn(&self, operation: &Operation, evidence: Evidence) {
        assert!(matches!(evidence, Evidence::Authorized { .. }), "{evidence:?}");
        self.answered.borrow_mut().insert(operation.key().clone(), evidence);
    }
}

/// Authorizes until the provider is gone; the one who gets the `last` answer kills it.
async fn caller(gateway: &Http, known: &Known, peer: &RefCell<Peer>, last: usize) {
    loop {
        let operation = known.next();
        match gateway.execute(&operation).await {
            Ok(Evidence::Unknown { .. }) | Err(Unavailable::Unreachable) => {
                return known.unanswered.borrow_mut().push(operation);
            }
            Ok(evidence) => known.learn(&operation, evidence),
            Err(other) => panic!("{other}"),
        }
        if known.answered.borrow().len() == last {
            peer.borrow_mut().kill();
        }
    }
}

/// What was not answered comes to the same end under the same key, whether it was executed or not.
async fn resolve(gateway: &Http, known: &Known) {
    join_all(known.unanswered.take().into_iter().map(|operation| async move {
        let found = gateway.query(operation.key()).await.unwrap();
        let again = gateway.execute(&operation).await.unwrap();
        assert!(found == again || found == Evidence::NotFound, "{found:?} became {again:?}");
        known.learn(&operation, again);
    }))
    .await;
}

#[test]
fn every_answer_outlives_ten_kills_under_load_and_nothing_is_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("peers/provider.db");
    let known = Known::default();
    let mut cut_off = 0;
    for round in 0..KILLS {
        let peer = RefCell::new(Peer::start(&file));
        let gateway = gateway(peer.borrow().address, PATIENT);
        block_on(async {
            resolve(&gateway, &known).await;
            // Another place in a batch each time.
            let last = known.answered.borrow().len() + 40 + 7 * usize::try_from(round).unwrap();
            join_all((0..CALLERS).map(|_| caller(&gateway, &known, &peer, last))).await;
        });
        cut_off += known.unanswered.borrow().len();
    }
    assert!(cut_off >= KILLS as usize, "the kills met requests in flight: {cut_off}");
    let peer = Peer::start(&file);
    block_on(async {
        let gateway = gateway(peer.address, PATIENT);
        resolve(&gateway, &known).await;
        let answered = known.answered.take();
        for (key, evidence) in &answered {
            assert_eq!(gateway.query(key).await.as_ref(), Ok(evidence), "{key}");
        }
        let (ledger, keys) = exported(peer.address, 1_000).await;
        let mut sorted: Vec<String> = answered.keys().map(ToString::to_string).collect();
        let mut keys = keys;
        keys.sort();
        sorted.sort();
        assert_eq!(keys, sorted, "each operation is there once, and no other");
        assert!(ledger.authorizations().all(|authorization| authorization.held_minor() == 1050));
    });
}

/// Holds, takes and gives back a part, from the first step on each time: what was answered once is answered the same
/// again. Whoever gets the `last` answer kills the provider. Says whether it came to the end.
async fn whole_way(
    gateway: &Http,
    name: &str,
    known: &Known,
    killing: Option<(&RefCell<Peer>, usize)>,
) -> bool {
    let mut held = None;
    for step in 0..3 {
        let operation = match (step, held.clone()) {
            (1, Some(reference)) => capture(name, reference),
            (2, Some(reference)) => refund(name, reference, (1, 50)),
            _ => authorize(name, "tok_ok"),
        };
        let evidence = match gateway.execute(&operation).await {
            Ok(Evidence::Unknown { .. }) | Err(Unavailable::Unreachable) => return false,
            answered => answered.unwrap(),
        };
        if let Evidence::Authorized { reference, .. } = &evidence {
            held = Some(reference.clone());
        }
        let mut answered = known.answered.borrow_mut();
        let first = answered.entry(operation.key().clone()).or_insert_with(|| evidence.clone());
        assert_eq!(*first, evidence, "{}", operation.key());
        if let Some((peer, last)) = killing
            && answered.len() == last
        {
            peer.borrow_mut().kill();
        }
    }
    true
}

#[test]
fn money_is_taken_and_given_back_once_however_often_the_provider_is_killed() {
    const PAYMENTS: usize = 100;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provider.db");
    let known = Known::default();
    let names: Vec<String> = (0..PAYMENTS).map(|n| n.to_string()).collect();
    let mut cut_off = 0;
    for _ in 0..4 {
        let peer = RefCell::new(Peer::start(&file));
        let gateway = gateway(peer.borrow().address, PATIENT);
        let last = known.answered.borrow().len() + 20;
        let ways = names.iter().map(|name| whole_way(&gateway, name, &known, Some((&peer, last))));
        cut_off += block_on(join_all(ways)).iter().filter(|ended| !**ended).count();
    }
    assert!(cut_off >= PAYMENTS / 2, "the kills met requests in flight: {cut_off}");
    let peer = Peer::start(&file);
    let gateway = gateway(peer.address, PATIENT);
    let ends = block_on(join_all(names.iter().map(|name| whole_way(&gateway, name, &known, None))));
    assert!(ends.iter().all(|ended| *ended));
    let (ledger, keys) = block_on(exported(peer.address, 1_000));
    assert_eq!(keys.len(), 3 * PAYMENTS, "each operation is there once, and no other");
    let payments = ledger.payments();
    assert_eq!(payments.len(), PAYMENTS);
    for totals in payments.values() {
        assert_eq!((totals.held_minor, totals.captured_minor, totals.refunded_minor), (0, 1050, 50));
    }
}
