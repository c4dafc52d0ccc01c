//! Claim check: data that is too large for a message goes apart from it, and no handler notices.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use contracts::event::{Apart, Draft, apart};
use contracts::{DataRef, Event, EventData, MessageId, TraceParent};
use runtime::due::{DEAD, DUE, Due};
use runtime::operate::{Discard, Filter, Redrive};
use runtime::{Fail, Handler, Job, JobHandler, Policy, Service, Uow};
use serde::{Deserialize, Serialize};
use store::Blob;
use store::sim::Fault;

use crate::support::{NAME, Stage, Wound};

/// What a bus takes on which an envelope has room, and little else.
const NARROW: usize = 1_000;

/// What the service heard, in order.
type Heard = Arc<Mutex<Vec<String>>>;

/// At `tell`, tells itself something long: as an event, as a job, and as a timer. Keeps in mind all else.
struct OnWound(Heard);

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, uow: &mut Uow) -> Result<(), Fail> {
        let toy = &event.data.toy;
        if let Some(length) = toy.strip_prefix("tell ") {
            let length = length.parse().unwrap();
            uow.emit_state("toy", 1, &Wound { toy: "e".repeat(length) })?;
            uow.enqueue(&Told { text: "j".repeat(length) })?;
            uow.schedule(uow.now().plus(Duration::from_secs(60)), &Told { text: "t".repeat(length) })?;
        } else {
            self.0.lock().unwrap().push(toy.clone());
            if toy.starts_with("reject") {
                return Err(Fail::permanent("no"));
            }
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Told {
    text: String,
}

impl Job for Told {
    const NAME: &'static str = "told";

    fn lane(&self) -> &str {
        "told"
    }
}

struct OnTold(Heard);

impl JobHandler for OnTold {
    type Job = Told;

    async fn run(&self, job: &Told, _: &mut Uow) -> Result<(), Fail> {
        self.0.lock().unwrap().push(job.text.clone());
        Ok(())
    }
}

fn service(heard: &Heard) -> Service {
    Service::new(NAME).on(OnWound(heard.clone())).job(OnTold(heard.clone()))
}

fn stage() -> (Heard, Stage) {
    let heard = Heard::default();
    let stage = Stage::on(service(&heard), Policy::default(), Some(NARROW));
    (heard, stage)
}

/// What was heard; of what is long the beginning and the length.
fn take(heard: &Heard) -> Vec<String> {
    let mut all: Vec<String> =
        std::mem::take(&mut *heard.lock().unwrap()).iter().map(|text| brief(text)).collect();
    all.sort_unstable();
    all
}

fn brief(text: &str) -> String {
    if text.len() < 20 { text.to_owned() } else { format!("{}... {}", &text[..1], text.len()) }
}

fn letters(length: usize) -> [String; 3] {
    ["e", "j", "t"].map(|letter| brief(&letter.repeat(length)))
}

/// An event that says `toy`, taken apart.
fn wound(toy: &str) -> (MessageId, Apart) {
    let id = MessageId::named(&[toy]);
    let draft = Draft {
        id,
        service: "child",
        kind: Wound::TYPE,
        schema: Some(Wound::SCHEMA),
        subject: "toy",
        time: contracts::Timestamp::EPOCH,
        trace: TraceParent::root(id),
        lane: "toy",
        sequence: None,
        correlation: None,
        cause: id,
    };
    (id, apart(&draft.encode(&Wound { toy: toy.to_owned() }).unwrap()).unwrap())
}

impl Stage {
    fn blobs(&self) -> Vec<DataRef> {
        self.world.with_blobs(|shelf| shelf.names().collect())
    }

    fn keep(&self, data: Vec<u8>) {
        let now = self.now();
        self.world.with_blobs(|shelf| shelf.put(&Blob::new(data.into()).unwrap(), now));
    }

    /// The one dead letter.
    fn dead(&self) -> Due {
        let [dead] = <[Due; 1]>::try_from(self.rows(DEAD)).unwrap();
        dead
    }

    fn redrive(&self) {
        let done = self.run(self.node.redrive(&Redrive { force: true, ..Redrive::default() })).unwrap();
        assert_eq!(done.ids.len(), 1);
    }
}

fn reason(row: &Due) -> &str {
    row.trouble.as_ref().unwrap().reason.as_ref()
}

#[test]
fn handlers_and_jobs_read_data_that_went_apart_as_if_it_had_not() {
    let (heard, stage) = stage();
    stage.wind("tell 3000", "lane");
    stage.wait(120);
    assert_eq!(take(&heard), letters(3_000));
    assert_eq!((stage.blobs().len(), stage.node.counts()[0].1.claimed), (3, 3));
}

#[test]
fn what_fits_is_not_taken_apart() {
    let (heard, stage) = stage();
    stage.wind("tell 30", "lane");
    stage.wait(120);
    assert_eq!(take(&heard), letters(30));
    assert_eq!((stage.blobs(), stage.node.counts()[0].1.claimed), (vec![], 0));
}

/// Whatever the bus takes: a message that cannot be put off would come again without end.
#[test]
fn what_is_too_large_for_the_due_table_goes_apart_on_any_bus() {
    let heard = Heard::default();
    let stage = Stage::with(service(&heard));
    let long = format!("reject {}", "\"".repeat(100_000));
    let (id, Apart { event, data, .. }) = wound(&long);
    let whole = contracts::event::together(&event, &data).unwrap();
    let claims = stage.node.claims();
    let fitting = stage.run(claims.fitting(whole.into(), stage.now())).unwrap();
    stage.send(id, "lane", fitting);
    stage.wait(10);
    assert_eq!((take(&heard), reason(&stage.dead())), (vec![brief(&long)], "rejected"));
}

#[test]
fn a_commit_that_does_not_happen_leaves_data_that_the_next_one_uses() {
    for fault in [Fault::Broken, Fault::UnknownLost, Fault::UnknownApplied, Fault::Conflict] {
        let (heard, stage) = stage();
        stage.world.force(fault);
        stage.wind("tell 3000", "lane");
        stage.wait(240);
        assert_eq!(take(&heard), letters(3_000), "{fault:?}");
        assert_eq!(stage.blobs().len(), 3, "{fault:?}");
    }
}

#[test]
fn the_same_message_twice_is_handled_once_and_keeps_its_data_once() {
    let (heard, stage) = stage();
    let (id, Apart { event, data, .. }) = wound("once");
    stage.keep(data);
    for _ in 0..2 {
        stage.wind("tell 3000", "lane");
        stage.send(id, "lane", Bytes::from(event.clone()));
    }
    stage.wait(120);
    let counts = stage.node.counts()[0].1;
    assert_eq!((counts.handled, counts.duplicates, stage.blobs().len()), (5, 2, 4));
    let mut all = take(&heard);
    all.dedup();
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn while_the_blobs_are_out_who_needs_them_waits_and_nothing_counts_as_an_attempt() {
    let (heard, stage) = stage();
    let (id, Apart { event, data, .. }) = wound("fetched");
    stage.keep(data);
    stage.world.fail_blobs(Duration::from_secs(3_600));
    stage.send(id, "lane", event.into());
    stage.wind("tell 3000", "lane");
    stage.wait(1_800);
    assert_eq!((take(&heard), stage.queued()), (vec![], 2));
    assert_eq!((stage.rows(DUE), stage.rows(DEAD)), (vec![], vec![]));
    let why = stage.node.not_ready().join(", ");
    assert!(why.contains("blobs: a simulated outage"), "{why}");
    stage.wait(1_900);
    assert_eq!(take(&heard).len(), 4);
    assert_eq!((stage.queued(), stage.node.not_ready()), (0, vec![]));
}

#[test]
fn a_consumer_that_starts_again_fetches_again() {
    let (heard, mut stage) = stage();
    let (id, Apart { event, data, .. }) = wound("fetched");
    stage.keep(data);
    stage.world.fail_blobs(Duration::from_secs(60));
    stage.send(id, "lane", event.into());
    stage.wait(30);
    stage.restart(service(&heard));
    stage.wait(90);
    assert_eq!((take(&heard), stage.queued()), (vec!["fetched".to_owned()], 0));
}

#[test]
fn data_that_is_late_is_waited_for() {
    let (heard, stage) = stage();
    let (id, Apart { event, data, name }) = wound("late");
    stage.send(id, "lane", event.into());
    stage.wait(600);
    let [waiting] = <[Due; 1]>::try_from(stage.rows(DUE)).unwrap();
    assert_eq!((reason(&waiting), waiting.attempts), ("data_missing", 0));
    assert_eq!(waiting.trouble.unwrap().chain, [format!("nothing is kept as {name}")]);
    stage.keep(data);
    stage.wait(60);
    assert_eq!((take(&heard), stage.rows(DUE)), (vec!["late".to_owned()], vec![]));
}

#[test]
fn data_that_never_comes_is_given_up_after_an_hour_and_can_be_redriven_once_it_is_there() {
    let (heard, stage) = stage();
    let (id, Apart { event, data, .. }) = wound("lost");
    stage.send(id, "lane", event.into());
    stage.wait(3_500);
    assert_eq!(stage.rows(DEAD), []);
    stage.wait(300);
    assert_eq!((reason(&stage.dead()), stage.dead().id), ("data_missing", id));
    stage.keep(data);
    stage.redrive();
    stage.wait(10);
    assert_eq!((take(&heard), stage.rows(DEAD)), (vec!["lost".to_owned()], vec![]));
}

#[test]
fn data_that_is_something_else_is_given_up_at_once_and_can_be_redriven_once_it_is_right() {
    let (heard, stage) = stage();
    let (id, Apart { event, data, name }) = wound("swapped");
    stage.world.with_blobs(|shelf| shelf.replace(name, Some(r#"{"toy":"other"}"#.into())));
    stage.send(id, "lane", event.into());
    stage.wait(10);
    assert_eq!((reason(&stage.dead()), take(&heard)), ("data_corrupt", vec![]));
    stage.keep(data);
    stage.redrive();
    stage.wait(10);
    assert_eq!((take(&heard), stage.rows(DEAD)), (vec!["swapped".to_owned()], vec![]));
}

#[test]
fn data_lives_as_long_as_a_dead_letter_refers_to_it_and_a_month_otherwise() {
    let heard = Heard::default();
    // Two months go by: with no more looks in them than are needed.
    let (seldom, policy) = (Duration::from_secs(3_600), Policy::default());
    let policy = Policy { sweep_every: seldom, sweep_at_most: seldom, dead_every: seldom, ..policy };
    let stage = Stage::on(service(&heard), policy, Some(NARROW));
    let (id, Apart { event, data, name }) = wound("reject this");
    stage.keep(data);
    stage.keep(b"an orphan".to_vec());
    stage.send(id, "lane", event.into());
    stage.wait(29 * 86_400);
    assert_eq!(stage.blobs().len(), 2);
    stage.wait(2 * 86_400);
    assert_eq!(stage.blobs(), [name]);
    let filter = Filter { reason: Some("rejected".into()), ..Filter::default() };
    let letter = stage.run(stage.node.discard(&Discard { filter, ..Discard::default() }));
    assert_eq!(letter.unwrap().ids, [id.to_string()]);
    stage.wait(31 * 86_400);
    assert_eq!(stage.blobs(), []);
}

#[test]
fn people_see_the_data_wherever_it_lies_without_names() {
    let (_, stage) = stage();
    let (_, Apart { event, data, name }) = wound("shown");
    let shown = || stage.run(async { stage.node.claims().shown(&event).await });
    assert_eq!(shown()["dataref"], name.to_string());
    stage.keep(data);
    assert_eq!((shown()["data"]["toy"].as_str(), shown().get("dataref")), (Some("shown"), None));
    let personal = br#"{"customer":{"name":"Ada"},"n":1}"#;
    stage.keep(personal.to_vec());
    let event = String::from_utf8(event.clone()).unwrap();
    let event = event.replace(&name.to_string(), &DataRef::of(personal).to_string());
    let shown = stage.run(async { stage.node.claims().shown(event.as_bytes()).await });
    assert_eq!(shown["data"], serde_json::json!({ "customer": "redacted", "n": 1 }));
}
