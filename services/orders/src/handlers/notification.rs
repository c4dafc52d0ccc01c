//! What the customer was told: written down, and nothing follows.

use contracts::events::notification::{NotificationFailed, NotificationSent};

use super::hear::{Meaning, means};

means! {
    NotificationSent => |event, _| {
        Meaning::only(format!("the customer was told by {}: {}", event.channel, event.template))
    };
    NotificationFailed => |event, _| Meaning::only(format!(
        "the customer could not be told by {}: {} ({})",
        event.channel, event.template, event.reason
    ));
}
