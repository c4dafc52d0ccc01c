//! A look by delivery: on the embedded bus, which delivers as any other.

use std::sync::Arc;

use bus::{Address, Bus, ByDelivery, Embedded, OutageKind, Outgoing, Peek, Peeked, Settle, Wiring};
use contracts::MessageId;
use store::sqlite::{Config, Engine};

use crate::world::Real;

const QUEUE: &str = "payment";

async fn looked_into(messages: usize) -> (Arc<Embedded>, ByDelivery) {
    let bus = Arc::new(Embedded::new(Arc::new(Engine::open(Config::memory()).unwrap())));
    bus.declare(Wiring { queues: [QUEUE.to_owned()].into(), ..Wiring::default() }).await.unwrap();
    let outgoing = |n: usize| Outgoing {
        id: MessageId::named(&[&n.to_string()]),
        address: Address::Queue(QUEUE.to_owned()),
        lane: "lane".to_owned(),
        attempt: 2,
        body: n.to_string().into(),
    };
    bus.publish((0..messages).map(outgoing).collect()).await;
    let peek = ByDelivery::new(bus.clone(), Arc::new(Real));
    (bus, peek)
}

fn shown(peeked: &[Peeked]) -> Vec<(&str, u32, bool)> {
    peeked.iter().map(|one| (std::str::from_utf8(&one.body).unwrap(), one.attempt, one.redelivered)).collect()
}

#[tokio::test]
async fn a_look_shows_what_waits_and_gives_it_back() {
    let (bus, peek) = looked_into(5).await;
    // A larger one is a new look, a smaller one the same picture: its marks are as if nobody had looked.
    for limit in [2, 1, 4, 3] {
        let peeked = peek.peek(QUEUE.into(), limit).await.unwrap();
        let want: Vec<_> = ["0", "1", "2", "3"][..limit].iter().map(|body| (*body, 2, false)).collect();
        assert_eq!(shown(&peeked), want);
    }
    let states = bus.inspect().await.unwrap();
    assert_eq!((states[0].waiting, states[0].in_flight), (5, 0));
    let taken = bus.receive(QUEUE.into(), 10).await.unwrap();
    assert_eq!(taken.len(), 5);
    bus.settle(taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect()).await;
    assert_eq!(bus.inspect().await.unwrap()[0].waiting, 0);
}

#[tokio::test]
async fn nobody_waits_for_what_is_not_there() {
    let (_, peek) = looked_into(0).await;
    assert_eq!(peek.peek(QUEUE.into(), 20).await.unwrap(), []);
    let outage = peek.peek("nobody".into(), 20).await.unwrap_err();
    assert_eq!(outage.kind, OutageKind::Undeclared);
}

#[tokio::test]
async fn who_goes_away_in_the_middle_of_a_look_keeps_nothing() {
    let (bus, peek) = looked_into(3).await;
    drop(peek.peek(QUEUE.into(), 3));
    // The same look again, which waits for the one that nobody waits for.
    assert_eq!(peek.peek(QUEUE.into(), 3).await.unwrap().len(), 3);
    assert_eq!(bus.inspect().await.unwrap()[0].in_flight, 0);
}
