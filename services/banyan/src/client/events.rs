//! Following events: server-sent events (WHATWG HTML, 9.2) with one CloudEvent each.

use futures_util::future::select_all;
use reqwest::Response;

use super::{Client, Error, with_query};

/// Longer than any event, which is 256 KiB at most.
const MAX_EVENT_BYTES: usize = 4 << 20;

/// What a follower hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A CloudEvent as JSON.
    Event(String),
    /// This many events were left out, because this follower was too slow.
    Missed(u64),
}

/// Hears every event from the moment it began to follow.
#[derive(Debug)]
pub struct Follower {
    streams: Vec<Stream>,
}

/// What one process tells.
#[derive(Debug)]
struct Stream {
    response: Response,
    frames: Frames,
}

impl Client {
    /// Begins to follow everything.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn follow(&self) -> Result<Follower, Error> {
        self.follow_types("").await
    }

    /// Begins to follow types that begin with one of `types`, separated by commas; an empty one follows all.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn follow_types(&self, types: &str) -> Result<Follower, Error> {
        let types = if types.is_empty() { None } else { Some(types) };
        let path = with_query("/events", &[("follow", Some("1")), ("type", types)]);
        let of = |response| Stream { response, frames: Frames::default() };
        Ok(Follower { streams: self.streams(&path).await?.into_iter().map(of).collect() })
    }
}

impl Follower {
    /// What comes next; `None` when another side ends its stream. May be dropped while it waits, and loses nothing.
    ///
    /// # Errors
    /// [`Error::Lost`], or [`Error::Nonsense`] when it is no stream of events.
    pub async fn next(&mut self) -> Result<Option<Heard>, Error> {
        loop {
            if let Some(heard) = self.streams.iter_mut().find_map(|stream| stream.frames.next()) {
                return Ok(Some(heard));
            }
            if self.streams.iter().any(|stream| stream.frames.buffer.len() > MAX_EVENT_BYTES) {
                return Err(Error::Nonsense("an event without end".to_owned()));
            }
            let chunks = self.streams.iter_mut().map(|stream| Box::pin(stream.response.chunk()));
            let (chunk, at, _) = select_all(chunks).await;
            match chunk.map_err(Error::Lost)? {
                Some(chunk) => self.streams[at].frames.buffer.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// Bytes that became lines, and lines that became events.
#[derive(Debug, Default)]
struct Frames {
    buffer: Vec<u8>,
    /// So much of the buffer was looked at.
    seen: usize,
    data: String,
    event: String,
}

impl Frames {
    /// The next whole event in the buffer.
    fn next(&mut self) -> Option<Heard> {
        while let Some(length) = self.buffer[self.seen..].iter().position(|&byte| byte == b'\n') {
            let line = String::from_utf8_lossy(&self.buffer[self.seen..self.seen + length]).into_owned();
            self.seen += length + 1;
            if let Some(heard) = self.take(line.trim_end_matches('\r')) {
                self.forget();
                return Some(heard);
            }
        }
        self.forget();
        None
    }

    /// Only now and then: moving the rest of a large buffer for every event would be quadratic.
    fn forget(&mut self) {
        if self.seen == self.buffer.len() || self.seen > MAX_EVENT_BYTES / 8 {
            self.buffer.drain(..self.seen);
            self.seen = 0;
        }
    }

    fn take(&mut self, line: &str) -> Option<Heard> {
        if line.is_empty() {
            let (data, event) = (std::mem::take(&mut self.data), std::mem::take(&mut self.event));
            return match event.as_str() {
                _ if data.is_empty() => None,
                "missed" => Some(Heard::Missed(data.parse().unwrap_or(1))),
                _ => Some(Heard::Event(data)),
            };
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if self.data.is_empty() => self.data.push_str(value),
            "data" => {
                self.data.push('\n');
                self.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event),
            // Comments keep the connection alive; nothing of ours has an id or a pause.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_however_they_are_cut() {
        let stream =
            ": hello\n\ndata: {\"a\":1}\n\nevent: missed\r\ndata: 7\r\n\r\ndata: 1\ndata: 2\n\ndata: half";
        let whole = [Heard::Event("{\"a\":1}".into()), Heard::Missed(7), Heard::Event("1\n2".into())];
        for cut in 1..stream.len() {
            let mut frames = Frames::default();
            let mut heard = Vec::new();
            for piece in stream.as_bytes().chunks(cut) {
                frames.buffer.extend_from_slice(piece);
                heard.extend(std::iter::from_fn(|| frames.next()));
            }
            assert_eq!(heard, whole, "cut into pieces of {cut}");
        }
    }
}
