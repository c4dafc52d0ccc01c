//! Which frames say what was settled: one acknowledgement for many where that is safe.

use crate::Settle;

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// `tag` is done with; with `multiple` everything before it, too.
    Ack { tag: u64, multiple: bool },
    /// `tag` is given back.
    Release { tag: u64 },
}

/// The frames for `settlements` of one channel. `first_open` is the lowest tag that stays unsettled: an acknowledgement for
/// many must stay below it.
pub(super) fn plan(settlements: Vec<(u64, Settle)>, first_open: Option<u64>) -> Vec<Told> {
    let (done, back): (Vec<_>, Vec<_>) =
        settlements.into_iter().partition(|(_, settle)| *settle == Settle::Acknowledge);
    // Given back first: what the acknowledgement for many covers is then settled already, and is not taken for done.
    let mut told: Vec<Told> = back.into_iter().map(|(tag, _)| Told::Release { tag }).collect();
    let is_covered = |tag: u64| first_open.is_none_or(|open| tag < open);
    let (covered, single): (Vec<u64>, Vec<u64>) =
        done.into_iter().map(|(tag, _)| tag).partition(|tag| is_covered(*tag));
    told.extend(covered.iter().max().map(|&tag| Told::Ack { tag, multiple: covered.len() > 1 }));
    told.extend(single.into_iter().map(|tag| Told::Ack { tag, multiple: false }));
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use Settle::{Acknowledge, Release};

    #[test]
    fn all_that_is_below_the_first_open_one_takes_one_frame() {
        let told = plan(vec![(3, Acknowledge), (1, Acknowledge), (2, Acknowledge)], Some(4));
        assert_eq!(told, [Told::Ack { tag: 3, multiple: true }]);
    }

    #[test]
    fn what_is_above_an_open_one_is_told_singly() {
        let told =
            plan(vec![(1, Acknowledge), (2, Acknowledge), (4, Acknowledge), (5, Acknowledge)], Some(3));
        let single = |tag| Told::Ack { tag, multiple: false };
        assert_eq!(told, [Told::Ack { tag: 2, multiple: true }, single(4), single(5)]);
    }

    #[test]
    fn what_is_given_back_is_told_before_an_acknowledgement_that_would_cover_it() {
        let told = plan(vec![(1, Acknowledge), (2, Release), (3, Acknowledge)], None);
        assert_eq!(told, [Told::Release { tag: 2 }, Told::Ack { tag: 3, multiple: true }]);
    }

    #[test]
    fn nothing_takes_no_frame() {
        assert_eq!(plan(vec![], Some(1)), []);
    }
}
