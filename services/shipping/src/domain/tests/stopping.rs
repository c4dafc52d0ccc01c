//! A cancel meets the parcel, wherever it is.

use super::*;

#[test]
fn a_cancel_before_its_order_is_remembered_and_nothing_is_booked() {
    let mut shipment = shipment();
    assert_eq!(shipment.stop(NOW).news, [News::Stopped]);
    assert_eq!(shipment.confirm(order()), Next::default());
    assert_eq!(shipment.capture(captured()), Next::default());
    assert_eq!(shipment.stop(NOW), Next::tell([News::Stopped]), "who asks again is answered again");
}

#[test]
fn a_parcel_that_is_being_booked_is_stopped_at_once_and_its_label_kept_from_coming() {
    for unknowns in [0, 3] {
        let mut case = Case::booking();
        for _ in 0..unknowns {
            case.learn(UNKNOWN);
        }
        let next = case.stop();
        assert_eq!((next.news.clone(), step(&next)), (vec![News::Stopped], Some((Step::Void, false))));
        assert_eq!(case.learn(Evidence::Voided), Next::default());
    }
}

#[test]
fn a_ready_parcel_is_stopped_at_once_and_the_money_that_comes_later_moves_nothing() {
    let mut case = Case::ready();
    let next = case.stop();
    assert_eq!(next.news, [News::Stopped]);
    let Some(Question::Do { operation: Operation::Void(void) }) = next.ask.map(|ask| ask.question) else {
        panic!("its label is kept")
    };
    assert_eq!(void.number, Some(label().number));
    assert_eq!(case.shipment.capture(captured()), Next::default());
    assert_eq!(case.name(), "stopped");
}

#[test]
fn a_cancel_waits_for_a_hand_over_that_is_under_way() {
    let mut case = Case::handing_over();
    assert_eq!(case.stop(), Next::default(), "the answer is on its way");
    assert_eq!(case.stop(), Next::default(), "asked twice, answered once");
    let next = case.learn(Evidence::HandedOver { at: at(10) });
    assert_eq!(
        next.news,
        [News::Dispatched(label(), at(10)), News::StopRefused(StopRefusal::AlreadyDispatched)]
    );

    let mut case = Case::handing_over();
    case.stop();
    let next = case.learn(refused("too_heavy"));
    assert_eq!((next.news.clone(), step(&next)), (vec![News::Stopped], Some((Step::Void, false))));
    assert_eq!(case.name(), "stopped");
}

#[test]
fn an_unknown_hand_over_is_contested_and_the_carrier_says_which_came_first() {
    let contested = || {
        let mut case = Case::handing_over_unknown();
        let next = case.stop();
        assert_eq!((next.news.clone(), step(&next)), (vec![], Some((Step::Void, false))), "nobody guesses");
        assert_eq!(case.name(), "stopping");
        case
    };
    let mut case = contested();
    assert_eq!(case.learn(Evidence::Voided).news, [News::Stopped]);

    let mut case = contested();
    let refused = News::StopRefused(StopRefusal::AlreadyDispatched);
    let told = [News::Dispatched(label(), at(3)), refused];
    assert_eq!(case.learn(Evidence::TooLate { at: at(3) }).news, told);

    let mut case = contested();
    assert_eq!(case.learn(UNKNOWN).news, [], "that is unknown as well");
    assert_eq!(case.name(), "unknown");
    assert_eq!(case.see(&[scan(3, TrackingStatus::OutForDelivery)])[..2], told, "but a scan tells");
    assert_eq!(case.learn(Evidence::TooLate { at: at(3) }), Next::default(), "said before");
}

#[test]
fn a_cancel_that_finds_the_hand_over_unknown_only_later_contests_it_then() {
    let mut case = Case::handing_over();
    case.stop();
    for evidence in [UNKNOWN, Evidence::NotFound] {
        let mut case = Case { shipment: case.shipment.clone(), asked: case.asked.clone() };
        let next = case.learn(evidence);
        assert_eq!((next.news.clone(), step(&next)), (vec![], Some((Step::Void, false))));
        assert_eq!(case.learn(Evidence::Voided).news, [News::Stopped]);
        assert_eq!(case.shipment.stop_asked, None);
    }
}

#[test]
fn the_answer_to_the_hand_over_may_come_before_that_to_the_void() {
    let contested = || {
        let mut case = Case::handing_over_unknown();
        let hand_over = case.asked.clone();
        case.stop();
        (case, hand_over)
    };
    let (mut case, hand_over) = contested();
    let next = case.shipment.learn(&hand_over, refused("label_voided"), &pace(), NOW);
    assert_eq!((next.news, next.ask), (vec![News::Stopped], None), "the void goes on by itself");
    assert_eq!(case.learn(Evidence::Voided), Next::default());
    assert!(matches!(&case.shipment.state, State::Stopped { release: Release::Voided, .. }));

    let (mut case, hand_over) = contested();
    let next = case.shipment.learn(&hand_over, Evidence::HandedOver { at: at(1) }, &pace(), NOW);
    assert_eq!(next.news.len(), 2);
    assert_eq!(case.learn(Evidence::TooLate { at: at(1) }), Next::default());

    let (mut case, hand_over) = contested();
    assert_eq!(case.shipment.learn(&hand_over, UNKNOWN, &pace(), NOW), Next::default());
    assert_eq!(case.name(), "stopping");
}

#[test]
fn what_has_left_cannot_be_stopped_and_what_never_will_is() {
    let with = |status| {
        let mut case = Case::handed_over();
        case.see(&[scan(20, status)]);
        case
    };
    let dispatched = StopRefusal::AlreadyDispatched;
    for (mut case, reason) in [
        (Case::handed_over(), dispatched),
        (with(TrackingStatus::Lost), dispatched),
        (with(TrackingStatus::Returned), dispatched),
        (with(TrackingStatus::Delivered), StopRefusal::AlreadyDelivered),
    ] {
        let before = case.shipment.clone();
        assert_eq!(case.stop(), Next::tell([News::StopRefused(reason)]));
        assert_eq!(case.shipment, before, "an answer is no state");
    }
    let mut case = Case::booking();
    case.learn(refused("address_unknown"));
    assert_eq!(case.stop(), Next::tell([News::Stopped]));
    assert_eq!(case.name(), "failed");
}

#[test]
fn a_label_that_is_not_taken_back_is_asked_back_again_and_then_written_off() {
    let mut case = Case::ready();
    case.stop();
    assert_eq!(step(&case.learn(UNKNOWN)), Some((Step::Void, false)));
    assert_eq!(case.learn(refused("too_old")), Next::default());
    let State::Stopped { release: Release::Kept { code }, .. } = &case.shipment.state else { panic!() };
    assert_eq!(code, "too_old");

    let mut case = Case::ready();
    case.stop();
    let mut asked = 0;
    while case.learn(UNKNOWN).ask.is_some() {
        asked += 1;
        assert!(asked < 1_000, "it never ends");
    }
    assert_eq!(case.shipment.trouble, Some(Trouble::Silent));

    let mut case = Case::ready();
    case.stop();
    case.learn(Evidence::TooLate { at: at(1) });
    assert_eq!(case.shipment.trouble, Some(Trouble::TakenUnasked));
}
