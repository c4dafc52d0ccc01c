//! One session with `banyan queues` and `banyan dlq`, which reads the same on every bus and store, and in `docs/sessions`.

use std::path::Path;

use serde_json::{Value, json};

use crate::brokers::{ALONE, AWS, BROKER, broker_stays, on};
use crate::support::{Dev, stderr};

/// The session as it is published.
const PUBLISHED: &str = "../../docs/sessions/queues-and-dead-letters.txt";

#[test]
fn queues_and_dead_letters_look_the_same_on_every_bus_and_store() {
    let _stays = broker_stays();
    let published = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PUBLISHED));
    let published = published.unwrap_or_default();
    let _stays = broker_stays();
    for (ground, bus) in [(ALONE, "embedded"), (BROKER, "rabbitmq"), (AWS, "aws")] {
        let Some(mut command) = on(ground, bus, &["dev", "--without", "notification"]) else { continue };
        command.env("BANYAN_PREFIX", "session");
        let dev = Dev::of(tempfile::tempdir().unwrap(), command);
        let told = Session { dev: &dev, told: String::new() }.held();
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("session-{bus}.txt"));
        std::fs::write(&kept, &told).unwrap();
        assert!(
            told == published,
            "on {bus} it is not what {PUBLISHED} says, but {}:\n{told}",
            kept.display()
        );
    }
}

struct Session<'a> {
    dev: &'a Dev,
    told: String,
}

impl Session<'_> {
    /// Holds the session: what was typed and what was answered, without ids and times.
    fn held(mut self) -> String {
        self.types(&["queues", "list"]);
        // Nobody has this in stock, so it ends at once; what notification would tell of it waits, as it is not running.
        self.publish("e-1", 255);
        self.rests(2, 0);
        self.types(&["queues", "list"]);
        self.types(&["queues", "peek", "notification"]);
        self.types(&["queues", "peek", "notification", "--type", "order.cancelled", "--limit", "1"]);
        self.types(&["queues", "peek", "orders"]);
        self.types(&["queues", "peek", "nowhere"]);
        // Two other orders under the number of the first: `orders` refuses both.
        self.publish("e-2", 510);
        self.rests(3, 1);
        self.publish("e-3", 765);
        self.rests(4, 2);
        self.types(&["queues", "list"]);
        self.types(&["dlq", "list"]);
        let first = self.letter(0);
        self.types(&["dlq", "show", &first]);
        self.types(&["dlq", "list", "--service", "orders", "--reason", "rejected", "--limit", "1"]);
        self.types(&["dlq", "list", "--reason", "undecodable"]);
        self.types(&["dlq", "redrive", "--dry-run"]);
        self.types(&["dlq", "redrive", "--id", &first, "--rate", "20"]);
        // It was sent back to `orders` alone, which refuses it again: it is the younger one now.
        self.until("it is refused again", |session| session.dead() == 2 && session.letter(1) == first);
        self.rests(4, 2);
        self.types(&["dlq", "redrive", "--service", "payment", "--force"]);
        self.types(&["dlq", "discard", "--id", &first, "--dry-run"]);
        self.types(&["dlq", "discard", "--id", &first]);
        self.types(&["dlq", "show", &first]);
        self.types(&["dlq", "discard", "--reason", "rejected"]);
        self.types(&["dlq", "list"]);
        self.types(&["queues", "list"]);
        self.told
    }

    /// Notes a command and what it answers.
    fn types(&mut self, args: &[&str]) {
        let output = self.dev.run(args);
        let answer = String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output);
        let typed = format!("$ banyan {}\n{answer}", args.join(" ").trim_end());
        // That it is at a port of its own is the test's doing.
        let typed = typed.replace(&format!(" --url {}", self.dev.url), "");
        self.told.push_str(&without_ids_and_times(&typed));
        let code = output.status.code().unwrap();
        if code != 0 {
            self.told.push_str(&format!("(exit code {code})\n"));
        }
        self.told.push('\n');
    }

    /// Another application publishes an order for something that is not in stock.
    fn publish(&self, id: &str, price_minor: u32) {
        let data = json!({
            "order_id": "shop-1", "customer_id": "c-1", "currency": "GBP", "total_minor": price_minor,
            "lines": [{ "sku": "85123A", "quantity": 1, "unit_price_minor": price_minor }],
            "customer": { "name": "Ada Lovelace", "email": "ada@example.org" },
            "payment_method": { "token": "tok_ok" }, "placed_at": "2026-11-22T20:00:00Z",
        });
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/my-shop", "type": "shop.banyan.order.placed.v1",
            "subject": "shop-1", "time": "2026-11-22T20:00:00Z", "data": data,
        });
        let published = self.dev.piped(&["events", "publish"], &event.to_string());
        assert!(published.status.success(), "{}", stderr(&published));
    }

    /// Waits until so many messages wait for notification, nothing is under way, and so many are dead.
    fn rests(&self, waiting: u64, dead: usize) {
        self.until(&format!("{waiting} wait and {dead} are dead"), |session| {
            let listed = session.dev.ok(&["queues", "list"]);
            let queues = listed["queues"].as_array().unwrap();
            let is_as_told = |queue: &Value| {
                let waits = if queue["queue"] == "notification" { waiting } else { 0 };
                queue["waiting"] == waits && queue["in_flight"] == 0
            };
            queues.iter().all(is_as_told) && session.dead() == dead
        });
    }

    fn letters(&self) -> Vec<Value> {
        self.dev.ok(&["dlq", "list"])["dead_letters"].as_array().unwrap().clone()
    }

    fn dead(&self) -> usize {
        self.letters().len()
    }

    fn letter(&self, nth: usize) -> String {
        self.letters()[nth]["id"].as_str().unwrap().to_owned()
    }

    /// Asks again and again, each time by a program of its own, which is pause enough.
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let last = || format!("{}\n{}", self.dev.ok(&["queues", "list"]), self.dev.ok(&["dlq", "list"]));
        assert!((0..600).any(|_| is_so(self)), "it never came to it that {what}: {}", last());
    }
}

