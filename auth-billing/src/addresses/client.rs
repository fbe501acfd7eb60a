//! The client's address: that of the connection, or, where a trusted proxy opened it, the one that the proxy reports in
//! `X-Forwarded-For`. Each proxy appends the address that it saw, so that the list is read from its end up to the first
//! address that is no trusted proxy; what stands before it the client may have invented. `Forwarded` (RFC 7239) is not read:
//! a proxy that writes one of the two passes the other on as the client sent it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::Networks;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What only a trusted proxy may say: where the client is, and by which scheme, host and path it asked.
const FORWARDED: [HeaderName; 6] = [
    FOR,
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-prefix"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("forwarded"),
];
/// Further signs of a proxy, which nothing is read from.
const VIA: HeaderName = HeaderName::from_static("via");

/// Who is at the other end of a connection; whoever accepts connections puts it into the request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// From where a request comes, in its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress {
    /// The client's address, as far as it can be known.
    pub ip: IpAddr,
    /// Whether the request names a proxy, trusted or not.
    pub is_forwarded: bool,
}

/// The proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Networks);

impl TrustedProxies {
    /// Proxies in these networks.
    pub fn new(networks: Networks) -> Self {
        Self(networks)
    }

    /// Notes the client's address of every request to these routes, where nothing is counted by it.
    pub fn around(self, router: Router) -> Router {
        let proxies = Arc::new(self);
        router.layer(from_fn(move |request: Request, next: Next| {
            let proxies = Arc::clone(&proxies);
            async move {
                let (mut parts, body) = request.into_parts();
                proxies.settle(&mut parts);
                next.run(Request::from_parts(parts, body)).await
            }
        }))
    }

    /// Notes the client's address, and takes away what nobody may believe. Without a connection, as in tests, nobody is
    /// believed and there is no address.
    pub(crate) fn settle(&self, request: &mut Parts) -> Option<ClientAddress> {
        let peer = request.extensions.get::<Peer>().map(|Peer(address)| address.ip());
        let is_forwarded = FORWARDED
            .iter()
            .chain([&VIA])
            .any(|name| request.headers.contains_key(name));
        let is_trusted = peer.is_some_and(|ip| self.0.contain(ip));
        let reported = is_trusted.then(|| self.reported(&request.headers)).flatten();
        if !is_trusted && is_forwarded {
            for name in &FORWARDED {
                request.headers.remove(name);
            }
        }
        let ip = reported.or(peer)?.to_canonical();
        let address = ClientAddress { ip, is_forwarded };
        request.extensions.insert(address);
        Some(address)
    }

    fn reported(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lists: Vec<&str> = headers
            .get_all(FOR)
            .iter()
            .filter_map(|list| list.to_str().ok())
            .collect();
        let hops = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
        let mut last = None;
        for hop in hops.collect::<Vec<_>>().into_iter().rev() {
            // What is no address was written by nobody who is trusted: the hop behind it is the last one known.
            let Some(ip) = address(hop) else { return last };
            last = Some(ip);
            if !self.0.contain(ip) {
                return last;
            }
        }
        last
    }
}

/// `192.0.2.7`, `2001:db8::1`, and both as some proxies write them, with a port: `192.0.2.7:4711`, `[2001:db8::1]:4711`.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    let plain = bare.parse().ok();
    plain.or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn settled(peer: &str, headers: &[(&str, &str)]) -> (Option<ClientAddress>, HeaderMap) {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        if !peer.is_empty() {
            parts
                .extensions
                .insert(Peer(SocketAddr::new(peer.parse().unwrap(), 4711)));
        }
        let proxies = TrustedProxies::new(Networks::parse(["127.0.0.1", "10.0.0.0/8", "::1"]).unwrap());
        (proxies.settle(&mut parts), parts.headers)
    }

    fn ip(peer: &str, list: &str) -> String {
        settled(peer, &[("x-forwarded-for", list)]).0.unwrap().ip.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_from_the_end() {
        for (peer, list, expected) in [
            ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("127.0.0.1", "198.51.100.7, 10.1.1.1", "198.51.100.7"),
            ("127.0.0.1", "10.1.1.1", "10.1.1.1"),
            ("127.0.0.1", "nonsense, 10.1.1.1", "10.1.1.1"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.7:4711", "198.51.100.7"),
            ("::1", "[2001:db8::1]:80", "2001:db8::1"),
            ("::ffff:127.0.0.1", "2001:db8::1", "2001:db8::1"),
            ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ] {
            assert_eq!(ip(peer, list), expected, "{peer} {list}");
        }
    }

    #[test]
    fn what_strangers_say_of_proxies_is_taken_away_but_not_forgotten() {
        let said = [
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=1.1.1.1"),
            ("accept", "*/*"),
        ];
        let (address, headers) = settled("203.0.113.9", &said);
        assert_eq!(headers.len(), 1);
        assert!(address.unwrap().is_forwarded);
        let (address, headers) = settled("127.0.0.1", &said);
        assert_eq!(headers.len(), 3);
        assert!(address.unwrap().is_forwarded);
        assert!(!settled("127.0.0.1", &[]).0.unwrap().is_forwarded);
        assert!(settled("127.0.0.1", &[("via", "1.1 x")]).0.unwrap().is_forwarded);
        let (address, headers) = settled("", &said);
        assert_eq!((address, headers.len()), (None, 1));
    }
}
