//! `Idempotency-Key`.

use serde_json::json;
use sqlx::PgPool;

use super::Api;

#[sqlx::test(migrations = "../migrations")]
async fn a_repeat_is_answered_like_the_first_and_another_request_is_refused(pool: PgPool) {
    let api = Api::new(pool);
    let key = [("idempotency-key", "build-42")];
    let body = json!({ "name": "Red" });
    let first = api.call("POST", "/api/realms", Some(body.clone()), &key).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let first = first.is(201);
    let repeat = api.call("POST", "/api/realms", Some(body.clone()), &key).await;
    assert_eq!(repeat.header("idempotent-replayed"), "true");
    assert_eq!(repeat.is(201), first);
    assert_eq!(api.get("/api/realms").await.is(200)["items"].as_array().unwrap().len(), 1);
    let other = api.call("POST", "/api/realms", Some(json!({ "name": "Blue" })), &key).await;
    other.problem(409, "idempotency-key-reused");
    api.call("POST", "/api/credentials", Some(body.clone()), &key)
        .await
        .problem(409, "idempotency-key-reused");
    api.call("POST", "/api/realms", Some(body), &[("idempotency-key", "a b")])
        .await
        .problem(400, "bad-idempotency-key");
    // A failed request is not remembered: it may be put right and sent again.
    let key = [("idempotency-key", "build-43")];
    api.call("POST", "/api/realms", Some(json!({ "name": "" })), &key).await.problem(422, "invalid");
    api.call("POST", "/api/realms", Some(json!({ "name": "Green" })), &key).await.is(201);
}

/// What a script needs that never saw the first answer: the revision, and how far it is.
#[sqlx::test(migrations = "../migrations")]
async fn a_repeat_tells_the_revision_of_the_first(pool: PgPool) {
    let api = Api::new(pool);
    for (path, body) in [
        (
            "/api/proxies",
            json!({ "name": "eu-1", "baseUrl": "http://127.0.0.1:9", "masterKey": "sk-master-0123456789" }),
        ),
        (
            "/api/credentials",
            json!({ "name": "openai", "provider": "openai", "apiKey": "sk-provider-0123456789" }),
        ),
        ("/api/realms", json!({ "name": "Red" })),
    ] {
        let key = [("idempotency-key", path)];
        let first = api.call("POST", path, Some(body.clone()), &key).await;
        api.call("POST", "/api/realms", Some(json!({ "name": format!("After {path}") })), &[]).await.is(201);
        let repeat = api.call("POST", path, Some(body), &key).await;
        assert_eq!(repeat.header("idempotent-replayed"), "true");
        assert_eq!(repeat.header("x-reeve-revision"), first.header("x-reeve-revision"), "{path}");
        let (first, repeat) = (first.is(201), repeat.is(201));
        assert_eq!(repeat["sync"], first["sync"], "{path}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn two_at_once_do_it_once(pool: PgPool) {
    let api = Api::new(pool);
    api.realm("red").await;
    api.model("one").await;
    api.post("/api/models/one/realms", json!({ "realmId": "red" })).await.is(201);
    let key = [("idempotency-key", "rotate-once")];
    let rotate = || api.call("POST", "/api/realms/red/keys/rotate", None, &key);
    let realm =
        || api.call("POST", "/api/realms", Some(json!({ "name": "Green" })), &[("idempotency-key", "green")]);
    let (a, b, c, d) = tokio::join!(rotate(), rotate(), realm(), realm());
    for answer in [&a, &b, &c, &d] {
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
    assert_eq!(c.body["id"], d.body["id"]);
    assert_eq!(api.get("/api/realms/red/keys").await.is(200)["items"].as_array().unwrap().len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_secret_is_shown_once_also_to_a_repeat(pool: PgPool) {
    let api = Api::new(pool);
    let key = [("idempotency-key", "token")];
    let made = api.call("POST", "/api/enrollment-tokens", None, &key).await.is(201);
    assert!(made["token"].as_str().unwrap().starts_with("reeve-enroll-"));
    assert_eq!((&made["maxUses"], &made["uses"]), (&json!(1), &json!(0)));
    api.call("POST", "/api/enrollment-tokens", None, &key).await.problem(409, "idempotency-secret-shown");
    let listed = api.get("/api/enrollment-tokens").await;
    assert!(!listed.text.contains(made["token"].as_str().unwrap()));
    assert_eq!(listed.is(200)["items"].as_array().unwrap().len(), 1);
}
