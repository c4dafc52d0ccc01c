//! RabbitMQ and PostgreSQL.

use anyhow::{Context, Result};
use bus::rabbitmq::SAFE_CONSUMERS;
use runtime::Env;
use store::postgres::Told;

use super::{Check, clock, ports};
use crate::backends::{blobs, postgres, rabbitmq};
use crate::config::{Config, masked};
use crate::wiring;

/// What the oldest PostgreSQL is that this was tried with.
const OLDEST: u32 = 15;

const DATABASE: &str = "start it, or say where it is with --postgres-url or BANYAN_POSTGRES_URL";
const BROKER: &str = "start it, or say where it is with --rabbitmq-url or BANYAN_RABBITMQ_URL";

pub(super) async fn checks(config: &Config, env: &Env) -> Result<Vec<Check>> {
    // What is no address is the caller's mistake, and told as that.
    rabbitmq::settings(config)?;
    postgres::settings(config)?;
    let (mut checks, mut found) = (vec![], ports::Lacking::default());
    match postgres::look(config).await {
        Err(error) => drop(found.answer("database", Err(error), DATABASE)),
        Ok(told) => {
            checks.extend(database(&told, config, env));
            found.answer("database", postgres::difference(config).await.map(Vec::from_iter), DATABASE);
        }
    }
    let broker = masked(&config.chosen.rabbitmq_url);
    if found.answer("broker", rabbitmq::differences(config, env).await.context(broker.clone()), BROKER) {
        checks.push(Check::ok("broker", format!("RabbitMQ at {broker}")));
    }
    found.answer("blobs", blobs::differences(config).await, ports::fix_of_blobs(config));
    let is_all_there = found.is_none();
    checks.extend(found.checks("rabbitmq"));
    if !is_all_there {
        return Ok(checks);
    }
    let fix = "give the user of --rabbitmq-url the rights configure, write and read on its virtual host";
    checks.push(match rabbitmq::consumers(config, env).await {
        Ok(told) => consumers(&told),
        Err(error) => Check::wrong("consumers", format!("{error:#}"), fix),
    });
    let owner = "give the role of --postgres-url the rights of the schema's owner";
    match ports::store_and_bus(config, env).await {
        Ok(backends) => {
            checks.extend(ports::bus(&*backends.bus, &wiring::wiring(), env, fix).await);
            checks.extend(ports::store(&*backends.store, env, owner).await);
            backends.close().await;
        }
        Err(error) => checks.push(Check::wrong("store", format!("{error:#}"), owner)),
    }
    checks.push(ports::blobs(config, env).await);
    Ok(checks)
}

fn database(told: &Told, config: &Config, env: &Env) -> Vec<Check> {
    let at = masked(&config.chosen.postgres_url);
    let seen = format!("PostgreSQL {} at {at}, as {}", told.version, told.role);
    let major = told.version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0_u32);
    let mut checks = vec![match major < OLDEST {
        true => Check::warning("database", seen, "run version 15 or newer: older ones were not tried"),
        false => Check::ok("database", seen),
    }];
    if !told.is_durable {
        let fix = "set fsync and full_page_writes to on: what is committed may be lost with the power";
        checks.push(Check::warning("durability", "the server does not wait for its disk", fix));
    }
    if told.layout.is_none() && !told.may_create {
        let fix = format!(
            "GRANT CREATE ON DATABASE ... TO {}, or run `banyan topology apply --bus rabbitmq` as somebody who may",
            told.role
        );
        checks.push(Check::wrong("schema", format!("{} may make none", told.role), fix));
    }
    checks.push(clock("the database", told.now, env.now(), 0.0));
    checks
}

/// Which version a broker has cannot be asked over AMQP with this client, so the number is told to everybody.
fn consumers(told: &[(String, u32)]) -> Check {
    let many: Vec<String> = told
        .iter()
        .filter(|(_, consumers)| *consumers > SAFE_CONSUMERS)
        .map(|(queue, consumers)| format!("{queue} {consumers}"))
        .collect();
    if many.is_empty() {
        return Check::ok("consumers", format!("no queue has more than {SAFE_CONSUMERS}"));
    }
    let fix = "run RabbitMQ 4.2 or newer, or fewer processes: older ones may lose messages of such a queue when they are killed";
    Check::warning("consumers", many.join(", "), fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_with_more_consumers_than_an_older_broker_bears_is_told() {
        let told = |consumers| consumers_of(&[("orders", 2), ("payment", consumers)]);
        assert_eq!(told(32), Check::ok("consumers", "no queue has more than 32"));
        let Check { seen, fix, .. } = told(33);
        assert_eq!(seen, "payment 33");
        assert!(fix.is_some_and(|fix| fix.contains("4.2")));
    }

    fn consumers_of(told: &[(&str, u32)]) -> Check {
        consumers(&told.iter().map(|(queue, many)| ((*queue).to_owned(), *many)).collect::<Vec<_>>())
    }
}
