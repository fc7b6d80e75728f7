//! Logs, traces and metrics of the process: set up once by `cmd`, shut down last.
//!
//! Code elsewhere only uses the `tracing` and `metrics` macros; the names are in docs/LOGGING.md and
//! [`METRICS`]. Nothing here knows what is measured.

use std::{io::IsTerminal as _, panic::PanicHookInfo, time::Duration};

use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt as _, FilterFn, ParseError},
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::{SubscriberInitExt as _, TryInitError},
};

pub use self::metrics::{METRICS, Metric, markdown};
use self::otlp::Exporter;
use crate::{
    base::clock::Clock,
    config::{LogFormat, TelemetryConfig},
};

mod metrics;
mod otlp;

/// Crates that log what passes over the wire (headers, frames) below this level. They are never asked for more
/// than `info`, whatever `REEVE_LOG` says: no log may hold a secret.
const WIRE: [&str; 8] =
    ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tungstenite", "tokio_tungstenite", "opentelemetry"];

#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error("REEVE_LOG")]
    Filter(#[from] ParseError),
    #[error("a log subscriber is set already")]
    Subscriber(#[from] TryInitError),
    #[error("the exporter for OTEL_EXPORTER_OTLP_ENDPOINT cannot be set up: {0}")]
    Exporter(String),
    #[error("the recorder of metrics cannot be set up")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// What was set up. Keep it until the end of the process.
#[derive(Debug)]
pub struct Telemetry {
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    exporter: Option<Exporter>,
}

/// Sets up logs on stderr, traces to the collector if there is one, and metrics, all for the whole process. To be
/// called once; works inside and outside of a runtime.
pub fn init(config: &TelemetryConfig, clock: &Clock) -> Result<Telemetry, TelemetryError> {
    let metrics = metrics::install(clock)?;
    let exporter = config.otlp_endpoint.as_ref().map(Exporter::start).transpose()?;
    tracing_subscriber::registry()
        .with(exporter.as_ref().map(|exporter| exporter.layer().with_filter(FilterFn::new(is_traced))))
        .with(log_layer(config.format).with_filter(log_filter(&config.filter)?))
        .try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Telemetry { metrics, exporter })
}

impl Telemetry {
    /// Sends what is left of the traces; takes up to 5 s when the collector does not answer.
    pub fn shutdown(self) {
        if let Some(exporter) = self.exporter {
            exporter.shutdown();
        }
    }
}

/// Keeps the recorder's memory bounded while nobody reads `/metrics`. A task of `app`'s; ends when `stop` is cancelled.
pub async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = every.tick() => metrics.run_upkeep(),
        }
    }
}

fn log_layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let terminal = std::io::stderr().is_terminal();
    let json = match format {
        LogFormat::Auto => !terminal,
        LogFormat::Json => true,
        LogFormat::Text => false,
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    if json {
        // One object per event, its fields on top; the spans around it, with their fields, in `spans`.
        layer.json().flatten_event(true).with_current_span(false).boxed()
    } else {
        let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        layer.with_ansi(colours).boxed()
    }
}

fn log_filter<S: Subscriber>(
    directives: &str,
) -> Result<impl tracing_subscriber::layer::Filter<S> + 'static, ParseError> {
    let safe = FilterFn::new(is_safe_to_log).with_max_level_hint(LevelFilter::TRACE);
    Ok(EnvFilter::builder().parse(directives)?.and(safe))
}

fn is_safe_to_log(event: &Metadata<'_>) -> bool {
    let of_wire = || {
        let root = event.target().split("::").next().unwrap_or_default();
        WIRE.contains(&root) || root.starts_with("opentelemetry_")
    };
    *event.level() <= Level::INFO || !of_wire()
}

/// Our own spans alone: those of the exporter's own client would make more of themselves.
fn is_traced(span: &Metadata<'_>) -> bool {
    *span.level() <= Level::INFO && span.target().split("::").next() == Some("reeve")
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("no message");
    tracing::error!(panic.location = location, panic.message = message, "panic");
}

#[cfg(test)]
mod tests;
