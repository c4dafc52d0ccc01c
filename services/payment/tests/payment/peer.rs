//! The simulated payment provider as a process, for tests that kill it: `simulated-provider FILE [URL]`. Webhooks go to
//! the URL, signed with `secret`.
//!
//! Says `listening ADDRESS` and serves until its standard input ends, so that it never outlives its test.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use payment::simulated::faults::{Faults, Odds};
use payment::simulated::{Config, Listener, Storage, open};
use runtime::signature::Secret;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args_os().nth(1).ok_or("usage: simulated-provider FILE [URL]")?;
    let webhook = std::env::args().nth(2).map(|url| Listener { url, secret: Secret::new("secret") });
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let config = Config {
        storage: Storage::File(file.into()),
        faults: Faults::new(1, Odds::default(), Duration::from_secs(1))?,
        env: runtime::real::env(),
        hold: Config::HOLD,
        webhook,
    };
    let opened = open(config)?;
    writeln!(std::io::stdout(), "listening {}", listener.local_addr()?)?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("parent".to_owned()).spawn(move || {
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        stop.send(()).ok();
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stopped = async move { stopped.await.unwrap_or(()) };
    Ok(runtime.block_on(opened.serve(listener, stopped))?)
}
