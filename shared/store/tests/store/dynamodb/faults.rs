//! What AWS does and no emulator shows: conflicts, throttling, errors in the middle, answers that are lost.

use store::{OutageKind, Outcome};

use super::*;
use crate::wire::{Fault, READ, WRITE, Wire, told};

/// Tries of what passes, and tries while others are in the way: more faults than these are more than a commit bears.
const TRIES: usize = 4;
const BUSY_TRIES: usize = 16;

/// A store at the end of a wire, with the document "old" in it.
async fn wired(endpoint: &str) -> (Place, Wire, DynamoDb) {
    let (place, wire) = (Place::new(endpoint), Wire::new(endpoint));
    let store = place.open_at(&wire.url).await;
    assert_eq!(store.commit(unit(1, vec![put("old", 0)])).await, Ok(Outcome::Committed));
    wire.asked(WRITE);
    wire.asked(READ);
    (place, wire, store)
}

fn many(n: usize, fault: &Fault) -> Vec<Fault> {
    vec![fault.clone(); n]
}

#[test]
fn a_transaction_in_the_way_of_another_is_tried_again_and_in_the_end_a_conflict() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        for busy in [
            Fault::cancelled(&["None", "TransactionConflict"]),
            Fault::cancelled(&["TransactionConflict", "ThrottlingError"]),
            Fault::error(400, "TransactionConflictException"),
        ] {
            wire.next(WRITE, many(3, &busy));
            assert_eq!(store.commit(unit(2, vec![step("n", 1)])).await, Ok(Outcome::Committed), "{busy:?}");
            assert_eq!(wire.asked(WRITE), 4, "{busy:?}");
            wire.next(WRITE, many(BUSY_TRIES, &busy));
            assert_eq!(store.commit(unit(3, vec![step("n", 1)])).await, Ok(Outcome::Conflict), "{busy:?}");
            assert_eq!(wire.asked(WRITE), BUSY_TRIES, "{busy:?}");
        }
        assert_eq!(counter(&store, "n").await, (3, 3));
    });
}

#[test]
fn throttling_is_waited_for_a_little_and_then_an_outage() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        for throttled in [
            Fault::error(400, "ProvisionedThroughputExceededException"),
            Fault::error(400, "ThrottlingException"),
            Fault::error(400, "RequestLimitExceeded"),
            Fault::cancelled(&["ThrottlingError", "None"]),
            Fault::cancelled(&["None", "ProvisionedThroughputExceeded"]),
        ] {
            wire.next(WRITE, many(TRIES - 1, &throttled));
            assert_eq!(
                store.commit(unit(2, vec![step("n", 1)])).await,
                Ok(Outcome::Committed),
                "{throttled:?}"
            );
            wire.next(WRITE, many(TRIES, &throttled));
            let outage = store.commit(unit(3, vec![step("n", 1)])).await.unwrap_err();
            assert_eq!(outage.kind, OutageKind::Throttled, "{throttled:?}: {outage}");
        }
        assert_eq!(counter(&store, "n").await, (5, 5));
        let throttled = Fault::error(400, "ThrottlingException");
        wire.next(READ, many(TRIES - 1, &throttled));
        assert!(read(&store, doc("old")).await.is_some());
        wire.next(READ, many(TRIES, &throttled));
        let outage = store.read(vec![doc("old")], NOW).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Throttled, "{outage}");
        assert!(
            outage.detail.contains("ThrottlingException") && outage.detail.contains("said by a test"),
            "{outage}"
        );
    });
}

/// A transaction that was done under a token is not done again under it.
#[test]
fn a_lost_answer_is_asked_for_again_and_nothing_is_done_twice() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        let error = told("InternalServerError", "");
        let mut steps = 0_i64;
        for lost in [
            Fault::Answer,
            Fault::Question,
            Fault::DoneAndFailed(500, error.clone()),
            Fault::Refused(500, error),
        ] {
            for times in 1..TRIES {
                wire.next(WRITE, many(times, &lost));
                let end = store.commit(unit(2, vec![step("n", 1)])).await;
                assert_eq!(end, Ok(Outcome::Committed), "{lost:?}, {times} times");
                assert_eq!(wire.asked(WRITE), times + 1, "{lost:?}, {times} times");
                steps += 1;
            }
        }
        assert_eq!(counter(&store, "n").await, (steps, steps.cast_unsigned()));
    });
}

#[test]
fn what_is_lost_again_and_again_is_unknown_unless_the_record_tells() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        let error = told("InternalServerError", "");
        for (n, lost, is_done) in [
            (10, Fault::Answer, true),
            (20, Fault::Question, false),
            (30, Fault::DoneAndFailed(500, error.clone()), true),
            (40, Fault::Refused(500, error), false),
        ] {
            let (id, other) = (n.to_string(), format!("{n} with a record"));
            // Without a record nobody can tell.
            wire.next(WRITE, many(TRIES, &lost));
            assert_eq!(store.commit(unit(n, vec![put(&id, 0)])).await, Ok(Outcome::Unknown), "{lost:?}");
            assert_eq!(read(&store, doc(&id)).await.is_some(), is_done, "{lost:?}");
            // With one its nonce tells; a record that is not there yet may still come.
            wire.next(WRITE, many(TRIES, &lost));
            let end = store.commit(handling(n, &id, vec![put(&other, 0)])).await;
            assert_eq!(end, Ok(if is_done { Outcome::Committed } else { Outcome::Unknown }), "{lost:?}");
            assert_eq!(read(&store, doc(&other)).await.is_some(), is_done, "{lost:?}");
            // Another execution's record tells that this one can come no more.
            if is_done {
                wire.next(WRITE, many(TRIES, &Fault::Question));
                let end = store.commit(handling(n + 1, &id, vec![put("never", 0)])).await;
                assert_eq!(end, Ok(Outcome::Duplicate), "{lost:?}");
            }
        }
        assert_eq!(read(&store, doc("never")).await, None);
    });
}

