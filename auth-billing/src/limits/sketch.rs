//! Buckets for client addresses, in a fixed amount of memory whoever floods the service with however many of them: each
//! address has one bucket in each of [`ROWS`] rows, at places that a secret of this process decides, and is refused only
//! when all of them are empty. Few addresses have buckets of their own; among a great many an address that asks little is
//! refused only where every one of its buckets is drained by others (a count-min sketch, Cormode and Muthukrishnan 2005).
//!
//! An IPv6 customer has a whole /64 and more: addresses of one /64 count as one.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use super::rate::{Rate, Standing, take};

const ROWS: usize = 3;
/// Buckets of one row: 8 bytes each.
const PLACES: usize = 1 << 15;

/// Buckets of addresses.
pub(crate) struct AddressBuckets {
    rate: Rate,
    secrets: [RandomState; ROWS],
    rows: Box<[AtomicI64]>,
}

impl AddressBuckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            secrets: std::array::from_fn(|_| RandomState::new()),
            rows: (0..ROWS * PLACES).map(|_| AtomicI64::new(0)).collect(),
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a token for an address.
    pub(crate) fn take(&self, address: IpAddr, now_us: i64) -> Standing {
        let counted = network(address);
        let standings = self.secrets.iter().enumerate().map(|(row, secret)| {
            let place = secret.hash_one(counted) as usize % PLACES;
            self.take_at(&self.rows[row * PLACES + place], now_us)
        });
        // The fullest bucket is the one that fewest others share.
        let best = standings.max_by_key(|standing| (standing.is_given, standing.left, -standing.wait_us));
        best.unwrap_or(Standing {
            is_given: true,
            left: self.rate.tokens(),
            wait_us: 0,
        })
    }

    fn take_at(&self, bucket: &AtomicI64, now_us: i64) -> Standing {
        let mut found = bucket.load(Ordering::Relaxed);
        loop {
            let mut full_at = found;
            let standing = take(&mut full_at, now_us, self.rate);
            if full_at == found {
                return standing;
            }
            match bucket.compare_exchange_weak(found, full_at, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return standing,
                Err(newer) => found = newer,
            }
        }
    }
}

/// What is counted as one client.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6) >> 64 << 64 | 1 << 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const NOW: i64 = 1_700_000_000_000_000;

    fn v4(n: u32) -> IpAddr {
        Ipv4Addr::from(n).into()
    }

    #[test]
    fn each_address_has_its_own_limit() {
        let buckets = AddressBuckets::new(Rate::per_minute(10));
        let given = |address| (0..30).filter(|_| buckets.take(address, NOW).is_given).count();
        assert_eq!((given(v4(1)), given(v4(2))), (10, 10));
        assert!(!buckets.take(v4(1), NOW).is_given);
        assert!(buckets.take(v4(1), NOW + 6_000_000).is_given);
    }

    #[test]
    fn addresses_of_one_customer_count_as_one() {
        let buckets = AddressBuckets::new(Rate::per_minute(10));
        let host = |net: u16, n: u128| {
            let first = u128::from(Ipv6Addr::new(0x2a02, 1, 2, net, 0, 0, 0, 0));
            IpAddr::from(Ipv6Addr::from(first + n))
        };
        let given = (0..30).filter(|&n| buckets.take(host(7, n), NOW).is_given).count();
        assert_eq!(given, 10);
        assert!(buckets.take(host(8, 0), NOW).is_given);
        // The same client, seen through a socket of the other family.
        let mapped = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped());
        let given = (0..30).filter(|_| buckets.take(mapped, NOW).is_given).count();
        assert_eq!(given, 10);
        assert!(!buckets.take(Ipv4Addr::new(192, 0, 2, 1).into(), NOW).is_given);
    }

    #[test]
    fn a_flood_of_addresses_takes_no_memory_and_leaves_a_quiet_one_in_peace() {
        let buckets = AddressBuckets::new(Rate::per_minute(100));
        let before = buckets.rows.len();
        // Addresses by the hundred thousand, one request each: far more than there are places.
        for n in 0..200_000 {
            buckets.take(v4(0x0a00_0000 + n), NOW);
        }
        assert_eq!(buckets.rows.len(), before);
        let quiet = (0..100).map(|n| v4(0xc0a8_0000 + n));
        assert!(quiet.clone().all(|address| buckets.take(address, NOW).is_given));
        // And two thousand that send all they can: about 6 of 100 places in a row are empty then, of all three 1 in 5,000.
        for n in 0..2_000 {
            for _ in 0..110 {
                buckets.take(v4(0x0b00_0000 + n), NOW);
            }
        }
        let refused = quiet.filter(|&address| !buckets.take(address, NOW).is_given).count();
        assert!(refused <= 2, "{refused}");
    }
}
