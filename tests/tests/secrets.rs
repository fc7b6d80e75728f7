//! G8: recognisable secrets are sent through every endpoint and every failure, and then looked for everywhere they must
//! not be: logs, every column of every table, answers, errors, metrics, URLs.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use e2e::harness::{Agent, Answer, Database, PATIENCE, Proxy, Reeve, ReeveOptions, eventually};
use proxy_sim::{Fault, Rule, SimConfig};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Row as _};

const PROVIDER: &str = "sk-marker-provider-4f1c9a";
const PROVIDER_NEW: &str = "sk-marker-provider-new-77e2";
const CREDENTIAL: &str = "sk-marker-credential-b83d";
const MASTER: &str = "sk-marker-master-51aa90";
const MASTER_OTHER: &str = "sk-marker-master-other-0cc1";
const MANUAL: &str = "sk-marker-manual-9d2e7f";
const ADMIN: &str = "test-admin-token-0123456789";
const KEK: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

/// Everything that was answered, to be searched.
#[derive(Default)]
struct Heard(Vec<(String, String)>);

impl Heard {
    async fn call(&mut self, reeve: &Reeve, method: Method, path: &str, body: Option<Value>) -> Answer {
        let what = format!("{method} {path}");
        let answer = reeve.api.call(method, path, body, &[]).await;
        self.0.push((what, format!("{:?}\n{}", answer.headers, answer.text)));
        answer
    }
}

