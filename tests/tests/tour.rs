//! The README's five-minute tour, scripted: against the simulator, and against a real LiteLLM where there is one, with
//! the `openai` package as the agent's program.

use e2e::harness::{Agent, Database, Proxy, REFUSED, Reeve, ReeveOptions, Upstream, eventually, proxies};
use reqwest::Method;
use serde_json::{Value, json};

const PROVIDER_KEY: &str = "sk-provider-tour-0123456789";

/// A Python that has the `openai` package; `./dev test` names one.
fn python() -> String {
    std::env::var("REEVE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

fn ask_py() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tour/ask.py").to_owned()
}

async fn register(reeve: &Reeve, proxy: &Proxy, name: &str) -> Value {
    let body = json!({
        "name": name, "provider": "openai", "modelId": "fake-model",
        "baseUrl": proxy.upstream_url, "apiKey": PROVIDER_KEY,
    });
    reeve.api.converge(Method::POST, "/api/models", Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_job_end_to_end() {
    for proxy in proxies().await {
        eprintln!("the tour on {}", proxy.name);
        tour(&proxy).await;
    }
}

async fn tour(proxy: &Proxy) {
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(proxy)).await;
    let api = &reeve.api;

    // A model is registered; its key goes to a proxy when somebody may use it there.
    let first = register(&reeve, proxy, "Tour One").await;
    assert_eq!(first["litellmModelName"], "openai/tour-one");
    assert!(!first.to_string().contains(PROVIDER_KEY), "a model's answer never holds its key");
    let listed = proxy.admin_get("/v2/model/info?size=100").await.to_string();
    assert!(!listed.contains("openai/tour-one"), "{listed}");
    register(&reeve, proxy, "Tour Two").await;

    // A realm, an enrolment token, an agent that runs.
    api.post("/api/realms", json!({ "name": "Tour", "slug": "tour" })).await;
    let agent = Agent::enroll(api, &["tour"]).await;
    let mut running = agent.run();
    agent
        .settled(api, "the agent is told that it may use nothing", |p| p["wanted"]["state"] == "unavailable")
        .await;

    // The grant reaches the running agent, which prints it.
    let grant = json!({ "realmId": "tour", "reason": "tour" });
    api.converge(Method::POST, "/api/models/openai%2Ftour-one/realms", Some(grant.clone())).await;
    agent.settled(api, "the agent runs the granted model", |p| p["wanted"]["state"] == "active").await;
    running.stdout_has("the granted model", |out| out.contains("openai/tour-one").then_some(())).await;

    // A program without a line about Reeve gets its answer through the proxy.
    let python = python();
    let (code, out, err) = agent.exec(&[&python, &ask_py()]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("says: pong"), "{out}{err}");
    let (_, key, _) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
    assert!(key.starts_with("sk-"), "exec hands the key over");
    assert_eq!(proxy.chat(&key, "openai/tour-one").await.0, 200);

    // A second model is granted: nobody is switched. It is chosen for the agent, live.
    api.converge(Method::POST, "/api/models/openai%2Ftour-two/realms", Some(grant)).await;
    let page =
        agent.settled(api, "the agent knows of two models", |p| p["wanted"]["state"] == "active").await;
    let config = api.get(&format!("/api/agents/{}/llm-config", agent.did)).await;
    assert_eq!(config["config"]["model"], "openai/tour-one", "a grant switches nobody: {page}");
    assert_eq!(config["config"]["apiKeySet"], true);
    assert!(!config.to_string().contains(&key), "the preview never shows the key");
    let choice = json!({ "realmId": "tour", "realmModelId": "openai/tour-two" });
    let chosen =
        api.call(Method::PUT, &format!("/api/agents/{}/llm-config", agent.did), Some(choice), &[]).await.ok();
    assert_eq!((&chosen["pushed"], &chosen["state"]), (&json!(true), &json!("active")), "{chosen}");
    assert_eq!(chosen["config"]["model"], "openai/tour-two");
    running.stdout_has("the chosen model", |out| out.contains("openai/tour-two").then_some(())).await;
    let realm_llm = api.get(&format!("/api/agents/{}/realm-llm", agent.did)).await;
    assert_eq!(realm_llm["litellmConfigured"], true);
    assert_eq!(realm_llm["realms"][0]["models"].as_array().map(Vec::len), Some(2), "{realm_llm}");

    // The grant is revoked: the agent is told, and the key is refused for that model.
    api.converge(Method::DELETE, "/api/models/openai%2Ftour-two/realms/tour", None).await;
    agent
        .settled(api, "the agent falls back to what it may still use", |p| p["wanted"]["state"] == "active")
        .await;
    refused(proxy, &key, "openai/tour-two").await;
    assert_eq!(proxy.chat(&key, "openai/tour-one").await.0, 200, "the other right stays");

    // The last grant is revoked: the key can call nothing at all.
    api.converge(Method::DELETE, "/api/models/openai%2Ftour-one/realms/tour", None).await;
    agent.settled(api, "the agent is told to drop it", |p| p["wanted"]["state"] == "unavailable").await;
    refused(proxy, &key, "openai/tour-one").await;
    refused(proxy, &key, "openai/tour-two").await;

    // Nothing of ours is left behind.
    api.converge(Method::DELETE, "/api/realms/tour", None).await;
    for model in ["openai%2Ftour-one", "openai%2Ftour-two"] {
        api.converge(Method::DELETE, &format!("/api/models/{model}"), None).await;
    }
    let listed = proxy.admin_get("/v2/model/info?size=100").await.to_string();
    assert!(!listed.contains("openai/tour-"), "{listed}");
    assert_eq!(proxy.chat(&key, "openai/tour-one").await.0, 401, "the key is gone");
}

/// The proxy refuses this key for this model. It is asked again while its own cache may still answer (LITELLM.md C).
async fn refused(proxy: &Proxy, key: &str, model: &str) {
    eventually(&format!("{} refuses {model}", proxy.name), || async {
        let (status, _) = proxy.chat(key, model).await;
        [401, 403].contains(&status).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proxy_everything_else_works_and_sync_says_skipped() {
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database)).await;
    let body = json!({ "name": "Lonely", "provider": "openai", "modelId": "gpt-4o", "apiKey": PROVIDER_KEY });
    let model = reeve.api.post("/api/models", body).await;
    assert_eq!(model["sync"]["state"], "skipped", "{model}");
    reeve.api.post("/api/realms", json!({ "name": "Team A" })).await;
    reeve.api.post("/api/models/openai%2Flonely/realms", json!({ "realmId": "team-a" })).await;
    let agent = Agent::enroll(&reeve.api, &["team-a"]).await;
    let config = reeve.api.get(&format!("/api/agents/{}/llm-config", agent.did)).await;
    assert_eq!(config["state"], "unavailable", "{config}");
    assert_eq!(config["detail"]["code"], "no-proxy", "{config}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_was_down_when_it_was_registered_is_synced_when_it_comes() {
    let proxy = Proxy::simulated().await;
    let state = proxy.sim();
    let rule = state.fault(proxy_sim::Rule::new(proxy_sim::Fault::Reset));
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    let body = json!({ "name": "Late", "provider": "openai", "modelId": "gpt-4o", "apiKey": PROVIDER_KEY, "everywhere": true });
    let made = reeve.api.call(Method::POST, "/api/models", Some(body), &[]).await;
    let revision = made.revision();
    assert_eq!(made.ok()["sync"]["state"], "pending");
    eventually("the proxy is shown as unreachable", || async {
        let proxies = reeve.api.get("/api/proxies").await;
        (proxies["items"][0]["status"] == "unreachable").then_some(())
    })
    .await;
    state.remove_fault(rule);
    reeve.api.converged(revision).await;
    assert_eq!(state.models().len(), 1);
}

/// A key that the provider refuses reaches no deployment, where it is tried out first.
#[tokio::test(flavor = "multi_thread")]
async fn a_providers_new_key_is_tried_out_before_anything_gets_it() {
    for proxy in proxies().await {
        eprintln!("a canary on {}", proxy.name);
        let upstream = Upstream::start().await;
        let database = Database::create().await;
        let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
        let api = &reeve.api;
        let credential = json!({ "name": "main", "provider": "openai", "apiKey": "sk-first-0123456789" });
        let credential = api.post("/api/credentials", credential).await;
        let model = |name: &str| json!({ "name": name, "provider": "openai", "modelId": "fake-model", "baseUrl": upstream.url() });
        let mut canary = model("Canary");
        canary["credentialId"] = credential["id"].clone();
        canary["everywhere"] = json!(true);
        api.converge(Method::POST, "/api/models", Some(canary)).await;
        let mut other = model("Other");
        other["apiKey"] = json!("sk-other-0123456789");
        api.post("/api/models", other).await;
        let rotate = async |key: &str, model: &str| {
            let body = json!({ "apiKey": key, "canaryModel": model });
            api.call(Method::PATCH, "/api/credentials/main", Some(body), &[]).await
        };

        let refused = rotate(&format!("{REFUSED}-0123456789"), "openai/canary").await;
        assert_eq!(refused.status, 409, "{}", refused.text);
        let problem: Value = serde_json::from_str(&refused.text).expect("JSON");
        assert_eq!(problem["code"], "canary-failed");
        assert!(
            refused.text.contains("Incorrect API key") && refused.text.contains("proxy default"),
            "{}",
            refused.text
        );
        assert!(
            !refused.text.contains("0123456789"),
            "the provider repeats the key, Reeve does not: {}",
            refused.text
        );
        assert_eq!(api.get("/api/credentials/main").await["generation"], 1);

        let unrelated = rotate("sk-second-0123456789", "openai/other").await;
        assert_eq!(unrelated.status, 422, "{}", unrelated.text);
        assert!(unrelated.text.contains("canaryModel"), "{}", unrelated.text);
        assert_eq!(api.get("/api/credentials/main").await["generation"], 1);

        let done = rotate("sk-second-0123456789", "openai/canary").await;
        let change = api.converged(done.revision()).await;
        assert_eq!(done.ok()["generation"], 2);
        assert_eq!(
            change["summary"]["tried"],
            json!({ "model": "openai/canary", "proxies": ["default"] }),
            "{change}"
        );
        let keys = upstream.keys();
        assert!(keys.iter().any(|k| k == "Bearer sk-second-0123456789"), "it was a real call: {keys:?}");
        assert!(!keys.iter().any(|k| k.contains("sk-other")), "{keys:?}");
    }
}

/// A new key that nobody can try out is not taken for a good one.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_no_proxy_can_try_out_is_not_taken() {
    let mut proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    let credential = json!({ "name": "main", "provider": "openai", "apiKey": "sk-first-0123456789" });
    let credential = reeve.api.post("/api/credentials", credential).await;
    let model = json!({
        "name": "Canary", "provider": "openai", "modelId": "fake-model", "baseUrl": proxy.upstream_url,
        "credentialId": credential["id"], "everywhere": true,
    });
    reeve.api.converge(Method::POST, "/api/models", Some(model)).await;
    proxy.sim.take();
    let body = json!({ "apiKey": "sk-second-0123456789", "canaryModel": "openai/canary" });
    let refused = reeve.api.call(Method::PATCH, "/api/credentials/main", Some(body), &[]).await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("canary-failed"), "{}", refused.text);
    assert_eq!(reeve.api.get("/api/credentials/main").await["generation"], 1);
}
