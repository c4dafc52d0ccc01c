//! Everything that can go wrong on the way, over real sockets, and what the gateway makes of it.

use std::net::TcpListener;
use std::time::Duration;

use contracts::events::payment::DeclineReason;
use futures_util::future::join;
use payment::gateway::{DeclineKind, Evidence, Gateway, Unavailable, Why};
use payment::simulated::faults::{Chance, Mishap, Odds};

use crate::support::{PATIENT, Server, authorize, authorize_key, block_on, exported, gateway, void};

/// What a test waits for an answer that never comes; nothing else is asked with so little patience.
const IMPATIENT: Duration = Duration::from_millis(300);

/// What the gateway sees of the first try.
fn expected(mishap: Mishap) -> Result<Option<Why>, Unavailable> {
    match mishap {
        Mishap::TimeoutBefore | Mishap::TimeoutAfter => Ok(Some(Why::Timeout)),
        Mishap::ResetBefore | Mishap::ResetAfter => Ok(Some(Why::Reset)),
        Mishap::ErrorBefore | Mishap::ErrorAfter => Ok(Some(Why::ServerError)),
        Mishap::Unreadable => Ok(Some(Why::Unreadable)),
        Mishap::Busy => Ok(Some(Why::InProgress)),
        Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: Some(1) }),
        Mishap::Slow => Ok(None),
    }
}

#[test]
fn each_mishap_is_told_apart_and_the_same_key_resolves_it_with_one_effect() {
    let server = Server::start(Odds::default());
    block_on(async {
        for mishap in Mishap::ALL.iter().copied() {
            let (name, token) = (mishap.as_str(), format!("tok_{}", mishap.as_str()));
            let is_timeout = expected(mishap) == Ok(Some(Why::Timeout));
            let first_try = gateway(server.address, if is_timeout { IMPATIENT } else { PATIENT });
            let first = first_try.execute(&authorize(name, &token)).await;
            match expected(mishap) {
                Ok(Some(why)) => assert_eq!(first, Ok(Evidence::Unknown { why }), "{name}"),
                Ok(None) => assert!(matches!(first, Ok(Evidence::Authorized { .. })), "{name}: {first:?}"),
                Err(unavailable) => assert_eq!(first, Err(unavailable), "{name}"),
            }
            let asked = server.gateway().query(&authorize_key(name)).await;
            let (_, keys) = exported(server.address, 1_000).await;
            let effects = keys.iter().filter(|key| *key == authorize_key(name).as_str()).count();
            assert_eq!(effects, usize::from(mishap.is_executed()), "{name}");
            match mishap.is_executed() {
                true => assert!(matches!(asked, Ok(Evidence::Authorized { .. })), "{name}: {asked:?}"),
                false => assert_eq!(asked, Ok(Evidence::NotFound), "{name}"),
            }
            let second = server.gateway().execute(&authorize(name, &token)).await;
            assert!(
                matches!(second, Ok(Evidence::Authorized { amount_minor: 1050, .. })),
                "{name}: {second:?}"
            );
            assert_eq!(server.gateway().query(&authorize_key(name)).await, second, "{name}");
        }
        let (ledger, keys) = exported(server.address, 1_000).await;
        assert_eq!((keys.len(), ledger.authorizations().count()), (Mishap::ALL.len(), Mishap::ALL.len()));
    });
    server.stop();
}

