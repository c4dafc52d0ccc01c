//! No document contradicts a verdict.

use compat::{Decision, Direction, Judgement, Reading, Schema, compare};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::oracle::Oracle;
use crate::{documents, schemas};

/// Documents of one run.
const DOCUMENTS: usize = 120_000;
/// For each pair of schemas.
const EACH: usize = 20;
/// One pair in so many is judged by another validator as well, which takes a hundred times as long.
const SECOND_OPINION: usize = 25;

type Decide = dyn Fn(&Value, &Value, Direction, Reading) -> Decision;

/// What a run came to.
#[derive(Debug, Default)]
struct Tally {
    documents: usize,
    /// Those that the writer may write.
    written: usize,
    safe: usize,
    broken: usize,
    undecided: usize,
    contradictions: Vec<String>,
}

impl Tally {
    fn run(decide: &Decide, seed: u64, documents: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let contracts = schemas::contracts();
        let mut tally = Self::default();
        let mut pairs = 0;
        while tally.documents < documents && tally.contradictions.is_empty() {
            let old = match pairs % 4 {
                0 => contracts[pairs / 4 % contracts.len()].clone(),
                _ => schemas::document(&mut rng),
            };
            let mut new = schemas::changed(&mut rng, &old);
            if rng.bool() {
                new = schemas::changed(&mut rng, &new);
            }
            let reading = if rng.bool() { Reading::Plain } else { Reading::Tolerant };
            for direction in [Direction::Backward, Direction::Forward] {
                let (writer, reader) = match direction {
                    Direction::Backward => (&old, &new),
                    Direction::Forward => (&new, &old),
                };
                let decision = decide(&old, &new, direction, reading);
                let is_heard = pairs % SECOND_OPINION == 0;
                Pair { writer, reader, reading, decision: &decision, is_heard }.check(&mut rng, &mut tally);
            }
            pairs += 1;
        }
        tally
    }
}

/// A writer, a reader, and what was decided of them.
struct Pair<'p> {
    writer: &'p Value,
    reader: &'p Value,
    reading: Reading,
    decision: &'p Decision,
    is_heard: bool,
}

impl Pair<'_> {
    fn check(&self, rng: &mut Rng, tally: &mut Tally) {
        match (self.decision.breaks.is_empty(), self.decision.undecided.is_empty()) {
            (true, true) => tally.safe += 1,
            (false, _) => tally.broken += 1,
            (true, false) => tally.undecided += 1,
        }
        let writer = Schema::written(self.writer);
        let reader = match self.reading {
            Reading::Plain => Schema::written(self.reader),
            Reading::Tolerant => Schema::opened(self.reader),
        };
        let others = self.is_heard.then(|| {
            let writer = Oracle::new(self.writer, Reading::Plain)?;
            Some((writer, Oracle::new(self.reader, self.reading)?))
        });
        let others = others.flatten();
        for found in &self.decision.breaks {
            let document = &found.counter_example;
            let is_shown = writer.judge(document) == Judgement::Accepts
                && matches!(reader.judge(document), Judgement::Rejects(_))
                && others
                    .as_ref()
                    .is_none_or(|(writer, reader)| writer.accepts(document) && !reader.accepts(document));
            if !is_shown {
                self.contradict(tally, document, "is no counter-example");
            }
        }
        for at in 0..EACH {
            // Half of them are meant for the writer, half for the reader: the difference is of interest.
            let of = if at % 2 == 0 { self.writer } else { self.reader };
            let made = documents::for_schema(rng, of, of, 0);
            let document = if at % 4 < 2 { made } else { documents::damaged(rng, &made) };
            tally.documents += 1;
            if writer.judge(&document) != Judgement::Accepts {
                continue;
            }
            tally.written += 1;
            let is_refused = matches!(reader.judge(&document), Judgement::Rejects(_))
                || others
                    .as_ref()
                    .is_some_and(|(writer, reader)| writer.accepts(&document) && !reader.accepts(&document));
            if is_refused && self.decision.is_safe() {
                self.contradict(tally, &document, "breaks what is called safe");
            }
        }
    }

    fn contradict(&self, tally: &mut Tally, document: &Value, what: &str) {
        let Self { writer, reader, reading, decision, .. } = self;
        tally.contradictions.push(format!(
            "{document}\n{what}, {reading:?}\nwriter: {writer}\nreader: {reader}\n{decision:?}"
        ));
    }
}

#[test]
fn no_document_contradicts_a_verdict() {
    let tally = Tally::run(&compare, 20_261_126, DOCUMENTS);
    assert!(tally.contradictions.is_empty(), "{}", tally.contradictions.join("\n\n"));
    let Tally { documents, written, safe, broken, undecided, .. } = tally;
    let counts = format!(
        "{documents} documents, {written} written; {safe} safe, {broken} broken, {undecided} undecided"
    );
    assert!(documents >= 100_000 && written >= 30_000, "{counts}");
    assert!(safe > 1_000 && broken > 1_000, "{counts}");
    assert!(undecided * 20 < safe + broken, "{counts}");
}

/// Decides as if the reader's schema did not have a keyword.
fn without(keyword: &'static str) -> Box<Decide> {
    Box::new(move |old, new, direction, reading| {
        let (mut old, mut new) = (old.clone(), new.clone());
        let reader = match direction {
            Direction::Backward => &mut new,
            Direction::Forward => &mut old,
        };
        strip(reader, keyword);
        compare(&old, &new, direction, reading)
    })
}

fn strip(schema: &mut Value, keyword: &str) {
    match schema {
        Value::Object(object) => {
            object.remove(keyword);
            object.values_mut().for_each(|value| strip(value, keyword));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| strip(value, keyword)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_rule_that_is_left_out_is_found() {
    for keyword in [
        "type",
        "enum",
        "const",
        "required",
        "additionalProperties",
        "items",
        "minimum",
        "maxLength",
        "minItems",
        "pattern",
        "oneOf",
    ] {
        let tally = Tally::run(&*without(keyword), 1, 120_000);
        assert!(!tally.contradictions.is_empty(), "{keyword} is not missed: {} documents", tally.documents);
    }
}

#[test]
fn a_break_that_is_none_is_found() {
    let decide = |old: &Value, new: &Value, direction: Direction, reading: Reading| {
        let mut decision = compare(old, new, direction, reading);
        for found in &mut decision.breaks {
            found.counter_example = json!({ "an": "accident" });
        }
        decision
    };
    let tally = Tally::run(&decide, 1, 20_000);
    assert!(tally.contradictions.iter().any(|told| told.contains("is no counter-example")));
}
