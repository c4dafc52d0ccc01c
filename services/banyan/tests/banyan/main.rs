//! The binary as somebody uses it: arguments in, lines and an exit code out. And the rules of the repository.

#[cfg(test)]
#[cfg(feature = "full")]
mod benches;
#[cfg(test)]
mod bodies;
#[cfg(test)]
#[cfg(feature = "full")]
mod brokers;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod corruption;
#[cfg(test)]
mod damage;
#[cfg(test)]
#[cfg(feature = "full")]
mod dead_queue;
#[cfg(test)]
mod disk;
#[cfg(test)]
#[cfg(feature = "full")]
mod e2e;
#[cfg(test)]
mod follow;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kill;
#[cfg(test)]
#[cfg(feature = "full")]
mod manners;
#[cfg(test)]
mod queues;
#[cfg(test)]
#[cfg(feature = "full")]
mod redrive;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod room;
#[cfg(test)]
#[cfg(feature = "full")]
mod serve;
#[cfg(test)]
#[cfg(feature = "full")]
mod session;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trace;

use serde_json::{Value, json};

use support::{Dev, banyan, json_of, run, stderr, wait_for};

#[test]
fn a_command_line_that_makes_no_sense_ends_with_64() {
    for args in [
        &[][..],
        &["nonsense"],
        &["order", "place"],
        &["demo", "--orders", "0"],
        &["serve", "cellar"],
        &["audit", "--port", "many"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(64), "{args:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_banyan_that_is_not_there_ends_with_1_and_one_line_that_helps() {
    for args in [
        &["audit"][..],
        &["order", "get", "x"],
        &["events", "tail"],
        &["dlq", "list"],
        &["queues", "list"],
        &["order", "watch", "x"],
        &["order", "timeline", "x"],
        &["order", "return", "x", "--line", "a:1", "--reason", "x"],
        &["payments", "list"],
        &["shipments", "show", "x"],
        &["mail", "list"],
        &["queues", "peek", "payment"],
        &["stock", "get", "x"],
    ] {
        let output = run(&[args, &["--url", "http://127.0.0.1:1"]].concat());
        let said = stderr(&output);
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{args:?}: {said}");
        assert!(said.starts_with("banyan: ") && said.contains("`banyan dev`"), "{said}");
    }
}

#[test]
fn an_error_is_json_for_a_program() {
    let output = run(&["audit", "--json", "--url", "http://127.0.0.1:1"]);
    let said: Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert!(said["error"].as_str().unwrap().contains("nothing answers"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn every_setting_says_where_it_comes_from() {
    let mut command = banyan(&["config", "print", "--origin", "--json", "--log", "error"]);
    let output = command.env("BANYAN_PORT", "9000").output().unwrap();
    let printed = json_of(&output);
    for (name, value, origin) in [
        ("port", "9000", "environment"),
        ("log", "error", "flag"),
        ("host", "127.0.0.1", "default"),
        ("validate_sample", "10", "default"),
        ("url", "http://127.0.0.1:9000", "default"),
    ] {
        assert_eq!(printed[name], json!({ "value": value, "origin": origin }), "{name}");
    }
}

#[test]
fn an_order_goes_from_stock_to_the_customer_and_is_followed() {
    let dev = Dev::start();
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let completed = wait_for(&dev, "order.completed");
    let place = ["order", "place", "--customer", "c-1", "--line", "85123A:6:255", "--key", "first"];
    let placed = dev.ok(&place);
    assert_eq!((&placed["status"], &placed["total_minor"]), (&json!("placed"), &json!(1530)));
    assert_eq!(dev.ok(&place), placed, "the same key is the same order");
    assert!(completed.wait_with_output().unwrap().status.success());

    let id = placed["order_id"].as_str().unwrap();
    assert_eq!(dev.ok(&["order", "get", id])["status"], "completed");
    let timeline = dev.ok(&["order", "timeline", id]);
    let services: Vec<&str> =
        timeline["entries"].as_array().unwrap().iter().filter_map(|e| e["service"].as_str()).collect();
    for service in ["orders", "inventory", "payment", "shipping"] {
        assert!(services.contains(&service), "{service} is not in {timeline}");
    }
    assert_eq!(dev.ok(&["order", "list", "--status", "completed"])["orders"].as_array().unwrap().len(), 1);
    assert_eq!(dev.ok(&["audit"])["violations"], json!([]));
    let refused = dev.run(&["order", "cancel", id, "--reason", "late"]);
    assert!(stderr(&refused).contains("not-cancellable"), "{}", stderr(&refused));
}

#[test]
fn events_of_another_application_are_published_or_refused_with_2() {
    let dev = Dev::start();
    dev.ok(&["stock", "adjust", "85123A", "--location", "main", "--delta", "10", "--reason", "received"]);
    let event = |n: u32, total: u32| {
        let data = json!({
            "order_id": format!("shop-{n}"), "customer_id": "c-1", "currency": "GBP", "total_minor": total,
            "lines": [{ "sku": "85123A", "quantity": 1, "unit_price_minor": 255 }],
            "payment_method": { "token": "tok_ok" }, "placed_at": "2026-11-22T20:00:00Z",
        });
        json!({
            "specversion": "1.0", "id": format!("e-{n}"), "source": "/my-shop", "type": "shop.banyan.order.placed.v1",
            "subject": format!("shop-{n}"), "time": "2026-11-22T20:00:00Z", "data": data,
        })
    };
    let completed = wait_for(&dev, "order.completed");
    let published = dev.piped(&["events", "publish"], &format!("{}\n{}\n", event(1, 255), event(2, 255)));
    assert_eq!(published.status.code(), Some(0), "{}", stderr(&published));
    let told = String::from_utf8_lossy(&published.stdout).into_owned() + &stderr(&published);
    assert!(told.contains("e-1") && told.contains("order timeline shop-1"), "{told}");
    assert!(completed.wait_with_output().unwrap().status.success());

    for (input, why) in [
        (event(3, 256).to_string(), "/data/total_minor"),
        ("{}".to_owned(), "event 1"),
        ("x".to_owned(), "JSON"),
    ] {
        let refused = dev.piped(&["events", "publish"], &input);
        assert_eq!(refused.status.code(), Some(2), "{input}");
        assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
    }
}

#[test]
fn an_import_tells_bad_lines_and_goes_on_and_does_nothing_twice() {
    let dev = Dev::start();
    let order = |sku: &str| {
        json!({
            "customer_id": "c-1", "currency": "GBP", "payment_method": { "token": "tok_ok" },
            "lines": [{ "sku": sku, "quantity": 4, "unit_price_minor": 100 }],
        })
    };
    let file = dev.data.path().join("orders.jsonl");
    std::fs::write(&file, format!("{}\nnot an order\n{}\n", order("a"), order("b"))).unwrap();
    let file = file.to_str().unwrap();
    for _ in 0..2 {
        let output = dev.run(&["orders", "import", file, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stderr(&output).contains("line 2: "), "{}", stderr(&output));
        let report = json_of(&output);
        assert_eq!((&report["orders"], &report["bad_lines"]), (&json!(2), &json!(1)), "{report}");
    }
    let orders = dev.ok(&["order", "list"])["orders"].clone();
    assert_eq!(orders.as_array().unwrap().len(), 2);
    for order in orders.as_array().unwrap() {
        let watched = dev.run(&["order", "watch", order["order_id"].as_str().unwrap()]);
        assert!(watched.status.success(), "{}", stderr(&watched));
    }
    assert_eq!(dev.ok(&["stock", "get", "b"])["on_hand"], 0, "what was received, once, is sold");
}

#[test]
fn the_demo_brings_every_order_to_an_end_and_everything_adds_up() {
    let output = run(&["demo", "--orders", "60", "--json"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        stderr(&output)
    );
    let report = json_of(&output);
    let number = |name: &str| report[name].as_u64().unwrap_or_else(|| panic!("{name} in {report}"));
    assert_eq!((number("orders"), number("violations")), (60, 0));
    assert_eq!(number("completed") + number("cancelled"), 60);
    assert!(number("completed") >= 42 && number("confirmed") >= number("completed"), "{report}");
    for name in
        ["refunded", "dispatched", "mails", "orders_per_s", "p50_ms", "p99_ms", "placed_to_completed_p99_ms"]
    {
        assert!(report[name].is_number(), "{name} in {report}");
    }
    assert!(report["ignored"].is_object());
    for peer in ["provider", "carrier", "mailbox"] {
        assert_eq!(report["ledgers"][peer]["disagreements"], 0, "{peer} in {report}");
    }
    assert_eq!(report["services"]["orders"]["dead"], 0);
}
