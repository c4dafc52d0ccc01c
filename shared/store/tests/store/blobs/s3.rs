//! Blobs in S3 against an endpoint, over a wire on which answers can be lost. Every test has a bucket of its own, removed
//! at its end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
};
use contracts::{DataRef, Timestamp};
use store::blobs::READ_BYTES;
use store::blobs::s3::{OpenError, S3, Settings};
use store::conformance::blobs::{Hook, Subject};
use store::{Blob, Blobs, Boxed, OutageKind};

use super::{name_of, pass_all};
use crate::aws::{config, endpoint};
use crate::units::run;
use crate::wire::{Fault, Wire};

/// How often a request is sent that may be repeated.
const TRIES: usize = 4;

/// A bucket of its own.
struct Bucket {
    url: String,
    name: String,
}

impl Bucket {
    fn new(url: &str) -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        Self { url: url.to_owned(), name: format!("test-{}-{number}", std::process::id()) }
    }

    fn settings(&self) -> Settings {
        Settings { bucket: self.name.clone(), ..Settings::default() }
    }

    async fn open_at(&self, url: &str) -> S3 {
        S3::open(&config(url), self.settings()).await.unwrap()
    }

    async fn open(&self) -> S3 {
        self.open_at(&self.url).await
    }

    fn client(&self) -> Client {
        let config = aws_sdk_s3::config::Builder::from(&config(&self.url)).force_path_style(true);
        Client::from_conf(config.build())
    }

    fn key(name: DataRef) -> String {
        format!("banyan/blobs/{}", name.hex())
    }

    async fn overwrite(&self, name: DataRef, content: Vec<u8>) {
        let put = self.client().put_object().bucket(&self.name).key(Self::key(name));
        put.body(ByteStream::from(content)).send().await.unwrap();
    }

    /// When it was written, in nanoseconds.
    async fn written(&self, name: DataRef) -> i128 {
        let listed = self.client().list_objects_v2().bucket(&self.name).prefix(Self::key(name)).send().await;
        listed.unwrap().contents()[0].last_modified().unwrap().as_nanos()
    }

    async fn rules(&self) -> Vec<LifecycleRule> {
        let asked = self.client().get_bucket_lifecycle_configuration().bucket(&self.name).send().await;
        asked.map(|found| found.rules.unwrap_or_default()).unwrap_or_default()
    }

    async fn set_rule(&self, id: &str, prefix: &str, days: i32) {
        let rule = LifecycleRule::builder()
            .id(id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
            .expiration(LifecycleExpiration::builder().days(days).build())
            .build()
            .unwrap();
        let rules = BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
        let put = self.client().put_bucket_lifecycle_configuration().bucket(&self.name);
        put.lifecycle_configuration(rules).send().await.unwrap();
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let remove = async { S3::demolish(&config(&self.url), self.settings()).await.unwrap() };
        std::thread::scope(|scope| scope.spawn(|| run(remove)).join().unwrap());
    }
}

/// A bucket of its own for every case.
struct Buckets {
    endpoint: String,
    wire: Wire,
    latest: Mutex<Option<Bucket>>,
}

impl Buckets {
    fn open(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        let settings = self.latest.lock().unwrap().as_ref().unwrap().settings();
        Box::pin(async move {
            Arc::new(S3::open(&config(&self.wire.url), settings).await.unwrap()) as Arc<dyn Blobs>
        })
    }
}

impl Subject for Buckets {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        *self.latest.lock().unwrap() = Some(Bucket::new(&self.endpoint));
        self.open()
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Blobs>>> {
        Box::pin(async { Some(self.open().await) })
    }

    fn expires_by_itself(&self) -> bool {
        true
    }

    fn hook(&self, hook: Hook) -> bool {
        match hook {
            Hook::Down(is_down) => {
                for method in ["GET", "PUT"] {
                    let faults = if is_down { 3 * TRIES } else { 0 };
                    self.wire.next(method, std::iter::repeat_n(Fault::Question, faults));
                }
            }
            Hook::LoseReply => self.wire.next("PUT", std::iter::repeat_n(Fault::Answer, TRIES)),
            Hook::Damage(name) => {
                let latest = self.latest.lock().unwrap();
                let damage = latest.as_ref().unwrap().overwrite(name, b"damag".to_vec());
                std::thread::scope(|scope| scope.spawn(|| run(damage)).join().unwrap());
            }
        }
        true
    }
}

