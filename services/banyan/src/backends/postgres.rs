//! The store in PostgreSQL.

use std::sync::Arc;

use anyhow::{Context, Result};
use bus::Difference;
use runtime::Env;
use store::Store;
use store::postgres::{Postgres, Settings, Told};

use super::Closing;
use crate::cli::Failure;
use crate::config::{Config, masked};

/// How to reach the database that `config` names.
///
/// # Errors
/// The URL is wrong.
pub(crate) fn settings(config: &Config) -> Result<Settings> {
    let mut settings =
        Settings::parse(&config.chosen.postgres_url).map_err(|error| Failure::usage(error.to_string()))?;
    settings.schema.clone_from(&config.chosen.prefix);
    Ok(settings)
}

/// Opens the store that `config` names, and removes in the background what expired.
///
/// # Errors
/// The URL is wrong, or the server does not answer.
pub(super) async fn open(config: &Config, env: &Env) -> Result<(Arc<dyn Store>, Closing)> {
    let store = Arc::new(Postgres::open(settings(config)?).await.with_context(|| nowhere(config))?);
    let house = store.clone();
    env.spawn.spawn("postgres.house".into(), Box::pin(async move { house.keep_house().await }));
    let closing = store.clone();
    Ok((store, Box::new(move || Box::pin(async move { closing.close() }))))
}

/// What is missing in the database.
///
/// # Errors
/// The URL is wrong, or the server does not answer.
pub(crate) async fn difference(config: &Config) -> Result<Option<Difference>> {
    let told = look(config).await?;
    let how = match told.layout {
        None => "is not there".to_owned(),
        Some(layout) if layout != told.known => format!("has layout {layout}, not {}", told.known),
        Some(_) => return Ok(None),
    };
    Ok(Some(Difference { what: format!("schema {}", config.chosen.prefix), how }))
}

/// What the server says of itself.
///
/// # Errors
/// The URL is wrong, or the server does not answer.
pub(crate) async fn look(config: &Config) -> Result<Told> {
    Postgres::look(settings(config)?).await.with_context(|| nowhere(config))
}

fn nowhere(config: &Config) -> String {
    let at = masked(&config.chosen.postgres_url);
    format!("the database at {at} cannot be used; --postgres-url or BANYAN_POSTGRES_URL says where it is")
}
