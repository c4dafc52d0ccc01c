//! The power goes at any moment: what was answered is there, and nothing is there by half. A killed process cannot show
//! this, as what it has written outlives it also when nobody waited for the disk.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contracts::EventType;
use fastrand::Rng;
use store::sqlite::vfs::{self, Controls, Disk, Tape, Target};

use super::*;

const ROOM: usize = 64 << 20;
const CUTS: usize = 50;
const QUEUE: &str = "t.queue";

/// Names of units, with where the recording was when each was answered.
type Told = RefCell<Vec<(String, usize)>>;

/// Two lives of an engine, with copies of the log into the file in the middle and at the end.
fn live(folder: &Path, controls: Controls, tape: &Tape) -> Vec<(String, usize)> {
    let told = Told::default();
    controls.record(tape);
    for life in 0..2 {
        let engine = open(folder, Some(controls));
        run(async {
            for burst in 0..3 {
                let checkpoints = engine.stats().checkpoints;
                let writers = (0..8).map(|lane| {
                    let name = format!("{life}-{burst}-{lane}");
                    write(&engine, name, &told, tape)
                });
                futures_util::future::join_all(writers).await;
                while burst < 2 && engine.stats().checkpoints == checkpoints {
                    std::thread::yield_now();
                }
            }
        });
    }
    controls.stop_recording();
    told.into_inner()
}

fn open(folder: &Path, vfs: Option<Controls>) -> Engine {
    let engine = Engine::open(Config { vfs, ..Config::file(folder.join("banyan.db")) }).unwrap();
    let subscribers = BTreeMap::from([(kind(), BTreeSet::from([QUEUE.to_owned()]))]);
    run(engine.declare(&BTreeSet::from([QUEUE.to_owned()]), &subscribers)).unwrap();
    engine
}

fn kind() -> EventType {
    "shop.banyan.test.happened.v1".parse().unwrap()
}

async fn write(engine: &Engine, lane: String, told: &Told, tape: &Tape) {
    for n in 0..15 {
        let name = format!("{lane}-{n}");
        let unit = Unit {
            record: Some(record(&name, vec![message(Address::Topic(kind()), &name)])),
            changes: vec![
                put(&name, 0, &"x".repeat(9_000)),
                Change::Step { key: doc("total"), add: vec![("n".to_owned(), 1)], guards: vec![] },
            ],
            ..unit(7)
        };
        assert_eq!(engine.commit(unit).await, Ok(Outcome::Committed));
        told.borrow_mut().push((name, tape.position().unwrap()));
    }
}

/// What is wrong with what a loss of power has left.
fn wrong(folder: &Path, told: &[(String, usize)], cut: usize) -> Vec<String> {
    let engine = match Engine::open(Config::file(folder.join("banyan.db"))) {
        Ok(engine) => engine,
        Err(error) => return vec![error.to_string()],
    };
    match run(judge(&engine, told, cut)) {
        Ok(wrong) => wrong,
        Err(outage) => vec![outage.to_string()],
    }
}

async fn judge(engine: &Engine, told: &[(String, usize)], cut: usize) -> Result<Vec<String>, store::Outage> {
    let mut wrong = engine.integrity()?;
    if !wrong.is_empty() {
        // In a broken file the same rows may come again and again.
        return Ok(wrong);
    }
    for (name, _) in told.iter().filter(|(_, at)| *at <= cut) {
        let there = engine.read(vec![doc(name), Key::new("t.record", name.clone())], NOW).await?;
        if !there.iter().all(Option::is_some) {
            wrong.push(format!("{name} was answered and is gone"));
        }
    }
    let (documents, records) = (count(engine, "t.doc").await?, count(engine, "t.record").await?);
    let total = engine.read(vec![doc("total")], NOW).await?.remove(0).map_or(0, |item| item.version.0);
    let waiting: u64 = engine.backlog().iter().map(|backlog| backlog.waiting).sum();
    if [documents, records, waiting] != [total; 3] {
        wrong.push(format!("{documents} documents, {records} records, {waiting} messages of {total} units"));
    }
    Ok(wrong)
}

async fn count(engine: &Engine, collection: &str) -> Result<u64, store::Outage> {
    let mut snapshot = engine.snapshot(NOW).await?;
    let (mut all, mut after) = (0, None);
    loop {
        let rows = snapshot.page(collection, after.as_deref(), 1_000).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        after = Some(last.id.clone());
        all += rows.iter().filter(|row| row.id.contains('-')).count() as u64;
    }
}

/// The findings of many cuts of one recording.
fn cuts(name: &str, tape: &Tape, many: usize) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let told = live(&dir.path().join("live"), vfs::register(name).unwrap(), tape);
    assert_eq!(told.len(), 2 * 3 * 8 * 15);
    let mut rng = Rng::with_seed(11);
    let mut disk = Disk::before(tape);
    let points = disk.points(many, &mut rng);
    assert_eq!(points.len(), many);
    let mut found = Vec::new();
    for cut in points {
        disk.advance(cut);
        let folder = dir.path().join(cut.to_string());
        vfs::disk::write(&disk.image(&mut rng), &folder).unwrap();
        found.extend(wrong(&folder, &told, cut).into_iter().map(|finding| format!("{cut}: {finding}")));
        std::fs::remove_dir_all(&folder).unwrap();
    }
    found
}

#[test]
fn nothing_that_was_answered_is_lost_when_the_power_goes() {
    assert_eq!(cuts("cuts", &Tape::new(ROOM), CUTS), Vec::<String>::new());
}

#[test]
fn a_disk_that_lies_about_its_log_is_found_out() {
    let found = cuts("cuts-lying-log", &Tape::lying(ROOM, Target::Log), CUTS);
    assert!(found.iter().any(|finding| finding.contains("was answered and is gone")), "{found:?}");
}

#[test]
fn a_disk_that_lies_about_the_database_is_found_out() {
    let found = cuts("cuts-lying-database", &Tape::lying(ROOM, Target::Database), CUTS);
    assert!(!found.is_empty());
}
