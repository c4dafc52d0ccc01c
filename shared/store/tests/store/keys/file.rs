//! Keys of a file.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use store::conformance::keys::Subject;
use store::keys::{KeyFile, OpenError};
use store::{Boxed, Keys};
use tempfile::TempDir;

use super::{pass_all, run};

#[derive(Default)]
struct Files(Mutex<Option<TempDir>>);

impl Files {
    fn open(&self) -> Boxed<'_, Arc<dyn Keys>> {
        let keys = KeyFile::open_or_make(&path(self.0.lock().unwrap().as_ref().unwrap())).unwrap();
        Box::pin(std::future::ready(Arc::new(keys) as Arc<dyn Keys>))
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("deep").join("banyan.key")
}

impl Subject for Files {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Keys>> {
        *self.0.lock().unwrap() = Some(TempDir::new().unwrap());
        self.open()
    }

    fn reopen(&self) -> Boxed<'_, Arc<dyn Keys>> {
        self.open()
    }
}

#[test]
fn keys_of_a_file_pass_every_case() {
    let skipped = pass_all(&Files::default());
    assert_eq!(
        skipped,
        [
            "skipped: an_outage_says_so_and_loses_nothing (no hook Down(true))",
            "skipped: a_disabled_key_is_an_outage_until_it_is_enabled (no hook Disabled(true))",
        ]
    );
}

#[test]
fn a_new_key_above_the_old_ones_seals_and_all_of_them_open() {
    let folder = TempDir::new().unwrap();
    let (old_path, new_path) = (folder.path().join("old"), folder.path().join("new"));
    let old = run(KeyFile::open_or_make(&old_path).unwrap().make()).unwrap();
    let newer = run(KeyFile::open_or_make(&new_path).unwrap().make()).unwrap();
    let both = fs::read_to_string(&new_path).unwrap() + &fs::read_to_string(&old_path).unwrap();
    fs::write(&new_path, both).unwrap();
    let keys = KeyFile::open_or_make(&new_path).unwrap();
    for key in [&old, &newer] {
        assert_eq!(run(keys.unwrap(key.wrapped.clone())).unwrap().as_ref(), Some(&key.secret));
    }
    let made = run(keys.make()).unwrap();
    assert_eq!(run(KeyFile::open_or_make(&old_path).unwrap().unwrap(made.wrapped)).unwrap(), None);
}

#[test]
fn processes_that_start_at_once_have_one_key() {
    let folder = TempDir::new().unwrap();
    let path = path(&folder);
    let open = || {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| KeyFile::open_or_make(&path).unwrap())).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let all = open();
    let key = run(all[0].make()).unwrap();
    for keys in all {
        assert_eq!(run(keys.unwrap(key.wrapped.clone())).unwrap(), Some(key.secret.clone()));
    }
    let left: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(left, ["banyan.key"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let path = path(&folder);
    drop(KeyFile::open_or_make(&path).unwrap());
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let error = KeyFile::open_or_make(&path).unwrap_err();
    assert!(matches!(error, OpenError::Open { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("run: chmod 600 {}", path.display())), "{error}");
}

#[test]
fn a_missing_file_is_made_only_where_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let path = path(&folder);
    let error = KeyFile::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("(printf banyan-key-1:; openssl rand -hex 32) > ") && !path.exists(), "{told}");
    drop(KeyFile::open_or_make(&path).unwrap());
    drop(KeyFile::open(&path).unwrap());
}

#[test]
fn what_is_no_key_file_says_which_line() {
    let folder = TempDir::new().unwrap();
    let key = format!("banyan-key-1:{}", "0f".repeat(32));
    let many = format!("{key}\n").repeat(17);
    for (text, line) in [
        ("", 1),
        ("# nothing but words\n", 1),
        ("banyan-key-1:0f\n", 1),
        (many.as_str(), 17),
        (&format!("# fine\n{key}\nsecret"), 3),
        (&format!("{key}é"), 1),
    ] {
        let path = folder.path().join("key");
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let error = KeyFile::open_or_make(&path).unwrap_err();
        assert!(
            matches!(&error, OpenError::Malformed { line: at, .. } if *at == line),
            "{text:?}: {error:?}"
        );
        assert!(!error.to_string().contains("0f0f"), "{error}");
    }
}
