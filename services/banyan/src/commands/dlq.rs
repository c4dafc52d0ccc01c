//! `banyan dlq`: messages that nobody could handle.

use anyhow::Result;
use clap::{ArgGroup, Subcommand};
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{Patience, Write, escaped, with_query};
use crate::commands::shown::{counted, event_type, rows, text, time};
use crate::output::table;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List them, oldest first
    List {
        /// Which of them.
        #[command(flatten)]
        which: Which,
        /// At most this many, up to 500 [default: 100]
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Show one: what went wrong, and the message without personal data
    Show {
        /// The message's id
        id: String,
    },
    /// Send them back to the service that gave them up, and to no other
    #[command(after_help = "\
What is older than messages are remembered (15 days) may be handled twice, and needs --force.

Examples:
  banyan dlq redrive --service payment --dry-run
  banyan dlq redrive --service payment --rate 20")]
    Redrive {
        /// Which of them.
        #[command(flatten)]
        chosen: Chosen,
        /// At most this many a second [default: 100]
        #[arg(long, value_name = "N")]
        rate: Option<u32>,
        /// Also what is older than messages are remembered
        #[arg(long)]
        force: bool,
    },
    /// Remove them for good
    #[command(group = ArgGroup::new("which").args(["ids", "service", "reason", "event_type"]).multiple(true).required(true))]
    #[command(after_help = "Example:\n  banyan dlq discard --reason undecodable --dry-run")]
    Discard {
        /// Which of them.
        #[command(flatten)]
        chosen: Chosen,
    },
}

/// Which dead letters.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Which {
    /// Only of this service
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    /// Only with this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Only of this type, such as shop.banyan.order.placed.v1
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

/// Which dead letters to do something with.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Chosen {
    /// This one; can be repeated
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    which: Which,
    /// Only say which
    #[arg(long)]
    dry_run: bool,
}

impl Chosen {
    fn body(&self) -> Value {
        let Which { service, reason, event_type } = &self.which;
        let filter =
            json!({ "ids": self.ids, "service": service, "reason": reason, "event_type": event_type });
        json!({ "filter": filter, "dry_run": self.dry_run })
    }
}

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::List { which, limit } => list(&which, limit, context).await,
        Command::Show { id } => show(&id, context).await,
        Command::Redrive { chosen, rate, force } => {
            let mut body = chosen.body();
            body["rate_per_s"] = json!(rate.unwrap_or(0));
            body["force"] = json!(force);
            settle("redrive", "sent back", &body, context).await
        }
        Command::Discard { chosen } => settle("discard", "discarded", &chosen.body(), context).await,
    }
}

async fn list(which: &Which, limit: Option<u32>, context: &Context) -> Result<Exit> {
    let limit = limit.map(|limit| limit.to_string());
    let path = with_query(
        "/dead-letters",
        &[
            ("service", which.service.as_deref()),
            ("reason", which.reason.as_deref()),
            ("event_type", which.event_type.as_deref()),
            ("limit", limit.as_deref()),
        ],
    );
    let page: Value = context.client.get(&path).await?;
    let letters = rows(&page, "/dead_letters");
    context.output.answer(&page, |_| list_text(letters));
    match letters.first() {
        Some(first) => context.next(&[&format!("dlq show {}", text(first, "/id")), "dlq redrive --dry-run"]),
        None => context.next(&["audit"]),
    }
    Ok(Exit::Ok)
}

fn list_text(letters: &[Value]) -> String {
    if letters.is_empty() {
        return "no dead letters".to_owned();
    }
    let mut lines =
        vec![["id", "service", "type", "subject", "reason", "tries", "died"].map(str::to_owned).to_vec()];
    lines.extend(letters.iter().map(|letter| {
        vec![
            text(letter, "/id"),
            text(letter, "/service"),
            event_type(&text(letter, "/event_type")).to_owned(),
            text(letter, "/subject"),
            text(letter, "/reason"),
            text(letter, "/attempts"),
            time(letter, "/died"),
        ]
    }));
    table(&lines)
}

async fn show(id: &str, context: &Context) -> Result<Exit> {
    let letter: Value = context.client.get(&format!("/dead-letters/{}", escaped(id))).await?;
    context.output.answer(&letter, |letter| {
        let mut facts: Vec<Vec<String>> =
            ["id", "service", "event_type", "subject", "reason", "handler", "contract", "attempts"]
                .map(|name| vec![name.to_owned(), text(letter, &format!("/{name}"))])
                .into();
        facts.extend(
            ["first_seen", "died"].map(|name| vec![name.to_owned(), time(letter, &format!("/{name}"))]),
        );
        let chain = rows(letter, "/chain").iter().enumerate();
        facts.extend(
            chain.map(|(at, error)| {
                vec![if at == 0 { "error" } else { "because" }.to_owned(), text(error, "")]
            }),
        );
        let message = letter.get("message").cloned().unwrap_or_default();
        format!("{}\n\n{}", table(&facts), serde_json::to_string_pretty(&message).unwrap_or_default())
    });
    context.next(&[&format!("dlq redrive --id {id}"), &format!("dlq discard --id {id} --dry-run")]);
    Ok(Exit::Ok)
}

/// So many are settled by one request, which is then answered long before anybody gives up waiting.
const PART: u64 = 1_000;

async fn settle(verb: &str, done: &str, body: &Value, context: &Context) -> Result<Exit> {
    let is_dry = body["dry_run"] == Value::Bool(true);
    let answer = all(verb, done, body, is_dry, context).await?;
    context.output.answer(&answer, |answer| {
        let (ids, old, cut) = (rows(answer, "/ids"), rows(answer, "/too_old"), rows(answer, "/cut"));
        let many = counted(ids.len() as u64, "dead letter");
        let mut lines =
            vec![if is_dry { format!("{many} would be {done}") } else { format!("{many} {done}") }];
        lines.extend(ids.iter().map(|id| format!("  {}", text(id, ""))));
        if !old.is_empty() {
            lines.push(format!("{} left: older than messages are remembered, see --force", old.len()));
        }
        if !cut.is_empty() {
            lines.push(format!("{} left: too long to be kept whole, see `banyan dlq show ID`", cut.len()));
        }
        lines.join("\n")
    });
    context.next(&[if is_dry { "dlq list" } else { "audit" }]);
    Ok(Exit::Ok)
}

/// Asks part after part, and answers as one request for all would be. What is only asked for changes nothing, so that
/// there would be no next part: it is one request, which takes a look at all.
async fn all(verb: &str, done: &str, body: &Value, is_dry: bool, context: &Context) -> Result<Value> {
    let mut body = body.clone();
    body["limit"] = json!(if is_dry { 0 } else { PART });
    let mut ids = Vec::new();
    loop {
        let write = Write::json(format!("/dead-letters/{verb}"), None, &body);
        let part: Value = context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?;
        let these = rows(&part, "/ids");
        ids.extend_from_slice(these);
        if part["more"] != Value::Bool(true) || these.is_empty() {
            context.output.progress_done();
            // Each part looks again at what is left, the last one at all of it.
            let mut whole = json!({ "ids": ids, "too_old": rows(&part, "/too_old"), "dry_run": is_dry });
            if let Some(cut) = part.get("cut") {
                whole["cut"] = cut.clone();
            }
            return Ok(whole);
        }
        context.output.progress(format!("{} {done} ...", counted(ids.len() as u64, "dead letter")));
        if let Some(until) = part.get("until") {
            body["from"] = until.clone();
        }
    }
}
