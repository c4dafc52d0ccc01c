//! A provider's ledger that cannot be read: whoever starts is told at once, and told what to do.

use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use crate::shop::{Dev, PATIENCE, banyan, block_on, folder, order};

/// What is done to a sound ledger.
type Damage<'d> = &'d dyn Fn(&Path);

/// Runs `dev` on `data` and answers what it says when it does not start.
fn refusal(data: &Path) -> String {
    // Should it start after all, the end of its input ends it.
    let output = banyan(data).args(["dev", "--with-parent"]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.stdout.is_empty(), "it said that it was ready");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    said["error"].as_str().unwrap().to_owned()
}

/// Waits until nobody uses the database any more, and leaves all of it in one file.
fn in_one_file(database: &Path) {
    let database = Connection::open(database).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
}

#[test]
fn a_damaged_ledger_ends_dev_with_one_line_that_helps() {
    let folder = folder();
    let sound = folder.path().join("sound");
    let dev = Dev::start(&sound);
    block_on(async {
        let shop = dev.shop();
        shop.receive("85123A", 10).await;
        for key in ["1", "2"] {
            assert_eq!(shop.place(key, &order("c-1", "85123A", 1)).await.unwrap().status, 201);
        }
        shop.is_sound().await;
    });
    assert!(dev.stop());
    let ledger = sound.join("peers").join("provider.db");
    in_one_file(&ledger);
    let in_ledger = |file: &Path, sql: &str| Connection::open(file).unwrap().execute_batch(sql).unwrap();
    let damages: [(&str, Damage<'_>); 4] = [
        ("no database", &|file| std::fs::write(file, "not a ledger at all ".repeat(400)).unwrap()),
        ("no entry", &|file| in_ledger(file, "UPDATE journal SET entry = '{}' WHERE seq = 2")),
        ("cut", &|file| in_ledger(file, "UPDATE journal SET entry = substr(entry, 1, 20)")),
        ("a gap", &|file| in_ledger(file, "DELETE FROM journal WHERE seq = 1")),
    ];
    for (name, damage) in damages {
        let data = folder.path().join("damaged");
        std::fs::create_dir_all(data.join("peers")).unwrap();
        let file = data.join("peers").join("provider.db");
        std::fs::copy(&ledger, &file).unwrap();
        damage(&file);
        let said = refusal(&data);
        for part in [file.to_str().unwrap(), "damaged", "empty directory"] {
            assert!(said.contains(part), "{name}: no {part:?} in {said}");
        }
        std::fs::remove_dir_all(&data).unwrap();
    }
}
