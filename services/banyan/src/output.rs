//! The one place that prints. What a program reads goes to standard output, what a person watches to standard error.

use std::io::{IsTerminal, Write};

use serde::Serialize;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::client;

/// How a command answers.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// For programs.
    pub json: bool,
}

impl Output {
    /// A line of the answer. `false`: nobody reads any more.
    pub fn line(self, text: impl AsRef<str>) -> bool {
        writeln!(std::io::stdout().lock(), "{}", text.as_ref()).is_ok()
    }

    /// The answer: one JSON line, or what `text` makes of it. `false`: nobody reads any more.
    pub fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) -> bool {
        if self.json {
            self.line(serde_json::to_string(value).unwrap_or_default())
        } else {
            self.line(text(value))
        }
    }

    /// A remark for whoever watches; silent for programs.
    pub fn note(self, text: impl AsRef<str>) {
        if !self.json {
            self.warn(text);
        }
    }

    /// A remark that nobody may miss.
    pub fn warn(self, text: impl AsRef<str>) {
        let mut stderr = std::io::stderr().lock();
        let erase = if self.is_watched() { "\r\x1b[2K" } else { "" };
        writeln!(stderr, "{erase}{}", text.as_ref()).ok();
    }

    /// Progress that overwrites itself; only where somebody watches.
    pub fn progress(self, text: impl AsRef<str>) {
        if self.is_watched() {
            let mut stderr = std::io::stderr().lock();
            // No wrapping meanwhile: a line that is wider than the terminal would stay behind in part.
            write!(stderr, "\r\x1b[2K\x1b[?7l{}\x1b[?7h", text.as_ref()).ok();
            stderr.flush().ok();
        }
    }

    /// Ends a line of progress.
    pub fn progress_done(self) {
        self.progress("");
    }

    /// Whether somebody sees a line that overwrites itself.
    #[must_use]
    pub fn is_watched(self) -> bool {
        !self.json && std::io::stderr().is_terminal()
    }
}

/// An error in one line, with what lies beneath, and what to do.
pub fn error(error: &anyhow::Error, json: bool) {
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    let text = chain.join(": ").replace('\n', " ");
    let mut stderr = std::io::stderr().lock();
    if !json {
        writeln!(stderr, "banyan: {text}").ok();
        return;
    }
    let mut value = json!({ "error": text });
    if let Some(client::Error::Refused(problem)) = error.downcast_ref() {
        value["problem"] = json!(problem);
    }
    writeln!(stderr, "{value}").ok();
}

/// Sends logs to standard error, as far as `filter` lets them.
///
/// # Errors
/// What is wrong with the filter.
pub fn log_to_stderr(filter: &str) -> Result<(), String> {
    // These log, as an error, whatever a broker says no to, a message that it returned with all that is in it, and at length,
    // that this machine is none of Amazon's; who asked tells that better.
    let quiet = |module: &str, part: &str| match filter.contains(module) {
        true => String::new(),
        false => format!(",{module}::{part}=off"),
    };
    let quiet = [quiet("lapin", "channel"), quiet("lapin", "returned_messages"), quiet("aws_config", "imds")]
        .concat();
    let parsed = EnvFilter::try_new(format!("{filter}{quiet}")).map_err(|error| {
        format!("log must be off, error, warn, info, debug or a tracing filter, got {filter:?}: {error}")
    })?;
    // Already set by whoever embeds this: theirs stays.
    tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init()
        .ok();
    Ok(())
}

/// Columns of the terminal that the answer goes to; `None` when it goes elsewhere, where nothing has to fit.
#[must_use]
pub fn width() -> Option<usize> {
    let is_seen = std::io::stdout().is_terminal();
    is_seen.then(terminal_size::terminal_size).flatten().map(|(width, _)| usize::from(width.0))
}

/// A line that fits into `width`; what was left out is told by an ellipsis.
#[must_use]
pub fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let kept: String = line.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// Columns of text, each as wide as its widest cell.
#[must_use]
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|r| r.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect();
        assert_eq!(table(&[row(&["a", "bcd", ""]), row(&["äöü", "e"])]), "a    bcd\näöü  e");
    }
}
