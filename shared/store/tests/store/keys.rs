//! Keys: the shared list of cases for every backend, proof that each case can fail, and what each has of its own.

mod file;
#[cfg(feature = "aws")]
mod kms;
mod vault;
mod wrong;

use std::collections::BTreeSet;

use store::Boxed;
use store::conformance::keys::{Subject, cases};
use store::conformance::{Checked, Verdict};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs every case; answers what was skipped.
fn pass_all(subject: &(dyn Subject + 'static)) -> Vec<String> {
    let (mut skipped, mut failed) = (vec![], vec![]);
    for case in cases() {
        let end: Boxed<'_, Checked> = (case.run)(subject);
        match run(end) {
            Ok(Verdict::Passed) => {}
            Ok(Verdict::Skipped(why)) => skipped.push(format!("skipped: {} ({why})", case.name)),
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases().len(), failed.join("\n"));
    println!("{} cases, {} skipped\n{}", cases().len(), skipped.len(), skipped.join("\n"));
    skipped
}

#[test]
fn every_case_refuses_wrong_keys() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names, wrong::FLAWS.iter().map(|(name, _)| *name).collect(), "each has a flaw of its own");
    for case in cases() {
        let (_, flaw) = wrong::FLAWS.iter().find(|(name, _)| *name == case.name).unwrap();
        assert_eq!(run((case.run)(&wrong::Wrong::new(None))), Ok(Verdict::Passed), "{}", case.name);
        let end = run((case.run)(&wrong::Wrong::new(Some(*flaw))));
        assert!(end.is_err(), "{} does not refuse {flaw:?}: {end:?}", case.name);
    }
}
