//! What the mailbox's own ledger says of mails.

use std::collections::BTreeMap;

use runtime::Findings;

use crate::audit::books::Books;
use crate::audit::{Wrong, sides};
use crate::peer::Kind;

/// Nobody is written to twice about one thing. A key is that of a message and of an attempt at it.
pub(super) fn never(books: &Books) -> Vec<Wrong> {
    let mut taken: BTreeMap<&str, u32> = BTreeMap::new();
    for (key, _) in books.mails.iter().filter(|(_, mail)| mail.is_some()) {
        let message = key.rsplit_once('-').map_or(key.as_str(), |(message, _)| message);
        *taken.entry(message).or_default() += 1;
    }
    let twice = taken.into_iter().filter(|(_, times)| *times > 1);
    twice
        .map(|(message, times)| {
            Wrong::of(Kind::Mailbox, format!("{message}: the mailbox took {times} mails, not one"))
        })
        .collect()
}

/// What was sent is with the mailbox, under the name that it gave.
pub(super) fn at_rest(findings: &[(&'static str, Findings)], books: &Books) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    for (key, fact) in sides::facts(findings, "notification", "mails") {
        let has = books.mails.get(key).and_then(Option::as_deref);
        let sentence = match (fact.text("state"), has) {
            ("sent", Some(mail)) if mail == fact.text("reference") => continue,
            ("sent", Some(mail)) => format!("was sent under another name than the mailbox's {mail}"),
            ("sent", None) => "was sent, and the mailbox does not have it".to_owned(),
            // Who gave up because nobody ever answered does not know.
            ("failed", Some(_)) if fact.flag("gave_up") == Some(true) => continue,
            ("failed", Some(mail)) => format!("was not sent, and the mailbox has it as {mail}"),
            _ => continue,
        };
        wrong.push(Wrong::of(Kind::Mailbox, format!("mail {key} {sentence}")));
    }
    wrong
}
