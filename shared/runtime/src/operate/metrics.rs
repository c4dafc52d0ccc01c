//! Counts in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::node::Node;
use crate::stats::Counts;

/// One number of each service.
type PerService = (&'static str, &'static str, fn(&Counts) -> u64);

const PER_SERVICE: [PerService; 4] = [
    ("banyan_conflicts_total", "Executions repeated because something changed meanwhile.", |c| c.conflicts),
    ("banyan_published_total", "Events published.", |c| c.published),
    ("banyan_claimed_total", "Messages whose data was too large for the bus and went by claim check.", |c| {
        c.claimed
    }),
    ("banyan_validated_total", "Events that were compared with their schema.", |c| c.validated),
];

/// Everything countable about this process.
pub(super) async fn show(State(node): State<Arc<Node>>) -> Response {
    let mut text = String::from(
        "# HELP banyan_messages_total Messages by service and by what became of them.\n\
         # TYPE banyan_messages_total counter\n",
    );
    for (service, counts) in node.counts() {
        for (outcome, count) in [
            ("handled", counts.handled),
            ("duplicate", counts.duplicates),
            ("delayed", counts.delayed),
            ("dead", counts.dead),
            ("ignored", counts.ignored),
        ] {
            writeln!(text, "banyan_messages_total{{service=\"{service}\",outcome=\"{outcome}\"}} {count}")
                .ok();
        }
    }
    for (name, help, count) in PER_SERVICE {
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter").ok();
        for (service, counts) in node.counts() {
            writeln!(text, "{name}{{service=\"{service}\"}} {}", count(&counts)).ok();
        }
    }
    text.push_str(
        "# HELP banyan_invalid_total Events that are not what their schema says, of those compared.\n",
    );
    text.push_str("# TYPE banyan_invalid_total counter\n");
    for (service, counts) in node.counts() {
        for (direction, count) in [("in", counts.invalid_in), ("out", counts.invalid_out)] {
            writeln!(text, "banyan_invalid_total{{service=\"{service}\",direction=\"{direction}\"}} {count}")
                .ok();
        }
    }
    if let Ok(queues) = node.queues().await {
        text.push_str(
            "# HELP banyan_queue_messages Messages in a queue.\n# TYPE banyan_queue_messages gauge\n",
        );
        for queue in queues {
            let name = &queue.queue;
            writeln!(text, "banyan_queue_messages{{queue=\"{name}\",state=\"waiting\"}} {}", queue.waiting)
                .ok();
            writeln!(
                text,
                "banyan_queue_messages{{queue=\"{name}\",state=\"in_flight\"}} {}",
                queue.in_flight
            )
            .ok();
        }
    }
    text.push_str("# HELP banyan_ready Whether the process should get work.\n# TYPE banyan_ready gauge\n");
    writeln!(text, "banyan_ready {}", u8::from(node.not_ready().is_empty())).ok();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
