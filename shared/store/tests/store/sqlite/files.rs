//! The file: that one process has it, that it is there again, and that it does not grow for ever.

use std::time::Duration;

use store::sqlite::OpenError;
use store::sqlite::bare::{Bare, Groups, Recording};

use super::*;

#[test]
fn a_second_engine_is_refused_and_told_who_has_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/banyan.db");
    let first = Engine::open(Config::file(&path)).unwrap();
    let refused = Engine::open(Config::file(&path)).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }));
    let lock = dir.path().join("deep/banyan.lock");
    let pid = std::process::id();
    let told = format!("{} is in use by process {pid}, which holds {}", path.display(), lock.display());
    assert_eq!(refused.to_string(), told);
    first.close();
    Engine::open(Config::file(&path)).unwrap();
}

#[test]
fn a_file_of_a_newer_build_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    drop(Engine::open(Config::file(&path)).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    assert!(matches!(Engine::open(Config::file(&path)), Err(OpenError::Newer { found: 99, .. })));
}

/// What layout 1 was, made of a file of today.
const BACK_TO_LAYOUT_1: &str = "
BEGIN;
DROP INDEX item_expires;
ALTER TABLE item RENAME TO newer;
CREATE TABLE item(
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires INTEGER,
  entries TEXT,
  body BLOB NOT NULL,
  PRIMARY KEY(collection, id)
) WITHOUT ROWID;
CREATE INDEX item_expires ON item(expires) WHERE expires IS NOT NULL;
INSERT INTO item SELECT * FROM newer;
DROP TABLE newer;
PRAGMA user_version = 1;
COMMIT;
";

#[test]
fn a_file_of_the_first_layout_is_brought_up_to_date_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let long = "x".repeat(20_000);
    let engine = Engine::open(Config::file(&path)).unwrap();
    run(async {
        let changes = vec![put("short", 0, "1"), put("long", 0, &format!("{long:?}"))];
        let unit = Unit { record: Some(record("once", vec![])), changes, ..unit(1) };
        assert_eq!(engine.commit(unit).await, Ok(Outcome::Committed));
    });
    engine.close();
    drop(engine);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(BACK_TO_LAYOUT_1).unwrap();
    drop(conn);
    let engine = Engine::open(Config::file(&path)).unwrap();
    run(async {
        let again = Unit { record: Some(record("once", vec![])), ..unit(1) };
        assert_eq!(engine.commit(again).await, Ok(Outcome::Duplicate), "the record is there");
        let found = read(&engine, doc("long"), NOW).await.unwrap();
        assert_eq!(found.body, format!("{long:?}"));
        let changes = vec![put("short", 0, "2")];
        assert_eq!(
            engine.commit(Unit { changes, ..unit(2) }).await,
            Ok(Outcome::Conflict),
            "it is not absent"
        );
    });
    engine.close();
    drop(engine);
    let conn = rusqlite::Connection::open(&path).unwrap();
    let layout: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(layout, 2);
}

#[test]
fn a_closed_engine_answers_that_it_cannot_be_reached() {
    let engine = memory();
    run(async {
        assert_eq!(engine.commit(unit(1)).await, Ok(Outcome::Committed));
        engine.close();
        let closed = |outage: store::Outage| assert_eq!(outage.kind, OutageKind::Unreachable);
        closed(engine.commit(unit(2)).await.unwrap_err());
        closed(engine.read(vec![doc("a")], NOW).await.unwrap_err());
        closed(engine.query(Query::new("t.doc", "by", "p"), NOW).await.unwrap_err());
        closed(engine.snapshot(NOW).await.err().unwrap());
    });
}

