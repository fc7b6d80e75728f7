//! Proxies, the work queue, waiting.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use super::Api;

#[sqlx::test(migrations = "../migrations")]
async fn a_new_proxy_is_asked_for_everything(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.realm("red").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    let made = api.proxy("eu").await;
    assert_eq!(
        (&made["baseUrl"], &made["publicUrl"], &made["status"]),
        (&json!("http://127.0.0.1:4000"), &json!("http://127.0.0.1:4000"), &json!("unknown"))
    );
    assert_eq!(made["queue"]["waiting"], 0, "read before its own change");
    let read = api.get("/api/proxies/eu").await.is(200);
    assert_eq!((&read["queue"]["waiting"], &read["queue"]["parked"]), (&json!(3), &json!(0)));
    let work = api.get("/api/work?proxyId=eu").await.is(200);
    let kinds: Vec<_> =
        work["items"].as_array().unwrap().iter().map(|w| w["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["deployment", "key", "team"]);
    let names: Vec<_> = work["items"].as_array().unwrap().iter().map(|w| &w["name"]).collect();
    assert_eq!(names, ["openai/one", "red", "red"]);
    assert!(!api.get("/api/proxies").await.text.contains("MARKER"));
    api.post("/api/proxies", json!({ "name": "eu", "baseUrl": "http://127.0.0.1:1", "masterKey": "sk-1" }))
        .await
        .problem(409, "name-taken");
    for bad in ["http://169.254.169.254", "ftp://x", "http://user:pw@x.example.com"] {
        let refused =
            api.post("/api/proxies", json!({ "name": "bad", "baseUrl": bad, "masterKey": "sk-1" })).await;
        assert_eq!(refused.problem(422, "invalid")["field"], "baseUrl", "{bad}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_parked_is_failed_until_somebody_looks(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.proxy("eu").await;
    let made = api.model("one").await;
    assert_eq!(made["sync"]["state"], "pending");
    sqlx::query("update work set parked_code = 'rejected', parked_reason = 'LiteLLM says no'")
        .execute(&pool)
        .await
        .unwrap();
    let sync = api.get("/api/models/one").await.is(200)["sync"].clone();
    assert_eq!(
        (&sync["state"], &sync["proxies"][0]["errorCode"], &sync["proxies"][0]["errorMessage"]),
        (&json!("failed"), &json!("rejected"), &json!("LiteLLM says no"))
    );
    let receipt = api.get(&format!("/api/changes/{}", sync["revision"])).await.is(200);
    assert_eq!(
        (&receipt["state"], &receipt["proxies"][0]["objects"][0]["state"]),
        (&json!("failed"), &json!("parked"))
    );
    let checked = api.call("POST", "/api/proxies/eu/check", None, &[]).await.is(200);
    assert_eq!(checked["queue"]["parked"], 0);
    assert_eq!(api.get("/api/models/one").await.is(200)["sync"]["state"], "pending");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_write_waits_until_the_fleet_has_it(pool: PgPool) {
    let api = Api::new(pool);
    api.proxy("eu").await;
    let write = api.call(
        "POST",
        "/api/models",
        Some(json!({ "name": "one", "provider": "openai", "modelId": "x", "apiKey": "sk-provider-0123456789", "everywhere": true })),
        &[("prefer", "respond-async, wait=30")],
    );
    let reconcile = async {
        loop {
            if api.get("/api/work").await.is(200)["items"] != json!([]) {
                api.pretend_reconciled().await;
                api.services.signals.progress.notify_waiters();
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let both = async { tokio::join!(write, reconcile).0 };
    let made = tokio::time::timeout(Duration::from_mins(1), both)
        .await
        .expect("it does not wait to the end")
        .is(201);
    assert_eq!(
        (&made["sync"]["state"], &made["sync"]["agents"]["concerned"]),
        (&json!("applied"), &json!(0))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_proxy_leaves_in_order_or_at_once(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.proxy("eu").await;
    api.proxy("us").await;
    api.pretend_reconciled().await;
    let leaving = api.delete("/api/proxies/eu").await.is(200);
    assert_eq!((&leaving["deleted"], &leaving["sync"]["state"]), (&json!(true), &json!("pending")));
    let left = api.get("/api/proxies/eu").await.is(200);
    assert_eq!(
        (&left["deleting"], &left["queue"]["waiting"]),
        (&json!(true), &json!(1)),
        "what is on it is taken away first"
    );
    api.delete("/api/proxies/eu").await.is(200);
    api.delete("/api/proxies/us?force=true").await.is(200);
    api.get("/api/proxies/us").await.problem(404, "not-found");
    let last = api.get("/api/changes?limit=1").await.is(200);
    assert_eq!(last["items"][0]["summary"]["leftBehind"], 1, "said, so that nobody is surprised");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_key_or_label_asks_again_and_a_new_public_url_does_not(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.proxy("eu").await;
    api.pretend_reconciled().await;
    let waiting = || async { api.get("/api/proxies/eu").await.is(200)["queue"]["waiting"].clone() };
    api.patch("/api/proxies/eu", json!({ "publicUrl": "https://llm.example.com" })).await.is(200);
    assert_eq!(waiting().await, 0);
    let same = api.patch("/api/proxies/eu", json!({ "masterKey": "sk-master-MARKER-0123456789" })).await;
    assert_eq!(same.header("x-reeve-revision"), "", "the key it has");
    api.patch("/api/proxies/eu", json!({ "masterKey": "sk-another-0123456789" })).await.is(200);
    assert_eq!(waiting().await, 1);
    api.pretend_reconciled().await;
    api.patch("/api/proxies/eu", json!({ "labels": { "region": "eu" } })).await.is(200);
    assert_eq!(waiting().await, 1, "placements choose by labels");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_concerns_only_the_proxies_that_serve_the_realm(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    for name in ["eu", "off", "us"] {
        api.proxy(name).await;
    }
    api.patch("/api/proxies/us", json!({ "labels": { "region": "us" } })).await.is(200);
    api.pretend_reconciled().await;
    let off = api.patch("/api/proxies/off", json!({ "state": "disabled" })).await.is(200);
    assert_eq!((&off["state"], &off["sync"]["state"]), (&json!("disabled"), &json!("pending")));
    let realm = json!({ "name": "red", "placement": [{ "region": "us" }, { "name": "off" }] });
    assert_eq!(api.post("/api/realms", realm.clone()).await.is(201)["placement"], realm["placement"]);
    let grant = api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    let places = |sync: &Value| -> Vec<String> {
        let proxies = sync["proxies"].as_array().unwrap();
        proxies.iter().map(|p| p["proxyName"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(places(&grant["sync"]), ["us"]);
    let anywhere = api.patch("/api/realms/red", json!({ "placement": [] })).await.is(200);
    assert_eq!(places(&anywhere["sync"]), ["eu", "us"]);
    for bad in [json!([{ "": "x" }]), json!([{ "region": "x".repeat(64) }]), json!(vec![json!({}); 17])] {
        let refused = api.patch("/api/realms/red", json!({ "placement": bad })).await;
        assert_eq!(refused.problem(422, "invalid")["field"], "placement");
    }
    let refused = api.patch("/api/proxies/eu", json!({ "labels": { "name": "us" } })).await;
    assert_eq!(refused.problem(422, "invalid")["field"], "labels");
}
