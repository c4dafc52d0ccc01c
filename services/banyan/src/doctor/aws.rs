//! An account of AWS.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use aws_config::SdkConfig;
use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::{BoxError, DisplayErrorContext};
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat};
use contracts::Timestamp;
use runtime::Env;

use super::{Check, clock, ports};
use crate::backends::{self, aws};
use crate::config::Config;
use crate::wiring;

const FIX: &str = "allow the action that it names, on what begins with --prefix, in a policy of this role";

pub(super) async fn checks(config: &Config, env: &Env) -> Result<Vec<Check>> {
    let account = aws::account(config).await?;
    let mut checks = identity(&account, env).await;
    let mut found = ports::Lacking::default();
    let fix = "allow what it names in a policy of this role, or say with --aws-endpoint where the account is";
    let is_answering = found.answer("account", backends::differences(config, env).await, fix);
    let is_all_there = found.is_none();
    checks.extend(found.checks("aws"));
    if !is_answering {
        return Ok(checks);
    }
    checks.push(visibility(&account, config, env).await);
    if !is_all_there {
        return Ok(checks);
    }
    match ports::store_and_bus(config, env).await {
        Ok(backends) => {
            checks.extend(ports::bus(&*backends.bus, &wiring::wiring(), env, FIX).await);
            checks.extend(ports::store(&*backends.store, env, FIX).await);
            backends.close().await;
        }
        Err(error) => checks.push(Check::wrong("store", format!("{error:#}"), FIX)),
    }
    checks.push(ports::blobs(config, env).await);
    Ok(checks)
}

/// Whether queues give a message for as long as services ask for.
async fn visibility(account: &SdkConfig, config: &Config, env: &Env) -> Check {
    let (queues, asked_s) = match aws::visibility(account, config, env).await {
        Ok(told) => told,
        Err(error) => return Check::wrong("visibility", format!("{error:#}"), FIX),
    };
    let others: Vec<String> = queues
        .iter()
        .filter(|(_, told_s)| *told_s != asked_s)
        .map(|(queue, told_s)| format!("{queue} {told_s} s"))
        .collect();
    let ours = format!("services take a message for {asked_s} s, and for longer while its handler works");
    if others.is_empty() {
        return Check::ok("visibility", ours);
    }
    let fix = format!("set VisibilityTimeout of these queues to {asked_s}, for who does not say it itself");
    Check::warning("visibility", format!("{ours}; but {}", others.join(", ")), fix)
}

/// As who this process is known there, and what time it is there.
async fn identity(account: &SdkConfig, env: &Env) -> Vec<Check> {
    let date = Date::default();
    let asking = aws_sdk_sts::Client::new(account).get_caller_identity();
    let asked = Box::pin(asking.customize().interceptor(date.clone()).send()).await;
    let mut checks = vec![match asked {
        Ok(told) => Check::ok("identity", told.arn.unwrap_or_else(|| "nobody in particular".to_owned())),
        Err(error) => Check::wrong(
            "identity",
            DisplayErrorContext(error).to_string(),
            "give this process credentials: a role by IRSA or Pod Identity, AWS_PROFILE, or AWS_ACCESS_KEY_ID with \
             AWS_SECRET_ACCESS_KEY",
        ),
    }];
    let there = date.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    // In whole seconds, as HTTP tells it.
    checks.extend(there.map(|there| clock("AWS", there, env.now(), 1.0)));
    checks
}

/// What the last answer says of when it was given.
#[derive(Debug, Clone, Default)]
struct Date(Arc<Mutex<Option<Timestamp>>>);

impl Intercept for Date {
    fn name(&self) -> &'static str {
        "Date"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let text = context.response().headers().get("date");
        let told = text.and_then(|text| DateTime::from_str(text, DateTimeFormat::HttpDate).ok());
        let there = told.map(|told| Timestamp::from_micros(told.secs().saturating_mul(1_000_000)));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = there;
        Ok(())
    }
}
