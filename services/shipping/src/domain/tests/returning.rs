//! Goods that come back.

use contracts::ReturnId;

use super::*;

fn open() -> (Return, Ask) {
    let ids = (ReturnId::new("536365-rt1").unwrap(), OrderId::new("536365").unwrap());
    let location = LocationId::new("main").unwrap();
    let (opened, next) = Return::open(ids, order().lines, ShipTo::default(), location, NOW);
    (opened, next.ask.unwrap())
}

fn labelled_return() -> Return {
    let (mut returning, asked) = open();
    let next = returning.learn(&asked, labelled(), &pace(), NOW);
    assert_eq!(next.ask, Some(Ask::where_is(label().number)));
    returning
}

#[test]
fn a_label_is_booked_under_a_key_of_its_own_and_asked_about_until_it_is_known() {
    let (mut returning, asked) = open();
    assert_eq!(asked.key().unwrap().as_str(), "return-536365-rt1-book-1");
    let next = returning.learn(&asked, UNKNOWN, &pace(), NOW);
    assert_eq!(returning.state.name(), "unknown");
    let next = returning.learn(&next.ask.unwrap(), Evidence::NotFound, &pace(), NOW);
    assert_eq!(next.ask.unwrap().key(), asked.key());
}

#[test]
fn it_is_back_when_the_carrier_has_delivered_it_and_that_is_told_once() {
    let mut returning = labelled_return();
    assert_eq!(returning.see(vec![scan(20, TrackingStatus::InTransit)], NOW).news, []);
    let end = vec![scan(30, TrackingStatus::Delivered)];
    assert_eq!(returning.see(end.clone(), NOW).news, [Returned { at: at(30), is_damaged: false }]);
    assert_eq!(returning.see(end, NOW).news, []);
    assert_eq!(returning.see(vec![scan(40, TrackingStatus::Delivered)], NOW).news, []);
}

#[test]
fn what_the_carrier_calls_damaged_comes_back_damaged() {
    let mut returning = labelled_return();
    let damaged = Scan::new(at(20), TrackingStatus::Delayed, "damaged", None);
    let next = returning.see(vec![scan(30, TrackingStatus::Delivered), damaged], NOW);
    assert_eq!(next.news, [Returned { at: at(30), is_damaged: true }]);
}

#[test]
fn a_return_that_goes_astray_or_gets_no_label_is_no_receipt() {
    let mut returning = labelled_return();
    assert_eq!(returning.see(vec![scan(30, TrackingStatus::Lost)], NOW).news, []);
    assert_eq!(returning.state.name(), "astray");
    let (mut returning, asked) = open();
    assert_eq!(returning.learn(&asked, refused("address_unknown"), &pace(), NOW), Next::default());
    assert_eq!(returning.state.name(), "refused");
}

#[test]
fn a_customer_has_two_months_and_then_a_person_looks() {
    let mut returning = labelled_return();
    let mut ask = Ask::where_is(label().number);
    let mut now = NOW;
    while let Some(next) = returning.learn(&ask, UNKNOWN, &pace(), now).ask {
        now = now.plus(wait_before_looking(next.tries, &pace()));
        ask = next;
    }
    assert!(now.since(NOW) >= pace().until * 2);
    assert_eq!(returning.trouble, Some(Trouble::NoEnd));
    assert!(returning.ask_again().is_some());
}
