use contracts::{Currency, Money, PaymentId};

use peers::Faults as _;

use super::super::call::Command;
use super::super::ids::Key;
use super::*;

fn call(key: &str, token: &str) -> Call {
    let command = Command::Authorize {
        payment: PaymentId::new("p").unwrap(),
        money: Money::new(100, Currency::GBP),
        token: token.to_owned().try_into().unwrap(),
    };
    Call::Command { key: Key::try_from(key.to_owned()).unwrap(), command }
}

fn stormy() -> Odds {
    let tenth = Chance::percent(10);
    Odds {
        decline: tenth,
        action: tenth,
        action_fails: Chance::percent(50),
        capture_declined: tenth,
        dispute: tenth,
        dispute_lost: Chance::percent(50),
        told_twice: tenth,
        told_late: tenth,
        timeout_before: tenth,
        timeout_after: tenth,
        reset_before: tenth,
        reset_after: tenth,
        error_before: tenth,
        error_after: tenth,
        unreadable: tenth,
        busy: tenth,
        throttled: tenth,
        slow: tenth,
    }
}

const SLOW: Duration = Duration::from_millis(500);

#[test]
fn the_same_seed_key_and_try_have_the_same_luck_in_any_order() {
    let faults = Faults::new(7, stormy(), SLOW).unwrap();
    let keys: Vec<String> = (0..200).map(|n| format!("k{n}")).collect();
    let roll = |key: &String| (faults.verdict(&call(key, "tok_ok")), faults.mishap(&call(key, "tok_ok"), 2));
    let forwards: Vec<_> = keys.iter().map(roll).collect();
    let mut backwards: Vec<_> = keys.iter().rev().map(roll).collect();
    backwards.reverse();
    assert_eq!(forwards, backwards);

    let other = Faults::new(8, stormy(), SLOW).unwrap();
    assert!(
        keys.iter()
            .any(|key| other.mishap(&call(key, "tok_ok"), 2) != faults.mishap(&call(key, "tok_ok"), 2))
    );
}

#[test]
fn every_mishap_and_every_verdict_comes_up() {
    let faults = Faults::new(1, stormy(), SLOW).unwrap();
    let mut seen = std::collections::BTreeMap::<Mishap, u32>::new();
    let (mut approved, mut soft, mut hard, mut passing, mut failing) = (0, 0, 0, 0, 0);
    for n in 0..2_000 {
        let call = call(&format!("k{n}"), "tok_ok");
        let (mishap, delay) = faults.mishap(&call, 1);
        assert!(delay <= SLOW && (delay.is_zero() || mishap == Some(Mishap::Slow)));
        *seen.entry(mishap.unwrap()).or_default() += 1;
        match faults.verdict(&call) {
            Verdict::Approve => approved += 1,
            Verdict::Decline { firmness: Firmness::Soft, .. } => soft += 1,
            Verdict::Decline { firmness: Firmness::Hard, .. } => hard += 1,
            Verdict::Challenge { passes: true } => passing += 1,
            Verdict::Challenge { passes: false } => failing += 1,
            Verdict::Contest(plan) => panic!("{plan:?} comes with a capture"),
        }
    }
    assert_eq!(seen.len(), Mishap::ALL.len());
    assert!(seen.values().all(|times| (100..300).contains(times)), "about one in ten each: {seen:?}");
    assert!((1_500..1_700).contains(&approved), "{approved}");
    for (what, times) in [("soft", soft), ("hard", hard), ("passing", passing), ("failing", failing)] {
        assert!((50..150).contains(&times), "{what}: {times}");
    }
}

#[test]
fn some_captures_are_declined_and_some_are_contested_within_the_pace() {
    let pace = Pace {
        dispute_opens: Duration::from_secs(100),
        dispute_decided: Duration::from_secs(10),
        told_late: Duration::from_secs(1),
    };
    let faults = Faults::new(1, stormy(), SLOW).unwrap().paced(pace);
    let (mut approved, mut declined, mut won, mut lost) = (0, 0, 0, 0);
    for n in 0..2_000 {
        let key = Key::try_from(format!("k{n}")).unwrap();
        let authorization = super::super::ids::AuthorizationId::opened_by(&key);
        let command = Command::Capture { authorization, amount_minor: 1, is_final: true };
        match faults.verdict(&Call::Command { key, command }) {
            Verdict::Approve => approved += 1,
            Verdict::Decline { .. } => declined += 1,
            Verdict::Contest(Plan { opens_after, decided_after, outcome }) => {
                assert!((50..=100).contains(&opens_after.as_secs()), "{opens_after:?}");
                assert!((5..=10).contains(&decided_after.as_secs()), "{decided_after:?}");
                *(if outcome == DisputeOutcome::Won { &mut won } else { &mut lost }) += 1;
            }
            other @ Verdict::Challenge { .. } => panic!("{other:?}"),
        }
    }
    assert!((1_500..1_700).contains(&approved) && (150..250).contains(&declined), "{approved} {declined}");
    assert!((50..150).contains(&won) && (50..150).contains(&lost), "{won} {lost}");
}

#[test]
fn a_token_that_breaks_the_first_try_leaves_the_second_alone() {
    let calm = Faults::new(1, Odds::default(), SLOW).unwrap();
    let call = call("k", "tok_timeout_after");
    assert_eq!(calm.mishap(&call, 1), (Some(Mishap::TimeoutAfter), Duration::ZERO));
    assert_eq!(calm.mishap(&call, 2), (None, Duration::ZERO));
}

#[test]
fn odds_above_certainty_are_refused() {
    for odds in [
        Odds { decline: Chance::percent(60), action: Chance::percent(41), ..Odds::default() },
        Odds { slow: Chance::percent(60), busy: Chance::percent(41), ..Odds::default() },
        Odds { action_fails: Chance(1_000_001), ..Odds::default() },
        Odds { capture_declined: Chance::percent(60), dispute: Chance::percent(41), ..Odds::default() },
        Odds { dispute_lost: Chance(1_000_001), ..Odds::default() },
        Odds { told_twice: Chance(1_000_001), ..Odds::default() },
    ] {
        assert!(Faults::new(1, odds, SLOW).is_err());
    }
}
