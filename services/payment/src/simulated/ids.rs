//! Names in the simulated provider's world. Merchants choose keys; everything else begins with `sim_`.

pub use peers::{Key, MalformedId};
use peers::{is_derived, names};

names! {
    /// A simulated authorization.
    AuthorizationId("authorization", "sim_auth_ and 32 hexadecimal digits", |text| is_derived(text, "sim_auth_"));
    /// A simulated capture.
    CaptureId("capture", "sim_capture_ and 32 hexadecimal digits", |text| is_derived(text, "sim_capture_"));
    /// A simulated dispute.
    DisputeId("dispute", "sim_dispute_ and 32 hexadecimal digits", |text| is_derived(text, "sim_dispute_"));
}

impl AuthorizationId {
    /// The authorization that a request under `key` opens.
    pub(super) fn opened_by(key: &Key) -> Self {
        Self(derived("auth", key))
    }

    /// Customers come to the page of an action without a key of their own; an action is completed once.
    pub(super) fn action_key(&self) -> Key {
        Key::own("action", self.as_str())
    }

    /// A hold runs out once.
    pub(super) fn expiry_key(&self) -> Key {
        Key::own("expiry", self.as_str())
    }
}

impl CaptureId {
    /// The capture that a request under `key` makes.
    pub(super) fn made_by(key: &Key) -> Self {
        Self(derived("capture", key))
    }

    /// A dispute begins once, by itself or because somebody asked for it.
    pub(super) fn dispute_key(&self) -> Key {
        Key::own("dispute", self.as_str())
    }
}

impl DisputeId {
    /// The dispute over `capture`: a capture is contested once.
    pub(super) fn over(capture: &CaptureId) -> Self {
        Self(derived("dispute", &capture.dispute_key()))
    }

    /// A dispute is decided once.
    pub(super) fn decision_key(&self) -> Key {
        Key::own("decision", self.as_str())
    }
}

/// `sim_<kind>_<32 hex>`, the same for the same key.
pub(super) fn derived(kind: &str, key: &Key) -> String {
    format!("sim_{kind}_{}", peers::derived("simulated-provider", kind, key).0.simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_derived_from_the_key_alone() {
        let key = |text: &str| Key::try_from(text.to_owned()).unwrap();
        assert_eq!(AuthorizationId::opened_by(&key("a")), AuthorizationId::opened_by(&key("a")));
        assert_ne!(AuthorizationId::opened_by(&key("a")), AuthorizationId::opened_by(&key("b")));
        let name = AuthorizationId::opened_by(&key("a")).to_string();
        assert_eq!(AuthorizationId::try_from(name.clone()).unwrap().to_string(), name);
    }
}
