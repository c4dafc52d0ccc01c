//! How far the orders came, as a picture.

use super::{Report, listed};
use crate::commands::shown::count;
use crate::output::table;

/// Characters of the longest bar.
const WIDTH: u64 = 32;

/// The stages one below the other, and what became of the rest.
pub(super) fn text(report: &Report) -> String {
    let confirmed = percentiles(report.p50_ms, report.p99_ms);
    let completed = percentiles(report.placed_to_completed_p50_ms, report.placed_to_completed_p99_ms);
    let stages = [
        ("placed", report.orders, String::new()),
        ("confirmed", report.confirmed, confirmed),
        ("dispatched", report.dispatched, String::new()),
        ("delivered", report.delivered, String::new()),
        ("completed", report.completed, completed),
    ];
    let rows: Vec<Vec<String>> = stages
        .into_iter()
        .map(|(stage, n, remark)| vec![format!("  {stage}"), right(n), bar(n, report.orders), remark])
        .collect();
    let mut lines = vec![table(&rows), String::new()];
    lines.extend(listed("cancelled because", &report.cancel_reasons));
    let parcels = [("lost", report.lost), ("brought back", report.brought_back)];
    lines.extend(some("parcels that did not arrive", &parcels));
    let asked = report.returns_asked;
    let back = [
        ("asked for", asked),
        ("orders of which goods came back", report.returned),
        ("not asked for, since not completed", report.returns_pending),
    ];
    lines.extend(some("returns", &back));
    let money = [("orders refunded", report.refunded), ("payments contested", report.disputes)];
    lines.extend(some("money", &money));
    lines.extend(some("mails", &[("sent", report.mails)]));
    lines.extend(some("waited too long", &[("orders stalled", report.stalled)]));
    lines.join("\n")
}

fn bar(n: u64, of: u64) -> String {
    let length = usize::try_from((n * WIDTH).div_ceil(of.max(1)).min(WIDTH)).unwrap_or(0);
    "\u{2588}".repeat(length)
}

fn right(n: u64) -> String {
    format!("{:>8}", count(n))
}

fn percentiles(p50: Option<f64>, p99: Option<f64>) -> String {
    match (p50, p99) {
        (Some(p50), Some(p99)) => format!("p50 {}, p99 {} after the order", took(p50), took(p99)),
        _ => String::new(),
    }
}

fn took(ms: f64) -> String {
    if ms >= 1_000.0 { format!("{:.1} s", ms / 1_000.0) } else { format!("{ms} ms") }
}

/// Those of `counts` that there are.
fn some(what: &str, counts: &[(&str, u64)]) -> Option<String> {
    listed(what, &counts.iter().copied().filter(|(_, n)| *n > 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share_and_never_nothing() {
        let length = |n, of| bar(n, of).chars().count() as u64;
        assert_eq!(
            (length(200, 200), length(100, 200), length(1, 5_000), length(0, 5)),
            (WIDTH, WIDTH / 2, 1, 0)
        );
        assert_eq!(length(0, 0), 0);
    }
}
