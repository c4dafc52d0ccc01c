//! What people look at: the mails that were sent.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use peers::{Desk, PAGE, told};
use serde::Deserialize;

use super::ids::MailId;
use super::ledger::{Effect, Entry, Ledger};
use super::problem::{Problem, Slug};
use super::wire::{Listed, Mail, Mails};

type Shared = State<Arc<Desk<Ledger>>>;

pub(super) fn routes() -> Router<Arc<Desk<Ledger>>> {
    Router::new().route("/v1/mails", get(mails)).route("/v1/mails/{id}", get(mail))
}

#[derive(Deserialize)]
struct Asked {
    before: Option<u64>,
    #[serde(default = "whole_page")]
    limit: usize,
}

fn whole_page() -> usize {
    PAGE
}

async fn mails(State(desk): Shared, query: Result<Query<Asked>, QueryRejection>) -> Response {
    let Ok(Query(Asked { before, limit })) = query else {
        let problem = Problem::new(Slug::InvalidRequest, "before and limit must be whole numbers");
        return told::<(), _>(Err(problem));
    };
    let sent = |entry: Entry| Some((entry.seq, mail_of(entry)?));
    told(
        desk.look(move |journal| Ok(page(journal.back(before.unwrap_or(u64::MAX), limit, sent)?, limit)))
            .await,
    )
}

fn page(sent: Vec<(u64, Mail)>, limit: usize) -> Mails {
    let is_whole = sent.len() < limit.clamp(1, PAGE);
    let next_before = sent.last().map(|(seq, _)| *seq).filter(|_| !is_whole);
    let mails = sent.into_iter().map(|(_, mail)| Listed {
        id: mail.id,
        at: mail.at,
        to: mail.letter.to.into(),
        subject: mail.letter.subject,
    });
    Mails { simulated: true, mails: mails.collect(), next_before }
}

async fn mail(State(desk): Shared, Path(id): Path<String>) -> Response {
    let missing = || Problem::new(Slug::MailNotFound, "no such mail");
    let found = match MailId::try_from(id) {
        Ok(id) => {
            desk.look(move |journal| match journal.ledger().place_of(&id) {
                Some(seq) => journal.back(seq.saturating_add(1), 1, mail_of),
                None => Ok(Vec::new()),
            })
            .await
        }
        Err(_) => Ok(Vec::new()),
    };
    told(found.and_then(|mut found| found.pop().ok_or_else(missing)))
}

fn mail_of(entry: Entry) -> Option<Mail> {
    match entry.effect {
        Effect::Accepted { mail, letter } => {
            Some(Mail { simulated: true, id: mail, at: entry.at, letter: letter? })
        }
        Effect::Refused { .. } => None,
    }
}
