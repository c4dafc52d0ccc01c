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
use crate::backends::{self, Backends, Wishes, aws};
use crate::config::Config;
use crate::wiring;

pub(super) async fn checks(config: &Config, env: &Env) -> Result<Vec<Check>> {
    let account = aws::account(config).await?;
    let mut checks = identity(&account, env).await;
    let found = match backends::differences(config, env).await {
        Ok(found) => found,
        Err(error) => {
            let fix = "allow what it names in a policy of this role, or say with --aws-endpoint where the account is";
            checks.push(Check::wrong("account", format!("{error:#}"), fix));
            return Ok(checks);
        }
    };
    checks.extend(ports::topology(&found, "aws"));
    let (queues, asked_s) = aws::visibility(&account, config, env).await?;
    let others: Vec<String> = queues
        .iter()
        .filter(|(_, told_s)| *told_s != asked_s)
        .map(|(queue, told_s)| format!("{queue} {told_s} s"))
        .collect();
    let ours = format!("services take a message for {asked_s} s, and for longer while its handler works");
    checks.push(match others.as_slice() {
        [] => Check::ok("visibility", ours),
        others => {
            let fix =
                format!("set VisibilityTimeout of these queues to {asked_s}, for who does not say it itself");
            Check::warning("visibility", format!("{ours}; but {}", others.join(", ")), fix)
        }
    });
    if found.is_empty() {
        let backends = Backends::open(config, Wishes { memory: true, ..Wishes::default() }, env).await?;
        let fix = "allow the action that it names, on what begins with --prefix, in a policy of this role";
        checks.extend(ports::bus(&*backends.bus, &wiring::wiring(), env, fix).await);
        checks.extend(ports::store(&*backends.store, env, fix).await);
        checks.extend(ports::blobs(&*backends.blobs, env, fix).await);
        backends.close().await;
    }
    Ok(checks)
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
