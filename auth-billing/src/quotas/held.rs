//! The quotas of one organisation as a node counts them. A period that has ended counts as unused until the ledger has been
//! looked at.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use driftline_database::{Quota, QuotaBound, QuotaNotice, QuotaPeriod, QuotaUse};
use jiff::Timestamp;

/// Percent of a bound at which a notice is made.
const TOLD_AT: [i64; 2] = [80, 100];

/// All quotas of an organisation.
pub(super) struct OrganisationQuotas(Vec<Counted>);

struct Counted {
    quota: Quota,
    start: Timestamp,
    end: Timestamp,
    used: AtomicI64,
    /// Which notices were noted: one bit each.
    told: AtomicU8,
}

/// A hard bound that is in the way.
pub(super) struct Exceeded {
    pub(super) period: QuotaPeriod,
    pub(super) hard: i64,
    pub(super) used: i64,
    pub(super) ends: Timestamp,
}

/// A notice that is to be noted.
pub(super) struct Reached<'q> {
    pub(super) notice: QuotaNotice,
    counted: &'q Counted,
    bit: u8,
}

impl Reached<'_> {
    /// It is noted: no further one is made.
    pub(super) fn is_noted(&self) {
        self.counted.told.fetch_or(self.bit, Ordering::Relaxed);
    }
}

