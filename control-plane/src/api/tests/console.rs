//! The console's documents: what a browser may do with them, and that they stand in nobody's way. Holds with and without a
//! built console, since `cargo test` may run before it.

use axum::http::StatusCode;
use sqlx::PgPool;

use super::{Answer, Api};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9");

async fn open(api: &Api, path: &str) -> Answer {
    api.from("192.0.2.1", "GET", path, None, &[BROWSER]).await
}

#[sqlx::test(migrations = "../migrations")]
async fn every_page_is_kept_to_this_origin(pool: PgPool) {
    let api = Api::new(pool);
    let mut nonces = Vec::new();
    for path in ["/", "/setup", "/sign-in", "/models/x", "/changes/7"] {
        let page = open(&api, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store", "a nonce counts once");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert!(!page.text.contains("http://") && !page.text.contains("https://"), "nothing from elsewhere");
        assert!(!page.text.contains("CSP_NONCE") && !page.text.contains("<style"), "{}", page.text);
        let inline = page
            .text
            .split("<script")
            .skip(1)
            .filter(|rest| !rest.split('>').next().unwrap().contains("src="));
        assert_eq!(inline.count(), 0, "no inline script");
        nonces.push(policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned());
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 5, "each answer has its own");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_page_stays_a_problem(pool: PgPool) {
    let api = Api::new(pool);
    for path in ["/api/nothing", "/api", "/ws/nothing", "/health/x", "/metrics/x"] {
        open(&api, path).await.problem(404, "no-such-route");
    }
    // A program that asks for a path that is not there is not told that it is.
    api.get("/models/x").await.problem(404, "no-such-route");
    api.get("/assets/../../Cargo.toml").await.problem(404, "no-such-route");
    api.get("/index.html.gz").await.problem(404, "no-such-route");
    api.post("/models", serde_json::json!({})).await.problem(404, "no-such-route");
}
