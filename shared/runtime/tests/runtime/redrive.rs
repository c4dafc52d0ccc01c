//! Redriving and discarding many dead letters.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::Event;
use runtime::due::{DEAD, DUE};
use runtime::operate::{Discard, Filter, Redrive};
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
fn what_is_redriven_in_parts_keeps_the_rate_over_all_of_them() {
    let (service, stage) = stage(MANY);
    service.is_mended.store(1, Ordering::Relaxed);
    let mut order = Redrive { rate_per_s: 10, limit: 250, ..Redrive::default() };
    let mut parts = vec![];
    let mut ids = BTreeSet::new();
    loop {
        let done = stage.run(stage.node.redrive(&order)).unwrap();
        parts.push((done.ids.len(), done.more));
        ids.extend(done.ids);
        assert!(order.from.is_none_or(|from| Some(from) < done.until), "{:?}", done.until);
        order.from = done.until;
        if !done.more {
            break;
        }
    }
    assert_eq!((parts, ids.len()), (vec![(250, true), (250, true), (112, false)], MANY));
    stage.wait(30);
    let early = service.handled.lock().unwrap().len();
    assert!((295..=315).contains(&early), "{early}");
    stage.wait(60);
    assert_eq!(service.handled.lock().unwrap().len(), MANY);
    let done = stage.run(stage.node.redrive(&Redrive::default())).unwrap();
    assert_eq!((done.ids.len(), done.more, done.until), (0, false, None));
    let late = stage.now().plus(Duration::from_secs(15 * 24 * 3600));
    let refused = stage.run(stage.node.redrive(&Redrive { from: Some(late), ..order })).unwrap_err();
    assert_eq!((refused.status, refused.errors[0].pointer.as_str()), (422, "/from"));
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
    let mut done = stage.run(stage.node.discard(&discard(&filter))).unwrap();
    done.ids.sort();
    let mut want = named[..2].to_vec();
    want.sort();
    assert_eq!(done.ids, want);
    let elsewhere = Filter { service: Some("other".to_owned()), ..Filter::default() };
    assert_eq!(stage.run(stage.node.discard(&discard(&elsewhere))).unwrap().ids.len(), 0);
    let rest = Filter { reason: Some("rejected".to_owned()), ..Filter::default() };
    assert_eq!(stage.run(stage.node.discard(&discard(&rest))).unwrap().ids.len(), MANY - 2);
    assert_eq!(stage.rows(DEAD), []);
}

#[test]
fn a_limit_says_whether_there_are_more() {
    let (_, stage) = stage(20);
    let filter = Filter { reason: Some("rejected".to_owned()), ..Filter::default() };
    let asked = Discard { dry_run: true, limit: 20, ..discard(&filter) };
    let asked = stage.run(stage.node.discard(&asked)).unwrap();
    assert_eq!((asked.ids.len(), asked.more), (20, false));
    let some = Discard { limit: 15, ..discard(&filter) };
    let done = stage.run(stage.node.discard(&some)).unwrap();
    assert_eq!((done.ids.len(), done.more, stage.rows(DEAD).len()), (15, true, 5));
    let done = stage.run(stage.node.discard(&some)).unwrap();
    assert_eq!((done.ids.len(), done.more, stage.rows(DEAD).len()), (5, false, 0));
}

fn discard(filter: &Filter) -> Discard {
    Discard { filter: filter.clone(), ..Discard::default() }
}
