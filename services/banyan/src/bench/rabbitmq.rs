//! `banyan bench rabbitmq`: what the runtime costs over our bus, beside publish, confirm, consume and acknowledge by hand.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use bus::rabbitmq::bare::{Bare, Tally};
use bus::rabbitmq::{RabbitMq, Settings};
use bus::{Bus, Outgoing, Wiring};
use contracts::Timestamp;
use runtime::Env;

use super::versus::{Done, Report};
use super::{Laps, load, side};
use crate::output::Output;

/// Of what is done by hand, what is left with everything around it.
const RATIO: f64 = 0.85;

/// Measures on the broker that `settings` name, in queues of its own that are gone afterwards.
///
/// # Errors
/// The broker does not answer, or something does not end.
pub async fn run(settings: Settings, laps: Laps, env: &Env, output: Output) -> Result<Report> {
    let own = |side: &str| {
        let mut settings = settings.clone();
        settings.exchange = format!("bench-{side}-{:016x}", env.nonce().0);
        settings.prefix = format!("{}.", settings.exchange);
        settings
    };
    let (ours, bares) = (own("bus"), own("bare"));
    let messages = load::messages(laps.messages)?;
    let mut turns = Vec::new();
    let measured = async {
        for nth in 1..=laps.rounds {
            let bare = by_hand(&bares, &messages, env);
            // In turns, also as to who begins.
            let (bare, runtime) = if nth % 2 == 1 {
                (bare.await?, through(&ours, &messages, env).await?)
            } else {
                let runtime = through(&ours, &messages, env).await?;
                (bare.await?, runtime)
            };
            output.note(format!("round {nth}: bare {:.2} s, runtime {:.2} s", bare.seconds, runtime.seconds));
            turns.push((bare, runtime));
        }
        Ok(())
    };
    let measured: Result<()> = measured.await;
    for settings in [ours, bares] {
        demolish(settings, env).await.ok();
    }
    measured?;
    Ok(Report::of("rabbitmq", "messages", super::in_flight(), RATIO, &turns))
}

async fn by_hand(settings: &Settings, messages: &[Outgoing], env: &Env) -> Result<Done> {
    let world = Arc::new(env.clone());
    let bare = Arc::new(Bare::connect(settings.clone(), world, load::apart::one_hop()).await?);
    let count = messages.len() as u64;
    let window = u16::try_from(super::in_flight())?;
    let (consumer, begun) = (bare.clone(), env.now());
    let consumed = side(env, async move { consumer.consume(load::apart::SINK, count, window).await });
    let published = bare.publish(messages, super::in_flight()).await?;
    let consumed = consumed.await??;
    let seconds = seconds_since(begun, env);
    bare.close().await;
    done(published, consumed, seconds)
}

fn done(published: Tally, consumed: Tally, seconds: f64) -> Result<Done> {
    if published != consumed {
        bail!("{published:?} went in and {consumed:?} came out");
    }
    Ok(Done { count: consumed.messages, rows: 0, bytes: consumed.bytes, seconds })
}

/// The runtime's way: its relay's batches in, and a service that handles each message, out.
async fn through(settings: &Settings, messages: &[Outgoing], env: &Env) -> Result<Done> {
    let bus = Arc::new(RabbitMq::connect(settings.clone(), Arc::new(env.clone())));
    let node = load::apart::sink(bus.clone(), env).await?;
    let begun = env.now();
    load::publish(bus.as_ref(), messages, super::in_flight()).await?;
    let handled = || node.counts().iter().map(|(_, counts)| counts.handled).sum::<u64>();
    super::until(env, || handled() >= messages.len() as u64).await?;
    let seconds = seconds_since(begun, env);
    node.drain().await;
    let left: u64 = bus.inspect().await?.iter().map(|queue| queue.waiting + queue.in_flight).sum();
    bus.close().await;
    if left > 0 {
        bail!("{left} messages are left");
    }
    let bytes = messages.iter().map(|message| message.body.len() as u64).sum();
    Ok(Done { count: messages.len() as u64, rows: 0, bytes, seconds })
}

fn seconds_since(begun: Timestamp, env: &Env) -> f64 {
    env.now().since(begun).as_secs_f64()
}

async fn demolish(settings: Settings, env: &Env) -> Result<()> {
    let bus = RabbitMq::connect(settings, Arc::new(env.clone()));
    bus.declare(load::apart::one_hop()).await.context("the broker is gone")?;
    bus.demolish(Wiring::default()).await?;
    bus.close().await;
    Ok(())
}