#[test]
fn blobs_in_s3_pass_every_case() {
    let Some(endpoint) = endpoint() else { return };
    let wire = Wire::new(&endpoint);
    let subject = Buckets { endpoint, wire, latest: Mutex::default() };
    let skipped = pass_all(&subject, &|case| run(case));
    let by_itself = [
        "what_is_old_expires_and_what_is_not_stays",
        "renewing_renews",
        "no_more_expire_than_asked_for",
        "what_expired_can_be_put_again",
        "what_was_put_keeps_its_age_over_a_restart",
    ];
    assert_eq!(skipped, by_itself.map(|case| format!("skipped: {case} (expires by itself)")));
}

#[test]
fn what_is_put_or_renewed_is_written_anew_and_expires_by_a_rule_of_the_bucket() {
    let Some(endpoint) = endpoint() else { return };
    let bucket = Bucket::new(&endpoint);
    run(async {
        let blobs = bucket.open().await;
        let rules = bucket.rules().await;
        assert_eq!(rules.len(), 1, "{rules:?}");
        assert_eq!((rules[0].id(), rules[0].status()), (Some("banyan-blobs"), &ExpirationStatus::Enabled));
        assert_eq!(rules[0].filter().unwrap().prefix(), Some("banyan/blobs/"));
        assert_eq!(rules[0].expiration().unwrap().days(), Some(30));
        let blob = Blob::new("kept".into()).unwrap();
        blobs.put(blob.clone(), Timestamp::EPOCH).await.unwrap();
        let first = bucket.written(blob.name()).await;
        // Times of S3 are coarse: again until one is later.
        while bucket.written(blob.name()).await == first {
            assert_eq!(blobs.renew(blob.name(), Timestamp::EPOCH).await, Ok(true));
        }
        let renewed = bucket.written(blob.name()).await;
        while bucket.written(blob.name()).await == renewed {
            blobs.put(blob.clone(), Timestamp::EPOCH).await.unwrap();
        }
        assert_eq!(blobs.get(blob.name()).await.unwrap().as_ref(), Some(blob.content()));
        assert_eq!(blobs.expire(Timestamp::MAX, 100).await, Ok(0));
    });
}

#[test]
fn rules_of_others_stay_and_one_that_is_too_eager_is_refused() {
    let Some(endpoint) = endpoint() else { return };
    let bucket = Bucket::new(&endpoint);
    run(async {
        bucket.client().create_bucket().bucket(&bucket.name).send().await.unwrap();
        bucket.set_rule("of-somebody-else", "logs/", 1).await;
        let unwilling = Settings { creates: false, ..bucket.settings() };
        let error = S3::open(&config(&endpoint), unwilling.clone()).await.err().unwrap();
        assert!(matches!(error, OpenError::Shape { .. }), "{error:?}");
        assert!(error.to_string().contains("no rule removes what begins with banyan/blobs/"), "{error}");
        drop(bucket.open().await);
        let ids: Vec<_> = bucket.rules().await.iter().map(|rule| rule.id().unwrap().to_owned()).collect();
        assert_eq!(ids, ["of-somebody-else", "banyan-blobs"]);
        drop(S3::open(&config(&endpoint), unwilling).await.unwrap());

        bucket.set_rule("too-eager", "", 7).await;
        let error = S3::open(&config(&endpoint), bucket.settings()).await.err().unwrap();
        let told = error.to_string();
        assert!(matches!(error, OpenError::Shape { .. }) && told.contains("after 7 days"), "{told}");
        bucket.set_rule("patient", "banyan", 31).await;
        drop(bucket.open().await);
        assert_eq!(bucket.rules().await.len(), 1);
    });
}

