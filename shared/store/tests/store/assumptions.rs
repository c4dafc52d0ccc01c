//! What the simulated store assumes of each backend, and how it is known to be so; and what it is known not to show.
//!
//! What the shared cases show of model and backend alike is named here; everything else is tried here, on the model and on
//! the backends. That the model means the same as each backend is tried with random sequences, in its `listed.rs`.

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
mod tried;

use std::collections::BTreeSet;

use store::Boxed;
use store::conformance::{Checked, Subject, Verdict, blobs, cases};
use store::sim::Fault;

use How::{Case, OfBlobs, Test, Tried, Worse};

/// Whom an assumption is tried on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The simulated store.
    Model,
    Sqlite,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "tried where it is built"))]
    Postgres,
    DynamoDb,
}

/// A backend, or the model of all of them, that assumptions are tried on.
pub(crate) trait Peer: Subject {
    /// Which one it is.
    fn who(&self) -> Who;

    /// Brings about what the model calls by this name, at the next commit; whether it can.
    fn fault(&self, fault: Fault) -> bool;

    /// Nothing goes wrong any more.
    fn heal(&self);
}

/// Tries an assumption on a peer.
pub(crate) type Try = for<'a> fn(&'a dyn Peer) -> Boxed<'a, Checked>;

/// How it is known that an assumption holds.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// By a case of the shared list, which the model and the backends pass.
    Case(&'static str),
    /// By one of the list of the blobs.
    OfBlobs(&'static str),
    /// By trying it here.
    Tried(&'static str, Try),
    /// By a test of one backend.
    Test(&'static str),
    /// It only makes the model worse than any backend, which hides nothing.
    Worse(&'static str),
}

/// Something that the model takes for granted, where it says so, and how it is known.
type Assumption = (&'static str, &'static str, &'static [How]);

/// Beside what each kind of fault means, which is in `faults.rs`.
const ASSUMPTIONS: &[Assumption] = &[
    (
        "a unit is applied as a whole or not at all, also when nobody answers for it",
        "World::commit",
        &[
            Case("every_kind_of_change_is_applied_together"),
            Case("who_sees_the_last_change_sees_the_first"),
            Test("a_cut_in_the_middle_of_commits_is_unknown_and_the_record_decides"),
            Test("whatever_happens_to_transactions_each_message_is_handled_once"),
        ],
    ),
    (
        "what lands late is judged when it lands, and not when it was sent",
        "State::land",
        &[
            tried!(what_lands_late_is_judged_when_it_lands),
            Case("an_unknown_commit_that_lands_late_meets_its_record"),
        ],
    ),
    (
        "a record that is there is told before anything else, and by an expired one nobody is kept away",
        "Model::judge",
        &[
            Case("duplicate_comes_before_conflict"),
            Case("duplicate_comes_before_too_large"),
            Case("of_two_executions_at_once_one_is_a_duplicate"),
            Case("an_expired_record_is_no_duplicate"),
        ],
    ),
    (
        "but who is in the way of others may be told that instead",
        "World::commit",
        &[tried!(who_is_in_the_way_may_hear_that_although_its_message_was_handled)],
    ),
    (
        "the absence of what was read is checked like a version",
        "Model::holds",
        &[Case("write_skew_on_an_absence_is_a_conflict"), Test("write_skew_on_absent_keys_is_impossible")],
    ),
    (
        "the nonce is the version, and the number of steps that of a counter",
        "Model::write_change",
        &[
            Case("what_was_put_is_read_with_its_version"),
            Case("what_was_deleted_and_made_again_is_another"),
            Case("steps_add_up_and_are_counted"),
            Case("concurrent_steps_never_conflict"),
            Case("concurrent_guarded_steps_never_oversell"),
            Test("sixty_four_steps_of_one_counter_at_once_all_add_up"),
        ],
    ),
    (
        "a read sees every commit that was answered before",
        "World::read",
        &[Case("every_commit_is_seen_by_the_next_read")],
    ),
    (
        "all that one read asks for is of one instant, but on DynamoDB, which the model does not show",
        "World::read",
        &[tried!(a_read_of_many_is_of_one_instant_unless_dynamodb_is_asked)],
    ),
    (
        "a snapshot is of one instant, but on DynamoDB, which the model does not show",
        "World::snapshot, Caps::torn_snapshots",
        &[Case("a_snapshot_does_not_see_what_came_later"), tried!(a_snapshot_is_torn_where_it_says_so)],
    ),
];

/// All that is tried, each once.
fn all_tried() -> Vec<(&'static str, Try)> {
    let mut names = BTreeSet::new();
    let hows = ASSUMPTIONS.iter().flat_map(|(.., hows)| *hows);
    let all = hows.chain(Fault::ALL.into_iter().flat_map(faults::how)).filter_map(|how| match how {
        Tried(name, run) => Some((*name, *run)),
        Case(_) | OfBlobs(_) | Test(_) | Worse(_) => None,
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
        peer.heal();
    }
    let (n, who) = (all.len(), peer.who());
    assert!(failed.is_empty(), "{} of {n} assumptions of {who:?} fail:\n{}", failed.len(), failed.join("\n"));
    println!("{n} assumptions of {who:?} tried, {} skipped\n{}", skipped.len(), skipped.join("\n"));
    skipped
}

/// Where the tests are that are named.
const TESTS: &[&str] = &[
    include_str!("conformance.rs"),
    include_str!("dynamodb/faults.rs"),
    include_str!("dynamodb/listed.rs"),
    include_str!("dynamodb/opening.rs"),
    include_str!("dynamodb/races.rs"),
    include_str!("postgres/cuts.rs"),
    include_str!("postgres/listed.rs"),
    include_str!("postgres/opening.rs"),
    include_str!("postgres/races.rs"),
    include_str!("sqlite/faults.rs"),
    include_str!("sqlite/listed.rs"),
];

#[test]
fn whatever_is_named_as_a_proof_is_there() {
    let of_store: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    let of_blobs: BTreeSet<&str> = blobs::cases().iter().map(|case| case.name).collect();
    let of_faults = Fault::ALL.into_iter().map(|fault| (fault.name(), faults::how(fault)));
    for (what, hows) in ASSUMPTIONS.iter().map(|(what, _, hows)| (*what, *hows)).chain(of_faults) {
        assert!(!hows.is_empty(), "{what}");
        for how in hows {
            match how {
                Case(name) => assert!(of_store.contains(name), "{what}: no case {name}"),
                OfBlobs(name) => assert!(of_blobs.contains(name), "{what}: no case {name}"),
                Test(name) => {
                    let line = format!("#[test]\nfn {name}() {{");
                    assert!(TESTS.iter().any(|file| file.contains(&line)), "{what}: no test {name}");
                }
                Worse(why) => assert!(!why.is_empty(), "{what}"),
                Tried(..) => {}
            }
        }
    }
}
