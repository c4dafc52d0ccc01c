//! The endpoint that stands for AWS: the one at the URL in `BANYAN_TEST_AWS`.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::tls;
use aws_types::SdkConfig;

use crate::units::address;

/// The endpoint's URL; says so when there is none.
pub(crate) fn endpoint() -> Option<String> {
    address("aws", "BANYAN_TEST_AWS")
}

/// As the program makes it, but for the credentials.
pub(crate) fn config(url: &str) -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "tests",
        )))
        .http_client(aws_smithy_http_client::Builder::new().tls_provider(ring).build_https())
        .build()
}
