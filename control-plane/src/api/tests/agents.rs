//! Agents, membership, config modes.

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, DID};
use crate::{
    domain::agent::AgentStatus,
    store::sessions::{self, Offer, Rejection, Report},
};

const OTHER: &str = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH";

#[sqlx::test(migrations = "../migrations")]
async fn a_waiting_agent_is_approved_revoked_and_forgotten(pool: PgPool) {
    let api = Api::new(pool);
    api.agent(DID, AgentStatus::Pending).await;
    let path = format!("/api/agents/{DID}");
    let seen = api.get(&path).await.is(200);
    assert_eq!(
        (&seen["status"], &seen["connection"]["connected"], &seen["wanted"]["state"]),
        (&json!("pending"), &json!(false), &json!("unavailable"))
    );
    assert_eq!(
        (&seen["running"], &seen["rejected"], &seen["realms"]),
        (&json!(null), &json!(null), &json!([]))
    );
    assert_eq!(api.get("/api/agents?status=pending").await.is(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.get("/api/agents?status=approved").await.is(200)["items"], json!([]));
    let approved = api.call("POST", &format!("{path}/approve"), None, &[]).await.is(200);
    assert_eq!(approved["status"], "approved");
    let newest = api.get("/api/changes?limit=1").await.is(200);
    assert_eq!(newest["items"][0]["summary"], json!({ "agent": DID, "agentName": "worker" }));
    let revoked = api.post(&format!("{path}/revoke"), json!({ "reason": "lost laptop" })).await.is(200);
    assert_eq!((&revoked["status"], &revoked["statusReason"]), (&json!("revoked"), &json!("lost laptop")));
    api.call("POST", &format!("{path}/approve"), None, &[]).await.problem(409, "agent-revoked");
    api.delete(&path).await.is(200);
    api.get(&path).await.problem(404, "not-found");
}

#[sqlx::test(migrations = "../migrations")]
async fn membership_has_one_primary_realm(pool: PgPool) {
    let api = Api::new(pool);
    api.agent(DID, AgentStatus::Approved).await;
    api.agent(OTHER, AgentStatus::Approved).await;
    for realm in ["red", "blue"] {
        api.realm(realm).await;
    }
    let first = api.post("/api/realms/red/agents", json!({ "did": DID })).await.is(201);
    assert_eq!(first["isPrimary"], true, "the first one is");
    let second = api.post("/api/realms/blue/agents", json!({ "did": DID })).await.is(201);
    assert_eq!(second["isPrimary"], false);
    let moved = api.post("/api/realms/blue/agents", json!({ "did": DID, "primary": true })).await.is(200);
    assert_eq!(moved["isPrimary"], true);
    let agent = api.get(&format!("/api/agents/{DID}")).await.is(200);
    let realms: Vec<_> = agent["realms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["slug"].as_str().unwrap(), r["isPrimary"].as_bool().unwrap()))
        .collect();
    assert_eq!(realms, [("blue", true), ("red", false)]);
    assert_eq!(api.get("/api/agents?realmId=red").await.is(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.get("/api/realms/red/agents").await.is(200)["items"][0]["did"], DID);
    let unknown = api.post("/api/realms/red/agents", json!({ "did": "did:key:nobody" })).await;
    assert_eq!(unknown.problem(422, "invalid")["field"], "did");
    api.delete(&format!("/api/realms/blue/agents/{DID}")).await.is(200);
    assert_eq!(
        api.get(&format!("/api/realms/red/agents/{DID}")).await.is(200)["isPrimary"],
        true,
        "the next one is primary"
    );
    api.delete(&format!("/api/realms/blue/agents/{DID}")).await.problem(404, "not-found");
}

#[sqlx::test(migrations = "../migrations")]
async fn realm_llm_has_exactly_the_documented_shape(pool: PgPool) {
    let api = Api::new(pool);
    api.agent(DID, AgentStatus::Approved).await;
    let path = format!("/api/agents/{DID}/realm-llm");
    assert_eq!(
        api.get(&path).await.is(200),
        json!({ "litellmConfigured": false, "litellmBaseUrl": null, "realms": [] })
    );
    api.proxy("eu").await;
    let model = api.model("One").await;
    let (red, blue) = (api.realm("red").await, api.realm("blue").await);
    for realm in ["red", "blue"] {
        api.post(&format!("/api/realms/{realm}/agents"), json!({ "did": DID })).await.is(201);
    }
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    assert_eq!(
        api.get(&path).await.is(200),
        json!({
            "litellmConfigured": true,
            "litellmBaseUrl": "http://127.0.0.1:4000",
            "realms": [
                { "realmId": red["id"], "realmName": "red", "isPrimary": true, "hasVirtualKey": true, "models": [
                    { "id": model["id"], "name": "One", "provider": "openai", "modelId": "gpt-4o", "litellmModelName": "openai/one" },
                ] },
                { "realmId": blue["id"], "realmName": "blue", "isPrimary": false, "hasVirtualKey": false, "models": [] },
            ],
        })
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn llm_config_takes_three_shapes_and_shows_no_key(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.agent(DID, AgentStatus::Approved).await;
    api.model("one").await;
    api.realm("red").await;
    let path = format!("/api/agents/{DID}/llm-config");
    let empty = api.get(&path).await.is(200);
    assert_eq!(
        (&empty["state"], &empty["config"], &empty["detail"]["code"], &empty["pushed"]),
        (&json!("unavailable"), &Value::Null, &json!("no-grant"), &json!(false))
    );

    let choice = json!({ "realmId": "red", "realmModelId": "one" });
    api.put(&path, choice.clone()).await.problem(409, "not-granted");
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    api.put(&path, choice.clone()).await.problem(409, "not-a-member");
    api.post("/api/realms/red/agents", json!({ "did": DID })).await.is(201);
    let chosen = api.put(&path, choice.clone()).await;
    let revision = chosen.revision();
    let chosen = chosen.is(200);
    assert_eq!(
        (&chosen["mode"], &chosen["pushed"], &chosen["version"]),
        (&json!("realm"), &json!(false), &json!(revision))
    );
    assert!(chosen["realmId"].is_string() && chosen["realmModelId"].is_string(), "{chosen}");
    assert_eq!(api.put(&path, choice.clone()).await.header("x-reeve-revision"), "", "nothing new");
    // The choice is taken back, and made again; so it is from every other mode.
    let by_rule = json!({ "mode": "realm" });
    let ruled = api.put(&path, by_rule.clone()).await;
    assert!(ruled.revision() > revision);
    let ruled = ruled.is(200);
    assert_eq!(
        (&ruled["mode"], &ruled["realmId"], &ruled["realmModelId"]),
        (&json!("realm"), &Value::Null, &Value::Null)
    );
    assert_eq!(api.put(&path, by_rule).await.header("x-reeve-revision"), "", "nothing new");
    api.put(&path, choice).await.is(200);

    let manual = json!({ "mode": "manual", "provider": "anthropic", "model": "claude", "baseUrl": "https://api.anthropic.com", "apiKey": "sk-ant-MARKER-0123456789" });
    let typed = api.put(&path, manual).await;
    assert!(!typed.text.contains("MARKER"), "{}", typed.text);
    let typed = typed.is(200);
    assert_eq!(
        (
            &typed["state"],
            &typed["config"]["apiKeySet"],
            &typed["config"]["model"],
            &typed["config"]["keyGeneration"]
        ),
        (&json!("active"), &json!(true), &json!("claude"), &json!(0))
    );
    assert_eq!(typed["config"].get("apiKey"), None);
    // Another model with the key that was typed before.
    let edited = json!({ "mode": "manual", "provider": "anthropic", "model": "claude-2", "baseUrl": "https://api.anthropic.com" });
    assert_eq!(api.put(&path, edited.clone()).await.is(200)["config"]["model"], "claude-2");
    let cleared = api.delete(&path).await.is(200);
    assert_eq!(
        (&cleared["state"], &cleared["config"], &cleared["mode"]),
        (&json!("env"), &Value::Null, &json!("env"))
    );
    let key: Option<Vec<u8>> =
        sqlx::query_scalar("select manual_api_key from agent").fetch_one(&pool).await.unwrap();
    assert_eq!(key, None, "the typed key is forgotten");
    assert_eq!(api.put(&path, edited).await.problem(422, "invalid")["field"], "apiKey");
    // A later grant does not bring a cleared choice back.
    api.model("two").await;
    api.post("/api/models/two/realms", json!({ "realmId": "red" })).await.is(201);
    assert_eq!(api.get(&path).await.is(200)["state"], "env");

    for (wrong, code, field) in [
        (json!({ "mode": "none" }), "invalid", "mode"),
        (json!({ "mode": 7 }), "invalid", "mode"),
        (json!({ "mode": "env", "model": "x" }), "unknown-field", "model"),
        (json!({ "realmId": "red" }), "invalid", "realmModelId"),
        (json!({ "mode": "realm", "realmModelId": "one" }), "invalid", "realmId"),
        (json!({}), "invalid", "realmId"),
        (
            json!({ "mode": "realm", "realmId": "red", "realmModelId": "one", "apiKey": "x" }),
            "unknown-field",
            "apiKey",
        ),
        (json!({ "mode": "manual", "provider": "anthropic", "model": "x" }), "invalid", "baseUrl"),
        (
            json!({ "mode": "manual", "provider": "nobody", "model": "x", "baseUrl": "https://x.example.com", "apiKey": "k" }),
            "invalid",
            "provider",
        ),
    ] {
        assert_eq!(api.put(&path, wrong.clone()).await.problem(422, code)["field"], field, "{wrong}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pushed_says_that_a_connected_session_was_sent_it(pool: PgPool) {
    let api = Api::new(pool);
    api.agent(DID, AgentStatus::Approved).await;
    let epoch = api.connect(DID).await;
    let path = format!("/api/agents/{DID}/llm-config");
    let (store, signals) = (api.services.store.clone(), api.services.signals.clone());
    // What the push side does: it offers what the agent should have, and writes down what the agent says.
    let push = async {
        loop {
            let seen = api.get(&format!("/api/agents/{DID}")).await.is(200);
            if seen["wanted"]["state"] == "env" {
                let (version, hash) = (
                    seen["wanted"]["version"].as_i64().unwrap(),
                    seen["wanted"]["hash"].as_str().unwrap().to_owned(),
                );
                let mut conn = store.conn().await.unwrap();
                let offer = Offer {
                    did: DID.to_owned(),
                    version,
                    hash: hash.clone(),
                    realm_id: None,
                    model_id: None,
                };
                sessions::offer(&mut conn, &[offer], store.clock.now()).await.unwrap();
                let report = Report {
                    did: DID.to_owned(),
                    epoch,
                    seen_at: store.clock.now(),
                    agent_version: Some("1.2.3".to_owned()),
                    applied: None,
                    rejected: Some(Rejection {
                        version,
                        hash,
                        code: "no-env".to_owned(),
                        message: "none set".to_owned(),
                        field: None,
                    }),
                };
                sessions::record(&mut conn, &[report]).await.unwrap();
                signals.progress.notify_waiters();
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let write = api.call("PUT", &path, Some(json!({ "mode": "env" })), &[("prefer", "wait=20")]);
    let answer = tokio::join!(write, push).0;
    let revision = answer.revision();
    let answer = answer.is(200);
    assert_eq!((&answer["pushed"], &answer["state"]), (&json!(true), &json!("env")));
    assert_eq!(
        answer["sync"]["agents"],
        json!({ "concerned": 1, "connected": 1, "applied": 0, "pending": 0, "rejected": 1 })
    );
    let agent = api.get(&format!("/api/agents/{DID}")).await.is(200);
    assert_eq!(
        (&agent["rejected"]["code"], &agent["wanted"]["progress"], &agent["connection"]["agentVersion"]),
        (&json!("no-env"), &json!("rejected"), &json!("1.2.3"))
    );
    let receipt = api.get(&format!("/api/changes/{revision}")).await.is(200);
    assert_eq!(
        (&receipt["state"], &receipt["agents"]["items"][0]["state"]),
        (&json!("converged"), &json!("rejected"))
    );

    api.call("POST", &format!("{path}/retry"), None, &[]).await.is(200);
    assert_eq!(api.get(&format!("/api/agents/{DID}")).await.is(200)["wanted"]["progress"], "pending");
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_rejected_is_nothing_to_retry(pool: PgPool) {
    let api = Api::new(pool);
    api.agent(DID, AgentStatus::Approved).await;
    let path = format!("/api/agents/{DID}/llm-config/retry");
    api.call("POST", &path, None, &[]).await.problem(409, "nothing-rejected");
}

#[sqlx::test(migrations = "../migrations")]
async fn enrolment_tokens_have_bounds(pool: PgPool) {
    let api = Api::new(pool);
    let red = api.realm("red").await;
    let made = api.post("/api/enrollment-tokens", json!({ "realmIds": ["red"], "maxUses": 5 })).await;
    let made = made.is(201);
    assert_eq!((&made["realmIds"], &made["maxUses"]), (&json!([red["id"]]), &json!(5)));
    for (wrong, field) in [
        (json!({ "maxUses": 0 }), "maxUses"),
        (json!({ "expiresAt": "2020-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "expiresAt": "2999-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "realmIds": ["blue"] }), "realmIds"),
    ] {
        assert_eq!(api.post("/api/enrollment-tokens", wrong).await.problem(422, "invalid")["field"], field);
    }
    let path = format!("/api/enrollment-tokens/{}", made["id"].as_str().unwrap());
    assert!(api.delete(&path).await.is(200)["revokedAt"].is_string());
    api.delete(&path).await.is(200);
}
