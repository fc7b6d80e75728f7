//! Promises of the README that the API keeps.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Api, DID};
use crate::{
    base::{hash::sha256_hex, ids::ProxyId},
    domain::{
        agent::AgentStatus,
        drift::{Drift, DriftClass},
        foreign::{Foreign, ForeignDeployment, ForeignKey},
        object::ObjectKind,
    },
    store::{
        audit::{self, Filter},
        drift,
    },
};

/// A key that somebody made on the proxy, and what stands for its id until it is known.
const ADOPTED: &str = "sk-theirs-0123456789abcdef";
pub const ADOPTED_ID: &str = "{adopted}";

/// What a scan found on the proxy: a model and a key that are not ours.
pub fn foreign() -> [Drift; 2] {
    let of = |kind, external_id: &str, found: Foreign| Drift {
        kind,
        external_id: external_id.to_owned(),
        class: DriftClass::Foreign,
        name: "gpt-4o".to_owned(),
        object_id: None,
        fields: Vec::new(),
        found: Some(found),
    };
    let params = json!({ "model": "openai/gpt-4o" });
    let deployment = Foreign::Deployment(ForeignDeployment::read(params.as_object().unwrap(), false, false));
    let key = Foreign::Key(ForeignKey::default());
    [of(ObjectKind::Deployment, "theirs", deployment), of(ObjectKind::Key, &sha256_hex(ADOPTED), key)]
}

pub fn provider(name: &str) -> Value {
    json!({ "name": name, "issuer": "https://login.example.org", "clientId": "reeve", "clientSecret": "MARKER-0123456789" })
}

pub fn rule(name: &str) -> Value {
    json!({ "name": name, "issuer": "https://ci.example.org", "audience": "reeve", "role": "auditor",
        "claims": { "repository": "acme/app" } })
}

/// The writes that make the world of the test.
pub const MAKERS: [&str; 8] = [
    "POST /api/people",
    "POST /api/identity-providers",
    "POST /api/workload-rules",
    "POST /api/proxies",
    "POST /api/models",
    "POST /api/realms",
    "POST /api/enrollment-tokens",
    "POST /api/tokens",
];

/// Every write there is but those that make the world of the test, in an order in which it succeeds: method, path, body.
pub fn writes(deployment: &str, token: &str) -> Vec<(&'static str, String, Option<Value>)> {
    let key = "sk-provider-0123456789";
    let json_of = |value: Value| Some(value);
    let agent = format!("/api/agents/{DID}");
    vec![
        ("POST", "/api/proxies/eu/check".into(), None),
        ("POST", "/api/proxies/eu/prune".into(), None),
        ("PATCH", "/api/proxies/eu".into(), json_of(json!({ "labels": { "region": "eu" } }))),
        (
            "POST",
            "/api/credentials".into(),
            json_of(json!({ "name": "prod", "provider": "openai", "apiKey": key })),
        ),
        ("PATCH", "/api/credentials/prod".into(), json_of(json!({ "apiKey": "sk-provider-9876543210" }))),
        ("PATCH", "/api/models/one".into(), json_of(json!({ "description": "new" }))),
        (
            "POST",
            "/api/models/one/deployments".into(),
            json_of(json!({ "provider": "openai", "modelId": "x", "credentialId": "prod" })),
        ),
        ("PATCH", format!("/api/models/one/deployments/{deployment}"), json_of(json!({ "weight": 2 }))),
        ("DELETE", format!("/api/models/one/deployments/{deployment}"), None),
        ("PATCH", "/api/realms/red".into(), json_of(json!({ "monthlyBudgetUsd": 3 }))),
        ("POST", "/api/models/one/realms".into(), json_of(json!({ "realmId": "red" }))),
        ("POST", "/api/realms/red/keys/rotate".into(), None),
        (
            "POST",
            "/api/proxies/eu/adopt/deployment".into(),
            json_of(json!({ "litellmId": "theirs", "credentialId": "prod" })),
        ),
        (
            "POST",
            "/api/proxies/eu/adopt/key".into(),
            json_of(json!({ "key": ADOPTED, "realmId": "red", "acceptChanges": true })),
        ),
        ("DELETE", format!("/api/realms/red/keys/{ADOPTED_ID}"), None),
        (
            "POST",
            "/api/freezes".into(),
            json_of(json!({ "kind": "realm", "name": "red", "reason": "leaked" })),
        ),
        ("DELETE", "/api/freezes/realm/red".into(), None),
        ("POST", format!("{agent}/approve"), None),
        ("POST", "/api/realms/red/agents".into(), json_of(json!({ "did": DID }))),
        ("PUT", format!("{agent}/llm-config"), json_of(json!({ "realmId": "red", "realmModelId": "one" }))),
        ("DELETE", format!("{agent}/llm-config"), None),
        ("POST", format!("{agent}/llm-config/retry"), None),
        ("DELETE", format!("/api/realms/red/agents/{DID}"), None),
        ("POST", format!("{agent}/revoke"), None),
        ("DELETE", agent, None),
        ("DELETE", "/api/models/one/realms/red".into(), None),
        ("DELETE", "/api/models/one".into(), None),
        ("DELETE", "/api/models/gpt-4o".into(), None),
        ("DELETE", "/api/credentials/prod".into(), None),
        ("DELETE", "/api/realms/red".into(), None),
        ("DELETE", format!("/api/enrollment-tokens/{token}"), None),
        ("DELETE", "/api/proxies/eu".into(), None),
        ("POST", "/api/observe-mode/end".into(), None),
        ("PATCH", "/api/people/ada@example.org".into(), json_of(json!({ "roles": [{ "role": "auditor" }] }))),
        ("POST", "/api/people/ada@example.org/invite".into(), None),
        ("DELETE", "/api/people/ada@example.org/sessions".into(), None),
        ("DELETE", "/api/people/ada@example.org".into(), None),
        ("PATCH", "/api/identity-providers/corp".into(), json_of(json!({ "clientId": "other" }))),
        ("DELETE", "/api/identity-providers/corp".into(), None),
        ("DELETE", "/api/workload-rules/deploys".into(), None),
        ("POST", "/api/tokens/ci/rotate".into(), None),
        ("DELETE", "/api/tokens/ci".into(), None),
        ("PATCH", "/api/settings".into(), json_of(json!({ "auditRetentionDays": 90 }))),
    ]
}

