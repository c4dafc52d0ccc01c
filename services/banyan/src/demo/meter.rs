//! What the services say of themselves while the demo runs, for the line that moves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cli::Context;
use crate::client::Activity;
use crate::commands::shown::count;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(400);

/// The latest look at `/metrics`; empty where nobody watches.
#[derive(Default)]
pub(super) struct Meter {
    latest: Arc<Mutex<BTreeMap<String, Activity>>>,
}

impl Meter {
    /// Looks now and then, until it is dropped.
    pub(super) fn start(context: &Context) -> Self {
        let meter = Self::default();
        if !context.output.is_watched() {
            return meter;
        }
        let (latest, context) = (Arc::downgrade(&meter.latest), context.clone());
        let env = context.env.clone();
        let looking = async move {
            while let Some(latest) = latest.upgrade() {
                if let Ok(activity) = context.client.activity().await {
                    *latest.lock().unwrap_or_else(PoisonError::into_inner) = activity;
                }
                drop(latest);
                context.env.clock.sleep(EVERY).await;
            }
        };
        env.spawn.spawn("demo.meter".into(), Box::pin(looking));
        meter
    }

    /// What each service has handled, and what waits.
    pub(super) fn line(&self) -> String {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let handled =
            latest.iter().map(|(service, activity)| format!("{service} {}", count(activity.handled)));
        let waiting: u64 = latest.values().map(|activity| activity.waiting).sum();
        if latest.is_empty() {
            return String::new();
        }
        format!(" | handled: {} | queued {}", handled.collect::<Vec<_>>().join(", "), count(waiting))
    }
}
