//! The list of all metrics, with the recorder that keeps them. A test holds that code uses no other names and that
//! docs/LOGGING.md shows this very list.
//!
//! Labels have few values: never an agent, a realm, a model or a URL.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::base::clock::Clock;

/// One metric, as `/metrics` shows it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, labels, help }
}

/// Every metric of the control plane.
pub const METRICS: &[Metric] = &[
    gauge("reeve_build_info", &["version"], "Always 1; the label says which version runs."),
    gauge("process_start_time_seconds", &[], "When this process started, in Unix time."),
    counter("reeve_task_panics_total", &["task"], "Panics of tasks. Any of them is a defect."),
    counter("reeve_http_requests_total", &["method", "route", "status"], "Answered requests."),
    histogram(
        "reeve_http_request_seconds",
        &["method", "route"],
        "From request to answer, without `Prefer: wait`.",
    ),
    gauge("reeve_revision", &[], "The newest revision this process has seen."),
    gauge("reeve_sessions", &[], "Open agent sessions on this process."),
    counter("reeve_sessions_opened_total", &[], "Agent sessions that were accepted."),
    counter("reeve_sessions_closed_total", &["reason"], "Agent sessions that ended, by reason."),
    counter("reeve_sessions_refused_total", &["code"], "Upgrades that were refused, by problem code."),
    counter("reeve_documents_sent_total", &["state", "reason"], "LLM config documents sent to agents."),
    counter(
        "reeve_documents_answered_total",
        &["status"],
        "What agents said to them: `applied` or `rejected`.",
    ),
    gauge(
        "reeve_documents_stale",
        &[],
        "Documents on this process's sessions without an answer for over 30 s.",
    ),
    histogram("reeve_push_delay_seconds", &[], "From the commit of a change to the document on the socket."),
    histogram("reeve_apply_delay_seconds", &[], "From the document on the socket to the agent's answer."),
    counter(
        "reeve_reconcile_steps_total",
        &["kind", "outcome"],
        "Reconcile steps, by kind of object and outcome.",
    ),
    counter(
        "reeve_reconcile_parked_total",
        &["code"],
        "Steps that ended in waiting for a person, by the reason's code.",
    ),
    gauge("reeve_work_waiting", &["proxy"], "Work items that are due or will be."),
    gauge(
        "reeve_work_parked",
        &["proxy"],
        "Work items that wait for a person: their input must change, or retry be said.",
    ),
    gauge("reeve_work_oldest_age_seconds", &["proxy"], "Age of the oldest work item that is not parked."),
    gauge("reeve_revoking", &[], "Revocations that not every reachable proxy has refused yet."),
    gauge("reeve_revoking_oldest_age_seconds", &[], "Age of the oldest of them."),
    gauge("reeve_proxy_up", &["proxy"], "1 when the proxy answered its last check, else 0."),
    counter(
        "reeve_proxy_calls_total",
        &["proxy", "call", "outcome"],
        "Calls to proxies' admin APIs: `ok` or the error's code.",
    ),
    histogram(
        "reeve_proxy_call_seconds",
        &["proxy", "call", "outcome"],
        "Time of one call to a proxy's admin API, waiting for a turn left out.",
    ),
    counter(
        "reeve_proxy_objects_removed_total",
        &["proxy", "kind"],
        "Objects of ours that the registry did not know, found by a scan and removed.",
    ),
    counter(
        "reeve_proxy_drift_total",
        &["proxy", "kind"],
        "Objects that someone changed or removed on a proxy, found by a scan and put right.",
    ),
    gauge("reeve_db_connections", &["state"], "Database connections of this process: `idle` or `used`."),
    counter("reeve_audit_rows_total", &[], "Audit rows written."),
];

/// In seconds; fine where a call to a database ends, coarse where LiteLLM takes its time.
const BUCKETS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Makes the recorder the process's own, with help for every name.
pub(super) fn install(clock: &Clock) -> Result<PrometheusHandle, BuildError> {
    let handle = builder()?.install_recorder()?;
    describe();
    metrics::gauge!("reeve_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are far below 2^53")]
    let started = clock.now().timestamp_millis() as f64 / 1000.0;
    metrics::gauge!("process_start_time_seconds").set(started);
    Ok(handle)
}

pub(super) fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
}

pub(super) fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
}

/// The list as a Markdown table, for docs/LOGGING.md.
pub fn markdown() -> String {
    let row = |metric: &Metric| {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        format!("| `{}` | {kind} | {} | {} |\n", metric.name, metric.labels.join(", "), metric.help)
    };
    let head = "| name | kind | labels | meaning |\n| --- | --- | --- | --- |\n";
    std::iter::once(head.to_owned()).chain(METRICS.iter().map(row)).collect()
}
