//! The audit finds what is wrong: each corruption is planted in a copy of a sound directory.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use crate::shop::{Dev, banyan, block_on, folder, order, until};

/// What is broken, by which statement on which file, and what the audit says about it.
struct Plant {
    name: &'static str,
    file: &'static str,
    sql: String,
    says: &'static str,
}

const SERVICES: &str = "banyan.db";
const PROVIDER: &str = "peers/provider.db";

fn plant(name: &'static str, sql: impl Into<String>, says: &'static str) -> Plant {
    Plant { name, file: SERVICES, sql: sql.into(), says }
}

/// Sets a value inside of the bodies of a collection.
fn set(collection: &str, path: &str, value: &str, condition: &str) -> String {
    format!(
        "UPDATE item SET body = CAST(json_set(CAST(body AS TEXT), '{path}', {value}) AS BLOB)
         WHERE collection = '{collection}' AND {condition}"
    )
}

fn of_stock() -> Vec<Plant> {
    let stock = |path: &str, value: &str| set("inventory.stock", path, value, "id LIKE '85123A@%'");
    let kind = |kind| format!("instr(CAST(body AS TEXT), '\"{kind}\"')");
    let delete = |collection: &str, condition: &str| {
        format!("DELETE FROM item WHERE collection = '{collection}' AND {condition}")
    };
    vec![
        plant("a counter's pieces on hand are off by one", stock("$.on_hand", "101"), "on_hand is 101, but"),
        plant("a counter's reserved pieces are off", stock("$.reserved", "1"), "reserved is 1, but"),
        plant(
            "a movement is gone",
            delete("inventory.movement", &kind("received")),
            "on_hand is 94, but its movements add up to -6",
        ),
        plant(
            "a movement's quantity was edited",
            set("inventory.movement", "$.data.lines[0].quantity", "99", &kind("received")),
            "on_hand is 94, but its movements add up to 93",
        ),
        plant(
            "a card does not list a place",
            delete("inventory.card", "id = '85123A'"),
            "its card does not list the location",
        ),
        plant(
            "a counter is gone",
            delete("inventory.stock", "id LIKE '85123A@%'"),
            "on_hand is 0, but its movements add up to 94",
        ),
    ]
}

/// Removes an item.
fn gone(collection: &str, id: &str) -> String {
    format!("DELETE FROM item WHERE collection = '{collection}' AND id = '{id}'")
}

fn of_reservations(completed: &str, cancelled: &str) -> Vec<Plant> {
    let reservation = |id: &str, path: &str, value: &str| {
        set("inventory.reservation", path, value, &format!("id = '{id}'"))
    };
    let state = |id: &str, value: &str| reservation(id, "$.data.state", value);
    vec![
        plant(
            "a reservation is back to reserved",
            state(completed, "'reserved'"),
            "completed, but its reservation is reserved",
        ),
        plant(
            "a reservation is released",
            state(completed, "'released'"),
            "completed, but its reservation is released",
        ),
        plant(
            "a cancelled order's stock is kept",
            state(cancelled, "'reserved'"),
            "cancelled, but its reservation is reserved",
        ),
        plant(
            "a reservation holds other quantities",
            reservation(completed, "$.data.lines[0].quantity", "5"),
            "other quantities are reserved than were ordered",
        ),
        plant("a reservation is gone", gone("inventory.reservation", completed), "its reservation is absent"),
    ]
}

