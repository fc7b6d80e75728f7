//! What the audit says of attempts that were refused, and what is left of it when its time is over.

use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::method};

use super::{Api, DID};
use crate::{
    base::{clock::Clock, ids::InstallationId},
    domain::{
        agent::AgentStatus,
        url_policy::{Purpose, UrlPolicy},
    },
    jobs::audit_head::{AuditHead, HeadSinks},
    outbound::{Outbound, Timeouts},
    service::audit,
    store::audit::{Filter, head, list},
};

#[sqlx::test(migrations = "../migrations")]
async fn every_refused_attempt_is_a_row(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    api.realm("blue").await;
    api.agent(DID, AgentStatus::Approved).await;
    let body = json!({ "name": "ci", "role": "realm-viewer", "realmIds": ["red"] });
    let token = api.post("/api/tokens", body).await.is(201)["token"].as_str().unwrap().to_owned();
    let token = Some(token.as_str());
    api.call_as(token, "DELETE", "/api/proxies/eu", None, &[("x-request-id", "try-1")])
        .await
        .problem(403, "missing-permission");
    api.call_as(token, "POST", "/api/realms/red/keys/rotate", None, &[])
        .await
        .problem(403, "missing-permission");
    api.call_as(token, "GET", "/api/realms/blue", None, &[]).await.problem(404, "not-found");
    api.call_as(token, "GET", &format!("/api/agents/{DID}"), None, &[]).await.problem(404, "not-found");
    api.call_as(Some("sk-MARKER-0123456789"), "GET", "/api/realms/red", None, &[])
        .await
        .problem(401, "bad-token");
    // Not refused for who asks.
    api.get("/api/realms/green").await.problem(404, "not-found");
    api.call_as(token, "GET", "/api/realms?limit=0", None, &[]).await.problem(400, "bad-query");
    let refused = api.get("/api/audit?action=refused").await.is(200);
    let rows: Vec<[&Value; 4]> = refused["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|row| [&row["actor"], &row["subject"], &row["after"]["code"], &row["after"]["needed"]])
        .collect();
    let ci = json!("token:ci");
    let (forbidden, hidden) = (json!("missing-permission"), json!("not-found"));
    assert_eq!(rows[0], [&ci, &json!("DELETE /api/proxies/{id}"), &forbidden, &Value::Null]);
    assert_eq!(rows[1], [&ci, &json!("POST /api/realms/{id}/keys/rotate"), &forbidden, &Value::Null]);
    assert_eq!(rows[2], [&ci, &json!("GET /api/realms/{id}"), &hidden, &json!("realms:read")]);
    assert_eq!(rows[3], [&ci, &json!("GET /api/agents/{did}"), &hidden, &json!("agents:read")]);
    assert_eq!(
        rows[4],
        [&json!("anonymous"), &json!("GET /api/realms/{id}"), &json!("bad-token"), &Value::Null]
    );
    assert_eq!(rows.len(), 5);
    assert_eq!(refused["items"][4]["requestId"], "try-1");
    assert!(!refused.to_string().contains("MARKER"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_flood_of_refusals_is_no_flood_of_rows(pool: PgPool) {
    let api = Api::new(pool);
    for _ in 0..200 {
        api.call_as(Some("wrong"), "GET", "/api/realms", None, &[]).await.problem(401, "bad-token");
    }
    let rows = api.get("/api/audit?action=refused&limit=200").await.is(200);
    let count = rows["items"].as_array().unwrap().len();
    assert!((30..50).contains(&count), "{count} rows");
    // Somebody else is not drowned by it, and says how many were.
    api.from("192.0.2.8", "GET", "/api/realms", None, &[]).await.problem(401, "unauthenticated");
    let newest = &api.get("/api/audit?action=refused&limit=1").await.is(200)["items"][0];
    assert_eq!(
        (&newest["address"], newest["after"]["leftOut"].as_u64()),
        (&json!("192.0.2.8"), Some(200 - count as u64))
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn old_rows_go_and_the_rest_is_still_whole(pool: PgPool) {
    let clock = Clock::fixed(DateTime::UNIX_EPOCH);
    let api = Api::at(pool.clone(), clock.clone());
    api.install().await;
    api.realm("red").await;
    api.realm("blue").await;
    clock.advance(TimeDelta::days(100));
    assert_eq!(audit::expire(&api.services).await.unwrap(), 0, "they stay unless the settings say otherwise");
    api.patch("/api/settings", json!({ "auditRetentionDays": 60 })).await.is(200);
    api.patch("/api/settings", json!({ "auditRetentionDays": 7 })).await.problem(422, "invalid");
    let both = tokio::join!(audit::expire(&api.services), audit::expire(&api.services));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 2, "two replicas at once remove them once");
    assert_eq!(audit::expire(&api.services).await.unwrap(), 0);
    let mut conn = api.services.store.conn().await.unwrap();
    let rows = list(&mut conn, &Filter::default(), 100).await.unwrap();
    let [(expired, _), (settings, _)] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((expired.action.as_str(), settings.action.as_str()), ("audit.expire", "settings.update"));
    let said = expired.after.as_ref().unwrap();
    assert_eq!(
        (&said["throughSeq"], &said["hash"], &said["rows"]),
        (&json!(2), &json!(settings.prev_hash), &json!(2))
    );
    // The newest row stays, however old it is, until there is a newer one; then it is quiet.
    clock.advance(TimeDelta::days(1000));
    let mut gone = Vec::new();
    for _ in 0..3 {
        gone.push(audit::expire(&api.services).await.unwrap());
    }
    assert_eq!(gone, [1, 1, 0]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_head_is_sent_once_to_each_place_and_again_where_it_failed(pool: PgPool) {
    let api = Api::new(pool);
    let server = MockServer::start().await;
    let broken =
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(500)).mount_as_scoped(&server).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("heads");
    let policy = UrlPolicy { webhook_private: true, ..UrlPolicy::default() };
    let outbound = Outbound::new(policy, Purpose::Webhook, Timeouts::default()).unwrap();
    let sinks = HeadSinks {
        installation: InstallationId(Uuid::nil()),
        file: Some(file.clone()),
        webhook: Some((server.uri().into(), outbound)),
    };
    let mut sender = AuditHead::default();
    assert_eq!(sender.run_once(&api.services, &sinks).await.unwrap(), 0, "there is no row yet");
    api.realm("red").await;
    sender.run_once(&api.services, &sinks).await.unwrap_err();
    drop(broken);
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    assert_eq!(sender.run_once(&api.services, &sinks).await.unwrap(), 1, "the file has it already");
    assert_eq!(sender.run_once(&api.services, &sinks).await.unwrap(), 0);
    api.realm("blue").await;
    assert_eq!(sender.run_once(&api.services, &sinks).await.unwrap(), 2);
    let lines = std::fs::read_to_string(&file).unwrap();
    let (seq, hash) = head(&mut api.services.store.conn().await.unwrap()).await.unwrap().unwrap();
    assert_eq!((lines.lines().count(), seq), (2, 2));
    assert!(lines.ends_with(&format!(" {seq}:{hash}\n")), "{lines}");
    // One place that fails does not keep it from the other.
    let nowhere = HeadSinks { file: Some(dir.path().join("none/heads")), ..sinks.clone() };
    api.realm("green").await;
    sender.run_once(&api.services, &nowhere).await.unwrap_err();
    assert_eq!(sender.run_once(&api.services, &sinks).await.unwrap(), 1, "the webhook has it already");
    let (seq, hash) = head(&mut api.services.store.conn().await.unwrap()).await.unwrap().unwrap();
    let posts = server.received_requests().await.unwrap();
    let last: Value = posts.last().unwrap().body_json().unwrap();
    assert_eq!((&last["head"], posts.len()), (&json!(format!("{seq}:{hash}")), 4));
}
