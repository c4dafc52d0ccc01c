//! The bank: a service that keeps one document per sale, and a peer outside that keeps its own ledger.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::{Event, Timestamp};
use runtime::{Collection, Fail, Handler, Job, Outside, Service, Unavailable, Uow};
use serde::{Deserialize, Serialize};
use testkit::Life;

use super::{Dropped, Paid, Taken};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bill {
    is_dropped: bool,
    is_paid: bool,
    is_returned: bool,
}

const BILLS: Collection<Bill> = Collection::new("bank.bill");

/// Wanted from the peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Move {
    sale: String,
    /// Made once, when the move is wanted: every repetition carries it.
    key: String,
    back: bool,
}

impl Job for Move {
    const NAME: &'static str = "move";

    fn lane(&self) -> &str {
        &self.sale
    }
}

pub(crate) fn service(bank: Arc<Bank>, life: Life) -> Service {
    Service::new("bank").on(OnTaken).on(OnDropped).outside(Peer { bank, life })
}

struct OnTaken;

impl Handler for OnTaken {
    type Event = Taken;

    async fn handle(&self, event: &Event<Taken>, uow: &mut Uow) -> Result<(), Fail> {
        let sale = event.data.sale.clone();
        uow.about(&sale);
        if uow.load(&BILLS, &sale).await?.is_some() {
            return Ok(());
        }
        let bill = Bill { is_dropped: false, is_paid: false, is_returned: false };
        let bill = uow.fresh(sale.clone(), bill);
        uow.put(&BILLS, bill)?;
        uow.enqueue(&Move { key: format!("{sale}/pay"), sale, back: false })
    }
}

struct OnDropped;

impl Handler for OnDropped {
    type Event = Dropped;

    async fn handle(&self, event: &Event<Dropped>, uow: &mut Uow) -> Result<(), Fail> {
        let sale = event.data.sale.clone();
        uow.about(&sale);
        let Some(mut bill) = uow.load(&BILLS, &sale).await? else {
            let tombstone = Bill { is_dropped: true, is_paid: false, is_returned: false };
            let tombstone = uow.fresh(sale, tombstone);
            return uow.put(&BILLS, tombstone);
        };
        bill.is_dropped = true;
        if bill.is_paid {
            uow.enqueue(&Move { key: format!("{sale}/back"), sale, back: true })?;
        }
        uow.put(&BILLS, bill)
    }
}

struct Peer {
    bank: Arc<Bank>,
    life: Life,
}

#[derive(Debug, Clone)]
enum Said {
    Done,
    Silence,
}

impl Outside for Peer {
    type Intent = Move;
    type Evidence = Said;

    async fn call(&self, intent: &Move, _now: Timestamp) -> Result<Said, Unavailable> {
        self.life.pass().await;
        let answer = self.bank.call(intent);
        self.life.wait(Duration::from_millis(30)).await;
        answer
    }

    async fn record(&self, intent: &Move, said: Said, uow: &mut Uow) -> Result<(), Fail> {
        let Move { sale, back, .. } = intent;
        uow.about(sale);
        if matches!(said, Said::Silence) {
            let again = uow.now().plus(Duration::from_secs(20));
            return uow.schedule(again, intent);
        }
        let Some(mut bill) = uow.load(&BILLS, sale).await? else {
            return Err(Fail::permanent("a move without a bill"));
        };
        if *back {
            bill.is_returned = true;
            return uow.put(&BILLS, bill);
        }
        bill.is_paid = true;
        if bill.is_dropped {
            uow.enqueue(&Move { key: format!("{sale}/back"), sale: sale.clone(), back: true })?;
        } else {
            uow.emit(&mut bill, &Paid { sale: sale.clone() })?;
        }
        uow.put(&BILLS, bill)
    }
}

/// The peer outside, which does each key once.
pub(crate) struct Bank(Mutex<Ledger>);

struct Ledger {
    rng: fastrand::Rng,
    moves: BTreeMap<String, bool>,
    balances: BTreeMap<String, i64>,
    unavailable: u64,
    silent: u64,
    is_calm: bool,
}

impl Bank {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Ledger {
            rng: fastrand::Rng::with_seed(seed ^ 0xba4c),
            moves: BTreeMap::new(),
            balances: BTreeMap::new(),
            unavailable: 0,
            silent: 0,
            is_calm: false,
        })))
    }

    pub(crate) fn calm(&self) {
        self.0.lock().unwrap().is_calm = true;
    }

    pub(crate) fn faults(&self) -> Vec<(&'static str, u64)> {
        let ledger = self.0.lock().unwrap();
        vec![("bank.unavailable", ledger.unavailable), ("bank.silent", ledger.silent)]
    }

    /// 1 once it is paid, 0 before and after it was given back.
    pub(crate) fn balance(&self, sale: &str) -> i64 {
        self.0.lock().unwrap().balances.get(sale).copied().unwrap_or(0)
    }

    fn call(&self, wanted: &Move) -> Result<Said, Unavailable> {
        let ledger = &mut *self.0.lock().unwrap();
        let luck = if ledger.is_calm { 9 } else { ledger.rng.u8(0..10) };
        if luck == 0 {
            ledger.unavailable += 1;
            return Err(Unavailable { peer: "bank", why: "closed".to_owned(), retry_after: None });
        }
        if luck != 1 && ledger.moves.insert(wanted.key.clone(), true).is_none() {
            *ledger.balances.entry(wanted.sale.clone()).or_default() += if wanted.back { -1 } else { 1 };
        }
        if luck <= 2 {
            ledger.silent += 1;
            return Ok(Said::Silence);
        }
        Ok(Said::Done)
    }
}
