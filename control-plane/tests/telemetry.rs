//! Telemetry as a process sets it up, against a stub collector. One test, since it is set up once per process.

use std::time::Duration;

use reeve::{
    base::clock::Clock,
    config::{LogFormat, TelemetryConfig},
    telemetry,
};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_the_collector_and_metrics_are_rendered() {
    let collector = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/traces"))
        .and(header("content-type", "application/x-protobuf"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&collector)
        .await;

    let endpoint = collector.uri().parse().unwrap();
    let config =
        TelemetryConfig { filter: "info".to_owned(), format: LogFormat::Json, otlp_endpoint: Some(endpoint) };
    let telemetry = telemetry::init(&config, &Clock::System).unwrap();
    assert!(telemetry::init(&config, &Clock::System).is_err(), "only once");

    // Ours is a span of the target `reeve`; another crate's is not sent.
    tracing::info_span!(target: "reeve::reconcile", "step", step.kind = "team").in_scope(|| {
        tracing::info_span!(target: "reqwest", "inner of a library").in_scope(|| {});
    });
    let page = telemetry.metrics.render();
    assert!(
        page.contains(concat!("reeve_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1")),
        "{page}"
    );
    assert!(page.contains("process_start_time_seconds 1"), "{page}");

    let down = tokio::task::spawn_blocking(move || telemetry.shutdown());
    tokio::time::timeout(Duration::from_secs(30), down).await.unwrap().unwrap();

    let sent = collector.received_requests().await.unwrap();
    assert_eq!(sent.len(), 1);
    let body = &sent[0].body;
    for text in ["step", "step.kind", "team", "service.name", "reeve", "service.version"] {
        assert!(holds(body, text), "{text} is missing");
    }
    assert!(!holds(body, "inner of a library"));
}
