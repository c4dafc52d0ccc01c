//! Redriving and discarding many dead letters.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use contracts::Event;
use runtime::due::{DEAD, DUE};
use runtime::operate::{Filter, Redrive};
use runtime::{Fail, Handler, Service, Uow};

use crate::support::{NAME, Stage, Wound};

/// Refuses everything until it is mended; then counts what it does.
#[derive(Clone, Default)]
struct OnWound {
    is_mended: Arc<AtomicU32>,
    handled: Arc<Mutex<Vec<String>>>,
}

impl Handler for OnWound {
    type Event = Wound;

    async fn handle(&self, event: &Event<Wound>, _: &mut Uow) -> Result<(), Fail> {
        if self.is_mended.load(Ordering::Relaxed) == 0 {
            return Err(Fail::permanent("not mended yet"));
        }
        self.handled.lock().unwrap().push(event.data.toy.clone());
        Ok(())
    }
}

/// More than a page, and no whole number of units of work.
const MANY: usize = 612;

fn stage(many: usize) -> (OnWound, Stage) {
    let service = OnWound::default();
    let stage = Stage::with(Service::new(NAME).on(service.clone()));
    (0..many).for_each(|n| stage.wind(&format!("toy-{n}"), &format!("lane-{n}")));
    stage.wait(30);
    assert_eq!(stage.counts().dead, u64::try_from(many).unwrap());
    (service, stage)
}

#[test]
fn many_are_redriven_at_a_rate_and_each_is_handled_once() {
    let (service, stage) = stage(MANY);
    let order = Redrive { rate_per_s: 10, dry_run: true, ..Redrive::default() };
    let asked = stage.run(stage.node.redrive(&order)).unwrap();
    assert_eq!((asked.ids.len(), asked.dry_run), (MANY, true));
    assert_eq!(stage.node.counts()[0].1.handled, 0);
    service.is_mended.store(1, Ordering::Relaxed);
    let done = stage.run(stage.node.redrive(&Redrive { dry_run: false, ..order })).unwrap();
    assert_eq!((done.ids.len(), done.dry_run, done.too_old.len()), (MANY, false, 0));
    // Ten a second: so many after half a minute, and not many more.
    stage.wait(30);
    let early = service.handled.lock().unwrap().len();
    assert!((295..=315).contains(&early), "{early}");
    stage.wait(60);
    let mut handled = service.handled.lock().unwrap().clone();
    assert_eq!(handled.len(), MANY);
    handled.sort();
    handled.dedup();
    assert_eq!(handled.len(), MANY);
    assert_eq!((stage.rows(DUE), stage.rows(DEAD)), (vec![], vec![]));
}

#[test]
fn what_is_older_than_messages_are_remembered_is_left_unless_forced() {
    let (service, stage) = stage(3);
    service.is_mended.store(1, Ordering::Relaxed);
    stage.wait(15 * 24 * 3600);
    stage.wind("young", "young");
    stage.wait(5);
    let left = stage.run(stage.node.redrive(&Redrive::default())).unwrap();
    assert_eq!((left.ids.len(), left.too_old.len()), (0, 3));
    let forced = stage.run(stage.node.redrive(&Redrive { force: true, ..Redrive::default() })).unwrap();
    assert_eq!((forced.ids.len(), forced.too_old.len()), (3, 0));
    stage.wait(5);
    assert_eq!(service.handled.lock().unwrap().len(), 4);
}

#[test]
fn those_that_are_named_are_discarded_and_no_other() {
    let (_, stage) = stage(MANY);
    let all = stage.rows(DEAD);
    let named = [all[3].id.to_string(), all[400].id.to_string(), "no id".to_owned()];
    let filter = Filter { ids: named.to_vec(), ..Filter::default() };
    let found = stage.run(stage.node.dead_letters(&filter, 10)).unwrap();
    assert_eq!(found.len(), 2);
    let mut done = stage.run(stage.node.discard(&filter, false)).unwrap();
    done.ids.sort();
    let mut want = named[..2].to_vec();
    want.sort();
    assert_eq!(done.ids, want);
    let elsewhere = Filter { service: Some("other".to_owned()), ..Filter::default() };
    assert_eq!(stage.run(stage.node.discard(&elsewhere, false)).unwrap().ids.len(), 0);
    let rest = Filter { reason: Some("rejected".to_owned()), ..Filter::default() };
    assert_eq!(stage.run(stage.node.discard(&rest, false)).unwrap().ids.len(), MANY - 2);
    assert_eq!(stage.rows(DEAD), []);
}
