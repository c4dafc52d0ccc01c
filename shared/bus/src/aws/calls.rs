//! Counts what is asked of AWS, below the SDK: each try that leaves this process is one, as on the bill.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sqs::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

/// Requests so far, by operation and, for a queue, its name: `ReceiveMessage banyan-orders`. Copies count together.
#[derive(Debug, Clone, Default)]
pub struct Calls(Arc<Mutex<BTreeMap<String, u64>>>);

impl Calls {
    /// `client`, whose requests are counted here.
    #[must_use]
    pub fn count(&self, client: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Counting { inner: client, calls: self.clone() })
    }

    /// What was asked so far.
    #[must_use]
    pub fn so_far(&self) -> BTreeMap<String, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, request: &HttpRequest) {
        let name = name_of(request.headers().get("x-amz-target"), request.body().bytes().unwrap_or_default());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }
}

/// JSON protocols name the operation in a header, the query protocol of SNS in the body.
fn name_of(target: Option<&str>, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let operation = match target {
        Some(target) => target.rsplit('.').next(),
        None => body.split('&').find_map(|pair| pair.strip_prefix("Action=")),
    };
    let operation = operation.unwrap_or("unknown");
    let url = body.split_once("\"QueueUrl\":\"").and_then(|(_, rest)| rest.split('"').next());
    match url.and_then(|url| url.rsplit('/').next()) {
        Some(queue) => format!("{operation} {queue}"),
        None => operation.to_owned(),
    }
}

#[derive(Debug)]
struct Counting<C> {
    inner: C,
    calls: Calls,
}

impl HttpClient for Counting<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Counting { inner, calls: self.calls.clone() })
    }
}

impl HttpConnector for Counting<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.calls.note(&request);
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_called_after_its_operation_and_its_queue() {
        let receive =
            br#"{"QueueUrl":"http://127.0.0.1:4566/000000000000/banyan-orders","WaitTimeSeconds":20}"#;
        assert_eq!(name_of(Some("AmazonSQS.ReceiveMessage"), receive), "ReceiveMessage banyan-orders");
        assert_eq!(name_of(None, b"Action=PublishBatch&Version=2010-03-31&TopicArn=x"), "PublishBatch");
        assert_eq!(name_of(Some("DynamoDB_20120810.Query"), b"{}"), "Query");
        assert_eq!(name_of(None, b""), "unknown");
    }
}
