//! What must hold: for an order at rest everything, for one on its way what can never be otherwise.

mod cancelled;
mod completed;
mod mails;
mod never;
mod parcels;
mod rest;

use runtime::Findings;

use super::books::Books;
use super::sides::{Sides, gather};
use super::{Counts, Found, Wrong};
use crate::peer::Kind;

/// Says what is wrong with one order.
struct Say<'a> {
    id: &'a str,
    wrong: Vec<Wrong>,
}

impl Say<'_> {
    /// Services differ.
    fn that(&mut self, sentence: impl AsRef<str>) {
        let sentence = format!("order {}: {}", self.id, sentence.as_ref());
        self.wrong.push(Wrong { peer: None, sentence });
    }

    /// A peer's ledger says otherwise.
    fn by(&mut self, peer: Kind, sentence: impl AsRef<str>) {
        let sentence = format!("order {}: {}", self.id, sentence.as_ref());
        self.wrong.push(Wrong::of(peer, sentence));
    }
}

/// Judges everything.
pub(super) fn all(findings: &[(&'static str, Findings)], mut books: Books, busy: bool) -> Found {
    let mut wrong = std::mem::take(&mut books.wrong);
    for (service, found) in findings {
        let own = found.violations.iter().map(|violation| format!("{service}: {violation}"));
        wrong.extend(own.map(|sentence| Wrong { peer: None, sentence }));
    }
    let (mut orders, mut in_flight, mut counts) = (0, 0, Counts::default());
    counts.add_all(findings);
    for (id, sides) in gather(findings, &books) {
        orders += u64::from(sides.order.is_there());
        counts.add(&sides);
        let mut say = Say { id, wrong: Vec::new() };
        never::judge(&sides, &mut say);
        let never = say.wrong.len();
        let is_at_rest = rest::is_at_rest(&sides);
        if is_at_rest {
            at_rest(&sides, &mut say);
        }
        if busy || !is_at_rest {
            in_flight += u64::from(say.wrong.len() > never || !is_at_rest);
            say.wrong.truncate(never);
        }
        wrong.extend(say.wrong);
    }
    wrong.extend(mails::never(&books));
    if !busy {
        wrong.extend(mails::at_rest(findings, &books));
        wrong.extend(parcels::strangers(findings, &books));
    }
    let (dead_letters, stuck) = Default::default();
    let final_state = super::final_state::hash(findings);
    Found { orders, in_flight, wrong, books, counts, dead_letters, stuck, final_state }
}

fn at_rest(sides: &Sides<'_>, say: &mut Say<'_>) {
    match sides.order.text("status") {
        "completed" => completed::judge(sides, say),
        "cancelled" => cancelled::judge(sides, say),
        "absent" => nobodys(sides, say),
        _ => {}
    }
}

/// Of an order that nobody has there is nothing.
fn nobodys(sides: &Sides<'_>, say: &mut Say<'_>) {
    if sides.money.totals.open_authorizations > 0 {
        say.by(Kind::Provider, "the provider holds money for an order that nobody has");
    }
    if sides.money.totals.captured_minor > sides.money.totals.refunded_minor {
        say.by(Kind::Provider, "the provider took money for an order that nobody has");
    }
    let reservation = sides.reservation.text("state");
    if matches!(reservation, "reserved" | "committed" | "sold") {
        say.that(format!("stock is {reservation} for an order that nobody has"));
    }
    if sides.parcel.handed_over > 0 {
        say.by(Kind::Carrier, "the carrier took a parcel for an order that nobody has");
    }
}
