//! A look into a queue of a broker that shows a message only by delivering it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use contracts::Timestamp;
use tokio::sync::{Mutex, oneshot};

use crate::{Boxed, Bus, Delivery, Outage, OutageKind, Peek, Peeked, Settle, World, within};

/// Looks by taking what waits and giving it back at once. A service that asks meanwhile gets it a few seconds later; nothing
/// is lost, and no attempt is counted. But the broker counts a delivery, and marks the message as redelivered. So a picture
/// serves everybody for a while, and what was marked by a look is not said to have been delivered before.
pub struct ByDelivery {
    looker: Arc<Looker>,
    world: Arc<dyn World>,
}

/// Messages of one look, at most: each is taken from whoever else asks for as long as the look takes.
const MOST: usize = 100;
/// Bytes of them, about: they are held in memory for as long as a picture serves.
const MOST_BYTES: usize = 1024 * 1024;
/// How long a look waits for the next message that the broker says is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a picture serves. SQS gives a message up after 1,000 deliveries: watched without a pause it would last for hours.
const PICTURE_KEPT: Duration = Duration::from_secs(5);
/// Messages whose marks are remembered; a queue that is looked through has fewer.
const MARKS: usize = 4_096;

struct Looker {
    bus: Arc<dyn Bus>,
    world: Arc<dyn World>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    pictures: BTreeMap<Arc<str>, Picture>,
    /// Whether a message was marked as redelivered when it was first looked at.
    marks: BTreeMap<(Arc<str>, u64), bool>,
}

struct Picture {
    at: Timestamp,
    /// How many messages were asked for.
    limit: usize,
    messages: Vec<Peeked>,
}

impl ByDelivery {
    /// A look into the queues of `bus`, which runs its tasks in `world`.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, world: Arc<dyn World>) -> Self {
        let looker = Looker { bus, world: world.clone(), seen: Mutex::default() };
        Self { looker: Arc::new(looker), world }
    }
}

impl Peek for ByDelivery {
    fn peek(&self, queue: Arc<str>, limit: usize) -> Boxed<'_, Result<Vec<Peeked>, Outage>> {
        let (looker, (tell, told)) = (self.looker.clone(), oneshot::channel());
        let look = async move {
            tell.send(looker.look(queue, limit.min(MOST)).await).ok();
        };
        // A task of its own: who asks may go away in the middle, and what was taken has to be given back.
        self.world.spawn("bus.look".into(), Box::pin(look));
        Box::pin(async move { told.await.unwrap_or_else(|_| Err(ended())) })
    }
}

fn ended() -> Outage {
    Outage { kind: OutageKind::Unreachable, detail: "the look ended before its answer".to_owned() }
}

impl Looker {
    async fn look(&self, queue: Arc<str>, limit: usize) -> Result<Vec<Peeked>, Outage> {
        let mut seen = self.seen.lock().await;
        let now = self.world.now();
        seen.pictures.retain(|_, picture| now < picture.at.plus(PICTURE_KEPT));
        if let Some(picture) = seen.pictures.get(&queue).filter(|picture| limit <= picture.limit) {
            return Ok(picture.messages.iter().take(limit).cloned().collect());
        }
        let states = self.bus.inspect().await?;
        let Some(state) = states.into_iter().find(|state| *state.queue == *queue) else {
            let detail = format!("there is no queue {queue}");
            return Err(Outage { kind: OutageKind::Undeclared, detail });
        };
        // Who asks for more than there is waits for what comes, and takes that from its service.
        let wanted = limit.min(usize::try_from(state.waiting).unwrap_or(MOST));
        let taken = self.take(&queue, wanted).await?;
        let messages: Vec<Peeked> = taken.into_iter().map(|one| seen.peeked(&queue, one)).collect();
        if wanted > 0 {
            let picture = Picture { at: self.world.now(), limit, messages: messages.clone() };
            seen.pictures.insert(queue, picture);
        }
        Ok(messages)
    }

    /// Takes up to `wanted` messages, and gives them back.
    async fn take(&self, queue: &Arc<str>, wanted: usize) -> Result<Vec<Delivery>, Outage> {
        let (mut taken, mut bytes, mut failed) = (Vec::new(), 0, None);
        while taken.len() < wanted && bytes < MOST_BYTES {
            let asked = self.bus.receive(queue.clone(), wanted - taken.len());
            match within(&*self.world, PATIENCE, asked).await {
                Some(Ok(more)) if !more.is_empty() => {
                    bytes += more.iter().map(|one| one.body.len()).sum::<usize>();
                    taken.extend(more);
                }
                Some(Err(outage)) => {
                    failed = Some(outage);
                    break;
                }
                Some(Ok(_)) | None => break,
            }
        }
        let back = taken.iter().map(|one: &Delivery| (one.token.clone(), Settle::Release)).collect();
        self.bus.settle(back).await;
        failed.map_or(Ok(taken), Err)
    }
}

impl Seen {
    fn peeked(&mut self, queue: &Arc<str>, delivery: Delivery) -> Peeked {
        let Delivery { body, attempt, redelivered, .. } = delivery;
        let mut hasher = DefaultHasher::new();
        (&body, attempt).hash(&mut hasher);
        if self.marks.len() >= MARKS {
            self.marks.clear();
        }
        let redelivered = *self.marks.entry((queue.clone(), hasher.finish())).or_insert(redelivered);
        Peeked { body, attempt, redelivered }
    }
}
