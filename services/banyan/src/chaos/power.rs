//! The power goes, again and again: real services on a file of which every write and every sync is recorded.
//!
//! A round records one life of the shop under load. Then the power goes at many points of the recording: of each a disk is
//! made that holds all that was synced by then and a random part of the rest, the engine is opened on it, and everything
//! that a customer was told before has to be there, once. Sometimes the power goes again during the recovery.

mod cut;
mod leash;
mod shop;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use fastrand::Rng;
use futures_util::{StreamExt, stream};
use runtime::Env;
use store::sqlite::vfs::{self, Controls, Disk, Tape, Target};

use self::cut::Judge;
use self::leash::Leash;
use self::shop::Shop;
use super::book::Book;
use super::load::{Customer, stock};
use super::verdict::Verdict;
use crate::cli::Context;
use crate::commands::shown::counted;
use crate::dev;

/// Cuts of one recording.
const CUTS: u32 = 50;
/// One cut in so many is followed by others during its recovery.
const RECOVERIES: usize = 8;
const RECOVERY_CUTS: usize = 2;
/// In one round of so many the power goes at the end too, and the shop goes on with what is left.
const RESUMES: u32 = 4;
/// What one recording may hold: many times what a round writes.
const ROOM: usize = 256 << 20;
/// Orders of a round come in bursts. In between the engine has the time to copy its log into the file.
const BURSTS: usize = 4;
const BURST: usize = 50;
const AT_ONCE: usize = 16;
const PAUSE: Duration = Duration::from_millis(150);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) cuts: u32,
    pub(super) seed: u64,
    /// The disk says that the log is synced, and does not sync it: then something is lost.
    pub(super) is_lying: bool,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) cuts: u32,
    pub(super) recovery_cuts: u32,
    pub(super) resumed_cuts: u32,
    pub(super) verdict: Verdict,
}

/// Cuts the power, below `home`.
///
/// # Errors
/// The services do not start.
pub(super) async fn run(plan: &Plan, home: &Path, context: &Context) -> Result<Outcome> {
    let disk = vfs::register("chaos")?;
    let mut rng = Rng::with_seed(plan.seed);
    let mut outcome = Outcome::default();
    for nth in 1.. {
        let resumes = nth % RESUMES == 0;
        let leash = Leash::default();
        let round = Round {
            folder: home.join("round"),
            disk,
            tape: if plan.is_lying { Tape::lying(ROOM, Target::Log) } else { Tape::new(ROOM) },
            leash: &leash,
            env: &context.env,
            // One life in two ends as it should.
            is_stopped: rng.bool() && !resumes,
            resumes,
        };
        let last = plan.cuts.min(outcome.cuts + CUTS);
        let done = round.run(last, &mut rng, &mut outcome).await;
        disk.stop_recording();
        leash.end().await;
        done?;
        if outcome.verdict.violated.is_empty() {
            std::fs::remove_dir_all(home.join("round"))?;
        }
        progress(&outcome, plan, context);
        if outcome.cuts >= plan.cuts || !outcome.verdict.violated.is_empty() {
            break;
        }
    }
    Ok(outcome)
}

fn progress(outcome: &Outcome, plan: &Plan, context: &Context) {
    let wrong = counted(outcome.verdict.violated.len() as u64, "finding");
    let line = format!("power cuts {}/{} | {wrong}", outcome.cuts, plan.cuts);
    if context.output.is_watched() {
        context.output.progress(line);
    } else {
        context.output.warn(line);
    }
}

/// One life of the shop, and its ends.
struct Round<'a> {
    folder: PathBuf,
    disk: Controls,
    tape: Tape,
    /// Holds the peers.
    leash: &'a Leash,
    env: &'a Env,
    is_stopped: bool,
    resumes: bool,
}

