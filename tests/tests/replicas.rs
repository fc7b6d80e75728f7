//! Two replicas on one database, behind a balancer.

use std::time::Duration;

use e2e::harness::{ADMIN_TOKEN, Agent, Api, Balancer, Database, Proxy, Reeve, ReeveOptions, eventually};
use reqwest::Method;
use serde_json::json;

/// How many agents have a session on this replica now.
async fn sessions(replica: &Reeve) -> String {
    let metrics = replica.api.call(Method::GET, "/metrics", None, &[]).await.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix("reeve_sessions "));
    line.unwrap_or("0").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_hear_of_what_another_replica_did_and_move_when_theirs_goes() {
    let proxy = Proxy::simulated().await;
    let database = Database::create().await;
    let balancer = Balancer::bind().await;
    let api = Api::new(&balancer.url, ADMIN_TOKEN);
    let options = ReeveOptions::on(&database).with_proxy(&proxy).set("REEVE_PUBLIC_URL", &balancer.url);
    let (mut other, mut theirs) = (Reeve::start(options.clone()).await, Reeve::start(options).await);
    let addresses = [&other, &theirs].map(|r| r.api.url.trim_start_matches("http://").to_owned());
    balancer.serve(addresses.into());

    // All agents have their session on one replica: the other is not there yet.
    other.process.kill().await;
    let model = json!({ "name": "one", "provider": "openai", "modelId": "fake-model", "baseUrl": proxy.upstream_url, "apiKey": "sk-x-0123456789" });
    api.post("/api/models", model).await;
    api.post("/api/realms", json!({ "name": "Red" })).await;
    let mut agents = Vec::new();
    for _ in 0..6 {
        agents.push(Agent::enroll(&api, &["red"]).await);
    }
    let running: Vec<_> = agents.iter().map(Agent::run).collect();
    eventually("all are on one replica", || async { (sessions(&theirs).await == "6").then_some(()) }).await;
    other.restart().await;

    other
        .api
        .converge(Method::POST, "/api/models/openai%2Fone/realms", Some(json!({ "realmId": "red" })))
        .await;
    for agent in &agents {
        agent.settled(&api, "it hears of a grant made elsewhere", |p| p["wanted"]["state"] == "active").await;
    }
    assert_eq!(sessions(&theirs).await, "6", "nobody had to move for that");

    theirs.process.signal("TERM");
    let ended = tokio::time::timeout(Duration::from_mins(1), theirs.process.wait()).await;
    assert!(ended.is_ok_and(|status| status.success()), "it goes in order: {}", theirs.process.stderr());
    eventually("all have moved", || async { (sessions(&other).await == "6").then_some(()) }).await;
    for process in &running {
        let told = process.stderr() + &process.stdout();
        assert!(told.contains("asked to come back later"), "{told}");
    }

    other.api.converge(Method::DELETE, "/api/models/openai%2Fone/realms/red", None).await;
    for agent in &agents {
        agent.settled(&api, "it hears of the revocation", |p| p["wanted"]["state"] == "unavailable").await;
    }
}
