//! The console in a real browser, against the real binary: first the journey of an owner, then every page in both schemes, held
//! to accessibility, to this origin, and to a size. The steps are in dashboard/tests; this starts what they need.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::path::Path;

use e2e::harness::{Database, Proxy, Reeve, ReeveOptions, binary, run};

/// Where the browser is; without one (and the packages of dashboard/) the test is left out. `./dev test` has both.
fn browser() -> Option<String> {
    std::env::var("REEVE_TEST_CHROMIUM").ok().filter(|path| !path.is_empty())
}

async fn drive(proxy: &Proxy, specs: &[&str]) {
    let Some(chromium) = browser() else { return };
    let database = Database::create().await;
    let mut reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(proxy)).await;
    let link = reeve
        .process
        .stdout_has("the link for the first owner", |out| {
            out.split_whitespace().find(|word| word.contains("/setup#")).map(str::to_owned)
        })
        .await;
    let dashboard = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard");
    let results = tempfile::TempDir::new().expect("a temporary folder");
    let agent = binary("reeve-agent");
    let env = [
        ("CONSOLE_URL", reeve.api.url.as_str()),
        ("CONSOLE_TOKEN", reeve.api.token.as_str()),
        ("CONSOLE_SETUP_LINK", link.as_str()),
        ("CONSOLE_UPSTREAM", proxy.upstream_url.as_str()),
        ("CONSOLE_AGENT", agent.to_str().expect("text")),
        ("CONSOLE_CHROMIUM", chromium.as_str()),
        ("CONSOLE_RESULTS", results.path().to_str().expect("text")),
    ];
    let playwright = Path::new(dashboard).join("node_modules/.bin/playwright");
    let config = format!("{dashboard}/tests/playwright.config.ts");
    let args: Vec<&str> = ["test", "--config", &config].iter().chain(specs).copied().collect();
    let (code, out, err) = run(playwright, &args, &env).await;
    assert_eq!(code, 0, "on the {}:\n{out}\n{err}", proxy.name);
}

#[tokio::test]
async fn an_owner_does_everything_in_a_browser() {
    drive(&Proxy::simulated().await, &["journey", "pages", "safety", "undo"]).await;
}

#[tokio::test]
async fn an_owner_does_everything_in_a_browser_on_a_real_litellm() {
    let Some(proxy) = Proxy::real() else { return };
    drive(&proxy, &["journey"]).await;
}
