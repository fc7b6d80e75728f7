//! Traces to an OpenTelemetry collector, by OTLP over HTTP.
//!
//! The exporter's client is a blocking one with a thread of its own (the asynchronous one finds no runtime in the
//! batch processor's thread and silently stops), and a blocking client must be neither made nor dropped inside a runtime: hence the plain threads here.

use std::{thread, time::Duration};

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use super::TelemetryError;

const LAST_WORDS: Duration = Duration::from_secs(5);

/// Sends finished spans in batches, from its own thread.
#[derive(Debug)]
pub(super) struct Exporter {
    provider: SdkTracerProvider,
}

impl Exporter {
    /// `endpoint` is the collector's base URL: the path of traces is added, as OpenTelemetry defines it for the variable.
    pub fn start(endpoint: &Url) -> Result<Self, TelemetryError> {
        let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let provider = outside_runtime(move || build(endpoint))
            .unwrap_or_else(|| Err("no thread for it".to_owned()))
            .map_err(TelemetryError::Exporter)?;
        Ok(Self { provider })
    }

    pub fn layer<S>(&self) -> OpenTelemetryLayer<S, opentelemetry_sdk::trace::SdkTracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer("reeve"))
    }

    pub fn shutdown(self) {
        let ended = outside_runtime(move || self.provider.shutdown_with_timeout(LAST_WORDS));
        if let Some(Err(error)) = ended {
            tracing::warn!(error = %error, "the last traces were not sent");
        }
    }
}

fn build(endpoint: String) -> Result<SdkTracerProvider, String> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint)
        .build()
        .map_err(|error| error.to_string())?;
    let mut resource =
        Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("reeve");
    }
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

/// Runs `work` on a thread of its own and waits for it; `None` when that thread could not start or panicked.
fn outside_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    thread::Builder::new().name("otlp".to_owned()).spawn(work).ok()?.join().ok()
}
