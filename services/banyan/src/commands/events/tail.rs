//! `banyan events tail`

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Context, Exit, Failure};
use crate::client::Heard;
use crate::commands::shown::{event_type, text, time};

/// Shows what happens, as it happens, until Ctrl-C. Personal data is blanked.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  banyan events tail --type order
  banyan events tail --type payment.declined --limit 1 --json")]
pub struct Args {
    /// Only types that begin with this; shop.banyan. may be left out
    #[arg(long = "type", value_name = "PREFIX")]
    of_type: Option<String>,
    /// End after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let mut follower = context.client.follow_types(args.of_type.as_deref().unwrap_or_default()).await?;
    context.output.note("following events; Ctrl-C ends it");
    let mut shown = 0;
    while args.limit.is_none_or(|limit| shown < limit) {
        let event = match follower.next().await? {
            Some(Heard::Event(event)) => event,
            Some(Heard::Missed(missed)) => {
                context.output.warn(format!("{missed} events were too fast and are missing here"));
                continue;
            }
            None => {
                return Err(
                    Failure::new(Exit::Error, "banyan has stopped; follow again when it is back").into()
                );
            }
        };
        let event: Value = serde_json::from_str(&event)?;
        if !args.wants(&text(&event, "/type")) {
            continue;
        }
        if !context.output.answer(&event, event_text) {
            break;
        }
        shown += 1;
    }
    context.next(&["order timeline ORDER"]);
    Ok(Exit::Ok)
}

impl Args {
    fn wants(&self, kind: &str) -> bool {
        self.of_type
            .as_ref()
            .is_none_or(|prefix| kind.starts_with(prefix) || event_type(kind).starts_with(prefix))
    }
}

fn event_text(event: &Value) -> String {
    let kind = text(event, "/type");
    format!(
        "{}  {:<28} {:<38} {}",
        time(event, "/time"),
        event_type(&kind),
        text(event, "/subject"),
        text(event, "/source")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_may_leave_out_what_all_types_begin_with() {
        let wants = |prefix: Option<&str>| {
            Args { of_type: prefix.map(Into::into), limit: None }.wants("shop.banyan.order.placed.v1")
        };
        assert!(wants(None) && wants(Some("order.")) && wants(Some("shop.banyan.order.placed")));
        assert!(!wants(Some("payment")));
    }
}
