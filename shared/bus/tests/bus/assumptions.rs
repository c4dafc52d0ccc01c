//! What the simulated bus assumes of each broker, and how it is known to be so.
//!
//! A world of the simulator is only worth something where its queues can do whatever the real ones can. What the shared cases
//! show of model and broker alike is named here; everything else is tried here, on the models and on the brokers.

/// By a function of `tried.rs`.
macro_rules! tried {
    ($name:ident) => {
        $crate::assumptions::How::Tried(stringify!($name), |peer| {
            Box::pin($crate::assumptions::tried::$name(peer))
        })
    };
}

mod faults;
mod models;
mod numbers;
mod tried;

use std::collections::BTreeSet;
use std::time::Duration;

use bus::Boxed;
use bus::conformance::{Checked, Hook, Node, Subject, Verdict, cases};
use contracts::Timestamp;
use store::sim::{Fault, Manners};

use How::{Case, Test, Tried, Worse};

/// A broker, or the model of one, that assumptions are tried on.
pub(crate) trait Peer: Subject {
    /// Whose manners the model of it has.
    fn manners(&self) -> Manners;

    /// What time it is for it.
    fn now(&self) -> Timestamp;

    /// Ready once so much time has passed for it.
    fn pass(&self, how_long: Duration) -> Boxed<'_, ()>;

    /// Nobody reaches the bus from now on, for about so long: [`bus::conformance::Hook::Down`] ends it. Whether it can.
    fn outage(&self, how_long: Duration) -> bool {
        let _ = how_long;
        self.hook(Hook::Down(true))
    }

    /// How long a lease lasts here that is not renewed, at most.
    fn lease(&self) -> Duration;

    /// Brings about what the models call by this name; whether it can.
    fn fault(&self, fault: Fault) -> bool;

    /// What was sent and is still on its way arrives.
    fn land(&self) -> Boxed<'_, ()>;

    /// An empty bus, and the longest time in which what a process had that is gone stays hidden there, if `told` is that time
    /// in production: a test waits for less.
    fn fleeting(&self, told: Duration) -> Boxed<'_, (Node, Duration)>;

    /// What a process had that is gone stays hidden on [`Peer::fleeting`] for so long at least: nobody was told.
    fn least_hidden(&self) -> Duration {
        Duration::ZERO
    }

    /// Ends `node` so that nobody is told, as a loss of power does; answers another process.
    fn vanish(&self, node: Node) -> Boxed<'_, Node>;

    /// How often the broker was asked for messages since this was asked last, where one can count.
    fn calls(&self) -> Option<usize>;
}

/// Tries an assumption on a peer.
pub(crate) type Try = for<'a> fn(&'a dyn Peer) -> Boxed<'a, Checked>;

