use super::*;
use crate::ledger::{Ledger, Page};
use crate::toy::{Dice, Memory, Remember, Remembered, key};

fn run(storage: &Storage) -> Running<Memory> {
    start(storage, Dice::default(), Some(Timestamp::EPOCH), "toy").unwrap()
}

fn ask(running: &Running<Memory>, name: &str) -> oneshot::Receiver<Response> {
    let (reply, answer) = oneshot::channel();
    let call = (Remember::Write(key(name)), 1);
    running.work.blocking_send(Work::Execute(Timestamp::EPOCH, call, reply)).unwrap();
    answer
}

fn look<T: Send + 'static>(
    running: &Running<Memory>,
    look: impl FnOnce(&mut Journal<Memory>) -> Result<T, JournalError> + Send + 'static,
) -> T {
    let (reply, seen) = oneshot::channel();
    let look = move |journal: &mut Journal<Memory>| {
        reply.send(look(journal)?).ok();
        Ok(())
    };
    running.work.blocking_send(Work::Look(Timestamp::EPOCH, Box::new(look))).unwrap();
    seen.blocking_recv().unwrap()
}

fn stop(running: Running<Memory>) {
    running.work.blocking_send(Work::Stop).unwrap();
    running.thread.join().unwrap().unwrap();
}

#[test]
fn what_was_answered_is_there_after_a_restart_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("peers/toy.db"));
    let running = run(&storage);
    let first = ask(&running, "a").blocking_recv().unwrap();
    assert_eq!(first.status, 201);
    stop(running);
    let running = run(&storage);
    assert_eq!(ask(&running, "a").blocking_recv().unwrap(), first);
    assert_eq!(look(&running, |journal| journal.page(0, PAGE)).total_entries, 1);
    stop(running);
}

#[test]
fn the_export_holds_every_effect_in_order_page_by_page() {
    let running = run(&Storage::Memory);
    let answers: Vec<_> = (0..1_500).map(|n| ask(&running, &format!("k{n}"))).collect();
    for answer in answers {
        assert_eq!(answer.blocking_recv().unwrap().status, 201);
    }
    let (mut memory, mut after) = (Memory::default(), Some(0));
    while let Some(from) = after {
        let page: Page<Remembered> = look(&running, move |journal| journal.page(from, usize::MAX));
        assert!(page.simulated && page.entries.len() <= PAGE && page.total_entries == 1_500);
        page.entries.iter().for_each(|entry| memory.apply(entry).unwrap());
        after = page.next_after;
    }
    assert_eq!(memory, look(&running, |journal| Ok(std::mem::take(&mut journal.memory.ledger))));
    stop(running);
}

#[test]
fn people_read_backwards_what_is_kept_for_them() {
    let running = run(&Storage::Memory);
    for name in ["a", "b", "skipped", "c"] {
        ask(&running, name).blocking_recv().unwrap();
    }
    let kept = |entry: Remembered| (entry.key.as_str() != "skipped").then_some(entry.seq);
    assert_eq!(look(&running, move |journal| journal.back(u64::MAX, 2, kept)), [4, 2]);
    assert_eq!(look(&running, move |journal| journal.back(2, 2, kept)), [1]);
    stop(running);
}

#[test]
fn what_was_heard_is_not_told_after_a_restart_and_the_rest_is() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("toy.db"));
    let told = |running: &Running<Memory>| look(running, |journal| Ok(journal.take(Timestamp::EPOCH)));
    let running = run(&storage);
    for name in ["a", "b", "c"] {
        ask(&running, name).blocking_recv().unwrap();
    }
    assert_eq!(told(&running), (vec![1, 2], vec!["a".to_owned(), "b".to_owned()]));
    running.work.blocking_send(Work::Heard(vec![2])).unwrap();
    assert_eq!(told(&running).0, [3]);
    stop(running);
    let running = run(&storage);
    assert_eq!(told(&running), (vec![1, 3], vec!["a".to_owned(), "c".to_owned()]));
    assert!(told(&running).0.is_empty());
    stop(running);
}

#[test]
fn a_file_has_one_peer_at_a_time_and_a_journal_with_a_hole_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.db");
    let storage = Storage::File(path.clone());
    let running = run(&storage);
    for name in ["a", "b"] {
        ask(&running, name).blocking_recv().unwrap();
    }
    let intruder = Connection::open(&path).unwrap();
    intruder.busy_timeout(Duration::ZERO).unwrap();
    assert!(intruder.execute("DELETE FROM journal", []).is_err(), "the file is locked");
    stop(running);
    assert_eq!(intruder.execute("DELETE FROM journal WHERE key = 'a'", []).unwrap(), 1);
    drop(intruder);
    let started = start::<Memory>(&storage, Dice::default(), None, "toy");
    let Err(JournalError::Inconsistent(found)) = started else { panic!("served all the same") };
    assert_eq!(found, Inconsistent::Gap { expected: 1, got: 2 });
}

#[test]
fn nobody_is_answered_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("toy.db");
    let storage = Storage::File(path.clone());
    stop(run(&storage));
    // A debt that is only looked at when the transaction commits: writing the second entry works, keeping it does not.
    let saboteur = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER debt AFTER INSERT ON journal WHEN NEW.seq = 2 BEGIN INSERT INTO child VALUES (9); END";
    Connection::open(&path).unwrap().execute_batch(saboteur).unwrap();

    let running = run(&storage);
    assert_eq!(ask(&running, "a").blocking_recv().unwrap().status, 201);
    assert!(ask(&running, "b").blocking_recv().is_err(), "answered, although nothing was kept");
    assert!(matches!(running.thread.join().unwrap(), Err(JournalError::Sqlite(_))));
    assert!(running.ended.blocking_recv().is_err(), "the server learns of it");

    let count = "SELECT count(*) FROM journal";
    let left: i64 = Connection::open(&path).unwrap().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}
