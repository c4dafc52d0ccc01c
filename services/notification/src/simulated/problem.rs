//! Why the simulated mailbox refuses.

peers::slugs! {
    "simulated-mailbox", peers::NoMore;
    /// No such mail.
    MailNotFound = ("mail-not-found", 404);
    /// A hard bounce: nobody is there.
    NoSuchMailbox = ("no-such-mailbox", 422);
    /// The receiver does not want this message.
    MessageRefused = ("message-refused", 422);
    /// Not this time; another time perhaps. Nothing is kept under the key.
    Deferred = ("deferred", 422);
}

/// A refusal, before it becomes bytes and after it was read from them.
pub type Problem = peers::Problem<Slug>;

#[cfg(test)]
mod tests {
    use peers::wire::Response;

    use super::*;

    #[test]
    fn every_refusal_can_be_read_back_and_nobody_elses() {
        for slug in Slug::ALL {
            let problem = Problem::new(*slug, "why");
            let response = Response::from(problem.clone());
            assert_eq!(response.status, slug.status());
            assert_eq!(Problem::decode(&response.body), Some(problem));
        }
        assert_eq!(Problem::decode(r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#), None);
        assert_eq!(Problem::decode("<html>"), None);
    }
}
