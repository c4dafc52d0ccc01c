//! From a label to the carrier: only after the money.

use super::*;

#[test]
fn nothing_but_label_and_money_together_hands_over_and_in_any_order() {
    let mut case = Case::ready();
    let next = case.shipment.capture(captured());
    assert_eq!(step(&next), Some((Step::HandOver, false)));
    assert_eq!(case.shipment.capture(captured()), Next::default(), "a copy hands over nothing");

    let mut case = Case::booking();
    assert_eq!(case.shipment.capture(captured()), Next::default(), "there is no label yet");
    let next = case.learn(labelled());
    assert_eq!(next.news, [News::Ready(label())]);
    assert_eq!(step(&next), Some((Step::HandOver, false)));

    let mut shipment = shipment();
    assert_eq!(shipment.capture(captured()), Next::default());
    assert_eq!(step(&shipment.confirm(order())), Some((Step::Book, false)));
}

#[test]
fn the_carrier_has_it_when_it_says_so_and_is_followed_from_then_on() {
    let mut case = Case::handing_over();
    let next = case.learn(Evidence::HandedOver { at: at(10) });
    assert_eq!(next.news, [News::Dispatched(label(), at(10))]);
    assert_eq!(next.ask, Some(Ask::where_is(label().number)));
    assert_eq!(wait_before_looking(1, &pace()), pace().first);
}

#[test]
fn an_unknown_hand_over_is_resolved_under_its_own_key() {
    let mut case = Case::handing_over();
    let key = case.asked.key().unwrap().clone();
    for _ in 0..4 {
        assert_eq!(case.learn(UNKNOWN).news, []);
        assert_eq!((case.name(), case.asked.key()), ("unknown", Some(&key)));
    }
    assert_eq!(case.learn(Evidence::HandedOver { at: at(5) }).news, [News::Dispatched(label(), at(5))]);
    assert_eq!(
        case.shipment.learn(&case.asked.clone(), UNKNOWN, &pace(), NOW).news,
        [],
        "what comes late moves nothing backwards"
    );
    assert_eq!(case.name(), "dispatched");
}

#[test]
fn a_hand_over_of_which_nobody_hears_for_a_week_is_left_to_a_person_who_may_ask_again() {
    let mut case = Case::handing_over();
    let mut waited = 0;
    while case.learn(UNKNOWN).ask.is_some() {
        waited += wait_before(case.asked.tries);
        assert!(waited < 30 * 86_400, "it never ends");
    }
    assert!(waited > 6 * 86_400, "{waited} s");
    assert_eq!((case.name(), case.shipment.trouble), ("unknown", Some(Trouble::Silent)));
    let ask = case.shipment.ask_again().unwrap();
    assert_eq!((ask.tries, ask.key().unwrap().as_str()), (0, "shipment-536365-s1-handover-1"));
    assert_eq!(case.shipment.ask_again(), None, "it is being asked");
}

#[test]
fn a_refused_hand_over_fails_the_parcel_and_gives_its_label_back() {
    let mut case = Case::handing_over();
    let next = case.learn(refused("too_heavy"));
    let told = News::Failed(FailedStage::BeforeHandover, Some("too_heavy".to_owned()), NOW);
    assert_eq!((next.news.clone(), step(&next)), (vec![told], Some((Step::Void, false))));
    assert_eq!(case.learn(Evidence::Voided), Next::default());
    assert!(matches!(&case.shipment.state, State::Failed { release: Release::Voided, .. }));
}

#[test]
fn a_scan_that_only_a_carrier_makes_settles_an_unknown_hand_over() {
    for mut case in [Case::handing_over(), Case::handing_over_unknown()] {
        let news = case.see(&[scan(7, TrackingStatus::InTransit)]);
        let tracked = News::Tracked(label().number, scan(7, TrackingStatus::InTransit));
        assert_eq!(news, [News::Dispatched(label(), at(7)), tracked]);
    }
    let mut case = Case::handing_over_unknown();
    let only_labelled = scan(7, TrackingStatus::PreTransit);
    assert_eq!(
        case.see(std::slice::from_ref(&only_labelled)),
        [News::Tracked(label().number, only_labelled)]
    );
    assert_eq!(case.name(), "unknown");
}

#[test]
fn a_parcel_that_the_carrier_took_unasked_is_not_called_dispatched_and_is_shown_to_a_person() {
    let mut case = Case::ready();
    let news = case.see(&[scan(7, TrackingStatus::InTransit)]);
    assert!(!news.iter().any(|news| matches!(news, News::Dispatched(..))), "{news:?}");
    assert_eq!((case.name(), case.shipment.trouble), ("ready", Some(Trouble::TakenUnasked)));
}
