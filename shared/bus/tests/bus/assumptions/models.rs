//! The models themselves, and the embedded bus, which needs no peer.

use std::collections::BTreeSet;
use std::time::Duration;

use bus::Boxed;
use bus::conformance::{Hook, Node, Simulated, Subject};
use contracts::Timestamp;
use store::sim::{Fault, Manners, SimTime};

use super::{Peer, Try, all_tried, hold};
use crate::conformance::file::Files;
use crate::conformance::wrong::{Flaw, misunderstanding};
use crate::world::Real;

/// A world that is told to have the manners of one broker.
struct Model {
    inner: Simulated,
    told: Manners,
    flaw: Option<Flaw>,
}

impl Model {
    fn new(told: Manners, world: Manners) -> Self {
        Self { inner: Simulated::calm(world == Manners::Embedded, world), told, flaw: None }
    }

    fn wrap(&self, node: Node) -> Node {
        match self.flaw {
            Some(flaw) => misunderstanding(flaw, node),
            None => node,
        }
    }

    /// What does not hold of it.
    fn finds(&self) -> BTreeSet<&'static str> {
        let is_wrong = |run: Try| !matches!(self.inner.time().run(run(self)), Some(Ok(_)));
        all_tried().into_iter().filter(|(_, run)| is_wrong(*run)).map(|(name, _)| name).collect()
    }
}

impl Subject for Model {
    fn fresh(&self) -> Boxed<'_, Node> {
        Box::pin(async { self.wrap(self.inner.fresh().await) })
    }

    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async { self.inner.second().await.map(|node| self.wrap(node)) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(async { self.inner.reopen().await.map(|node| self.wrap(node)) })
    }

    fn hook(&self, hook: Hook) -> bool {
        self.inner.hook(hook)
    }

    fn patience(&self) -> Boxed<'_, ()> {
        self.inner.patience()
    }
}

impl Peer for Model {
    fn manners(&self) -> Manners {
        self.told
    }

    fn now(&self) -> Timestamp {
        self.inner.time().now()
    }

    fn pass(&self, how_long: Duration) -> Boxed<'_, ()> {
        self.inner.time().sleep(how_long)
    }

    fn outage(&self, how_long: Duration) -> bool {
        // A world has to know beforehand how long; a little longer, as asking takes no time here.
        self.inner.world().fail_bus(how_long + Duration::from_millis(1));
        true
    }

    fn lease(&self) -> Duration {
        self.told.hidden()
    }

    fn fault(&self, fault: Fault) -> bool {
        let world = self.inner.world();
        let knows = world.manners().have(fault);
        if knows {
            world.force(fault);
        }
        knows
    }

    fn land(&self) -> Boxed<'_, ()> {
        self.pass(Duration::from_secs(60))
    }

    fn fleeting(&self, told: Duration) -> Boxed<'_, (Node, Duration)> {
        Box::pin(async move { (self.fresh().await, told) })
    }

    fn vanish(&self, node: Node) -> Boxed<'_, Node> {
        drop(node);
        self.inner.vanish();
        Box::pin(async { self.second().await.expect("there is always another") })
    }

    fn calls(&self) -> Option<usize> {
        None
    }
}

impl Peer for Files {
    fn manners(&self) -> Manners {
        Manners::Embedded
    }

    fn now(&self) -> Timestamp {
        bus::World::now(&Real)
    }

    fn pass(&self, how_long: Duration) -> Boxed<'_, ()> {
        bus::World::sleep(&Real, how_long)
    }

    fn lease(&self) -> Duration {
        Duration::ZERO
    }

    fn fault(&self, _: Fault) -> bool {
        false
    }

    fn land(&self) -> Boxed<'_, ()> {
        self.patience()
    }

    fn fleeting(&self, told: Duration) -> Boxed<'_, (Node, Duration)> {
        Box::pin(async move { (self.fresh().await, told) })
    }

    fn vanish(&self, node: Node) -> Boxed<'_, Node> {
        drop(node);
        Box::pin(async {
            let node = self.reopen().await.expect("a file stays");
            node.bus.declare(bus::conformance::trial::wiring()).await.unwrap();
            node
        })
    }

    fn calls(&self) -> Option<usize> {
        None
    }
}

#[test]
fn each_model_is_as_it_says() {
    for manners in Manners::ALL {
        let model = Model::new(manners, manners);
        let skipped = hold(&model, &|one| {
            model.inner.time().run(one).unwrap_or_else(|| Err("waits for ever".to_owned()))
        });
        let want = match manners {
            Manners::SqsStandard | Manners::RabbitQuorum => 0,
            Manners::Embedded => 2,
        };
        assert_eq!(skipped.len(), want, "{skipped:?}");
    }
}

#[test]
fn the_embedded_bus_is_as_its_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let subject = Files::default();
    let skipped = hold(&subject, &|one| runtime.block_on(one));
    assert_eq!(skipped.len(), 4, "{skipped:?}");
}

/// Whatever tells brokers apart has to fail for the one that is told to be another.
#[test]
fn a_model_with_the_manners_of_another_broker_is_found_out() {
    for told in Manners::ALL {
        for world in Manners::ALL.into_iter().filter(|world| *world != told) {
            let found = Model::new(told, world).finds();
            assert!(found.len() >= 2, "{told:?} with the manners of {world:?}: {found:?}");
        }
    }
}

/// And whatever is the same for all of them, for one that misunderstands it.
const WRONG: &[(&str, Flaw)] = &[
    ("who_vanishes_hides_what_it_had_for_as_long_as_the_model_says", Flaw::NoneMarked),
    ("an_outage_ends_leases_as_the_model_says", Flaw::TakenIsGone),
    ("a_call_brings_no_more_than_the_model_says", Flaw::PublishedTwice),
    ("what_is_given_back_may_go_to_another_process", Flaw::ReleasesAcknowledge),
    ("a_queue_that_nobody_declared_is_told_to_be_none", Flaw::OutagesSwallowed),
    ("who_has_no_room_is_answered_at_once", Flaw::CreditIgnored),
    ("what_others_have_in_hand_is_told_where_the_model_says_so", Flaw::InFlightUncounted),
    ("a_look_that_takes_nothing_is_there_where_the_model_has_it", Flaw::PeeksTake),
    ("what_is_confirmed_is_there_once_where_the_model_says_so", Flaw::PublishedTwice),
    ("what_nobody_answered_for_may_arrive_later", Flaw::UnknownConfirmed),
    ("what_is_lost_on_its_way_comes_again_and_says_so", Flaw::NoneMarked),
];

#[test]
fn each_assumption_fails_where_it_is_wrong() {
    for (name, _) in all_tried() {
        let (_, flaw) = WRONG.iter().find(|(wrong, _)| *wrong == name).expect(name);
        let model = Model { flaw: Some(*flaw), ..Model::new(Manners::RabbitQuorum, Manners::RabbitQuorum) };
        let found = model.finds();
        assert!(found.contains(name), "{name} does not notice {flaw:?}, which {found:?} do");
    }
}
