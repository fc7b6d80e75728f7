//! What every operation has: authentication, problems, paging, ETags, request ids.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{Api, TOKEN};
use crate::api::openapi;

#[sqlx::test(migrations = "../migrations")]
async fn every_operation_wants_the_token_but_the_ones_that_are_open(pool: PgPool) {
    let api = Api::new(pool);
    let document = serde_json::to_value(openapi()).unwrap();
    let bodies = ["/api/agents/enroll", "/api/auth/login", "/api/auth/setup", "/api/auth/workload"];
    let of_providers = ["/api/auth/oidc/{provider}/start", "/api/auth/oidc/{provider}/callback"];
    let others = ["/health", "/ready", "/metrics", "/api/openapi.json", "/api/auth/providers"];
    let open = [&others[..], &bodies, &of_providers].concat();
    let mut walked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let is_open = open.contains(&path.as_str());
            assert_eq!(operation.get("security").is_none(), is_open, "{method} {path}");
            let url = path
                .replace("{id}", "x")
                .replace("{kind}", "realm")
                .replace("{did}", "x")
                .replace("{provider}", "x")
                .replace("{realmId}", "x")
                .replace("{revision}", "1");
            let uuid = "018f0000-0000-7000-8000-000000000000";
            let url = url.replace("{deploymentId}", uuid).replace("{keyId}", uuid);
            assert!(!url.contains('{'), "{url}");
            for token in [None, Some("Bearer wrong"), Some("Basic x"), Some("Bearer ")] {
                let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(&url);
                if let Some(token) = token {
                    request = request.header("authorization", token);
                }
                let answer = api.raw(request.body(Body::empty()).unwrap()).await;
                if of_providers.contains(&path.as_str()) {
                    assert_ne!(answer.body["code"], "no-such-route", "{method} {path}");
                } else if is_open {
                    assert_ne!(answer.status, 404, "{method} {path}");
                    if !bodies.contains(&path.as_str()) {
                        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
                    }
                } else {
                    assert_eq!(answer.header("www-authenticate"), "Bearer");
                    let code = if token.is_some() { "bad-token" } else { "unauthenticated" };
                    answer.problem(401, code);
                }
            }
            walked += 1;
        }
    }
    assert!(walked > 45, "{walked}");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_refusal_is_a_problem(pool: PgPool) {
    let api = Api::new(pool);
    api.get("/api/nothing").await.problem(404, "no-such-route");
    api.get("/").await.problem(404, "no-such-route");
    let wrong_method = api.call("PUT", "/api/models", None, &[]).await;
    assert!(wrong_method.header("allow").contains("POST"), "{:?}", wrong_method.headers);
    wrong_method.problem(405, "method-not-allowed");
    let unknown =
        api.post("/api/realms", json!({ "name": "x", "colour": "red" })).await.problem(422, "unknown-field");
    assert_eq!(unknown["field"], "colour");
    let missing = api.post("/api/realms", json!({})).await.problem(422, "invalid");
    assert_eq!((&missing["field"], &missing["detail"]), (&json!("name"), &json!("name: is missing")));
    let wrong_type =
        api.post("/api/models", json!({ "name": "x", "provider": "openai", "modelId": 7 })).await;
    assert_eq!(wrong_type.problem(422, "invalid")["detail"], "modelId: expected a string");
    let raw = |content_type: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post("/api/realms").header("authorization", format!("Bearer {TOKEN}"));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        api.raw(request.body(Body::from(body)).unwrap())
    };
    raw(Some("application/json"), b"{\"name\": ".to_vec()).await.problem(400, "malformed-json");
    raw(Some("application/json"), b"{\"name\": \"x\"} {}".to_vec()).await.problem(400, "malformed-json");
    raw(None, b"{\"name\": \"x\"}".to_vec()).await.problem(415, "unsupported-media-type");
    raw(Some("text/plain"), b"{\"name\": \"x\"}".to_vec()).await.problem(415, "unsupported-media-type");
    raw(Some("application/json"), vec![b' '; 1024 * 1024 + 1]).await.problem(413, "payload-too-large");
    api.get("/api/models?limit=0").await.problem(400, "bad-query");
    api.get("/api/models?limit=x").await.problem(400, "bad-query");
    api.get("/api/models?colour=red").await.problem(400, "bad-query");
    api.get("/api/models?cursor=%21").await.problem(400, "bad-query");
    api.get("/api/changes/one").await.problem(400, "bad-path");
    api.get("/api/changes/12345").await.problem(404, "not-found");
    api.call("DELETE", "/api/realms/x", None, &[("if-match", "3")]).await.problem(400, "bad-if-match");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_the_database_cannot_store_is_the_callers_mistake(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    api.get("/api/models/a%00b").await.problem(422, "invalid");
    api.get("/api/agents?search=%00").await.problem(422, "invalid");
    api.get("/api/audit?since=-9000-01-01T00:00:00Z").await.problem(422, "invalid");
    api.post("/api/realms/red/agents", json!({ "did": "a\u{0}b" })).await.problem(422, "invalid");
    let model = json!({ "name": "x", "provider": "openai", "modelId": "x", "apiKey": "sk-provider-0123456789",
        "litellmParams": { "note": "a\u{0}b" } });
    api.post("/api/models", model).await.problem(422, "invalid");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_enrolment_without_a_sound_proof_is_refused(pool: PgPool) {
    let api = Api::new(pool);
    let enroll = |body| api.post("/api/agents/enroll", body);
    enroll(json!({ "name": "x", "proof": "MARKER" })).await.problem(401, "bad-proof");
    let refused = enroll(json!({ "name": "x", "proof": ["MARKER"] })).await;
    assert!(!refused.text.contains("MARKER"));
    assert_eq!(refused.problem(422, "invalid")["field"], "proof");
    assert_eq!(enroll(json!({ "name": "x" })).await.problem(422, "invalid")["field"], "proof");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_keeps_its_id_and_an_odd_one_gets_a_new_one(pool: PgPool) {
    let api = Api::new(pool);
    let answer = api.call("GET", "/api/models", None, &[("x-request-id", "build-7.a_b")]).await;
    assert_eq!(answer.header("x-request-id"), "build-7.a_b");
    assert_eq!(answer.header("cache-control"), "no-store");
    let odd = api.call("GET", "/api/nothing", None, &[("x-request-id", "a b")]).await;
    assert!(uuid::Uuid::try_parse(&odd.header("x-request-id")).is_ok());
    api.call("POST", "/api/realms", Some(json!({ "name": "x" })), &[("x-request-id", "from-ci")])
        .await
        .is(201);
    let audit = api.get("/api/audit").await.is(200);
    assert_eq!(audit["items"][0]["requestId"], "from-ci");
}

#[sqlx::test(migrations = "../migrations")]
async fn lists_are_paged_to_their_end(pool: PgPool) {
    let api = Api::new(pool);
    for name in ["a", "b", "c", "d", "e"] {
        api.realm(name).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/api/realms?limit=2{cursor}")).await.is(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|r| r["slug"].as_str().unwrap().to_owned()));
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    let page = api.get("/api/changes?limit=2").await.is(200);
    let next = page["nextCursor"].as_str().unwrap();
    let older = api.get(&format!("/api/changes?limit=200&cursor={next}")).await.is(200);
    assert_eq!((older["items"].as_array().unwrap().len(), &older["nextCursor"]), (3, &json!(null)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_edit_of_another_version_is_refused(pool: PgPool) {
    let api = Api::new(pool);
    api.model("one").await;
    api.realm("red").await;
    api.proxy("eu").await;
    for (path, body) in [
        ("/api/models/one", json!({ "description": "x" })),
        ("/api/realms/red", json!({ "description": "x" })),
        ("/api/proxies/eu", json!({ "labels": { "region": "eu" } })),
    ] {
        let read = api.get(path).await.header("etag");
        assert_eq!(read, "\"1\"");
        let edited = api.call("PATCH", path, Some(body.clone()), &[("if-match", &read)]).await;
        assert_eq!((edited.status, edited.header("etag")), (200, "\"2\"".to_owned()), "{}", edited.text);
        api.call("PATCH", path, Some(body), &[("if-match", &read)]).await.problem(412, "version-mismatch");
        api.call("DELETE", path, None, &[("if-match", &read)]).await.problem(412, "version-mismatch");
        api.call("DELETE", path, None, &[("if-match", "\"2\"")]).await.is(200);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn not_ready_is_said_and_documents_are_served_offline(pool: PgPool) {
    let api = Api::new(pool);
    assert_eq!(api.get("/health").await.is(200), json!({ "status": "ok" }));
    assert_eq!(api.get("/metrics").await.text, "reeve_up 1\n");
    api.ready.send_replace(false);
    api.get("/ready").await.problem(503, "not-ready");
    assert_eq!(api.get("/api/openapi.json").await.is(200)["info"]["title"], "Reeve");
    let page = api.get("/api/docs/").await;
    assert!(page.status == 200 && page.text.contains("swagger-ui"), "{}", page.text);
    let script = api.get("/api/docs/swagger-initializer.js").await;
    assert!(script.text.contains("/api/openapi.json"), "{}", script.text);
}
