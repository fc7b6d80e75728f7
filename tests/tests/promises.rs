//! Promises of docs and README, through the front doors. G3 is in `kill.rs`, G4 with the push sessions' tests.

use e2e::harness::{Agent, Database, Proxy, Reeve, ReeveOptions, eventually};
use proxy_sim::{Fault, Rule};
use reqwest::Method;
use serde_json::{Value, json};

async fn one_model_granted(reeve: &Reeve, proxy: &Proxy) {
    reeve.api.checked("default").await;
    if let Some(sim) = &proxy.sim {
        sim.state().clear_requests();
    }
    let body = json!({
        "name": "One", "provider": "openai", "modelId": "gpt-4o", "baseUrl": proxy.upstream_url,
        "apiKey": "sk-provider-0123456789", "everywhere": true, "litellmParams": { "input_cost_per_token": 0.001 },
    });
    reeve.api.converge(Method::POST, "/api/models", Some(body.clone())).await;
    let mut other = body;
    other["name"] = json!("Two");
    reeve.api.converge(Method::POST, "/api/models", Some(other)).await;
    reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
    reeve
        .api
        .converge(Method::POST, "/api/models/openai%2Fone/realms", Some(json!({ "realmId": "red" })))
        .await;
}

/// What the only key, or the only team, has spent.
fn spent(proxy: &Proxy, of: &str) -> f64 {
    let objects = if of == "keys" { proxy.sim().keys() } else { proxy.sim().teams() };
    assert_eq!(objects.len(), 1);
    objects[0]["spend"].as_f64().unwrap_or_default()
}

