//! How a store is opened, closed and kept clean.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use store::postgres::OpenError;
use store::postgres::bare::Bare;
use store::{Entry, Outage, OutageKind, Query};

use super::proxy::Proxy;
use super::*;

#[test]
fn processes_that_start_at_once_make_the_tables_once() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let stores = together((0..6).map(|_| place.open()).collect()).await;
        for (n, store) in (1..).zip(&stores) {
            let end = store.commit(unit(n, vec![step("n", 1)])).await.unwrap();
            assert_eq!(end, Outcome::Committed);
        }
        assert_eq!(counter(&stores[0], "n").await, (6, 6));
        assert_eq!(place.sql("SELECT count(*) FROM @.layout").await, ["1"]);
    });
}

#[test]
fn a_newer_layout_is_refused_in_words() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        drop(place.open().await);
        place.sql("INSERT INTO @.layout VALUES (1000)").await;
        let error = Postgres::open(place.settings()).await.err().unwrap();
        assert!(matches!(error, OpenError::Newer { found: 1_000, .. }), "{error:?}");
        let told = error.to_string();
        assert!(
            told.contains("layout 1000") && told.contains("newer build") && !told.contains('\n'),
            "{told}"
        );
    });
}

/// How many schemas, tables, views and functions there are in the place, itself included.
async fn census(place: &Place) -> String {
    let sql = "SELECT (SELECT count(*) FROM pg_namespace WHERE nspname = '@')
        + (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace::regnamespace::text = '@')
        + (SELECT count(*) FROM pg_proc WHERE pronamespace::regnamespace::text = '@')";
    place.sql(sql).await.remove(0)
}

#[test]
fn nothing_is_left_of_a_store_that_is_taken_down() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        for _ in 0..2 {
            let store = place.open().await;
            assert_eq!(store.commit(unit(1, vec![put("a", 0)])).await.unwrap(), Outcome::Committed);
            drop(store);
            assert_eq!(census(&place).await, "5");
            let all = (0..4).map(|_| async { Bare::demolish(&place.settings()).await.unwrap() });
            together(all.collect()).await;
            assert_eq!(census(&place).await, "0");
        }
    });
}

#[test]
fn what_somebody_else_keeps_in_the_schema_stays() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        place.sql("CREATE SCHEMA @; CREATE TABLE @.theirs AS SELECT 'kept'::text AS word").await;
        drop(place.open().await);
        assert_eq!(census(&place).await, "6");
        for _ in 0..2 {
            Bare::demolish(&place.settings()).await.unwrap();
            assert_eq!(place.sql("SELECT word FROM @.theirs").await, ["kept"]);
            assert_eq!(census(&place).await, "2");
        }
        assert_eq!(read(&place.open().await, doc("a")).await, None, "it is made again beside it");
    });
}

#[test]
fn a_schema_without_tables_of_ours_stays_as_it_is() {
    let Some(server) = server() else { return };
    for theirs in ["item (id text)", "layout (page text)"] {
        let place = Place::new(&server);
        run(async {
            place.sql(&format!("CREATE SCHEMA @; CREATE TABLE @.{theirs}")).await;
            Bare::demolish(&place.settings()).await.unwrap();
            assert_eq!(census(&place).await, "2", "{theirs}");
        });
    }
}

#[test]
fn a_store_that_something_else_is_made_of_stays_whole() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        drop(place.open().await);
        place.sql("CREATE VIEW @.theirs AS SELECT id FROM @.item").await;
        let told = Bare::demolish(&place.settings()).await.unwrap_err().to_string();
        let want = format!("cannot drop table {}.item because other objects depend on it", place.schema);
        assert!(told.contains(&want), "{told}");
        assert_eq!(census(&place).await, "6");
        place.sql("DROP VIEW @.theirs; INSERT INTO @.layout VALUES (1000)").await;
        let error = Bare::demolish(&place.settings()).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { .. }), "{error}");
        assert_eq!(census(&place).await, "5");
    });
}

