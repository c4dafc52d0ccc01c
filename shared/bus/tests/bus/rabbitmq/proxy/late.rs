//! A message that reaches the broker after its publisher has given it up.

use std::sync::Mutex;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{frame, method};

/// What was delayed, and where it goes.
#[derive(Default)]
pub(super) struct Late(Mutex<Vec<(Vec<u8>, TcpStream)>>);

impl Late {
    pub(super) fn keep(&self, frames: Vec<u8>, broker: TcpStream) {
        self.0.lock().unwrap().push((frames, broker));
    }

    /// Hands it over, and waits for the broker's confirm.
    pub(super) async fn deliver(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap());
        for (frames, mut broker) in all {
            broker.write_all(&frames).await.unwrap();
            let mut answer = vec![];
            loop {
                let Some(length) = frame(&answer, false) else {
                    assert_ne!(broker.read_buf(&mut answer).await.unwrap(), 0, "the broker hung up");
                    continue;
                };
                if method(&answer[..length]) == Some((60, 80)) {
                    break;
                }
                answer.drain(..length);
            }
        }
    }
}

/// One message as a whole, of which the first bytes are there: the method, the header that says how long the body is, and
/// the body.
pub(super) async fn whole(mut bytes: Vec<u8>, mut from: impl AsyncRead + Unpin) -> Vec<u8> {
    loop {
        if let Some(length) = message(&bytes) {
            bytes.truncate(length);
            return bytes;
        }
        if matches!(from.read_buf(&mut bytes).await, Ok(0) | Err(_)) {
            panic!("the publisher went away in the middle of a message");
        }
    }
}

/// How long the message at the beginning is, once all of it is there.
fn message(bytes: &[u8]) -> Option<usize> {
    let mut length = frame(bytes, false)?;
    let header = &bytes[length..];
    let header_length = frame(header, false)?;
    // Frame type, channel and size; then class, weight, and how many bytes the body has.
    let size: [u8; 8] = header.get(11..19)?.try_into().unwrap();
    let mut left = usize::try_from(u64::from_be_bytes(size)).unwrap();
    length += header_length;
    while left > 0 {
        let body = frame(&bytes[length..], false)?;
        left -= body - 8;
        length += body;
    }
    Some(length)
}
