//! Messages that are too long for a row of the due table, as only somebody else publishes them: they hold up nobody, and
//! of each its beginning is kept.

use bytes::Bytes;
use contracts::{Envelope, Event, EventData, MessageId};
use runtime::due::{DEAD, DUE};
use runtime::operate::{DeadLetter, Discard, Filter, Redrive};
use runtime::{Fail, Handler, Service, Uow};
use serde_json::json;
use store::limits::DOCUMENT_BYTES;

use crate::support::{NAME, Stage, Wound};

struct OnWound;

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        let reason = || "it cannot be wound".to_owned();
        match event.data.toy.split(':').next() {
            Some("reject") => Err(Fail::permanent(reason())),
            Some("wait") => Err(Fail::Later { reason: reason(), wait_for: Some("a key".to_owned()) }),
            Some("fail") => Err(Fail::transient(anyhow::anyhow!(reason()))),
            _ => Ok(()),
        }
    }
}

/// About 220 KB, which as text within a row are twice as many.
fn long(kind: &str, word: &str) -> (MessageId, Bytes) {
    let event = json!({
        "specversion": "1.0", "id": word, "source": "/my-shop", "type": kind, "subject": "s-1",
        "partitionkey": "lane", "time": "2026-11-22T20:00:00Z",
        "data": { "toy": format!("{word}:{}", "\"".repeat(110_000)) },
    });
    let body = Bytes::from(event.to_string());
    (Envelope::decode(&body).unwrap().message_id(), body)
}

/// The one dead letter, after a while in which something short of the same lane was to be handled too.
fn only(stage: &Stage, name: &str) -> DeadLetter {
    stage.wind("short", "lane");
    stage.wait(60);
    assert_eq!((stage.queued(), stage.counts().handled), (0, 1), "{name}: the lane goes on");
    let rows = (stage.rows(DUE), stage.rows(DEAD));
    assert_eq!((rows.0.len(), rows.1.len()), (0, 1), "{name}");
    assert!(rows.1[0].encode().len() <= DOCUMENT_BYTES, "{name}");
    stage.run(stage.node.dead_letters(&Filter::default(), 10)).unwrap().remove(0)
}

/// That only the beginning of `body` is kept, and that people are told so.
fn is_cut(stage: &Stage, letter: &DeadLetter, body: &[u8], name: &str) {
    let kept = stage.rows(DEAD).remove(0).outgoing().body;
    assert!(body.starts_with(&kept) && kept.len() > 30_000 && kept.len() < body.len(), "{name}");
    let cut = letter.cut.as_ref().unwrap_or_else(|| panic!("{name}: does not say so"));
    assert_eq!((cut.kept_bytes, cut.of_bytes), (kept.len(), body.len()), "{name}");
    let line = format!("only the first {} of its {} bytes are kept", kept.len(), body.len());
    assert_eq!(letter.chain.last(), Some(&line), "{name}");
}

#[test]
fn an_event_that_cannot_be_put_away_whole_is_dead_with_its_beginning() {
    let gone = "shop.banyan.toy.gone.v1";
    for (kind, word, reason) in [
        (Wound::TYPE, "reject", "rejected"),
        (Wound::TYPE, "fail", "exhausted"),
        (Wound::TYPE, "wait", "waited"),
        (gone, "wind", "unknown_type"),
    ] {
        let stage = Stage::with(Service::new(NAME).on(OnWound));
        let (id, body) = long(kind, word);
        stage.send(id, "lane", body.clone());
        let letter = only(&stage, reason);
        is_cut(&stage, &letter, &body, reason);
        assert_eq!((letter.id, letter.reason.as_str()), (id.to_string(), reason));
        assert_eq!((letter.event_type.as_str(), letter.subject.as_str()), (kind, "s-1"));
        // Half an event cannot be read, so nobody can tell which of it is personal.
        assert_eq!(letter.message, json!("redacted"));
    }
}

#[test]
fn bytes_that_grow_as_text_are_kept_as_far_as_they_fit() {
    let stage = Stage::with(Service::new(NAME).on(OnWound));
    // As long as may be, but each is six characters in JSON.
    let zeros = Bytes::from(vec![0; 64 * 1024]);
    stage.send(MessageId::named(&["zeros"]), "lane", zeros.clone());
    let letter = only(&stage, "zeros");
    is_cut(&stage, &letter, &zeros, "zeros");
    assert_eq!((letter.reason.as_str(), letter.event_type.as_str()), ("undecodable", ""));
}

#[test]
fn what_a_broker_gave_up_is_put_away_however_long_it_is() {
    for name in ["event", "zeros"] {
        let stage = Stage::on_broker(Service::new(NAME).on(OnWound));
        let body = match name {
            "event" => long(Wound::TYPE, "fail").1,
            _ => Bytes::from(vec![0; 64 * 1024]),
        };
        stage.give_up(body.clone());
        let letter = only(&stage, name);
        is_cut(&stage, &letter, &body, name);
        let reason = if name == "event" { "given_up" } else { "undecodable" };
        assert_eq!(letter.reason, reason);
    }
}

#[test]
fn a_beginning_is_not_redriven_but_can_be_discarded() {
    let stage = Stage::with(Service::new(NAME).on(OnWound));
    let (id, body) = long(Wound::TYPE, "fail");
    stage.send(id, "lane", body);
    stage.wind("reject", "lane");
    stage.wait(60);
    let (cut, whole) = (id.to_string(), MessageId::named(&["reject"]).to_string());
    let filter = Filter { ids: vec![cut.clone()], ..Filter::default() };
    let named = Redrive { filter: filter.clone(), force: true, ..Redrive::default() };
    let refused = stage.run(stage.node.redrive(&named)).unwrap_err();
    assert_eq!((refused.status, refused.slug()), (409, "not-whole"));
    assert!(refused.errors[0].message.starts_with(&cut), "{:?}", refused.errors);
    let all = stage.run(stage.node.redrive(&Redrive::default())).unwrap();
    assert_eq!((all.ids, all.cut), (vec![whole], vec![cut.clone()]));
    let gone = stage.run(stage.node.discard(&Discard { filter, ..Discard::default() })).unwrap();
    assert_eq!(gone.ids, [cut]);
}
