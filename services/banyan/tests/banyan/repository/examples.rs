//! Examples in the documentation: they are compiled and run, or there are none.

use toml::{Table, Value};

use super::sources::sources_in;
use super::{crates, read, root};

/// The first line of a code block that `cargo test --doc` would run.
fn example(documentation: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    let mut is_open = false;
    for line in documentation {
        let Some(language) = line.as_ref().trim_start().strip_prefix("```") else { continue };
        is_open = !is_open;
        let words: Vec<&str> = language.trim().split(',').map(str::trim).collect();
        let is_other =
            |word: &str| ["sh", "text", "toml", "json", "sql", "graphql", "mermaid"].contains(&word);
        if is_open && !words.iter().any(|word| is_other(word)) {
            return Some(line.as_ref().to_owned());
        }
    }
    None
}

/// What is said in a source about what comes after it.
fn documentation(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .map(str::trim_start)
        .filter_map(|line| line.strip_prefix("///").or_else(|| line.strip_prefix("//!")))
}

fn runs_examples(folder: &str) -> bool {
    let manifest: Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
    manifest.get("lib").and_then(|lib| lib.get("doctest")) != Some(&Value::Boolean(false))
}

#[test]
fn a_crate_whose_examples_are_not_run_has_none() {
    let (run, not_run): (Vec<String>, Vec<String>) = crates().into_iter().partition(|it| runs_examples(it));
    assert!(!run.is_empty() && !not_run.is_empty(), "{run:?} {not_run:?}");
    for folder in not_run {
        for (path, text) in sources_in(&folder) {
            let found = example(documentation(&text));
            assert_eq!(found, None, "{path} has an example; {folder}/Cargo.toml says doctest = false");
        }
        let readme = format!("{folder}/README.md");
        if root().join(&readme).exists() {
            assert_eq!(example(read(&readme).lines()), None, "{readme}: say in which language it is");
        }
    }
}

#[test]
fn an_example_would_be_seen() {
    let source = "/// Adds.\n///\n/// ```text\n/// 1\n/// ```\n///\n/// ```\n/// assert_eq!(add(1, 1), 2);\n/// ```\nfn add() {}";
    assert_eq!(example(documentation(source)).as_deref(), Some(" ```"));
    assert_eq!(
        example("```sh\nls\n```\n```rust,no_run\nls()\n```".lines()).as_deref(),
        Some("```rust,no_run")
    );
    assert_eq!(example("```sh\nls\n```".lines()), None);
}
