//! When a run has output: the times of its summary, or, where that does not tell, those that its mission asked for.

use driftline_database::Run;
use driftline_domain::{ValidTime, limits};
use serde_json::Value;

/// Output times in order, the first and the last valid time among them.
pub(crate) fn output_times(run: &Run, interval_s: u32) -> Vec<ValidTime> {
    let hourly = run.summary.get("hourly").and_then(Value::as_array);
    let told: Option<Vec<ValidTime>> = hourly.map(|rows| {
        let times = rows
            .iter()
            .filter_map(|row| row.get("valid_time")?.as_str()?.parse().ok());
        times.collect()
    });
    if let Some(times) = told.filter(|times| !times.is_empty() && times.is_sorted()) {
        return times;
    }
    let (first, last) = (run.valid_from.unix_s(), run.valid_until.unix_s());
    let inside = (first..last)
        .step_by(interval_s.max(1) as usize)
        .take(limits::MAX_OUTPUTS as usize);
    inside.chain([last]).filter_map(ValidTime::from_unix_s).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftline_domain::{MissionId, OrgId, RunId};
    use jiff::Timestamp;
    use serde_json::json;

    fn run(summary: Value) -> Run {
        Run {
            id: RunId::generate(),
            seq: 1,
            mission: MissionId::generate(),
            org: OrgId::generate(),
            published_at: Timestamp::UNIX_EPOCH,
            valid_from: ValidTime::from_unix_s(0).unwrap(),
            valid_until: ValidTime::from_unix_s(9_000).unwrap(),
            bbox: [0.0; 4],
            summary,
        }
    }

    #[test]
    fn the_summary_tells_and_otherwise_the_question() {
        let seconds = |summary| -> Vec<i64> {
            output_times(&run(summary), 3_600)
                .iter()
                .map(ValidTime::unix_s)
                .collect()
        };
        assert_eq!(seconds(json!({})), [0, 3_600, 7_200, 9_000]);
        let hourly =
            json!({"hourly": [{"valid_time": "1970-01-01T00:00:00Z"}, {"valid_time": "1970-01-01T02:30:00Z"}]});
        assert_eq!(seconds(hourly), [0, 9_000]);
        assert_eq!(seconds(json!({"hourly": []})), [0, 3_600, 7_200, 9_000]);
    }
}
