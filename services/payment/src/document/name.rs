//! What states are called in indexes and answers.

use crate::domain::State;

impl State {
    /// The state's name, as indexes and answers show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Authorizing { unknown: None, .. } => "authorizing",
            Self::Authorizing { unknown: Some(_), .. }
            | Self::Capturing { unknown: Some(_), .. }
            | Self::Voiding { unknown: Some(_), .. } => "unknown",
            Self::ActionRequired { .. } => "action_required",
            Self::Authorized { .. } => "authorized",
            Self::Free => "free",
            Self::Declined { .. } => "declined",
            Self::Capturing { unknown: None, .. } => "capturing",
            Self::Captured { .. } => "captured",
            Self::Voiding { unknown: None, .. } => "voiding",
            Self::Voided { .. } => "voided",
            Self::Expired { .. } => "expired",
            Self::Closed => "closed",
        }
    }

    /// Every name that [`State::name`] gives.
    pub const NAMES: [&'static str; 13] = [
        "waiting",
        "authorizing",
        "unknown",
        "action_required",
        "authorized",
        "free",
        "declined",
        "capturing",
        "captured",
        "voiding",
        "voided",
        "expired",
        "closed",
    ];
}
