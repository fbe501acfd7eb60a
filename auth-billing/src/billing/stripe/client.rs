//! The client: a dozen requests of Stripe's API, by hand. Every request that changes something carries an `Idempotency-Key`.

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method};
use serde_json::Value;

use super::error::StripeError;
use super::form::Form;
use crate::chain;

/// The API's version: answers keep their form when Stripe's newest one changes.
const VERSION: &str = "2026-08-26.dahlia";
const TIMEOUT: Duration = Duration::from_secs(20);
/// Answers are small; one that is not is none of Stripe's.
const MOST_BYTES: usize = 4 << 20;

/// How Stripe is reached.
#[derive(Clone)]
pub struct StripeSettings {
    /// Secret or restricted key.
    pub api_key: String,
    /// Where its API is, without a slash at the end.
    pub base: String,
}

impl fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeSettings")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// Stripe's API.
#[derive(Clone)]
pub struct Stripe {
    client: reqwest::Client,
    base: String,
    authorization: HeaderValue,
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Stripe {
    /// A client with these settings.
    pub fn new(settings: &StripeSettings) -> Result<Self, StripeError> {
        let refuse = |why: &dyn fmt::Display| StripeError::Settings(why.to_string());
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", settings.api_key))
            .map_err(|_no_header| refuse(&"the key is no text that a header can hold"))?;
        authorization.set_sensitive(true);
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("driftline/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| refuse(&chain(&error)))?;
        url::Url::parse(&settings.base).map_err(|error| refuse(&format!("'{}': {error}", settings.base)))?;
        Ok(Self {
            client,
            base: settings.base.trim_end_matches('/').to_owned(),
            authorization,
        })
    }

    pub(super) async fn get(&self, path: &str, query: &Form) -> Result<Value, StripeError> {
        let query = query.encoded();
        let at = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        };
        self.ask(Method::GET, &at, None).await
    }

    pub(super) async fn post(&self, path: &str, form: &Form, idempotency_key: &str) -> Result<Value, StripeError> {
        self.ask(Method::POST, path, Some((form.encoded(), idempotency_key)))
            .await
    }

    pub(super) async fn delete(&self, path: &str, form: &Form, idempotency_key: &str) -> Result<Value, StripeError> {
        self.ask(Method::DELETE, path, Some((form.encoded(), idempotency_key)))
            .await
    }

    async fn ask(&self, method: Method, at: &str, change: Option<(String, &str)>) -> Result<Value, StripeError> {
        let path = at.split('?').next().unwrap_or_default().to_owned();
        let mut request = self
            .client
            .request(method, format!("{}{at}", self.base))
            .header(AUTHORIZATION, self.authorization.clone())
            .header("stripe-version", VERSION);
        if let Some((body, key)) = change {
            request = request
                .header("idempotency-key", key)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        let lost = |error: reqwest::Error| StripeError::NoAnswer {
            path: path.clone(),
            // Without the address: it may hold what is nobody's business.
            cause: chain(&error.without_url()),
        };
        let mut answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let retry_after = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(|seconds: u32| Duration::from_secs(u64::from(seconds)));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(StripeError::NoAnswer {
                    path,
                    cause: format!("more than {MOST_BYTES} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        let said = serde_json::from_slice::<Value>(&body);
        if status.is_success() {
            return said.map_err(|error| StripeError::NoAnswer {
                path,
                cause: error.to_string(),
            });
        }
        let said = said.unwrap_or(Value::Null);
        let word = |member: &str| {
            said["error"][member]
                .as_str()
                .unwrap_or_default()
                .chars()
                .take(500)
                .collect()
        };
        Err(StripeError::Refused {
            path,
            status: status.as_u16(),
            code: word("code"),
            message: word("message"),
            retry_after,
        })
    }
}

/// A member that an answer must have.
pub(super) fn text<'v>(answer: &'v Value, path: &str, member: &'static str) -> Result<&'v str, StripeError> {
    answer[member].as_str().ok_or_else(|| StripeError::Answer {
        path: path.to_owned(),
        member,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_print_shows_the_key() {
        let settings = StripeSettings {
            api_key: "sk_live_secret".to_owned(),
            base: "https://stripe.test".to_owned(),
        };
        let shown = format!("{settings:?} {:?}", Stripe::new(&settings).unwrap());
        assert!(shown.contains("stripe.test") && !shown.contains("secret"), "{shown}");
        let odd = StripeSettings {
            api_key: "sk_live_secret\n".to_owned(),
            ..settings
        };
        let error = Stripe::new(&odd).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
