//! What was decided, in words that somebody who talks to customers understands.

use contracts::events::order::{CancelReason, RefundReason};
use contracts::{Currency, Money};

use crate::domain::{Decision, Due, Remark};

/// `3 pieces`.
pub(crate) fn pieces(count: u64) -> String {
    if count == 1 { "1 piece".to_owned() } else { format!("{count} pieces") }
}

/// `7.65 GBP`.
pub(crate) fn money(amount_minor: i64, currency: Currency) -> String {
    Money::new(amount_minor, currency).to_string()
}

/// What was decided about an order in `currency`, in words; `note` is what the customer said.
pub(crate) fn verdict(decision: &Decision, currency: Currency, note: Option<&str>) -> String {
    match decision {
        Decision::Confirm => "stock and payment are arranged".to_owned(),
        Decision::RequestCancel(reason) => {
            format!("shipping is asked to stop the parcel ({})", why(*reason, note))
        }
        Decision::Cancel { reason, .. } => why(*reason, note),
        Decision::Complete => "delivered and paid for".to_owned(),
        Decision::Refund(due) => refund(due, currency),
        Decision::Stall(waiting) => {
            format!("{} has not come since {}: a person should look", waiting.awaited.event(), waiting.since)
        }
        Decision::GoOn => "shipping could not stop the parcel: the order goes on".to_owned(),
        Decision::Remark(Remark::TooLate) => "the parcel has left: the order goes on".to_owned(),
        Decision::Remark(Remark::FirstReasonStays) => {
            "shipping is asked to stop the parcel already".to_owned()
        }
    }
}

fn why(reason: CancelReason, note: Option<&str>) -> String {
    match (reason, note) {
        (CancelReason::CustomerRequest, Some(note)) if !note.is_empty() => format!("{reason}: {note}"),
        _ => reason.to_string(),
    }
}

fn refund(due: &Due, currency: Currency) -> String {
    let why = match due.reason {
        RefundReason::Lost => "the carrier lost the parcel",
        RefundReason::Undelivered => "the carrier brought the parcel back",
        RefundReason::Cancelled | RefundReason::Returned | RefundReason::Unrecognised => due.reason.as_str(),
    };
    if due.amount_minor == 0 {
        return format!("nothing is left to give back ({why})");
    }
    format!("{} is to be given back ({why})", money(due.amount_minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_has_money_and_reasons() {
        let due = |amount_minor, reason| {
            let cause = crate::domain::Cause::Cancelled;
            Decision::Refund(Due { cause, reason, amount_minor, lines: vec![] })
        };
        let say = |decision: &Decision| verdict(decision, Currency::GBP, Some("found it cheaper"));
        assert_eq!(say(&due(1250, RefundReason::Returned)), "12.50 GBP is to be given back (returned)");
        assert_eq!(
            say(&due(0, RefundReason::Lost)),
            "nothing is left to give back (the carrier lost the parcel)"
        );
        let asked = Decision::RequestCancel(CancelReason::CustomerRequest);
        assert_eq!(say(&asked), "shipping is asked to stop the parcel (customer_request: found it cheaper)");
        assert_eq!((pieces(1), pieces(2)), ("1 piece".to_owned(), "2 pieces".to_owned()));
    }
}
