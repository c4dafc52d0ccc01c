use std::time::Duration;

use contracts::Timestamp;

use crate::client::Heard;
use crate::toy::{Dice, Memory, Odds, Problem, Remember, Since, Slug, key};
use crate::wire::{Request, Response};
use crate::{Call, Chance, Faults, InProcess, Mishap, Overfull, Webhook};

#[test]
fn every_refusal_can_be_read_back_with_what_it_carries_and_nobody_elses() {
    for slug in Slug::ALL {
        let problem = Problem::new(*slug, "why").with(Since { since: Some(7) });
        let response = Response::from(problem.clone());
        assert_eq!(response.status, slug.status());
        assert_eq!(Problem::decode(&response.body), Some(problem));
    }
    let others =
        Response::from(Problem::new(Slug::TooLate, "")).body.replace("simulated-toy", "simulated-other");
    for body in [r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#, "<html>", &others] {
        assert_eq!(Problem::decode(body), None, "{body}");
    }
}

#[test]
fn bad_requests_are_refused_with_their_kind() {
    let post =
        |key: Option<&str>| Request { key: key.map(str::to_owned), ..Request::get("/keys".to_owned()) };
    let post = |key| Request { method: "POST".to_owned(), ..post(key) };
    for (request, slug) in [
        (post(None), Slug::KeyRequired),
        (post(Some("a b")), Slug::KeyRequired),
        (Request { body: "x".repeat(11), ..post(Some("a")) }, Slug::BodyTooLarge),
        (Request::get("/keys/%zz".to_owned()), Slug::RouteNotFound),
        (Request::get("/keys/a%20b".to_owned()), Slug::InvalidRequest),
    ] {
        assert_eq!(Remember::parse(&request).map_err(|problem| problem.slug), Err(slug), "{request:?}");
    }
    assert_eq!(Remember::parse(&Request::get("/keys/a%2Fb".to_owned())), Ok(Remember::Ask(key("a/b"))));
}

#[test]
fn odds_beyond_certainty_are_refused() {
    let half = Chance::percent(51);
    let odds = Odds { slow: half, busy: half, ..Odds::default() };
    assert!(Overfull::check(&[("mishaps", &odds.mishaps()), ("others", &[half])]).is_err());
    assert!(Overfull::check(&[("mishaps", &[half]), ("others", &[odds.forget, half])]).is_ok());
}

#[test]
fn a_mishap_comes_as_often_as_its_odds_say_and_the_same_for_the_same_try() {
    for mishap in Mishap::ALL.iter().copied() {
        assert_eq!(Mishap::named(&mishap.as_str().replace('_', "-")), Some(mishap));
    }
    let dice = Dice(Odds { reset_after: Chance::percent(30), slow: Chance::percent(30), ..Odds::default() });
    let rolls =
        |nth| (0..200).map(|n| dice.mishap(&Remember::Ask(key(&n.to_string())), nth)).collect::<Vec<_>>();
    assert_eq!(rolls(1), rolls(1));
    assert_ne!(rolls(1), rolls(2));
    let count = |wanted| rolls(1).iter().filter(|(mishap, _)| *mishap == wanted).count();
    assert!((40..80).contains(&count(Some(Mishap::Slow))) && count(Some(Mishap::Busy)) == 0);
    assert!(rolls(1).iter().all(|(mishap, late)| late.is_zero() || *mishap == Some(Mishap::Slow)));
}

#[test]
fn in_process_each_mishap_is_what_the_network_would_make_of_it() {
    let write =
        serde_json::to_vec(&Request::post("/keys".to_owned(), "a".to_owned(), String::new())).unwrap();
    let always = Chance::percent(100);
    let cases = [
        (Odds { timeout_before: always, ..Odds::default() }, Heard::Timeout, 0),
        (Odds { timeout_after: always, ..Odds::default() }, Heard::Timeout, 1),
        (Odds { reset_after: always, ..Odds::default() }, Heard::Reset, 1),
        (Odds::default(), Heard::Answer(Response::of(201, &"a"), None), 1),
    ];
    for (odds, heard, effects) in cases {
        let mut toy = InProcess::<Memory>::new(Dice(odds));
        assert_eq!(Heard::from(&toy.call(Timestamp::EPOCH, &write)), heard);
        assert_eq!(toy.journal().len(), effects);
        toy.set_faults(Dice::default());
        toy.call(Timestamp::EPOCH, &write);
        assert_eq!((toy.journal().len(), toy.next_due()), (1, Some(Timestamp::EPOCH)));
        assert_eq!(toy.next_webhook(Timestamp::EPOCH), Some(Webhook { seq: 1, body: b"a".to_vec() }));
        assert_eq!((toy.next_webhook(Timestamp::EPOCH), toy.next_due()), (None, None));
    }
    let mut toy = InProcess::<Memory>::new(Dice::default());
    let answer = toy.call(Timestamp::EPOCH, b"{");
    assert!(matches!(Heard::from(&answer), Heard::Answer(Response { status: 400, .. }, None)));
    assert_eq!(answer.delay, Duration::ZERO);
}
