//! Serves one queue: a channel for as long as it lasts, then the next one.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::{Either, try_join_all};
use futures_util::stream::{self, SelectAll};
use futures_util::{FutureExt, Stream, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};
use tokio::sync::watch;

use super::failure::{backoff, outage, silence};
use super::intake::{Intake, MOST, Work};
use super::link::Link;
use super::message::delivery;
use super::publish::Publisher;
use super::settings::Settings;
use super::settling::{Told, plan};
use crate::{Boxed, Outage, OutageKind, World, within};

/// Serves one queue until the bus is closed.
pub(super) struct Server {
    pub(super) intake: Arc<Intake>,
    pub(super) link: Link,
    pub(super) settings: Arc<Settings>,
    pub(super) world: Arc<dyn World>,
    pub(super) publisher: Arc<Publisher>,
}

impl Server {
    pub(super) async fn run(self, mut closing: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            // Also when the sender is gone.
            _ = closing.wait_for(|&closing| closing) => {}
            never = self.keep() => match never {},
        }
        self.intake.end(None);
    }

    async fn keep(&self) -> Infallible {
        let mut failures = 0;
        loop {
            let Err(why) = self.serve(&mut failures).await else {
                self.intake.end(None);
                continue;
            };
            tracing::debug!(queue = %self.intake.queue, outage = %why, "the channel ended");
            let is_curable = match why.kind {
                // Of a lost connection the link tells who waits; of a broker that is there and does not serve this queue, nobody else.
                OutageKind::Unreachable => failures < 2,
                // The end of a consumer is one failure, and that its queue is missing the next.
                OutageKind::Undeclared => {
                    failures < 2 && self.publisher.topology.has_queue(&self.intake.queue)
                }
                _ => false,
            };
            let is_missing = why.kind == OutageKind::Undeclared;
            self.intake.end((!is_curable).then_some(why));
            if is_missing {
                self.publisher.declare_again().await;
            }
            self.world.sleep(backoff(&*self.world, failures, self.settings.reconnect_wait)).await;
            failures = failures.saturating_add(1);
        }
    }

    /// Serves the queue over one channel until that ends, or nothing came over it for as long as a receive waits.
    async fn serve(&self, failures: &mut u32) -> Result<(), Outage> {
        while !self.intake.is_wanted() {
            self.intake.wanted.notified().await;
        }
        let connection = self.link.up().await;
        tokio::select! {
            biased;
            outage = self.link.left(&connection) => Err(outage),
            served = self.serve_over(&connection, failures) => served,
        }
    }

    async fn serve_over(&self, connection: &Connection, failures: &mut u32) -> Result<(), Outage> {
        let mut session = self.in_time("open the channel", Session::open(self, connection)).await?;
        self.intake.begin(session.generation.clone());
        let served = self.serve_by(&mut session, failures).await;
        if served.is_err() && connection.status().connected() {
            self.intake.end(None);
            session.close(connection).await;
        }
        served
    }

    async fn serve_by(&self, session: &mut Session<'_>, failures: &mut u32) -> Result<(), Outage> {
        let mut repairs = self.publisher.topology.repairs.subscribe();
        let mut quiet = self.world.sleep(self.settings.receive_wait);
        loop {
            let work = self.intake.work();
            let is_holding = work.is_holding;
            self.in_time("settle or consume", session.settle(work)).await?;
            *failures = 0;
            let hold = match is_holding {
                true => Either::Left(self.world.sleep(self.settings.hold_wait)),
                false => Either::Right(std::future::pending()),
            };
            tokio::select! {
                biased;
                // A consumer of a queue that was deleted is not always told so once there is a new one by that name.
                _ = repairs.changed() => return Err(repaired()),
                () = self.intake.wanted.notified() => {}
                arrived = session.arrived() => {
                    self.intake.push(arrived?.into_iter());
                    quiet = self.world.sleep(self.settings.receive_wait);
                }
                () = hold => self.in_time("end the consumer", session.let_go()).await?,
                // Nor is it told here when another process declared the new one: so silence ends a channel, too.
                () = &mut quiet => {
                    if self.intake.is_idle() && self.in_time("end the consumer", session.is_silent()).await? {
                        return Ok(());
                    }
                    quiet = self.world.sleep(self.settings.receive_wait);
                }
            }
        }
    }

    /// What `asking` answers, if it does in time: see [`super::failure::in_time`].
    async fn in_time<T>(
        &self,
        what: &str,
        asking: impl Future<Output = Result<T, Outage>>,
    ) -> Result<T, Outage> {
        let answer = within(&*self.world, self.settings.confirm_wait, asking).await;
        answer.unwrap_or_else(|| Err(silence(&format!("{what} of the queue {}", self.intake.queue))))
    }
}

