//! What nobody asks about any more, and who has it asked again.

use super::*;

fn looks(next: &Next) -> Vec<ProviderKey> {
    let look = |ask: &Ask| match ask {
        Ask::Now(Question::Look { key }) => key.clone(),
        other => panic!("{other:?}"),
    };
    next.asks.iter().map(look).collect()
}

#[test]
fn what_was_given_up_is_trouble_until_it_is_answered() {
    let (mut payment, authorize) = asked();
    assert_eq!((payment.trouble(), payment.ask_again()), (None, None));
    payment.learn(&authorize, timeout());
    payment.give_up(&authorize);
    assert_eq!(payment.trouble(), Some(Trouble::Unanswered));
    let mut told = payment.clone();
    assert!(matches!(told.hear(&authorize, authorized(1_530)).news[..], [News::Authorized(..)]));
    assert_eq!((told.trouble(), told.ask_again()), (None, None));
    assert_eq!(looks(&payment.ask_again().unwrap()), [authorize]);
    assert_eq!((payment.trouble(), payment.ask_again()), (None, None), "it is asked about");
}

#[test]
fn what_is_told_of_something_given_up_is_followed_again() {
    let (mut payment, authorize) = asked();
    payment.learn(&authorize, timeout());
    payment.give_up(&authorize);
    let reference = reference("auth_1");
    let action = Evidence::ActionRequired { reference, action_url: "/act".into(), expires_at: None };
    assert_eq!(again(&payment.hear(&authorize, action.clone())), authorize, "nobody else asks");
    assert_eq!(payment.trouble(), None);
    assert_eq!(payment.hear(&authorize, action).asks, [], "now somebody does");
}

#[test]
fn a_void_whose_capture_was_looked_at_in_vain_is_asked_about_itself() {
    let mut payment = capturing();
    payment.learn(&key(CAPTURE), declined());
    let next = payment.learn(&void_key(), Evidence::Refused { code: "already_captured".into() });
    assert_eq!(again(&next), key(CAPTURE));
    payment.give_up(&key(CAPTURE));
    assert_eq!(looks(&payment.ask_again().unwrap()), [void_key()]);
}

#[test]
fn another_amount_than_was_asked_for_is_looked_at_again_and_stays_trouble() {
    let mut payment = capturing();
    payment.learn(&key(CAPTURE), captured(1));
    assert_eq!(payment.trouble(), Some(Trouble::TookAnother));
    assert_eq!(looks(&payment.ask_again().unwrap()), [key(CAPTURE)]);
    payment.learn(&key(CAPTURE), captured(1));
    assert_eq!(payment.trouble(), Some(Trouble::TookAnother));
}
