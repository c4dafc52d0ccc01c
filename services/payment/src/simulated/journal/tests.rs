use super::super::faults::{Faults, Odds};
use super::super::wire::Request;
use super::*;

fn work(key: &str) -> (Work, oneshot::Receiver<Response>) {
    let request = Request {
        method: "POST".to_owned(),
        path: "/v1/authorizations".to_owned(),
        key: Some(key.to_owned()),
        body: r#"{"payment":"p","amount_minor":100,"currency":"GBP","token":"tok_ok"}"#.to_owned(),
    };
    let call = Call::parse(&request).unwrap();
    let verdict = Faults::new(0, Odds::default(), Duration::ZERO).unwrap().verdict(&call);
    let (reply, answer) = oneshot::channel();
    (Work::Execute { now: Timestamp::EPOCH, call, verdict, reply }, answer)
}

fn stop(running: Running) {
    running.work.blocking_send(Work::Stop).unwrap();
    running.thread.join().unwrap().unwrap();
}

#[test]
fn what_was_answered_is_there_after_a_restart_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::File(folder.path().join("peers/provider.db"));
    let ask = |running: &Running| {
        let (work, answer) = work("a");
        running.work.blocking_send(work).unwrap();
        answer.blocking_recv().unwrap()
    };
    let running = start(&storage, None).unwrap();
    let first = ask(&running);
    assert_eq!(first.status, 201);
    stop(running);
    let running = start(&storage, None).unwrap();
    assert_eq!(ask(&running), first);
    stop(running);
}

#[test]
fn the_export_holds_every_effect_in_order_page_by_page() {
    let running = start(&Storage::Memory, None).unwrap();
    let answers: Vec<_> = (0..1_500)
        .map(|n| {
            let (work, answer) = work(&format!("k{n}"));
            running.work.blocking_send(work).unwrap();
            answer
        })
        .collect();
    for answer in answers {
        assert_eq!(answer.blocking_recv().unwrap().status, 201);
    }
    let mut ledger = Ledger::default();
    let mut after = Some(0);
    while let Some(from) = after {
        let (reply, page) = oneshot::channel();
        running
            .work
            .blocking_send(Work::Export { now: Timestamp::EPOCH, after: from, limit: usize::MAX, reply })
            .unwrap();
        let page = page.blocking_recv().unwrap();
        assert!(page.entries.len() <= PAGE && page.total_entries == 1_500);
        for entry in &page.entries {
            ledger.apply(entry).unwrap();
        }
        after = page.next_after;
        if after.is_none() {
            assert_eq!(page.balances, ledger.books().balances().collect::<Vec<_>>());
        }
    }
    assert_eq!(ledger.entries(), 1_500);
    stop(running);
}

#[test]
fn a_file_has_one_provider_at_a_time_and_a_journal_with_a_hole_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("provider.db");
    let storage = Storage::File(path.clone());
    let running = start(&storage, None).unwrap();
    for key in ["a", "b"] {
        let (work, answer) = work(key);
        running.work.blocking_send(work).unwrap();
        answer.blocking_recv().unwrap();
    }
    let intruder = Connection::open(&path).unwrap();
    intruder.busy_timeout(Duration::ZERO).unwrap();
    assert!(intruder.execute("DELETE FROM journal", []).is_err(), "the file is locked");
    stop(running);
    assert_eq!(intruder.execute("DELETE FROM journal WHERE key = 'a'", []).unwrap(), 1);
    drop(intruder);
    let Err(JournalError::Inconsistent(found)) = start(&storage, None) else { panic!("served all the same") };
    assert_eq!(found, Inconsistent::Gap { expected: 1, got: 2 });
}

#[test]
fn nobody_is_answered_before_the_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("provider.db");
    let storage = Storage::File(path.clone());
    stop(start(&storage, None).unwrap());
    // A debt that is only looked at when the transaction commits: writing the second entry works, keeping it does not.
    let saboteur = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER debt AFTER INSERT ON journal WHEN NEW.seq = 2 BEGIN INSERT INTO child VALUES (9); END";
    Connection::open(&path).unwrap().execute_batch(saboteur).unwrap();

    let running = start(&storage, None).unwrap();
    let (kept, answer) = work("a");
    running.work.blocking_send(kept).unwrap();
    assert_eq!(answer.blocking_recv().unwrap().status, 201);
    let (lost, answer) = work("b");
    running.work.blocking_send(lost).unwrap();
    assert!(answer.blocking_recv().is_err(), "answered, although nothing was kept");
    assert!(matches!(running.thread.join().unwrap(), Err(JournalError::Sqlite(_))));
    assert!(running.ended.blocking_recv().is_err(), "the server learns of it");

    let left: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM journal", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 1);
}
