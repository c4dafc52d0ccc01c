//! Physical lines of a file, plain or gzipped, with a bound on what one of them may hold.

use std::io::{BufRead, BufReader, Cursor, Read, Result};

use flate2::bufread::MultiGzDecoder;

/// As long as a body of `POST /orders` may be: a longer JSON line would be refused there, and no invoice line is near it.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// One look at the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// A line; its text is in [`Lines::text`].
    Line,
    /// A line over [`MAX_LINE_BYTES`], which was passed over.
    TooLong,
    /// No more lines.
    End,
}

/// Reads line by line.
pub(super) struct Lines {
    reader: Box<dyn BufRead + Send>,
    number: u64,
    text: Vec<u8>,
}

impl Lines {
    /// Unpacks by what the bytes are, not by what the file is called.
    pub(super) fn new(mut file: impl Read + Send + 'static) -> Result<Self> {
        let mut start = Vec::new();
        file.by_ref().take(2).read_to_end(&mut start)?;
        let is_gzip = start == [0x1f, 0x8b];
        let whole = BufReader::with_capacity(64 << 10, Cursor::new(start).chain(file));
        let reader: Box<dyn BufRead + Send> = if is_gzip {
            Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(whole)))
        } else {
            Box::new(whole)
        };
        Ok(Self { reader, number: 0, text: Vec::new() })
    }

    /// Goes to the next line.
    pub(super) fn advance(&mut self) -> Result<Found> {
        self.text.clear();
        let most = u64::try_from(MAX_LINE_BYTES + 1).unwrap_or(u64::MAX);
        if self.reader.by_ref().take(most).read_until(b'\n', &mut self.text)? == 0 {
            return Ok(Found::End);
        }
        self.number += 1;
        if self.text.ends_with(b"\n") {
            self.text.pop();
        } else if self.text.len() > MAX_LINE_BYTES {
            self.text.clear();
            self.reader.skip_until(b'\n')?;
            return Ok(Found::TooLong);
        }
        if self.text.ends_with(b"\r") {
            self.text.pop();
        }
        if self.number == 1 && self.text.starts_with(b"\xef\xbb\xbf") {
            self.text.drain(..3);
        }
        Ok(Found::Line)
    }

    /// The line without its end.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Which line it is, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}