#[sqlx::test(migrations = "../migrations")]
async fn g9_an_audit_row_for_every_change(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.install().await;
    let count = || async {
        let rows: i64 = sqlx::query_scalar("select count(*) from audit").fetch_one(&pool).await.unwrap();
        let changes: i64 = sqlx::query_scalar("select count(*) from change").fetch_one(&pool).await.unwrap();
        (rows, changes)
    };
    api.proxy("eu").await;
    let model = api.model("one").await;
    api.realm("red").await;
    let token = api.post("/api/enrollment-tokens", json!({})).await.is(201);
    api.post("/api/tokens", json!({ "name": "ci", "role": "auditor" })).await.is(201);
    api.post("/api/people", json!({ "email": "ada@example.org" })).await.is(201);
    api.post("/api/identity-providers", provider("corp")).await.is(201);
    api.post("/api/workload-rules", rule("deploys")).await.is(201);
    assert_eq!(count().await, (8, 3), "a token is no change that agents or proxies can notice");
    api.agent(DID, AgentStatus::Pending).await;
    api.connect(DID).await;
    sqlx::query("update agent_session set rejected_hash = 'x', rejected_version = 1")
        .execute(&pool)
        .await
        .unwrap();

    let proxy = sqlx::query_scalar("select id from proxy").fetch_one(&pool).await.unwrap();
    let now = api.services.store.clock.now();
    let mut conn = api.services.store.conn().await.unwrap();
    drift::replace(&mut conn, ProxyId(proxy), &foreign(), now).await.unwrap();
    drop(conn);

    // Writes to the registry are taken in observe mode, too.
    sqlx::query("update head set ahead = 1000, ahead_since = now()").execute(&pool).await.unwrap();

    let mut covered: Vec<&str> = MAKERS.to_vec();
    let writes = writes(model["deployments"][0]["id"].as_str().unwrap(), token["id"].as_str().unwrap());
    for (method, path, body) in &writes {
        let adopted: Option<Uuid> = sqlx::query_scalar("select id from realm_key where state = 'adopted'")
            .fetch_optional(&pool)
            .await
            .unwrap();
        let path = &path.replace(ADOPTED_ID, &adopted.unwrap_or_default().to_string());
        // A write that fails leaves nothing: refused by its precondition or by its body.
        let before = count().await;
        let failed =
            api.call(method, path, Some(json!({ "nonsense": true })), &[("if-match", "\"999\"")]).await;
        if failed.status >= 400 {
            assert_eq!(count().await, before, "{method} {path} failed and left something");
        } else {
            // It takes neither; then it was the write itself.
            assert_eq!(count().await.0, before.0 + 1, "{method} {path}: {}", failed.text);
            continue;
        }
        let answer = api.call(method, path, body.clone(), &[("x-request-id", "walk")]).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text);
        let after = count().await;
        assert_eq!(after.0, before.0 + 1, "{method} {path} wrote no audit row: {}", answer.text);
        let revision = answer.header("x-reeve-revision");
        assert_eq!(after.1 - before.1, i64::from(!revision.is_empty()), "{method} {path}");
    }
    let paths: Vec<String> =
        writes.iter().map(|(method, path, _)| format!("{method} {}", template(path))).collect();
    covered.extend(paths.iter().map(String::as_str));
    let document = serde_json::to_value(crate::api::openapi()).unwrap();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|m| *m != "get") {
            let operation = format!("{} {}", method.to_uppercase(), template(path));
            let of_people = path.starts_with("/api/me/") || path.starts_with("/api/auth/");
            // Asks proxies, and changes nothing.
            let asks = path == "/api/models/test";
            let known =
                covered.contains(&operation.as_str()) || path == "/api/agents/enroll" || of_people || asks;
            assert!(known, "{operation} is not in this test's list");
        }
    }

    let mut rows =
        audit::list(&mut api.services.store.conn().await.unwrap(), &Filter::default(), 1000).await.unwrap();
    rows.reverse();
    let mut previous = String::new();
    for (n, (row, hash)) in rows.iter().enumerate() {
        assert_eq!(
            (row.seq, &row.prev_hash),
            (i64::try_from(n).unwrap() + 1, &previous),
            "the chain has no gap"
        );
        assert_eq!(&row.hash(), hash, "row {} is as it was written", row.seq);
        assert_eq!(row.actor, "admin");
        previous.clone_from(hash);
    }
    let dump = format!("{rows:?}");
    assert!(!dump.contains("sk-provider") && !dump.contains("MARKER"), "no secret in it");
}

