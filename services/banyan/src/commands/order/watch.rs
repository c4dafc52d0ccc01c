//! `banyan order watch`

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::journey::{End, Entry, Journey, line};
use super::timeline::next;
use crate::cli::{Context, Exit, Failure};
use crate::client::Error;
use crate::output;

/// Follows one order until it is completed or cancelled, and no money is on its way any more.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Ends with 0 whatever the end is: the last line says it, and so does the JSON. Ends with 4 when the time is up before.
Goes on when banyan is started again meanwhile.

Examples:
  banyan order watch 0199...
  banyan order watch 0199... --timeout 60 --json")]
pub struct Args {
    /// The order's id
    #[arg(value_name = "ORDER")]
    id: String,
    /// Give up after so many seconds [default: never]
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// The pause between looks while something happens. It doubles while nothing does.
const SHORT: Duration = Duration::from_millis(300);
/// The longest pause: nobody wants to wait longer for what is there already.
const LONG: Duration = Duration::from_secs(2);
/// What follows an end, such as money that is let go, is waited for until nothing came for so long.
const QUIET: Duration = Duration::from_millis(1_500);

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let mut watch = Watch { shown: Vec::new(), pause: SHORT };
    let begun = context.env.now();
    let mut changed = begun;
    // Somebody who waits at a terminal wants to know at once that nothing listens, or that there is no such order.
    let mut journey = Journey::of(&context.client, &args.id).await?;
    loop {
        let now = context.env.now();
        if watch.show(&journey, context.output) {
            changed = now;
        }
        let end = End::of(&journey);
        if end.ended && now.since(changed) >= QUIET {
            return Ok(finish(args, &journey, &end, context));
        }
        let is_late = args.timeout.is_some_and(|seconds| now.since(begun) >= Duration::from_secs(seconds));
        if is_late {
            return late(args, &journey, &end, context);
        }
        context.output.progress(&end.sentence);
        context.env.clock.sleep(watch.pause).await;
        match Journey::of(&context.client, &args.id).await {
            Ok(found) => journey = found,
            Err(error) if error.is_passing() => context.output.progress(waiting(&error)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What was shown already.
struct Watch {
    shown: Vec<Entry>,
    pause: Duration,
}

impl Watch {
    /// Shows what is new, and says whether anything was.
    fn show(&mut self, journey: &Journey, output: output::Output) -> bool {
        let new: Vec<&Entry> = journey.entries.iter().filter(|entry| !self.shown.contains(entry)).collect();
        if new.is_empty() {
            self.pause = (self.pause * 2).min(LONG);
            return false;
        }
        output.progress_done();
        for entry in &new {
            if !output.json {
                output.line(line(entry, journey.since(entry), output::width()));
            }
        }
        self.shown.extend(new.into_iter().cloned());
        self.pause = SHORT;
        true
    }
}

fn waiting(error: &Error) -> String {
    format!("{error}; waiting for it")
}

fn finish(args: &Args, journey: &Journey, end: &End, context: &Context) -> Exit {
    context.output.progress_done();
    let answer = json!({ "order_id": args.id, "entries": journey.entries, "end": end });
    context.output.answer(&answer, |_| end.sentence.clone());
    context.next(&next(&args.id, journey, end).iter().map(String::as_str).collect::<Vec<_>>());
    Exit::Ok
}

/// The order has not come to its end: said like one that has, and by the exit code.
fn late(args: &Args, journey: &Journey, end: &End, context: &Context) -> Result<Exit> {
    if context.output.json {
        finish(args, journey, end, context);
        return Ok(Exit::NotReady);
    }
    context.output.progress_done();
    let see = context.command(&format!("order timeline {}", args.id));
    let message = format!("order {} is not at its end: {}; see `{see}`", args.id, end.sentence);
    Err(Failure::new(Exit::NotReady, message).into())
}
