//! Every bound of the runtime, named, with the reason for its size.

use std::time::Duration;

use store::limits;

use crate::emission::Emission;
use crate::validation::Validation;

/// Bounds that a deployment may set.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Messages of one service held by one process, started or waiting in a lane. Large enough that group commit has
    /// something to group, small enough that a crash gives back little. More than [`limits::IN_HAND`] are never held.
    pub in_flight: usize,
    /// How often the sweeper looks for what is due when nothing wakes it.
    pub sweep_every: Duration,
    /// The longest pause between two of its looks, once nothing has happened for a while: longer where looks are paid for,
    /// at the price that what another process leaves behind is found so much later. What this process does wakes it.
    pub sweep_at_most: Duration,
    /// How often a message that waits for another looks by itself, in case nobody wakes it.
    pub later_every: Duration,
    /// A record that is pending for longer than this was left behind by its committer.
    pub pending_after: Duration,
    /// How often an empty dead queue of the broker is looked into. A look is a call, and seldom finds anything.
    pub dead_every: Duration,
    /// Backlog of a queue beyond which requests are refused (429): about a minute of work.
    pub backlog_limit: u64,
    /// In which majors events are published that have several.
    pub emission: Emission,
    /// Which events are compared with their schemas on their way in and out; all are at the edge.
    pub validation: Validation,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            in_flight: limits::IN_HAND,
            sweep_every: Duration::from_millis(500),
            sweep_at_most: Duration::from_millis(500) * SWEEPS,
            later_every: Duration::from_secs(30),
            pending_after: Duration::from_secs(5),
            dead_every: Duration::from_secs(300),
            backlog_limit: 50_000,
            emission: Emission::default(),
            validation: Validation::default(),
        }
    }
}

