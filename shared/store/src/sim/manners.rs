//! The bad manners of three kinds of broker.

use std::time::Duration;

use super::dice::{Dice, Fault};

/// Which broker the queues behave like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// SQS standard queues: duplicates, no order, timed leases that a live consumer renews, ten messages a call.
    SqsStandard,
    /// RabbitMQ quorum queues: leases that end with the connection, answers lost with the connection.
    RabbitQuorum,
    /// The embedded bus: a delivery is named by its row, and comes again only when its process ended.
    Embedded,
}

impl Manners {
    /// Every broker.
    pub const ALL: [Self; 3] = [Self::SqsStandard, Self::RabbitQuorum, Self::Embedded];

    /// Whether this broker has this fault; faults of the store are nobody's manners and always had.
    #[must_use]
    pub fn have(self, fault: Fault) -> bool {
        match self {
            Self::SqsStandard => true,
            Self::RabbitQuorum => !matches!(fault, Fault::Duplicate),
            Self::Embedded => !matches!(
                fault,
                Fault::Duplicate
                    | Fault::PublishUnknownLate
                    | Fault::SettleLost
                    | Fault::LeaseLost
                    | Fault::HintMissing
                    | Fault::ReceiveLost
            ),
        }
    }

    /// Whether `fault` happens now.
    pub(super) fn fall(self, fault: Fault, dice: &mut Dice) -> bool {
        self.have(fault) && dice.falls(fault)
    }

    /// The longest time in which a message of a consumer that is gone stays hidden from the others: one visibility timeout;
    /// the third heartbeat without a word; not at all.
    #[must_use]
    pub fn hidden(self) -> Duration {
        match self {
            Self::SqsStandard => Duration::from_secs(30),
            Self::RabbitQuorum => Duration::from_secs(45),
            Self::Embedded => Duration::ZERO,
        }
    }

    /// Whether a process is told how much others have in hand: RabbitMQ tells that to its management plugin only.
    #[must_use]
    pub fn show_what_others_have(self) -> bool {
        match self {
            Self::SqsStandard | Self::Embedded => true,
            Self::RabbitQuorum => false,
        }
    }

    /// What an outage of the bus does to the leases of those who go on.
    pub(super) fn outage(self) -> Ends {
        match self {
            Self::SqsStandard => Ends::WhenNotRenewed,
            Self::RabbitQuorum => Ends::WithConnection,
            Self::Embedded => Ends::Never,
        }
    }

    /// Most messages in one answer.
    #[must_use]
    pub fn batch(self) -> usize {
        match self {
            Self::SqsStandard => 10,
            Self::RabbitQuorum | Self::Embedded => usize::MAX,
        }
    }

    /// The longest body that the bus takes unless a world says otherwise, in bytes: what a topic of SNS takes with all
    /// attributes, what RabbitMQ takes from version 4 on, and a quarter of a unit of work.
    #[must_use]
    pub fn message_bytes(self) -> usize {
        match self {
            Self::SqsStandard => 256 * 1024 - 256,
            Self::RabbitQuorum => 16 * 1024 * 1024,
            Self::Embedded => 1024 * 1024,
        }
    }

    /// How long a receive waits for its first message.
    #[must_use]
    pub fn receive_wait(self) -> Duration {
        match self {
            // Where consumer and queue are one process nothing bounds a wait, so there it only asks again.
            Self::SqsStandard | Self::RabbitQuorum | Self::Embedded => Duration::from_secs(20),
        }
    }
}

/// When leases end while nobody can reach the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// Whoever cannot renew them for as long as they last loses them.
    WhenNotRenewed,
    /// At once for the consumer, whose settlements count no more; its messages come again when the broker notices.
    WithConnection,
    /// Consumer and queue are one process.
    Never,
}
