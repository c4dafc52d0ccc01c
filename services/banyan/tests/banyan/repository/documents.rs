//! What the documents say of the repository is there: links, paths, commands.

use std::path::{Path, PathBuf};

use banyan::cli::Cli;
use clap::Parser;

use super::{crates, read, root};

/// Folders of the root that a path in a document may begin with.
const TOP: [&str; 7] = ["contracts/", "shared/", "services/", "docs/", "lints/", "scripts/", "localstack/"];

/// Every document that somebody reads, by its path from the root.
fn documents() -> Vec<String> {
    let mut found: Vec<String> = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/contracts.md",
        "docs/backends.md",
        "localstack/README.md",
    ]
    .map(str::to_owned)
    .to_vec();
    for entry in std::fs::read_dir(root().join("docs/decisions")).unwrap() {
        found.push(format!("docs/decisions/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    let readmes = crates().into_iter().map(|folder| format!("{folder}/README.md"));
    found.extend(readmes.filter(|readme| root().join(readme).exists()));
    found
}

/// The targets of relative links.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths =
        targets.filter(|target| !target.contains("://")).map(|target| target.split('#').next().unwrap());
    paths.filter(|path| !path.is_empty()).collect()
}

/// What stands between single backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|part| part.split('`').skip(1).step_by(2))
}

/// The lines of shell examples, without comments.
fn shell(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks
        .flat_map(str::lines)
        .map(|line| line.split(" #").next().unwrap().trim())
        .filter(|line| !line.is_empty())
}

/// Everything in `text` that is typed into a shell: examples, and what is quoted and looks like one.
fn commands(text: &str) -> Vec<&str> {
    let looks_so = |quoted: &&str| {
        ["banyan ", "make ", "cargo run "].iter().any(|start| quoted.starts_with(start))
            && !quoted.contains('\n')
    };
    shell(text).chain(quoted(text).filter(looks_so)).collect()
}

/// Why a command cannot be typed as it stands.
fn wrong(command: &str, makefile: &str) -> Option<String> {
    let arguments = match command.split_once(' ')? {
        ("make", target) => {
            let known = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
            return (!known).then(|| format!("no target {target}"));
        }
        ("banyan", arguments) => arguments,
        ("cargo", run) if run.starts_with("run ") && !run.contains("--bin") => run.split_once(" -- ")?.1,
        _ => return None,
    };
    let words = std::iter::once("banyan").chain(arguments.split_whitespace());
    match Cli::try_parse_from(words) {
        Ok(_) => None,
        // `banyan order` alone is spoken of, and shows its help.
        Err(error)
            if !error.use_stderr()
                || error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
        {
            None
        }
        Err(error) if is_spoken_of(arguments, &error) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// A command that is named in a sentence, without its arguments.
fn is_spoken_of(arguments: &str, error: &clap::Error) -> bool {
    error.kind() == clap::error::ErrorKind::MissingRequiredArgument && !arguments.contains("--")
}

fn exists(document: &str, path: &str) -> bool {
    let folder: PathBuf = Path::new(document).parent().unwrap().into();
    root().join(folder).join(path).exists()
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        for link in links(&text) {
            assert!(exists(&document, link), "{document}: {link}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} links");
}

#[test]
fn every_file_that_is_named_is_there() {
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        for path in quoted(&text).filter(|quoted| TOP.iter().any(|top| quoted.starts_with(top))) {
            if path.contains(['<', '*', ' ', '{']) {
                continue;
            }
            // In the README of a crate a path may begin at the crate.
            assert!(root().join(path).exists() || exists(&document, path), "{document}: {path}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} paths");
}

#[test]
fn every_command_can_be_typed() {
    let makefile = read("Makefile");
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        for command in commands(&text) {
            if let Some(why) = wrong(command, &makefile) {
                panic!("{document}: {command}: {why}");
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands");
}

#[test]
fn a_command_that_is_not_there_would_be_seen() {
    let makefile = "test: unit\n";
    for command in [
        "make tset",
        "banyan nonsense",
        "banyan order place --custmer c-1",
        "banyan order place --customer c-1 --line 85123A",
        "cargo run --release -- demo --orders none",
    ] {
        assert!(wrong(command, makefile).is_some(), "{command}");
    }
    for command in ["make test", "banyan order timeline", "banyan demo --orders 5", "git status"] {
        assert_eq!(wrong(command, makefile), None, "{command}");
    }
    assert_eq!(commands("a\n```sh\nmake test # all\n```\nb `banyan dev` c"), ["make test", "banyan dev"]);
    assert_eq!(links("[a](b.md#c) [d](https://e) [f](#g)"), ["b.md"]);
}
