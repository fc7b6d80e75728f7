//! What is logged and how, and where traces go. `telemetry::init` takes it.

use tracing_subscriber::EnvFilter;
use url::Url;

use super::read::Reader;

#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// Directives that [`EnvFilter`] has accepted.
    pub filter: String,
    pub format: LogFormat,
    /// The collector's base URL, without `/v1/traces`.
    pub otlp_endpoint: Option<Url>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text when stderr is a terminal, JSON otherwise.
    Auto,
    Json,
    Text,
}

impl TelemetryConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let filter = reader.parsed("REEVE_LOG", "a level or directives per module", |value| {
            EnvFilter::builder().parse(value).ok().map(|_| value.to_owned())
        });
        let format = reader.parsed("REEVE_LOG_FORMAT", "`auto`, `json` or `text`", |value| match value {
            "auto" => Some(LogFormat::Auto),
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        });
        let otlp_endpoint = reader.url("OTEL_EXPORTER_OTLP_ENDPOINT");
        Some(Self { filter: filter?, format: format?, otlp_endpoint })
    }
}
