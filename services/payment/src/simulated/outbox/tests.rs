use contracts::Timestamp;

use super::*;
use crate::simulated::faults::{Chance, Odds};
use crate::simulated::ledger::AUTHORIZATION_LIFETIME;
use crate::simulated::wire::Request;
use crate::simulated::{Provider, Webhook};

const NOW: Timestamp = Timestamp::EPOCH;

fn provider(odds: Odds) -> Provider {
    Provider::new(Faults::new(1, odds, Duration::ZERO).unwrap())
}

fn authorize(provider: &mut Provider, key: &str) {
    let request = Request {
        method: "POST".to_owned(),
        path: "/v1/authorizations".to_owned(),
        key: Some(key.to_owned()),
        body: r#"{"payment":"p","amount_minor":100,"currency":"GBP","token":"tok_ok"}"#.to_owned(),
    };
    provider.call(NOW, &serde_json::to_vec(&request).unwrap());
}

/// Everything that is told until the hold runs out: when, and of which entry.
fn told(provider: &mut Provider, hears: bool) -> Vec<(Duration, u64)> {
    let mut told = Vec::new();
    while let Some(due) = provider.next_due().filter(|due| *due < NOW.plus(AUTHORIZATION_LIFETIME)) {
        while let Some(Webhook { seq, .. }) = provider.next_webhook(due) {
            told.push((due.since(NOW), seq));
            if hears {
                provider.heard(seq);
            }
        }
    }
    told
}

#[test]
fn what_nobody_hears_is_told_again_after_growing_pauses_for_three_days() {
    let mut provider = provider(Odds::default());
    authorize(&mut provider, "k");
    let times: Vec<u64> = told(&mut provider, false).iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(times[..5], [0, 10, 30, 70, 150]);
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.is_sorted() && pauses.last() == Some(&LONGEST_PAUSE.as_secs()), "{pauses:?}");
    let last = *times.last().unwrap();
    let three_days = TOLD_FOR.as_secs();
    assert!((three_days - LONGEST_PAUSE.as_secs()..three_days).contains(&last), "{last}");
    assert!((20..40).contains(&times.len()), "{}", times.len());
}

#[test]
fn what_was_heard_is_told_no_more_unless_the_dice_say_twice() {
    for (chance, times) in [(Chance(0), 1), (Chance::percent(100), 2)] {
        let mut provider = provider(Odds { told_twice: chance, ..Odds::default() });
        authorize(&mut provider, "k");
        let told = told(&mut provider, true);
        assert_eq!(told.len(), times, "{told:?}");
        assert!(told.iter().all(|(at, _)| *at <= Duration::from_secs(10)), "{told:?}");
    }
}

#[test]
fn what_is_late_comes_after_what_happened_later() {
    let mut provider = provider(Odds { told_late: Chance::percent(50), ..Odds::default() });
    for n in 0..100 {
        authorize(&mut provider, &format!("k{n}"));
    }
    let told = told(&mut provider, true);
    assert_eq!(told.len(), 100);
    assert!(!told.iter().map(|(_, seq)| seq).is_sorted());
    let late = told.iter().filter(|(at, _)| !at.is_zero()).count();
    assert!((30..70).contains(&late), "{late}");
    assert!(told.iter().all(|(at, _)| *at <= Duration::from_secs(5)), "{told:?}");
}

#[test]
fn the_same_event_has_the_same_name_and_body_when_it_is_told_again() {
    let mut provider = provider(Odds::default());
    authorize(&mut provider, "k");
    let first = provider.next_webhook(NOW).unwrap();
    assert_eq!(provider.next_webhook(NOW), None, "not before the pause is over");
    let again = provider.next_webhook(NOW.plus(FIRST_PAUSE)).unwrap();
    assert_eq!(again, first);
    let told: Told = serde_json::from_slice(&first.body).unwrap();
    assert!(told.simulated);
    let [Event { effect, .. }] = told.events.as_slice() else { panic!("{told:?}") };
    assert_eq!(effect, "authorized");
}