async fn key_of(agent: &Agent) -> String {
    let (code, key, err) = agent.exec(&["sh", "-c", "printf %s \"$OPENAI_API_KEY\""]).await;
    assert_eq!(code, 0, "{err}");
    key
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_no_grant_no_access() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let key = key_of(&agent).await;
    assert_eq!(proxy.chat(&key, "openai/one").await.0, 200);
    assert_eq!(proxy.chat(&key, "openai/two").await.0, 403, "not granted");
    // Revoking the last model opens nothing: a peer's defect.
    reeve.api.converge(Method::DELETE, "/api/models/openai%2Fone/realms/red", None).await;
    for model in ["openai/one", "openai/two"] {
        let status = proxy.chat(&key, model).await.0;
        assert!([401, 403].contains(&status), "{model}: {status}");
    }
    for request in proxy.sim().requests().iter().filter(|r| r.write) {
        let body: Value =
            serde_json::from_slice(&proxy.sim().body(request.seq).unwrap_or_default()).unwrap_or_default();
        assert_ne!(
            body["models"],
            json!([]),
            "an empty list, which LiteLLM reads as all models, was sent: {}",
            request.path
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_the_last_model_opens_nothing_and_granting_again_keeps_key_and_spend() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let key = key_of(&agent).await;
    // Each grant mints no new key: the same one is updated in place.
    reeve
        .api
        .converge(Method::POST, "/api/models/openai%2Ftwo/realms", Some(json!({ "realmId": "red" })))
        .await;
    assert_eq!(proxy.chat(&key, "openai/two").await.0, 200);
    let spent = || ["keys", "teams"].map(|of| spent(&proxy, of));
    let before = spent();
    assert!(before.iter().all(|spent| *spent > 0.0), "{before:?}");
    for model in ["one", "two"] {
        reeve.api.converge(Method::DELETE, &format!("/api/models/openai%2F{model}/realms/red"), None).await;
    }
    reeve
        .api
        .converge(Method::POST, "/api/models/openai%2Fone/realms", Some(json!({ "realmId": "red" })))
        .await;
    assert_eq!(proxy.chat(&key, "openai/one").await.0, 200, "the same key works again");
    let after = spent();
    assert!(after[0] > before[0] && after[1] > before[1], "{before:?} went on counting: {after:?}");
    let paths: Vec<String> = proxy.sim().requests().iter().map(|r| r.path.clone()).collect();
    assert_eq!(paths.iter().filter(|p| *p == "/key/generate").count(), 1, "one key was ever made");
    assert_eq!(paths.iter().filter(|p| *p == "/team/new").count(), 1, "one team was ever made");
}

#[tokio::test(flavor = "multi_thread")]
async fn g6_quiet_when_nothing_changes() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    // Scans every second.
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let state = proxy.sim();
    let writes = state.writes();
    let head = reeve.api.get("/api/changes?limit=1").await["items"][0]["revision"].clone();
    let scans = || state.requests().iter().filter(|r| r.path == "/key/list").count();
    let before = scans();
    eventually("three more full scans", || async { (scans() >= before + 3).then_some(()) }).await;
    assert_eq!(state.writes(), writes, "scans write nothing to the proxy");
    assert_eq!(reeve.api.get("/api/changes?limit=1").await["items"][0]["revision"], head, "and no revision");
}

#[tokio::test(flavor = "multi_thread")]
async fn g5_no_unknown_keys_and_what_is_not_ours_is_left() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    let client = reqwest::Client::new();
    let post = |path: &str, body: Value| {
        let request = client.post(format!("{}{path}", proxy.url)).bearer_auth(&proxy.master_key).json(&body);
        async move { request.send().await.expect("the proxy answers").json::<Value>().await.unwrap_or_default() }
    };
    let foreign = post("/key/generate", json!({ "key_alias": "not-ours", "models": ["gpt"] })).await;
    one_model_granted(&reeve, &proxy).await;
    let state = proxy.sim();
    let ours = state.keys().into_iter().find(|k| k["key_alias"] != "not-ours").expect("our key");
    // Somebody opens our key to all models, and copies our mark onto a key of their own making.
    post("/key/update", json!({ "key": ours["token"], "models": [] })).await;
    post("/key/generate", json!({ "key_alias": "stray", "models": [], "metadata": ours["metadata"] })).await;
    eventually("the scan puts it right", || async {
        let key = state.key(ours["token"].as_str()?)?;
        let stray = state.keys().iter().any(|k| k["key_alias"] == "stray");
        (key["models"] == json!(["openai/one"]) && !stray).then_some(())
    })
    .await;
    let token = foreign["token"].as_str().expect("a token");
    assert_eq!(
        state.key(token).expect("still there")["models"],
        json!(["gpt"]),
        "what is not ours is never touched"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_leaves_the_fleet_keeps_nothing_of_ours() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let state = proxy.sim();
    assert_eq!((state.models().len(), state.teams().len(), state.keys().len()), (2, 1, 1));
    reeve.api.call(Method::DELETE, "/api/proxies/default", None, &[]).await.ok();
    eventually("the proxy is forgotten", || async {
        let answer = reeve.api.call(Method::GET, "/api/proxies/default", None, &[]).await;
        (answer.status == 404).then_some(())
    })
    .await;
    assert_eq!((state.models().len(), state.teams().len(), state.keys().len()), (0, 0, 0));
    // The registry is whole, and a proxy that comes gets all of it.
    let other = Proxy::simulated().await;
    let body = json!({ "name": "other", "baseUrl": other.url, "masterKey": other.master_key });
    reeve.api.converge(Method::POST, "/api/proxies", Some(body)).await;
    reeve.api.checked("other").await;
    assert_eq!(other.sim().models().len(), 2);
    assert_eq!(other.sim().keys()[0]["models"], json!(["openai/one"]));
}

/// Whoever was in the realm knew its key.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_leaves_takes_no_working_key_along() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let stays = Agent::enroll(&reeve.api, &["red"]).await;
    let _running = stays.run();
    stays.settled(&reeve.api, "the agent that stays has the key", |p| p["wanted"]["state"] == "active").await;
    let mut known = Vec::new();
    for way in ["leaves", "is revoked", "is forgotten"] {
        let goes = Agent::enroll(&reeve.api, &["red"]).await;
        let key = key_of(&goes).await;
        assert!(!known.contains(&key), "{way}: a key that nobody who left has known");
        assert_eq!(proxy.chat(&key, "openai/one").await.0, 200, "{way}");
        let did = &goes.did;
        let (method, path) = match way {
            "leaves" => (Method::DELETE, format!("/api/realms/red/agents/{did}")),
            "is revoked" => (Method::POST, format!("/api/agents/{did}/revoke")),
            _ => (Method::DELETE, format!("/api/agents/{did}")),
        };
        reeve.api.call(method, &path, None, &[]).await.ok();
        // Overlap: the old key goes when the agent that stays has the new one.
        eventually("the old key is refused", || async {
            (proxy.chat(&key, "openai/one").await.0 == 401).then_some(())
        })
        .await;
        known.push(key);
    }
    eventually("and no other key is left", || async { (proxy.sim().keys().len() == 1).then_some(()) }).await;
    let late = Agent::enroll(&reeve.api, &["red"]).await;
    let leaked = key_of(&late).await;
    // A leak: at once, whoever has what.
    reeve.api.post("/api/realms/red/keys/rotate", json!({ "atOnce": true })).await;
    eventually("the leaked key is refused", || async {
        (proxy.chat(&leaked, "openai/one").await.0 == 401).then_some(())
    })
    .await;
}