/// How it is known that an assumption holds.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// By a case of the shared list, which models and brokers pass.
    Case(&'static str),
    /// By trying it here.
    Tried(&'static str, Try),
    /// By a test of one broker.
    Test(&'static str),
    /// It only makes the model worse than any broker, which hides nothing.
    Worse(&'static str),
}

/// Something that a model takes for granted.
struct Assumption {
    /// What.
    what: &'static str,
    /// Where the model says so.
    says: &'static str,
    how: &'static [How],
}

const fn assumption(what: &'static str, says: &'static str, how: &'static [How]) -> Assumption {
    Assumption { what, says, how }
}

/// Beside what each kind of fault means, which is in `faults.rs`.
const ASSUMPTIONS: &[Assumption] = &[
    assumption(
        "what a process had that is gone without a word comes again within a time that is known, and says so",
        "Manners::hidden",
        &[tried!(who_vanishes_hides_what_it_had_for_as_long_as_the_model_says)],
    ),
    assumption(
        "a process that closes gives back what it had at once",
        "Manners::hidden",
        &[Test("who_closes_gives_back_all_that_is_not_settled_at_once")],
    ),
    assumption(
        "a consumer that lives and is heard keeps what it has, for however long",
        "Queues::take",
        &[
            Case("a_lease_keeps_others_away"),
            Test("what_is_in_hand_stays_away_from_others_for_longer_than_its_lease"),
        ],
    ),
    assumption(
        "leases end with the connection, or when they cannot be renewed",
        "Manners::outage",
        &[tried!(an_outage_ends_leases_as_the_model_says)],
    ),
    assumption(
        "a settlement after the lease is over does nothing, or at most what its delivery was for",
        "Queues::acknowledge, Queues::release",
        &[
            Case("a_settlement_after_the_lease_ended_makes_no_copy"),
            Test("a_settlement_of_an_older_channel_does_nothing"),
            Test("a_message_whose_lease_was_lost_is_not_kept_and_its_settlement_makes_no_copy"),
        ],
    ),
    assumption(
        "one answer has no more messages than the model gives",
        "Manners::batch",
        &[tried!(a_call_brings_no_more_than_the_model_says), Test("a_call_for_more_than_ten_is_refused")],
    ),
    assumption(
        "what is given back comes again, and another process may get it",
        "Queues::release",
        &[
            Case("what_is_released_comes_again_and_says_so"),
            tried!(what_is_given_back_may_go_to_another_process),
        ],
    ),
    assumption(
        "it comes again as often as it is given back",
        "Queues has no bound; a broker's own is far away",
        &[
            Case("what_is_released_often_comes_again_as_often"),
            Test("what_the_broker_gives_up_lies_in_the_dead_queue_with_all_it_had"),
            Test("what_the_queue_gives_up_lies_in_the_dead_queue_with_all_it_had"),
        ],
    ),
    assumption(
        "a first delivery is not marked",
        "Queues::put",
        &[Case("a_first_delivery_is_not_marked"), Case("a_dropped_receive_takes_nothing")],
    ),
    assumption(
        "a topic that nobody subscribes to confirms",
        "Queues::enqueue",
        &[Case("a_topic_without_subscribers_confirms")],
    ),
    assumption(
        "a queue that nobody declared is refused to who publishes",
        "Queues::enqueue",
        &[
            Case("a_queue_that_does_not_exist_is_refused"),
            Test("an_address_that_no_queue_has_is_refused_with_a_reason"),
        ],
    ),
    assumption(
        "and is the program's fault to who receives",
        "World::receive",
        &[tried!(a_queue_that_nobody_declared_is_told_to_be_none)],
    ),
    assumption(
        "who has no room takes nothing, and is answered at once",
        "World::receive",
        &[tried!(who_has_no_room_is_answered_at_once)],
    ),
    assumption(
        "a body that is too long is refused, and no other",
        "Manners::message_bytes",
        &[
            Case("a_message_of_the_declared_size_arrives_whole"),
            Case("a_message_over_the_declared_size_is_refused_and_no_other"),
            Test("the_numbers_of_the_models_are_those_of_the_adapters"),
        ],
    ),
    assumption(
        "who waits in vain is answered after a while",
        "Manners::receive_wait",
        &[Test("the_numbers_of_the_models_are_those_of_the_adapters")],
    ),
    assumption(
        "a process is told how much others have in hand, or is not",
        "Manners::show_what_others_have",
        &[tried!(what_others_have_in_hand_is_told_where_the_model_says_so)],
    ),
    assumption(
        "only in one process a look takes nothing",
        "Simulated::node",
        &[
            Case("what_was_peeked_at_is_delivered_once_as_if_nobody_had_looked"),
            tried!(a_look_that_takes_nothing_is_there_where_the_model_has_it),
        ],
    ),
];

/// All that is tried, each once.
fn all_tried() -> Vec<(&'static str, Try)> {
    let mut names = BTreeSet::new();
    let hows = ASSUMPTIONS.iter().flat_map(|one| one.how);
    let all = hows.chain(Fault::ALL.into_iter().flat_map(faults::how)).filter_map(|how| match how {
        Tried(name, run) => Some((*name, *run)),
        Case(_) | Test(_) | Worse(_) => None,
    });
    all.filter(|(name, _)| names.insert(*name)).collect()
}

/// Tries all that is tried here; answers what was skipped.
pub(crate) fn hold(peer: &dyn Peer, run: &dyn Fn(Boxed<'_, Checked>) -> Checked) -> Vec<String> {
    let (mut skipped, mut failed) = (vec![], vec![]);
    let all = all_tried();
    for (name, assumption) in &all {
        match run(assumption(peer)) {
            Ok(Verdict::Passed) => {}
            Ok(Verdict::Skipped(why)) => skipped.push(format!("skipped: {name} ({why})")),
            Err(why) => failed.push(format!("{name}: {why}")),
        }
    }
    let (n, manners) = (all.len(), peer.manners());
    assert!(
        failed.is_empty(),
        "{} of {n} assumptions of {manners:?} fail:\n{}",
        failed.len(),
        failed.join("\n")
    );
    println!("{n} assumptions of {manners:?} tried, {} skipped\n{}", skipped.len(), skipped.join("\n"));
    skipped
}

/// Where the tests are that are named.
const TESTS: &[&str] = &[
    include_str!("assumptions/numbers.rs"),
    include_str!("aws.rs"),
    include_str!("aws/calls.rs"),
    include_str!("aws/faults.rs"),
    include_str!("aws/leases.rs"),
    include_str!("embedded.rs"),
    include_str!("rabbitmq.rs"),
    // Queue and store of the embedded bus are one file, and written by one thread.
    include_str!("../../../store/tests/store/sqlite/faults.rs"),
];

#[test]
fn whatever_is_named_as_a_proof_is_there() {
    let cases: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    let of_faults = Fault::ALL.into_iter().map(|fault| (fault.name(), faults::how(fault)));
    for (what, hows) in ASSUMPTIONS.iter().map(|one| (one.what, one.how)).chain(of_faults) {
        assert!(!hows.is_empty(), "{what}");
        for how in hows {
            match how {
                Case(name) => assert!(cases.contains(name), "{what}: no case {name}"),
                Test(name) => {
                    let line = format!("#[test]\nfn {name}() {{");
                    let line_of_tokio = format!("#[tokio::test]\nasync fn {name}() {{");
                    let is_there = |file: &&str| file.contains(&line) || file.contains(&line_of_tokio);
                    assert!(TESTS.iter().any(is_there), "{what}: no test {name}");
                }
                Worse(why) => assert!(!why.is_empty(), "{what}"),
                Tried(..) => {}
            }
        }
    }
    for one in ASSUMPTIONS {
        assert!(!one.says.is_empty(), "{}", one.what);
    }
}
