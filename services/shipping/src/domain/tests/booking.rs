//! From a confirmed order to a label.

use super::*;

#[test]
fn a_confirmed_order_is_booked_once() {
    let mut shipment = shipment();
    let next = shipment.confirm(order());
    assert_eq!(next.news, [News::Created]);
    assert_eq!(step(&next), Some((Step::Book, false)));
    assert_eq!(next.ask.unwrap().key().unwrap().as_str(), "shipment-536365-s1-book-1");
    assert_eq!(shipment.confirm(order()), Next::default(), "a copy books nothing");
}

#[test]
fn a_label_makes_the_parcel_ready_and_waits_for_the_money() {
    let mut case = Case::booking();
    let next = case.learn(labelled());
    assert_eq!((next.news, next.ask), (vec![News::Ready(label())], None));
    assert_eq!(case.learn(labelled()), Next::default(), "repeated evidence says nothing new");
}

#[test]
fn an_address_that_is_refused_fails_the_parcel_before_the_hand_over() {
    let mut case = Case::booking();
    let next = case.learn(refused("address_unknown"));
    let told = News::Failed(FailedStage::BeforeHandover, Some("address_unknown".to_owned()), NOW);
    assert_eq!((next.news, next.ask), (vec![told], None));
    assert!(matches!(&case.shipment.state, State::Failed { release: Release::Nothing, .. }));
}

#[test]
fn an_unknown_label_is_a_state_and_is_asked_about_under_its_key_in_turns() {
    let mut case = Case::booking();
    let key = case.asked.key().unwrap().clone();
    let mut looks = Vec::new();
    let mut waits = Vec::new();
    for _ in 0..7 {
        let next = case.learn(UNKNOWN);
        assert_eq!(case.name(), "unknown");
        assert_eq!(case.asked.key(), Some(&key));
        looks.push(step(&next).unwrap().1);
        waits.push(wait_before(case.asked.tries));
    }
    assert_eq!(looks, [false, true, false, true, false, true, false], "same key, then a look, in turns");
    assert_eq!(waits, [0, 1, 5, 30, 120, 600, 3_600]);
    assert_eq!(case.learn(labelled()).news, [News::Ready(label())]);
}

#[test]
fn proof_that_nothing_came_under_the_key_has_it_done_under_the_same_key() {
    let mut case = Case::booking();
    case.learn(UNKNOWN);
    case.learn(UNKNOWN);
    let next = case.learn(Evidence::NotFound);
    assert_eq!(step(&next), Some((Step::Book, false)));
    assert_eq!(case.asked.tries, 3);
}

#[test]
fn a_label_that_stays_unknown_for_a_day_is_given_up_and_kept_from_coming() {
    let mut case = Case::booking();
    let (mut asked, mut waited) = (0, 0);
    let next = loop {
        let next = case.learn(UNKNOWN);
        if !next.news.is_empty() {
            break next;
        }
        asked += 1;
        waited += wait_before(case.asked.tries);
        assert!(asked < 100, "it never ends");
    };
    assert!((86_400..2 * 86_400).contains(&waited), "{waited} s");
    let told = News::Failed(FailedStage::BeforeHandover, Some("carrier_silent".to_owned()), NOW);
    assert_eq!(next.news, [told]);
    let Some(Question::Do { operation: Operation::Void(void) }) = next.ask.map(|ask| ask.question) else {
        panic!("nothing keeps it from coming")
    };
    assert_eq!((void.number, void.book.as_str()), (None, "shipment-536365-s1-book-1"));
}

#[test]
fn a_label_that_comes_although_it_was_given_up_is_taken_back_by_its_number() {
    let mut case = Case::booking();
    let booking = case.asked.clone();
    case.stop();
    case.learn(Evidence::Voided);
    let next = case.shipment.learn(&booking, labelled(), &pace(), NOW);
    let Some(Question::Do { operation: Operation::Void(void) }) = next.ask.map(|ask| ask.question) else {
        panic!("it is kept")
    };
    assert_eq!((void.key.as_str(), void.number), ("shipment-536365-s1-void-2", Some(label().number)));
    let again = case.shipment.learn(&booking, labelled(), &pace(), NOW);
    assert_eq!(again, Next::default(), "it is being taken back");
}