#[test]
fn shops_that_share_a_bucket_do_not_take_one_another_down() {
    let Some(endpoint) = endpoint() else { return };
    let bucket = Bucket::new(&endpoint);
    run(async {
        let blobs = bucket.open().await;
        let blob = Blob::new("of both".into()).unwrap();
        blobs.put(blob.clone(), Timestamp::EPOCH).await.unwrap();
        let other = Settings { folder: "other/blobs/".to_owned(), ..bucket.settings() };
        let others = S3::open(&config(&endpoint), other.clone()).await.unwrap();
        assert_eq!(bucket.rules().await.len(), 2);
        assert_eq!(others.get(blob.name()).await, Ok(None));
        others.put(blob.clone(), Timestamp::EPOCH).await.unwrap();
        S3::demolish(&config(&endpoint), other).await.unwrap();
        assert_eq!(others.get(blob.name()).await, Ok(None));
        assert_eq!(blobs.get(blob.name()).await.unwrap().as_ref(), Some(blob.content()));
    });
}

#[test]
fn processes_that_start_at_once_make_the_bucket_once() {
    let Some(endpoint) = endpoint() else { return };
    let bucket = Bucket::new(&endpoint);
    run(async {
        let all = crate::units::together((0..4).map(|_| bucket.open()).collect()).await;
        let blob = Blob::new("seen by all".into()).unwrap();
        all[0].put(blob.clone(), Timestamp::EPOCH).await.unwrap();
        for blobs in &all {
            assert_eq!(blobs.get(blob.name()).await.unwrap().as_ref(), Some(blob.content()));
        }
    });
}

#[test]
fn an_object_that_grew_is_not_read_without_end() {
    let Some(endpoint) = endpoint() else { return };
    let bucket = Bucket::new(&endpoint);
    run(async {
        let blobs = bucket.open().await;
        bucket.overwrite(name_of("a"), vec![b'a'; 2 * READ_BYTES]).await;
        assert_eq!(blobs.get(name_of("a")).await.unwrap().unwrap().len(), READ_BYTES);
    });
}

#[test]
fn what_passes_is_tried_again_and_in_the_end_an_outage_says_what() {
    let Some(endpoint) = endpoint() else { return };
    let (bucket, wire) = (Bucket::new(&endpoint), Wire::new(&endpoint));
    let error = |code: &str| format!("<Error><Code>{code}</Code><Message>said by a test</Message></Error>");
    run(async {
        let blobs = bucket.open_at(&wire.url).await;
        let blob = Blob::new("patience".into()).unwrap();
        for (status, code) in [(503, "SlowDown"), (500, "InternalError"), (409, "OperationAborted")] {
            let busy = Fault::Refused(status, error(code));
            wire.asked("PUT");
            wire.next("PUT", vec![busy.clone(); TRIES - 1]);
            blobs.put(blob.clone(), Timestamp::EPOCH).await.unwrap();
            assert_eq!(wire.asked("PUT"), TRIES, "{code}");
            wire.next("PUT", vec![busy; TRIES]);
            let outage = blobs.put(blob.clone(), Timestamp::EPOCH).await.unwrap_err();
            assert!(outage.detail.contains(code), "{outage}");
        }
        wire.next("GET", [Fault::Refused(403, error("AccessDenied"))]);
        let outage = blobs.get(blob.name()).await.unwrap_err();
        assert!(outage.kind == OutageKind::Broken && outage.detail.contains("s3:ListBucket"), "{outage}");
        wire.next("GET", [Fault::Refused(404, error("NoSuchBucket"))]);
        let outage = blobs.get(blob.name()).await.unwrap_err();
        assert!(outage.detail.contains(&format!("the bucket {} is missing", bucket.name)), "{outage}");
        // S3 begins to answer a copy before it is done, and may say that it failed only then.
        wire.next("PUT", vec![Fault::Refused(200, error("InternalError")); TRIES]);
        let outage = blobs.renew(blob.name(), Timestamp::EPOCH).await.unwrap_err();
        assert!(outage.detail.contains("InternalError"), "{outage}");
        assert_eq!(blobs.renew(blob.name(), Timestamp::EPOCH).await, Ok(true));
    });
}
