//! The served API document is true: generated requests, good and bad, get no 5xx and no answer that it does not tell of.

use e2e::harness::{ADMIN_TOKEN, Database, Proxy, Reeve, ReeveOptions};
use tokio::process::Command;

/// One seed, so that a failure is the same everywhere; what it finds is frozen as a plain test.
const SEED: &str = "20260131";

#[tokio::test(flavor = "multi_thread")]
async fn generated_requests_get_no_5xx_and_no_undocumented_answer() {
    let (proxy, database) = (Proxy::simulated().await, Database::create().await);
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    let python =
        std::env::var("REEVE_TEST_PYTHON").expect("a Python with schemathesis; ./dev test makes one");
    let bearer = format!("Authorization: Bearer {ADMIN_TOKEN}");
    let document = format!("{}/api/openapi.json", reeve.api.url);
    let checks =
        "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    // It keeps a cache where it runs.
    let dir = tempfile::tempdir().expect("a directory");
    #[rustfmt::skip]
    let output = Command::new(python).current_dir(dir.path()).kill_on_drop(true).args([
        "-m", "schemathesis.cli", "run", &document, "--header", &bearer, "--checks", checks, "--seed", SEED,
        "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--no-color",
        "--generation-database", "none",
        // Its answer is a stream without an end; control-plane/src/api/tests/events.rs reads it.
        "--exclude-path", "/api/events",
    ]).output().await.expect("schemathesis starts");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}
