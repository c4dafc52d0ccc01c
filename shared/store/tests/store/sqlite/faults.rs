//! Full and broken disks: who is told what, and that it goes on when the trouble is over.

use store::sqlite::vfs::{self, Controls, Damage, Fault, Operation, Target};
use tempfile::TempDir;

use super::*;

fn injurable(name: &str) -> (Engine, Controls, TempDir) {
    let controls = vfs::register(name).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::file(dir.path().join("banyan.db"));
    config.vfs = Some(controls);
    (Engine::open(config).unwrap(), controls, dir)
}

fn fault(operation: Operation, damage: Damage, after: u64, times: u64) -> Fault {
    Fault { target: Target::Log, operation, damage, after, times }
}

/// Units that each insert a document of `size` bytes and leave a record.
fn inserts(count: usize, size: usize) -> Vec<Unit> {
    let body = "x".repeat(size);
    let insert = |n: usize| Unit {
        record: Some(record(&format!("m{n}"), vec![])),
        changes: vec![put(&format!("d{n}"), 0, &body)],
        ..unit(n as u64 + 1)
    };
    (0..count).map(insert).collect()
}

async fn commit_together(engine: &Engine, units: Vec<Unit>) -> Vec<Result<Outcome, store::Outage>> {
    together(units.into_iter().map(|unit| engine.commit(unit)).collect()).await
}

/// Each unit's document and record are there together, exactly if it was answered `Committed`.
async fn assert_told_the_truth(engine: &Engine, verdicts: &[Result<Outcome, store::Outage>]) {
    for (n, verdict) in verdicts.iter().enumerate() {
        let keys = vec![doc(&format!("d{n}")), Key::new("t.record", format!("m{n}"))];
        let there: Vec<bool> = engine.read(keys, NOW).await.unwrap().iter().map(Option::is_some).collect();
        match verdict {
            Ok(Outcome::Committed) => assert_eq!(there, [true, true], "unit {n}"),
            Ok(Outcome::Unknown) => assert_eq!(there[0], there[1], "unit {n}"),
            _ => assert_eq!(there, [false, false], "unit {n}: {verdict:?}"),
        }
    }
}

#[test]
fn a_file_at_its_limit_refuses_the_units_that_do_not_fit_and_no_others() {
    let mut config = Config::memory();
    config.page_limit = Some(60);
    let engine = Engine::open(config).unwrap();
    run(async {
        let mut units = inserts(12, 100);
        let large = "x".repeat(250_000);
        units[5].changes = vec![put("d5", 0, &large)];
        let verdicts = commit_together(&engine, units).await;
        assert_told_the_truth(&engine, &verdicts).await;
        let full: Vec<usize> = (0..12).filter(|n| verdicts[*n].is_err()).collect();
        assert_eq!(full, [5]);
        assert_eq!(verdicts[5].clone().unwrap_err().kind, OutageKind::Full);
    });
    assert!(engine.stats().rollbacks > 0);
}

#[test]
fn a_full_disk_in_the_middle_of_a_group_is_told_and_passes() {
    let (engine, controls, _dir) = injurable("full-middle");
    run(async {
        controls.fail(fault(Operation::Write, Damage::Full, 5, Fault::FOREVER));
        let verdicts = commit_together(&engine, inserts(40, 5_000)).await;
        assert_told_the_truth(&engine, &verdicts).await;
        let kinds: Vec<_> = verdicts.iter().filter_map(|v| v.as_ref().err()).map(|o| o.kind).collect();
        assert!(kinds.len() > 1 && kinds.iter().all(|kind| *kind == OutageKind::Full), "{verdicts:?}");

        controls.heal();
        let missing: Vec<Unit> = inserts(40, 5_000)
            .into_iter()
            .zip(&verdicts)
            .filter(|(_, v)| v.is_err())
            .map(|(unit, _)| unit)
            .collect();
        let verdicts = commit_together(&engine, missing).await;
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(Outcome::Committed)), "{verdicts:?}");
    });
}

#[test]
fn an_error_that_passes_is_not_even_noticed() {
    let (engine, controls, _dir) = injurable("io-once");
    run(async {
        for operation in [Operation::Write, Operation::Sync] {
            let failed = controls.failures();
            controls.fail(fault(operation, Damage::Io, 1, 1));
            let mut units = inserts(10, 5_000);
            for (n, unit) in units.iter_mut().enumerate() {
                unit.record = Some(record(&format!("{operation:?}{n}"), vec![]));
                unit.changes = vec![put(&format!("{operation:?}{n}"), 0, "1")];
            }
            let mut verdicts = commit_together(&engine, units).await;
            // Another commit that writes: all of those before may have been one, with one sync.
            let last = Unit { changes: vec![put(&format!("{operation:?}"), 0, "1")], ..unit(1) };
            verdicts.extend(commit_together(&engine, vec![last]).await);
            assert!(verdicts.iter().all(|verdict| *verdict == Ok(Outcome::Committed)), "{verdicts:?}");
            assert_eq!(controls.failures() - failed, 1, "{operation:?}");
        }
    });
}

