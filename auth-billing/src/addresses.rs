//! From where a request comes, and lists of networks. What a proxy says of its client is believed only of proxies that the
//! operator trusts; of everybody else such headers are taken away before anything reads them.

mod client;
mod network;

pub use client::{ClientAddress, Peer, TrustedProxies};
pub use network::Networks;
pub(crate) use network::{Network, in_v4, in_v6};
