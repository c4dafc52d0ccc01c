//! The bus in SNS and SQS, the store in DynamoDB.

pub(crate) mod large;

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_config::{BehaviorVersion, SdkConfig};
use bus::aws::{Settings as BusSettings, SnsSqs};
use bus::{Bus, Difference, OutageKind};
use runtime::Env;
use store::Store;
use store::dynamodb::{DynamoDb, OpenError, Settings as StoreSettings};

use super::Closing;
use crate::cli::Failure;
use crate::config::Config;
use crate::wiring;

/// Which account it is, and with whose rights: the SDK's own variables, files and roles say so, as for any program on AWS.
///
/// # Errors
/// Nobody says in which region.
pub(crate) async fn account(config: &Config) -> Result<SdkConfig> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(bus::aws::http_client());
    if !config.chosen.aws_endpoint.is_empty() {
        loader = loader.endpoint_url(&config.chosen.aws_endpoint);
    }
    // Boxed, as it is large, and everybody waits for it who opens backends.
    let account = Box::pin(loader.load()).await;
    if account.region().is_none() {
        return Err(Failure::usage(
            "nobody says in which AWS region this is; set AWS_REGION, such as AWS_REGION=eu-west-1",
        )
        .into());
    }
    Ok(account)
}

/// The bus of `account`; what is missing is made when services declare what they hear.
pub(super) fn bus(account: &SdkConfig, config: &Config, env: &Env) -> (Arc<dyn Bus>, Closing) {
    let bus = Arc::new(queues(account, config, env));
    let closing = bus.clone();
    (bus, Box::new(move || Box::pin(async move { closing.close().await })))
}

fn queues(account: &SdkConfig, config: &Config, env: &Env) -> SnsSqs {
    let settings = BusSettings { prefix: format!("{}-", config.chosen.prefix), ..BusSettings::default() };
    SnsSqs::new(account, settings, Arc::new(env.clone()))
}

/// What the account lacks.
///
/// # Errors
/// The account does not answer.
pub(super) async fn differences(account: &SdkConfig, config: &Config, env: &Env) -> Result<Vec<Difference>> {
    let bus = queues(account, config, env);
    let found = bus.compare(&wiring::wiring()).await;
    bus.close().await;
    let mut found = found?;
    let table = config.chosen.prefix.clone();
    let what = format!("table {table}");
    let settings = StoreSettings { table, creates: false, ..StoreSettings::default() };
    match Box::pin(DynamoDb::open(account, settings)).await {
        Ok(store) => store.close(),
        Err(OpenError::Outage(outage)) if outage.kind != OutageKind::Broken => return Err(outage.into()),
        Err(OpenError::Outage(outage)) => found.push(Difference { what, how: outage.detail }),
        Err(error) => found.push(Difference { what, how: error.to_string() }),
    }
    Ok(found)
}

/// How long a message that was taken stays away, as each queue says and as services ask for, in seconds.
///
/// # Errors
/// The account does not answer.
pub(crate) async fn visibility(
    account: &SdkConfig,
    config: &Config,
    env: &Env,
) -> Result<(Vec<(String, i32)>, i32)> {
    let bus = queues(account, config, env);
    let told = bus.visibility(&wiring::wiring()).await;
    bus.close().await;
    Ok(told?)
}

/// Removes the shop's topics, queues and table.
///
/// # Errors
/// The account does not answer, or the table may not be removed.
pub(super) async fn demolish(account: &SdkConfig, config: &Config, env: &Env) -> Result<()> {
    let bus = queues(account, config, env);
    bus.demolish(wiring::wiring()).await?;
    bus.close().await;
    let settings = StoreSettings { table: config.chosen.prefix.clone(), ..StoreSettings::default() };
    Ok(Box::pin(DynamoDb::demolish(account, settings)).await?)
}

/// The store of `account`, which is made if it is missing.
///
/// # Errors
/// It cannot be reached, or the table is not one of ours.
pub(super) async fn store(account: &SdkConfig, config: &Config) -> Result<(Arc<dyn Store>, Closing)> {
    let table = config.chosen.prefix.clone();
    let store = DynamoDb::open(account, StoreSettings { table: table.clone(), ..StoreSettings::default() });
    let store = Arc::new(Box::pin(store).await.with_context(|| {
        format!(
            "the table {table} of DynamoDB cannot be used; AWS_REGION, the SDK's credentials and --aws-endpoint say where \
             it is, --prefix its name"
        )
    })?);
    let closing = store.clone();
    Ok((store, Box::new(move || Box::pin(async move { closing.close() }))))
}