#[test]
fn stores_in_two_schemas_do_not_see_each_other() {
    let Some(server) = server() else { return };
    let (one, other) = (Place::new(&server), Place::new(&server));
    run(async {
        let (one, other) = (one.open().await, other.open().await);
        assert_eq!(one.commit(unit(1, vec![put("a", 0)])).await.unwrap(), Outcome::Committed);
        assert_eq!(read(&other, doc("a")).await, None);
        assert_eq!(other.commit(unit(2, vec![put("a", 0)])).await.unwrap(), Outcome::Committed);
    });
}

#[test]
fn a_server_that_is_not_there_is_an_outage_and_so_is_a_closed_store() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    let wire = Proxy::new(&server);
    run(async {
        let mut settings = place.settings_at(&wire.url);
        settings.waits.connect = Duration::from_secs(2);
        wire.down(true);
        let error = Postgres::open(settings.clone()).await.err().unwrap();
        let OpenError::Outage(outage) = error else { panic!("{error:?}") };
        assert_eq!(outage.kind, OutageKind::Unreachable, "{outage}");
        wire.down(false);
        let store = Postgres::open(settings).await.unwrap();
        assert_eq!(store.commit(unit(1, vec![put("a", 0)])).await.unwrap(), Outcome::Committed);
        store.close();
        let outage = store.commit(unit(2, vec![put("b", 0)])).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Unreachable, "{outage}");
    });
}

/// A server that accepts and says nothing, and one whose machine drops what is sent to it: nobody accepts there, and its
/// backlog is full.
fn silent() -> [(TcpListener, Vec<TcpStream>); 2] {
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let full = run(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        socket.listen(1).unwrap().into_std().unwrap()
    });
    let at = full.local_addr().unwrap();
    let waiting: Vec<_> =
        (0..100).map_while(|_| TcpStream::connect_timeout(&at, Duration::from_millis(200)).ok()).collect();
    assert!(waiting.len() < 100, "the backlog has no end");
    [(mute, vec![]), (full, waiting)]
}

#[test]
fn a_silent_host_does_not_keep_the_next_from_being_asked() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    let wire = Proxy::new(&server);
    let (user, rest) = wire.url.split_once('@').unwrap();
    let silent = silent();
    let hosts = silent.each_ref().map(|(listener, _)| listener.local_addr().unwrap().to_string());
    let settings = |hosts: &str| {
        let mut settings = place.settings_at(&format!("{user}@{hosts}"));
        settings.connections = 1;
        settings.waits.connect = Duration::from_secs(3);
        settings
    };
    run(async {
        let store = Postgres::open(settings(&format!("{},{rest}", hosts.join(",")))).await.unwrap();
        assert_eq!(store.commit(unit(1, vec![put("a", 0)])).await.unwrap(), Outcome::Committed);
        let only = settings(&format!("{}/{}", hosts.join(","), rest.split_once('/').unwrap().1));
        let error = Postgres::open(only).await.err().unwrap();
        let OpenError::Outage(outage) = error else { panic!("{error:?}") };
        let want = hosts.map(|host| format!("{host}: no connection within 1.5s")).join("; ");
        assert_eq!(outage, Outage::new(OutageKind::Unreachable, want));
    });
}

#[test]
fn a_wait_for_a_connection_has_a_bound() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let mut settings = place.settings();
        settings.connections = 1;
        settings.waits.connection = Duration::from_millis(100);
        let store = Postgres::open(settings).await.unwrap();
        let lock = format!("LOCK TABLE {}.item IN ACCESS EXCLUSIVE MODE", place.schema);
        let (client, connection) = tokio_postgres::connect(&place.url, NoTls).await.unwrap();
        let work = async {
            client.batch_execute(&format!("BEGIN; {lock}")).await.unwrap();
            let slow = store.commit(unit(1, vec![put("a", 0)]));
            let late = async {
                let outage = store.commit(unit(2, vec![put("b", 0)])).await.unwrap_err();
                client.batch_execute("ROLLBACK").await.unwrap();
                outage
            };
            let (slow, outage) = futures_util::future::join(slow, late).await;
            assert_eq!(slow.unwrap(), Outcome::Committed);
            assert_eq!(outage.kind, OutageKind::Throttled, "{outage}");
        };
        futures_util::future::select(Box::pin(work), connection).await;
    });
}

