//! Every template in every language, with the frozen examples, against golden letters.
//!
//! A letter that differs is written to the folder that the failure names: look at it, and copy it to `tests/letters`
//! when it is right.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use notification::simulated::Letter;

use crate::support::{Desk, OPERATOR, frozen, is_alarm, milestones, order_with, told_to_customers};

/// The languages that letters are compared in: each that there are templates in, and one that only writes its numbers
/// in a way of its own.
const LOCALES: [&str; 4] = ["en-GB", "de-DE", "de-AT", "fr-FR"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters")
}

/// A letter as a person reads it, with the blanks that no line is broken at made visible.
fn seen(letter: &Letter) -> String {
    let seen = format!("{}\n=====\n{}=====\n{}", letter.subject, letter.text, letter.html);
    seen.replace('\u{a0}', "<nbsp>").replace('\u{202f}', "<nnbsp>")
}

/// The letters of a customer with `locale`, by the name of their event.
fn letters(locale: &str) -> Vec<(String, Letter)> {
    let desk = Desk::new();
    let mut named = Vec::new();
    desk.tell_of(&order_with("/data/customer/locale", locale));
    named.push("order.placed".to_owned());
    for name in told_to_customers().into_iter().filter(|name| *name != "order.placed") {
        desk.tell_of(&frozen(name));
        named.push(name.to_owned());
    }
    named.into_iter().zip(desk.office.letters()).collect()
}

#[test]
fn every_letter_reads_as_it_should() {
    let mut wrong = Vec::new();
    let mut files = BTreeSet::new();
    let mut compare = |locale: &str, name: &str, letter: &Letter| {
        let file = format!("{locale}/{}.golden", name.replace('.', "-"));
        let expected = std::fs::read_to_string(golden().join(&file)).unwrap_or_default();
        if expected != seen(letter) {
            let actual = Path::new(env!("CARGO_TARGET_TMPDIR")).join("letters").join(&file);
            std::fs::create_dir_all(actual.parent().unwrap()).unwrap();
            std::fs::write(&actual, seen(letter)).unwrap();
            wrong.push(format!("{file} is not {}", actual.display()));
        }
        files.insert(file);
    };
    for locale in LOCALES {
        let letters = letters(locale);
        assert_eq!(letters.len(), told_to_customers().len(), "{locale}");
        for (name, letter) in letters {
            compare(locale, &name, &letter);
        }
    }
    for (name, letter) in alarms() {
        compare("operator", name, &letter);
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(golden_files(), files, "a golden letter that nobody writes any more");
}

fn alarms() -> Vec<(&'static str, Letter)> {
    let desk = Desk::new();
    let names: Vec<&str> = milestones().into_iter().filter(|name| is_alarm(name)).collect();
    names.iter().for_each(|name| desk.tell_of(&frozen(name)));
    let letters = desk.office.letters();
    assert!(letters.iter().all(|letter| letter.to.expose() == OPERATOR));
    names.into_iter().zip(letters).collect()
}

fn golden_files() -> BTreeSet<String> {
    let folders = std::fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    paths.map(|path| path.strip_prefix(golden()).unwrap().to_str().unwrap().replace('\\', "/")).collect()
}
