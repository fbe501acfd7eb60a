//! Parameters of the list of jobs (18-062r2, clause 12): each narrows it, lists are separated by commas.

use driftline_database::{JobFilter, MissionStatus};
use driftline_domain::MissionId;
use jiff::Timestamp;

use super::job::{Job, JobStatus};
use super::process::Process;
use crate::Error;
use crate::query::{Interval, PageLimits, Query, shown};

/// Jobs of a page.
pub(crate) const LIMITS: PageLimits = PageLimits { default: 50, max: 200 };
/// Every parameter.
pub(super) const PARAMETERS: [&str; 9] = [
    "f",
    "limit",
    "cursor",
    "type",
    "processID",
    "status",
    "datetime",
    "minDuration",
    "maxDuration",
];

/// Which jobs are wanted.
#[derive(Debug, Clone)]
pub(super) struct Wishes {
    /// At most so many on a page.
    pub(super) limit: usize,
    /// Only those older than this place.
    after: Option<MissionId>,
    processes: Option<Vec<Process>>,
    statuses: Option<Vec<JobStatus>>,
    created: Interval,
    min_duration_s: Option<u32>,
    max_duration_s: Option<u32>,
}

impl Wishes {
    /// Reads the parameters.
    pub(super) fn parse(query: &Query) -> Result<Self, Error> {
        listed(query, "type", &["process"], |word| (word == "process").then_some(()))?;
        let processes = Process::ALL.map(Process::id);
        let statuses = JobStatus::ALL.map(JobStatus::word);
        Ok(Self {
            limit: LIMITS.limit(query)?,
            after: query.get("cursor").map(cursor).transpose()?,
            processes: listed(query, "processID", &processes, Process::find)?,
            statuses: listed(query, "status", &statuses, |word| {
                JobStatus::ALL.into_iter().find(|status| status.word() == word)
            })?,
            created: Interval::parameter(query, "datetime")?,
            min_duration_s: seconds(query, "minDuration")?,
            max_duration_s: seconds(query, "maxDuration")?,
        })
    }

    /// The same of missions: one more than the page holds, which tells whether there is another page.
    pub(super) fn of_missions(&self) -> JobFilter {
        let of_mission = |status: &JobStatus| match status {
            JobStatus::Accepted => MissionStatus::Queued,
            JobStatus::Running => MissionStatus::Running,
            JobStatus::Successful => MissionStatus::Completed,
            JobStatus::Failed => MissionStatus::Failed,
            JobStatus::Dismissed => MissionStatus::Cancelled,
        };
        let ids = |processes: &Vec<Process>| processes.iter().map(|process| process.id().to_owned()).collect();
        JobFilter {
            processes: self.processes.as_ref().map(ids),
            statuses: self
                .statuses
                .as_ref()
                .map(|statuses| statuses.iter().map(of_mission).collect()),
            created_from: self.created.from.map(|time| time.0),
            created_until: self.created.until.map(|time| time.0),
            min_duration_s: self.min_duration_s,
            max_duration_s: self.max_duration_s,
            after: self.after,
            limit: self.limit as u32 + 1,
        }
    }

    /// Whether a job that is no mission is wanted.
    pub(super) fn wants(&self, job: &Job, now: Timestamp) -> bool {
        let (started, finished) = job.span(now);
        let lasted_s = started.map(|started| finished.unwrap_or(now).duration_since(started).as_secs_f64());
        let created = job.created();
        self.after.is_none_or(|after| job.place() < after)
            && self
                .processes
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&job.process()))
            && self
                .statuses
                .as_ref()
                .is_none_or(|wanted| wanted.contains(&job.status(now)))
            && self.created.from.is_none_or(|from| created >= from.0)
            && self.created.until.is_none_or(|until| created <= until.0)
            && self
                .min_duration_s
                .is_none_or(|least| lasted_s.is_some_and(|lasted| lasted >= f64::from(least)))
            && self
                .max_duration_s
                .is_none_or(|most| lasted_s.is_some_and(|lasted| lasted <= f64::from(most)))
    }
}

/// The values of a list; `None` without the parameter.
fn listed<T>(
    query: &Query,
    name: &'static str,
    known: &[&str],
    find: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, Error> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let refuse = |word: &str| Error::parameter(name, format!("'{}' is not one of {}", shown(word), known.join(", ")));
    // As many as there are is enough.
    let words: Vec<&str> = text.split(',').take(known.len() + 1).collect();
    if words.len() > known.len() {
        return Err(Error::parameter(
            name,
            format!("it lists more than the {} values that there are", known.len()),
        ));
    }
    words
        .into_iter()
        .map(|word| find(word).ok_or_else(|| refuse(word)))
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

fn seconds(query: &Query, name: &'static str) -> Result<Option<u32>, Error> {
    let read = |text: &str| {
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok().filter(|_| is_plain);
        seconds.ok_or_else(|| Error::parameter(name, format!("'{}' is not a whole number of seconds", shown(text))))
    };
    query.get(name).map(read).transpose()
}

fn cursor(text: &str) -> Result<MissionId, Error> {
    let refuse = |_error| Error::parameter("cursor", format!("'{}' was not emitted by this service", shown(text)));
    text.parse().map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(raw: &str) -> Result<Wishes, Error> {
        Wishes::parse(&Query::parse(Some(raw), |_| false)?)
    }

    #[test]
    fn parameters_are_read_and_refused() {
        let read = parse("type=process&processID=drift,echo&status=running&minDuration=5&limit=3").unwrap();
        assert_eq!(read.processes, Some(vec![Process::Drift, Process::Echo]));
        assert_eq!((read.of_missions().limit, read.min_duration_s), (4, Some(5)));
        for bad in [
            "type=coverage",
            "processID=",
            "processID=drift,nonsense",
            "status=queued",
            "minDuration=-1",
            "maxDuration=1.5",
            "maxDuration=99999999999",
            "cursor=5",
            "limit=0",
            "datetime=yesterday",
            "type=process,process",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
