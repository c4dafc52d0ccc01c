//! Where a parcel is: late, twice, out of order, and corrected.

use TrackingStatus::{
    Delivered, DeliveryFailed, InTransit, Lost, OutForDelivery, Returned as BroughtBack, Returning,
};

use super::*;
use crate::domain::tracking::MAX_SCANS;

fn tracked(scan: &Scan) -> News {
    News::Tracked(label().number, scan.clone())
}

#[test]
fn scans_are_known_by_time_code_and_place_and_told_once() {
    let mut case = Case::handed_over();
    let first = scan(20, InTransit);
    assert_eq!(case.see(&[first.clone(), first.clone()]), [tracked(&first)]);
    assert_eq!(case.see(std::slice::from_ref(&first)), []);
    let elsewhere = Scan { place: Some("York".to_owned()), ..first };
    case.see(&[elsewhere]);
    assert_eq!(case.shipment.tracking.scans().len(), 2);
}

#[test]
fn what_comes_late_is_kept_and_moves_nothing_backwards() {
    let mut case = Case::handed_over();
    let out = scan(40, OutForDelivery);
    assert_eq!(case.see(std::slice::from_ref(&out)), [tracked(&out)]);
    assert_eq!(case.see(&[scan(20, InTransit), scan(30, InTransit)]), []);
    assert_eq!(case.shipment.tracking.position(), Some(&out));
    let times: Vec<_> = case.shipment.tracking.scans().iter().map(|scan| scan.at).collect();
    assert_eq!(times, [at(20), at(30), at(40)]);
}

#[test]
fn the_customer_has_it_when_the_carrier_says_so_last() {
    let mut case = Case::handed_over();
    let end = scan(50, Delivered);
    assert_eq!(case.see(&[end.clone(), scan(40, OutForDelivery)]), [tracked(&end), News::Delivered(at(50))]);
    assert_eq!(case.see(&[scan(45, DeliveryFailed)]), [], "an earlier scan corrects nothing");
    assert_eq!(case.name(), "delivered");
}

#[test]
fn a_delivery_is_corrected_by_a_later_scan_and_told_once_all_the_same() {
    let mut case = Case::handed_over();
    case.see(&[scan(50, Delivered)]);
    let next = case.shipment.see(vec![scan(60, DeliveryFailed)], NOW);
    assert_eq!(next.news, [tracked(&scan(60, DeliveryFailed))]);
    assert_eq!(next.ask, Some(Ask::where_is(label().number)), "it is followed again");
    assert_eq!(case.name(), "dispatched");
    assert_eq!(case.see(&[scan(70, Delivered)]), [tracked(&scan(70, Delivered))]);
    assert_eq!(case.name(), "delivered");

    let told = case.see(&[scan(80, Returning), scan(90, BroughtBack)]);
    let failed = News::Failed(FailedStage::Returned, Some("returned".to_owned()), at(90));
    assert_eq!(told, [tracked(&scan(90, BroughtBack)), failed]);
}

#[test]
fn a_delivery_that_was_overtaken_before_it_was_heard_is_not_told_but_the_next_one_is() {
    let mut case = Case::handed_over();
    case.see(&[scan(60, Returning)]);
    assert_eq!(case.see(&[scan(50, Delivered)]), []);
    assert_eq!(case.see(&[scan(70, Delivered)]), [tracked(&scan(70, Delivered)), News::Delivered(at(70))]);
}

#[test]
fn lost_and_brought_back_are_ends_that_a_later_delivery_only_shows_to_a_person() {
    for (status, stage) in [(Lost, FailedStage::Lost), (BroughtBack, FailedStage::Returned)] {
        let mut case = Case::handed_over();
        let failed = News::Failed(stage, Some(status.as_str().to_owned()), at(50));
        assert_eq!(case.see(&[scan(50, status)]), [tracked(&scan(50, status)), failed]);
        assert_eq!(case.see(&[scan(60, Delivered)]), [tracked(&scan(60, Delivered))]);
        assert_eq!(case.shipment.trouble, Some(Trouble::FoundAgain));
        assert_ne!(case.name(), "delivered", "goods are written off and money is back");
    }
}

#[test]
fn a_time_far_ahead_is_not_believed() {
    let mut case = Case::handed_over();
    assert_eq!(case.see(&[scan(3 * 86_400, Delivered)]), []);
    assert_eq!(case.name(), "dispatched");
}

#[test]
fn a_parcel_is_asked_about_ever_less_often_until_it_ends_or_a_person_looks() {
    let mut case = Case::handed_over();
    let (mut now, mut asked) = (at(10), 0);
    loop {
        now = now.plus(wait_before_looking(case.asked.tries, &pace()));
        let next = case.shipment.learn(&case.asked, UNKNOWN, &pace(), now);
        let Some(ask) = next.ask else { break };
        case.asked = ask;
        asked += 1;
    }
    assert!((100..300).contains(&asked), "{asked} questions in a month");
    assert!(now.since(at(10)) < pace().until + pace().most);
    assert_eq!(case.shipment.trouble, Some(Trouble::NoEnd));
    assert!(case.shipment.ask_again().is_some());

    let mut case = Case::handed_over();
    let next = case.learn(Evidence::Tracked { scans: vec![scan(20, Delivered)] });
    assert_eq!((next.news.len(), next.ask), (2, None), "nobody asks about what has ended");
}

#[test]
fn an_end_that_is_heard_of_after_all_is_no_trouble_any_more() {
    let mut case = Case::handed_over();
    case.shipment.trouble = Some(Trouble::NoEnd);
    case.see(&[scan(20, Delivered)]);
    assert_eq!(case.shipment.trouble, None);
}

#[test]
fn no_carrier_makes_a_document_too_long() {
    let mut case = Case::handed_over();
    for n in 0..1_000 {
        case.see(&[scan(n, InTransit)]);
    }
    assert_eq!(case.shipment.tracking.scans().len(), MAX_SCANS);
    assert_eq!(case.shipment.tracking.position(), Some(&scan(999, InTransit)));
    let long = "x".repeat(1_000);
    let cut = Scan::new(NOW, InTransit, &long, Some(&long));
    assert!(cut.code.len() + cut.place.unwrap().len() < 200);
}
