//! The served API document is true: generated requests, good and bad, get no 5xx and no answer that it does not tell of.

use e2e::harness::{ADMIN_TOKEN, Database, Proxy, Reeve, ReeveOptions, run};

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
    #[rustfmt::skip]
    let (code, out, err) = run(python.into(), &[
        "-m", "schemathesis.cli", "run", &document, "--header", &bearer, "--checks", checks, "--seed", SEED,
        "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--no-color",
        "--generation-database", "none",
    ], &[]).await;
    assert_eq!(code, 0, "{out}\n{err}");
}
