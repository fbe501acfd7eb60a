//! Networks of IPv4 and IPv6 in the notation of RFC 4632 and RFC 4291 (`10.1.0.0/16`), for lists that operators and owners of
//! keys write.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::Error;

/// Networks in one list, at most.
const MAX_NETWORKS: usize = 50;

/// An address and how many of its first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether an address lies in it. An IPv4 address in the dress of IPv6 is one of IPv4.
    pub(crate) fn contains(self, ip: IpAddr) -> bool {
        match (self.first, ip.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(ip)) => in_v4(ip, first, self.prefix),
            (IpAddr::V6(first), IpAddr::V6(ip)) => in_v6(ip, first, self.prefix),
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Error;

    /// Reads `10.1.0.0/16`, or one address.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = || Error::Network(text.chars().take(64).collect());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.trim().parse().ok().ok_or_else(refuse)?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix
                .trim()
                .parse()
                .ok()
                .filter(|prefix| *prefix <= longest)
                .ok_or_else(refuse)?,
            None => longest,
        };
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = if self.first.is_ipv4() { 32 } else { 128 };
        if self.prefix == longest {
            self.first.fmt(f)
        } else {
            write!(f, "{}/{}", self.first, self.prefix)
        }
    }
}

/// A list of networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Reads networks and single addresses.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Error> {
        let networks: Vec<Network> = texts.into_iter().map(str::parse).collect::<Result<_, _>>()?;
        if networks.len() > MAX_NETWORKS {
            return Err(Error::TooManyNetworks(networks.len()));
        }
        Ok(Self(networks))
    }

    /// The networks of stored keys. One unknown here, from a newer program, contains nothing.
    pub(crate) fn of_stored(texts: &[String]) -> Self {
        Self(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As stored and listed.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(Network::to_string).collect()
    }

    /// Whether an address lies in one of them.
    pub fn contain(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(ip))
    }
}

pub(crate) fn in_v4(ip: Ipv4Addr, first: Ipv4Addr, prefix: u8) -> bool {
    let rest = 32 - u32::from(prefix);
    let head = |ip: Ipv4Addr| u32::from(ip).checked_shr(rest).unwrap_or(0);
    head(ip) == head(first)
}

pub(crate) fn in_v6(ip: Ipv6Addr, first: Ipv6Addr, prefix: u8) -> bool {
    let rest = 128 - u32::from(prefix);
    let head = |ip: Ipv6Addr| u128::from(ip).checked_shr(rest).unwrap_or(0);
    head(ip) == head(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_what_they_say_and_print_as_they_are_read() {
        let texts = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"];
        let networks = Networks::parse(texts).unwrap();
        assert_eq!(networks.names(), texts);
        assert_eq!(Networks::of_stored(&networks.names()), networks);
        for (ip, is_in) in [
            ("10.1.255.1", true),
            ("10.2.0.1", false),
            ("::ffff:10.1.0.1", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8:1::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(networks.contain(ip.parse().unwrap()), is_in, "{ip}");
        }
        assert!(Networks::of_stored(&["country:no".to_owned()]).is_empty());
    }

    #[test]
    fn lists_are_bounded_and_name_what_is_no_network() {
        let error = Networks::parse(["10.0.0.0/33"]).unwrap_err();
        assert!(error.to_string().contains("10.0.0.0/33"), "{error}");
        let many = vec!["10.0.0.1"; 51];
        assert!(matches!(Networks::parse(many), Err(Error::TooManyNetworks(51))));
    }
}
