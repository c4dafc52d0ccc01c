//! RabbitMQ and PostgreSQL.

use anyhow::Result;
use bus::rabbitmq::SAFE_CONSUMERS;
use runtime::Env;

use super::{Check, clock, ports};
use crate::backends::{self, Backends, Wishes, postgres, rabbitmq};
use crate::config::{Config, masked};
use crate::wiring;

/// What the oldest PostgreSQL is that this was tried with.
const OLDEST: u32 = 15;

pub(super) async fn checks(config: &Config, env: &Env) -> Result<Vec<Check>> {
    // What is no address is the caller's mistake, and told as that.
    rabbitmq::settings(config)?;
    postgres::settings(config)?;
    let mut checks = Vec::new();
    let database = masked(&config.chosen.postgres_url);
    match postgres::look(config).await {
        Err(error) => {
            let fix = "start it, or say where it is with --postgres-url or BANYAN_POSTGRES_URL";
            checks.push(Check::wrong("database", format!("{error:#}"), fix));
        }
        Ok(told) => {
            let seen = format!("PostgreSQL {} at {database}, as {}", told.version, told.role);
            let major = told.version.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0_u32);
            checks.push(match major < OLDEST {
                true => {
                    Check::warning("database", seen, "run version 15 or newer: older ones were not tried")
                }
                false => Check::ok("database", seen),
            });
            if !told.is_durable {
                let fix =
                    "set fsync and full_page_writes to on: what is committed may be lost with the power";
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
        }
    }
    let broker = masked(&config.chosen.rabbitmq_url);
    let found = match backends::differences(config, env).await {
        Ok(found) => found,
        Err(error) => {
            let fix = "start it, or say where it is with --rabbitmq-url or BANYAN_RABBITMQ_URL";
            checks.push(Check::wrong("broker", format!("{broker}: {error:#}"), fix));
            return Ok(checks);
        }
    };
    checks.push(Check::ok("broker", format!("RabbitMQ at {broker}")));
    checks.extend(ports::topology(&found, "rabbitmq"));
    if found.is_empty() {
        checks.push(consumers(&rabbitmq::consumers(config, env).await?));
        let backends = Backends::open(config, Wishes { memory: true, ..Wishes::default() }, env).await?;
        let fix = "give the user of --rabbitmq-url the rights configure, write and read on its virtual host";
        checks.extend(ports::bus(&*backends.bus, &wiring::wiring(), env, fix).await);
        let fix = "give the role of --postgres-url the rights of the schema's owner";
        checks.extend(ports::store(&*backends.store, env, fix).await);
        checks.extend(ports::blobs(&*backends.blobs, env, fix).await);
        backends.close().await;
    }
    Ok(checks)
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
