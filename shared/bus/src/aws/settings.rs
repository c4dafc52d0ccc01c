//! What to call things in an account, and how long to wait for them.

use std::time::Duration;

/// How the bus uses an account. Which account, region and endpoint it is, and with whose credentials, is in the SDK's own
/// configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Put in front of every name: topic `banyan-order`, queue `banyan-orders`, dead queue `banyan-orders-dead`. Shops that
    /// share an account have prefixes of their own. Letters, digits, `-` and `_`.
    pub prefix: String,
    /// Whether what is missing is made. Without, declaring only reads, and what is missing is an outage that names it: for
    /// accounts in which topics and queues are made elsewhere, by Terraform for example.
    pub may_create: bool,
    /// The longest body, in bytes. A topic takes 256 KiB with all attributes unless its `MaximumMessageSize` says more; then
    /// this may, too, up to 1 MiB.
    pub max_message_bytes: usize,
    /// How long a message that was taken stays away from others, in whole seconds. What takes longer to handle is extended
    /// every third of it.
    pub visibility: Duration,
    /// How often one message is delivered before it is moved to the dead queue: 1,000 is the most there is. Counted is every
    /// giving back, also what an outage or a drain gives back. Only said to a queue that has no redrive policy yet.
    pub max_receive_count: u32,
    /// How long a receive waits for a message, in whole seconds; 20 at most.
    pub receive_wait: Duration,
    /// How long messages may lie here with nobody asking before they are given back to the queue.
    pub hold_wait: Duration,
    /// How long a batch of fewer than ten waits for more; and a receive with room for fewer than ten, when others are in
    /// hand. Longer means fewer calls, and that much later.
    pub linger: Duration,
    /// How long a publish waits for its answers. What has none by then is unknown.
    pub publish_wait: Duration,
}

/// What the name of a queue's dead queue ends with.
pub(super) const DEAD: &str = "-dead";
/// The longest message of a topic with all its attributes, unless an operator raised it.
const MESSAGE_BYTES: usize = 256 * 1024;
/// Kept free for attributes: ours take less, as a test shows.
pub(super) const ATTRIBUTE_BYTES: usize = 256;

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: "banyan-".to_owned(),
            may_create: true,
            max_message_bytes: MESSAGE_BYTES - ATTRIBUTE_BYTES,
            visibility: Duration::from_secs(30),
            max_receive_count: 1_000,
            receive_wait: Duration::from_secs(20),
            hold_wait: Duration::from_secs(5),
            linger: Duration::from_millis(10),
            publish_wait: Duration::from_secs(20),
        }
    }
}

impl Settings {
    /// What the account calls `queue`.
    pub(super) fn queue(&self, queue: &str) -> String {
        format!("{}{queue}", self.prefix)
    }

    /// Where the account puts what it gives up of `queue`.
    pub(super) fn dead(&self, queue: &str) -> String {
        format!("{}{queue}{DEAD}", self.prefix)
    }

    /// What the account calls the topic of `noun`.
    pub(super) fn topic(&self, noun: &str) -> String {
        format!("{}{noun}", self.prefix)
    }

    /// The visibility timeout as a queue takes it; so short that there is something to extend.
    pub(super) fn visibility_s(&self) -> i32 {
        whole_seconds(self.visibility).clamp(1, LONGEST_LEASE_S / 3)
    }

    /// How long one call waits for messages, as a queue takes it.
    pub(super) fn receive_wait_s(&self) -> i32 {
        whole_seconds(self.receive_wait).clamp(0, LONGEST_WAIT_S)
    }

    /// The most that one call carries: a batch may be as long as one message.
    pub(super) fn batch_bytes(&self) -> usize {
        self.max_message_bytes.saturating_add(ATTRIBUTE_BYTES)
    }
}

/// SQS: a message stays away from others for twelve hours from when it was taken, however often that is extended.
pub(super) const LONGEST_LEASE_S: i32 = 12 * 60 * 60;
/// SQS: the longest poll.
const LONGEST_WAIT_S: i32 = 20;

fn whole_seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}
