//! A process that is killed at any moment: what it was told is there, and nothing is there by half.
//!
//! The child is this test binary itself, told by a variable to write until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use super::*;

const DATABASE: &str = "BANYAN_TEST_KILL_DATABASE";

/// Not a test: the child. Prints the number of each unit that was committed.
#[test]
fn child_that_writes_until_it_is_killed() {
    #[expect(clippy::disallowed_methods, reason = "how the parent tells the child what to do")]
    let Ok(path) = std::env::var(DATABASE) else { return };
    let engine = Engine::open(Config::file(path)).unwrap();
    run(async {
        let start = read(&engine, doc("start"), NOW).await.map_or(0, |item| item.version.0);
        let mark = Unit { changes: vec![put("start", start, "")], ..unit(start + 1) };
        assert_eq!(engine.commit(mark).await, Ok(Outcome::Committed));
        let writers = (0..8).map(|lane| write_for_ever(&engine, start, lane));
        futures_util::future::join_all(writers).await;
    });
}

async fn write_for_ever(engine: &Engine, start: u64, lane: u64) {
    for n in 0.. {
        let name = format!("{start}-{lane}-{n}");
        let committed = Unit {
            record: Some(record(&name, vec![])),
            changes: vec![
                put(&name, 0, &"x".repeat(3_000)),
                Change::Step { key: doc("total"), add: vec![("n".to_owned(), 1)], guards: vec![] },
            ],
            ..unit(7)
        };
        assert_eq!(engine.commit(committed).await, Ok(Outcome::Committed));
        // In one piece: half a line would be a name that was never told.
        std::io::stderr().write_all(format!("committed {name}\n").as_bytes()).unwrap();
    }
}

fn child(path: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::kills::child_that_writes_until_it_is_killed", "--nocapture"])
        .env(DATABASE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn nothing_that_was_answered_is_lost_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let mut told = Vec::new();
    for round in 1..=12 {
        let mut child = child(&path);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        // Killed in the middle of other groups each time.
        for line in lines.by_ref().take(round * 7) {
            told.extend(line.unwrap().strip_prefix("committed ").map(str::to_owned));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(
            lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("committed ").map(str::to_owned)),
        );
    }
    assert!(told.len() > 12 * 7, "{}", told.len());

    let engine = Engine::open(Config::file(&path)).unwrap();
    run(async {
        for name in &told {
            let keys = vec![doc(name), Key::new("t.record", name.clone())];
            let there = engine.read(keys, NOW).await.unwrap();
            assert!(there.iter().all(Option::is_some), "{name} was answered and is gone");
        }
        let mut snapshot = engine.snapshot(NOW).await.unwrap();
        let mut count = async |collection: &str| {
            let (mut all, mut after) = (0, None);
            loop {
                let rows = snapshot.page(collection, after.as_deref(), 1_000).await.unwrap();
                let Some(last) = rows.last() else { return all };
                after = Some(last.id.clone());
                all += rows.iter().filter(|row| row.id.contains('-')).count() as u64;
            }
        };
        let (documents, records) = (count("t.doc").await, count("t.record").await);
        let total = read(&engine, doc("total"), NOW).await.unwrap().version.0;
        assert_eq!((documents, records), (total, total));
        assert!(total >= told.len() as u64);
    });
}
