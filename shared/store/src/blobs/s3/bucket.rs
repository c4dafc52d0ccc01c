//! The bucket: made by whoever comes first, if it may, and looked at before it is used.

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, CreateBucketConfiguration, Delete,
    ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectIdentifier,
    PublicAccessBlockConfiguration,
};

use super::S3;
use super::settings::{Settings, SettingsError};
use crate::aws::{Failure, Refusal, TRIES};
use crate::failure::{Outage, OutageKind};

/// Where a bucket is when nobody says where.
const FIRST_REGION: &str = "us-east-1";

/// Why a bucket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The settings are wrong; says what to write.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is such a bucket, and blobs would not be safe in it.
    #[error("the bucket {bucket} cannot hold blobs: {what}")]
    Shape {
        /// Which bucket.
        bucket: String,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// S3 cannot be reached, or refuses us. It may be well again in a moment.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl S3 {
    /// Makes bucket and rule, if it may; or says what is wrong with them.
    pub(super) async fn prepare(&self) -> Result<(), OpenError> {
        let Settings { bucket, creates, .. } = &self.settings;
        let shape = |what| OpenError::Shape { bucket: bucket.clone(), what };
        for _ in 0..TRIES {
            match self.rules().await? {
                None if !creates => return Err(Outage::new(OutageKind::Broken, missing(bucket)).into()),
                None => self.create().await?,
                Some(rules) => match self.judged(&rules) {
                    Judged::Fine => return Ok(()),
                    Judged::TooSoon(what) => return Err(shape(what)),
                    Judged::Never if !creates => return Err(shape(self.unruled())),
                    Judged::Never => self.rule(rules).await?,
                },
            }
        }
        Err(shape("others change it again and again".to_owned()))
    }

    /// By what rules objects expire; `None`: there is no such bucket.
    async fn rules(&self) -> Result<Option<Vec<LifecycleRule>>, Outage> {
        let ask = || async {
            let request = self
                .client
                .get_bucket_lifecycle_configuration()
                .bucket(&self.settings.bucket)
                .set_expected_bucket_owner(self.settings.owner.clone());
            match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(found) => Ok(Some(found.rules.unwrap_or_default())),
                Err(Failure::Refused(refusal)) if refusal.code == "NoSuchLifecycleConfiguration" => {
                    Ok(Some(vec![]))
                }
                Err(Failure::Refused(refusal)) if refusal.code == "NoSuchBucket" => Ok(None),
                Err(failure) => Err(self.explained(failure)),
            }
        };
        self.calls.again(ask).await
    }

    /// What the rules do to our blobs.
    fn judged(&self, rules: &[LifecycleRule]) -> Judged {
        let Settings { folder, kept_days, .. } = &self.settings;
        let days =
            rules.iter().filter(|rule| covers(rule, folder)).filter_map(|rule| rule.expiration()?.days());
        match days.min() {
            None => Judged::Never,
            Some(days) if days < *kept_days => Judged::TooSoon(format!(
                "a rule removes what begins with {folder} after {days} days, and blobs are wanted for {kept_days}; change \
                 the rule, or name another bucket with --bucket"
            )),
            Some(_) => Judged::Fine,
        }
    }

    fn unruled(&self) -> String {
        let Settings { folder, kept_days, .. } = &self.settings;
        let rule = self.settings.rule();
        format!(
            "no rule removes what begins with {folder}; make one that does so after {kept_days} days, named {rule}"
        )
    }

    async fn create(&self) -> Result<(), OpenError> {
        let bucket = &self.settings.bucket;
        let region = self.client.config().region().map_or(FIRST_REGION, AsRef::as_ref);
        let place = (region != FIRST_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let request = self.client.create_bucket().bucket(bucket).set_create_bucket_configuration(place);
        match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
            Ok(_) => {}
            Err(Failure::Refused(Refusal { code, .. }))
                if matches!(code.as_str(), "BucketAlreadyOwnedByYou" | "OperationAborted") =>
            {
                // Somebody else was making it, too.
                self.calls.pause(1).await;
            }
            Err(Failure::Refused(Refusal { code, .. })) if code == "BucketAlreadyExists" => {
                let what = "it belongs to somebody else; name another one with --bucket".to_owned();
                return Err(OpenError::Shape { bucket: bucket.clone(), what });
            }
            Err(failure) => return Err(self.explained(failure).outage().into()),
        }
        Ok(self.close_to_the_public().await?)
    }

    async fn close_to_the_public(&self) -> Result<(), Outage> {
        let closed = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
            .build();
        let put = || async {
            let request = self
                .client
                .put_public_access_block()
                .bucket(&self.settings.bucket)
                .set_expected_bucket_owner(self.settings.owner.clone())
                .public_access_block_configuration(closed.clone());
            let answer = self.calls.once(|sent| request.customize().interceptor(sent).send()).await;
            answer.map(drop).map_err(|failure| self.explained(failure))
        };
        self.calls.again(put).await
    }

    /// Adds ours to the rules that are there.
    async fn rule(&self, mut rules: Vec<LifecycleRule>) -> Result<(), Outage> {
        let wrong = |error: aws_sdk_s3::error::BuildError| Outage::new(OutageKind::Broken, error.to_string());
        let rule = LifecycleRule::builder()
            .id(self.settings.rule())
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(&self.settings.folder).build())
            .expiration(LifecycleExpiration::builder().days(self.settings.kept_days).build());
        rules.retain(|rule| rule.id() != Some(&self.settings.rule()));
        rules.push(rule.build().map_err(wrong)?);
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(wrong)?;
        let put = || async {
            let request = self
                .client
                .put_bucket_lifecycle_configuration()
                .bucket(&self.settings.bucket)
                .set_expected_bucket_owner(self.settings.owner.clone())
                .lifecycle_configuration(rules.clone());
            let answer = self.calls.once(|sent| request.customize().interceptor(sent).send()).await;
            answer.map(drop).map_err(|failure| self.explained(failure))
        };
        self.calls.again(put).await
    }

    /// All blobs, and then the bucket; what somebody else keeps in it stays, and the bucket with it.
    pub(super) async fn remove(&self) -> Result<(), Outage> {
        let owner = || self.settings.owner.clone();
        let bucket = &self.settings.bucket;
        loop {
            let request = self.client.list_objects_v2().bucket(bucket).prefix(&self.settings.folder);
            let request = request.set_expected_bucket_owner(owner());
            let page = match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(page) => page.contents.unwrap_or_default(),
                Err(Failure::Refused(refusal)) if refusal.code == "NoSuchBucket" => return Ok(()),
                Err(failure) => return Err(self.explained(failure).outage()),
            };
            if page.is_empty() {
                break;
            }
            let wrong =
                |error: aws_sdk_s3::error::BuildError| Outage::new(OutageKind::Broken, error.to_string());
            let names = page.into_iter().filter_map(|object| object.key);
            let names =
                names.map(|key| ObjectIdentifier::builder().key(key).build()).collect::<Result<_, _>>();
            let delete = Delete::builder().set_objects(Some(names.map_err(wrong)?)).quiet(true).build();
            let request = self.client.delete_objects().bucket(bucket).delete(delete.map_err(wrong)?);
            let request = request.set_expected_bucket_owner(owner());
            let answer = self.calls.once(|sent| request.customize().interceptor(sent).send()).await;
            let refused =
                answer.map_err(|failure| self.explained(failure).outage())?.errors.unwrap_or_default();
            if let Some(first) = refused.first() {
                let why = first.message().unwrap_or("no reason given");
                return Err(Outage::new(
                    OutageKind::Broken,
                    format!("blobs in {bucket} cannot be removed: {why}"),
                ));
            }
        }
        let request = self.client.delete_bucket().bucket(bucket).set_expected_bucket_owner(owner());
        match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(Refusal { code, .. }))
                if matches!(code.as_str(), "BucketNotEmpty" | "NoSuchBucket") =>
            {
                Ok(())
            }
            Err(failure) => Err(self.explained(failure).outage()),
        }
    }
}

/// What rules do to our blobs.
enum Judged {
    Fine,
    Never,
    /// What is wrong, and what to do.
    TooSoon(String),
}

/// Whether `rule` removes what is in `folder`. One that asks for tags or sizes as well does not, as ours have none.
fn covers(rule: &LifecycleRule, folder: &str) -> bool {
    let filter = rule.filter();
    let asks_more = filter.is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    #[expect(deprecated, reason = "how rules were written once, which S3 still obeys")]
    let prefix = filter.and_then(LifecycleRuleFilter::prefix).or(rule.prefix()).unwrap_or_default();
    *rule.status() == ExpirationStatus::Enabled && !asks_more && folder.starts_with(prefix)
}

fn missing(bucket: &str) -> String {
    format!("the bucket {bucket} is missing: make it as docs/backends.md says, or let this program make it")
}
