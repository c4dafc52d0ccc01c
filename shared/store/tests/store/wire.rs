//! A wire between store and endpoint on which everything goes wrong that AWS does and emulators do not.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is done; its answer is lost with the connection.
    Answer,
    /// It is lost, and the connection with it.
    Question,
    /// The connection is lost; the endpoint gets it later, by [`Wire::deliver`].
    Delay,
    /// It is lost, and the connection stays as it is.
    Silence,
    /// It is not done, and answered with this status and body.
    Refused(u16, String),
    /// It is done, and answered with this status and body all the same.
    DoneAndFailed(u16, String),
}

impl Fault {
    /// An error as DynamoDB tells it.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::Refused(status, told(code, ""))
    }

    /// A transaction that was cancelled, with a code for each of its items.
    pub(crate) fn cancelled(codes: &[&str]) -> Self {
        let reasons: Vec<String> = codes.iter().map(|code| format!("{{\"Code\":\"{code}\"}}")).collect();
        let more = format!(",\"CancellationReasons\":[{}]", reasons.join(","));
        Self::Refused(400, told("TransactionCanceledException", &more))
    }
}

pub(crate) fn told(code: &str, more: &str) -> String {
    format!("{{\"__type\":\"com.amazonaws.dynamodb.v20120810#{code}\",\"message\":\"said by a test\"{more}}}")
}

/// The operations that tests are about.
pub(crate) const WRITE: &str = "TransactWriteItems";
pub(crate) const READ: &str = "BatchGetItem";

/// Ends with the test, or with the process.
pub(crate) struct Wire {
    pub(crate) url: String,
    own: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    server: SocketAddr,
    /// What happens to the next requests of each operation.
    faults: Mutex<BTreeMap<String, Vec<Fault>>>,
    /// One request for a transaction in so many meets a fault.
    chance: Mutex<Option<(fastrand::Rng, u32, Vec<Fault>)>>,
    held: Mutex<Vec<Vec<u8>>>,
    asked: Mutex<BTreeMap<String, usize>>,
    /// Connections on which nobody says anything any more.
    silent: Mutex<Vec<TcpStream>>,
    has_hung_up: AtomicBool,
}

impl Wire {
    /// In front of the endpoint at `url`.
    pub(crate) fn new(url: &str) -> Self {
        let server = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_socket_addrs()
            .unwrap()
            .next()
            .unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            server,
            faults: Mutex::default(),
            chance: Mutex::default(),
            held: Mutex::default(),
            asked: Mutex::default(),
            silent: Mutex::default(),
            has_hung_up: AtomicBool::new(false),
        });
        let accepting = inner.clone();
        thread(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.has_hung_up.load(Ordering::SeqCst) {
                    return;
                }
                let inner = accepting.clone();
                thread(move || drop(inner.serve(client)));
            }
        });
        Self { url: format!("http://{own}"), own, inner }
    }

    /// The next requests of `operation`, or by a method of HTTP where operations have no names, meet these.
    pub(crate) fn next(&self, operation: &str, faults: impl IntoIterator<Item = Fault>) {
        self.inner.faults.lock().unwrap().insert(operation.to_owned(), faults.into_iter().collect());
    }

    /// From now on one transaction in `one_in` meets one of `faults`; 0 = none.
    pub(crate) fn often(&self, seed: u64, one_in: u32, faults: Vec<Fault>) {
        let chance = (one_in > 0).then(|| (fastrand::Rng::with_seed(seed), one_in, faults));
        *self.inner.chance.lock().unwrap() = chance;
    }

    /// Hands over what was delayed, and waits until the endpoint has answered it.
    pub(crate) fn deliver(&self) {
        for request in std::mem::take(&mut *self.inner.held.lock().unwrap()) {
            self.inner.forward(&request).unwrap();
        }
    }

    /// Nobody listens any more: connections are refused.
    pub(crate) fn hang_up(&self) {
        self.inner.has_hung_up.store(true, Ordering::SeqCst);
        while TcpStream::connect(self.own).is_ok() {}
    }

    /// How often `operation` was asked since the last time.
    pub(crate) fn asked(&self, operation: &str) -> usize {
        self.inner.asked.lock().unwrap().remove(operation).unwrap_or(0)
    }
}

impl Inner {
    /// One request: each has a connection of its own.
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let (mut head, mut length, mut operation) = (String::new(), 0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if operation.is_empty() {
                // S3 has no names for operations.
                operation = line.split_once(' ').unwrap().0.to_owned();
            }
            if lower.starts_with("x-amz-target:") {
                operation = line.trim().rsplit_once('.').unwrap().1.to_owned();
            }
            if line == "\r\n" {
                break;
            }
            if !lower.starts_with("connection:") {
                head.push_str(&line);
            }
        }
        let mut request = format!("{head}Connection: close\r\n\r\n").into_bytes();
        let start = request.len();
        request.resize(start + length, 0);
        reader.read_exact(&mut request[start..])?;
        *self.asked.lock().unwrap().entry(operation.clone()).or_default() += 1;
        match self.fault(&operation) {
            None => client.write_all(&self.forward(&request)?),
            Some(Fault::Answer) => self.forward(&request).map(drop),
            Some(Fault::Question) => Ok(()),
            Some(Fault::Silence) => {
                self.silent.lock().unwrap().push(client);
                Ok(())
            }
            Some(Fault::Delay) => {
                self.held.lock().unwrap().push(request);
                Ok(())
            }
            Some(Fault::Refused(status, body)) => client.write_all(&answer(status, &body)),
            Some(Fault::DoneAndFailed(status, body)) => {
                self.forward(&request)?;
                client.write_all(&answer(status, &body))
            }
        }
    }

    fn fault(&self, operation: &str) -> Option<Fault> {
        if let Some(faults) = self.faults.lock().unwrap().get_mut(operation)
            && !faults.is_empty()
        {
            return Some(faults.remove(0));
        }
        let mut chance = self.chance.lock().unwrap();
        let (rng, one_in, faults) = chance.as_mut().filter(|_| operation == WRITE)?;
        (rng.u32(0..*one_in) == 0).then(|| faults[rng.usize(0..faults.len())].clone())
    }

    /// What the endpoint answers.
    fn forward(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut server = TcpStream::connect(self.server)?;
        server.set_read_timeout(Some(Duration::from_secs(20)))?;
        server.write_all(request)?;
        let mut answer = vec![];
        server.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn answer(status: u16, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn thread(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().name("wire".to_owned()).spawn(work).unwrap();
}
