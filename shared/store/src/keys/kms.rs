//! Data keys of KMS: its key never leaves it, and who may use it is said by policies.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::StalledStreamProtectionConfig;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeySpec, KeyMetadata, KeyState};
use aws_smithy_types::date_time::Format;
use aws_types::SdkConfig;
use bytes::Bytes;

use super::{DataKey, Keys, Secret};
use crate::Boxed;
use crate::aws::{Calls, Failure, Refusal, TRIES};
use crate::failure::{Outage, OutageKind};

/// What names a key that this program may make.
const ALIAS: &str = "alias/";
/// The fewest days that KMS keeps a key that is to be deleted.
const DAYS: i32 = 7;

/// Which key, and how it is used.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key: its id, its ARN, or `alias/` and a name.
    pub key: String,
    /// What data keys are for: KMS opens one only for the same again, and notes it in its log.
    pub context: String,
    /// Makes the key if it is named by an alias that is missing. In production Terraform makes it, and the program has no
    /// right to.
    pub creates: bool,
    /// Requests at once, 1 to 1,000.
    pub requests: usize,
    /// How long a request waits to be among those that are under way.
    pub turn: Duration,
    /// How long the answer to one request is waited for. Then it is lost, and asked again.
    pub answer: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key: "alias/banyan".to_owned(),
            context: "banyan".to_owned(),
            creates: true,
            requests: 16,
            turn: Duration::from_secs(5),
            answer: Duration::from_secs(5),
        }
    }
}

/// One key of KMS.
pub struct Kms {
    client: Client,
    calls: Calls,
    settings: Settings,
}

impl Kms {
    /// With the credentials, region, endpoint and HTTP client of `config`, whose settings for retries do not count.
    ///
    /// # Errors
    /// [`Outage`]: KMS cannot be reached, there is no such key, it is disabled or to be deleted, or it may not be used.
    pub async fn open(config: &SdkConfig, settings: Settings) -> Result<Self, Outage> {
        let kms = Self::at(config, settings);
        for _ in 0..TRIES {
            match kms.look().await? {
                Some(key) => return kms.judge(&key).map(|()| kms),
                None if kms.settings.creates && kms.settings.key.starts_with(ALIAS) => kms.create().await?,
                None => break,
            }
        }
        Err(Outage::new(OutageKind::Broken, missing(&kms.settings.key)))
    }

    /// Has KMS forget the key's name now, and delete it in seven days; until then that can be taken back. Nothing where there
    /// is none. A key that somebody else made stays, and its name with it: it may seal other things.
    ///
    /// # Errors
    /// [`Outage`]: it may still be there.
    pub async fn demolish(config: &SdkConfig, settings: Settings) -> Result<(), Outage> {
        let kms = Self::at(config, settings);
        let Some(key) = kms.look().await? else { return Ok(()) };
        if key.description() != Some(kms.about().as_str()) {
            tracing::warn!(key = kms.settings.key, "the key stays: somebody else made it");
            return Ok(());
        }
        if kms.settings.key.starts_with(ALIAS) {
            let request = kms.client.delete_alias().alias_name(&kms.settings.key);
            kms.asked(kms.calls.once(|sent| request.customize().interceptor(sent).send()).await)?;
        }
        if is_going(&key) {
            return Ok(());
        }
        kms.discard(&key.key_id).await
    }

    fn at(config: &SdkConfig, settings: Settings) -> Self {
        let builder = aws_sdk_kms::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            // An answer has a bound as a whole; that is enough.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let calls = Calls::new(settings.requests.clamp(1, 1_000), settings.turn, settings.answer);
        Self { client: Client::from_conf(builder.build()), calls, settings }
    }

