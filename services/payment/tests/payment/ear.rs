//! Somebody who listens to webhooks.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use payment::gateway::Told;
use payment::gateway::simulated::told_in;
use payment::simulated::Listener;
use runtime::signature::{self, Secret};

use crate::support::{PATIENT, block_on};

/// What the webhooks of all tests are signed with.
fn secret() -> Secret {
    Secret::new("secret")
}

#[derive(Clone)]
struct Hearing {
    said: Sender<Vec<Told>>,
    refuses: Arc<AtomicBool>,
}

/// A listener, on a thread of its own as long as the tests run.
pub(crate) struct Ear {
    address: SocketAddr,
    said: Receiver<Vec<Told>>,
    refuses: Arc<AtomicBool>,
}

impl Ear {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, said) = channel();
        let refuses = Arc::new(AtomicBool::new(false));
        let hearing = Hearing { said: sender, refuses: refuses.clone() };
        let serving = async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().route("/", post(hear)).with_state(hearing)).await.unwrap();
        };
        std::thread::Builder::new().spawn(move || block_on(serving)).unwrap();
        Self { address, said, refuses }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn listener(&self) -> Listener {
        Listener { url: self.url(), secret: secret() }
    }

    /// From now on it hears, but says that it has not; or it says so no more.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Release);
    }

    /// What the next webhook says.
    pub(crate) fn next(&self) -> Vec<Told> {
        self.said.recv_timeout(PATIENT).expect("a webhook comes")
    }

    /// What comes until there were `count` of them.
    pub(crate) fn hear(&self, count: usize) -> Vec<Told> {
        let mut heard = Vec::new();
        while heard.len() < count {
            heard.extend(self.next());
        }
        heard
    }
}

async fn hear(State(hearing): State<Hearing>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signed = headers.get(signature::HEADER).map(|value| value.to_str().unwrap()).unwrap_or_default();
    assert!(signature::is_signed(&[secret()], &body, signed), "{headers:?}");
    hearing.said.send(told_in(&body).expect("the provider's own body")).ok();
    if hearing.refuses.load(Ordering::Acquire) {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::NO_CONTENT
    }
}
