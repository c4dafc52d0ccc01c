//! A sweeper that rests for long while nothing happens still does everything in time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::{Event, Timestamp};
use runtime::{Fail, Handler, Job, JobHandler, Policy, Service, Uow};
use serde::{Deserialize, Serialize};

use crate::support::{NAME, Stage, Wound, policy};

/// When each bell was to ring, and when it did.
type Rung = Arc<Mutex<Vec<(Timestamp, Timestamp)>>>;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bell {
    due: Timestamp,
}

impl Job for Bell {
    const NAME: &'static str = "bell";

    fn lane(&self) -> &str {
        "bell"
    }
}

struct OnWound;

impl Handler for OnWound {
    type Event = Wound;

    /// Rings after as many seconds as the toy is called.
    async fn handle(&self, event: &Event<Wound>, uow: &mut Uow) -> Result<(), Fail> {
        let seconds = event.data.toy.parse().map_err(Fail::transient)?;
        let due = uow.now().plus(Duration::from_secs(seconds));
        uow.schedule(due, &Bell { due })
    }
}

struct OnBell(Rung);

impl JobHandler for OnBell {
    type Job = Bell;

    async fn run(&self, bell: &Bell, uow: &mut Uow) -> Result<(), Fail> {
        self.0.lock().unwrap().push((bell.due, uow.now()));
        Ok(())
    }
}

#[test]
fn what_falls_due_while_the_sweeper_rests_is_sent_in_time() {
    let rung = Rung::default();
    let service = Service::new(NAME).on(OnWound).job(OnBell(rung.clone()));
    let policy = Policy { sweep_at_most: Duration::from_secs(20), ..policy() };
    let stage = Stage::on(service, policy, None);
    // Long enough for it to rest as long as it may, again and again.
    for seconds in [3, 31, 3, 307, 4_000, 1] {
        stage.wait(333);
        stage.wind(&seconds.to_string(), &seconds.to_string());
    }
    stage.wait(5_000);
    let rung = rung.lock().unwrap();
    assert_eq!(rung.len(), 5, "equal ones are one: {rung:?}");
    for (due, at) in rung.iter() {
        assert!(*at >= *due && at.since(*due) < Duration::from_secs(2), "due at {due}, rung at {at}");
    }
}
