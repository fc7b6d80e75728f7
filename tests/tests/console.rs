//! The console in a real browser, against the real binary: the journey of an owner, and everything that opens and every page in
//! both schemes, held to accessibility, to this origin, and to a size. The steps are in dashboard/tests; this starts what they need.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::path::Path;

use e2e::harness::{Database, Proxy, Reeve, ReeveOptions, binary, run};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::task::JoinSet;

const FLEET: &str = include_str!("../scale/fleet.sql");

/// Where the browser is; without one (and the packages of dashboard/) the test is left out. `./dev test` has both.
fn browser() -> Option<String> {
    std::env::var("REEVE_TEST_CHROMIUM").ok().filter(|path| !path.is_empty())
}

async fn drive(proxy: &Proxy, specs: &[&str]) {
    let database = Database::create().await;
    let mut reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(proxy)).await;
    let link = first_link(&mut reeve).await;
    browse(&reeve, &link, &proxy.upstream_url, specs).await;
}

async fn first_link(reeve: &mut Reeve) -> String {
    let find = |out: &str| out.split_whitespace().find(|word| word.contains("/setup#")).map(str::to_owned);
    reeve.process.stdout_has("the link for the first owner", find).await
}

#[expect(clippy::print_stdout, reason = "what the browser's tests measured is to be read")]
async fn browse(reeve: &Reeve, link: &str, upstream: &str, specs: &[&str]) {
    let Some(chromium) = browser() else { return };
    let dashboard = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard");
    let results = tempfile::TempDir::new().expect("a temporary folder");
    let agent = binary("reeve-agent");
    let env = [
        ("CONSOLE_URL", reeve.api.url.as_str()),
        ("CONSOLE_TOKEN", reeve.api.token.as_str()),
        ("CONSOLE_SETUP_LINK", link),
        ("CONSOLE_UPSTREAM", upstream),
        ("CONSOLE_AGENT", agent.to_str().expect("text")),
        ("CONSOLE_CHROMIUM", chromium.as_str()),
        ("CONSOLE_RESULTS", results.path().to_str().expect("text")),
    ];
    let playwright = Path::new(dashboard).join("node_modules/.bin/playwright");
    let config = format!("{dashboard}/tests/playwright.config.ts");
    let args: Vec<&str> = ["test", "--config", &config].iter().chain(specs).copied().collect();
    let (code, out, err) = run(playwright, &args, &env).await;
    println!("{out}");
    if code != 0 {
        println!("{}", seen(results.path()));
    }
    assert_eq!(code, 0, "{err}");
}

/// What stood on the page where a test failed; the folder goes with the run.
fn seen(results: &Path) -> String {
    let tests = std::fs::read_dir(results).into_iter().flatten().flatten();
    tests.filter_map(|test| std::fs::read_to_string(test.path().join("error-context.md")).ok()).collect()
}

#[tokio::test]
async fn an_owner_does_the_main_job_in_a_browser() {
    let proxy = match Proxy::real() {
        Some(real) => real,
        None => Proxy::simulated().await,
    };
    drive(&proxy, &["journey"]).await;
}

#[tokio::test]
async fn every_page_and_what_opens_there_is_as_it_should_be() {
    drive(&Proxy::simulated().await, &["dialogs", "edits", "pages", "safety", "undo"]).await;
}

#[tokio::test]
#[ignore = "it measures: ./dev scale"]
async fn every_page_is_quick_with_a_large_fleet() {
    let (proxy, database) = (Proxy::simulated().await, Database::create().await);
    let options = ReeveOptions::on(&database).with_proxy(&proxy).set("REEVE_SCAN_SECONDS", "3600");
    let mut reeve = Reeve::start(options).await;
    let mut models = Vec::new();
    for n in 1..=500 {
        let model = json!({ "name": format!("model-{n}"), "provider": "openai-compatible", "modelId": "fake-model", "baseUrl": proxy.upstream_url });
        models.push(reeve.api.post("/api/models", model).await["id"].as_str().expect("an id").to_owned());
    }
    let mut tasks = JoinSet::new();
    for part in 0..8 {
        let (api, models) = (reeve.api.clone(), models.clone());
        tasks.spawn(async move {
            for n in (1..=1_000).filter(|n| n % 8 == part) {
                let slug = format!("realm-{n}");
                api.post("/api/realms", json!({ "name": format!("Realm {n}"), "slug": slug })).await;
                // The first model goes to all.
                for k in [0, 1 + n % 499, 1 + (n + 7) % 499, 1 + (n + 90) % 499, 1 + (n + 200) % 499] {
                    api.post(&format!("/api/models/{}/realms", models[k]), json!({ "realmId": slug })).await;
                }
            }
        });
    }
    tasks.join_all().await;
    // As dashboard/tests/world.ts has her, who signs in there.
    let link = first_link(&mut reeve).await;
    let token = link.split('#').nth(1).expect("a link with a token");
    let ada = json!({ "email": "ada@example.com", "name": "Ada Lovelace", "password": "correct horse battery", "token": token });
    reeve.api.post("/api/auth/setup", ada).await;
    reeve.process.kill().await;
    let fleet = AssertSqlSafe(FLEET.replace("$n", "100"));
    let mut connection = database.connect().await;
    sqlx::raw_sql(fleet).execute(&mut connection).await.expect("the fleet is there");
    // As a fleet that has been there for long: not in the midst of the measuring.
    sqlx::raw_sql("vacuum analyze").execute(&mut connection).await.expect("tidied up");
    reeve.restart().await;
    browse(&reeve, &link, &proxy.upstream_url, &["scale"]).await;
}
