//! Requests to addresses that customers name: callbacks of jobs, inputs by reference, webhooks. What is asked is never this
//! installation's own network: a name is resolved once, every address it has must be a public one (or allow-listed), and the
//! connection goes to exactly those (server-side request forgery; platform.md, section 7). Redirects are not followed, no
//! proxy of the environment is used, and every request ends within a time.

mod addresses;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use tokio::net::lookup_host;
use url::{Host, Url};

use crate::Error;
use addresses::AllowedAddresses;

/// Characters of an address.
const MAX_ADDRESS: usize = 2_048;
/// Bytes of a body that is sent.
pub const MAX_SENT: usize = 20_000;
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const RESOLVE_WITHIN: Duration = Duration::from_secs(5);
/// Within which a whole request must be over, the answer included.
const WITHIN: Duration = Duration::from_secs(20);

/// Why nothing is sent to an address, or why it did not arrive.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// It is no address that anything is sent to.
    #[error("'{address}' is refused: {reason}")]
    Refused {
        /// The address.
        address: String,
        /// Why.
        reason: String,
    },
    /// More bytes than are sent or taken.
    #[error("{0} bytes are the most")]
    TooLarge(usize),
    /// The other side did not answer, or not to the end.
    #[error("'{address}' did not answer: {reason}")]
    Unreachable {
        /// The address without its query.
        address: String,
        /// What happened.
        reason: String,
    },
    /// The other side answered with another status than 2xx.
    #[error("'{address}' answered with status {status}")]
    Status {
        /// The address without its query.
        address: String,
        /// The status.
        status: u16,
    },
}

/// What an address answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its media type without parameters, in lower case.
    pub media_type: Option<String>,
    /// The body.
    pub bytes: Vec<u8>,
}

/// Sends to public addresses only; clones share connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: reqwest::Client,
    allowed: Arc<AllowedAddresses>,
}

impl Outbound {
    /// A client that also reaches these networks, such as `10.1.0.0/16` or `127.0.0.1`.
    ///
    /// # Errors
    /// A text that is no network, and a client that cannot be built.
    pub fn new(allow: &[String]) -> Result<Self, Error> {
        let allowed = Arc::new(AllowedAddresses::new(allow)?);
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(GuardedResolver(Arc::clone(&allowed))))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(WITHIN)
            .build()
            .map_err(|error| Error::Outbound(crate::chain(&error)))?;
        Ok(Self { client, allowed })
    }

    /// Whether anything would be sent to this address now: whoever takes an address from a customer asks this at once, so
    /// that the customer learns it and not the log.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self, address: &str) -> Result<(), OutboundError> {
        let url = self.parse(address)?;
        if let Some(Host::Domain(name)) = url.host() {
            let port = url.port_or_known_default().unwrap_or_default();
            let refused = |reason| refused(address, reason);
            resolve(&self.allowed, name, port).await.map_err(refused)?;
        }
        Ok(())
    }

    /// Sends JSON by POST; good is every 2xx.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn post_json(&self, address: &str, body: Vec<u8>) -> Result<(), OutboundError> {
        if body.len() > MAX_SENT {
            return Err(OutboundError::TooLarge(MAX_SENT));
        }
        let url = self.parse(address)?;
        let request = self.client.post(url.as_str()).header(CONTENT_TYPE, "application/json");
        let answer = request.header(USER_AGENT, agent()).body(body).send().await;
        let status = answer.map_err(|error| unreachable(&url, &error))?.status();
        arrived(&url, status)
    }

    /// Reads what an address has, so many bytes at most.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn fetch(&self, address: &str, max_bytes: usize) -> Result<Fetched, OutboundError> {
        let url = self.parse(address)?;
        let request = self.client.get(url.as_str()).header(USER_AGENT, agent());
        let mut answer = request.send().await.map_err(|error| unreachable(&url, &error))?;
        arrived(&url, answer.status())?;
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let media_type = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        let mut bytes = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|error| unreachable(&url, &error))? {
            if bytes.len() + piece.len() > max_bytes {
                return Err(OutboundError::TooLarge(max_bytes));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Fetched { media_type, bytes })
    }

    /// The address, if it is one of the web whose host is not refused already by how it is written.
    fn parse(&self, address: &str) -> Result<Url, OutboundError> {
        let refused = |reason: &str| refused(address, reason.to_owned());
        if address.len() > MAX_ADDRESS {
            return Err(refused("it is longer than 2048 characters"));
        }
        let url = Url::parse(address).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("it is not an http or https address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it carries a user or a password"));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(ip.into()),
            Some(Host::Ipv6(ip)) => Some(ip.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(refused("it names no host")),
        };
        match literal.filter(|ip| !self.allowed.permits(*ip)) {
            Some(ip) => Err(refused(&format!("{ip} is not a public address"))),
            None => Ok(url),
        }
    }
}

