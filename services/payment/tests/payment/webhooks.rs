//! What the provider tells of its own accord, over sockets, and when it is killed in between.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use payment::gateway::{Evidence, Gateway, Happening, ProviderKey, Told};
use payment::simulated::faults::Odds;

use crate::ear::Ear;
use crate::support::{
    PATIENT, Peer, Server, authorize, authorize_key, block_on, capture, capture_key, client, exported,
    gateway, refund, void,
};

fn answers(told: &[Told]) -> Vec<(&ProviderKey, &Evidence)> {
    told.iter()
        .map(|told| match &told.what {
            Happening::Answer { key, evidence } => (key, evidence),
            Happening::Dispute(dispute) => panic!("{dispute:?}"),
        })
        .collect()
}

#[test]
fn what_is_told_is_what_the_calls_were_answered() {
    let ear = Ear::open();
    let server = Server::telling(Odds::default(), Some(ear.listener()));
    block_on(async {
        let gateway = server.gateway();
        let held = gateway.execute(&authorize("a", "tok_ok")).await.unwrap();
        let Evidence::Authorized { reference, .. } = held.clone() else { panic!("{held:?}") };
        let captured = gateway.execute(&capture("a", reference.clone())).await.unwrap();
        let back = refund("a", reference, (1, 50));
        let refunded = gateway.execute(&back).await.unwrap();
        let declined = gateway.execute(&authorize("b", "tok_declined")).await.unwrap();
        gateway.execute(&authorize("c", "tok_ok")).await.unwrap();
        let voided = gateway.execute(&void("c", None)).await.unwrap();
        let void_key = void("c", None).key().clone();

        let told = ear.hear(6);
        assert!(matches!(captured, Evidence::Captured { amount_minor: 1050, .. }), "{captured:?}");
        assert!(matches!(refunded, Evidence::Refunded { amount_minor: 50, .. }), "{refunded:?}");
        let heard = answers(&told);
        for (key, evidence) in [
            (&authorize_key("a"), &held),
            (&capture_key("a"), &captured),
            (back.key(), &refunded),
            (&authorize_key("b"), &declined),
            (&void_key, &voided),
        ] {
            assert!(heard.contains(&(key, evidence)), "{key}: {heard:?}");
        }
        let names: BTreeSet<&str> = told.iter().map(|told| told.event_id.as_str()).collect();
        assert_eq!(names.len(), 6);
        assert!(names.iter().all(|name| name.starts_with("sim_event_")), "{names:?}");
    });
    server.stop();
}

#[test]
fn a_webhook_comes_before_an_answer_that_is_late() {
    let ear = Ear::open();
    let server = Server::telling(Odds::default(), Some(ear.listener()));
    let gateway = server.gateway();
    let asking = std::thread::Builder::new()
        .spawn(move || block_on(async { gateway.execute(&authorize("a", "tok_slow")).await }))
        .unwrap();
    let told = ear.next();
    assert!(!asking.is_finished(), "the answer is late by a second");
    let answer = asking.join().unwrap().unwrap();
    assert_eq!(answers(&told), [(&authorize_key("a"), &answer)]);
    server.stop();
}

#[test]
fn a_customer_is_sent_to_a_whole_address() {
    let ear = Ear::open();
    let server = Server::telling(Odds::default(), Some(ear.listener()));
    block_on(async {
        let gateway = server.gateway();
        let asked = gateway.execute(&authorize("a", "tok_3ds")).await.unwrap();
        let Evidence::ActionRequired { action_url, .. } = &asked else { panic!("{asked:?}") };
        let body = serde_json::json!({"simulated": true, "events": [{
            "id": "sim_event_1", "effect": "action_required", "payment": "a", "at": "2026-11-26T12:00:00Z",
            "about": {"object": "simulated_operation", "key": authorize_key("a"), "status": 201,
                "answer": look(&server, action_url).await},
        }]});
        let told = gateway.told(body.to_string().as_bytes()).unwrap();
        assert_eq!(answers(&told), [(&authorize_key("a"), &asked)]);
    });
    server.stop();
}

/// The authorization of the action at `action_url`.
async fn look(server: &Server, action_url: &str) -> serde_json::Value {
    let id = action_url.rsplit('/').next().unwrap();
    let url = format!("http://{}/v1/authorizations/{id}", server.address);
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn after_a_restart_what_was_not_heard_is_told_again_and_the_rest_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provider.db");
    let ear = Ear::open();
    let ask = |peer: &Peer, name: &str| {
        let (gateway, operation) = (gateway(peer.address, PATIENT), authorize(name, "tok_ok"));
        block_on(async { gateway.execute(&operation).await.unwrap() });
    };
    let mut peer = Peer::telling(&file, Some(&ear.url()));
    ear.refuse(true);
    ask(&peer, "a");
    let first = ear.next();
    peer.kill();

    ear.refuse(false);
    let mut peer = Peer::telling(&file, Some(&ear.url()));
    assert_eq!(ear.next(), first, "the same event, by the same name");
    // Whatever is told later was asked for after the first was marked as heard.
    ask(&peer, "b");
    let second = ear.next();
    ask(&peer, "c");
    let third = ear.next();
    assert_eq!(answers(&second)[0].0, &authorize_key("b"));
    peer.kill();

    let peer = Peer::telling(&file, Some(&ear.url()));
    ask(&peer, "d");
    // The last one before the kill may not have been marked any more.
    let next = ear.hear(1);
    let next = if next == third { ear.hear(1) } else { next };
    assert_eq!(answers(&next)[0].0, &authorize_key("d"), "a and b are not told again");
}

#[test]
fn every_effect_is_told_although_the_provider_is_killed_while_it_tells() {
    const KILLS: usize = 5;
    const EACH: usize = 40;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provider.db");
    let ear = Ear::open();
    let mut heard = BTreeSet::new();
    for round in 0..KILLS {
        let mut peer = Peer::telling(&file, Some(&ear.url()));
        let gateway = gateway(peer.address, PATIENT);
        block_on(join_all((0..EACH).map(|n| {
            let (gateway, operation) = (&gateway, authorize(&format!("{round}-{n}"), "tok_ok"));
            async move { gateway.execute(&operation).await.unwrap() }
        })));
        // In the middle of it: one has come, the others have not.
        heard.extend(ear.next().into_iter().map(|told| told.event_id));
        peer.kill();
    }
    let peer = Peer::telling(&file, Some(&ear.url()));
    while heard.len() < KILLS * EACH {
        heard.extend(ear.next().into_iter().map(|told| told.event_id));
    }
    assert_eq!(block_on(exported(peer.address, 1_000)).1.len(), KILLS * EACH);
}
