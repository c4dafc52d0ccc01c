use std::time::Duration;

use contracts::order::ShipTo;
use peers::Outbox as _;
use proptest::prelude::*;

use super::*;
use crate::simulated::faults::{Chance, Odds, Pace};

const HOUR: Duration = Duration::from_secs(3_600);

fn faults(odds: Odds) -> Faults {
    Faults::new(1, odds, Pace { step: HOUR, late_up_to: HOUR * 3, slow_up_to: HOUR }).unwrap()
}

fn key(n: u8) -> Key {
    Key::try_from(format!("k{n}")).unwrap()
}

/// The number that key `n` books.
fn number(n: u8) -> Number {
    Number::booked_by(&key(n))
}

fn book(n: u8, parcel: &str) -> Call {
    let ship_to = ShipTo::default();
    let book = Book { parcel: parcel.to_owned(), direction: Direction::Outbound, ship_to, pieces: 1 };
    Call::Command { key: key(n), command: Command::Book(Box::new(book)) }
}

/// Does what `call` asks for, and answers how many entries that made.
fn execute(ledger: &mut Ledger, journal: &mut Vec<Entry>, call: &Call, faults: &Faults) -> Response {
    match ledger.decide(Timestamp::EPOCH, call, faults) {
        Decision::Standing(response) => response,
        Decision::Record(entry) => {
            ledger.apply(&entry).unwrap();
            journal.push(*entry.clone());
            ledger.answer(&entry.key)
        }
    }
}

fn hand_over(n: u8, of: u8) -> Call {
    Call::Command { key: key(n), command: Command::HandOver { number: number(of) } }
}

#[test]
fn scans_are_told_late_twice_out_of_order_or_never() {
    let odds = Odds { untold: Chance::percent(20), told_twice: Chance::percent(30), ..Odds::default() };
    let (mut ledger, mut journal) = (Ledger::default(), Vec::new());
    for n in 0..100 {
        execute(&mut ledger, &mut journal, &book(n, &format!("p{n}")), &faults(odds.clone()));
        execute(&mut ledger, &mut journal, &hand_over(n + 100, n), &faults(odds.clone()));
    }
    let (mut told, mut agenda) = (BTreeMap::<String, Vec<Scan>>::new(), Agenda::default());
    journal.iter().for_each(|entry| agenda.note(&ledger, entry, &faults(odds.clone())));
    while let Some((_, scan)) = agenda.take(&ledger, Timestamp::MAX) {
        told.entry(scan.parcel).or_default().push(scan.scan);
    }
    assert_eq!(agenda, Agenda::default());
    let is_out_of_order = |scans: &&Vec<Scan>| scans.windows(2).any(|pair| pair[0].at > pair[1].at);
    let is_twice = |scans: &&Vec<Scan>| (1..scans.len()).any(|n| scans[..n].contains(&scans[n]));
    assert!(told.values().filter(is_out_of_order).count() > 10);
    assert!(told.values().filter(is_twice).count() > 10);
    let distinct: usize = told
        .values()
        .map(|scans| (0..scans.len()).filter(|n| !scans[..*n].contains(&scans[*n])).count())
        .sum();
    assert!(distinct < 400 && distinct > 250, "{distinct} of 400 scans are told");
}

#[test]
fn what_becomes_of_parcels_is_what_the_odds_say() {
    let odds = Odds {
        refuse: Chance::percent(10),
        lose: Chance::percent(10),
        give_back: Chance::percent(10),
        miss: Chance::percent(10),
        damage: Chance::percent(10),
        ..Odds::default()
    };
    let (mut ledger, mut journal) = (Ledger::default(), Vec::new());
    for n in 0..120 {
        execute(&mut ledger, &mut journal, &book(n, "p"), &faults(odds.clone()));
        execute(&mut ledger, &mut journal, &hand_over(n + 120, n), &faults(odds.clone()));
    }
    let refused = journal.iter().filter(|entry| entry.effect == Effect::Refused).count();
    let ends = |code: &str| {
        let last = |parcel: &&Parcel| parcel.legs.last().is_some_and(|leg| leg.scan.code == code);
        ledger.parcels().filter(last).count()
    };
    let counts = [refused, ends("lost"), ends("brought_back")];
    assert!(counts.iter().all(|count| (3..30).contains(count)), "{counts:?}");
    assert!(ends("delivered") > 60);
}

#[test]
fn odds_above_certainty_are_refused() {
    let pace = Pace { step: HOUR, late_up_to: HOUR, slow_up_to: HOUR };
    let half = Chance::percent(60);
    for odds in [
        Odds { lose: half, miss: half, ..Odds::default() },
        Odds { busy: half, slow: half, ..Odds::default() },
    ] {
        assert!(Faults::new(1, odds, pace).is_err());
    }
}

/// A request among few keys and few parcels, so that they meet.
#[derive(Debug, Clone)]
enum Ask {
    Book(u8),
    HandOver(u8, u8),
    Void(u8, u8),
    Cancel(u8, u8),
    Query(u8),
}

fn ask() -> impl Strategy<Value = Ask> {
    let n = || 0u8..8;
    prop_oneof![
        3 => n().prop_map(Ask::Book),
        3 => (n(), n()).prop_map(|(key, of)| Ask::HandOver(key, of)),
        2 => (n(), n()).prop_map(|(key, of)| Ask::Void(key, of)),
        1 => (n(), n()).prop_map(|(key, of)| Ask::Cancel(key, of)),
        1 => n().prop_map(Ask::Query),
    ]
}

fn call(ask: &Ask) -> Call {
    match ask {
        Ask::Book(n) => book(*n, &format!("p{}", n % 3)),
        Ask::HandOver(n, of) => hand_over(*n, *of),
        Ask::Void(n, of) => Call::Command { key: key(*n), command: Command::Void { number: number(*of) } },
        Ask::Cancel(n, of) => {
            Call::Command { key: key(*n), command: Command::Cancel { operation: key(*of) } }
        }
        Ask::Query(n) => Call::Query { key: key(*n) },
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_each_key_has_one_effect_and_nothing_void_is_handed_over(
        asks in proptest::collection::vec(ask(), 0..60)
    ) {
        let (mut ledger, mut journal) = (Ledger::default(), Vec::new());
        let mut handed_over = BTreeSet::new();
        for ask in &asks {
            let before = journal.len();
            let faults = faults(Odds { refuse: Chance::percent(10), ..Odds::default() });
            let first = execute(&mut ledger, &mut journal, &call(ask), &faults);
            if journal.len() > before {
                let again = execute(&mut ledger, &mut journal, &call(ask), &faults);
                prop_assert_eq!((first, before + 1), (again, journal.len()), "a replay is the same bytes");
            }
            for parcel in ledger.parcels() {
                match parcel.stands {
                    Stands::HandedOver { .. } => drop(handed_over.insert(parcel.number.clone())),
                    Stands::Voided => prop_assert!(!handed_over.contains(&parcel.number)),
                    Stands::Booked => {}
                }
            }
        }
        let mut keys: Vec<&Key> = journal.iter().map(|entry| &entry.key).collect();
        keys.sort();
        keys.dedup();
        prop_assert_eq!(keys.len(), journal.len());
        let mut replayed = Ledger::default();
        for entry in &journal {
            let text = serde_json::to_string(entry).unwrap();
            replayed.apply(&serde_json::from_str(&text).unwrap()).unwrap();
        }
        prop_assert_eq!(&replayed, &ledger, "the journal is all there is");
        if let Some(first) = journal.first() {
            prop_assert!(replayed.apply(first).is_err(), "an entry does not come twice");
        }
    }
}