#[test]
fn what_has_expired_is_removed_with_its_entries() {
    let mut config = Config::memory();
    config.purge_grace = Duration::from_micros(50);
    let engine = Engine::open(config).unwrap();
    let expiring = |id: &str, expires| Change::Put {
        key: doc(id),
        version: Version::ABSENT,
        body: Bytes::from_static(b"1"),
        entries: vec![Entry::new("by", "p", "s")],
        expires: Some(at(expires)),
    };
    run(async {
        let changes = (0..90).map(|n| expiring(&n.to_string(), 100 + n / 45 * 100)).collect();
        assert_eq!(engine.commit(Unit { changes, ..unit(1) }).await, Ok(Outcome::Committed));
        // At 160 those that expired at 100 are 60 late, more than the grace; those of 200 have not expired.
        for _ in 0..64 {
            engine.commit(Unit { now: at(160), ..unit(2) }).await.unwrap();
        }
        assert_eq!(engine.stats().purged, 45);
        let page = engine.query(Query::new("t.doc", "by", "p"), at(0)).await.unwrap();
        assert_eq!(page.rows.len(), 45);
    });
}

#[test]
fn the_log_starts_again_once_it_has_been_copied() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let engine = Engine::open(Config::file(&path)).unwrap();
    run(async {
        for n in 0..60_u64 {
            // What is the same is not even written.
            let body = format!("{n:02}").repeat(100_000);
            let changes = (0..10)
                .map(|i| put(&format!("{}-{i}", n % 3), if n < 3 { 0 } else { n - 2 }, &body))
                .collect();
            assert_eq!(engine.commit(Unit { changes, ..unit(n + 1) }).await, Ok(Outcome::Committed));
        }
    });
    assert!(engine.stats().checkpoints > 0);
    let written = 60 * 10 * 200_000;
    let log = std::fs::metadata(dir.path().join("banyan.db-wal")).unwrap().len();
    assert!(log < written / 2, "{log} of {written}");
}

#[test]
fn a_snapshot_that_keeps_the_log_from_starting_again_is_taken_away() {
    let engine = memory();
    let body = "x".repeat(250_000);
    run(async {
        engine.commit(Unit { changes: vec![put("a", 0, "1")], ..unit(1) }).await.unwrap();
        let mut snapshot = engine.snapshot(NOW).await.unwrap();
        assert_eq!(snapshot.page("t.doc", None, 10).await.unwrap().len(), 1);
        let mut units = 0;
        while snapshot.page("t.doc", None, 1).await.is_ok() {
            units += 1;
            assert!(units < 200, "the log grows for ever");
            let changes = (0..15).map(|i| put(&format!("{units}-{i}"), 0, &body)).collect();
            engine.commit(Unit { changes, ..unit(units) }).await.unwrap();
        }
    });
}

#[test]
fn the_bare_loop_changes_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let recording = Recording::new();
    let mut config = Config::memory();
    config.recording = Some(recording.clone());
    let engine = Engine::open(config).unwrap();
    run(async {
        for n in 0..20_u64 {
            let one = |i: u64| Unit {
                record: Some(record(&format!("{n}-{i}"), vec![])),
                // Every fifth is a conflict.
                changes: vec![put(&format!("{n}-{i}"), u64::from(i == 4), "1")],
                ..unit(n + 1)
            };
            together((0..5).map(|i| engine.commit(one(i))).collect()).await;
        }
    });
    let stats = engine.stats();
    let mut bare = Bare::open(&dir.path().join("bare.db"), None).unwrap();
    let replayed = bare.replay(&recording, Groups::AsRecorded).unwrap();
    assert_eq!((replayed.units, replayed.groups), (100, stats.groups));
    assert_eq!((replayed.tally.rows, replayed.tally.bytes), (stats.rows_changed, stats.bytes_bound));
    let conn = rusqlite::Connection::open(dir.path().join("bare.db")).unwrap();
    let items: i64 = conn.query_row("SELECT count(*) FROM item", [], |row| row.get(0)).unwrap();
    assert_eq!(items, 160);
}

#[test]
fn what_was_answered_is_in_the_recording() {
    let recording = Recording::new();
    let mut config = Config::memory();
    config.recording = Some(recording.clone());
    let engine = Engine::open(config).unwrap();
    run(async {
        for n in 0..500_u64 {
            let changes = vec![put(&n.to_string(), 0, "1")];
            engine.commit(Unit { changes, ..unit(n + 1) }).await.unwrap();
            assert_eq!(recording.take().len(), 1, "after {n} others");
        }
    });
}