impl Round<'_> {
    async fn run(self, last: u32, rng: &mut Rng, outcome: &mut Outcome) -> Result<()> {
        let listener = shop::listen()?;
        let (own, address) = (self.leash.env(self.env), listener.local_addr()?);
        let peers = dev::peers(&own, None, &dev::Args::default(), address).await?;
        let book = Book::default();
        self.disk.record(&self.tape);
        let engine = shop::open(&self.folder.join("life"), Some(self.disk))?;
        let shop = Shop::start(self.env, &engine, &peers, listener.try_clone()?, false).await?;
        self.load(&shop, &book).await?;
        if self.is_stopped {
            shop.stop().await;
        } else {
            shop.die().await;
            self.disk.stop_recording();
            shop.end().await;
        }
        self.disk.stop_recording();
        let judge = Judge { env: self.env, peers: &peers };
        if self.resumes {
            self.resume(listener, judge, book.copy(), (rng, outcome)).await?;
        }
        self.cut(last, judge, &book, (rng, outcome)).await
    }

    /// The power goes at the end. What the peers were asked for by then was on the disk before, so that everything has to
    /// add up with them too once the shop has gone on.
    async fn resume(
        &self,
        listener: TcpListener,
        judge: Judge<'_>,
        book: Book,
        (rng, outcome): (&mut Rng, &mut Outcome),
    ) -> Result<()> {
        let mut disk = Disk::before(&self.tape);
        disk.advance(usize::MAX);
        let folder = self.folder.join("resumed");
        vfs::disk::write(&disk.image(rng), &folder).context("there is no room for another disk")?;
        let verdict = judge.resumed(&folder, listener, book).await;
        outcome.resumed_cuts += 1;
        outcome.add(verdict, "power lost at the end, and gone on", &folder)
    }

    /// Orders in bursts. The last burst of a life that does not end as it should is not waited for.
    async fn load(&self, shop: &Shop, book: &Book) -> Result<()> {
        let tape = self.tape.clone();
        let customer = Customer {
            client: shop.client.clone(),
            env: self.env.clone(),
            book: book.clone(),
            // What is told when the recording is full is told after every cut.
            position: Arc::new(move || tape.position().unwrap_or(usize::MAX)),
        };
        stock(&shop.client, self.env).await?;
        for burst in 0..BURSTS {
            let answered = if !self.is_stopped && burst + 1 == BURSTS { BURST / 2 } else { BURST };
            let placing = stream::iter(0..BURST).map(|_| customer.clone().place(book.next()));
            placing.buffer_unordered(AT_ONCE).take(answered).collect::<Vec<()>>().await;
            if answered == BURST {
                self.env.clock.sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    /// Cuts the power at many points of the recording, until there were `last` cuts.
    async fn cut(
        &self,
        last: u32,
        judge: Judge<'_>,
        book: &Book,
        (rng, outcome): (&mut Rng, &mut Outcome),
    ) -> Result<()> {
        let mut disk = Disk::before(&self.tape);
        // Some are left for the recoveries.
        let many = usize::try_from(last.saturating_sub(outcome.cuts))?;
        let direct = (many * RECOVERIES).div_ceil(RECOVERIES + RECOVERY_CUTS);
        let points = disk.points(direct, rng);
        for (nth, point) in points.into_iter().enumerate() {
            if outcome.cuts >= last {
                break;
            }
            disk.advance(point);
            let told = before(book, point);
            let image = disk.image(rng);
            let folder = self.folder.join(format!("cut-{point}"));
            vfs::disk::write(&image, &folder).context("there is no room for another disk")?;
            let recovers = nth.is_multiple_of(RECOVERIES);
            let recovery = recovers.then(|| Tape::on(image, ROOM));
            recovery.iter().for_each(|tape| self.disk.record(tape));
            let verdict = judge.of(&folder, &told, recovers.then_some(self.disk)).await;
            self.disk.stop_recording();
            outcome.add(verdict, &format!("power lost after step {point}"), &folder)?;
            if let Some(tape) = recovery {
                self.cut_recovery(&tape, judge, &told, (rng, outcome)).await?;
            }
        }
        Ok(())
    }

    async fn cut_recovery(
        &self,
        tape: &Tape,
        judge: Judge<'_>,
        told: &Book,
        (rng, outcome): (&mut Rng, &mut Outcome),
    ) -> Result<()> {
        let mut disk = Disk::before(tape);
        for point in disk.points(RECOVERY_CUTS, rng) {
            disk.advance(point);
            let folder = self.folder.join(format!("recovery-{}-{point}", outcome.cuts));
            vfs::disk::write(&disk.image(rng), &folder).context("there is no room for another disk")?;
            let verdict = judge.of(&folder, told, None).await;
            outcome.add(verdict, &format!("power lost again after step {point} of a recovery"), &folder)?;
            outcome.recovery_cuts += 1;
        }
        Ok(())
    }
}

impl Outcome {
    /// Counts one cut; what it left is kept when something is wrong with it.
    fn add(&mut self, verdict: Verdict, what: &str, folder: &Path) -> Result<()> {
        self.cuts += 1;
        if verdict.violated.is_empty() {
            std::fs::remove_dir_all(folder)?;
        }
        let violated = verdict.violated.iter().map(|sentence| format!("{what}: {sentence}")).collect();
        self.verdict.add(Verdict { violated, ..verdict });
        Ok(())
    }
}

/// What customers were told before this step of the recording.
fn before(book: &Book, step: usize) -> Book {
    let told = book
        .entries()
        .told
        .iter()
        .filter(|(_, told)| told.at <= step)
        .map(|(n, t)| (*n, t.clone()))
        .collect();
    let before = Book::default();
    before.entries().told = told;
    before
}