/// After a lost answer a refusal proves nothing: what was lost may arrive when the condition holds again.
#[test]
fn a_conflict_after_a_lost_answer_is_not_told_as_one() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        wire.next(WRITE, [Fault::Delay]);
        // The document is there, so that the second try is refused.
        let end = store.commit(unit(2, vec![put("old", 0)])).await;
        assert_eq!(end, Ok(Outcome::Unknown));
        assert_eq!(
            store.commit(unit(3, vec![Change::Delete { key: doc("old"), version: Version(1) }])).await,
            Ok(Outcome::Committed)
        );
        wire.deliver();
        assert_eq!(
            read(&store, doc("old")).await.map(|item| item.version),
            Some(Version(2)),
            "it lands late"
        );
        // Refused before anything was lost it is certain, and needs no record.
        assert_eq!(store.commit(unit(4, vec![put("old", 0)])).await, Ok(Outcome::Conflict));
    });
}

#[test]
fn an_error_that_does_not_pass_is_told_at_once() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        for (code, kind, said) in [
            ("AccessDeniedException", OutageKind::Broken, "may not use the table"),
            ("ExpiredTokenException", OutageKind::Broken, "these credentials"),
            ("ResourceNotFoundException", OutageKind::Broken, "is missing: make it"),
            ("ItemCollectionSizeLimitExceededException", OutageKind::Broken, "said by a test"),
        ] {
            wire.next(WRITE, [Fault::error(400, code)]);
            let outage = store.commit(unit(2, vec![step("n", 1)])).await.unwrap_err();
            assert_eq!((outage.kind, outage.detail.contains(said)), (kind, true), "{outage}");
            assert_eq!(wire.asked(WRITE), 1, "{code}");
            assert!(outage.detail.contains(code) && !outage.detail.contains('\n'), "{outage}");
        }
        wire.next(READ, many(TRIES, &Fault::error(503, "ServiceUnavailable")));
        let outage = store.read(vec![doc("old")], NOW).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Unreachable, "{outage}");
        wire.next(READ, many(TRIES, &Fault::error(500, "InternalServerError")));
        assert_eq!(store.read(vec![doc("old")], NOW).await.unwrap_err().kind, OutageKind::Broken);
    });
}

/// What DynamoDB finds too large, though we did not, is no outage: that would never end.
#[test]
fn a_size_that_the_endpoint_refuses_is_too_large() {
    let Some(endpoint) = endpoint() else { return };
    run(async {
        let (_place, wire, store) = wired(&endpoint).await;
        let body = "{\"__type\":\"ValidationException\",\"message\":\"Item size has exceeded the maximum allowed size\"}";
        wire.next(WRITE, [Fault::Refused(400, body.to_owned())]);
        let end = store.commit(unit(2, vec![step("n", 1)])).await;
        assert_eq!(end, Ok(Outcome::TooLarge(store::Limit::Bytes)));
        wire.next(WRITE, [Fault::error(400, "ValidationException")]);
        assert_eq!(store.commit(unit(2, vec![step("n", 1)])).await.unwrap_err().kind, OutageKind::Broken);
    });
}

/// Handles message `id` until its record is there: a step of the one counter, and a document of its own.
async fn handle(store: &DynamoDb, id: &str, nonces: &mut fastrand::Rng) {
    for _ in 0..200 {
        match store.commit(handling(nonces.u64(1..), id, vec![step("n", 1), put(id, 0)])).await {
            Ok(Outcome::Committed | Outcome::Duplicate) => return,
            Ok(Outcome::Unknown | Outcome::Conflict) | Err(_) => {}
            other => panic!("message {id}: {other:?}"),
        }
        if read(store, record(id).key).await.is_some() {
            return;
        }
    }
    panic!("message {id} is never handled");
}

#[test]
fn whatever_happens_to_transactions_each_message_is_handled_once() {
    let Some(endpoint) = endpoint() else { return };
    let (workers, each) = (4, 12);
    run(async {
        let (place, wire, store) = wired(&endpoint).await;
        let error = told("InternalServerError", "");
        let faults = vec![
            Fault::Answer,
            Fault::Question,
            Fault::Delay,
            Fault::cancelled(&["TransactionConflict"]),
            Fault::error(400, "ThrottlingException"),
            Fault::Refused(500, error.clone()),
            Fault::DoneAndFailed(500, error),
        ];
        wire.often(7, 2, faults);
        let worker = async |who: u64| {
            let mut nonces = fastrand::Rng::with_seed(who);
            for n in 0..each {
                handle(&store, &format!("{who}-{n}"), &mut nonces).await;
            }
        };
        together((0..workers).map(worker).collect()).await;
        wire.often(0, 0, vec![]);
        let (messages, asked) = (workers * each, wire.asked(WRITE) as u64);
        assert!(asked > messages * 3 / 2, "{asked} transactions: hardly a fault");
        // What was delayed lands now, long after somebody else has handled its message.
        wire.deliver();
        let store = place.open().await;
        assert_eq!(counter(&store, "n").await, (messages.cast_signed(), messages), "steps");
        for message in (0..workers).flat_map(|who| (0..each).map(move |n| format!("{who}-{n}"))) {
            assert!(read(&store, doc(&message)).await.is_some(), "{message}");
            assert!(read(&store, record(&message).key).await.is_some(), "{message}");
        }
    });
}
