//! Large data in S3, and keys in KMS.

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_config::SdkConfig;
use bus::{Difference, OutageKind};
use runtime::BLOB_KEPT;
use store::Blobs;
use store::blobs::s3::{OpenError, S3, Settings as S3Settings};
use store::keys::Keys;
use store::keys::kms::{Kms, Settings as KmsSettings};

use super::account;
use crate::config::Config;

/// The bucket; `creates`: makes it if it is missing.
///
/// # Errors
/// The account does not answer, or the bucket cannot hold blobs.
pub(in crate::backends) async fn s3(config: &Config, creates: bool) -> Result<Arc<dyn Blobs>> {
    let (account, settings) = bucket(config, creates).await?;
    let name = settings.bucket.clone();
    let opened = Box::pin(S3::open(&account, settings)).await;
    Ok(Arc::new(opened.with_context(|| {
        format!(
            "the bucket {name} of S3 cannot be used; --bucket names another one, --blobs folder does without,              --aws-endpoint and AWS_REGION say where it is"
        )
    })?))
}

pub(in crate::backends) async fn s3_difference(config: &Config) -> Result<Option<Difference>> {
    let (account, settings) = bucket(config, false).await?;
    let what = format!("bucket {}", settings.bucket);
    match Box::pin(S3::open(&account, settings)).await {
        Ok(_) => Ok(None),
        Err(OpenError::Outage(outage)) if outage.kind != OutageKind::Broken => Err(outage.into()),
        Err(OpenError::Outage(outage)) => Ok(Some(Difference { what, how: outage.detail })),
        Err(error) => Ok(Some(Difference { what, how: error.to_string() })),
    }
}

pub(in crate::backends) async fn s3_demolish(config: &Config) -> Result<()> {
    let (account, settings) = bucket(config, false).await?;
    Ok(Box::pin(S3::demolish(&account, settings)).await?)
}

/// The key; `creates`: makes it if it is missing.
///
/// # Errors
/// The account does not answer, or the key cannot be used.
pub(in crate::backends) async fn kms(config: &Config, creates: bool) -> Result<Arc<dyn Keys>> {
    let settings = key(config, creates);
    let name = settings.key.clone();
    let opened = Box::pin(Kms::open(&account(config).await?, settings)).await;
    Ok(Arc::new(opened.with_context(|| {
        format!(
            "the key {name} of KMS cannot be used; --kms-key names another one, --keys file does without KMS"
        )
    })?))
}

pub(in crate::backends) async fn kms_difference(config: &Config) -> Result<Option<Difference>> {
    let settings = key(config, false);
    let what = format!("key {}", settings.key);
    match Box::pin(Kms::open(&account(config).await?, settings)).await {
        Ok(_) => Ok(None),
        Err(outage) if outage.kind != OutageKind::Broken => Err(outage.into()),
        Err(outage) => Ok(Some(Difference { what, how: outage.detail })),
    }
}

/// A key that was named is somebody's who may seal other things with it, too: it stays.
pub(in crate::backends) async fn kms_demolish(config: &Config) -> Result<()> {
    if !config.chosen.large.kms_key.is_empty() {
        return Ok(());
    }
    Ok(Box::pin(Kms::demolish(&account(config).await?, key(config, false))).await?)
}

/// What the key is called, and what for: a data key of one shop opens for no other.
pub(crate) fn key(config: &Config, creates: bool) -> KmsSettings {
    let prefix = config.chosen.prefix.clone();
    let named = config.chosen.large.kms_key.clone();
    let key = if named.is_empty() { format!("alias/{prefix}") } else { named };
    KmsSettings { key, context: prefix, creates, ..KmsSettings::default() }
}

/// The account, and how its bucket is used. A bucket that is not named by who runs this is one of this account: the name
/// alone could belong to anybody.
async fn bucket(config: &Config, creates: bool) -> Result<(SdkConfig, S3Settings)> {
    let sdk = account(config).await?;
    let named = config.chosen.large.bucket.clone();
    let (bucket, owner) = if named.is_empty() {
        let id = account_id(&sdk).await?;
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        (bucket_name(&config.chosen.prefix, &id, &region), Some(id))
    } else {
        (named, None)
    };
    Ok((sdk, S3Settings { bucket, owner, creates, ..objects(&config.chosen.prefix) }))
}

/// What a shop's objects are called, and when they go: as late as the runtime wants large data kept.
pub(crate) fn objects(prefix: &str) -> S3Settings {
    let kept_days = i32::try_from(BLOB_KEPT.as_secs().div_ceil(86_400)).unwrap_or(i32::MAX);
    S3Settings { folder: format!("{prefix}/blobs/"), kept_days, ..S3Settings::default() }
}

/// Names of buckets have no underscores, and are one of all in the world.
pub(crate) fn bucket_name(prefix: &str, account: &str, region: &str) -> String {
    format!("{}-{account}-{region}", prefix.replace('_', "-").trim_matches('-'))
}

async fn account_id(sdk: &SdkConfig) -> Result<String> {
    let told = Box::pin(aws_sdk_sts::Client::new(sdk).get_caller_identity().send()).await;
    let told = told.context(
        "AWS cannot be asked which account this is, after which the bucket is named; credentials, AWS_REGION and \
         --aws-endpoint say which, --bucket names a bucket",
    )?;
    told.account.context("AWS names no account; name a bucket with --bucket")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_named_after_shop_account_and_region_in_letters_that_s3_takes() {
        assert_eq!(bucket_name("banyan", "123456789012", "eu-west-1"), "banyan-123456789012-eu-west-1");
        let longest = bucket_name(&"a_".repeat(16), "123456789012", "ap-southeast-1");
        assert!(longest.len() <= 63 && !longest.contains('_') && !longest.contains("--"), "{longest}");
        let objects = objects("shop");
        assert_eq!((objects.folder.as_str(), objects.rule().as_str()), ("shop/blobs/", "shop-blobs"));
        assert_eq!(objects.kept_days, 30);
    }
}
