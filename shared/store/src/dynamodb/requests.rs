//! What is asked of the table, each in the pieces that DynamoDB takes.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, PutRequest, TransactWriteItem, WriteRequest};
use aws_types::SdkConfig;

use super::layout::{Attributes, Place};
use super::settings::Settings;
use crate::aws::{Calls, Failure, Refusal, Sent, TRIES};
use crate::failure::{Outage, OutageKind};

/// What one request may name: DynamoDB's bounds.
const GET_AT_ONCE: usize = 100;
const WRITE_AT_ONCE: usize = 25;

/// The client, and the bounds on its use.
pub(super) struct Requests {
    client: Client,
    settings: Settings,
    calls: Calls,
}

impl Requests {
    pub(super) fn new(config: &SdkConfig, settings: Settings) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(config)
            .retry_config(RetryConfig::disabled())
            // An answer has a bound as a whole; that is enough.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let calls = Calls::new(settings.requests, settings.waits.turn, settings.waits.answer);
        Self { client: Client::from_conf(config), calls, settings }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets nothing out any more.
    pub(super) fn close(&self) {
        self.calls.close();
    }

    /// What names one transaction, however often it is sent.
    pub(super) fn token(&self) -> String {
        self.calls.token()
    }

    /// Waits before try `n`, the first being 0.
    pub(super) async fn pause(&self, n: u32) {
        self.calls.pause(n).await;
    }

    /// Sends one request, once.
    pub(super) async fn once<T, E, F>(&self, request: impl FnOnce(Sent) -> F) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        self.calls.once(request).await.map_err(|failure| self.explained(failure))
    }

    /// The same again, as long as it may help: for what changes nothing, or may be repeated.
    pub(super) async fn again<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        request: impl Fn() -> F,
    ) -> Result<T, Outage> {
        self.calls.again(request).await
    }

    /// Sends a transaction, once.
    pub(super) async fn transact(&self, items: Vec<TransactWriteItem>, token: &str) -> Result<(), Failure> {
        let request =
            self.client.transact_write_items().set_transact_items(Some(items)).client_request_token(token);
        let mut reasons = None;
        let answer = self.once(async |sent| {
            let answer = request.customize().interceptor(sent).send().await;
            if let Err(error) = &answer
                && let Some(TransactWriteItemsError::TransactionCanceledException(why)) =
                    error.as_service_error()
            {
                let codes = why.cancellation_reasons().iter();
                reasons = Some(codes.map(|reason| reason.code().unwrap_or("None").to_owned()).collect());
            }
            answer
        });
        let answer = answer.await;
        match (answer, reasons) {
            (Ok(_), _) => Ok(()),
            (Err(_), Some(codes)) => Err(Failure::Cancelled(codes)),
            (Err(failure), None) => Err(failure),
        }
    }

    /// Strong read. What is not there is not in the answer.
    pub(super) async fn get(&self, places: Vec<Place>) -> Result<BTreeMap<Place, Attributes>, Outage> {
        let mut found = BTreeMap::new();
        let mut left: Vec<Place> = places.into_iter().filter(Place::can_be).collect();
        left.sort_unstable();
        left.dedup();
        let mut idle = 0;
        while !left.is_empty() {
            let now = left.split_off(left.len().saturating_sub(GET_AT_ONCE));
            let asked = now.len();
            let (items, unread) = self.get_some(&now).await?;
            idle = if unread.len() == asked { idle + 1 } else { 0 };
            for item in items {
                found.insert(Place::read(&item)?, item);
            }
            self.unfinished(idle, !unread.is_empty()).await?;
            left.extend(unread);
        }
        Ok(found)
    }

    async fn get_some(&self, places: &[Place]) -> Result<(Vec<Attributes>, Vec<Place>), Outage> {
        let table = &self.settings.table;
        let keys = places.iter().map(Place::attributes).collect();
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))?;
        let answer = self
            .again(|| async {
                let request = self.client.batch_get_item().request_items(table, wanted.clone());
                self.once(|sent| request.customize().interceptor(sent).send()).await
            })
            .await?;
        let unread = answer.unprocessed_keys.unwrap_or_default().remove(table).map(|left| left.keys);
        let unread = unread.unwrap_or_default().iter().map(Place::read).collect::<Result<_, Outage>>()?;
        Ok((answer.responses.unwrap_or_default().remove(table).unwrap_or_default(), unread))
    }

    /// Puts items whatever is there; may be repeated.
    pub(super) async fn put(&self, items: Vec<Attributes>) -> Result<(), Outage> {
        let table = &self.settings.table;
        let put = |item| {
            Ok(WriteRequest::builder()
                .put_request(PutRequest::builder().set_item(Some(item)).build()?)
                .build())
        };
        let mut left =
            items.into_iter().map(put).collect::<Result<Vec<_>, aws_sdk_dynamodb::error::BuildError>>();
        let mut left = std::mem::replace(&mut left, Ok(vec![]))
            .map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))?;
        let mut idle = 0;
        while !left.is_empty() {
            let now = left.split_off(left.len().saturating_sub(WRITE_AT_ONCE));
            let asked = now.len();
            let answer = self
                .again(|| async {
                    let requests = HashMap::from([(table.clone(), now.clone())]);
                    let request = self.client.batch_write_item().set_request_items(Some(requests));
                    self.once(|sent| request.customize().interceptor(sent).send()).await
                })
                .await?;
            let unwritten = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
            idle = if unwritten.len() == asked { idle + 1 } else { 0 };
            self.unfinished(idle, !unwritten.is_empty()).await?;
            left.extend(unwritten);
        }
        Ok(())
    }

    /// A part was not served, as DynamoDB asks for less: a pause, and after some pauses in vain an outage.
    async fn unfinished(&self, idle: u32, is_unfinished: bool) -> Result<(), Outage> {
        if idle >= TRIES {
            return Err(Outage::new(
                OutageKind::Throttled,
                "DynamoDB left requests unserved again and again",
            ));
        }
        if is_unfinished {
            self.pause(idle + 1).await;
        }
        Ok(())
    }

    /// With what to do about it, where that can be said.
    fn explained(&self, failure: Failure) -> Failure {
        let Failure::Refused(Refusal { code, mut outage }) = failure else { return failure };
        let table = &self.settings.table;
        match code.as_str() {
            "ResourceNotFoundException" => {
                let what = missing(table);
                outage.detail = format!("{what} ({})", outage.detail);
            }
            "AccessDeniedException"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "ExpiredTokenException" => {
                outage.detail = format!("these credentials may not use the table {table}: {}", outage.detail);
            }
            _ => {}
        }
        Failure::Refused(Refusal { code, outage })
    }
}

/// What to do without a table.
pub(super) fn missing(table: &str) -> String {
    format!("the table {table} is missing: make it as docs/backends.md says, or let this program make it")
}
