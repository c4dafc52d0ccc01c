//! `banyan bench postgres`: the runtime's units of work a second, beside a plain loop that makes the same writes.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use anyhow::Result;
use futures_util::future::try_join_all;
use runtime::{Env, Policy};
use store::postgres::bare::{Bare, Tally, Writes};
use store::postgres::{Postgres, Settings};
use tokio::sync::Barrier;

use super::ground::{Pipe, Watched};
use super::versus::{Done, Report};
use super::{Laps, load, side};
use crate::output::Output;

/// Of the plain loop's speed, what is left with everything around it.
const RATIO: f64 = 0.80;

/// Measures in the database that `settings` name, in schemas of its own that are gone afterwards.
///
/// # Errors
/// The database does not answer, or something does not end.
pub async fn run(settings: Settings, laps: Laps, env: &Env, output: Output) -> Result<Report> {
    output.note(format!("recording {} units of work ...", laps.messages * load::UNITS_PER_MESSAGE));
    let (_, recorded) = in_schema(&settings, env, |settings| through(settings, laps.messages, env)).await?;
    let recorded = Arc::new(recorded);
    let mut turns = Vec::new();
    for nth in 1..=laps.rounds {
        let by_hand = in_schema(&settings, env, |settings| by_hand(settings, recorded.clone(), env));
        let through = in_schema(&settings, env, |settings| through(settings, laps.messages, env));
        // In turns, also as to who begins.
        let (bare, (runtime, _)) = if nth % 2 == 1 {
            (by_hand.await?, through.await?)
        } else {
            let runtime = through.await?;
            (by_hand.await?, runtime)
        };
        output.note(format!("round {nth}: bare {:.2} s, runtime {:.2} s", bare.seconds, runtime.seconds));
        turns.push((bare, runtime));
    }
    Ok(Report::of("postgres", "units of work", settings.connections, RATIO, &turns))
}

/// `work` in a schema that is new and then gone.
async fn in_schema<T, W: Future<Output = Result<T>>>(
    settings: &Settings,
    env: &Env,
    work: impl FnOnce(Settings) -> W,
) -> Result<T> {
    let mut settings = settings.clone();
    settings.schema = format!("bench_{:016x}", env.nonce().0);
    let done = Box::pin(work(settings.clone())).await;
    Bare::demolish(&settings).await?;
    done
}

async fn by_hand(settings: Settings, writes: Arc<Writes>, env: &Env) -> Result<Done> {
    Bare::prepare(&settings).await?;
    let next = Arc::new(AtomicUsize::new(0));
    let all_ready = Arc::new(Barrier::new(settings.connections + 1));
    let mut loops = Vec::new();
    for _ in 0..settings.connections {
        let mut bare = Bare::connect(&settings).await?;
        let (writes, next, ready) = (writes.clone(), next.clone(), all_ready.clone());
        loops.push(side(env, async move {
            ready.wait().await;
            bare.work(&writes, &next).await
        }));
    }
    all_ready.wait().await;
    let begun = env.now();
    for done in try_join_all(loops).await? {
        done?;
    }
    Ok(done(writes.tally(), env.now().since(begun).as_secs_f64()))
}

/// Two services whose messages lie in memory: only the store is another's.
async fn through(settings: Settings, messages: u64, env: &Env) -> Result<(Done, Writes)> {
    let database = Arc::new(Postgres::open(settings).await?);
    let store = Arc::new(Watched::new(database.clone()));
    let bus = Arc::new(Pipe::default());
    bus::Bus::declare(bus.as_ref(), load::wiring()).await?;
    load::publish(bus.as_ref(), &load::messages(messages)?, super::in_flight()).await?;
    let begun = env.now();
    let node =
        load::apart::node(load::services(), load::wiring(), (store.clone(), bus), (env, Policy::default()))
            .await?;
    let units = messages * load::UNITS_PER_MESSAGE;
    super::until(env, || store.done() == (units, messages)).await?;
    let seconds = env.now().since(begun).as_secs_f64();
    node.drain().await;
    database.close();
    let writes = Writes::of(&store.units());
    let tally = writes.tally();
    Ok((done(tally, seconds), writes))
}

fn done(tally: Tally, seconds: f64) -> Done {
    Done { count: tally.units, rows: tally.rows, bytes: tally.bytes, seconds }
}
