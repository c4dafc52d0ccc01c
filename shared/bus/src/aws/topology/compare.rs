//! Reading what there is, and saying what is missing of it.

use std::collections::BTreeSet;

use super::super::account::Queue;
use super::super::policy;
use super::{Topology, noun};
use crate::{Difference, Outage, Wiring};

impl Topology {
    /// What of `wiring` the account lacks, or has otherwise.
    pub(in super::super) async fn compare(&self, wiring: &Wiring) -> Result<Vec<Difference>, Outage> {
        let mut found = Vec::new();
        let mut ends = Vec::new();
        for queue in &wiring.queues {
            let main = self.look(&self.settings.queue(queue), &mut found).await?;
            let dead = self.look(&self.settings.dead(queue), &mut found).await?;
            ends.push((queue, main, dead));
        }
        for (queue, main, dead) in &ends {
            let nouns = wiring.subscribers.iter().filter(|(_, queues)| queues.contains(*queue));
            let nouns: BTreeSet<&str> = nouns.map(|(kind, _)| noun(kind)).collect();
            for one in main.iter().chain(dead) {
                let arns = nouns.iter().map(|noun| self.topic_arn(noun)).collect::<Result<_, _>>()?;
                let how = match policy::allowing(one.policy.as_deref(), &one.arn, &arns) {
                    Ok(None) => continue,
                    Ok(Some(_)) => "does not let all its topics send to it".to_owned(),
                    Err(why) => why,
                };
                found.push(Difference { what: format!("queue {}", name(&one.arn)), how });
            }
            if let (Some(main), Some(dead)) = (main, dead) {
                found.extend(redrive(main, dead));
            }
        }
        // A topic that nobody hears is none.
        let heard = wiring.subscribers.iter().filter(|(_, queues)| !queues.is_empty());
        let nouns: BTreeSet<&str> = heard.map(|(kind, _)| noun(kind)).collect();
        for topic in nouns {
            let name = self.settings.topic(topic);
            let subscriptions = match self.topic_arn(topic) {
                Ok(arn) => self.account.subscriptions(&arn).await.map_err(|failed| failed.outage)?,
                // Where no queue is, nobody knows the account's number, and no topic has anything to do.
                Err(_) => None,
            };
            let Some(subscriptions) = subscriptions else {
                found.push(Difference { what: format!("topic {name}"), how: "is not there".to_owned() });
                continue;
            };
            for (queue, main, _) in &ends {
                let types: Vec<String> = wiring
                    .subscribers
                    .iter()
                    .filter(|(kind, queues)| noun(kind) == topic && queues.contains(*queue))
                    .map(|(kind, _)| kind.to_string())
                    .collect();
                let Some(main) = main.as_ref().filter(|_| !types.is_empty()) else { continue };
                let how = match subscriptions.get(&main.arn) {
                    None => Some("is not there".to_owned()),
                    Some(arn) => self.lacking(arn, &types).await?,
                };
                let what = format!("subscription of {} to {name}", self.settings.queue(queue));
                found.extend(how.map(|how| Difference { what, how }));
            }
        }
        Ok(found)
    }

    /// How long a message that was taken stays away, as each queue of `wiring` that is there says, in seconds.
    pub(in super::super) async fn visibility(&self, wiring: &Wiring) -> Result<Vec<(String, i32)>, Outage> {
        let mut all = Vec::new();
        for queue in &wiring.queues {
            let queue = self.look(&self.settings.queue(queue), &mut Vec::new()).await?;
            let told = queue.and_then(|queue| Some((name(&queue.arn).to_owned(), queue.visibility_s?)));
            all.extend(told);
        }
        Ok(all)
    }

    /// Looks until one queue of `wiring` is found, which tells in whose account everything is; `false` where none is left.
    pub(in super::super) async fn locate(&self, wiring: &Wiring) -> Result<bool, Outage> {
        for queue in &wiring.queues {
            for name in [self.settings.queue(queue), self.settings.dead(queue)] {
                if self.look(&name, &mut Vec::new()).await?.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    async fn look(&self, name: &str, found: &mut Vec<Difference>) -> Result<Option<Queue>, Outage> {
        let url = self.account.queue_url(name).await.map_err(|failed| failed.outage)?;
        let Some(url) = url else {
            found.push(Difference { what: format!("queue {name}"), how: "is not there".to_owned() });
            return Ok(None);
        };
        let queue = self.account.queue(name, url).await.map_err(|failed| failed.outage)?;
        self.known().realm = queue.arn.rfind(':').map(|colon| queue.arn[..=colon].to_owned());
        Ok(Some(queue))
    }

    /// What a subscription does not do.
    async fn lacking(&self, arn: &str, types: &[String]) -> Result<Option<String>, Outage> {
        let now = self.account.subscription(arn).await.map_err(|failed| failed.outage)?;
        if !now.is_raw {
            return Ok(Some("does not deliver raw".to_owned()));
        }
        let mut held = Vec::new();
        for kind in types {
            match policy::filter(now.filter.as_deref(), &BTreeSet::from([kind.clone()])) {
                Ok(None) => {}
                Ok(Some(_)) => held.push(kind.as_str()),
                Err(why) => return Ok(Some(why)),
            }
        }
        Ok((!held.is_empty()).then(|| format!("holds back {}", held.join(", "))))
    }
}

fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

/// What is wrong with where a queue's dead letters go.
fn redrive(main: &Queue, dead: &Queue) -> Option<Difference> {
    let what = format!("queue {}", name(&main.arn));
    let Some(policy) = &main.redrive else {
        return Some(Difference { what, how: "has no dead queue: no redrive policy".to_owned() });
    };
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap_or_default();
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
    (target != dead.arn).then(|| Difference { what, how: format!("has another dead queue: {target}") })
}
