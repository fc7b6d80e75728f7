//! The front of `deploy/` before LiteLLM: a key's model list cannot be got around with the query string, and the probe on
//! the proxy's page says so.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use std::{fs, path::Path};

use e2e::harness::{Agent, Database, Process, Proxy, Reeve, ReeveOptions, eventually, proxies};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

/// nginx with `deploy/front.conf`, on a port of its own before this LiteLLM; returns its URL.
fn front(dir: &Path, litellm: &str) -> (Process, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its number");
    drop(listener);
    let conf =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/front.conf")).expect("there");
    let (upstream, listen) = ("server litellm:4000;", "listen 4000;");
    assert!(conf.contains(upstream) && conf.contains(listen));
    let conf = conf
        .replace(upstream, &format!("server {};", litellm.trim_start_matches("http://")))
        .replace(listen, &format!("listen {address};"));
    // What the container's own nginx.conf sets, kept inside the test's folder.
    let temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};"))
        .join("\n");
    let main = format!("pid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temp}\n{conf}\n}}\n");
    fs::write(dir.join("nginx.conf"), main).expect("written");
    let nginx = std::env::var("REEVE_TEST_NGINX").unwrap_or_else(|_| "nginx".to_owned());
    let prefix = format!("{}/", dir.display());
    let mut command = Command::new(nginx);
    command.args([
        "-p",
        &prefix,
        "-c",
        "nginx.conf",
        "-e",
        "stderr",
        "-g",
        "daemon off; master_process off;",
    ]);
    (Process::start("nginx", &mut command), format!("http://{address}"))
}

async fn model(reeve: &Reeve, proxy: &Proxy, name: &str) -> String {
    let body = json!({
        "name": name, "provider": "openai", "modelId": "fake-model", "baseUrl": proxy.upstream_url,
        "apiKey": "sk-provider-0123456789", "everywhere": true,
    });
    let made = reeve.api.converge(Method::POST, "/api/models", Some(body)).await;
    format!("reeve-{}", made["deployments"][0]["id"].as_str().expect("a deployment"))
}

/// Asks for `model` in the body and `openai/theirs` in the query; the status, and the deployment that answered.
async fn ask(url: &str, path: &str, key: &str, model: &str) -> (u16, String) {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "ping" }] });
    let request = reqwest::Client::new().post(format!("{url}{path}?model=openai%2Ftheirs"));
    let answer = request.bearer_auth(key).json(&body).send().await.expect("an answer");
    let id = answer.headers().get("x-litellm-model-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    (answer.status().as_u16(), id.to_owned())
}

/// What each check of the proxy found, once all were made.
async fn checks(reeve: &Reeve, what: &str, fits: impl Fn(&Value) -> bool) {
    eventually(what, || async {
        let proxy = reeve.api.get("/api/proxies/default").await;
        let results = proxy["enforcement"].as_array()?;
        let held =
            results.iter().map(|r| (r["check"].as_str().unwrap_or_default().to_owned(), r["held"].clone()));
        let held = Value::Object(held.collect());
        (!results.is_empty() && fits(&held)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_closes_the_query_string_and_the_probe_says_so() {
    for proxy in proxies().await {
        eprintln!("the front before the {}", proxy.name);
        let database = Database::create().await;
        let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
        let (mine, theirs) = (model(&reeve, &proxy, "mine").await, model(&reeve, &proxy, "theirs").await);
        reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
        let grant = json!({ "realmId": "red" });
        reeve.api.converge(Method::POST, "/api/models/openai%2Fmine/realms", Some(grant)).await;
        let agent = Agent::enroll(&reeve.api, &["red"]).await;
        let (code, key, err) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
        assert_eq!(code, 0, "{err}");

        // The hole, as it is.
        checks(&reeve, "the hole is found", |held| {
            *held == json!({ "no-models": true, "model-in-body": true, "model-in-query": false, "pass-through": true,
                             "management": true })
        })
        .await;
        let chat = "/v1/chat/completions";
        assert_eq!(ask(&proxy.url, chat, &key, "openai/mine").await, (200, theirs.clone()));

        // Closed, however the path is written.
        let dir = tempfile::tempdir().expect("a directory");
        let (mut nginx, url) = front(dir.path(), &proxy.url);
        let up = || async { reqwest::get(format!("{url}/health/readiness")).await.ok().map(drop) };
        eventually("nginx passes on", up).await;
        for path in [
            chat,
            "/chat/completions",
            "//v1/chat/completions",
            "/v1/chat%2Fcompletions",
            "/x/../v1/chat/completions",
        ] {
            let (status, id) = ask(&url, path, &key, "openai/mine").await;
            assert_ne!(id, theirs, "{path}");
            assert_eq!((status, id), (200, mine.clone()), "{path}");
        }
        let in_body = ask(&url, chat, &key, "openai/theirs").await.0;
        assert!([401, 403].contains(&in_body), "the body is checked as before: {in_body}");
        assert!(nginx.running(), "{}", nginx.stderr());

        // Where it is required, nobody may use the proxy without its front.
        let require = json!({ "enforcementPolicy": "require" });
        reeve.api.converge(Method::PATCH, "/api/proxies/default", Some(require)).await;
        assert!([401, 403].contains(&ask(&proxy.url, chat, &key, "openai/mine").await.0));
        let grant = reeve.api.get("/api/models/openai%2Fmine/realms/red").await;
        assert_eq!(grant["sync"]["proxies"][0]["errorCode"], "grants-withheld", "{grant}");

        // What Reeve manages through the front works, its checks turn green, and what was withheld is placed.
        reeve
            .api
            .call(Method::PATCH, "/api/proxies/default", Some(json!({ "baseUrl": url })), &[])
            .await
            .ok();
        checks(&reeve, "the checks turn green", |held| {
            held.as_object().is_some_and(|h| h.values().all(|v| *v == true))
        })
        .await;
        eventually("what was withheld is placed", || async {
            (ask(&url, chat, &key, "openai/mine").await.0 == 200).then_some(())
        })
        .await;
        reeve.api.converge(Method::DELETE, "/api/models/openai%2Fmine/realms/red", None).await;
        assert!([401, 403].contains(&ask(&url, chat, &key, "openai/mine").await.0));
        reeve.api.call(Method::DELETE, "/api/proxies/default", None, &[]).await.ok();
        eventually("nothing of this test is left on the proxy", || async {
            (reeve.api.call(Method::GET, "/api/proxies/default", None, &[]).await.status == 404).then_some(())
        })
        .await;
    }
}
