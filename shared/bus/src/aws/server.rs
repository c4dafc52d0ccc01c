//! Serves one queue: makes the calls that take messages, keeps what was taken, gives back what nobody asks for.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::Message;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::failure::{Failed, Sort};
use super::intake::{Ask, Intake};
use super::lane::ENTRIES;
use super::settings::{LONGEST_LEASE_S, Settings};
use super::settling::{Lease, Settling};
use super::topology::Topology;
use crate::{Boxed, Outage, World};

/// Calls under way at once for one queue, once one after the other comes back full. Not a measured number: with ten messages
/// each and twenty milliseconds a call it is 4,000 messages a second.
const POLLS: usize = 8;
/// Heartbeats in one visibility timeout: two may be late before a message is lost.
const BEATS: u32 = 3;

/// Serves one queue until the bus is closed.
pub(super) struct Server {
    pub(super) intake: Arc<Intake>,
    pub(super) settling: Arc<Settling>,
    pub(super) topology: Arc<Topology>,
    pub(super) settings: Arc<Settings>,
    pub(super) world: Arc<dyn World>,
}

/// What has ended.
enum Ended {
    /// A call for `asked` messages, which brought `came`.
    Poll {
        asked: usize,
        came: usize,
    },
    Beat,
    GivenBack,
}

type Timer = Option<Boxed<'static, ()>>;

async fn ends(timer: &mut Timer) {
    match timer {
        Some(timer) => timer.await,
        None => std::future::pending().await,
    }
}

impl Server {
    pub(super) async fn run(self, mut closing: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            // Also when the sender is gone.
            _ = closing.wait_for(|&closing| closing) => {}
            () = self.serve() => {}
        }
        self.intake.close();
    }

    async fn serve(&self) {
        let mut doing: FuturesUnordered<Boxed<'_, Ended>> = FuturesUnordered::new();
        let (mut polls, mut allowed) = (0, 1);
        let (mut is_beating, mut lingered) = (false, false);
        let (mut lingers, mut holds, mut beats): (Timer, Timer, Timer) = (None, None, self.next_beat());
        loop {
            while polls < allowed
                && let Ask::Call(asked) = self.ask(&mut lingered, &mut lingers)
            {
                polls += 1;
                doing.push(Box::pin(self.poll(asked)));
            }
            match self.intake.is_holding() {
                true if holds.is_none() => holds = Some(self.world.sleep(self.settings.hold_wait)),
                true => {}
                false => holds = None,
            }
            tokio::select! {
                biased;
                () = ends(&mut beats) => {
                    beats = self.next_beat();
                    if !is_beating {
                        is_beating = true;
                        doing.push(Box::pin(self.beat()));
                    }
                }
                () = ends(&mut holds) => {
                    holds = None;
                    doing.push(Box::pin(self.give_back()));
                }
                Some(ended) = doing.next(), if !doing.is_empty() => match ended {
                    Ended::Poll { asked, came } => {
                        polls -= 1;
                        allowed = allowed_after(allowed, asked, came);
                    }
                    Ended::Beat => is_beating = false,
                    Ended::GivenBack => {}
                },
                () = self.intake.wanted.notified() => {}
                () = ends(&mut lingers) => (lingered, lingers) = (true, None),
            }
        }
    }

    /// Which call to make, if not to wait for more room first.
    fn ask(&self, lingered: &mut bool, lingers: &mut Timer) -> Ask {
        let ask = self.intake.ask(*lingered);
        match ask {
            Ask::Linger if lingers.is_none() => *lingers = Some(self.world.sleep(self.settings.linger)),
            Ask::Linger => {}
            Ask::Nothing | Ask::Call(_) => (*lingered, *lingers) = (false, None),
        }
        ask
    }

    async fn poll(&self, asked: usize) -> Ended {
        let answer = self.fetch(asked).await;
        let came = answer.as_ref().map_or(0, Vec::len);
        self.intake.answered(asked, answer);
        Ended::Poll { asked, came }
    }

    async fn fetch(&self, asked: usize) -> Result<Vec<Message>, Outage> {
        let queue = &self.intake.queue;
        match self.call(asked).await {
            // Somebody took it away: once it is declared again there is something to receive from.
            Err(failed) if failed.sort == Sort::Missing && self.topology.has_queue(queue) => {
                self.topology.forget(queue);
                self.topology.mend().await?;
                self.call(asked).await.map_err(|failed| failed.outage)
            }
            answer => answer.map_err(|failed| failed.outage),
        }
    }

    async fn call(&self, asked: usize) -> Result<Vec<Message>, Failed> {
        let (queue, name) = (&self.intake.queue, self.settings.queue(&self.intake.queue));
        let url = self.topology.url(queue).await?.ok_or_else(|| Failed::no_queue(&name))?;
        self.topology.account.receive(&name, &url, asked).await
    }

    fn next_beat(&self) -> Timer {
        let visibility = Duration::from_secs(self.settings.visibility_s().unsigned_abs().into());
        Some(self.world.sleep(visibility / BEATS))
    }

    /// Keeps what is in hand away from others for another while.
    async fn beat(&self) -> Ended {
        let seconds = self.settings.visibility_s();
        // The last extension must not reach beyond the longest time there is.
        let most = (LONGEST_LEASE_S / seconds).saturating_sub(1).unsigned_abs().saturating_mul(BEATS);
        let kept = self.intake.beat(most);
        let told = kept.iter().map(|(_, receipt)| self.settling.change(receipt.clone(), seconds));
        let leases = join_all(told.collect::<Vec<_>>()).await;
        for ((seq, _), lease) in kept.iter().zip(leases) {
            if lease == Ok(Lease::Lost) {
                self.intake.lost(*seq);
            }
        }
        Ended::Beat
    }

    async fn give_back(&self) -> Ended {
        let told = self.intake.give_back().into_iter().map(|receipt| self.settling.change(receipt, 0));
        join_all(told.collect::<Vec<_>>()).await;
        Ended::GivenBack
    }
}

/// How many calls may be under way at once: more when there is more than one call brings, one when there is nothing.
fn allowed_after(allowed: usize, asked: usize, came: usize) -> usize {
    match came {
        0 => 1,
        _ if came == ENTRIES => (allowed * 2).min(POLLS),
        _ if came == asked => allowed,
        _ => (allowed / 2).max(1),
    }
}
