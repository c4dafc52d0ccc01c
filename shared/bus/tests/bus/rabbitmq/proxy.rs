//! A proxy that understands just enough of AMQP to cut a connection at the worst moment.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::world::listen;

/// When the next connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before a message reaches the broker; so many are let through first.
    Publish(usize),
    /// After the broker has a message, before its confirm reaches the publisher.
    Confirm,
    /// Before a settlement reaches the broker.
    Ack,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Broker,
    Client,
}

/// Stands between clients and a broker. What it accepts, it drops when it is dropped.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    broker: String,
    state: Mutex<State>,
    /// Changes when all connections are to be cut.
    cuts: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    is_down: bool,
    cut: Option<Cut>,
}

impl Proxy {
    /// In front of the broker at `HOST:PORT`.
    pub(crate) async fn start(broker: String) -> Self {
        let shared = Arc::new(Shared { broker, state: Mutex::default(), cuts: watch::Sender::new(0) });
        let port = listen(&shared, async |shared, client| shared.connect(client).await).await;
        Self { port, shared }
    }

    /// Where it listens, on the loopback.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection now.
    pub(crate) fn cut(&self) {
        self.shared.cuts.send_modify(|n| *n += 1);
    }

    /// Cuts a connection when this happens next.
    pub(crate) fn cut_at(&self, cut: Cut) {
        self.shared.state.lock().unwrap().cut = Some(cut);
    }

    /// Whether it refuses everybody.
    pub(crate) fn is_down(&self) -> bool {
        self.shared.state.lock().unwrap().is_down
    }

    /// Refuses everybody, or nobody any more.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.shared.state.lock().unwrap().is_down = is_down;
        if is_down {
            self.cut();
        }
    }
}

impl Shared {
    async fn connect(&self, mut client: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        if self.state.lock().unwrap().is_down {
            return;
        }
        let Ok(mut broker) = TcpStream::connect(&self.broker).await else { return };
        let (from_client, to_client) = client.split();
        let (from_broker, to_broker) = broker.split();
        tokio::select! {
            _ = cuts.changed() => {}
            () = self.pump(To::Broker, from_client, to_broker) => {}
            () = self.pump(To::Client, from_broker, to_client) => {}
        }
    }

    /// Passes whole frames on until one of them is the moment to stop.
    async fn pump(&self, to: To, mut from: impl AsyncRead + Unpin, mut onto: impl AsyncWrite + Unpin) {
        let mut buffer = vec![];
        let mut is_first = to == To::Broker;
        loop {
            match from.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let mut passed = 0;
            let mut stops = false;
            while let Some(length) = frame(&buffer[passed..], is_first) {
                stops = !is_first && self.stops_at(to, &buffer[passed..passed + length]);
                if stops {
                    break;
                }
                is_first = false;
                passed += length;
            }
            if onto.write_all(&buffer[..passed]).await.is_err() || stops {
                return;
            }
            buffer.drain(..passed);
        }
    }

    fn stops_at(&self, to: To, frame: &[u8]) -> bool {
        let mut state = self.state.lock().unwrap();
        let stops = match (state.cut, to, method(frame)) {
            (Some(Cut::Publish(0)), To::Broker, Some((60, 40))) => true,
            (Some(Cut::Publish(n)), To::Broker, Some((60, 40))) => {
                state.cut = Some(Cut::Publish(n - 1));
                false
            }
            (Some(Cut::Confirm), To::Client, Some((60, 80 | 120))) => true,
            (Some(Cut::Ack), To::Broker, Some((60, 80))) => true,
            _ => false,
        };
        if stops {
            state.cut = None;
        }
        stops
    }
}

/// How long the first frame is, once it is there as a whole. A client's first words are no frame.
fn frame(bytes: &[u8], is_greeting: bool) -> Option<usize> {
    let length = match is_greeting {
        true => 8,
        false => {
            let size: [u8; 4] = bytes.get(3..7)?.try_into().unwrap();
            // Type, channel, size, payload, end.
            usize::try_from(u32::from_be_bytes(size)).unwrap() + 8
        }
    };
    (bytes.len() >= length).then_some(length)
}

/// Class and method of a frame that has them.
fn method(frame: &[u8]) -> Option<(u16, u16)> {
    let number = |at: usize| Some(u16::from_be_bytes(frame.get(at..at + 2)?.try_into().unwrap()));
    (frame.first() == Some(&1)).then_some((number(7)?, number(9)?))
}
