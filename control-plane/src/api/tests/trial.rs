//! Trying a backend out before it is registered.

use serde_json::{Value, json};
use sqlx::PgPool;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path},
};

use super::Api;

const KEY: &str = "sk-provider-MARKER-0123456789";

/// A proxy that tries everything, and says what it was sent when the upstream model is `bad`.
async fn proxy(api: &Api, pool: &PgPool, name: &str) -> MockServer {
    let server = MockServer::start().await;
    let answer = |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let params = &body["litellm_params"];
        ResponseTemplate::new(200).set_body_json(if params["model"] == "openai/bad" {
            let error = format!("no such model for {}\nstack trace: {params}", params["api_key"]);
            json!({ "status": "error", "result": { "error": error } })
        } else {
            json!({ "status": "success", "result": {} })
        })
    };
    Mock::given(method("POST"))
        .and(path("/health/test_connection"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let body = json!({ "name": name, "baseUrl": server.uri(), "masterKey": "sk-master-MARKER-0123456789" });
    api.post("/api/proxies", body).await.is(201);
    sqlx::query("update proxy set status = 'ready' where name = $1").bind(name).execute(pool).await.unwrap();
    server
}

async fn sent(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .map(|r| serde_json::from_slice::<Value>(&r.body).unwrap()["litellm_params"].clone())
        .collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_backend_is_tried_as_it_would_be_registered_and_nothing_is_changed(pool: PgPool) {
    let api = Api::new(pool.clone());
    let backend = json!({ "provider": "openai", "modelId": "gpt-4o", "apiKey": KEY, "baseUrl": "https://API.example.com/v1/",
        "litellmParams": { "rpm": 10 } });
    api.post("/api/models/test", backend.clone()).await.problem(409, "no-proxy-ready");
    let mut servers = Vec::new();
    for name in ["a", "b", "c", "d"] {
        servers.push(proxy(&api, &pool, name).await);
    }
    let before = api.get("/api/changes?limit=1").await.is(200)["items"][0]["revision"].clone();
    let tried = api.post("/api/models/test", backend.clone()).await.is(200);
    assert_eq!(tried["ok"], true, "{tried}");
    let names: Vec<_> = tried["proxies"].as_array().unwrap().iter().map(|p| p["proxyName"].clone()).collect();
    assert_eq!(names, ["a", "b", "c"], "at most three");
    assert_eq!(
        sent(&servers[0]).await,
        [
            json!({ "model": "openai/gpt-4o", "api_key": KEY, "api_base": "https://api.example.com/v1", "rpm": 10,
            "base_url": null, "litellm_credential_name": null, "extra_headers": null })
        ]
    );
    let mut one = backend.clone();
    one["proxyId"] = json!("d");
    assert_eq!(api.post("/api/models/test", one.clone()).await.is(200)["proxies"][0]["proxyName"], "d");
    sqlx::query("update proxy set status = 'unreachable' where name = 'd'").execute(&pool).await.unwrap();
    api.post("/api/models/test", one.clone()).await.problem(409, "no-proxy-ready");
    one["proxyId"] = json!("e");
    assert_eq!(api.post("/api/models/test", one).await.problem(422, "invalid")["field"], "proxyId");

    let mut bad = backend;
    bad["modelId"] = json!("bad");
    let refused = api.post("/api/models/test", bad).await;
    assert!(!refused.text.contains("MARKER"), "{}", refused.text);
    let refused = refused.is(200);
    assert_eq!(refused["ok"], false);
    let message = refused["proxies"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("no such model for") && !message.contains("stack"), "{message}");

    // What registering would refuse is refused before anybody is asked.
    let count = sent(&servers[0]).await.len();
    for (field, body) in [
        ("apiKey", json!({ "provider": "openai", "modelId": "x" })),
        ("baseUrl", json!({ "provider": "vllm", "modelId": "x" })),
        (
            "baseUrl",
            json!({ "provider": "vllm", "modelId": "x", "baseUrl": "http://169.254.169.254/latest" }),
        ),
        (
            "litellmParams.api_version",
            json!({ "provider": "azure", "modelId": "x", "baseUrl": "https://x.example.com", "apiKey": KEY }),
        ),
        ("credentialId", json!({ "provider": "openai", "modelId": "x", "credentialId": "nobody" })),
        ("provider", json!({ "provider": "nobody", "modelId": "x" })),
    ] {
        let mut model = body.clone();
        model["name"] = json!("x");
        let registered = api.post("/api/models", model).await.problem(422, "invalid");
        let tried = api.post("/api/models/test", body).await.problem(422, "invalid");
        assert_eq!((&tried["field"], &tried["detail"]), (&json!(field), &registered["detail"]));
    }
    assert_eq!(sent(&servers[0]).await.len(), count);
    assert_eq!(api.get("/api/changes?limit=1").await.is(200)["items"][0]["revision"], before);
    assert_eq!(api.get("/api/models").await.is(200)["items"], json!([]));
    assert_eq!(
        api.get("/api/audit?action=model.test").await.is(200)["items"],
        json!([]),
        "the key was the caller's own"
    );
    let kept: i64 =
        sqlx::query_scalar("select count(*) from provider_credential").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0);
}

/// LiteLLM fills what is not said from another deployment of the same upstream model: its key must not go to this address.
#[sqlx::test(migrations = "../migrations")]
async fn no_key_of_another_deployment_is_lent_to_an_address(pool: PgPool) {
    let api = Api::new(pool.clone());
    let server = proxy(&api, &pool, "a").await;
    let backend = json!({ "provider": "vllm", "modelId": "llama", "baseUrl": "https://evil.example.com" });
    api.post("/api/models/test", backend).await.is(200);
    let params = json!({ "aws_region_name": "eu-1" });
    api.post("/api/models/test", json!({ "provider": "bedrock", "modelId": "x", "litellmParams": params }))
        .await
        .is(200);
    let sent = sent(&server).await;
    for field in ["api_key", "litellm_credential_name", "extra_headers", "base_url"] {
        assert_eq!(sent[0].get(field), Some(&Value::Null), "{field}");
    }
    for field in ["api_key", "api_base", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"] {
        assert_eq!(sent[1].get(field), Some(&Value::Null), "{field}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn who_calls_with_a_stored_key_is_written_down(pool: PgPool) {
    let api = Api::new(pool.clone());
    let server = proxy(&api, &pool, "a").await;
    let credential = json!({ "name": "prod", "provider": "openai", "apiKey": KEY });
    let credential = api.post("/api/credentials", credential).await.is(201);
    let body = json!({ "provider": "openai", "modelId": "gpt-4o", "credentialId": "prod" });
    // A repeat asks again: there is nothing that it could read.
    for _ in 0..2 {
        let headers = [("idempotency-key", "k-1")];
        let tried = api.call("POST", "/api/models/test", Some(body.clone()), &headers).await;
        assert!(!tried.text.contains("MARKER"));
        assert_eq!(tried.is(200)["ok"], true);
    }
    assert_eq!(sent(&server).await[1]["api_key"], KEY);
    let rows = api.get("/api/audit?action=model.test").await;
    assert!(!rows.text.contains("MARKER"), "{}", rows.text);
    let rows = rows.is(200);
    assert_eq!(rows["items"].as_array().unwrap().len(), 2);
    assert_eq!(rows["items"][0]["subject"], format!("credential/{}", credential["id"].as_str().unwrap()));
    assert_eq!(
        rows["items"][0]["after"],
        json!({ "provider": "openai", "modelId": "gpt-4o", "baseUrl": null, "proxies": ["a"] })
    );
    assert_eq!(rows["items"][0]["revision"], json!(null));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_model_may_be_called_test(pool: PgPool) {
    let api = Api::new(pool);
    let model = api.model("test").await;
    assert_eq!(api.get("/api/models/test").await.is(200)["id"], model["id"]);
    api.get("/api/models/test?colour=red").await.is(200);
    api.patch("/api/models/test", json!({ "description": "x" })).await.is(200);
    api.get("/api/models/test/deployments").await.is(200);
    assert!(api.call("PUT", "/api/models/test", None, &[]).await.header("allow").contains("PATCH"));
    api.delete("/api/models/test").await.is(200);
}
