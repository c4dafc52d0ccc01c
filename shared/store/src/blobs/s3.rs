//! Blobs as objects of S3, or of what speaks like it: one bucket, in which each is named by its hash.
//!
//! They expire by a rule of the bucket, so many days after they were written last. To renew one is to write it anew: S3
//! copies it onto itself.

mod bucket;
mod settings;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::StalledStreamProtectionConfig;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::MetadataDirective;
use aws_types::SdkConfig;
use bytes::{Bytes, BytesMut};
use contracts::{DataRef, Timestamp};

use super::{Blob, Blobs, READ_BYTES};
use crate::aws::{Calls, Failure, Refusal};
use crate::failure::{Outage, OutageKind, chain};
use crate::{Boxed, wait};

pub use self::bucket::OpenError;
pub use self::settings::{Settings, SettingsError};

/// One bucket.
pub struct S3 {
    client: Client,
    calls: Calls,
    settings: Settings,
}

impl S3 {
    /// With the credentials, region, endpoint and HTTP client of `config`, whose settings for retries do not count.
    /// Makes the bucket if it is missing and [`Settings::creates`]; several processes may do so at once.
    ///
    /// # Errors
    /// [`OpenError`]: [`OpenError::Outage`] may be over in a moment; at the others a person should look.
    pub async fn open(config: &SdkConfig, settings: Settings) -> Result<Self, OpenError> {
        let bucket = Self::at(config, settings)?;
        bucket.prepare().await?;
        Ok(bucket)
    }

    /// Removes all blobs, and the bucket unless something else is in it; nothing where there is none. For tests, and for who
    /// takes a shop down.
    ///
    /// # Errors
    /// [`OpenError`]: some of it may still be there.
    pub async fn demolish(config: &SdkConfig, settings: Settings) -> Result<(), OpenError> {
        Ok(Self::at(config, settings)?.remove().await?)
    }

    fn at(config: &SdkConfig, settings: Settings) -> Result<Self, OpenError> {
        settings.check()?;
        let builder = aws_sdk_s3::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            // An answer has a bound as a whole; that is enough.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            // What is no Amazon seldom has a name for each bucket.
            .force_path_style(config.endpoint_url().is_some());
        let calls = Calls::new(settings.requests, settings.turn, settings.answer);
        Ok(Self { client: Client::from_conf(builder.build()), calls, settings })
    }

    fn key(&self, name: DataRef) -> String {
        format!("{}{}", self.settings.folder, name.hex())
    }

    async fn write(&self, name: DataRef, content: Bytes) -> Result<(), Outage> {
        let put = || async {
            let request = self
                .client
                .put_object()
                .bucket(&self.settings.bucket)
                .key(self.key(name))
                .set_expected_bucket_owner(self.settings.owner.clone())
                .body(ByteStream::from(content.clone()));
            let answer = self.calls.once(|sent| request.customize().interceptor(sent).send()).await;
            answer.map(drop).map_err(|failure| self.explained(failure))
        };
        self.calls.again(put).await
    }

    async fn fetch(&self, name: DataRef) -> Result<Option<Bytes>, Outage> {
        let get = || async {
            let request = self
                .client
                .get_object()
                .bucket(&self.settings.bucket)
                .key(self.key(name))
                .set_expected_bucket_owner(self.settings.owner.clone());
            match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(object) => self.content(object.body).await.map(Some),
                Err(Failure::Refused(refusal)) if is_missing(&refusal) => Ok(None),
                Err(failure) => Err(self.explained(failure)),
            }
        };
        self.calls.again(get).await
    }

    /// All of it, or as much as shows that it is too long.
    async fn content(&self, mut body: ByteStream) -> Result<Bytes, Failure> {
        let read = async {
            let mut content = BytesMut::new();
            while let Some(part) = body.try_next().await? {
                content.extend_from_slice(&part);
                if content.len() >= READ_BYTES {
                    content.truncate(READ_BYTES);
                    break;
                }
            }
            Ok::<_, aws_sdk_s3::primitives::ByteStreamError>(content.freeze())
        };
        let lost = |why: String| Failure::Lost(Outage::new(OutageKind::Unreachable, why));
        match wait::at_most(self.settings.answer, read).await {
            Some(Ok(content)) => Ok(content),
            Some(Err(error)) => Err(lost(chain(&error))),
            None => Err(lost(format!("no whole object within {:?}", self.settings.answer))),
        }
    }

    /// Whether there is something to be renewed.
    async fn write_anew(&self, name: DataRef) -> Result<bool, Outage> {
        let copy = || async {
            let request = self
                .client
                .copy_object()
                .bucket(&self.settings.bucket)
                .key(self.key(name))
                .copy_source(format!("{}/{}", self.settings.bucket, self.key(name)))
                // S3 copies an object onto itself only where something changes; to say its metadata again is enough.
                .metadata_directive(MetadataDirective::Replace)
                .set_expected_bucket_owner(self.settings.owner.clone())
                .set_expected_source_bucket_owner(self.settings.owner.clone());
            match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(_) => Ok(true),
                Err(Failure::Refused(refusal)) if is_missing(&refusal) => Ok(false),
                Err(failure) => Err(self.explained(failure)),
            }
        };
        self.calls.again(copy).await
    }

    /// With what to do about it, where that can be said.
    fn explained(&self, failure: Failure) -> Failure {
        let Failure::Refused(Refusal { code, mut outage }) = failure else { return failure };
        let bucket = &self.settings.bucket;
        match code.as_str() {
            "NoSuchBucket" => {
                outage.detail = format!("the bucket {bucket} is missing ({})", outage.detail);
            }
            // S3 does not tell what is missing to who may not list the bucket, and says this instead.
            "AccessDenied" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" => {
                outage.detail = format!(
                    "these credentials may not use the bucket {bucket}, for which s3:ListBucket, s3:GetObject and \
                     s3:PutObject are needed: {}",
                    outage.detail
                );
            }
            _ => {}
        }
        Failure::Refused(Refusal { code, outage })
    }
}

fn is_missing(refusal: &Refusal) -> bool {
    refusal.code == "NoSuchKey"
}

/// `now` is S3's own, and what expires does so by itself.
impl Blobs for S3 {
    fn put(&self, blob: Blob, _: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move { self.write(blob.name(), blob.content().clone()).await })
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(self.fetch(name))
    }

    fn renew(&self, name: DataRef, _: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(self.write_anew(name))
    }

    fn expire(&self, _: Timestamp, _: usize) -> Boxed<'_, Result<usize, Outage>> {
        Box::pin(std::future::ready(Ok(0)))
    }
}
