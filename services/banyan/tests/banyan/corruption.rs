//! The audit finds what is wrong: each corruption is planted in a copy of a sound directory.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::shop::{Dev, banyan, block_on, folder, order};

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
            "on_hand is 100, but its movements add up to 0",
        ),
        plant(
            "a movement's quantity was edited",
            set("inventory.movement", "$.data.lines[0].quantity", "99", &kind("received")),
            "on_hand is 100, but its movements add up to 99",
        ),
        plant(
            "a card does not list a place",
            delete("inventory.card", "id = '85123A'"),
            "its card does not list the location",
        ),
        plant(
            "a counter is gone",
            delete("inventory.stock", "id LIKE '85123A@%'"),
            "on_hand is 0, but its movements add up to 100",
        ),
    ]
}

/// Removes an item.
fn gone(collection: &str, id: &str) -> String {
    format!("DELETE FROM item WHERE collection = '{collection}' AND id = '{id}'")
}

fn of_reservations(confirmed: &str, cancelled: &str) -> Vec<Plant> {
    let reservation = |id: &str, path: &str, value: &str| {
        set("inventory.reservation", path, value, &format!("id = '{id}'"))
    };
    let state = |id: &str, value: &str| reservation(id, "$.data.state", value);
    vec![
        plant(
            "a reservation is back to reserved",
            state(confirmed, "'reserved'"),
            "confirmed, but its reservation is reserved",
        ),
        plant(
            "a reservation is released",
            state(confirmed, "'released'"),
            "confirmed, but its reservation is released",
        ),
        plant(
            "a cancelled order's stock is kept",
            state(cancelled, "'reserved'"),
            "cancelled, but its reservation is reserved",
        ),
        plant(
            "a reservation holds other quantities",
            reservation(confirmed, "$.data.lines[0].quantity", "5"),
            "other quantities are reserved than were ordered",
        ),
        plant("a reservation is gone", gone("inventory.reservation", confirmed), "its reservation is absent"),
    ]
}

fn of_orders(confirmed: &str) -> Vec<Plant> {
    let is = |id: &str| format!("id = '{id}'");
    let document = |path: &str, value: &str| set("orders.order", path, value, &is(confirmed));
    let stage = |value: &str| document("$.data.case.stage", &format!("json('{value}')"));
    let at = "2026-01-01T00:00:00Z";
    vec![
        plant(
            "a confirmed order is cancelled",
            stage(&format!(r#"{{"stage":"cancelled","reason":"customer_request","at":"{at}"}}"#)),
            "is cancelled, and was confirmed 1 and cancelled 0 times",
        ),
        plant(
            "a confirmed order is open again",
            stage(r#"{"stage":"open"}"#),
            "is placed, and was confirmed 1 and cancelled 0 times",
        ),
        plant(
            "an order's total was edited",
            document("$.data.case.terms.total_minor", "1531"),
            "costs 1531 and its lines and shipping Some(1530)",
        ),
        plant(
            "an order's quantity was edited",
            document("$.data.case.terms.lines[0].quantity", "7"),
            "costs 1530 and its lines and shipping Some(1785)",
        ),
        plant("an order is gone", gone("orders.order", confirmed), "has a timeline and no document"),
        plant(
            "an entry of a timeline is gone",
            format!("DELETE FROM item WHERE collection = 'orders.timeline' AND id = '{confirmed}:000001'"),
            "counts 4 entries and has 3",
        ),
        plant(
            "an entry of a timeline is there twice",
            format!(
                "INSERT INTO item SELECT collection, '{confirmed}:000009', version, expires, NULL, body
                 FROM item WHERE collection = 'orders.timeline' AND id = '{confirmed}:000003'"
            ),
            "is confirmed, and was confirmed 2 and cancelled 0 times",
        ),
    ]
}

fn of_payments(confirmed: &str) -> Vec<Plant> {
    let payment =
        |path: &str, value: &str| set("payment.payment", path, value, &format!("id = '{confirmed}'"));
    let journal = |name, sql: &str, says| Plant { name, file: PROVIDER, sql: sql.to_owned(), says };
    vec![
        plant(
            "a payment is voided",
            payment("$.data.state", "json('{\"is\":\"voided\",\"reference\":null}')"),
            "confirmed, but its payment is voided",
        ),
        plant(
            "a payment's amount was edited",
            payment("$.data.placed.amount_minor", "1"),
            "its payment is over 1 minor units",
        ),
        plant(
            "a payment is gone",
            format!("DELETE FROM item WHERE collection = 'payment.payment' AND id = '{confirmed}'"),
            "confirmed, but its payment is absent",
        ),
        journal(
            "the provider lost its journal",
            "DELETE FROM journal",
            "confirmed over 1530 minor units, but the provider holds or took 0",
        ),
        journal(
            "the provider authorized a second time",
            "INSERT INTO journal SELECT last, replace(key, 'authorize-1', 'authorize-2'),
             json_set(replace(replace(entry, 'authorize-1', 'authorize-2'),
             json_extract(entry, '$.effect.authorization'), 'sim_auth_' || printf('%032d', 0)), '$.seq', last)
             FROM journal, (SELECT max(seq) + 1 AS last FROM journal) WHERE json_extract(entry, '$.answer.status') = 201",
            "the provider has 2 open authorizations, not one",
        ),
        journal(
            "the provider holds another amount",
            "UPDATE journal SET entry = replace(replace(entry, '\"amount_minor\":1530', '\"amount_minor\":1529'),
             '\\\"amount_minor\\\":1530', '\\\"amount_minor\\\":1529')",
            "but the provider holds or took 1529",
        ),
    ]
}

/// A directory with one confirmed and one cancelled order, at rest.
fn settled(data: &Path) -> (String, String) {
    let mut dev = Dev::start(data);
    let shop = dev.shop();
    let ids = block_on(async {
        shop.receive("85123A", 100).await;
        shop.receive("22423", 10).await;
        let confirmed = shop.place("a", &order("c-1", "85123A", 6)).await.unwrap().order_id();
        let mut declined = order("c-2", "22423", 1);
        declined["payment_method"]["token"] = "tok_declined".into();
        let cancelled = shop.place("b", &declined).await.unwrap().order_id();
        shop.is_sound().await;
        assert_eq!(shop.status_of(&confirmed).await, "confirmed");
        assert_eq!(shop.status_of(&cancelled).await, "cancelled");
        (confirmed, cancelled)
    });
    dev.kill();
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

fn violations(data: &Path) -> Vec<String> {
    let dev = Dev::start(data);
    let report: Value = block_on(dev.shop().audit());
    serde_json::from_value(report["violations"].clone()).unwrap()
}

#[test]
fn every_planted_corruption_is_found() {
    let folder = folder();
    let sound = folder.path().join("sound");
    let (confirmed, cancelled) = settled(&sound);
    let plants = of_stock()
        .into_iter()
        .chain(of_reservations(&confirmed, &cancelled))
        .chain(of_orders(&confirmed))
        .chain(of_payments(&confirmed));
    let plants: Vec<Plant> = plants.collect();
    let mut missed = Vec::new();
    for (at, plant) in plants.iter().enumerate() {
        let data = folder.path().join(format!("plant-{at}"));
        copy(&sound, &data);
        let file = Connection::open(data.join(plant.file)).unwrap();
        let changed = file.execute(&plant.sql, []).unwrap_or_else(|error| panic!("{}: {error}", plant.name));
        drop(file);
        assert!(changed > 0, "{}: nothing was planted", plant.name);
        let found = violations(&data);
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
