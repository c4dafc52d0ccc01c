//! Schema files as they were at a commit, read with `git`.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::files::{MAX_FILE_BYTES, MAX_FILES, Text};

/// The most that one call of git may answer, in bytes.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// Where to ask git: a folder in the repository, and the path from there to the contracts.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// Where git runs.
    pub folder: &'a Path,
    /// `contracts`, seen from there.
    pub contracts: &'a str,
}

/// The files below one of `folders` of the contracts at `reference`: the first of them that has any.
///
/// # Errors
/// There is no git, no repository, no such commit, or it has no contracts.
pub fn files(at: At<'_>, reference: &str, folders: &[&str]) -> Result<Vec<Text>> {
    if reference.is_empty() || reference.starts_with('-') {
        bail!("{reference:?} is not a commit, branch or tag");
    }
    let commit = format!("{reference}^{{commit}}");
    let known = ask(at.folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit], b"")
        .with_context(|| format!("there is no commit {reference:?} here: fetch it, or name a folder"))?;
    let commit = String::from_utf8_lossy(&known).trim().to_owned();
    for folder in folders {
        let below = format!("{}/{folder}/", at.contracts);
        let listed = ask(at.folder, &["ls-tree", "-r", "-z", &commit, "--", &below], b"")?;
        let entries = entries(&listed, &below)?;
        if !entries.is_empty() {
            return read(at, reference, &entries);
        }
    }
    bail!("{reference} has no contracts in {}/{{{}}}", at.contracts, folders.join(","))
}

/// A file in a commit.
struct Entry {
    id: String,
    whole: String,
    path: String,
}

/// Reads `100644 blob <id>\t<path>`, each ended by a zero byte.
fn entries(listed: &[u8], below: &str) -> Result<Vec<Entry>> {
    let text = std::str::from_utf8(listed).context("a path in the commit is not UTF-8")?;
    let entry = |line: &str| {
        let (kind, whole) = line.split_once('\t')?;
        let id = kind.split(' ').nth(2)?.to_owned();
        let path = whole.strip_prefix(below)?.to_owned();
        (path.ends_with(".json")).then(|| Entry { id, whole: whole.to_owned(), path })
    };
    let found: Vec<Entry> = text.split('\0').filter_map(entry).collect();
    if found.len() > MAX_FILES {
        bail!("{below} has more than {MAX_FILES} schema files");
    }
    Ok(found)
}

/// All files with one call, since a process for each would take seconds.
fn read(at: At<'_>, reference: &str, entries: &[Entry]) -> Result<Vec<Text>> {
    let ids: String = entries.iter().map(|entry| format!("{}\n", entry.id)).collect();
    let answer = ask(at.folder, &["cat-file", "--batch"], ids.as_bytes())?;
    let mut rest = &answer[..];
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries {
        let (text, after) = blob(rest).with_context(|| format!("git has no text of {}", entry.whole))?;
        let shown = format!("{reference}:{}", entry.whole);
        found.push(Text { shown, path: entry.path.clone(), text: text.to_owned() });
        rest = after;
    }
    Ok(found)
}

/// `<id> blob <size>\n<bytes>\n`, and what follows it.
fn blob(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.iter().position(|byte| *byte == b'\n')?;
    let size: u64 = std::str::from_utf8(&answer[..end]).ok()?.rsplit(' ').next()?.parse().ok()?;
    let size = usize::try_from(size).ok().filter(|_| size <= MAX_FILE_BYTES)?;
    let rest = &answer[end + 1..];
    Some((std::str::from_utf8(rest.get(..size)?).ok()?, rest.get(size + 1..)?))
}

/// Runs git once. `input` must fit into what git reads before it answers: ids of [`MAX_FILES`] do not, so it is
/// written by a thread.
fn ask(folder: &Path, args: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("git cannot be started; install it, or name a folder instead of git:...")?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let mut answer = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let writer =
            std::thread::Builder::new().name("git-stdin".to_owned()).spawn_scoped(scope, move || {
                // Git that ends early says why itself.
                stdin.map(|mut stdin| stdin.write_all(input).ok())
            })?;
        if let Some(stdout) = stdout {
            stdout.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).context("git's answer cannot be read")?;
        }
        writer.join().ok();
        Ok(())
    })?;
    let ended = child.wait_with_output().context("git did not end")?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let said = said.lines().next().map(|line| format!(": {line}")).unwrap_or_default();
        bail!("git {} failed{said}", args[0]);
    }
    Ok(answer)
}
