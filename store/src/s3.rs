//! Where objects lie, and how an S3 service is spoken to: create-only puts by `If-None-Match`, TLS by rustls, and limits
//! on every wait, so that a service that hangs or fails is noticed within a known time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use crate::Error;

/// Until a connection must stand.
const CONNECT: Duration = Duration::from_secs(5);
/// Until one request must be answered in full. Whatever is larger than `objects::PART` travels in parts, so that a line
/// of 3 Mbit/s suffices.
const REQUEST: Duration = Duration::from_secs(60);
/// Repetitions of a request that failed in a way that may pass, and how long altogether; then the caller is told.
const RETRIES: usize = 4;
const RETRYING: Duration = Duration::from_secs(60);
/// Pauses between them, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where objects lie.
#[derive(Debug, Clone)]
pub enum Location {
    /// In a local folder.
    Folder(PathBuf),
    /// In a bucket of an S3 service.
    S3(S3Location),
}

/// A bucket of an S3 service.
#[derive(Clone)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Address of the service; `None`: Amazon's own.
    pub endpoint: Option<String>,
    /// Region that signatures name.
    pub region: String,
    /// Access key.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
    /// How addresses name the bucket.
    pub addressing: Addressing,
    /// Key by which the service encrypts (SSE-KMS).
    pub kms_key: Option<String>,
}

/// How addresses name the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addressing {
    /// In the path.
    Path,
    /// In the name of the host.
    VirtualHost,
}

impl std::fmt::Debug for S3Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl S3Location {
    /// For people: the place, never the keys.
    pub(crate) fn name(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        let service = self.endpoint.as_deref().unwrap_or("Amazon's service");
        format!("s3://{}{slash}{} at {service}", self.bucket, self.prefix)
    }

    /// A client of the service; nothing is asked of it yet.
    pub(crate) fn client(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key)
            .with_secret_access_key(&self.secret_key)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_virtual_hosted_style_request(self.addressing == Addressing::VirtualHost)
            .with_retry(retries())
            .with_client_options(self.limits());
        if let Some(endpoint) = self.endpoint_of_bucket() {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(key) = &self.kms_key {
            builder = builder.with_sse_kms_encryption(key);
        }
        let service = builder.build()?;
        if self.prefix.is_empty() {
            return Ok(Arc::new(service));
        }
        Ok(Arc::new(PrefixStore::new(service, self.prefix.as_str())))
    }

    fn limits(&self) -> ClientOptions {
        let plain = self.endpoint.as_ref().is_some_and(|at| at.starts_with("http://"));
        ClientOptions::new()
            .with_allow_http(plain)
            .with_connect_timeout(CONNECT)
            .with_timeout(REQUEST)
    }

    /// Where the bucket is a part of the host's name, the client expects it in the address already.
    fn endpoint_of_bucket(&self) -> Option<String> {
        let endpoint = self.endpoint.as_deref()?.trim_end_matches('/');
        match (self.addressing, endpoint.split_once("://")) {
            (Addressing::VirtualHost, Some((scheme, host))) => Some(format!("{scheme}://{}.{host}", self.bucket)),
            _ => Some(endpoint.to_owned()),
        }
    }
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: FIRST_PAUSE,
            max_backoff: LONGEST_PAUSE,
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: RETRYING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(addressing: Addressing, endpoint: Option<&str>) -> S3Location {
        S3Location {
            bucket: "cycles".to_owned(),
            prefix: "north".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            region: "us-east-1".to_owned(),
            access_key: "AKIA-of-this-test".to_owned(),
            secret_key: "secret-of-this-test".to_owned(),
            addressing,
            kms_key: None,
        }
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_in_the_host() {
        let of = |addressing| location(addressing, Some("https://s3.example.org/")).endpoint_of_bucket();
        assert_eq!(of(Addressing::Path).unwrap(), "https://s3.example.org");
        assert_eq!(of(Addressing::VirtualHost).unwrap(), "https://cycles.s3.example.org");
        assert_eq!(location(Addressing::VirtualHost, None).endpoint_of_bucket(), None);
    }

    #[test]
    fn what_is_told_of_a_location_holds_no_key() {
        let location = location(Addressing::Path, Some("http://127.0.0.1:1"));
        let told = format!("{location:?} {:?}", location.client().unwrap());
        assert!(told.contains("s3://cycles/north at http://127.0.0.1:1"), "{told}");
        assert!(!told.contains("secret-of-this-test"), "{told}");
    }
}
