//! G3: kill -9 of the control plane at every external call of grant and revoke loses nothing that was answered, and
//! leaves no key on the proxy that the registry does not know.

#![expect(clippy::expect_used, reason = "a test that cannot go on panics")]

use e2e::harness::{Database, Proxy, Reeve, ReeveOptions, eventually};
use proxy_sim::{Fault, Rule};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

/// Grants and revokes once; at each, the process is killed when the proxy holds the `nth` call to `path` (before it is
/// done, or after it and before its answer). Returns whether there was such a call.
async fn killed_at(path: &'static str, nth: u32, after: bool) -> bool {
    let proxy = Proxy::simulated().await;
    let state = proxy.sim();
    let database = Database::create().await;
    // No scan: what is shown here is that the queue alone gets it right.
    let options = ReeveOptions::on(&database).with_proxy(&proxy).set("REEVE_SCAN_SECONDS", "3600");
    let mut reeve = Reeve::start(options).await;
    reeve.api.checked("default").await;
    let body = json!({ "name": "One", "provider": "openai", "modelId": "gpt-4o", "apiKey": "sk-provider-0123456789", "everywhere": true });
    reeve.api.converge(Method::POST, "/api/models", Some(body)).await;
    reeve.api.post("/api/realms", json!({ "name": "Red" })).await;

    let mut met = false;
    for (method, url, body) in [
        (Method::POST, "/api/models/openai%2Fone/realms", Some(json!({ "realmId": "red" }))),
        (Method::DELETE, "/api/models/openai%2Fone/realms/red", None),
    ] {
        let rule = state.fault(Rule::new(Fault::Hold { after }).on("*", path).skip(nth).once());
        let answer = reeve.api.call(method, url, body, &[]).await;
        let revision = answer.revision();
        answer.ok();
        // Either a call is held, or the change converges without ever making that many calls.
        let held = eventually("a call is held or the change is through", || async {
            if !state.held().is_empty() {
                return Some(true);
            }
            let receipt = reeve.api.get(&format!("/api/changes/{revision}")).await;
            (receipt["state"] == "converged").then_some(false)
        })
        .await;
        if held {
            met = true;
            reeve.process.kill().await;
        }
        state.remove_fault(rule);
        state.release_all();
        if held {
            reeve.restart().await;
        }
        reeve.api.converged(revision).await;
    }
    // Granted and revoked: one team and one key, both known, both shut.
    let keys = state.keys();
    assert_eq!(keys.len(), 1, "call {nth} to {path}, after {after}: one key, however often it was tried");
    let known = reeve.api.get("/api/realms/red/keys").await;
    let fingerprint =
        known["items"][0]["fingerprint"].as_str().expect("the registry knows its key").to_owned();
    assert!(keys[0]["key_name"].as_str().is_some_and(|n| n.ends_with(fingerprint.trim_start_matches('.'))));
    assert_eq!(keys[0]["models"], json!(["no-default-models"]));
    assert_eq!(keys[0]["blocked"], true);
    assert_eq!(state.teams().len(), 1);
    assert_eq!(state.models().len(), 1, "what was acknowledged before is still there");
    met
}

/// Kills at every call to `path`, one after the other; returns how many there were.
async fn killed_at_every(path: &'static str, after: bool) -> u32 {
    let mut nth = 0;
    while killed_at(path, nth, after).await {
        nth += 1;
    }
    nth
}

#[tokio::test(flavor = "multi_thread")]
async fn g3_nothing_acknowledged_is_lost_by_kill_9() {
    // Tasks, so that each goes on while another one waits for its database to be dropped.
    let mut tasks = JoinSet::new();
    for (path, after) in [("/team/*", false), ("/team/*", true), ("/key/*", false), ("/key/*", true)] {
        tasks.spawn(killed_at_every(path, after));
    }
    for met in tasks.join_all().await {
        assert!(met >= 3, "a grant looks, writes and looks again, but only {met} calls were met");
    }
}