/// How long a handled message is remembered: longer than any broker keeps one (SQS: 14 days).
pub(crate) const RECORD_KEPT: Duration = Duration::from_secs(15 * 24 * 3600);
/// The longest message that is sent as it is, in bytes, whatever the bus would carry: a row of the due table keeps a
/// message as JSON text within JSON, at worst twice as long, and a document has 256 KiB.
pub(crate) const MESSAGE_BYTES: usize = 120 * 1024;
/// How long data that went by claim check is kept since it was last put or renewed: a message of it may wait in a broker
/// for 14 days, and be remembered for as long as any other.
pub const BLOB_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often the data of messages in the due table is renewed; dead ones are kept as long as somebody wants them.
pub(crate) const BLOB_RENEWED: Duration = Duration::from_secs(6 * 3600);
/// When that is tried again after it failed.
pub(crate) const BLOB_RENEWED_AGAIN: Duration = Duration::from_secs(60);
/// Rows of one page of that.
pub(crate) const BLOB_PAGE: usize = 100;
/// Blobs that expire in one pass at most; the rest waits for the next one.
pub(crate) const BLOBS_EXPIRED: usize = 1_000;
/// How long an answer is kept for its Idempotency-Key.
pub(crate) const ANSWER_KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long the outbox of a sweep is kept: it is nobody's inbox.
pub(crate) const SWEEP_KEPT: Duration = Duration::from_secs(3600);
/// Executions of one try when commits conflict; 64 writers of one document get through in this many.
pub(crate) const CONFLICT_TRIES: u32 = 8;
/// Waits between them.
pub(crate) const CONFLICT_BASE: Duration = Duration::from_millis(2);
pub(crate) const CONFLICT_CAP: Duration = Duration::from_millis(200);
/// Quick tries within the process, before a delayed one.
pub(crate) const QUICK_TRIES: u32 = 2;
pub(crate) const QUICK_BASE: Duration = Duration::from_millis(50);
/// Delayed tries, before a message is dead. With the delays below about half an hour.
pub(crate) const DELAYED_TRIES: u32 = 8;
pub(crate) const DELAYED_BASE: Duration = Duration::from_secs(2);
pub(crate) const DELAYED_CAP: Duration = Duration::from_secs(600);
/// How long a message may wait for what it needs, or for a build that knows its type.
pub(crate) const LATER_BOUND: Duration = Duration::from_secs(3600);
/// Starts of one message that may end in a crash, before it is dead.
pub(crate) const CRASH_STARTS: u32 = 5;
/// The pause between the first two of them; each further one is twice as long, 15 s in all. Less than [`WATCHDOG`] each, as
/// it may take the only free slot.
pub(crate) const START_REST: Duration = Duration::from_secs(1);
/// Waits of a paused subscription between probes.
pub(crate) const PROBE_BASE: Duration = Duration::from_millis(200);
pub(crate) const PROBE_CAP: Duration = Duration::from_secs(30);
/// How long a probe listens for a message before it tries a write instead.
pub(crate) const PROBE_LISTEN: Duration = Duration::from_secs(1);
/// Messages of a broker's dead queue that are taken at a time: seldom more than one lies there.
pub(crate) const DEAD_AT_ONCE: usize = 32;
/// Bytes of a row of the due table. What changes in it later, such as its due time, takes less than is left of a document.
pub(crate) const ROW_BYTES: usize = limits::DOCUMENT_BYTES - 1024;
/// Bytes that are kept at most of a message that no row holds, and of what cannot be decoded: enough to see what it was.
pub(crate) const CUT_BYTES: usize = 64 * 1024;
/// Lines of what is said about such a message, and bytes of each: at worst, all of them control characters, less than half
/// of a row.
pub(crate) const SAID_LINES: usize = 16;
pub(crate) const SAID_BYTES: usize = 512;
/// The pause between two looks of the sweeper grows up to so many times the policy's `sweep_every` while there is work.
pub(crate) const SWEEPS: u32 = 3;
/// Rows that one sweep takes at a time: a unit of work holds 100 items.
pub(crate) const SWEEP_ROWS: usize = 45;
/// How long a record rests that the sweeper sent and the bus did not confirm: each time twice as long, up to the cap. Those
/// who got it all the same get a copy each time.
pub(crate) const PENDING_REST: Duration = Duration::from_secs(1);
pub(crate) const PENDING_REST_CAP: Duration = Duration::from_secs(30);
/// The cap while the bus confirms nothing at all: when it is back nobody shall wait for long.
pub(crate) const PENDING_REST_AWAY: Duration = Duration::from_secs(5);
/// Records whose rest is remembered. More than these take longer than the cap to be sent once.
pub(crate) const PENDING_NOTED: usize = 4_096;
/// Pages of resting records that one sweep looks over, to find one that is to be sent: each look may be paid for.
pub(crate) const PENDING_LOOKS: usize = 4;
/// Records that wait for the relay before the rest is left to the sweeper.
pub(crate) const RELAY_BACKLOG: usize = 1_024;
/// How long a handler that has committed waits for room there.
pub(crate) const RELAY_PATIENCE: Duration = Duration::from_millis(250);
/// A loop that has not moved for this long is stuck.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(60);
/// How often a request with a lost answer looks for its record.
pub(crate) const UNKNOWN_LOOKS: u32 = 4;
/// The wait before each of them.
pub(crate) const UNKNOWN_WAIT: Duration = Duration::from_millis(250);
/// Waits of those that ask a peer outside which does not answer, where it does not say itself how long.
pub(crate) const PEER_BASE: Duration = Duration::from_millis(500);
pub(crate) const PEER_CAP: Duration = Duration::from_secs(30);
/// The longest wait that a peer may ask for itself.
pub(crate) const PEER_ASKED: Duration = Duration::from_secs(600);
/// How long one of them may ask while the others wait; longer than calls take.
pub(crate) const PEER_PROBE: Duration = Duration::from_secs(15);
/// Failures in a row before readiness tells of it: one throttled call is no news.
pub(crate) const PEER_TOLD: u32 = 3;