#[test]
fn a_commit_in_doubt_is_unknown_and_what_comes_after_it_is_an_outage_until_the_disk_is_back() {
    let (engine, controls, dir) = injurable("io-forever");
    let verdicts = run(async {
        controls.fail(fault(Operation::Sync, Damage::Io, 0, Fault::FOREVER));
        let verdicts = commit_together(&engine, inserts(10, 100)).await;
        assert!(verdicts.contains(&Ok(Outcome::Unknown)), "{verdicts:?}");
        assert_told_the_truth(&engine, &verdicts).await;

        let later = engine.commit(Unit { changes: vec![put("later", 0, "1")], ..unit(99) }).await;
        assert_eq!(later.unwrap_err().kind, OutageKind::Broken);
        assert_eq!(read(&engine, doc("later"), NOW).await, None);

        controls.heal();
        let back = Unit { changes: vec![put("back", 0, "1")], ..unit(100) };
        assert_eq!(engine.commit(back).await, Ok(Outcome::Committed));
        verdicts
    });
    // What was told holds for the file too, not only for this process.
    drop(engine);
    let engine = Engine::open(Config::file(dir.path().join("banyan.db"))).unwrap();
    run(async {
        assert_told_the_truth(&engine, &verdicts).await;
        assert!(read(&engine, doc("back"), NOW).await.is_some());
        assert_eq!(read(&engine, doc("later"), NOW).await, None);
    });
}

#[test]
fn a_checkpoint_that_fails_loses_nothing() {
    let (engine, controls, dir) = injurable("checkpoint");
    run(async {
        let verdicts = commit_together(&engine, inserts(20, 5_000)).await;
        controls.fail(Fault {
            target: Target::Database,
            ..fault(Operation::Write, Damage::Io, 2, Fault::FOREVER)
        });
        // The checkpoint of closing tears a page of the database.
        engine.close();
        assert!(controls.failures() > 0);
        controls.heal();
        let again = Engine::open(Config::file(dir.path().join("banyan.db"))).unwrap();
        assert_told_the_truth(&again, &verdicts).await;
    });
}

#[test]
fn a_copy_beside_the_writer_that_fails_is_made_up_for() {
    let (engine, controls, dir) = injurable("copier");
    run(async {
        controls.fail(Fault {
            target: Target::Database,
            ..fault(Operation::Write, Damage::Io, 2, Fault::FOREVER)
        });
        // One at a time, as a busy writer does not ask for it: three pages and more each.
        let mut verdicts = Vec::new();
        let mut units = inserts(2_000, 9_000).into_iter();
        while controls.failures() == 0 {
            verdicts.push(engine.commit(units.next().expect("nobody has copied the log")).await);
        }
        controls.heal();
        let copied = engine.stats().checkpoints;
        while engine.stats().checkpoints == copied {
            verdicts.push(engine.commit(units.next().expect("nobody copies the log any more")).await);
        }
        assert!(verdicts.iter().all(|verdict| *verdict == Ok(Outcome::Committed)), "{verdicts:?}");
        engine.close();
        let again = Engine::open(Config::file(dir.path().join("banyan.db"))).unwrap();
        assert_eq!(again.integrity(), Ok(vec![]));
        assert_told_the_truth(&again, &verdicts).await;
    });
}

#[test]
fn a_group_is_one_fsync() {
    let (engine, controls, _dir) = injurable("fsyncs");
    run(async {
        commit_together(&engine, inserts(1, 10)).await;
        let (groups, fsyncs) = (engine.stats().groups, controls.log_fsyncs());
        for n in 0..5 {
            let units = (0..50).map(|i| Unit { changes: vec![put(&format!("{n}-{i}"), 0, "1")], ..unit(1) });
            commit_together(&engine, units.collect()).await;
        }
        let groups = engine.stats().groups - groups;
        assert!((5..=15).contains(&groups), "{groups}");
        assert_eq!(controls.log_fsyncs() - fsyncs, groups);
    });
}

#[test]
fn reads_work_while_nothing_can_be_written() {
    let (engine, controls, _dir) = injurable("reads");
    run(async {
        commit_together(&engine, inserts(1, 10)).await;
        controls.fail(fault(Operation::Write, Damage::Full, 0, Fault::FOREVER));
        let refused = engine.commit(Unit { changes: vec![put("new", 0, "1")], ..unit(7) }).await;
        assert_eq!(refused.unwrap_err().kind, OutageKind::Full);
        assert!(read(&engine, doc("d0"), NOW).await.is_some());
        assert_eq!(engine.query(Query::new("t.doc", "by", "p"), NOW).await.unwrap().rows, []);
        assert!(engine.snapshot(NOW).await.is_ok());
    });
}