fn of_orders(completed: &str) -> Vec<Plant> {
    let is = |id: &str| format!("id = '{id}'");
    let document = |path: &str, value: &str| set("orders.order", path, value, &is(completed));
    let stage = |value: &str| document("$.data.case.stage", &format!("json('{value}')"));
    let at = "2026-01-01T00:00:00Z";
    vec![
        plant(
            "a completed order is cancelled",
            stage(&format!(r#"{{"stage":"cancelled","reason":"customer_request","at":"{at}"}}"#)),
            "is cancelled, and was confirmed 1 and cancelled 0 times",
        ),
        plant(
            "a completed order is open again",
            stage(r#"{"stage":"open"}"#),
            "is placed, and was confirmed 1 and cancelled 0 times",
        ),
        plant(
            "an order's total was edited",
            document("$.data.case.terms.total_minor", "1531"),
            "costs 1531 and its lines with discounts, tax and shipping Some(1530)",
        ),
        plant(
            "an order's quantity was edited",
            document("$.data.case.terms.lines[0].quantity", "7"),
            "costs 1530 and its lines with discounts, tax and shipping Some(1785)",
        ),
        plant("an order is gone", gone("orders.order", completed), "has a timeline and no document"),
        plant(
            "an entry of a timeline is gone",
            format!("DELETE FROM item WHERE collection = 'orders.timeline' AND id = '{completed}:000001'"),
            " entries and has ",
        ),
        plant(
            "an entry of a timeline is there twice",
            format!(
                "INSERT INTO item SELECT collection, '{completed}:000900', version, expires, NULL, body
                 FROM item WHERE collection = 'orders.timeline' AND id LIKE '{completed}:%'
                 AND instr(CAST(body AS TEXT), 'shop.banyan.order.confirmed.v1')"
            ),
            "is completed, and was confirmed 2 and cancelled 0 times",
        ),
    ]
}

fn of_payments(completed: &str) -> Vec<Plant> {
    let payment =
        |path: &str, value: &str| set("payment.payment", path, value, &format!("id = '{completed}'"));
    let journal = |name, sql: &str, says| Plant { name, file: PROVIDER, sql: sql.to_owned(), says };
    vec![
        plant(
            "a payment is voided",
            payment("$.data.state", "json('{\"is\":\"voided\",\"reference\":null}')"),
            "completed, but its payment is voided",
        ),
        plant(
            "a payment's amount was edited",
            payment("$.data.placed.amount_minor", "1"),
            "its payment is over 1 minor units",
        ),
        plant(
            "a payment is gone",
            format!("DELETE FROM item WHERE collection = 'payment.payment' AND id = '{completed}'"),
            "completed, but its payment is absent",
        ),
        journal(
            "the provider lost its journal",
            "DELETE FROM journal",
            "completed over 1530 minor units, but the provider took 0",
        ),
        journal(
            "the provider holds money for somebody else",
            &format!(
                "INSERT INTO journal SELECT last, replace(key, '{completed}', 'nobody'),
                 json_set(replace(replace(entry, '{completed}', 'nobody'),
                 json_extract(entry, '$.effect.authorization'), 'sim_auth_' || printf('%032d', 0)), '$.seq', last)
                 FROM journal, (SELECT max(seq) + 1 AS last FROM journal)
                 WHERE json_extract(entry, '$.effect.effect') = 'authorized' LIMIT 1"
            ),
            "order nobody: the provider holds money for an order that nobody has",
        ),
        journal(
            "the provider holds another amount",
            "UPDATE journal SET entry = replace(replace(entry, '\"amount_minor\":1530', '\"amount_minor\":1529'),
             '\\\"amount_minor\\\":1530', '\\\"amount_minor\\\":1529')",
            "but the provider took 1529",
        ),
    ]
}

/// A directory with one completed and one cancelled order, at rest.
fn settled(data: &Path) -> (String, String) {
    let mut dev = Dev::start(data);
    let shop = dev.shop();
    let ids = block_on(async {
        shop.receive("85123A", 100).await;
        shop.receive("22423", 10).await;
        let completed = shop.place("a", &order("c-1", "85123A", 6)).await.unwrap().order_id();
        let mut declined = order("c-2", "22423", 1);
        declined["payment_method"]["token"] = "tok_declined".into();
        let cancelled = shop.place("b", &declined).await.unwrap().order_id();
        shop.is_sound().await;
        assert_eq!(shop.status_of(&completed).await, "completed");
        assert_eq!(shop.status_of(&cancelled).await, "cancelled");
        (completed, cancelled)
    });
    dev.kill();
    // The peers end by themselves, and leave one file each then.
    let is_log =
        |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().path().to_string_lossy().ends_with("-wal");
    let have_ended = async || !std::fs::read_dir(data.join("peers")).unwrap().any(is_log);
    block_on(until("the peers have ended", have_ended));
    ids
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// How often is looked, and the pause between: whoever has just started is busy for a moment, and judges later.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// What the audit finds: what is expected, or the last of many looks.
fn violations(data: &Path, expected: &str) -> Vec<String> {
    let dev = Dev::start(data);
    let shop = dev.shop();
    block_on(async {
        let mut found: Vec<String> = Vec::new();
        for _ in 0..LOOKS {
            found = serde_json::from_value(shop.audit().await["violations"].clone()).unwrap();
            if found.iter().any(|violation| violation.contains(expected)) {
                break;
            }
            runtime::real::env().clock.sleep(PAUSE).await;
        }
        found
    })
}

#[test]
fn every_planted_corruption_is_found() {
    let folder = folder();
    let sound = folder.path().join("sound");
    let (completed, cancelled) = settled(&sound);
    let plants = of_stock()
        .into_iter()
        .chain(of_reservations(&completed, &cancelled))
        .chain(of_orders(&completed))
        .chain(of_payments(&completed));
    let plants: Vec<Plant> = plants.collect();
    let mut missed = Vec::new();
    for (at, plant) in plants.iter().enumerate() {
        let data = folder.path().join(format!("plant-{at}"));
        copy(&sound, &data);
        let file = Connection::open(data.join(plant.file)).unwrap();
        let changed = file.execute(&plant.sql, []).unwrap_or_else(|error| panic!("{}: {error}", plant.name));
        drop(file);
        assert!(changed > 0, "{}: nothing was planted", plant.name);
        let found = violations(&data, plant.says);
        if !found.iter().any(|violation| violation.contains(plant.says)) {
            missed.push(format!("{}: expected {:?}, found {found:#?}", plant.name, plant.says));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), plants.len(), missed.join("\n"));
}

#[test]
fn the_audit_command_ends_with_two_when_something_does_not_add_up() {
    let folder = folder();
    let data = folder.path().join("data");
    settled(&data);
    for (sql, code) in [(None, 0), (Some(of_stock().remove(0).sql), 2)] {
        if let Some(sql) = sql {
            Connection::open(data.join(SERVICES)).unwrap().execute(&sql, []).unwrap();
        }
        let dev = Dev::start(&data);
        let audit = banyan(&data).args(["audit", "--url", &dev.url]).output().unwrap();
        assert_eq!(audit.status.code(), Some(code), "{audit:?}");
        let report: Value = serde_json::from_slice(&audit.stdout).unwrap();
        assert_eq!(report["violations"].as_array().unwrap().is_empty(), code == 0, "{report}");
    }
}
