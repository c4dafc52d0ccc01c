//! What a deployment may choose.

use std::time::Duration;

use contracts::LocationId;
use runtime::signature::Secret;

/// The choices of one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The carrier's name: in events, and in the path of its webhooks.
    pub carrier: &'static str,
    /// How often parcels are asked about.
    pub pace: Pace,
    /// Where returned goods go when their order did not say where they came from.
    pub returns_to: Option<LocationId>,
    /// What webhooks are signed with; several while one is replaced by another. None: webhooks are refused, and
    /// tracking is asked for.
    pub webhook_secrets: Vec<Secret>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            carrier: "simulated",
            pace: Pace::default(),
            returns_to: LocationId::new("main").ok(),
            webhook_secrets: Vec::new(),
        }
    }
}

/// How often a parcel is asked about: after `first`, then each time after twice as long, at most after `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long after the hand-over.
    pub first: Duration,
    /// The longest between two questions.
    pub most: Duration,
    /// Who is still on the way after so long is left to a person.
    pub until: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(60),
            most: Duration::from_secs(4 * 3_600),
            // Carriers themselves search for 20 to 30 days before they call a parcel lost.
            until: Duration::from_secs(30 * 86_400),
        }
    }
}