    /// What KMS tells of the key; `None`: there is none.
    async fn look(&self) -> Result<Option<KeyMetadata>, Outage> {
        let describe = || async {
            let request = self.client.describe_key().key_id(&self.settings.key);
            match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(found) => Ok(found.key_metadata),
                Err(Failure::Refused(refusal)) if refusal.code == "NotFoundException" => Ok(None),
                Err(failure) => Err(self.explained(failure)),
            }
        };
        self.calls.again(describe).await
    }

    /// Refuses a key that is there and of no use. No other is made in its stead: what it sealed would be lost.
    fn judge(&self, key: &KeyMetadata) -> Result<(), Outage> {
        let (name, id) = (&self.settings.key, &key.key_id);
        let why = if is_going(key) {
            let date = key.deletion_date().and_then(|at| at.fmt(Format::DateTime).ok());
            let date = date.map(|date| format!(" on {date}")).unwrap_or_default();
            format!(
                "the key {name} is to be deleted{date}: cancel its deletion (aws kms cancel-key-deletion --key-id {id}; \
                 aws kms enable-key --key-id {id})"
            )
        } else if key.key_state() == Some(&KeyState::Disabled) {
            format!("the key {name} is disabled: enable it again (aws kms enable-key --key-id {id})")
        } else {
            return Ok(());
        };
        Err(Outage::new(OutageKind::Broken, why))
    }

    /// What a key of ours says of itself.
    fn about(&self) -> String {
        format!("seals what {} keeps", self.settings.context)
    }

    /// Makes a key that is turned every year, and gives it its name, unless another process was faster.
    async fn create(&self) -> Result<(), Outage> {
        let request = self.client.create_key().description(self.about());
        let made = self.asked(self.calls.once(|sent| request.customize().interceptor(sent).send()).await)?;
        let id = made.key_metadata.map(|key| key.key_id);
        let id = id.ok_or_else(|| Outage::new(OutageKind::Broken, "KMS made a key without an id"))?;
        let request = self.client.enable_key_rotation().key_id(&id);
        self.asked(self.calls.once(|sent| request.customize().interceptor(sent).send()).await)?;
        let request = self.client.create_alias().alias_name(&self.settings.key).target_key_id(&id);
        match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(refusal)) if refusal.code == "AlreadyExistsException" => {
                self.discard(&id).await
            }
            Err(failure) => Err(self.explained(failure).outage()),
        }
    }

    async fn discard(&self, id: &str) -> Result<(), Outage> {
        let request = self.client.schedule_key_deletion().key_id(id).pending_window_in_days(DAYS);
        self.asked(self.calls.once(|sent| request.customize().interceptor(sent).send()).await).map(drop)
    }

    fn asked<T>(&self, answer: Result<T, Failure>) -> Result<T, Outage> {
        answer.map_err(|failure| self.explained(failure).outage())
    }

    fn context(&self) -> HashMap<String, String> {
        HashMap::from([("banyan".to_owned(), self.settings.context.clone())])
    }

    async fn data_key(&self) -> Result<DataKey, Outage> {
        let generate = || async {
            let request = self
                .client
                .generate_data_key()
                .key_id(&self.settings.key)
                .key_spec(DataKeySpec::Aes256)
                .set_encryption_context(Some(self.context()));
            let answer = self.calls.once(|sent| request.customize().interceptor(sent).send()).await;
            answer.map_err(|failure| self.explained(failure))
        };
        let made = self.calls.again(generate).await?;
        let secret = made.plaintext.map(Blob::into_inner).map(zeroize::Zeroizing::new);
        let secret = secret.and_then(|bytes| Secret::new(&bytes));
        let wrapped = made.ciphertext_blob.map(|blob| Bytes::from(blob.into_inner()));
        secret
            .zip(wrapped)
            .map(|(secret, wrapped)| DataKey { secret, wrapped })
            .ok_or_else(|| Outage::new(OutageKind::Broken, "KMS gave no data key of 256 bits"))
    }

    /// The key that sealed it is named in it; that it is one of ours is what the policy of this role sees to.
    async fn opened(&self, wrapped: Bytes) -> Result<Option<Secret>, Outage> {
        let decrypt = || async {
            let request = self
                .client
                .decrypt()
                .ciphertext_blob(Blob::new(wrapped.clone()))
                .set_encryption_context(Some(self.context()));
            match self.calls.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(opened) => Ok(opened.plaintext.map(Blob::into_inner).map(zeroize::Zeroizing::new)),
                Err(Failure::Refused(refusal)) if refusal.code == "InvalidCiphertextException" => Ok(None),
                Err(failure) => Err(self.explained(failure)),
            }
        };
        Ok(self.calls.again(decrypt).await?.and_then(|bytes| Secret::new(&bytes)))
    }

    /// With what to do about it, where that can be said.
    fn explained(&self, failure: Failure) -> Failure {
        let Failure::Refused(Refusal { code, mut outage }) = failure else { return failure };
        let key = &self.settings.key;
        let what = match code.as_str() {
            "NotFoundException" => missing(key),
            "DisabledException" | "KMSInvalidStateException" => {
                format!("the key {key} is disabled or to be deleted: enable it again, or cancel its deletion")
            }
            "AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException" => {
                format!(
                    "these credentials may not use the key {key}, for which kms:DescribeKey, kms:GenerateDataKey and \
                     kms:Decrypt are needed"
                )
            }
            _ => return Failure::Refused(Refusal { code, outage }),
        };
        outage.detail = format!("{what} ({})", outage.detail);
        Failure::Refused(Refusal { code, outage })
    }
}

impl Keys for Kms {
    fn make(&self) -> Boxed<'_, Result<DataKey, Outage>> {
        Box::pin(self.data_key())
    }

    fn unwrap(&self, wrapped: Bytes) -> Boxed<'_, Result<Option<Secret>, Outage>> {
        Box::pin(self.opened(wrapped))
    }
}

/// Whether it is to be deleted; its alias stays with it until then.
fn is_going(key: &KeyMetadata) -> bool {
    matches!(key.key_state(), Some(KeyState::PendingDeletion | KeyState::PendingReplicaDeletion))
        || key.deletion_date().is_some()
}

fn missing(key: &str) -> String {
    format!("the key {key} of KMS is missing: make it as docs/backends.md says, or let this program make it")
}