fn repaired() -> Outage {
    given_up("the topology was declared again")
}

fn worn_out() -> Outage {
    given_up("the channel had as many consumers as one may have")
}

/// Of the kind that is cured by the next channel, and tells nobody.
fn given_up(why: &str) -> Outage {
    Outage { kind: OutageKind::Unreachable, detail: format!("rabbitmq: {why}") }
}

/// What one consumer is sent, and nothing once it has ended: with several of them the end of one would go unnoticed.
type Arrivals = Pin<Box<dyn Stream<Item = Option<lapin::Result<lapin::message::Delivery>>> + Send>>;

fn arrivals(consumer: Consumer) -> Arrivals {
    Box::pin(consumer.map(Some).chain(stream::once(std::future::ready(None))))
}

/// One channel.
struct Session<'a> {
    server: &'a Server,
    channel: Channel,
    generation: Arc<str>,
    consumers: SelectAll<Arrivals>,
    tags: Vec<lapin::types::ShortString>,
    /// How many consumers there were, ended ones included: none is called like one before it. A quorum queue takes a consumer of
    /// the same name on the same channel for the same one, and while that still has something in hand the broker may end the
    /// connection over it (rabbitmq-server #9158).
    asked: u64,
    /// Those of them that the broker may still know: one that was ended stays until what it was sent is settled.
    known: usize,
    /// How much the broker may send ahead, by all consumers together.
    prefetch: usize,
}

/// Deliveries that are passed on in one go.
const AT_ONCE: usize = 256;

/// Consumers of one channel that ask for no more than there is room for; each after them asks for as much as all before it.
/// So at most 18 are sent anything, and few are more than two.
const EXACT: usize = 8;
/// Consumers of one channel that the broker may know, ended ones included: there is one more for each time that who gave back
/// asks again with work in hand. Then another channel asks for all at once. Well below [`super::SAFE_CONSUMERS`].
const KNOWN: usize = 24;

impl<'a> Session<'a> {
    async fn open(server: &'a Server, connection: &Connection) -> Result<Self, Outage> {
        let channel = connection.create_channel().await.map_err(|error| outage("open a channel", &error))?;
        let generation = format!("{:016x}", server.world.next_u64()).into();
        Ok(Self {
            server,
            channel,
            generation,
            consumers: SelectAll::new(),
            tags: vec![],
            asked: 0,
            known: 0,
            prefetch: 0,
        })
    }

    /// The client library does not close by itself a channel that waits for an answer, and the broker would keep for it what it
    /// has sent. Where that is not answered either only the end of the connection makes sure.
    async fn close(&mut self, connection: &Connection) {
        let Server { world, settings, .. } = self.server;
        if !self.channel.status().connected() {
            return;
        }
        let closing = self.channel.close(200, "given up".into());
        if within(&**world, settings.confirm_wait, closing).await.is_none() {
            tracing::warn!(queue = %self.server.intake.queue, "a channel cannot be closed: connecting anew");
            let closing = connection.close(200, "a channel cannot be closed".into());
            within(&**world, settings.confirm_wait, closing).await;
        }
    }

