//! Captures that are contested, refunds in between and holds that run out: what the gateway makes of the provider's
//! words, without sockets, so that time can jump.

use std::time::Duration;

use contracts::Timestamp;
use contracts::events::payment::{DeclineReason, DisputeStatus};
use payment::gateway::simulated::{evidence_of, query_for, request_for, told_in};
use payment::gateway::{Evidence, Happening, Operation, ProviderKey, Reference, Told};
use payment::simulated::Provider;
use payment::simulated::faults::{Faults, Odds};
use payment::simulated::wire::Request;

use crate::support::{authorize, authorize_key, capture, capture_key, refund, void};

struct World {
    provider: Provider,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let faults = Faults::new(1, Odds::default(), Duration::ZERO).unwrap();
        Self { provider: Provider::new(faults), now: Timestamp::EPOCH }
    }

    fn ask(&mut self, request: &Request) -> Evidence {
        evidence_of(&self.provider.call(self.now, &serde_json::to_vec(request).unwrap())).unwrap()
    }

    fn execute(&mut self, operation: &Operation) -> Evidence {
        self.ask(&request_for(operation))
    }

    fn look(&mut self, key: &ProviderKey) -> Evidence {
        self.ask(&query_for(key))
    }

    /// Holds the money of payment `a`, paid by `token`.
    fn hold(&mut self, token: &str) -> Reference {
        match self.execute(&authorize("a", token)) {
            Evidence::Authorized { reference, .. } => reference,
            other => panic!("{other:?}"),
        }
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    /// What is told by now, and heard.
    fn told(&mut self) -> Vec<Told> {
        let mut told = Vec::new();
        while let Some(webhook) = self.provider.next_webhook(self.now) {
            self.provider.heard(webhook.seq);
            told.extend(told_in(&webhook.body).expect("the provider's own body"));
        }
        told
    }
}

fn answer(told: &Told) -> (&ProviderKey, &Evidence) {
    match &told.what {
        Happening::Answer { key, evidence } => (key, evidence),
        Happening::Dispute(dispute) => panic!("{dispute:?}"),
    }
}

#[test]
fn a_capture_has_its_own_name_and_is_found_under_its_key() {
    let mut world = World::new();
    let reference = world.hold("tok_ok");
    assert_eq!(world.look(&capture_key("a")), Evidence::NotFound);
    let captured = world.execute(&capture("a", reference.clone()));
    let Evidence::Captured { reference: name, amount_minor, .. } = &captured else { panic!("{captured:?}") };
    assert!(name.as_str().starts_with("sim_capture_") && *amount_minor == 1050, "{captured:?}");
    assert_eq!(world.look(&capture_key("a")), captured);
    assert_eq!(world.execute(&capture("a", reference.clone())), captured, "the same key, the same answer");
    assert!(matches!(world.look(&authorize_key("a")), Evidence::Authorized { .. }));
    let refused = Evidence::Refused { code: "already_captured".to_owned() };
    assert_eq!(world.execute(&void("a", Some(reference))), refused);
}

#[test]
fn a_capture_that_cannot_be_says_why() {
    let declined = |evidence: &Evidence| {
        matches!(evidence, Evidence::Declined { reason: DeclineReason::DoNotHonour, .. })
    };
    let mut world = World::new();
    let reference = world.hold("tok_capture_declined");
    let first = world.execute(&capture("a", reference.clone()));
    assert!(declined(&first), "{first:?}");
    assert_eq!(world.look(&capture_key("a")), first);
    assert_eq!(world.execute(&void("a", Some(reference))), Evidence::Voided);

    let mut world = World::new();
    let reference = world.hold("tok_ok");
    world.execute(&void("a", Some(reference.clone())));
    assert_eq!(world.execute(&capture("a", reference)), Evidence::Voided);

    let mut world = World::new();
    let reference = world.hold("tok_expires");
    world.wait(20);
    assert_eq!(world.execute(&capture("a", reference)), Evidence::Expired);
    assert_eq!(world.look(&authorize_key("a")), Evidence::Expired);
}

#[test]
fn refunds_come_in_parts_up_to_what_was_captured() {
    let mut world = World::new();
    let reference = world.hold("tok_ok");
    let too_large = Evidence::Refused { code: "amount_too_large".to_owned() };
    assert_eq!(world.execute(&refund("a", reference.clone(), (1, 1))), too_large, "nothing was taken");
    world.execute(&capture("a", reference.clone()));
    for (nth, amount_minor) in [(2, 1000), (3, 50)] {
        let given = world.execute(&refund("a", reference.clone(), (nth, amount_minor)));
        assert!(
            matches!(given, Evidence::Refunded { amount_minor: by, .. } if by == amount_minor),
            "{given:?}"
        );
    }
    assert_eq!(world.execute(&refund("a", reference.clone(), (4, 1))), too_large);
    assert!(matches!(world.execute(&refund("a", reference, (2, 1000))), Evidence::Refunded { .. }));
}

