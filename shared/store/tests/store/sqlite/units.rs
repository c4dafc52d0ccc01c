//! Units of work: who is refused, and that it is the right one.

use std::collections::BTreeSet;

use contracts::EventType;

use super::*;

#[test]
fn a_conflict_in_the_middle_of_a_group_leaves_its_neighbours_alone() {
    let engine = memory();
    let old = |id: &str| Unit { changes: vec![put(id, 0, "old")], ..unit(1) };
    // Whether three that come together share a group is up to the scheduler; soon they do.
    let was_one_group = (0..100).any(|nth| {
        let [a, b, c] = ["a", "b", "c"].map(|id| format!("{id}{nth}"));
        run(async {
            assert_eq!(engine.commit(old(&b)).await, Ok(Outcome::Committed));
            let before = engine.stats().groups;
            let units = [put(&a, 0, "1"), put(&b, 77, "2"), put(&c, 0, "3")]
                .map(|change| Unit { changes: vec![change], ..unit(2) });
            let outcomes = together(units.into_iter().map(|unit| engine.commit(unit)).collect()).await;
            assert_eq!(outcomes, [Ok(Outcome::Committed), Ok(Outcome::Conflict), Ok(Outcome::Committed)]);
            assert_eq!(read(&engine, doc(&a), NOW).await.unwrap().version, Version(2));
            assert_eq!(read(&engine, doc(&b), NOW).await.unwrap().body, "old");
            assert_eq!(read(&engine, doc(&c), NOW).await.unwrap().body, "3");
            engine.stats().groups == before + 1
        })
    });
    assert!(was_one_group);
}

#[test]
fn a_duplicate_is_told_before_a_conflict_and_a_conflict_before_a_limit() {
    let engine = memory();
    run(async {
        let first = Unit { record: Some(record("r", vec![])), changes: vec![put("a", 0, "1")], ..unit(1) };
        assert_eq!(engine.commit(first).await, Ok(Outcome::Committed));
        let too_large = "x".repeat(limits::DOCUMENT_BYTES + 1);
        let both = |id: &str, version| Unit {
            record: Some(record(id, vec![])),
            changes: vec![put("a", version, &too_large)],
            ..unit(2)
        };
        assert_eq!(engine.commit(both("r", 9)).await, Ok(Outcome::Duplicate));
        assert_eq!(engine.commit(both("s", 9)).await, Ok(Outcome::Conflict));
        assert_eq!(engine.commit(both("s", 1)).await, Ok(Outcome::TooLarge(Limit::Document)));
        assert_eq!(read(&engine, Key::new("t.record", "s"), NOW).await, None);
    });
}

#[test]
fn a_refused_unit_takes_its_record_back() {
    let engine = memory();
    run(async {
        let refused = Unit { record: Some(record("r", vec![])), changes: vec![put("a", 5, "1")], ..unit(1) };
        assert_eq!(engine.commit(refused).await, Ok(Outcome::Conflict));
        assert_eq!(read(&engine, Key::new("t.record", "r"), NOW).await, None);
        let again = Unit { record: Some(record("r", vec![])), changes: vec![put("a", 0, "1")], ..unit(2) };
        assert_eq!(engine.commit(again).await, Ok(Outcome::Committed));
    });
}

#[test]
fn a_guard_is_judged_before_the_step_and_an_absent_counter_is_zero() {
    let engine = memory();
    let step = |by, least| Unit {
        changes: vec![Change::Step {
            key: doc("stock"),
            add: vec![("available".to_owned(), by)],
            guards: vec![("available".to_owned(), least)],
        }],
        ..unit(1)
    };
    run(async {
        assert_eq!(engine.commit(step(1, 1)).await, Ok(Outcome::Conflict));
        assert_eq!(engine.commit(step(2, 0)).await, Ok(Outcome::Committed));
        assert_eq!(engine.commit(step(-2, 3)).await, Ok(Outcome::Conflict));
        assert_eq!(engine.commit(step(-2, 2)).await, Ok(Outcome::Committed));
        assert_eq!(engine.commit(step(i64::MAX, 0)).await, Ok(Outcome::Committed));
        assert_eq!(engine.commit(step(1, 0)).await, Ok(Outcome::TooLarge(Limit::Counter)));
        let item = read(&engine, doc("stock"), NOW).await.unwrap();
        assert_eq!(
            (item.version, &item.body[..]),
            (Version(3), &br#"{"available":9223372036854775807}"#[..])
        );
    });
}

#[test]
fn what_has_expired_is_absent_for_reads_puts_records_and_queries() {
    let engine = memory();
    let entries = vec![Entry::new("by", "p", "s")];
    let expiring = |version, body: &'static str| Change::Put {
        key: doc("a"),
        version: Version(version),
        body: Bytes::from_static(body.as_bytes()),
        entries: entries.clone(),
        expires: Some(at(100)),
    };
    run(async {
        let first =
            Unit { record: Some(record_until("r", at(100))), changes: vec![expiring(0, "1")], ..unit(1) };
        assert_eq!(engine.commit(first).await, Ok(Outcome::Committed));
        assert!(read(&engine, doc("a"), at(99)).await.is_some());
        assert_eq!(read(&engine, doc("a"), at(100)).await, None);
        let query = || Query::new("t.doc", "by", "p");
        assert_eq!(engine.query(query(), at(99)).await.unwrap().rows.len(), 1);
        assert_eq!(engine.query(query(), at(100)).await.unwrap().rows.len(), 0);

        let again = |now| Unit { now, record: Some(record_until("r", at(300))), ..unit(2) };
        assert_eq!(engine.commit(again(at(99))).await, Ok(Outcome::Duplicate));
        let changes = vec![put("a", 0, "2")];
        assert_eq!(engine.commit(Unit { changes, ..again(at(100)) }).await, Ok(Outcome::Committed));
        assert_eq!(read(&engine, doc("a"), at(1_000)).await.unwrap().body, "2");
        assert_eq!(engine.query(query(), at(1_000)).await.unwrap().rows, []);
    });
}