/// Ids of ours are UUIDs. All that is put in the place of something is as long as that was, so that columns stay.
fn without_ids_and_times(text: &str) -> String {
    const UUID: &str = "00000000-0000-0000-0000-000000000000";
    let shapes = [UUID, "0000-00-00 00:00:00.000", "0000-00-00T00:00:00.000000Z"];
    let mut told = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(shape) = shapes.iter().find(|shape| has_shape(rest, shape)) {
            told.push_str(shape);
            rest = &rest[shape.len()..];
        } else {
            told.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    told.lines().map(|line| without_age(line) + "\n").collect()
}

fn has_shape(text: &str, shape: &str) -> bool {
    let is_of = |(c, shape): (char, char)| if shape == '0' { c.is_ascii_hexdigit() } else { c == shape };
    text.len() >= shape.len() && text.chars().zip(shape.chars()).all(is_of)
}

/// `1.2s ago` and `2m 05s ago`, in a column that is wide enough for both.
fn without_age(line: &str) -> String {
    let Some(ago) = line.find(" ago") else { return line.to_owned() };
    let start = line[..ago].rfind("  ").map_or(0, |at| at + 2);
    let end = ago + " ago".len();
    let gap = line[end..].len() - line[end..].trim_start().len();
    format!("{}{:<width$}{}", &line[..start], "a while ago", &line[end + gap..], width = end + gap - start)
}

#[test]
fn only_ids_and_times_are_left_out() {
    let text = "  0199abcd-0000-7000-8000-0123456789ab  shop-1  2026-11-22 20:00:00.123  12\n";
    let want = "  00000000-0000-0000-0000-000000000000  shop-1  0000-00-00 00:00:00.000  12\n";
    assert_eq!(without_ids_and_times(text), want);
    for age in ["1.2s ago    ", "2m 05s ago  ", "12h 05m ago "] {
        assert_eq!(without_age(&format!("payment  7  {age}  1")), "payment  7  a while ago   1");
    }
}
