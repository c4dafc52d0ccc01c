//! Card numbers in messages that nobody can handle: however a dead letter is born, none is kept.

use bytes::Bytes;
use contracts::{Event, MessageId, card};
use runtime::due::DEAD;
use runtime::operate::{DeadLetter, Filter};
use runtime::{Fail, Handler, Service, Uow};
use serde_json::json;
use store::Row;

use crate::support::{NAME, Stage, Wound};

const CARD: &str = "4111 1111 1111 1111";
const DIGITS: &str = "4111111111111111";

struct OnWound;

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        let toy = &event.data.toy;
        match toy.split(':').next() {
            Some("reject") => Err(Fail::permanent(format!("no toy is called {toy}"))),
            Some("panic") => panic!("cannot wind {toy}"),
            Some("wait") => Err(Fail::Later { reason: format!("no {toy} yet"), wait_for: Some(toy.clone()) }),
            _ => Err(Fail::transient(anyhow::anyhow!("{toy} is stuck"))),
        }
    }
}

/// Sends `body` and waits until it is dead.
fn died(body: impl Into<Bytes>) -> (Stage, DeadLetter) {
    let stage = Stage::with(Service::new(NAME).on(OnWound));
    stage.send(MessageId::named(&["sent"]), "lane", body.into());
    stage.wait(3 * 3600);
    let letters = stage.run(stage.node.dead_letters(&Filter::default(), 10)).unwrap();
    let [letter] = <[DeadLetter; 1]>::try_from(letters).unwrap();
    (stage, letter)
}

/// Everything that is stored, as text.
fn stored(stage: &Stage) -> String {
    stage.world.with_model(|model| {
        let picture = model.snapshot(stage.now());
        let collections: Vec<String> = picture.collections().map(str::to_owned).collect();
        let rows = collections.iter().flat_map(|name| picture.page(name, None, 1_000));
        let text = |row: Row| format!("{} {}\n", row.id, String::from_utf8_lossy(&row.item.body));
        rows.map(text).collect()
    })
}

fn event(kind: &str, data: &serde_json::Value) -> String {
    json!({
        "specversion": "1.0", "id": "e-1", "source": "/my-shop", "type": kind, "subject": "s-1",
        "time": "2026-11-22T20:00:00Z", "data": data,
    })
    .to_string()
}

#[test]
fn however_a_dead_letter_is_born_it_keeps_no_card_number() {
    let wound = |data| Bytes::from(event("shop.banyan.toy.wound.v1", &data));
    let known = |word: &str| wound(json!({ "toy": format!("{word}: {CARD}"), "sku": DIGITS }));
    let mut binary = b"\xff\xfe card ".to_vec();
    binary.extend(DIGITS.bytes());
    let cases: [(&str, Bytes, &str, &[&str]); 11] = [
        ("not JSON", Bytes::from(format!("pay with {CARD}")), "undecodable", &[]),
        ("no text", binary.into(), "undecodable", &[]),
        ("cut off", Bytes::from(format!("{{\"note\": \"{CARD}\"")), "undecodable", &[]),
        ("no event", Bytes::from(json!({ "note": CARD }).to_string()), "undecodable", &["/note"]),
        ("no toy", wound(json!({ "toy": [CARD] })), "undecodable", &["/data/toy/0"]),
        ("a number", wound(json!({ "toy": 4_111_111_111_111_111_u64 })), "undecodable", &["/data/toy"]),
        (
            "no type of ours",
            Bytes::from(event("shop.banyan.toy.sold.v7", &json!({ "n": CARD }))),
            "unknown_type",
            &["/data/n"],
        ),
        ("rejected", known("reject"), "rejected", &["/data/toy"]),
        ("it panics", known("panic"), "exhausted", &["/data/toy"]),
        ("it fails", known("fail"), "exhausted", &["/data/toy"]),
        ("it waits", known("wait"), "waited", &["/data/toy"]),
    ];
    for (name, body, reason, pointers) in cases {
        let (stage, letter) = died(body);
        assert_eq!(letter.reason, reason, "{name}");
        let masked = letter.masked.as_ref().unwrap_or_else(|| panic!("{name}: does not say so"));
        assert_eq!(
            (masked.pointers.iter().map(String::as_str).collect::<Vec<_>>(), masked.sha256.len()),
            (pointers.to_vec(), 64),
            "{name}"
        );
        let shown = serde_json::to_string(&letter).unwrap();
        for text in [stored(&stage), shown] {
            for piece in [CARD, DIGITS] {
                let left = text
                    .replace(&format!("\"sku\":\"{DIGITS}\""), "")
                    .replace(&format!("\\\"sku\\\":\\\"{DIGITS}\\\""), "");
                assert!(!left.contains(piece), "{name}: {left}");
            }
        }
        let row = stage.rows(DEAD).remove(0);
        assert!(
            card::in_json(&row.body).is_ok_and(|found| found.is_empty()) || !card::in_text(&row.body),
            "{name}"
        );
    }
}

#[test]
fn a_dead_letter_without_a_card_number_is_kept_as_it_came() {
    let body =
        event("shop.banyan.toy.wound.v1", &json!({ "toy": "reject: 4111111111111112", "sku": DIGITS }));
    let (stage, letter) = died(body.clone());
    assert_eq!((stage.rows(DEAD)[0].body.as_str(), letter.masked), (body.as_str(), None));
}
