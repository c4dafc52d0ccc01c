//! `banyan dev` as a process of its own, as somebody would run it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use contracts::Timestamp;
use runtime::Env;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::{Client, queued};

/// How often readiness is asked for.
const ASK_EVERY: Duration = Duration::from_millis(2);
/// Who is not ready by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether its queues are empty.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Looks in a row that find nothing there: what comes back from a peer is in no queue for a moment.
const QUIET_LOOKS: u32 = 3;

/// A running `dev`. Killed when it is dropped.
pub(super) struct Dev {
    child: Child,
    pub client: Client,
    /// From starting the program to the first 200 of `/healthz/ready`.
    pub ready_after: Duration,
}

/// The first line that it prints.
#[derive(Deserialize)]
struct Banner {
    url: String,
}

/// What its file cost so far.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Disk {
    pub fsyncs: u64,
    pub commits: u64,
    /// How long syncs of the log took: microseconds, and how often.
    pub log_sync_us: Vec<(u64, u64)>,
}

impl Disk {
    /// How long a commit waits for its sync that comes at any moment of `window`, in 99 of 100 moments, in milliseconds: of
    /// the syncs since `before`. A sync of 100 ms is one of thousands, but meets everything that comes in these 100 ms, just
    /// as orders do that are placed at fixed times. So those count too that would have begun while it lasted (as
    /// `HdrHistogram` corrects for "coordinated omission").
    pub(super) fn log_sync_p99_ms(&self, before: &Self, window: Duration) -> f64 {
        let before: BTreeMap<u64, u64> = before.log_sync_us.iter().copied().collect();
        let since =
            |&(us, count): &(u64, u64)| (us, count - before.get(&us).copied().unwrap_or(0).min(count));
        let times: Vec<(u64, u64)> = self.log_sync_us.iter().map(since).collect();
        let all: u64 = times.iter().map(|(_, count)| count).sum();
        let every = u64::try_from(window.as_micros()).unwrap_or(u64::MAX) / all.max(1);
        let mut waits: BTreeMap<u64, u64> = BTreeMap::new();
        for (us, count) in times.into_iter().filter(|(_, count)| *count > 0) {
            let mut left = us;
            *waits.entry(left).or_default() += count;
            while every > 0 && left > every {
                left -= every;
                *waits.entry(left).or_default() += count;
            }
        }
        let all: u64 = waits.values().sum();
        let mut quicker = 0;
        let p99 = waits.iter().find(|(_, count)| {
            quicker += *count;
            quicker * 100 >= all * 99 && quicker > 0
        });
        p99.map_or(0.0, |(us, _)| *us as f64 / 1_000.0)
    }
}

impl Dev {
    /// Starts this program once more, on the directory `data`.
    ///
    /// # Errors
    /// It does not start, or is not ready in time.
    pub(super) async fn start(data: &Path, env: &Env) -> Result<Self> {
        let program = std::env::current_exe().context("this program cannot be found")?;
        let begun = env.now();
        let mut child = Command::new(program)
            .args(["dev", "--json", "--host", "127.0.0.1", "--port", "0", "--log", "error"])
            // It is what is measured, whatever the settings around it say.
            .args(["--bus", "embedded", "--store", "sqlite", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("dev cannot be started")?;
        let stdout = child.stdout.take().context("dev has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let banner: Banner = serde_json::from_str(&line).context("dev ended before it was ready")?;
        let client = Client::new(banner.url)?;
        while client.get_text("/healthz/ready").await.is_err() {
            if env.now().since(begun) > PATIENCE {
                bail!("dev is not ready after {} s", PATIENCE.as_secs());
            }
            env.clock.sleep(ASK_EVERY).await;
        }
        Ok(Self { child, client, ready_after: env.now().since(begun) })
    }

    /// Its resident memory in MiB; `None` where the system does not tell.
    pub(super) fn resident_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        resident_kib(&status).map(|kib| kib as f64 / 1024.0)
    }

    /// What its file cost so far.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn disk(&self) -> Result<Disk> {
        Ok(self.client.get("/store").await?)
    }

    /// Waits until its queues are empty; answers since when they are, and says meanwhile how many messages there are.
    ///
    /// # Errors
    /// It does not answer, or gets no further.
    pub(super) async fn rest(&self, env: &Env, say: impl Fn(u64)) -> Result<Timestamp> {
        let (mut least, mut fell, mut quiet) = (u64::MAX, env.now(), 0);
        loop {
            let left =
                queued(&self.client.get("/queues").await?).context("/queues says nothing of queues")?;
            if left < least {
                (least, fell) = (left, env.now());
            }
            quiet = if left == 0 { quiet + 1 } else { 0 };
            if quiet == 1 {
                fell = env.now();
            }
            if quiet == QUIET_LOOKS {
                return Ok(fell);
            }
            if env.now().since(fell) > PATIENCE {
                bail!("{left} messages are left in the queues, and nothing moves");
            }
            say(left);
            env.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Tells it to stop, and waits until it has.
    ///
    /// # Errors
    /// It cannot be told, or does not stop.
    pub(super) async fn stop(mut self, env: &Env) -> Result<()> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        }
        tokio::select! {
            ended = self.child.wait() => ended.map(drop).context("dev cannot be waited for"),
            () = env.clock.sleep(PATIENCE) => bail!("dev does not stop within {} s", PATIENCE.as_secs()),
        }
    }
}

/// `VmRSS` of a `/proc/<pid>/status`.
fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_the_status_of_a_process() {
        assert_eq!(resident_kib("Name:\tbanyan\nVmRSS:\t   43212 kB\nThreads:\t7\n"), Some(43_212));
        assert_eq!(resident_kib("Name:\tbanyan\n"), None);
    }

    fn disk(log_sync_us: &[(u64, u64)]) -> Disk {
        Disk { fsyncs: 0, commits: 0, log_sync_us: log_sync_us.to_vec() }
    }

    #[test]
    fn the_slowest_hundredth_is_that_of_the_syncs_since() {
        let before = disk(&[(300, 50), (9_000, 50)]);
        // So long that no sync meets another.
        let window = Duration::from_secs(60);
        let p99 = |times: &[(u64, u64)]| disk(times).log_sync_p99_ms(&before, window);
        assert_eq!(p99(&[(300, 50), (9_000, 50)]), 0.0);
        assert_eq!(p99(&[(300, 148), (700, 1), (2_000, 1), (9_000, 50)]), 0.7);
        assert_eq!(p99(&[(300, 149), (2_000, 1), (9_000, 50)]), 0.3);
        assert_eq!(p99(&[(300, 50), (400, 1), (9_000, 50)]), 0.4);
    }

    #[test]
    fn a_long_sync_counts_for_all_that_would_have_come_while_it_lasted() {
        let nothing = disk(&[]);
        let p99 = |times: &[(u64, u64)]| disk(times).log_sync_p99_ms(&nothing, Duration::from_secs(1));
        // One a millisecond: of 1,000 moments a stall of 100 ms meets 100, and a hundredth of all wait more than 89 of it.
        assert_eq!(p99(&[(300, 1_000)]), 0.3);
        assert_eq!(p99(&[(300, 999), (100_000, 1)]), 90.0);
    }
}
