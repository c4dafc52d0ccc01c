//! Blobs: the shared list of cases for every backend, proof that each case can fail, and what only files can show.

mod files;
#[cfg(feature = "aws")]
mod s3;
mod wrong;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contracts::DataRef;
use store::blobs::Memory;
use store::conformance::blobs::{Hook, Subject, cases};
use store::conformance::{Checked, Verdict};
use store::sim::{Fault, JumpingTime, Manners, Rates, Setup, World};
use store::{Blobs, Boxed};
use wrong::Flaw;

/// Runs every case; answers what was skipped.
fn pass_all(subject: &(dyn Subject + 'static), run: &dyn Fn(Boxed<'_, Checked>) -> Checked) -> Vec<String> {
    let mut skipped = vec![];
    let mut failed = vec![];
    for case in cases() {
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

struct InMemory;

impl Subject for InMemory {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        Box::pin(async { Arc::new(Memory::default()) as Arc<dyn Blobs> })
    }
}

/// Blobs of a simulated world.
struct Simulated {
    time: JumpingTime,
    rates: Rates,
    world: std::sync::Mutex<Option<Arc<World>>>,
}

impl Simulated {
    fn new(rates: Rates) -> Self {
        Self { time: JumpingTime::default(), rates, world: std::sync::Mutex::default() }
    }

    fn world(&self) -> Arc<World> {
        self.world.lock().unwrap().clone().expect("there is one")
    }
}

impl Subject for Simulated {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        let setup = Setup { seed: 3, rates: self.rates, fused: false, manners: Manners::SqsStandard };
        *self.world.lock().unwrap() = Some(World::new(Arc::new(self.time.clone()), &setup));
        Box::pin(async { self.world().blobs(&self.world().link()) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Blobs>>> {
        Box::pin(async { Some(self.world().blobs(&self.world().link())) })
    }

    fn hook(&self, hook: Hook) -> bool {
        match hook {
            Hook::Down(true) => self.world().fail_blobs(Duration::from_secs(86_400)),
            Hook::Down(false) => self.world().fail_blobs(Duration::ZERO),
            Hook::LoseReply => self.world().force(Fault::BlobsReplyLost),
            Hook::Damage(name) => {
                self.world().with_blobs(|shelf| shelf.replace(name, Some(b"else".as_slice().into())));
            }
        }
        true
    }
}

fn within(time: &JumpingTime, case: Boxed<'_, Checked>) -> Checked {
    time.run(case).unwrap_or_else(|| Err("waits for ever".to_owned()))
}

#[test]
fn blobs_in_memory_pass_every_case() {
    let time = JumpingTime::default();
    let skipped = pass_all(&InMemory, &|case| within(&time, case));
    assert_eq!(skipped.len(), 5, "{skipped:?}");
}

#[test]
fn simulated_blobs_pass_every_case_slow_or_not() {
    let mut slow = Rates::NONE;
    slow.set(Fault::SlowBlobs, 500_000);
    for rates in [Rates::NONE, slow] {
        let subject = Simulated::new(rates);
        assert_eq!(pass_all(&subject, &|case| within(&subject.time, case)), Vec::<String>::new());
    }
}

#[test]
fn every_case_refuses_wrong_blobs() {
    let names: BTreeSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len(), "every case has a name of its own");
    let mut missed = vec![];
    for case in cases() {
        let Some((_, flaw)) = wrong::FLAWS.iter().find(|(name, _)| *name == case.name) else {
            missed.push(format!("{} has no wrong blobs", case.name));
            continue;
        };
        let subject = wrong::Wrong::new(*flaw);
        let end = within(subject.time(), (case.run)(&subject));
        if end.is_ok() {
            missed.push(format!("{} does not refuse {flaw:?}: {end:?}", case.name));
        }
    }
    assert_eq!(missed, Vec::<String>::new());
}

/// A flaw that no case refuses would be a hole in the list.
#[test]
fn every_flaw_is_refused_by_some_case() {
    let shown: BTreeSet<Flaw> = wrong::FLAWS.iter().map(|(_, flaw)| *flaw).collect();
    assert_eq!(shown, Flaw::ALL.into_iter().collect());
}

fn name_of(text: &str) -> DataRef {
    DataRef::of(text.as_bytes())
}
