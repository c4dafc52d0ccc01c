//! A wire between store and server that can be cut at the worst moment.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What happens to the next thing that is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// The server does it; its answer is lost with the connection.
    Answer,
    /// It is lost, and the connection with it.
    Question,
    /// The connection is lost; the server gets it later, by [`Proxy::deliver`].
    Delay,
}

pub(super) struct Proxy {
    pub(super) url: String,
    wire: Arc<Wire>,
}

struct Wire {
    server: SocketAddr,
    is_down: AtomicBool,
    next: Mutex<Next>,
    /// What is delayed, and where it goes.
    held: Mutex<Vec<(Vec<u8>, TcpStream)>>,
    /// Delayed questions that the server has answered.
    landed: (Mutex<usize>, Condvar),
}

#[derive(Default)]
struct Next {
    once: Option<Cut>,
    /// Cuts one question in so many.
    chance: Option<(fastrand::Rng, u32)>,
}

impl Next {
    fn take(&mut self) -> Option<Cut> {
        if let Some(cut) = self.once.take() {
            return Some(cut);
        }
        let (rng, one_in) = self.chance.as_mut()?;
        (rng.u32(0..*one_in) == 0).then(|| [Cut::Answer, Cut::Question, Cut::Delay][rng.usize(0..3)])
    }
}

impl Proxy {
    /// In front of the server that `url` names.
    pub(super) fn new(url: &str) -> Self {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else { panic!("not over TCP") };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let server = (host.as_str(), port).to_socket_addrs().unwrap().next().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap();
        let user = config.get_user().unwrap_or("postgres");
        let password =
            config.get_password().map(|p| format!(":{}", String::from_utf8_lossy(p))).unwrap_or_default();
        let database = config.get_dbname().unwrap_or(user);
        let wire = Arc::new(Wire {
            server,
            is_down: AtomicBool::new(false),
            next: Mutex::default(),
            held: Mutex::default(),
            landed: Default::default(),
        });
        let accepting = wire.clone();
        // Ends with the process: nothing tells a listener to stop.
        thread(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !accepting.is_down.load(Ordering::SeqCst) {
                    accepting.connect(client);
                }
            }
        });
        Self { url: format!("postgres://{user}{password}@{own}/{database}"), wire }
    }

    /// The next thing that is asked over any connection meets `cut`.
    pub(super) fn cut_next(&self, cut: Cut) {
        self.wire.next.lock().unwrap().once = Some(cut);
    }

    /// From now on one question in `one_in` is cut; 0 = none.
    pub(super) fn cut_often(&self, seed: u64, one_in: u32) {
        let chance = (one_in > 0).then(|| (fastrand::Rng::with_seed(seed), one_in));
        self.wire.next.lock().unwrap().chance = chance;
    }

    /// Nobody gets through, or everybody again.
    pub(super) fn down(&self, is_down: bool) {
        self.wire.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Hands over what was delayed, and waits until the server has answered it.
    pub(super) fn deliver(&self) {
        let held = std::mem::take(&mut *self.wire.held.lock().unwrap());
        let (landed, signal) = &self.wire.landed;
        let mut count = landed.lock().unwrap();
        let want = *count + held.len();
        for (question, mut server) in held {
            server.write_all(&question).unwrap();
        }
        while *count < want {
            let (now, wait) = signal.wait_timeout(count, Duration::from_secs(20)).unwrap();
            assert!(!wait.timed_out(), "the server does not answer what was delayed");
            count = now;
        }
    }
}

impl Wire {
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server) else { return };
        for stream in [&client, &server] {
            stream.set_nodelay(true).unwrap();
        }
        // Set once the answer to what was asked last must not arrive.
        let is_mute = Arc::new(AtomicBool::new(false));
        let (wire, mute) = (self.clone(), is_mute.clone());
        let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread(move || wire.questions(ends.0, ends.1, &mute));
        let wire = self.clone();
        thread(move || wire.answers(client, server, &is_mute));
    }

    fn questions(&self, mut client: TcpStream, mut server: TcpStream, is_mute: &AtomicBool) {
        let mut buffer = vec![0; 1 << 20];
        while let Ok(n @ 1..) = client.read(&mut buffer) {
            match self.next.lock().unwrap().take() {
                None => {}
                Some(Cut::Answer) => is_mute.store(true, Ordering::SeqCst),
                Some(Cut::Question) => break,
                Some(Cut::Delay) => {
                    is_mute.store(true, Ordering::SeqCst);
                    self.held.lock().unwrap().push((buffer[..n].to_vec(), server));
                    client.shutdown(Shutdown::Both).ok();
                    return;
                }
            }
            if server.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        if !is_mute.load(Ordering::SeqCst) {
            client.shutdown(Shutdown::Both).ok();
            server.shutdown(Shutdown::Both).ok();
        }
    }

    fn answers(&self, mut client: TcpStream, mut server: TcpStream, is_mute: &AtomicBool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(n @ 1..) = server.read(&mut buffer) {
            if is_mute.load(Ordering::SeqCst) {
                let (landed, signal) = &self.landed;
                *landed.lock().unwrap() += 1;
                signal.notify_all();
                break;
            }
            if client.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        client.shutdown(Shutdown::Both).ok();
        server.shutdown(Shutdown::Both).ok();
    }
}

fn thread(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name("wire".to_owned()).spawn(work).unwrap();
}
