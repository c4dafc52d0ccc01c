//! Names in the simulated mailbox's world. Callers choose keys; everything else begins with `sim_`.

pub use peers::{Key, MalformedId};
use peers::{derived, is_derived, names};

names! {
    /// A mail that was taken.
    MailId("mail", "sim_mail_ and 32 hexadecimal digits", |text| is_derived(text, "sim_mail_"));
}

impl MailId {
    /// The mail that a request under `key` makes.
    pub(super) fn made_by(key: &Key) -> Self {
        Self(format!("sim_mail_{}", derived("simulated-mailbox", "mail", key).0.simple()))
    }
}