/// The stream from the first change to the newest: it does not end by itself.
async fn events(reeve: &Reeve) -> String {
    let newest = reeve.api.get("/api/overview").await["revision"].as_i64().expect("a revision");
    let url = format!("{}/api/events?lastEventId=0", reeve.api.url);
    let asked = reqwest::Client::new().get(url).bearer_auth(&reeve.api.token).send();
    let mut stream = asked.await.expect("an answer");
    let mut text = String::new();
    let read = async {
        while !text.contains(&format!("\nid: {newest}\n")) {
            let piece = stream.chunk().await.expect("the stream goes on").expect("it does not end");
            text.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the newest change comes in time");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn g8_a_secret_reaches_only_its_recipient() {
    let config = SimConfig { master_key: MASTER.to_owned(), ..SimConfig::default() };
    let proxy = Proxy::simulated_with(config).await;
    let state = proxy.sim();
    let database = Database::create().await;
    let options = ReeveOptions::on(&database).with_proxy(&proxy).set("REEVE_LOG", "trace,sqlx=trace,h2=info");
    let reeve = Reeve::start(options).await;
    let mut heard = Heard::default();

    // The registry, with success and with every way to fail.
    let model = json!({
        "name": "One", "provider": "openai", "modelId": "gpt-4o", "baseUrl": proxy.upstream_url, "apiKey": PROVIDER,
    });
    heard.call(&reeve, Method::POST, "/api/models", Some(model.clone())).await.ok();
    for (field, value) in [
        ("provider", json!("no-such")),
        ("baseUrl", json!("http://169.254.169.254/")),
        ("modelId", json!("")),
        ("name", json!("*")),
        ("unknownField", json!(1)),
        ("apiKey", json!({ "nested": PROVIDER })),
        ("litellmParams", json!({ "aws_secret_access_key": PROVIDER })),
        ("apiKey", json!(format!(" {PROVIDER}\n"))),
    ] {
        let mut bad = model.clone();
        bad["name"] = json!("Other");
        bad[field] = value;
        let answer = heard.call(&reeve, Method::POST, "/api/models", Some(bad)).await;
        assert!((400..500).contains(&answer.status), "{field}: {} {}", answer.status, answer.text);
    }
    heard.call(&reeve, Method::POST, "/api/models", Some(model)).await;
    let credential = json!({ "name": "main", "provider": "openai", "apiKey": CREDENTIAL });
    let credential = heard.call(&reeve, Method::POST, "/api/credentials", Some(credential)).await.ok();
    let by_credential =
        json!({ "name": "Two", "provider": "openai", "modelId": "gpt-4o", "credentialId": credential["id"] });
    heard.call(&reeve, Method::POST, "/api/models", Some(by_credential)).await.ok();
    let id = credential["id"].as_str().expect("an id");
    heard
        .call(
            &reeve,
            Method::PATCH,
            &format!("/api/credentials/{id}"),
            Some(json!({ "apiKey": PROVIDER_NEW })),
        )
        .await
        .ok();
    heard.call(&reeve, Method::DELETE, &format!("/api/credentials/{id}"), None).await;

    // A proxy that refuses the key, one that answers nonsense, one that is not there.
    let (url, closed) = (&proxy.url, "http://127.0.0.1:9");
    for (name, base) in [("wrong-key", url.as_str()), ("not-there", closed)] {
        let body = json!({ "name": name, "baseUrl": base, "masterKey": MASTER_OTHER });
        heard.call(&reeve, Method::POST, "/api/proxies", Some(body)).await.ok();
    }
    let with_userinfo = json!({ "name": "x", "baseUrl": format!("http://user:{MASTER_OTHER}@127.0.0.1"), "masterKey": MASTER_OTHER });
    heard.call(&reeve, Method::POST, "/api/proxies", Some(with_userinfo)).await;

    // Writes that fail on the way, with the proxy's own words in the error.
    for fault in [
        Fault::SavedBut500,
        Fault::HtmlPage,
        Fault::ResponseLost,
        Fault::Refused { status: 400, retry_after: None },
    ] {
        state.fault(Rule::new(fault).writes().once());
    }
    heard.call(&reeve, Method::POST, "/api/realms", Some(json!({ "name": "Red" }))).await.ok();
    heard
        .call(&reeve, Method::POST, "/api/models/openai%2Fone/realms", Some(json!({ "realmId": "red" })))
        .await
        .ok();
    let token = heard
        .call(&reeve, Method::POST, "/api/enrollment-tokens", Some(json!({ "realmIds": ["red"] })))
        .await;
    let token = token.ok()["token"].as_str().expect("shown once").to_owned();
    heard.0.pop();
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let proxies: Value = reeve.api.get("/api/proxies").await;
    let id =
        proxies["items"].as_array().and_then(|p| p.iter().find(|p| p["name"] == "default")).expect("default")
            ["id"]
            .clone();
    heard
        .call(&reeve, Method::POST, &format!("/api/proxies/{}/check", id.as_str().expect("text")), None)
        .await;
    let check = format!("/api/proxies/{}/check", id.as_str().expect("text"));
    eventually("the agent is offered the model", || async {
        reeve.api.call(Method::POST, &check, None, &[]).await;
        let doc = reeve.api.get(&format!("/api/agents/{}/llm-config", agent.did)).await;
        (doc["state"] == "active").then_some(())
    })
    .await;
    let (_, virtual_key, _) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
    assert!(virtual_key.starts_with("sk-"));
    let manual = json!({ "mode": "manual", "provider": "openai", "model": "x", "baseUrl": "http://127.0.0.1:9/v1", "apiKey": MANUAL });
    let path = format!("/api/agents/{}/llm-config", agent.did);
    heard.call(&reeve, Method::PUT, &path, Some(manual)).await.ok();
    heard.call(&reeve, Method::POST, "/api/realms/red/keys/rotate", None).await.ok();

    // Wrong tokens, in header and body.
    let stranger = e2e::harness::Api::new(&reeve.api.url, "wrong-token-marker-63ab");
    let refused = stranger.call(Method::GET, "/api/models", None, &[]).await;
    heard.0.push(("wrong token".to_owned(), refused.text));
    heard
        .call(
            &reeve,
            Method::POST,
            "/api/agents/enroll",
            Some(json!({ "token": token, "name": "x", "proof": "a.b.c" })),
        )
        .await;

    // Every readable thing.
    let openapi = reeve.api.get("/api/openapi.json").await;
    let paths: Vec<String> = openapi["paths"].as_object().expect("paths").keys().cloned().collect();
    for path in paths.iter().filter(|p| !p.contains('{') && *p != "/api/events") {
        heard.call(&reeve, Method::GET, path, None).await;
    }
    heard.0.push(("GET /api/events".to_owned(), events(&reeve).await));
    for path in [
        "/api/models/openai%2Fone",
        "/api/realms/red",
        "/api/realms/red/keys",
        "/api/realms/red/agents",
        "/metrics",
    ] {
        heard.call(&reeve, Method::GET, path, None).await;
    }
    for path in [format!("/api/agents/{}", agent.did), path, format!("/api/agents/{}/realm-llm", agent.did)] {
        heard.call(&reeve, Method::GET, &path, None).await.ok();
    }
    for revision in 1..=30 {
        heard.call(&reeve, Method::GET, &format!("/api/changes/{revision}"), None).await;
    }

    let secrets = [
        PROVIDER,
        PROVIDER_NEW,
        CREDENTIAL,
        MASTER,
        MASTER_OTHER,
        MANUAL,
        ADMIN,
        KEK,
        &token,
        &virtual_key,
        "wrong-token-marker-63ab",
    ];
    let seen_by_nobody = |where_: &str, text: &str| {
        for secret in secrets {
            assert!(!text.contains(secret), "{where_} holds {secret}:\n{}", around(text, secret));
        }
    };
    for (what, text) in &heard.0 {
        seen_by_nobody(what, text);
    }
    seen_by_nobody("the log", &reeve.process.stderr());
    seen_by_nobody("standard output", &reeve.process.stdout());
    for request in state.requests() {
        seen_by_nobody("a URL", &format!("{request:?}"));
    }
    for (table, text) in dump(&database).await {
        seen_by_nobody(&table, &text);
    }
}

fn around<'a>(text: &'a str, secret: &str) -> &'a str {
    let at = text.find(secret).unwrap_or_default();
    let start = (0..=at.saturating_sub(200)).rev().find(|i| text.is_char_boundary(*i)).unwrap_or_default();
    let end =
        (at..=(at + 200).min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(text.len());
    &text[start..end]
}

/// Every row of every table as text; bytes both as hex and as what they spell.
async fn dump(database: &Database) -> Vec<(String, String)> {
    let mut conn = database.connect().await;
    let tables: Vec<String> =
        sqlx::query_scalar("select tablename::text from pg_tables where schemaname = 'public'")
            .fetch_all(&mut conn)
            .await
            .expect("tables");
    let mut all = Vec::new();
    for table in tables {
        let rows = sqlx::query(AssertSqlSafe(format!("select t::text as row from {table} t")))
            .fetch_all(&mut conn)
            .await;
        for row in rows.expect("rows") {
            let text: String = row.get("row");
            let spelled: String = text
                .split("\\x")
                .map(|hex| {
                    let hex: String = hex.chars().take_while(char::is_ascii_hexdigit).collect();
                    let bytes: Vec<u8> = (0..hex.len() / 2)
                        .filter_map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok())
                        .collect();
                    String::from_utf8_lossy(&bytes).into_owned()
                })
                .collect();
            all.push((table.clone(), format!("{text}\n{spelled}")));
        }
    }
    all
}
