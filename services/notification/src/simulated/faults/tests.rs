use peers::Faults as _;

use super::super::ids::Key;
use super::*;
use crate::domain::Address;
use crate::simulated::Letter;

fn send(key: &str, to: &str) -> Call {
    let to = Address::new(to).unwrap();
    let letter = Letter { to, subject: "s".into(), text: String::new(), html: String::new() };
    Call::Send { key: Key::try_from(key.to_owned()).unwrap(), letter }
}

fn faults(seed: u64, odds: Odds) -> Faults {
    Faults::new(seed, odds, Duration::from_secs(1)).unwrap()
}

#[test]
fn odds_beyond_certainty_are_refused() {
    let half = Chance::percent(51);
    for odds in [
        Odds { bounce: half, refuse: half, ..Odds::default() },
        Odds { slow: half, busy: half, ..Odds::default() },
    ] {
        assert!(Faults::new(1, odds, Duration::ZERO).is_err());
    }
}

#[test]
fn the_same_seed_meets_the_same_faults_and_another_meets_others() {
    let odds = Odds { reset_after: Chance::percent(30), slow: Chance::percent(30), ..Odds::default() };
    let rolls = |seed| {
        let faults = faults(seed, odds.clone());
        (0..50).map(|n| faults.mishap(&send(&n.to_string(), "ada@example.org"), 1)).collect::<Vec<_>>()
    };
    assert_eq!(rolls(1), rolls(1));
    assert_ne!(rolls(1), rolls(2));
    assert!(rolls(1).iter().any(|(mishap, _)| mishap.is_none()));
}

#[test]
fn an_address_bounces_always_or_never() {
    let faults = faults(3, Odds { bounce: Chance::percent(50), ..Odds::default() });
    let of = |key: &str, n: u32| faults.verdict(&send(key, &format!("c{n}@example.org")));
    let bounced = (0..100).filter(|&n| of("a", n) == Verdict::Bounce).count();
    assert!((20..80).contains(&bounced), "{bounced}");
    assert!((0..100).all(|n| of("a", n) == of("b", n)));
}

#[test]
fn an_address_can_ask_for_its_fault_once() {
    let calm = faults(1, Odds::default());
    for mishap in Mishap::ALL {
        let call = send("a", &format!("sim-{}@example.org", mishap.as_str()));
        assert_eq!(calm.mishap(&call, 1).0, Some(*mishap));
        assert_eq!(calm.mishap(&call, 2).0, None);
        assert_eq!(calm.verdict(&call), Verdict::Accept);
    }
    let deferred = send("a", "sim-deferred@example.org");
    assert!(calm.defers(&deferred, 1) && !calm.defers(&deferred, 2));
    assert_eq!(calm.verdict(&send("a", "sim-bounce@example.org")), Verdict::Bounce);
    assert_eq!(calm.verdict(&send("a", "sim-refuse@example.org")), Verdict::Refuse);
}