#[test]
fn a_refund_waits_for_an_open_dispute_and_comes_to_nothing_after_a_lost_one() {
    for (token, status) in [("tok_disputed", DisputeStatus::Won), ("tok_disputed_lost", DisputeStatus::Lost)]
    {
        let mut world = World::new();
        let reference = world.hold(token);
        world.execute(&capture("a", reference.clone()));
        world.told();
        world.wait(10);
        assert_eq!(world.execute(&refund("a", reference.clone(), (1, 50))), Evidence::Disputed);
        let opened = world.told();
        world.wait(20);
        let decided = world.told();
        let mut told = Vec::new();
        for (told_then, expected) in [(&opened, DisputeStatus::Opened), (&decided, status)] {
            let [Told { what: Happening::Dispute(dispute), payment_id, .. }] = told_then.as_slice() else {
                panic!("{told_then:?}")
            };
            assert_eq!((dispute.status, dispute.money.amount_minor), (expected, 1050));
            assert_eq!(payment_id.as_str(), "a");
            told.push(dispute);
        }
        assert_eq!(told[0].dispute_id, told[1].dispute_id);
        assert_eq!((told[0].evidence_due_at, told[1].at), (Some(world.now), world.now));
        let after = world.execute(&refund("a", reference, (1, 50)));
        match status {
            DisputeStatus::Won => assert!(matches!(after, Evidence::Refunded { .. }), "{after:?}"),
            _ => assert_eq!(after, Evidence::Refused { code: "charged_back".to_owned() }),
        }
    }
}

#[test]
fn a_hold_that_runs_out_is_told_under_the_key_that_asked_for_it() {
    let mut world = World::new();
    world.hold("tok_expires");
    world.told();
    assert_eq!(world.provider.next_due(), Some(Timestamp::EPOCH.plus(Duration::from_secs(20))));
    world.wait(20);
    let told = world.told();
    assert_eq!(told.iter().map(answer).collect::<Vec<_>>(), [(&authorize_key("a"), &Evidence::Expired)]);
}

#[test]
fn a_webhook_tells_what_stands_by_then_and_may_come_before_the_answer() {
    let mut world = World::new();
    // The answer never arrives; the webhook does.
    let unknown = world.execute(&authorize("a", "tok_timeout_after"));
    assert!(matches!(unknown, Evidence::Unknown { .. }), "{unknown:?}");
    let told = world.told();
    assert!(matches!(answer(&told[0]).1, Evidence::Authorized { .. }), "{told:?}");

    let mut world = World::new();
    world.hold("tok_ok");
    world.execute(&void("a", None));
    let told = world.told();
    let voided = &Evidence::Voided;
    let void_key = void("a", None).key().clone();
    let expected = [(&authorize_key("a"), voided), (&void_key, voided)];
    assert_eq!(told.iter().map(answer).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_the_providers_own_word_tells_nothing() {
    let event = |about: &str| {
        format!(
            r#"{{"simulated":true,"events":[{{"id":"e","effect":"x","payment":"p","at":"2026-11-26T12:00:00Z","about":{about}}}]}}"#
        )
    };
    let operation = |key: &str, status: u16, answer: &str| {
        event(&format!(
            r#"{{"object":"simulated_operation","key":"{key}","status":{status},"answer":{answer}}}"#
        ))
    };
    let void = r#"{"object":"simulated_void","released_minor":0}"#;
    assert_eq!(told_in(operation("pay-p-void-1", 200, void).as_bytes()).unwrap().len(), 1);
    for nothing in [
        operation("somebody-elses", 200, void),
        operation("pay-p-void-1", 200, "{}"),
        operation("pay-p-void-1", 500, void),
        operation("pay-p-void-1", 404, r#"{"type":"about:blank","title":"","status":404,"detail":""}"#),
        event(void),
    ] {
        assert_eq!(told_in(nothing.as_bytes()), Some(vec![]), "{nothing}");
    }
    let real = operation("pay-p-void-1", 200, void).replace("\"simulated\":true", "\"simulated\":false");
    for not_a_webhook in [real.as_str(), "", "{}", "<html>"] {
        assert_eq!(told_in(not_a_webhook.as_bytes()), None, "{not_a_webhook}");
    }
}
