//! Requests per minute. A bucket that fills evenly (generic cell rate algorithm), drawn so that no 60 s see more requests
//! than allowed: a tenth of them may come at once, and the others are spread over the minute.

use std::time::Duration;

use tokio::time::Instant;

/// When requests may go.
#[derive(Debug)]
pub(super) struct Pace {
    /// Between two requests of a long queue.
    interval: Duration,
    /// How far the bucket may run ahead.
    burst: Duration,
    /// When the bucket is full again.
    full_at: Instant,
}

impl Pace {
    pub(super) fn new(requests_per_minute: u32, now: Instant) -> Self {
        let at_once = (requests_per_minute / 10).max(1);
        let spread = (requests_per_minute - at_once).max(1);
        let interval = Duration::from_secs(60) / spread;
        Self {
            interval,
            burst: interval * (at_once - 1),
            full_at: now,
        }
    }

    /// Takes a place in the queue; the request may go at the instant that is returned.
    pub(super) fn reserve(&mut self, now: Instant) -> Instant {
        let queue = self.full_at.max(now);
        self.full_at = queue + self.interval;
        queue.checked_sub(self.burst).map_or(now, |at| at.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_sees_more_requests_than_allowed_and_no_more_are_held_back_than_needed() {
        let start = Instant::now();
        for allowed in [1_u32, 2, 7, 20, 100, 120, 6000] {
            let mut pace = Pace::new(allowed, start);
            let times: Vec<Instant> = (0..3 * allowed as usize + 2).map(|_| pace.reserve(start)).collect();
            for pair in times.windows(allowed as usize + 1) {
                let (first, last) = (pair[0], pair[allowed as usize]);
                assert!(last - first >= Duration::from_millis(59_999), "{allowed} a minute");
            }
            let minutes = times[times.len() - 1] - start;
            assert!(minutes <= Duration::from_secs(60 * 7), "{allowed}: {minutes:?}");
        }
    }

    #[test]
    fn a_pause_fills_the_bucket_again_but_not_beyond() {
        let start = Instant::now();
        let mut pace = Pace::new(100, start);
        let at_once = |pace: &mut Pace, now| (0..50).filter(|_| pace.reserve(now) == now).count();
        assert_eq!(at_once(&mut pace, start), 10);
        assert_eq!(at_once(&mut pace, start + Duration::from_secs(3600)), 10);
    }
}
