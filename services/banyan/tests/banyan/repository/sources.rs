//! What is absent from the sources: the invariants of the code that can be seen in its words.

mod rules;

use std::fs;
use std::path::Path;

use rules::RULES;

use super::{crates, root};

/// The longest file, comments not counted. What is longer has two subjects.
const MOST_LINES: usize = 400;

/// A file of the project.
struct Source {
    /// From the root of the repository.
    path: String,
    text: String,
}

/// A thing that is not to be in some files.
struct Rule {
    /// Whether it holds in the file of this path.
    holds_in: fn(&str) -> bool,
    /// Any of these, as whole words.
    words: &'static [&'static str],
    /// Why not.
    why: &'static str,
    /// The files that may, each for a reason of its own.
    except: &'static [&'static str],
    /// A file and a line in which it is to be found.
    example: (&'static str, &'static str),
}

impl Rule {
    fn breaches(&self, source: &Source) -> Vec<String> {
        if !(self.holds_in)(&source.path) {
            return Vec::new();
        }
        let line = |(at, line): (usize, &str)| {
            let word = self.words.iter().find(|word| has_word(line, word))?;
            Some(format!("{}:{}: {word}: {}", source.path, at + 1, self.why))
        };
        source.code().filter_map(line).collect()
    }
}

impl Source {
    fn of(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The lines that are neither comments nor the tests at the end of the file, counted from 0.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("\n#[cfg(test)]\nmod ").unwrap_or(self.text.len());
        let lines = self.text[..tests].lines().enumerate();
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn length(&self) -> usize {
        self.text.lines().filter(|line| !line.trim_start().starts_with("//")).count()
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let glued = |edge: Option<char>, neighbour: Option<char>| {
            edge.is_some_and(part_of_word) && neighbour.is_some_and(part_of_word)
        };
        !glued(word.chars().next(), before) && !glued(word.chars().next_back(), after)
    })
}

/// The list of rules, which names everything that is banned.
const LIST: &str = "services/banyan/tests/banyan/repository/sources/rules.rs";

/// Every Rust file of our crates, but for [`LIST`].
fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in crates() {
        collect(&root().join(folder), &mut found);
    }
    let all = found.len();
    found.retain(|source| source.path != LIST);
    assert!(found.len() > 100 && found.len() == all - 1, "{} files of {all}", found.len());
    found
}

/// The Rust files of one crate: path and text.
pub(super) fn sources_in(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.into_iter().map(|source| (source.path, source.text)).collect()
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

#[test]
fn no_file_has_what_is_to_be_absent_from_it() {
    let sources = sources();
    let mut breaches = Vec::new();
    for rule in RULES {
        let judged = sources.iter().filter(|source| !rule.except.contains(&source.path.as_str()));
        breaches.extend(judged.flat_map(|source| rule.breaches(source)));
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_rule_finds_its_example() {
    for rule in RULES {
        let (path, line) = rule.example;
        assert_eq!(rule.breaches(&Source::of(path, line)).len(), 1, "{}: {line}", rule.why);
        assert!(rule.breaches(&Source::of(path, &format!("    // {line}"))).is_empty(), "a comment may");
    }
}

#[test]
fn every_exception_is_still_needed() {
    let sources = sources();
    for rule in RULES {
        for path in rule.except {
            let source = sources.iter().find(|source| source.path == *path);
            let source = source.unwrap_or_else(|| panic!("{path} is an exception and not there"));
            assert!(!rule.breaches(source).is_empty(), "{path} needs no exception: {}", rule.why);
        }
    }
}

#[test]
fn no_file_is_longer_than_one_subject() {
    let long = |source: &Source| source.length() > MOST_LINES;
    assert!(long(&Source::of("x.rs", &"let x = 1;\n".repeat(MOST_LINES + 1))));
    assert!(!long(&Source::of("x.rs", &"// why\n".repeat(MOST_LINES + 1))));
    let found: Vec<String> = sources()
        .iter()
        .filter(|source| long(source))
        .map(|source| format!("{}: {} lines", source.path, source.length()))
        .collect();
    assert!(found.is_empty(), "split by subject what has over {MOST_LINES} lines: {found:#?}");
}

#[test]
fn files_have_names_that_say_something() {
    let vague = ["mod", "utils", "common", "helpers", "misc", "manager", "processor", "base", "impl"];
    let parts =
        |source: &Source| source.path.replace(".rs", "").split('/').map(str::to_owned).collect::<Vec<_>>();
    let is_vague = |source: &Source| parts(source).iter().any(|part| vague.contains(&part.as_str()));
    assert!(is_vague(&Source::of("shared/bus/src/sim/mod.rs", "")));
    let found: Vec<String> = sources().into_iter().filter(is_vague).map(|source| source.path).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_select_of_the_runtime_is_in_a_fixed_order() {
    // Otherwise two runs of one seed of the simulator differ.
    let starts = |path: &str| path.starts_with("shared/runtime/") || path.starts_with("shared/testkit/");
    let mut seen = 0;
    for source in sources().iter().filter(|source| starts(&source.path)) {
        let lines: Vec<&str> = source.code().map(|(_, line)| line.trim()).collect();
        for pair in lines.windows(2).filter(|pair| pair[0].contains("select! {")) {
            assert_eq!(pair[1], "biased;", "{}", source.path);
            seen += 1;
        }
    }
    assert!(seen > 0, "no select! is seen");
}
