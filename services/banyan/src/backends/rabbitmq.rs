//! The bus in RabbitMQ.

use std::sync::Arc;

use anyhow::Result;
use bus::rabbitmq::{RabbitMq, Settings};
use bus::{Bus, Difference};
use runtime::Env;

use super::Closing;
use crate::cli::Failure;
use crate::config::Config;
use crate::wiring;

/// How to reach the broker that `config` names.
///
/// # Errors
/// The URL is wrong.
pub(crate) fn settings(config: &Config) -> Result<Settings> {
    let mut settings =
        Settings::parse(&config.chosen.rabbitmq_url).map_err(|error| Failure::usage(error.to_string()))?;
    // Queues are called after their services; those of a second shop on one broker begin with its name.
    if config.chosen.prefix != settings.exchange {
        settings.prefix = format!("{}.", config.chosen.prefix);
        settings.exchange.clone_from(&config.chosen.prefix);
    }
    Ok(settings)
}

/// Connects in the background: services that start before their broker wait for it.
pub(super) fn open(settings: Settings, env: &Env) -> (Arc<dyn Bus>, Closing) {
    let bus = Arc::new(RabbitMq::connect(settings, Arc::new(env.clone())));
    let closing = bus.clone();
    (bus, Box::new(move || Box::pin(async move { closing.close().await })))
}

/// What the broker lacks.
///
/// # Errors
/// The broker does not answer.
pub(crate) async fn differences(config: &Config, env: &Env) -> Result<Vec<Difference>> {
    let bus = RabbitMq::connect(settings(config)?, Arc::new(env.clone()));
    let found = bus.compare(&wiring::wiring()).await;
    bus.close().await;
    Ok(found?)
}

/// How many consumers each service's queue has.
///
/// # Errors
/// The broker does not answer, or a queue is not there.
pub(crate) async fn consumers(config: &Config, env: &Env) -> Result<Vec<(String, u32)>> {
    let bus = RabbitMq::connect(settings(config)?, Arc::new(env.clone()));
    let told = bus.consumers(&wiring::wiring()).await;
    bus.close().await;
    Ok(told?)
}

/// Removes the shop's queues and its exchange.
///
/// # Errors
/// The broker does not answer.
pub(super) async fn demolish(config: &Config, env: &Env) -> Result<()> {
    let bus = RabbitMq::connect(settings(config)?, Arc::new(env.clone()));
    bus.demolish(wiring::wiring()).await?;
    bus.close().await;
    Ok(())
}
