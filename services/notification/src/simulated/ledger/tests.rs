use super::*;
use crate::domain::Address;

fn key(text: &str) -> Key {
    Key::try_from(text.to_owned()).unwrap()
}

fn send(name: &str, subject: &str) -> Call {
    let to = Address::new("ada@example.org").unwrap();
    let letter = Letter { to, subject: subject.to_owned(), text: String::new(), html: String::new() };
    Call::Send { key: key(name), letter }
}

fn record(ledger: &Ledger, call: &Call, verdict: Verdict) -> Entry {
    match ledger.decide(Timestamp::EPOCH, call, verdict) {
        Decision::Record(entry) => *entry,
        other => panic!("{other:?}"),
    }
}

fn standing(ledger: &Ledger, call: &Call) -> Response {
    match ledger.decide(Timestamp::EPOCH, call, Verdict::Accept) {
        Decision::Standing(response) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_has_one_effect_and_one_answer_for_ever() {
    for verdict in [Verdict::Accept, Verdict::Bounce, Verdict::Refuse] {
        let mut ledger = Ledger::default();
        let entry = record(&ledger, &send("a", "s"), verdict);
        ledger.apply(&entry).unwrap();
        assert_eq!(standing(&ledger, &send("a", "s")), entry.answer, "{verdict:?}");
        let reused = standing(&ledger, &send("a", "other"));
        assert_eq!(Problem::decode(&reused.body).unwrap().slug, Slug::KeyReused);
        let asked = standing(&ledger, &Call::Query { key: key("a") });
        let Object::Operation { status, answer, .. } = serde_json::from_str(&asked.body).unwrap() else {
            panic!("{asked:?}")
        };
        assert_eq!((status, answer.to_string().len()), (entry.answer.status, entry.answer.body.len()));
        assert_eq!(ledger.entries(), 1);
    }
}

#[test]
fn absence_is_proved() {
    let asked = standing(&Ledger::default(), &Call::Query { key: key("a") });
    assert_eq!(Problem::decode(&asked.body).unwrap().slug, Slug::OperationNotFound);
}

#[test]
fn a_journal_that_cannot_be_is_refused() {
    let mut ledger = Ledger::default();
    let first = record(&ledger, &send("a", "s"), Verdict::Accept);
    let gap = Entry { seq: 2, ..first.clone() };
    assert_eq!(ledger.apply(&gap), Err(Inconsistent::Gap { expected: 1, got: 2 }));
    ledger.apply(&first).unwrap();
    assert_eq!(ledger.apply(&first), Err(Inconsistent::Gap { expected: 2, got: 1 }));
    assert_eq!(ledger.apply(&gap), Err(Inconsistent::SecondEffect { seq: 2, key: key("a") }));
}

#[test]
fn what_auditors_see_has_no_letter_and_rebuilds_the_same_ledger() {
    let (mut ledger, mut rebuilt) = (Ledger::default(), Ledger::default());
    for (name, verdict) in [("a", Verdict::Accept), ("b", Verdict::Bounce)] {
        let entry = record(&ledger, &send(name, "s"), verdict);
        ledger.apply(&entry).unwrap();
        let seen = serde_json::to_string(&entry.without_letter()).unwrap();
        assert!(!seen.contains("ada"), "{seen}");
        rebuilt.apply(&serde_json::from_str(&seen).unwrap()).unwrap();
    }
    assert_eq!(rebuilt, ledger);
    let taken: Vec<bool> = ledger.outcomes().map(|(_, outcome)| outcome.mail.is_some()).collect();
    assert_eq!(taken, [true, false]);
}
