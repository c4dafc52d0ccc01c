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

    /// The longest time in which a message of a consumer that is gone stays hidden from the others.
    pub(super) fn hidden(self) -> Duration {
        match self {
            Self::SqsStandard => Duration::from_secs(30),
            Self::RabbitQuorum => Duration::from_secs(10),
            Self::Embedded => Duration::ZERO,
        }
    }

    /// Most messages in one answer.
    pub(super) fn batch(self) -> usize {
        match self {
            Self::SqsStandard => 10,
            Self::RabbitQuorum | Self::Embedded => usize::MAX,
        }
    }
}
