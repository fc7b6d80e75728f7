//! The names are designed: code, list and docs agree; and the wire never reaches a log.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{metrics::Kind, *};

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn code_uses_listed_names_only() {
    let (mut files, mut seen) = (Vec::new(), 0);
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    for file in files.iter().filter(|file| !file.components().any(|part| part.as_os_str() == "telemetry")) {
        let text: String = fs::read_to_string(file).unwrap().split_whitespace().collect();
        for (kind, name) in
            [(Kind::Counter, "counter"), (Kind::Gauge, "gauge"), (Kind::Histogram, "histogram")]
        {
            let mark = format!("{name}!(\"");
            for (at, _) in text.match_indices(&mark) {
                let name = text[at + mark.len()..].split('"').next().unwrap();
                let listed = METRICS.iter().find(|metric| metric.name == name).map(|metric| metric.kind);
                assert_eq!(listed, Some(kind), "{}: list `{name}` in telemetry/metrics.rs", file.display());
                seen += 1;
            }
        }
        // Names that stand in a constant.
        for (at, _) in text.match_indices("\"reeve_") {
            let name = text[at + 1..].split('"').next().unwrap();
            let is_metric = name.ends_with("_total") || name.ends_with("_seconds");
            let listed = METRICS.iter().any(|metric| metric.name == name);
            assert!(listed || !is_metric, "{}: list `{name}` in telemetry/metrics.rs", file.display());
        }
    }
    assert!(seen >= 3, "the search finds nothing any more");
}

/// A name on the list that nothing records would be a promise on the dashboards that nobody keeps.
#[test]
fn every_listed_name_is_recorded_somewhere() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let texts: Vec<String> = files
        .iter()
        .filter(|file| !file.ends_with("telemetry/metrics.rs"))
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    for Metric { name, .. } in METRICS {
        let mark = format!("\"{name}\"");
        let own = ["reeve_build_info", "process_start_time_seconds"].contains(name);
        assert!(own || texts.iter().any(|text| text.contains(&mark)), "nothing records {name}");
    }
}

#[test]
fn names_follow_prometheus_conventions() {
    let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len(), "each name once");
    for metric in METRICS {
        let Metric { name, kind, labels, help } = metric;
        assert!(name.starts_with("reeve_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        assert!(*kind != Kind::Histogram || name.ends_with("_seconds"), "{name}");
        assert!(help.ends_with('.'), "{name}");
        for label in *labels {
            assert!(!["agent", "did", "realm", "model", "url"].contains(label), "{name}: unbounded label");
        }
    }
}

#[test]
fn the_docs_hold_this_very_list() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/LOGGING.md");
    let page = fs::read_to_string(path).unwrap();
    let (start, end) = ("<!-- metrics -->\n", "<!-- /metrics -->");
    let (before, rest) = page.split_once(start).expect("the page has the opening mark");
    let (table, after) = rest.split_once(end).expect("the page has the closing mark");
    if std::env::var_os("REEVE_TEST_UPDATE").is_some() {
        fs::write(path, format!("{before}{start}{}{end}{after}", markdown())).unwrap();
    } else {
        assert_eq!(table, markdown(), "run the test with REEVE_TEST_UPDATE=1 to write the table");
    }
}

#[test]
fn metrics_are_rendered_with_help_and_buckets() {
    let recorder = metrics::builder().unwrap().build_recorder();
    ::metrics::with_local_recorder(&recorder, || {
        metrics::describe();
        ::metrics::histogram!("reeve_push_delay_seconds").record(0.004);
        ::metrics::counter!("reeve_audit_rows_total").increment(2);
    });
    let page = recorder.handle().render();
    assert!(page.contains("# HELP reeve_audit_rows_total Audit rows written."), "{page}");
    assert!(page.contains("reeve_audit_rows_total 2"), "{page}");
    assert!(page.contains("reeve_push_delay_seconds_bucket{le=\"0.005\"} 1"), "{page}");
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_setting_lets_the_wire_into_the_log() {
    let sink = Sink::default();
    let writer = sink.clone();
    let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let everything = "trace,tungstenite=trace,hyper=trace";
    let filtered = layer.with_filter(log_filter(everything).unwrap());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(filtered), || {
        tracing::trace!(target: "tungstenite::protocol", "frame with sk-secret");
        tracing::debug!(target: "hyper_util::client", "header with sk-secret");
        tracing::debug!(target: "opentelemetry_sdk", "header with sk-secret");
        tracing::warn!(target: "hyper", "a warning");
        tracing::trace!(target: "reeve::push", "our own");
    });
    let log = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(!log.contains("sk-secret"), "{log}");
    assert!(log.contains("a warning") && log.contains("our own"), "{log}");
}
