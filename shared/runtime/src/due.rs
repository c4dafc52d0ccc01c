//! The due table: timers, delayed tries, what waits, and dead letters are rows of one collection.

mod cut;

use std::borrow::Cow;

use bytes::Bytes;
use contracts::{DataRef, Envelope, MessageId, Timestamp, card};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Address, Entry, Outgoing};

use crate::collection::{decode, encode};
use crate::fail::Fail;

pub use cut::Cut;

/// The index of rows by due time; its one partition is its name.
pub const DUE: &str = "due";
/// The index of dead rows by the time they died; its one partition is its name.
pub const DEAD: &str = "dead";
/// The index of rows whose message's data lies elsewhere; its one partition is its name.
pub const CLAIMS: &str = "claims";
/// The index of rows that wait for a name; the name is the partition.
pub const WAITS: &str = "waits";

/// The collection of `service`'s rows.
pub fn collection(service: &str) -> Cow<'static, str> {
    Cow::Owned(format!("{service}.due"))
}

/// A message that is to be sent later, or that nobody could handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The message's identity.
    pub id: MessageId,
    /// Where it goes when it is due: a topic, or one queue.
    pub address: Address,
    /// Its lane.
    pub lane: String,
    /// The message; JSON text, or `hex:` and bytes where it is not text. Its beginning, where its trouble says that it is cut.
    pub body: String,
    /// When; `None` = dead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Tries that failed.
    #[serde(default)]
    pub attempts: u32,
    /// When it was first seen here.
    pub first_seen: Timestamp,
    /// When it last failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failed: Option<Timestamp>,
    /// What it waits for ([`Fail::Later`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// Why it is here, unless it is a timer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// Why a message could not be handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// One word of a fixed list. Of dead letters: `undecodable`, `unknown_type`, `rejected`, `exhausted`, `waited`,
    /// `crashed`, `unpublishable`, `data_missing`, `data_corrupt`, `given_up` (by the broker). Of what comes again: `delayed`, `waited`, `unavailable`.
    pub reason: Cow<'static, str>,
    /// The error and all that lay beneath, outermost first.
    pub chain: Vec<String>,
    /// Which handler.
    pub handler: String,
    /// The message's `dataschema`, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Set when the message held a card number: what is kept is not what came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<Masked>,
    /// Set when the message was too long to be kept: only its beginning is, and nobody can redrive that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
}

/// What was made unreadable in a dead letter, because card numbers are kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// Of the message as it came, in hexadecimal: whoever has it can tell that this is it.
    pub sha256: String,
    /// JSON pointers to what was masked; empty where the message is not JSON.
    pub pointers: Vec<String>,
}

impl Trouble {
    /// Nothing masked or cut yet.
    pub(crate) fn new(
        reason: &'static str,
        chain: Vec<String>,
        handler: String,
        contract: Option<String>,
    ) -> Self {
        Self { reason: reason.into(), chain, handler, contract, masked: None, cut: None }
    }
}

impl Due {
    /// A message of a service to itself, to be sent at `due`.
    pub(crate) fn timer(message: &Outgoing, due: Timestamp, now: Timestamp) -> Self {
        Self { due: Some(due), ..Self::of(message, now) }
    }

    /// A row for `message`, dead until it gets a due time.
    pub(crate) fn of(message: &Outgoing, now: Timestamp) -> Self {
        Self {
            id: message.id,
            address: message.address.clone(),
            lane: message.lane.clone(),
            body: text_of(&message.body),
            due: None,
            attempts: message.attempt,
            first_seen: now,
            last_failed: None,
            waits_for: None,
            trouble: None,
        }
    }

    /// Without card numbers, as it may be kept: in what is said about it always, in the message once it is dead. Until
    /// then it is on its way, and whoever handles it refuses it.
    #[must_use]
    pub(crate) fn without_cards(mut self) -> Self {
        let Some(trouble) = &mut self.trouble else { return self };
        let said = trouble.chain.iter_mut().chain([&mut trouble.handler]).chain(&mut trouble.contract);
        said.for_each(|text| *text = card::mask_text(text));
        if self.due.is_some() {
            return self;
        }
        self.lane = card::mask_text(&self.lane);
        self.waits_for = self.waits_for.map(|name| card::mask_text(&name));
        let came = bytes_of(&self.body);
        if let Some(card::Masked { text, pointers }) = card::mask(&String::from_utf8_lossy(&came)) {
            let sha256 = Sha256::digest(&came).iter().map(|byte| format!("{byte:02x}")).collect();
            trouble.masked = Some(Masked { sha256, pointers });
            self.body = text;
        }
        self
    }

    /// The message as it is sent when it is due.
    #[must_use]
    pub fn outgoing(&self) -> Outgoing {
        Outgoing {
            id: self.id,
            address: self.address.clone(),
            lane: self.lane.clone(),
            attempt: self.attempts,
            body: bytes_of(&self.body),
        }
    }

    /// Where the row is found.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let time = match self.due {
            Some(due) => Entry::new(DUE, DUE, due.sortable()),
            None => Entry::new(DEAD, DEAD, self.last_failed.unwrap_or(self.first_seen).sortable()),
        };
        let waits =
            self.waits_for.as_ref().map(|name| Entry::new(WAITS, name.clone(), self.first_seen.sortable()));
        let claims = self.claim().map(|_| Entry::new(CLAIMS, CLAIMS, self.first_seen.sortable()));
        std::iter::once(time).chain(waits).chain(claims).collect()
    }

    /// Where the message's data lies, if it is not in the message.
    #[must_use]
    pub fn claim(&self) -> Option<DataRef> {
        // Most have theirs: they need not be read to know it.
        if !self.body.contains(DataRef::PREFIX) {
            return None;
        }
        Envelope::decode(self.body.as_bytes()).ok()?.claim()
    }

    /// The row as it is kept.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        encode(0, self).unwrap_or_default()
    }

    /// Reads a stored row.
    ///
    /// # Errors
    /// [`Fail::Permanent`]: the store is damaged.
    pub fn decode(id: &str, item: &store::Item) -> Result<Self, Fail> {
        decode(id, item.version, &item.body).map(|doc| doc.data)
    }
}

const BINARY: &str = "hex:";

fn text_of(body: &Bytes) -> String {
    match std::str::from_utf8(body) {
        Ok(text) if !text.starts_with(BINARY) => text.to_owned(),
        _ => {
            let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{BINARY}{hex}")
        }
    }
}

fn bytes_of(text: &str) -> Bytes {
    let Some(hex) = text.strip_prefix(BINARY) else { return Bytes::copy_from_slice(text.as_bytes()) };
    let byte =
        |at: usize| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    (0..hex.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_come_back_whole() {
        for bytes in [&b"{\"a\":1}"[..], b"\xff\x00\x10", b"hex:zz"] {
            let body = Bytes::copy_from_slice(bytes);
            assert_eq!(bytes_of(&text_of(&body)), body);
        }
    }
}
