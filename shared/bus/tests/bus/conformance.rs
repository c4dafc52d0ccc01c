//! The shared list of cases, for every backend; and proof that each case can fail.

pub(crate) mod file;
mod table;
pub(crate) mod wrong;

use std::collections::BTreeSet;

use bus::conformance::{Checked, Simulated, Subject, Verdict, cases};
use store::sim::Manners;

/// Runs every case; answers what was skipped.
pub(crate) fn pass_all(
    subject: &(dyn Subject + 'static),
    run: &dyn Fn(bus::Boxed<'_, Checked>) -> Checked,
) -> Vec<String> {
    pass(Share { nth: 0, of: 1 }, subject, run)
}

/// Every `of`-th case.
#[derive(Clone, Copy)]
pub(crate) struct Share {
    nth: usize,
    of: usize,
}

/// Runs every case, a quarter beside another, each quarter on a subject of its own: where there is a broker, a case mostly
/// waits.
#[cfg(any(feature = "aws", feature = "rabbitmq"))]
pub(crate) fn pass_side_by_side(pass_share: impl Fn(Share) -> Vec<String> + Sync) -> Vec<String> {
    let pass_share = &pass_share;
    std::thread::scope(|scope| {
        let quarters = [0, 1, 2, 3].map(|nth| scope.spawn(move || pass_share(Share { nth, of: 4 })));
        let skipped = quarters.map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        skipped.concat()
    })
}

/// Runs some cases; answers which of them were skipped.
pub(crate) fn pass(
    share: Share,
    subject: &(dyn Subject + 'static),
    run: &dyn Fn(bus::Boxed<'_, Checked>) -> Checked,
) -> Vec<String> {
    let mut skipped = vec![];
    let mut failed = vec![];
    let cases: Vec<_> = cases().iter().skip(share.nth).step_by(share.of).collect();
    for case in &cases {
        match run((case.run)(subject)) {
            Ok(Verdict::Passed) => {}
            Ok(Verdict::Skipped(why)) => skipped.push(format!("skipped: {} ({why})", case.name)),
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
    println!("{} cases, {} skipped\n{}", cases.len(), skipped.len(), skipped.join("\n"));
    skipped
}

fn simulated(subject: &Simulated) -> Vec<String> {
    pass_all(subject, &|case| subject.time().run(case).unwrap_or_else(|| Err("waits for ever".to_owned())))
}

/// How many cases were skipped since the store is another, and since a look takes something; nothing else was.
fn only_what_a_broker_apart_lacks(skipped: &[&String]) -> (usize, usize) {
    let of = |why: &str| skipped.iter().filter(|line| line.ends_with(why)).count();
    let found = (of("(bus and store are not fused)"), of("(no look that takes nothing)"));
    assert_eq!(found.0 + found.1, skipped.len(), "{skipped:?}");
    found
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
    assert!(cases().len() >= 60);
}

#[test]
fn a_bus_with_the_manners_of_sqs_passes_every_case() {
    let skipped = simulated(&Simulated::calm(false, Manners::SqsStandard));
    // As SQS itself.
    let smaller = "skipped: a_body_of_256_kib_arrives_whole (261888 bytes at most)";
    let (large, lacks): (Vec<_>, Vec<_>) = skipped.iter().partition(|line| *line == smaller);
    assert_eq!((large.len(), only_what_a_broker_apart_lacks(&lacks)), (1, (17, 5)));
}

#[test]
fn a_bus_with_the_manners_of_rabbitmq_passes_every_case() {
    let skipped = simulated(&Simulated::calm(false, Manners::RabbitQuorum));
    assert_eq!(only_what_a_broker_apart_lacks(&skipped.iter().collect::<Vec<_>>()), (17, 5));
}

#[test]
fn a_fused_bus_with_the_manners_of_the_embedded_one_passes_every_case() {
    let skipped = simulated(&Simulated::calm(true, Manners::Embedded));
    assert_eq!(
        skipped,
        [
            "skipped: a_lost_settlement_brings_the_message_again (no hook LoseSettlement)",
            "skipped: what_was_lost_on_the_way_to_a_consumer_comes_again (no hook LoseReceived)",
        ]
    );
}

#[test]
fn the_embedded_bus_passes_every_case() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let subject = file::Files::default();
    let skipped = pass_all(&subject, &|case| runtime.block_on(case));
    let why: Vec<&str> = skipped.iter().filter_map(|line| line.split_once('(')).map(|(_, why)| why).collect();
    assert!(why.iter().all(|why| why.starts_with("no hook") || *why == "one process only)"), "{skipped:?}");
    assert_eq!(skipped.len(), 10, "{skipped:?}");
}

#[test]
fn a_slow_bus_passes_every_case() {
    for seed in 0..4 {
        simulated(&Simulated::slow(seed, false, Manners::SqsStandard));
        simulated(&Simulated::slow(seed, false, Manners::RabbitQuorum));
        simulated(&Simulated::slow(seed, true, Manners::Embedded));
    }
}

/// A case that cannot fail shows nothing: for each there is a wrong bus that it refuses.
#[test]
fn every_case_refuses_a_wrong_bus() {
    let mut missed = vec![];
    let in_table: BTreeSet<&str> = table::FLAWS.iter().map(|(name, _)| *name).collect();
    for case in cases().iter().filter(|case| !in_table.contains(case.name)) {
        missed.push(format!("{} has no wrong bus", case.name));
    }
    for (name, flaws) in table::FLAWS {
        let case = cases().iter().find(|case| case.name == *name).unwrap_or_else(|| panic!("no case {name}"));
        for flaw in *flaws {
            let subject = wrong::Subject::new(*flaw, table::manners(name));
            let end = subject.time().run((case.run)(&subject));
            // A consumer that is never woken waits for ever, which no clock ends.
            if !matches!(end, Some(Err(_)) | None) {
                missed.push(format!("{name} does not refuse {flaw:?}: {end:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
