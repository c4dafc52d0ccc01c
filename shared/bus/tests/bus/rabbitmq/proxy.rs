//! A proxy that understands just enough of AMQP to cut a connection at the worst moment.

mod late;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use late::Late;

use crate::network::listen;

/// When the next connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before a message reaches the broker; so many are let through first.
    Publish(usize),
    /// After the broker has a message, before its confirm reaches the publisher.
    Confirm,
    /// Before a settlement reaches the broker.
    Ack,
    /// Before a delivery reaches the consumer.
    Deliver,
    /// Before a message reaches the broker, which gets it later, by [`Proxy::deliver`].
    Delay,
    /// Never: no answer of this class and method reaches the client, until something else is said.
    Unanswered(u16, u16),
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
    /// Changes when nothing passes any more over the connections that there are.
    silences: watch::Sender<u64>,
    late: Late,
    /// Consumers that were asked for.
    asked: AtomicUsize,
}

#[derive(Default)]
struct State {
    is_down: bool,
    cut: Option<Cut>,
    /// Connections over which nothing passes any more, and of which no end is told.
    silent: Vec<[TcpStream; 2]>,
}

/// Why a connection is served no longer.
enum End {
    Cut,
    Silent,
    /// The broker gets this later.
    Delayed(Vec<u8>),
}

impl Proxy {
    /// In front of the broker at `HOST:PORT`.
    pub(crate) async fn start(broker: String) -> Self {
        let shared = Arc::new(Shared {
            broker,
            state: Mutex::default(),
            cuts: watch::Sender::new(0),
            silences: watch::Sender::new(0),
            late: Late::default(),
            asked: AtomicUsize::new(0),
        });
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

    /// From now on nothing passes over the connections that there are, as when a machine loses its power.
    pub(crate) fn silence(&self) {
        self.shared.silences.send_modify(|n| *n += 1);
    }

    /// How many consumers were asked for so far.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Hands over what was delayed, and waits until the broker has it.
    pub(crate) async fn deliver(&self) {
        self.shared.late.deliver().await;
    }

    /// Cuts a connection when this happens next.
    pub(crate) fn cut_at(&self, cut: Cut) {
        self.shared.state.lock().unwrap().cut = Some(cut);
    }

    /// Passes everything on again.
    pub(crate) fn cut_nothing(&self) {
        self.shared.state.lock().unwrap().cut = None;
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
        let (mut cuts, mut silences) = (self.cuts.subscribe(), self.silences.subscribe());
        if self.state.lock().unwrap().is_down {
            return;
        }
        let Ok(mut broker) = TcpStream::connect(&self.broker).await else { return };
        let end = {
            let (from_client, to_client) = client.split();
            let (from_broker, to_broker) = broker.split();
            tokio::select! {
                _ = cuts.changed() => End::Cut,
                _ = silences.changed() => End::Silent,
                end = self.pump(To::Broker, from_client, to_broker) => end,
                end = self.pump(To::Client, from_broker, to_client) => end,
            }
        };
        match end {
            End::Cut => {}
            End::Silent => self.state.lock().unwrap().silent.push([client, broker]),
            End::Delayed(frames) => {
                drop(client);
                self.late.keep(frames, broker);
            }
        }
    }

    /// Passes whole frames on until one of them is the moment to stop.
    async fn pump(&self, to: To, mut from: impl AsyncRead + Unpin, mut onto: impl AsyncWrite + Unpin) -> End {
        let mut buffer = vec![];
        let mut is_first = to == To::Broker;
        loop {
            match from.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return End::Cut,
                Ok(_) => {}
            }
            let mut passed = 0;
            let mut stops = None;
            while let Some(length) = frame(&buffer[passed..], is_first) {
                if !is_first {
                    stops = self.stops_at(to, &buffer[passed..passed + length]);
                }
                match stops {
                    None => {}
                    Some(Cut::Unanswered(..)) => {
                        stops = None;
                        buffer.drain(passed..passed + length);
                        continue;
                    }
                    Some(_) => break,
                }
                is_first = false;
                passed += length;
            }
            if onto.write_all(&buffer[..passed]).await.is_err() {
                return End::Cut;
            }
            buffer.drain(..passed);
            match stops {
                None => {}
                Some(Cut::Delay) => return End::Delayed(late::whole(buffer, from).await),
                Some(_) => return End::Cut,
            }
        }
    }

    fn stops_at(&self, to: To, frame: &[u8]) -> Option<Cut> {
        let method = method(frame);
        if (to, method) == (To::Broker, Some((60, 20))) {
            self.asked.fetch_add(1, Ordering::SeqCst);
        }
        let mut state = self.state.lock().unwrap();
        let cut = state.cut?;
        if let Cut::Unanswered(class, number) = cut {
            return ((to, method) == (To::Client, Some((class, number)))).then_some(cut);
        }
        let stops = match (cut, to, method) {
            (Cut::Publish(n @ 1..), To::Broker, Some((60, 40))) => {
                state.cut = Some(Cut::Publish(n - 1));
                false
            }
            (Cut::Publish(0) | Cut::Delay, To::Broker, Some((60, 40))) => true,
            (Cut::Confirm, To::Client, Some((60, 80 | 120))) => true,
            (Cut::Ack, To::Broker, Some((60, 80))) => true,
            (Cut::Deliver, To::Client, Some((60, 60))) => true,
            _ => false,
        };
        stops.then(|| {
            state.cut = None;
            cut
        })
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
