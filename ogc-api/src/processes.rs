//! OGC API Processes 1.0 (18-062r2) at the tenant root. A job of a drift process is a mission seen another way: the same checks,
//! the same queue, the same charge, and as durable. The echo process is for conformance tests and costs nothing.

mod callbacks;
mod description;
mod echo;
mod echo_jobs;
mod exception;
mod execute;
mod inputs;
mod job;
mod job_filter;
mod job_list;
mod mission_inputs;
mod mission_outputs;
mod multipart;
mod outputs;
mod prefer;
mod process;
mod request;
mod results;

pub use callbacks::deliver_callbacks;
pub(crate) use description::LIMITS;
pub(crate) use echo_jobs::EchoJobs;
pub(crate) use job_filter::LIMITS as JOB_LIMITS;
pub(crate) use process::Process;

use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};

use crate::AppState;

/// Conformance classes of OGC API Processes.
pub(crate) const CLASSES: [&str; 7] = [
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/job-list",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss",
    "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/callback",
];

/// Relations of the landing page and of jobs (18-062r2, 7.2 and 7.12).
pub(crate) mod relations {
    /// The list of processes.
    pub(crate) const PROCESSES: &str = "http://www.opengis.net/def/rel/ogc/1.0/processes";
    /// The list of jobs.
    pub(crate) const JOB_LIST: &str = "http://www.opengis.net/def/rel/ogc/1.0/job-list";
    /// The declaration of conformance classes.
    pub(crate) const CONFORMANCE: &str = "http://www.opengis.net/def/rel/ogc/1.0/conformance";
    /// How a process is executed.
    pub(crate) const EXECUTE: &str = "http://www.opengis.net/def/rel/ogc/1.0/execute";
    /// The results of a job.
    pub(crate) const RESULTS: &str = "http://www.opengis.net/def/rel/ogc/1.0/results";
}

/// The routes.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    let table: Vec<(&str, MethodRouter<AppState>)> = vec![
        ("/ogc/processes", get(description::processes)),
        ("/ogc/processes/{process_id}", get(description::process)),
        ("/ogc/processes/{process_id}/execution", post(execute::execute)),
        ("/ogc/jobs", get(job_list::jobs)),
        ("/ogc/jobs/{job_id}", get(job::status).delete(job::dismiss)),
        ("/ogc/jobs/{job_id}/results", get(results::results)),
    ];
    let negotiated = |methods: MethodRouter<AppState>| methods.layer(from_fn(exception::as_plain_json));
    table
        .into_iter()
        .map(|(path, methods)| (path, negotiated(methods)))
        .collect()
}
