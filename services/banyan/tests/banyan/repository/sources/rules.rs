//! The rules, one below the other.

use super::Rule;

fn anywhere(_: &str) -> bool {
    true
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn in_product(path: &str) -> bool {
    !is_test(path)
}

/// Where amounts of money or pieces are.
fn near_money(path: &str) -> bool {
    let folders =
        ["contracts/src/", "services/orders/src/", "services/payment/src/", "services/inventory/src/"];
    in_product(path) && folders.iter().any(|folder| path.starts_with(folder))
}

fn in_domain(path: &str) -> bool {
    in_product(path) && (path.ends_with("/src/domain.rs") || path.contains("/src/domain/"))
}

fn in_handlers(path: &str) -> bool {
    in_product(path) && (path.ends_with("/src/handlers.rs") || path.contains("/src/handlers/"))
}

fn in_services(path: &str) -> bool {
    in_product(path) && path.starts_with("services/") && !path.starts_with("services/banyan/")
}

fn in_ports(path: &str) -> bool {
    ["shared/bus/src/lib.rs", "shared/store/src/lib.rs", "shared/store/src/unit.rs"].contains(&path)
}

fn outside_contracts(path: &str) -> bool {
    in_product(path) && !path.starts_with("contracts/")
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        holds_in: anywhere,
        words: &["todo!", "unimplemented!"],
        why: "what is not done is not called",
        except: &[],
        example: ("services/orders/src/lib.rs", "    todo!()"),
    },
    Rule {
        holds_in: anywhere,
        words: &["#[allow(", "#![allow("],
        why: "#[expect(.., reason = \"..\")] says why, and says when it is over",
        except: &[],
        example: ("services/orders/src/lib.rs", "#[allow(dead_code)]"),
    },
    Rule {
        holds_in: anywhere,
        words: &["unsafe"],
        why: "it is not needed there",
        // The table of C functions between SQLite and the disk.
        except: &["shared/store/src/sqlite/vfs/shim.rs"],
        example: ("shared/store/src/sqlite.rs", "    unsafe { pointer.read() }"),
    },
    Rule {
        holds_in: near_money,
        words: &["f32", "f64"],
        why: "money and pieces are whole numbers",
        // Reads the numbers of foreign JSON, since a card number may be one of them.
        except: &["contracts/src/card.rs"],
        example: ("services/payment/src/domain.rs", "    let total: f64 = 0.1;"),
    },
    Rule {
        holds_in: in_domain,
        words: &["async", ".await", "Clock", "Uow", "store", "rusqlite", "serde_json", "axum", "http"],
        why: "a decision knows no clock, no store, no JSON and no HTTP",
        except: &[],
        example: ("services/orders/src/domain/terms.rs", "pub(crate) async fn decide() {}"),
    },
    Rule {
        holds_in: in_handlers,
        words: &["settle", "publish", "Timestamp::now", "Clock", "Arc<dyn Bus>", "Arc<dyn Store>"],
        why: "a handler loads, decides, puts back and emits; the runtime does the rest",
        except: &[],
        example: ("services/orders/src/handlers/deadline.rs", "    bus.publish(batch).await;"),
    },
    Rule {
        holds_in: in_product,
        words: &["env::var", "env::vars", "env::var_os"],
        why: "the environment is read in config.rs",
        except: &["services/banyan/src/config.rs"],
        example: ("services/orders/src/http.rs", "    let port = std::env::var(\"PORT\");"),
    },
    Rule {
        holds_in: in_services,
        words: &["feature = \"sim\"", "cfg(sim)", "feature = \"planted-bugs\""],
        why: "a service is the same in the simulator",
        except: &[],
        example: ("services/orders/src/lib.rs", "#[cfg(feature = \"sim\")]"),
    },
    Rule {
        holds_in: in_ports,
        words: &[
            "rusqlite",
            "lapin",
            "aws_sdk_sns",
            "aws_sdk_sqs",
            "aws_sdk_dynamodb",
            "tokio_postgres",
            "sqlx",
        ],
        why: "a port speaks in types of ours",
        except: &[],
        example: ("shared/store/src/lib.rs", "    fn read(&self) -> rusqlite::Result<()>;"),
    },
    Rule {
        holds_in: in_product,
        words: &["unbounded_channel", "mpsc::unbounded", "mpsc::channel()"],
        why: "every queue has a bound with a name",
        // Holds at most one answer for each message in hand, and their number is bounded.
        except: &["shared/runtime/src/subscription.rs"],
        example: ("shared/runtime/src/relay.rs", "    let (tx, rx) = mpsc::unbounded_channel();"),
    },
    Rule {
        holds_in: outside_contracts,
        words: &["Envelope {"],
        why: "events are built in contracts only",
        // The bench measures the runtime with events of its own, and makes them without it.
        except: &["services/banyan/src/bench/load.rs"],
        example: ("services/orders/src/handlers.rs", "    let event = Envelope { id, source };"),
    },
    Rule {
        holds_in: anywhere,
        words: &["thread::sleep", "time::sleep"],
        why: "wait on the clock, or for what is to happen",
        // The clock itself, and that of a bus without a runtime.
        except: &["shared/bus/tests/bus/world.rs", "shared/runtime/src/env/real.rs"],
        example: ("services/orders/src/tests.rs", "    tokio::time::sleep(SECOND).await;"),
    },
    Rule {
        holds_in: anywhere,
        words: &["#[ignore"],
        why: "a test that is never run shows nothing",
        // A measurement, which only says something of a release build.
        except: &["services/payment/tests/payment/rate.rs"],
        example: ("services/orders/src/tests.rs", "#[ignore = \"slow\"]"),
    },
];
