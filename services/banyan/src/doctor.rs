//! `banyan doctor`: what stands in the way of services, and what to do about it.
//!
//! It asks as who it is known, whether all is there, and does once whatever services do, with things of its own: an event
//! that nobody hears, an item that is removed again. What cannot be tried without an effect on others it leaves.

#[cfg(feature = "aws")]
mod aws;
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
mod broker;
mod embedded;
#[cfg(any(feature = "aws", all(feature = "postgres", feature = "rabbitmq")))]
mod ports;

use anyhow::Result;
use contracts::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::cli::{Context, Exit};
use crate::config::BusKind;
use crate::output::table;

/// Who it is to the broker or the account, what it may do there, whether everything is there and wired, and what time it is.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Run it where services run, with what they are told: the same environment, the same role. It makes nothing that services need, and
takes no message away. Ends with 4 when something is wrong.

Examples:
  banyan doctor
  banyan doctor --bus rabbitmq
  banyan doctor --bus aws --prefix staging --json")]
pub struct Args {}

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    /// It works, and may be meant otherwise.
    Warning,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Check {
    fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, seen: seen.into(), fix: None }
    }

    fn warning(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Warning, seen: seen.into(), fix: Some(fix.into()) }
    }

    fn wrong(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Wrong, seen: seen.into(), fix: Some(fix.into()) }
    }
}

/// Looks at everything, and tells.
///
/// # Errors
/// What `--bus` names is not in this program, or an address is none.
pub async fn run(_: &Args, context: &Context) -> Result<Exit> {
    let checks = match context.config.chosen.bus {
        BusKind::Embedded => embedded::checks(&context.config, &context.env).await,
        BusKind::RabbitMq => broker_checks(context).await?,
        BusKind::Aws => aws_checks(context).await?,
    };
    let is_well = checks.iter().all(|check| check.verdict != Verdict::Wrong);
    let (bus, store) = (context.config.chosen.bus, context.config.chosen.store);
    context.output.answer(&json!({ "bus": bus, "store": store, "ok": is_well, "checks": checks }), |_| {
        in_text(&checks)
    });
    if !is_well {
        return Ok(Exit::NotReady);
    }
    context.next(&[&match bus {
        BusKind::Embedded => "dev".to_owned(),
        bus => format!("dev --bus {bus}"),
    }]);
    Ok(Exit::Ok)
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn broker_checks(context: &Context) -> Result<Vec<Check>> {
    broker::checks(&context.config, &context.env).await
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn broker_checks(_: &Context) -> Result<Vec<Check>> {
    Err(crate::backends::not_compiled("--bus rabbitmq"))
}

#[cfg(feature = "aws")]
async fn aws_checks(context: &Context) -> Result<Vec<Check>> {
    aws::checks(&context.config, &context.env).await
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn aws_checks(_: &Context) -> Result<Vec<Check>> {
    Err(crate::backends::not_compiled("--bus aws"))
}

fn in_text(checks: &[Check]) -> String {
    let mut rows = Vec::new();
    for (nth, Check { name, verdict, seen, fix }) in checks.iter().enumerate() {
        let verdict = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Wrong => "WRONG",
        };
        rows.push(vec![verdict.to_owned(), (*name).to_owned(), seen.clone()]);
        // What several need is told once, after the last of them.
        let is_last = checks.get(nth + 1).is_none_or(|next| next.fix != *fix);
        let told = fix.iter().filter(|_| is_last);
        rows.extend(told.map(|fix| vec![String::new(), String::new(), format!("fix: {fix}")]));
    }
    table(&rows)
}

/// Due times, and what expires, are told by the clocks of several machines.
const SKEW_NOTED_S: f64 = 2.0;
/// AWS takes no request whose time is five minutes off; a deadline of an order is some minutes.
const SKEW_WRONG_S: f64 = 60.0;

/// Whether this machine and `place` agree what time it is. `exact_s`: how precisely the place tells it.
#[cfg_attr(
    not(any(test, feature = "aws", all(feature = "postgres", feature = "rabbitmq"))),
    expect(dead_code, reason = "an embedded file has no clock of its own")
)]
fn clock(place: &str, there: Timestamp, here: Timestamp, exact_s: f64) -> Check {
    #[expect(clippy::cast_precision_loss, reason = "seconds, for people")]
    let ahead_s = (here.as_micros() - there.as_micros()) as f64 / 1e6;
    let seen = format!("this machine is {ahead_s:+.1} s from {place}");
    let fix = "let NTP set the clock of this machine (chronyc tracking shows it)";
    match ahead_s.abs() {
        off if off > SKEW_WRONG_S => Check::wrong("clock", seen, fix),
        off if off > SKEW_NOTED_S + exact_s => Check::warning("clock", seen, fix),
        _ => Check::ok("clock", seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_a_little_off_and_not_a_minute() {
        let at = |s: i64| Timestamp::from_micros(s * 1_000_000);
        let of = |here: i64, exact_s: f64| clock("the database", at(100), at(here), exact_s).verdict;
        assert_eq!([of(100, 0.0), of(102, 0.0), of(103, 1.0)], [Verdict::Ok; 3]);
        assert_eq!([of(97, 0.0), of(160, 1.0)], [Verdict::Warning; 2]);
        assert_eq!([of(161, 1.0), of(-100, 0.0)], [Verdict::Wrong; 2]);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_to_do() {
        let checks = [Check::ok("identity", "banyan"), Check::wrong("clock", "an hour off", "set it")];
        let text = "ok     identity  banyan\nWRONG  clock     an hour off\n                 fix: set it";
        assert_eq!(in_text(&checks), text);
    }
}