/// Every address of a name, all of which must be permitted: a name with one private address is not half good.
async fn resolve(allowed: &AllowedAddresses, name: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found = tokio::time::timeout(RESOLVE_WITHIN, lookup_host((name, port))).await;
    let found = found.map_err(|_late| format!("the name {name} was not resolved in time"))?;
    let found: Vec<SocketAddr> = found
        .map_err(|error| format!("the name {name} cannot be resolved: {error}"))?
        .collect();
    match found.iter().find(|address| !allowed.permits(address.ip())) {
        _ if found.is_empty() => Err(format!("the name {name} has no address")),
        Some(_) => Err(format!("{name} is not at a public address")),
        None => Ok(found),
    }
}

/// What the client resolves names with, so that it connects to what was looked at and to nothing else.
struct GuardedResolver(Arc<AllowedAddresses>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.0);
        Box::pin(async move {
            let found = resolve(&allowed, name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn agent() -> &'static str {
    concat!("driftline/", env!("CARGO_PKG_VERSION"))
}

fn arrived(url: &Url, status: reqwest::StatusCode) -> Result<(), OutboundError> {
    if status.is_success() {
        return Ok(());
    }
    Err(OutboundError::Status {
        address: shown(url),
        status: status.as_u16(),
    })
}

fn refused(address: &str, reason: String) -> OutboundError {
    OutboundError::Refused {
        address: crate::redact(
            &address
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect::<String>(),
        ),
        reason,
    }
}

fn unreachable(url: &Url, error: &reqwest::Error) -> OutboundError {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    OutboundError::Unreachable {
        address: shown(url),
        reason: if causes.is_empty() {
            "it took too long".to_owned()
        } else {
            causes.join(": ")
        },
    }
}

/// An address as it may stand in a log: what follows the path may be a secret.
fn shown(url: &Url) -> String {
    let mut plain = url.clone();
    plain.set_query(None);
    plain.set_fragment(None);
    plain.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn loopback() -> Outbound {
        Outbound::new(&["127.0.0.0/8".to_owned()]).unwrap()
    }

    /// A server that answers one request with these bytes and hands back what it was sent.
    async fn answering(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook?token=secret", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut sent = vec![0; 4096];
            let length = stream.read(&mut sent).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&sent[..length]).into_owned()
        });
        (address, served)
    }

    #[tokio::test]
    async fn what_is_no_public_web_address_is_refused_however_it_is_written() {
        let outbound = Outbound::new(&[]).unwrap();
        for address in [
            "http://127.0.0.1/x",
            "http://2130706433/x",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost:9/",
            "ftp://192.0.32.8/",
            "file:///etc/passwd",
            "http://user:secret@93.184.216.34/",
            "hook",
            "",
        ] {
            let error = outbound.check(address).await.unwrap_err();
            assert!(matches!(error, OutboundError::Refused { .. }), "{address}: {error}");
            assert!(outbound.post_json(address, b"{}".to_vec()).await.is_err(), "{address}");
            assert!(outbound.fetch(address, 10).await.is_err(), "{address}");
        }
        assert!(outbound.check("https://93.184.216.34/hook").await.is_ok());
        assert!(
            outbound
                .check(&format!("https://93.184.216.34/{}", "a".repeat(3_000)))
                .await
                .is_err()
        );
    }

    #[tokio::test]
    async fn an_allow_listed_address_is_told_and_its_status_counts() {
        let (address, served) = answering("HTTP/1.1 204 No Content\r\n\r\n").await;
        loopback().post_json(&address, b"{\"a\":1}".to_vec()).await.unwrap();
        let sent = served.await.unwrap();
        assert!(
            sent.starts_with("POST /hook?token=secret HTTP/1.1") && sent.ends_with("{\"a\":1}"),
            "{sent}"
        );
        let (address, _) = answering("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n").await;
        let error = loopback().post_json(&address, b"{}".to_vec()).await.unwrap_err();
        assert!(matches!(error, OutboundError::Status { status: 500, .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_too_much_is_not_taken() {
        let (address, _) =
            answering("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        let error = loopback().fetch(&address, 100).await.unwrap_err();
        assert!(matches!(error, OutboundError::Status { status: 302, .. }), "{error}");
        let long =
            "HTTP/1.1 200 OK\r\ncontent-length: 11\r\ncontent-type: Text/Plain; charset=utf-8\r\n\r\nhello world";
        let (address, _) = answering(long).await;
        assert!(matches!(
            loopback().fetch(&address, 10).await,
            Err(OutboundError::TooLarge(10))
        ));
        let (address, _) = answering(long).await;
        let fetched = loopback().fetch(&address, 11).await.unwrap();
        assert_eq!(
            (fetched.media_type.as_deref(), &fetched.bytes[..]),
            (Some("text/plain"), &b"hello world"[..])
        );
        let too_long = vec![b' '; MAX_SENT + 1];
        assert!(matches!(
            loopback().post_json(&address, too_long).await,
            Err(OutboundError::TooLarge(_))
        ));
    }
}