#[test]
fn declines_keep_their_word_and_their_firmness() {
    let server = Server::start(Odds::default());
    block_on(async {
        for (token, reason, kind) in [
            ("tok_declined", DeclineReason::DoNotHonour, DeclineKind::Hard),
            ("tok_stolen", DeclineReason::LostOrStolen, DeclineKind::Hard),
            ("tok_insufficient_funds", DeclineReason::InsufficientFunds, DeclineKind::Soft),
        ] {
            let first = server.gateway().execute(&authorize(token, token)).await.unwrap();
            let Evidence::Declined { reason: said, kind: meant, .. } = &first else { panic!("{first:?}") };
            assert_eq!((*said, *meant), (reason, kind), "{token}");
            assert_eq!(server.gateway().query(&authorize_key(token)).await, Ok(first));
            let void = server.gateway().execute(&void(token, None)).await;
            assert_eq!(void, Ok(Evidence::Voided), "nothing is held, which is what a void asks for");
        }
        let card = server.gateway().execute(&authorize("card", "4242424242424242")).await;
        assert_eq!(card, Ok(Evidence::Refused { code: "invalid_request".to_owned() }));
    });
    server.stop();
}

#[test]
fn of_two_requests_under_one_key_at_once_one_is_executed_and_the_other_learns_of_it() {
    let server = Server::start(Odds::default());
    block_on(async {
        let gateway = server.gateway();
        let operation = authorize("twice", "tok_slow");
        let (one, other) = join(gateway.execute(&operation), gateway.execute(&operation)).await;
        let in_progress = Ok(Evidence::Unknown { why: Why::InProgress });
        let (late, early) = if one == in_progress { (other, one) } else { (one, other) };
        assert_eq!(early, in_progress);
        assert!(matches!(late, Ok(Evidence::Authorized { .. })), "{late:?}");
        assert_eq!(gateway.execute(&operation).await, late);
        assert_eq!(exported(server.address, 1_000).await.1.len(), 1);
    });
    server.stop();
}

#[test]
fn a_provider_that_does_not_listen_was_never_asked() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    block_on(async {
        let gateway = gateway(address, PATIENT);
        assert_eq!(gateway.execute(&authorize("a", "tok_ok")).await, Err(Unavailable::Unreachable));
        assert_eq!(gateway.query(&authorize_key("a")).await, Err(Unavailable::Unreachable));
    });
}

#[test]
fn in_a_storm_every_payment_comes_to_an_end_with_one_effect() {
    let chance = Chance::percent(6);
    let odds = Odds {
        decline: Chance::percent(10),
        action: Chance::percent(10),
        reset_before: chance,
        reset_after: chance,
        error_before: chance,
        error_after: chance,
        unreadable: chance,
        busy: chance,
        throttled: chance,
        ..Odds::default()
    };
    let server = Server::start(odds);
    block_on(async {
        let gateway = server.gateway();
        let (mut held, mut waiting, mut declined, mut tries) = (0, 0, 0, 0);
        for n in 0..100 {
            let operation = authorize(&n.to_string(), "tok_ok");
            loop {
                tries += 1;
                match gateway.execute(&operation).await {
                    Ok(Evidence::Unknown { .. }) | Err(Unavailable::Throttled { .. }) => {}
                    Ok(Evidence::Authorized { .. }) => break held += 1,
                    Ok(Evidence::ActionRequired { .. }) => break waiting += 1,
                    Ok(Evidence::Declined { .. }) => break declined += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(
            held > 50 && waiting > 0 && declined > 0 && tries > 110,
            "{held} {waiting} {declined} {tries}"
        );
        let (ledger, keys) = exported(server.address, 7).await;
        assert_eq!((keys.len(), ledger.authorizations().count()), (100, held + waiting));
    });
    server.stop();
}

#[test]
fn a_server_that_shuts_down_lets_go_of_those_that_wait_for_nothing() {
    let server = Server::start(Odds::default());
    let (address, (held, stopping)) = (server.address, (gateway(server.address, PATIENT), server));
    let thread = std::thread::Builder::new()
        .spawn(move || block_on(async { held.execute(&authorize("held", "tok_timeout_after")).await }))
        .unwrap();
    // It is being held as soon as its effect is there.
    while block_on(exported(address, 10)).1.is_empty() {}
    stopping.stop();
    assert_eq!(thread.join().unwrap(), Ok(Evidence::Unknown { why: Why::Reset }));
}
