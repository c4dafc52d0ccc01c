//! One call of each function that `clippy.toml` bans.

use std::time::Duration;

/// Never runs; it only has to compile.
pub async fn everything_banned() {
    ignore(std::time::SystemTime::now());
    ignore(std::time::Instant::now());
    ignore(jiff::Timestamp::now());
    ignore(uuid::Uuid::new_v4());
    ignore(uuid::Uuid::now_v7());
    ignore(fastrand::Rng::new());
    ignore(fastrand::u64(..));
    ignore(std::env::var("HOME"));
    ignore(std::env::vars());
    ignore(std::env::var_os("HOME"));
    ignore(std::thread::spawn(|| ()));
    std::thread::sleep(Duration::ZERO);
    ignore(tokio::spawn(async {}));
    ignore(tokio::task::JoinSet::new().spawn(async {}));
    ignore(tokio::runtime::Handle::current().spawn(async {}));
    tokio::time::sleep(Duration::ZERO).await;
    ignore(tokio::time::timeout(Duration::ZERO, async {}).await);
    ignore(tokio::time::interval(Duration::from_secs(1)));
    ignore(reqwest::Client::new());
}

fn ignore<T>(_: T) {}
