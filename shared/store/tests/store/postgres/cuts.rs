//! Connections that are lost while commits are under way: nothing is lost that was answered, nothing happens twice.

use std::time::Duration;

use store::{Outage, OutageKind};

use super::proxy::{Cut, Proxy};
use super::*;

/// What one message's handling came to, over however many tries.
#[derive(Debug, Default)]
struct Tally {
    unknown: u32,
    outages: u32,
}

/// Handles message `id` until its record is there: a step of the one counter, and a document of its own.
async fn handle(store: &Postgres, id: &str, nonces: &mut fastrand::Rng, tally: &mut Tally) {
    for _ in 0..200 {
        let changes = vec![step("n", 1), put(id, 0)];
        let unit = Unit { record: Some(record(id)), ..unit(nonces.u64(1..), changes) };
        match store.commit(unit).await {
            Ok(Outcome::Committed | Outcome::Duplicate) => return,
            Ok(Outcome::Unknown) => tally.unknown += 1,
            Ok(other) => panic!("message {id}: {other:?}"),
            Err(Outage { kind: OutageKind::Unreachable, .. }) => tally.outages += 1,
            Err(outage) => panic!("message {id}: {outage}"),
        }
        // The record decides; a read that fails decides nothing.
        let key = record(id).key;
        if let Ok(found) = store.read(vec![key], NOW).await
            && found[0].is_some()
        {
            return;
        }
    }
    panic!("message {id} is never handled");
}

async fn check(place: &Place, messages: u64) {
    let store = place.open().await;
    assert_eq!(counter(&store, "n").await, (messages.cast_signed(), messages), "steps");
    let count = |collection: &str| format!("SELECT count(*) FROM @.item WHERE collection = '{collection}'");
    assert_eq!(place.sql(&count("t.record")).await, [messages.to_string()], "records");
    assert_eq!(place.sql(&count("t.doc")).await, [(messages + 1).to_string()], "documents and the counter");
}

#[test]
fn a_cut_in_the_middle_of_commits_is_unknown_and_the_record_decides() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    let wire = Proxy::new(&server);
    let (workers, each) = (6, 25);
    run(async {
        let store = Postgres::open(place.settings_at(&wire.url)).await.unwrap();
        wire.cut_often(7, 6);
        let worker = async |who: u64| {
            let (mut nonces, mut tally) = (fastrand::Rng::with_seed(who), Tally::default());
            for n in 0..each {
                handle(&store, &format!("{who}-{n}"), &mut nonces, &mut tally).await;
            }
            tally
        };
        let tallies = together((0..workers).map(worker).collect()).await;
        wire.cut_often(0, 0);
        // What was delayed lands now, long after somebody else has handled its message.
        wire.deliver();
        assert!(tallies.iter().map(|tally| tally.unknown).sum::<u32>() > 10, "{tallies:?}");
        check(&place, workers * each).await;
    });
}

#[test]
fn a_lost_answer_is_unknown_and_a_lost_question_is_not_applied() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    let wire = Proxy::new(&server);
    run(async {
        let store = Postgres::open(place.settings_at(&wire.url)).await.unwrap();
        for (n, cut, want) in [(1, Cut::Answer, true), (2, Cut::Question, false), (3, Cut::Delay, false)] {
            let id = n.to_string();
            wire.cut_next(cut);
            assert_eq!(store.commit(unit(n, vec![put(&id, 0)])).await.unwrap(), Outcome::Unknown, "{cut:?}");
            assert_eq!(read(&store, doc(&id)).await.is_some(), want, "{cut:?}");
        }
        wire.deliver();
        assert!(read(&store, doc("3")).await.is_some(), "it lands later");
    });
}

/// As when the server is restarted: every session ends at once, wherever it is.
#[test]
fn sessions_that_the_server_ends_lose_nothing_and_do_nothing_twice() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    let (workers, each) = (6, 40);
    run(async {
        let store = Postgres::open(place.named()).await.unwrap();
        let worker = async |who: u64| {
            let (mut nonces, mut tally) = (fastrand::Rng::with_seed(who), Tally::default());
            for n in 0..each {
                handle(&store, &format!("{who}-{n}"), &mut nonces, &mut tally).await;
            }
        };
        let ender = async {
            let mut ended = 0;
            for _ in 0..8 {
                let end =
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '@'";
                ended += place.sql(end).await.len();
            }
            ended
        };
        let workers_done = together((0..workers).map(worker).collect());
        let (_, ended) = futures_util::future::join(workers_done, ender).await;
        assert!(ended > 4, "{ended} sessions");
        check(&place, workers * each).await;
    });
}

/// Connections that were cut while nobody used them are not what a caller hears of.
#[test]
fn connections_that_died_while_idle_are_replaced_unnoticed() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = Postgres::open(place.named()).await.unwrap();
        together((1..9).map(|n| store.commit(unit(n, vec![put(&n.to_string(), 0)]))).collect()).await;
        let end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = '@'";
        assert!(place.sql(end).await.len() > 1);
        assert!(read(&store, doc("1")).await.is_some());
        for n in 10..18 {
            let committed = store.commit(unit(n, vec![put(&n.to_string(), 0)])).await;
            assert_eq!(committed, Ok(Outcome::Committed), "{n}");
        }
    });
}

#[test]
fn a_statement_that_takes_too_long_is_given_up() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let mut settings = place.settings();
        settings.waits.statement = Duration::from_millis(150);
        settings.waits.lock = Duration::from_secs(10);
        let store = Postgres::open(settings).await.unwrap();
        let (client, connection) = tokio_postgres::connect(&place.url, NoTls).await.unwrap();
        let lock = format!("BEGIN; LOCK TABLE {}.item IN ACCESS EXCLUSIVE MODE", place.schema);
        let work = async {
            client.batch_execute(&lock).await.unwrap();
            let outage = store.commit(unit(1, vec![put("a", 0)])).await.unwrap_err();
            assert_eq!(outage.kind, OutageKind::Throttled, "{outage}");
            let outage = store.read(vec![doc("a")], NOW).await.unwrap_err();
            assert_eq!(outage.kind, OutageKind::Throttled, "{outage}");
            client.batch_execute("ROLLBACK").await.unwrap();
        };
        futures_util::future::select(Box::pin(work), connection).await;
        assert_eq!(read(&store, doc("a")).await, None);
    });
}