/// The worst kind of dead: it takes every call and never answers one.
#[tokio::test(flavor = "multi_thread")]
async fn g7_one_dead_proxy_delays_only_itself() {
    let (well, dead) = (Proxy::simulated().await, Proxy::simulated().await);
    let database = Database::create().await;
    let reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&well)).await;
    let other = json!({ "name": "other", "baseUrl": dead.url, "masterKey": dead.master_key });
    reeve.api.converge(Method::POST, "/api/proxies", Some(other)).await;
    for proxy in ["default", "other"] {
        reeve.api.checked(proxy).await;
    }
    dead.sim().fault(Rule::new(Fault::Paused));
    let body = |n| {
        json!({ "name": format!("Model {n}"), "provider": "openai", "modelId": "gpt-4o",
                "apiKey": "sk-provider-0123456789", "everywhere": true })
    };
    // More than the dead one has room for at once.
    for n in 0..10 {
        reeve.api.post("/api/models", body(n)).await;
    }
    reeve.api.post("/api/realms", json!({ "name": "Red" })).await;
    let grant = json!({ "realmId": "red" });
    reeve.api.post("/api/models/openai%2Fmodel-9/realms", grant).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let key = key_of(&agent).await;
    assert_eq!(well.chat(&key, "openai/model-9").await.0, 200);
    let ten = || async { (well.sim().models().len() == 10).then_some(()) };
    eventually("the other proxy has all of it", ten).await;
    assert_eq!(dead.sim().models().len(), 0);
    // And when it comes back, it gets what it missed.
    dead.sim().clear_faults();
    eventually("nothing is left to do", || async {
        (dead.sim().models().len() == 10 && dead.sim().keys().len() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_goes_on_while_the_control_plane_is_away() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let mut reeve = Reeve::start(ReeveOptions::on(&database).with_proxy(&proxy)).await;
    one_model_granted(&reeve, &proxy).await;
    let agent = Agent::enroll(&reeve.api, &["red"]).await;
    let key = key_of(&agent).await;
    reeve.process.kill().await;
    assert_eq!(key_of(&agent).await, key, "the last good config is on its disk");
    assert_eq!(proxy.chat(&key, "openai/one").await.0, 200, "Reeve is not on the path of a call");
    reeve.restart().await;
    let _running = agent.run();
    agent.settled(&reeve.api, "the agent is back", |p| p["connection"]["connected"] == true).await;
}