impl OrganisationQuotas {
    /// As the ledger has them, and what is known beyond that: what was served here and is not entered yet.
    pub(super) fn new(
        found: &[QuotaUse],
        known: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, driftline_database::Error> {
        let mut counted = Vec::with_capacity(found.len());
        for QuotaUse { quota, used } in found {
            let (start, end) = quota.period.around(now)?;
            let is_same = |before: &&Counted| {
                (&before.quota.meter, before.quota.period, before.start) == (&quota.meter, quota.period, start)
            };
            let before = known.and_then(|known| known.0.iter().find(is_same));
            let here = before.map_or(0, |before| before.used.load(Ordering::Relaxed));
            let told = before.filter(|before| before.quota == *quota);
            counted.push(Counted {
                quota: quota.clone(),
                start,
                end,
                used: AtomicI64::new(here.max(*used)),
                told: AtomicU8::new(told.map_or(0, |before| before.told.load(Ordering::Relaxed))),
            });
        }
        Ok(Self(counted))
    }

    pub(super) fn count(&self, meter: &str, units: i64, now: Timestamp) {
        let of_meter = self.0.iter().filter(|counted| counted.quota.meter == meter);
        for counted in of_meter.filter(|counted| now < counted.end) {
            let add = |used: i64| Some(used.saturating_add(units));
            // It always succeeds: the sum is never none.
            let _ = counted.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }

    /// The hard bound beyond which these units would go; of several the one that lasts longest.
    pub(super) fn exceeded(&self, meter: &str, units: i64, now: Timestamp) -> Option<Exceeded> {
        let of_meter = self
            .0
            .iter()
            .filter(|counted| counted.quota.meter == meter && now < counted.end);
        let exceeded = of_meter.filter_map(|counted| {
            let (hard, used) = (counted.quota.hard?, counted.used.load(Ordering::Relaxed));
            (used.saturating_add(units) > hard).then_some(Exceeded {
                period: counted.quota.period,
                hard,
                used,
                ends: counted.end,
            })
        });
        exceeded.max_by_key(|exceeded| exceeded.ends)
    }

    /// Notices of what has been reached and was not noted yet.
    pub(super) fn reached(&self, now: Timestamp) -> Vec<Reached<'_>> {
        let mut notices = Vec::new();
        for counted in self.0.iter().filter(|counted| now < counted.end) {
            let used = counted.used.load(Ordering::Relaxed);
            let bounds = [
                (QuotaBound::Soft, counted.quota.soft),
                (QuotaBound::Hard, counted.quota.hard),
            ];
            let parts = bounds
                .into_iter()
                .flat_map(|(bound, units)| TOLD_AT.map(|percent| (bound, units, percent)))
                .enumerate();
            for (bit, (bound, units, percent)) in parts {
                let Some(units) =
                    units.filter(|units| i128::from(used) * 100 >= i128::from(*units) * i128::from(percent))
                else {
                    continue;
                };
                let bit = 1 << bit;
                if counted.told.load(Ordering::Relaxed) & bit == 0 {
                    let notice = QuotaNotice {
                        org: counted.quota.org,
                        meter: counted.quota.meter.clone(),
                        period: counted.quota.period,
                        period_start: counted.start,
                        bound,
                        percent,
                        units,
                        used,
                        at: now,
                    };
                    notices.push(Reached { notice, counted, bit });
                }
            }
        }
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::OrgId;

    fn used(quotas: &OrganisationQuotas) -> i64 {
        quotas.0[0].used.load(Ordering::Relaxed)
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn found(org: OrgId, period: QuotaPeriod, soft: Option<i64>, hard: Option<i64>, used: i64) -> QuotaUse {
        let meter = "tile".to_owned();
        QuotaUse {
            quota: Quota {
                org,
                meter,
                period,
                soft,
                hard,
            },
            used,
        }
    }

    #[test]
    fn the_hard_bound_stops_and_the_soft_one_does_not() {
        let now = time("2026-02-27T23:59:58Z");
        let (org, month) = (OrgId::generate(), QuotaPeriod::Month);
        let quotas = OrganisationQuotas::new(&[found(org, month, Some(5), Some(10), 8)], None, now).unwrap();
        assert!(quotas.exceeded("tile", 2, now).is_none() && quotas.exceeded("edr", 99, now).is_none());
        quotas.count("tile", 1, now);
        quotas.count("edr", 50, now);
        let exceeded = quotas.exceeded("tile", 2, now).unwrap();
        assert_eq!(
            (exceeded.used, exceeded.hard, exceeded.ends),
            (9, 10, time("2026-03-01T00:00:00Z"))
        );
        // March: nothing is used until the ledger says so.
        assert!(quotas.exceeded("tile", 10, time("2026-03-01T00:00:00Z")).is_none());
    }

    #[test]
    fn the_ledger_and_what_was_served_here_since_are_not_added_up() {
        let now = time("2026-02-27T12:00:00Z");
        let (org, day) = (OrgId::generate(), QuotaPeriod::Day);
        let first = OrganisationQuotas::new(&[found(org, day, None, Some(100), 10)], None, now).unwrap();
        first.count("tile", 5, now);
        // The ledger has three of the five, and then all and seven of another node.
        let second = OrganisationQuotas::new(&[found(org, day, None, Some(100), 13)], Some(&first), now).unwrap();
        assert_eq!(used(&second), 15);
        let third = OrganisationQuotas::new(&[found(org, day, None, Some(100), 22)], Some(&second), now).unwrap();
        assert_eq!(used(&third), 22);
        let tomorrow = time("2026-02-28T00:00:00Z");
        let fourth = OrganisationQuotas::new(&[found(org, day, None, Some(100), 0)], Some(&third), tomorrow).unwrap();
        assert_eq!(used(&fourth), 0);
    }

    #[test]
    fn each_part_is_told_once_in_a_period() {
        let now = time("2026-02-27T12:00:00Z");
        let (org, month) = (OrgId::generate(), QuotaPeriod::Month);
        let use_of = |used| [found(org, month, Some(10), Some(20), used)];
        let quotas = OrganisationQuotas::new(&use_of(7), None, now).unwrap();
        assert!(quotas.reached(now).is_empty());
        quotas.count("tile", 1, now);
        let parts = |reached: Vec<Reached<'_>>| -> Vec<(QuotaBound, i64)> {
            let noted = reached.iter().inspect(|reached| reached.is_noted());
            noted
                .map(|reached| (reached.notice.bound, reached.notice.percent))
                .collect()
        };
        assert_eq!(quotas.reached(now).len(), 1);
        // What could not be noted is tried again, and what was noted is not.
        assert_eq!(parts(quotas.reached(now)), [(QuotaBound::Soft, 80)]);
        assert!(quotas.reached(now).is_empty());
        quotas.count("tile", 20, now);
        let again = OrganisationQuotas::new(&use_of(8), Some(&quotas), now).unwrap();
        let rest = [(QuotaBound::Soft, 100), (QuotaBound::Hard, 80), (QuotaBound::Hard, 100)];
        assert_eq!(parts(again.reached(now)), rest);
        assert!(again.reached(now).is_empty());
        let march = time("2026-03-01T00:00:00Z");
        let next = OrganisationQuotas::new(&use_of(9), Some(&again), march).unwrap();
        assert_eq!(parts(next.reached(march)), [(QuotaBound::Soft, 80)]);
    }
}