    /// Tells the broker what is settled, and asks it for what there is room for.
    async fn settle(&mut self, work: Work) -> Result<(), Outage> {
        let failed = |error: lapin::Error| outage("settle", &error);
        let channel = &self.channel;
        // All are written before the first is awaited.
        let tell = |told: Told| -> Boxed<'_, lapin::Result<()>> {
            match told {
                Told::Ack { tag, multiple } => Box::pin(channel.basic_ack(tag, BasicAckOptions { multiple })),
                Told::Release { tag } => {
                    let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
                    Box::pin(channel.basic_nack(tag, options))
                }
            }
        };
        let frames = plan(work.settlements, work.first_open);
        if !frames.is_empty() {
            tracing::trace!(queue = %self.server.intake.queue, channel = %self.generation, ?frames, "settling");
        }
        try_join_all(frames.into_iter().map(tell)).await.map_err(failed)?;
        for told in work.told {
            told.send(()).ok();
        }
        if self.tags.is_empty() && self.server.intake.is_idle() {
            self.known = 0;
        }
        if work.room > self.prefetch {
            if self.known == KNOWN {
                return Err(worn_out());
            }
            let lacking = work.room - self.prefetch;
            let more = if self.tags.len() < EXACT { lacking } else { lacking.max(self.prefetch) };
            self.ask_for_more(more.min(MOST - self.prefetch)).await?;
        }
        Ok(())
    }

    /// Makes room for `more` messages: prefetch belongs to a consumer and cannot be changed, so there is one more of them.
    async fn ask_for_more(&mut self, more: usize) -> Result<(), Outage> {
        let name = self.server.settings.physical(&self.server.intake.queue);
        let failed = |error: lapin::Error| outage(&format!("consume the queue {name}"), &error);
        let prefetch = u16::try_from(more).unwrap_or(u16::MAX);
        self.channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(failed)?;
        let tag = format!("{}-{}", self.generation, self.asked);
        self.asked += 1;
        self.known += 1;
        let options = BasicConsumeOptions::default();
        let consuming =
            self.channel.basic_consume(name.as_str().into(), tag.into(), options, FieldTable::default());
        let consumer = consuming.await.map_err(failed)?;
        self.tags.push(consumer.tag());
        self.consumers.push(arrivals(consumer));
        self.prefetch += more;
        Ok(())
    }

    /// What the broker sends next, at least one; waits for ever when nothing was asked for. Dropping it takes nothing.
    async fn arrived(&mut self) -> Result<Vec<crate::Delivery>, Outage> {
        let Some(first) = self.consumers.next().await else { return std::future::pending().await };
        let mut arrived = vec![self.delivery(first.ok_or_else(|| self.gone())?)?];
        while arrived.len() < AT_ONCE
            && let Some(Some(next)) = self.consumers.next().now_or_never()
        {
            arrived.push(self.delivery(next.ok_or_else(|| self.gone())?)?);
        }
        Ok(arrived)
    }

    /// The broker ended a consumer: its queue is gone, and may be there again by the same name. Only a new channel is sure
    /// to mean the new one, and finds out whether to declare it: the broker says this before it has forgotten the queue, and
    /// one that is declared in between may stay half deleted.
    fn gone(&self) -> Outage {
        let detail = format!("rabbitmq: the broker ended the consumer of {}", self.server.intake.queue);
        Outage { kind: OutageKind::Unreachable, detail }
    }

    fn delivery(&self, message: lapin::Result<lapin::message::Delivery>) -> Result<crate::Delivery, Outage> {
        let message = message.map_err(|error| outage("consume", &error))?;
        tracing::trace!(
            queue = %self.server.intake.queue,
            channel = %self.generation,
            tag = message.delivery_tag,
            redelivered = message.redelivered,
            id = message.properties.message_id().as_ref().map(lapin::types::ShortString::as_str),
            "arrived"
        );
        Ok(delivery(&self.server.intake.queue, &self.generation, message))
    }

    /// Gives back what nobody asks for, and takes nothing until somebody does. What was handed out stays so.
    async fn let_go(&mut self) -> Result<(), Outage> {
        tracing::debug!(queue = %self.server.intake.queue, "giving back what nobody asks for");
        let late = self.end_consumers().await?;
        self.server.intake.push(late.into_iter());
        self.server.intake.give_back();
        Ok(())
    }

    /// Ends the consumers; whether nothing was on its way. If something was, the channel is a good one, and asks again.
    async fn is_silent(&mut self) -> Result<bool, Outage> {
        let late = self.end_consumers().await?;
        let is_silent = late.is_empty();
        self.server.intake.push(late.into_iter());
        Ok(is_silent)
    }

    /// Ends the consumers, and answers what was still on its way to them.
    async fn end_consumers(&mut self) -> Result<Vec<crate::Delivery>, Outage> {
        let failed = |error: lapin::Error| outage("end a consumer", &error);
        for tag in std::mem::take(&mut self.tags) {
            self.channel.basic_cancel(tag, BasicCancelOptions::default()).await.map_err(failed)?;
        }
        let mut consumers = std::mem::take(&mut self.consumers);
        let mut late = vec![];
        while let Some(message) = consumers.next().await {
            late.extend(message.map(|message| self.delivery(message)).transpose()?);
        }
        self.prefetch = 0;
        Ok(late)
    }
}
