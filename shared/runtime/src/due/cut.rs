//! Messages that are too long for a row. Of those the beginning is kept, for whoever wants to see what it was; they are
//! dead for good, as what is left of them is another message.

use contracts::Envelope;
use serde::{Deserialize, Serialize};

use super::{BINARY, Due, Trouble, bytes_of};
use crate::policy::{CUT_BYTES, ROW_BYTES, SAID_BYTES, SAID_LINES};

/// What is known of a message of which only the beginning is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// So many bytes of it are kept.
    pub kept_bytes: usize,
    /// So many it had.
    pub of_bytes: usize,
    /// Its type, which can no longer be read from what is kept; empty when it could not be decoded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub event_type: String,
    /// What it was about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
}

/// Room for what is said about the cut itself, in bytes: two numbers twice, and a line of the chain.
const LINE_BYTES: usize = 256;

impl Due {
    /// The row as a document holds it. What is said about the message is shortened first. If that is not enough only the
    /// beginning of the message is kept, and it is dead, whatever else it was to be: it can neither wait nor be tried again.
    #[must_use]
    pub(crate) fn fitting(self) -> Self {
        let row = self.without_cards();
        if row.fits() {
            return row;
        }
        let row = row.in_short();
        if row.fits() {
            return row;
        }
        let of_bytes = bytes_of(&row.body).len();
        row.cut(of_bytes)
    }

    /// Dead, with the beginning of a message that had `of_bytes`.
    #[must_use]
    pub(crate) fn cut(self, of_bytes: usize) -> Self {
        // Masked before it is cut: half a card number is not found.
        let mut row = Self { due: None, waits_for: None, ..self }.without_cards().in_short();
        let (event_type, subject) = match Envelope::decode(row.body.as_bytes()) {
            Ok(event) => (event.kind.to_string(), event.subject),
            Err(_) => Default::default(),
        };
        let body = std::mem::take(&mut row.body);
        let (event_type, subject) = (shortened(event_type), shortened(subject));
        let bare = Self {
            trouble: row
                .trouble
                .clone()
                .map(|trouble| trouble.cut(Cut { kept_bytes: 0, of_bytes, event_type, subject })),
            ..row
        };
        let room = ROW_BYTES.saturating_sub(bare.encode().len() + LINE_BYTES);
        let kept = Self { body: beginning(&body, room).to_owned(), ..bare.clone() }.without_cards();
        // Where it was cut there may be a card number that was none before, and masking it makes text of bytes.
        let mut row = if kept.fits() { kept } else { bare };
        let kept_bytes = bytes_of(&row.body).len();
        if let Some(trouble) = &mut row.trouble {
            trouble.chain.push(format!("only the first {kept_bytes} of its {of_bytes} bytes are kept"));
            trouble.cut.iter_mut().for_each(|cut| cut.kept_bytes = kept_bytes);
        }
        row
    }

    fn fits(&self) -> bool {
        self.encode().len() <= ROW_BYTES
    }

    /// With all that is said about the message in few words.
    fn in_short(mut self) -> Self {
        let Some(trouble) = &mut self.trouble else { return self };
        trouble.chain.truncate(SAID_LINES);
        let pointers = trouble.masked.iter_mut().flat_map(|masked| &mut masked.pointers);
        let said = trouble.chain.iter_mut().chain([&mut trouble.handler]).chain(&mut trouble.contract);
        said.chain(pointers).for_each(|text| *text = shortened(std::mem::take(text)));
        self
    }
}

impl Trouble {
    /// Of a message that is neither put off nor tried again.
    fn cut(self, cut: Cut) -> Self {
        let reason = match self.reason.as_ref() {
            "delayed" | "unavailable" => "exhausted".into(),
            _ => self.reason,
        };
        Self { reason, cut: Some(cut), ..self }
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > SAID_BYTES {
        text.truncate(text.floor_char_boundary(SAID_BYTES));
        text.push_str(" ...");
    }
    text
}

/// The longest beginning of a row's `body` that takes no more than `room` bytes within JSON.
fn beginning(body: &str, room: usize) -> &str {
    let (most, step) = match body.starts_with(BINARY) {
        // Two digits a byte, and the mark in front is two digits twice.
        true => (BINARY.len() + 2 * CUT_BYTES, 2),
        false => (CUT_BYTES, 1),
    };
    let mut taken = 0;
    let has_room = |&(at, c): &(usize, char)| {
        taken += size_in_json(c);
        taken <= room && at + c.len_utf8() <= most
    };
    let end = body.char_indices().take_while(has_room).last().map_or(0, |(at, c)| at + c.len_utf8());
    &body[..end - end % step]
}

fn size_in_json(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => "\\u0000".len(),
        c => c.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use contracts::{MessageId, Timestamp};
    use store::{Address, Outgoing};

    use super::*;

    fn row(body: impl Into<Bytes>, said: &str) -> Due {
        let (id, address) = (MessageId::named(&["long"]), Address::Queue("toy".to_owned()));
        let message = Outgoing { id, address, lane: "lane".to_owned(), attempt: 1, body: body.into() };
        let trouble = Trouble::new("delayed", vec![said.to_owned()], "toy/none".to_owned(), None);
        let due = Some(Timestamp::EPOCH);
        Due { due, trouble: Some(trouble), ..Due::of(&message, Timestamp::EPOCH) }
    }

    #[test]
    fn every_character_is_measured_as_it_is_written() {
        for c in (0..0x300).chain([0x2028, 0xfffd, 0x1f9f8]).filter_map(char::from_u32) {
            assert_eq!(serde_json::to_string(&c).unwrap().len(), size_in_json(c) + 2, "{c:?}");
        }
    }

    #[test]
    fn whatever_it_is_made_of_a_row_fits_and_wastes_little() {
        const LONG: usize = 280_000;
        let alike = ["\0", "\"", "a", "0", "\u{1f9f8}"].map(|c| Bytes::from(c.repeat(LONG / c.len())));
        let card = format!("4111 1111 1111 1111{}", "\u{1}".repeat(LONG));
        let binary = [&b"\xff 4111111111111111 "[..], &[0x01; LONG]].concat();
        for body in alike.into_iter().chain([card.into(), binary.into(), vec![0xff; LONG].into()]) {
            let name = format!("{:?}", &body[..20]);
            let cut = row(body, "no").fitting();
            let (bytes, kept) = (cut.encode().len(), cut.outgoing().body.len());
            assert!(bytes <= ROW_BYTES, "{name}: {bytes}");
            assert!(kept + 4 > CUT_BYTES || bytes + 1_000 > ROW_BYTES, "{name}: {kept}");
            assert_eq!(cut.clone().without_cards(), cut, "{name}");
            let trouble = cut.trouble.unwrap();
            assert_eq!((cut.due, trouble.reason.as_ref()), (None, "exhausted"), "{name}");
            assert_eq!(trouble.cut.unwrap().kept_bytes, kept, "{name}");
        }
    }

    #[test]
    fn a_message_that_fits_stays_whole_and_alive_whatever_is_said_about_it() {
        let kept = row("{}", &"\u{1}".repeat(300_000)).fitting();
        assert_eq!((kept.body.as_str(), kept.due), ("{}", Some(Timestamp::EPOCH)));
        let trouble = kept.trouble.unwrap();
        assert_eq!(
            (trouble.reason.as_ref(), trouble.chain[0].len(), trouble.cut),
            ("delayed", SAID_BYTES + 4, None)
        );
    }
}
