//! Which addresses are sent to: those that the Internet routes (IANA's registries of special-purpose addresses, RFC 6890 and
//! its successors), and those that the operator allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Error;
use crate::addresses::{Network, in_v4, in_v6};

/// IPv4 networks that are not public: first address and length of the prefix.
const PRIVATE_V4: [([u8; 4], u8); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // Carriers' own translation of addresses.
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, and what is reserved, broadcast included.
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// Parts of the public 2000::/3 that are not public, or carry an IPv4 address inside.
const PRIVATE_V6: [([u16; 8], u8); 4] = [
    // Protocol assignments, Teredo among them.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    // 6to4.
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

/// Public addresses, and the networks that the operator adds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AllowedAddresses(Vec<Network>);

impl AllowedAddresses {
    /// Public ones and these networks.
    pub(super) fn new(allow: &[String]) -> Result<Self, Error> {
        allow
            .iter()
            .map(|text| text.parse::<Network>())
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether something may be sent there.
    pub(super) fn permits(&self, ip: IpAddr) -> bool {
        is_public(ip) || self.0.iter().any(|network| network.contains(ip))
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !PRIVATE_V4
            .iter()
            .any(|(first, prefix)| in_v4(ip, Ipv4Addr::from(*first), *prefix)),
        // Loopback, link-local, unique local, multicast and IPv4 addresses in another dress all lie outside of 2000::/3.
        IpAddr::V6(ip) => {
            let is_global = in_v6(ip, Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
            is_global
                && !PRIVATE_V6
                    .iter()
                    .any(|(first, prefix)| in_v6(ip, Ipv6Addr::from(*first), *prefix))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_permitted() {
        let allowed = AllowedAddresses::default();
        for private in [
            "0.0.0.0",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "239.1.1.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:93.184.216.34",
            "::93.184.216.34",
            "64:ff9b::5db8:d822",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2001::1",
            "100::1",
            "fec0::1",
        ] {
            assert!(!allowed.permits(private.parse().unwrap()), "{private}");
        }
        for public in [
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2606:2800:220:1::1",
            "2a00::1",
        ] {
            assert!(allowed.permits(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn the_operator_adds_networks_and_single_addresses() {
        let list =
            |texts: &[&str]| AllowedAddresses::new(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let allowed = list(&["10.1.0.0/16", "127.0.0.1", "fd00::/8", "::/0"]).unwrap();
        for (ip, permitted) in [
            ("10.1.200.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fe80::1", true),
        ] {
            assert_eq!(allowed.permits(ip.parse().unwrap()), permitted, "{ip}");
        }
        for wrong in [
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0/8",
            "example.org",
            "",
            "::/129",
            "10.0.0.0/",
        ] {
            assert!(list(&[wrong]).is_err(), "{wrong}");
        }
    }
}
