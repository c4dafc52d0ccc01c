use std::time::Duration;

use contracts::{NotificationId, Timestamp};

use super::*;
use crate::domain::Address;
use crate::simulated::PostOffice;
use crate::simulated::faults::{Faults, Mishap, Odds};

fn post_office() -> PostOffice {
    PostOffice::new(Faults::new(1, Odds::default(), Duration::ZERO).unwrap())
}

fn key(name: &str) -> MailKey {
    MailKey::new(&NotificationId::new(name).unwrap(), 1)
}

fn message(to: &str) -> Message {
    let to = Address::new(to).unwrap();
    Message { to, subject: "s".into(), text: "t".into(), html: "<p>".into() }
}

fn ask(office: &mut PostOffice, request: &Request) -> Result<Evidence, Unavailable> {
    evidence_of(&office.call(Timestamp::EPOCH, &serde_json::to_vec(request).unwrap()))
}

fn send(office: &mut PostOffice, to: &str) -> Result<Evidence, Unavailable> {
    ask(office, &request_for(&key("a/b:c"), &message(to)))
}

fn lookup(office: &mut PostOffice) -> Result<Evidence, Unavailable> {
    ask(office, &query_for(&key("a/b:c")))
}

#[test]
fn a_letter_is_taken_once_and_found_again() {
    let mut office = post_office();
    assert_eq!(lookup(&mut office), Ok(Evidence::NotFound));
    let taken = send(&mut office, "ada@example.org").unwrap();
    assert!(matches!(taken, Evidence::Accepted { .. }), "{taken:?}");
    assert_eq!(send(&mut office, "ada@example.org"), Ok(taken.clone()));
    assert_eq!(lookup(&mut office), Ok(taken));
    assert_eq!(office.journal().len(), 1);
}

#[test]
fn refusals_keep_their_kind_and_are_found_again() {
    for (to, kind, code) in [
        ("sim-bounce@example.org", RefusalKind::NoSuchAddress, "no-such-mailbox"),
        ("sim-refuse@example.org", RefusalKind::Unwanted, "message-refused"),
    ] {
        let mut office = post_office();
        let refused = Ok(Evidence::Refused { kind, code: code.to_owned() });
        assert_eq!(send(&mut office, to), refused);
        assert_eq!(lookup(&mut office), refused);
    }
}

#[test]
fn only_the_mailboxes_own_words_prove_anything() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    let ours = |slug: &str| {
        format!(
            r#"{{"type":"urn:banyan:simulated-mailbox:problem:{slug}","title":"","status":0,"detail":""}}"#
        )
    };
    for (status, body, expected) in [
        (200, "<html>".to_owned(), unknown(Why::Unreadable)),
        (200, "{}".to_owned(), unknown(Why::Unreadable)),
        (302, String::new(), unknown(Why::Unreadable)),
        (404, "not here".to_owned(), unknown(Why::Unreadable)),
        (404, ours("operation-not-found"), Ok(Evidence::NotFound)),
        (409, ours("idempotency-key-in-use"), unknown(Why::InProgress)),
        (422, ours("idempotency-key-reused"), unknown(Why::KeyReused)),
        (422, ours("deferred"), Ok(Evidence::NotTaken { code: "deferred".to_owned() })),
        (429, String::new(), Err(Unavailable::Throttled { retry_after_s: None })),
        (401, String::new(), Err(Unavailable::Unauthorized)),
        (500, ours("operation-not-found"), unknown(Why::ServerError)),
        (503, String::new(), unknown(Why::ServerError)),
    ] {
        assert_eq!(evidence_from(status, &body), expected, "{status} {body}");
    }
}

#[test]
fn another_letter_under_the_same_key_is_not_taken_for_a_refusal() {
    let mut office = post_office();
    send(&mut office, "ada@example.org").unwrap();
    let other = send(&mut office, "bob@example.org");
    assert_eq!(other, Ok(Evidence::Unknown { why: Why::KeyReused }), "the first one stands");
}

#[test]
fn an_address_that_cannot_work_is_refused_at_once() {
    for base_url in ["", "127.0.0.1:80", "https://127.0.0.1", "file:///tmp"] {
        let timeout = Duration::from_secs(1);
        let config =
            Config { base_url: base_url.to_owned(), connect_timeout: timeout, request_timeout: timeout };
        assert!(Http::new(&config).is_err(), "{base_url}");
    }
}

#[test]
fn without_sockets_each_mishap_means_what_it_means_with_them() {
    let unknown = |why| Ok(Evidence::Unknown { why });
    for mishap in Mishap::ALL.iter().copied() {
        let mut office = post_office();
        let to = format!("sim-{}@example.org", mishap.as_str());
        let first = send(&mut office, &to);
        let expected = match mishap {
            Mishap::TimeoutBefore | Mishap::TimeoutAfter => unknown(Why::Timeout),
            Mishap::ResetBefore | Mishap::ResetAfter => unknown(Why::Reset),
            Mishap::ErrorBefore | Mishap::ErrorAfter => unknown(Why::ServerError),
            Mishap::Unreadable => unknown(Why::Unreadable),
            Mishap::Busy => unknown(Why::InProgress),
            Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: None }),
            Mishap::Slow => lookup(&mut office),
        };
        assert_eq!(first, expected, "{mishap:?}");
        assert_eq!(office.journal().len(), usize::from(mishap.is_executed()), "{mishap:?}");
        assert!(matches!(send(&mut office, &to), Ok(Evidence::Accepted { .. })), "{mishap:?}");
        assert_eq!(office.journal().len(), 1, "{mishap:?}");
    }
}

#[test]
fn what_is_put_off_is_not_taken_and_is_taken_the_next_time() {
    let mut office = post_office();
    let first = send(&mut office, "sim-deferred@example.org");
    assert_eq!(first, Ok(Evidence::NotTaken { code: "deferred".to_owned() }));
    assert!(office.journal().is_empty());
    assert!(matches!(send(&mut office, "sim-deferred@example.org"), Ok(Evidence::Accepted { .. })));
    assert_eq!(office.journal().len(), 1);
}