#[test]
fn a_put_replaces_the_entries_of_before_and_a_delete_takes_them_away() {
    let engine = memory();
    let indexed = |version, nonce, indexes: &[&'static str]| Unit {
        changes: vec![Change::Put {
            key: doc("a"),
            version: Version(version),
            body: Bytes::from_static(b"1"),
            entries: indexes.iter().map(|index| Entry::new(index, "p", "s")).collect(),
            expires: None,
        }],
        ..unit(nonce)
    };
    let found = async || -> Vec<&str> {
        let mut found = vec![];
        for index in ["1", "2", "3"] {
            let page = engine.query(Query::new("t.doc", index, "p"), NOW).await.unwrap();
            found.extend(page.rows.iter().map(|_| index));
        }
        found
    };
    run(async {
        engine.commit(indexed(0, 1, &["3", "1"])).await.unwrap();
        assert_eq!(found().await, ["1", "3"]);
        engine.commit(indexed(1, 2, &["2", "3"])).await.unwrap();
        assert_eq!(found().await, ["2", "3"]);
        engine.commit(indexed(2, 3, &["2", "3"])).await.unwrap();
        assert_eq!(found().await, ["2", "3"]);
        let delete = Change::Delete { key: doc("a"), version: Version(3) };
        assert_eq!(engine.commit(Unit { changes: vec![delete], ..unit(4) }).await, Ok(Outcome::Committed));
        assert_eq!(found().await, [""; 0]);
    });
}

#[test]
fn a_unit_for_a_queue_that_nobody_declared_is_not_applied() {
    let engine = memory();
    run(async {
        let outgoing = vec![message(Address::Queue("nobody".to_owned()), "1")];
        let lost = Unit { record: Some(record("r", outgoing)), ..unit(1) };
        let outage = engine.commit(lost).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Undeclared);
        assert!(!outage.to_string().contains("storage"), "nothing is wrong with the storage: {outage}");
        assert_eq!(read(&engine, Key::new("t.record", "r"), NOW).await, None);
    });
}

#[test]
fn a_queue_gets_the_first_of_those_versions_of_one_event_that_it_takes() {
    let engine = memory();
    let topic = |major: u32| format!("shop.banyan.order.placed.v{major}").parse::<EventType>().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let subscribers = [(topic(1), names(&["old", "new"])), (topic(2), names(&["new"]))].into();
    run(async {
        engine.declare(&names(&["old", "new"]), &subscribers).await.unwrap();
        let version = |id: &str, major: u32| Outgoing {
            id: MessageId::named(&[id]),
            ..message(Address::Topic(topic(major)), &format!("\"{id} v{major}\""))
        };
        let outgoing = vec![version("a", 2), version("a", 1), version("b", 1)];
        let told = Unit { record: Some(record("r", outgoing)), ..unit(1) };
        assert_eq!(engine.commit(told).await, Ok(Outcome::Committed));
        for (queue, wanted) in [("new", ["\"a v2\"", "\"b v1\""]), ("old", ["\"a v1\"", "\"b v1\""])] {
            let taken = engine.receive(queue, 10).await.unwrap();
            assert_eq!(
                taken.iter().map(|one| &one.body[..]).collect::<Vec<_>>(),
                wanted.map(str::as_bytes),
                "{queue}"
            );
        }
    });
}
