//! Just enough of HTTP/1.1 to pass requests of the SDK on and to look into them.

use tokio::io::{AsyncRead, AsyncReadExt};

/// A request or an answer.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    /// Everything before the empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Packet {
    /// The next one of a connection; none when it ends.
    pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin), rest: &mut Vec<u8>) -> Option<Self> {
        let end = loop {
            if let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            more(from, rest).await?;
        };
        let head = String::from_utf8_lossy(&rest[..end]).into_owned();
        let mut packet = Self { head, body: vec![] };
        let length = packet.header("content-length").map_or(0, |text| text.parse().unwrap());
        while rest.len() < end + 4 + length {
            more(from, rest).await?;
        }
        packet.body = rest[end + 4..end + 4 + length].to_vec();
        rest.drain(..end + 4 + length);
        Some(packet)
    }

    /// An answer of the endpoint's kind.
    pub(crate) fn answer(status: u16, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: 0"
        );
        let mut packet = Self { head, body: vec![] };
        packet.set_body(body.as_bytes().to_vec());
        packet
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn set_body(&mut self, body: Vec<u8>) {
        let lines =
            self.head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
        let kept: Vec<&str> = lines.collect();
        self.head = format!("{}\r\ncontent-length: {}", kept.join("\r\n"), body.len());
        self.body = body;
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n\r\n", &self.body].concat()
    }

    /// What the request wants done: `SendMessageBatch`, `PublishBatch`.
    pub(crate) fn action(&self) -> String {
        if let Some(target) = self.header("x-amz-target") {
            return target.rsplit('.').next().unwrap().to_owned();
        }
        let body = String::from_utf8_lossy(&self.body);
        body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned()
    }
}

async fn more(from: &mut (impl AsyncRead + Unpin), rest: &mut Vec<u8>) -> Option<()> {
    matches!(from.read_buf(rest).await, Ok(n) if n > 0).then_some(())
}