#[test]
fn what_expired_is_removed_with_its_entries_after_a_grace() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = place.open().await;
        let until = |id: &str, seconds: u64| Change::Put {
            key: doc(id),
            version: Version::ABSENT,
            body: Bytes::new(),
            entries: vec![Entry::new("by", "p", id)],
            expires: Some(NOW.plus(Duration::from_secs(seconds))),
        };
        for batch in 0..3_u64 {
            let changes = (0..90).map(|n| until(&format!("{batch}-{n}"), 10)).collect();
            assert_eq!(store.commit(unit(batch + 1, changes)).await.unwrap(), Outcome::Committed);
        }
        let end = store.commit(unit(9, vec![until("later", 5_000), put("ever", 0)])).await.unwrap();
        assert_eq!(end, Outcome::Committed);
        assert_eq!(store.purge(NOW.plus(Duration::from_secs(609))).await.unwrap(), 0, "within the grace");
        assert_eq!(store.purge(NOW.plus(Duration::from_secs(610))).await.unwrap(), 270);
        assert_eq!(place.sql("SELECT id FROM @.item ORDER BY id").await, ["ever", "later"]);
        assert_eq!(place.sql("SELECT id FROM @.entry").await, ["later"]);
    });
}

#[test]
fn housekeeping_works_beside_the_units_and_ends_with_the_store() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = Arc::new(place.open().await);
        let work = async {
            let Change::Put { key, version, body, entries, .. } = put("old", 0) else { unreachable!() };
            let old = Change::Put { key, version, body, entries, expires: Some(NOW) };
            store.commit(unit(1, vec![old])).await.unwrap();
            let late = NOW.plus(Duration::from_secs(3_600));
            for n in 2.. {
                let end = store.commit(Unit { now: late, ..unit(n, vec![step("n", 1)]) }).await.unwrap();
                assert_eq!(end, Outcome::Committed);
                if n % 64 == 0 && place.sql("SELECT 1 FROM @.item WHERE id = 'old'").await.is_empty() {
                    break;
                }
                assert!(n < 5_000, "nothing was removed");
            }
            store.close();
        };
        futures_util::future::join(work, store.keep_house()).await;
    });
}

#[test]
fn ids_and_sort_values_may_have_every_character() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = place.open().await;
        let ids = ["\0", "\0\0", "\u{1}", "a\0b", "a\u{1}b", "'; --", "\\", "\u{10ffff}"];
        let changes = ids.iter().map(|id| Change::Put {
            key: doc(id),
            version: Version::ABSENT,
            body: Bytes::copy_from_slice(id.as_bytes()),
            entries: vec![Entry::new("by", "p\0", *id)],
            expires: None,
        });
        assert_eq!(store.commit(unit(1, changes.collect())).await.unwrap(), Outcome::Committed);
        for id in ids {
            assert_eq!(read(&store, doc(id)).await.unwrap().body, id.as_bytes(), "{id:?}");
        }
        let query = Query { limit: 3, ..Query::new("t.doc", "by", "p\0") };
        let found = pages(&store, query).await;
        let mut want = ids.map(|id| (id.to_owned(), id.to_owned()));
        want.sort_unstable();
        assert_eq!(found, want);
        let named = Change::Step {
            key: doc("n"),
            add: vec![("\0".to_owned(), 2)],
            guards: vec![("\u{1}".to_owned(), 0)],
        };
        assert_eq!(store.commit(unit(2, vec![named])).await.unwrap(), Outcome::Committed);
        let fields: store::Fields =
            serde_json::from_slice(&read(&store, doc("n")).await.unwrap().body).unwrap();
        assert_eq!(fields["\0"], 2);
    });
}

/// An id that no index can hold must not be an outage: that would never end.
#[test]
fn an_id_that_is_too_long_is_too_large() {
    let Some(server) = server() else { return };
    let place = Place::new(&server);
    run(async {
        let store = place.open().await;
        // Not compressible: the server packs what repeats.
        let mut rng = fastrand::Rng::with_seed(1);
        let id: String = (0..20_000).map(|_| rng.alphanumeric()).collect();
        let end = store.commit(unit(1, vec![put(&id, 0)])).await.unwrap();
        assert!(matches!(end, Outcome::TooLarge(_)), "{end:?}");
        assert_eq!(read(&store, doc(&id)).await, None);
    });
}
