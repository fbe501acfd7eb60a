//! Sums that no row can make fail. The engines refuse a sum beyond 64 bits, and with it the whole statement: one organisation's
//! numbers would then take bills, quotas and backups from all.

/// The sum of a column of whole numbers, 0 of no rows; beyond what 64 bits hold the largest number that they do. Added up in
/// thousands of millions and what is left of them, so that neither part leaves 64 bits on the way.
pub(crate) fn whole_sum(column: &str) -> String {
    let (above, below) = (
        format!("sum({column} / 1000000000)"),
        format!("sum({column} % 1000000000)"),
    );
    format!(
        "CAST(CASE WHEN {above} + {below} / 1000000000 >= 9223372036 THEN 9223372036854775807 \
         ELSE coalesce({above} * 1000000000 + {below}, 0) END AS BIGINT)"
    )
}
