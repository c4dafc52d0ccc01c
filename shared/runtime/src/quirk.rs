//! Planted bugs: the simulator's own power is tested by switching one on and seeing that it is found.
//!
//! Without the feature `planted-bugs` there are none, and every question about them is `false` at compile time.

use contracts::{MessageId, Timestamp};

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// A bug that can be planted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug { $($(#[$doc])* $name,)* }

        impl Bug {
            /// Every bug that can be planted.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

bugs! {
    /// The delivery is acknowledged before the unit of work is committed.
    AckBeforeCommit = "ack-before-commit";
    /// A record's pending mark is cleared before the broker has confirmed.
    PendingClearedBeforeConfirm = "pending-cleared-before-confirm";
    /// The majors of one event get an id each.
    OtherIdPerMajor = "other-id-per-major";
    /// A major that only a newer build knows is taken for one that is not for this service.
    NewerMajorIgnored = "newer-major-ignored";
    /// Outgoing events get random ids.
    RandomOutgoingId = "random-outgoing-id";
    /// The record is committed, its effects are not.
    RecordWithoutEffects = "record-without-effects";
    /// A load that found nothing is not checked at commit.
    AbsenceNotChecked = "absence-not-checked";
    /// The deadline does not look whether the order was confirmed, nor the other way round.
    DeadlineAndConfirmBoth = "deadline-and-confirm-both";
    /// The provider's key is made from the message being handled.
    ProviderKeyFromMessage = "provider-key-from-message";
    /// After a duplicate, what is in memory is published instead of what is stored.
    PublishFromMemoryAfterDuplicate = "publish-from-memory-after-duplicate";
    /// Guards of counters are not judged at commit.
    GuardIgnored = "guard-ignored";
    /// A decision rests on an unchecked read.
    PeekDecides = "peek-decides";
    /// Deliveries are acknowledged by what Drop does in a crash.
    DropReleasesAtCrash = "drop-releases-at-crash";
    /// `Later` waits for ever.
    LaterWithoutBound = "later-without-bound";
    /// Redrive publishes to the topic, so that every subscriber gets the message again.
    RedriveToAllSubscribers = "redrive-to-all-subscribers";
    /// A reservation takes the lines it can and calls that reserved.
    PartialReserve = "partial-reserve";
    /// A cancel that arrives before its subject is forgotten.
    CancelBeforeSubjectForgotten = "cancel-before-subject-forgotten";
    /// A parcel is handed over as soon as it is labelled, whether its money was taken or not.
    HandOverBeforeCapture = "hand-over-before-capture";
    /// Scans of a parcel are ordered by when they arrive, not by the carrier's time.
    TrackingGoesBack = "tracking-goes-back";
    /// A message that is sent again is sent under another key.
    NotificationTwice = "notification-twice";
    /// A return whose event comes under another id is booked again.
    RestockTwice = "restock-twice";
    /// A cancel that comes after the goods left puts them back on sale.
    SaleReleases = "sale-releases";
    /// A refusal to stop a parcel is taken for a stop.
    StopRefusedIgnored = "stop-refused-ignored";
    /// Whoever decides about a refund does not look at what was refunded before.
    RefundFromTwoDeciders = "refund-from-two-deciders";
    /// A confirmed order whose stock turns out to be missing goes on.
    StockShortIgnored = "stock-short-ignored";
    /// A refund's key comes from the message being handled, not from the refund's name.
    RefundTwice = "refund-twice";
    /// A payment whose order was cancelled is captured all the same.
    CaptureAfterStop = "capture-after-stop";
    /// An authorization that turns up after the cancel is kept.
    LateAuthorizationKept = "late-authorization-kept";
    /// What the provider tells about a call before its answer is dropped, and no answer is taken for a failure.
    WebhookBeforeReplyLost = "webhook-before-reply-lost";
    /// Data that is too large for its message is kept only after the commit that publishes the message.
    BlobAfterCommit = "blob-after-commit";
    /// A message that was in hand when the process died is started again at once, however often.
    SuspectStartsAtOnce = "suspect-starts-at-once";
}

impl std::str::FromStr for Bug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known: Vec<&str> = Self::ALL.iter().map(|bug| bug.name()).collect();
        Self::ALL
            .iter()
            .copied()
            .find(|bug| bug.name() == text)
            .ok_or_else(|| format!("no bug is named {text:?}; known: {}", known.join(", ")))
    }
}

/// Which planted bug is on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quirks {
    #[cfg(feature = "planted-bugs")]
    bug: Option<Bug>,
}

impl Quirks {
    /// With `bug` on.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub fn with(bug: Option<Bug>) -> Self {
        Self { bug }
    }

    /// Whether `bug` is on.
    #[cfg(feature = "planted-bugs")]
    #[must_use]
    pub fn has(self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// Whether `bug` is on: never, in this build.
    #[cfg(not(feature = "planted-bugs"))]
    #[must_use]
    pub const fn has(self, _bug: Bug) -> bool {
        false
    }

    /// The id of an outgoing event: derived, unless that is the bug.
    pub(crate) fn outgoing_id(self, derived: MessageId, now: Timestamp) -> MessageId {
        if self.has(Bug::RandomOutgoingId) {
            return MessageId::named(&[&derived.to_string(), &now.sortable()]);
        }
        derived
    }

    /// The id of an event in an older major: the same, unless that is the bug.
    pub(crate) fn older_id(self, id: MessageId, kind: &str) -> MessageId {
        if self.has(Bug::OtherIdPerMajor) {
            return MessageId::named(&[&id.to_string(), kind]);
        }
        id
    }
}
