//! The shared list of cases, for every backend; and proof that each case can fail.

mod table;
mod wrong;

use std::collections::BTreeSet;

use store::conformance::random::random;
use store::conformance::{Checked, Simulated, Subject, Verdict, cases};
use store::sim::Manners;

/// Runs every case; answers what was skipped.
pub(super) fn pass_all(
    subject: &(dyn Subject + 'static),
    run: &dyn Fn(store::Boxed<'_, Checked>) -> Checked,
) -> Vec<String> {
    pass_all_but(&[], subject, run)
}

/// The same without some, each with the reason why this peer cannot be asked.
pub(super) fn pass_all_but(
    except: &[(&str, &str)],
    subject: &(dyn Subject + 'static),
    run: &dyn Fn(store::Boxed<'_, Checked>) -> Checked,
) -> Vec<String> {
    let mut skipped = vec![];
    let mut failed = vec![];
    for case in cases() {
        if let Some((name, why)) = except.iter().find(|(name, _)| *name == case.name) {
            skipped.push(format!("skipped: {name} ({why})"));
            continue;
        }
        match run((case.run)(subject)) {
            Ok(Verdict::Passed) => {}
            Ok(Verdict::Skipped(why)) => skipped.push(format!("skipped: {} ({why})", case.name)),
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases().len(), failed.join("\n"));
    println!("{} cases, {} skipped\n{}", cases().len(), skipped.len(), skipped.join("\n"));
    skipped
}

fn simulated(subject: &Simulated) -> Vec<String> {
    pass_all(subject, &|case| subject.time.run(case).unwrap_or_else(|| Err("waits for ever".to_owned())))
}

#[test]
fn every_case_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
    assert!(cases().len() >= 60);
}

#[test]
fn the_model_passes_every_case() {
    let skipped = simulated(&Simulated::calm(false, Manners::SqsStandard));
    assert_eq!(skipped, ["skipped: a_fused_record_is_never_pending (not fused)"]);
}

#[test]
fn the_fused_model_passes_every_case() {
    let skipped = simulated(&Simulated::calm(true, Manners::Embedded));
    assert_eq!(skipped.len(), 2, "{skipped:?}");
}

#[test]
fn a_slow_model_with_stale_indexes_passes_every_case() {
    for seed in 0..20 {
        simulated(&Simulated::slow(seed, seed % 2 == 0, Manners::SqsStandard));
    }
}

#[test]
fn random_sequences_mean_the_same_to_the_simulated_store_as_to_the_model() {
    for seed in 0..40 {
        let subject = Simulated::slow(seed, seed % 2 == 0, Manners::SqsStandard);
        let tally = subject.time.run(random(&subject, seed, 300)).unwrap().unwrap();
        assert!(tally.committed > 50 && tally.duplicate > 3 && tally.conflict > 10, "seed {seed}: {tally:?}");
    }
}

#[test]
fn random_sequences_find_wrong_stores() {
    let found = |flaw| {
        (0..10).any(|seed| {
            let subject = wrong::Subject::new(flaw);
            subject.time().run(random(&subject, seed, 400)).unwrap().is_err()
        })
    };
    let missed: Vec<_> = table::FOUND_BY_CHANCE.iter().filter(|flaw| !found(**flaw)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// A case that cannot fail shows nothing: for each there is a wrong store that it refuses.
#[test]
fn every_case_refuses_a_wrong_store() {
    let mut missed = vec![];
    let in_table: BTreeSet<&str> = table::FLAWS.iter().map(|(name, _)| *name).collect();
    for case in cases().iter().filter(|case| !in_table.contains(case.name)) {
        missed.push(format!("{} has no wrong store", case.name));
    }
    for (name, flaws) in table::FLAWS {
        let case = cases().iter().find(|case| case.name == *name).unwrap_or_else(|| panic!("no case {name}"));
        for flaw in *flaws {
            let subject = wrong::Subject::new(*flaw);
            let end = subject.time().run((case.run)(&subject));
            if !matches!(end, Some(Err(_))) {
                missed.push(format!("{name} does not refuse {flaw:?}: {end:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