/// A path with its parameters left out.
pub fn template(path: &str) -> String {
    let known = [
        "api",
        "proxies",
        "check",
        "prune",
        "adopt",
        "deployment",
        "key",
        "observe-mode",
        "end",
        "credentials",
        "models",
        "deployments",
        "test",
        "realms",
        "agents",
        "keys",
        "rotate",
        "enrollment-tokens",
        "approve",
        "revoke",
        "llm-config",
        "retry",
        "enroll",
        "freezes",
        "tokens",
        "settings",
        "me",
        "drift",
        "work",
        "realm-llm",
        "explain",
        "changes",
        "audit",
        "people",
        "invite",
        "identity-providers",
        "workload-rules",
        "workload",
        "providers",
        "oidc",
        "start",
        "callback",
        "sessions",
        "auth",
        "login",
        "logout",
        "setup",
        "password",
    ];
    let parts = path.split('/').map(|part| if part.is_empty() || known.contains(&part) { part } else { "*" });
    parts.collect::<Vec<_>>().join("/")
}

#[sqlx::test(migrations = "../migrations")]
async fn the_audit_chain_is_filtered_and_exported(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    let model = api.model("=one").await;
    api.patch("/api/realms/red", json!({ "name": "Red, \"the\" realm" })).await.is(200);
    let edits = api.get("/api/audit?action=realm.update").await.is(200);
    assert_eq!(edits["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&edits["items"][0]["before"]["name"], &edits["items"][0]["after"]["version"]),
        (&json!("red"), &json!(2))
    );
    let subject = format!("/api/audit?subject=model/{}", model["id"].as_str().unwrap());
    assert_eq!(api.get(&subject).await.is(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(api.get("/api/audit?subject=realm").await.is(200)["items"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/api/audit?since=2999-01-01T00:00:00Z").await.is(200)["items"], json!([]));
    let lines = api.get("/api/audit?format=ndjson").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = lines.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|l| l["seq"].clone()).collect::<Vec<_>>(), [json!(3), json!(2), json!(1)]);
    let csv = api.get("/api/audit?format=csv").await;
    assert!(csv.header("content-disposition").contains("reeve-audit.csv"));
    assert_eq!(csv.text.lines().count(), 4);
    assert!(csv.text.starts_with("seq,at,actor,auth,address,action"), "{}", csv.text);
}
