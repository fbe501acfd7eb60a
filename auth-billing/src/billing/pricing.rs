//! What units, a month and a tax cost. Whole numbers throughout; halves are rounded up, once for each line.

use driftline_database::{MeterPrice, PlanTerms};
use jiff::Timestamp;

use super::Month;

/// What so many units of a month cost.
pub(super) fn usage(price: &MeterPrice, units: i64) -> i64 {
    let beyond = i128::from(units.saturating_sub(price.included).max(0));
    rounded(beyond * i128::from(price.minor), i128::from(price.per.max(1)))
}

/// What units cost that became known when `invoiced` of the same month stood on an invoice already.
pub(super) fn late_usage(price: &MeterPrice, invoiced: i64, units: i64) -> i64 {
    usage(price, units) - usage(price, invoiced)
}

/// What a month costs: the days from the plan's first one on.
pub(super) fn month(terms: &PlanTerms, month: Month, starts_at: Timestamp) -> i64 {
    let first = (starts_at.as_second() - month.from.as_second())
        .div_euclid(86_400)
        .max(0);
    let days = (month.days() - first).max(0);
    rounded(
        i128::from(terms.monthly_minor) * i128::from(days),
        i128::from(month.days().max(1)),
    )
}

/// The tax on a net amount, at hundredths of a percent.
pub(super) fn tax(net_minor: i64, rate_bp: i64) -> i64 {
    rounded(i128::from(net_minor) * i128::from(rate_bp), 10_000)
}

/// A fraction of whole numbers, halves up.
fn rounded(above: i128, below: i128) -> i64 {
    let value = (2 * above + below).div_euclid(2 * below);
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: MeterPrice = MeterPrice {
        included: 1_000,
        minor: 3,
        per: 100,
    };

    #[test]
    fn units_beyond_what_is_included_cost_by_the_hundred() {
        for (units, minor) in [
            (0, 0),
            (1_000, 0),
            (1_016, 0),
            (1_017, 1),
            (1_050, 2),
            (1_100, 3),
            (101_000, 3_000),
        ] {
            assert_eq!(usage(&PRICE, units), minor, "{units}");
        }
        let most = MeterPrice {
            included: 0,
            minor: 1_000_000_000_000,
            per: 1,
        };
        assert_eq!(usage(&most, i64::MAX), i64::MAX, "no overflow");
    }

    #[test]
    fn what_comes_late_costs_what_it_would_have_cost_in_time() {
        for (first, all) in [(0, 2_000), (900, 1_100), (1_050, 1_051), (5_000, 5_000), (1_016, 9_999)] {
            assert_eq!(
                usage(&PRICE, first) + late_usage(&PRICE, first, all),
                usage(&PRICE, all)
            );
        }
    }

    #[test]
    fn a_plan_that_begins_within_a_month_costs_its_days() {
        let terms = PlanTerms {
            title: String::new(),
            currency: "EUR".to_owned(),
            monthly_minor: 3_100,
            prepaid: false,
            meters: Default::default(),
            stripe_prices: Vec::new(),
        };
        let january: Month = "2026-01".parse().unwrap();
        for (start, minor) in [
            ("2025-06-05T00:00:00Z", 3_100),
            ("2026-01-01T00:00:00Z", 3_100),
            ("2026-01-02T00:00:00Z", 3_000),
            ("2026-01-02T23:59:59Z", 3_000),
            ("2026-01-31T12:00:00Z", 100),
        ] {
            assert_eq!(month(&terms, january, start.parse().unwrap()), minor, "{start}");
        }
    }

    #[test]
    fn taxes_are_rounded_once() {
        assert_eq!(tax(10_000, 2_500), 2_500);
        assert_eq!(tax(2, 2_500), 1);
        assert_eq!(tax(1, 2_500), 0);
        assert_eq!(tax(999, 770), 77);
        assert_eq!(tax(0, 2_500), 0);
    }
}
