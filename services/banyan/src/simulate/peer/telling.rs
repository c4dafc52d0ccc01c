//! Webhooks: what peers tell of their own accord reaches the services' own routes, signed, as bytes.

use std::sync::Arc;
use std::time::Duration;

use runtime::signature::{self, Secret};
use testkit::{Ask, Caller};

use super::host::{Host, Tells};

/// Between two tries of one webhook.
const PAUSE: Duration = Duration::from_secs(1);

/// What webhooks are signed with in simulated worlds.
pub(in super::super) fn secret() -> Secret {
    Secret::new("of a simulated world")
}

/// Sends somebody out if there is something to tell and nobody is out.
pub(super) fn go<M: Tells>(host: &Arc<Host<M>>, caller: &Caller) {
    if host.with(|machine| machine.next_due()).is_some() && host.begins_to_tell() {
        caller.start(Box::pin(tell(host.clone(), caller.clone())));
    }
}

async fn tell<M: Tells>(host: Arc<Host<M>>, caller: Caller) {
    while !host.has_told_all() {
        let Some(due) = host.with(|machine| machine.next_due()) else { continue };
        tokio::select! {
            biased;
            () = host.stirred.notified() => continue,
            () = caller.wait(due.since(caller.now())) => {}
        }
        while let Some((number, body)) = host.with(|machine| machine.next_webhook(caller.now())) {
            if deliver(&host, &caller, body).await {
                host.with(|machine| machine.heard(number));
            } else {
                host.count("peer.webhook_lost");
            }
        }
    }
}

/// Whether somebody heard it.
async fn deliver<M: Tells>(host: &Host<M>, caller: &Caller, body: Vec<u8>) -> bool {
    let (service, path) = M::LISTENER;
    let ask = Ask {
        service,
        method: "POST",
        path: path.to_owned(),
        headers: vec![(signature::HEADER, signature::sign(&secret(), &body))],
        body: body.into(),
        ..Ask::default()
    };
    for _ in 0..host.with(|machine| machine.sends()) {
        match caller.ask(&ask).await {
            Some(reply) if reply.status < 300 => return true,
            Some(reply) if reply.status < 500 && reply.status != 429 => {
                caller.object(format!(
                    "a webhook was refused: {} {}",
                    reply.status,
                    String::from_utf8_lossy(&reply.body)
                ));
                return false;
            }
            Some(_) | None => caller.wait(PAUSE).await,
        }
    }
    false
}
