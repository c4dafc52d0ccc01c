//! Publishing, misunderstood.

use bus::{Address, Outgoing, Published};

use super::{Flaw, Wrong};

impl Wrong {
    pub(super) async fn publish_wrongly(&self, batch: Vec<Outgoing>) -> Vec<Published> {
        if self.flaw == Flaw::EmptyBatchAnswers && batch.is_empty() {
            return vec![Published::Confirmed];
        }
        if self.flaw == Flaw::PublishersCollide {
            return self.collide(batch).await;
        }
        let mut answers = vec![];
        let cut = if self.flaw == Flaw::BatchesCut { 500 } else { usize::MAX };
        for (n, outgoing) in batch.into_iter().enumerate() {
            answers.push(match self.ways(outgoing) {
                Err(why) => Published::Refused(why),
                Ok(_) if n >= cut => Published::Confirmed,
                Ok(ways) => self.send(ways).await,
            });
        }
        if self.flaw == Flaw::AnswersSorted {
            answers.sort_by_key(|answer| *answer != Published::Confirmed);
        }
        answers
    }

    async fn send(&self, ways: Vec<Outgoing>) -> Published {
        let answers = self.inner.bus.publish(ways).await;
        match answers.into_iter().find(|answer| *answer != Published::Confirmed) {
            Some(Published::Unknown) if self.flaw == Flaw::UnknownConfirmed => Published::Confirmed,
            Some(Published::Unknown) if self.flaw == Flaw::OutagesSwallowed => Published::Confirmed,
            Some(Published::Refused(_)) if self.flaw == Flaw::NothingRefused => Published::Confirmed,
            Some(answer) => answer,
            None => Published::Confirmed,
        }
    }

    /// Who publishes while another does loses its messages.
    async fn collide(&self, batch: Vec<Outgoing>) -> Vec<Published> {
        let n = batch.len();
        self.memory.seen().publishing += 1;
        let publishing = self.memory.seen().publishing;
        let answers = match publishing {
            1 => self.inner.bus.publish(batch).await,
            _ => vec![Published::Confirmed; n],
        };
        self.memory.seen().publishing -= 1;
        answers
    }

    /// Where a message goes, as this bus understands it.
    pub(super) fn ways(&self, mut outgoing: Outgoing) -> Result<Vec<Outgoing>, String> {
        self.distort(&mut outgoing);
        let seen = self.memory.seen();
        let subscribers = match &outgoing.address {
            Address::Topic(kind) => seen.wiring.subscribers.get(kind).cloned().unwrap_or_default(),
            Address::Queue(name) => [name.clone()].into(),
        };
        let is_topic = matches!(outgoing.address, Address::Topic(_));
        let to = |name: &String| Outgoing { address: Address::Queue(name.clone()), ..outgoing.clone() };
        Ok(match self.flaw {
            Flaw::TopicsLost if is_topic => vec![],
            Flaw::UnheardRefused if subscribers.is_empty() => return Err("nobody subscribes".to_owned()),
            Flaw::LonelyQueuesRefused
                if !is_topic
                    && !seen.wiring.subscribers.values().any(|queues| queues.is_superset(&subscribers)) =>
            {
                return Err("it subscribes to nothing".to_owned());
            }
            Flaw::TopicsReachAll if is_topic => seen.wiring.queues.iter().map(to).collect(),
            Flaw::QueuesReachAll if !is_topic => seen.wiring.queues.iter().map(to).collect(),
            Flaw::TopicsReachOne if is_topic => subscribers.iter().take(1).map(to).collect(),
            Flaw::PublishedTwice => vec![outgoing.clone(), outgoing],
            Flaw::DeclarationsAddUp => vec![outgoing; seen.declared],
            _ => vec![outgoing],
        })
    }

    fn distort(&self, outgoing: &mut Outgoing) {
        match self.flaw {
            Flaw::AttemptsForgotten => outgoing.attempt = 0,
            Flaw::BodiesCut => outgoing.body.truncate(64 * 1024),
            Flaw::BodiesAsText => outgoing.body = String::from_utf8_lossy(&outgoing.body).into_owned().into(),
            Flaw::BodiesCompacted => {
                if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&outgoing.body) {
                    outgoing.body = value.to_string().into();
                }
            }
            _ => {}
        }
    }
}
