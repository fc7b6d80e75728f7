//! Models, deployments, credentials.

use serde_json::json;
use sqlx::PgPool;

use super::Api;

#[sqlx::test(migrations = "../migrations")]
async fn a_model_is_registered_read_edited_and_removed(pool: PgPool) {
    let api = Api::new(pool);
    let body = json!({
        "name": "GPT-4o", "provider": "openai", "modelId": "gpt-4o-2024", "apiKey": "sk-provider-0123456789",
        "baseUrl": "https://API.example.com/v1/", "description": "big", "maxTokens": 4096, "order": 1, "weight": 2,
        "litellmParams": { "rpm": 10 },
    });
    let made = api.post("/api/models", body).await;
    assert_eq!(made.header("etag"), "\"1\"");
    let revision = made.revision();
    let made = made.is(201);
    assert_eq!(made["litellmModelName"], "openai/gpt-4o");
    assert_eq!(
        (&made["modelId"], &made["baseUrl"]),
        (&json!("gpt-4o-2024"), &json!("https://api.example.com/v1"))
    );
    assert_eq!(
        (&made["status"], &made["description"], &made["maxTokens"]),
        (&json!("active"), &json!("big"), &json!(4096))
    );
    assert_eq!(made["sync"], json!({ "revision": revision, "state": "skipped", "proxies": [] }));
    let deployment = &made["deployments"][0];
    assert_eq!(
        (&deployment["apiKeySet"], &deployment["apiKeyFingerprint"]),
        (&json!(true), &json!("...6789"))
    );
    assert_eq!(
        (&deployment["credentialId"], &deployment["order"], &deployment["weight"]),
        (&json!(null), &json!(1), &json!(2))
    );
    assert_eq!(deployment["litellmParams"], json!({ "rpm": 10 }));

    let id = made["id"].as_str().unwrap();
    for name in [id, "openai%2Fgpt-4o", "gpt-4o"] {
        let read = api.get(&format!("/api/models/{name}")).await;
        assert_eq!(read.header("etag"), "\"1\"");
        assert_eq!(read.is(200), made, "by {name}");
    }
    let edited =
        api.patch("/api/models/gpt-4o", json!({ "maxTokens": null, "modelId": "gpt-4o" })).await.is(200);
    assert_eq!(
        (&edited["maxTokens"], &edited["modelId"], &edited["version"]),
        (&json!(null), &json!("gpt-4o"), &json!(2))
    );
    // Nothing to change: no new version, no revision.
    let same = api.patch("/api/models/gpt-4o", json!({ "modelId": "gpt-4o" })).await;
    assert_eq!((same.header("x-reeve-revision"), same.header("etag")), (String::new(), "\"2\"".to_owned()));

    for (field, body) in [("name", json!({ "name": "x" })), ("provider", json!({ "provider": "azure" }))] {
        let refused = api.patch("/api/models/gpt-4o", body).await.problem(422, "invalid");
        assert_eq!(refused["field"], field);
        assert!(refused["detail"].as_str().unwrap().contains("immutable"), "{refused}");
    }
    let gone = api.delete("/api/models/gpt-4o").await.is(200);
    assert_eq!((&gone["id"], &gone["deleted"]), (&json!(id), &json!(true)));
    api.get("/api/models/gpt-4o").await.problem(404, "not-found");
}

#[sqlx::test(migrations = "../migrations")]
async fn put_or_delete_of_a_model_never_returns_its_key(pool: PgPool) {
    let api = Api::new(pool.clone());
    api.proxy("one").await;
    let key = "MARKER";
    let mut heard = Vec::new();
    let model = api.model("one").await;
    heard.push(model.to_string());
    let id = model["id"].as_str().unwrap();
    let path = format!("/api/models/{id}");
    let rekey = json!({ "apiKey": "sk-provider-MARKER-replaced" });
    heard.push(api.patch(&path, rekey.clone()).await.is(200).to_string());
    heard.push(api.get(&path).await.text);
    let deployment = format!("{path}/deployments/{}", model["deployments"][0]["id"].as_str().unwrap());
    heard.push(api.patch(&deployment, rekey).await.is(200).to_string());
    // Wrong places for a key: the refusal must not repeat it.
    for wrong in [
        json!({ "maxTokens": "sk-MARKER" }),
        json!({ "apiKey": ["sk-MARKER"] }),
        json!({ "litellmParams": "sk-MARKER" }),
        json!({ "litellmParams": { "api_key": "sk-MARKER" } }),
        json!({ "status": "sk-MARKER" }),
    ] {
        let refused = api.patch(&path, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        heard.push(refused.text);
    }
    let more = json!({ "provider": "azure", "modelId": "x", "baseUrl": "https://x.example.com", "apiKey": "az-MARKER-0123456789",
        "litellmParams": { "api_version": "2024-06-01" } });
    heard.push(api.post(&format!("{path}/deployments"), more).await.is(201).to_string());
    heard.push(api.delete(&path).await.is(200).to_string());
    heard.push(api.get("/api/audit").await.text);
    heard.push(api.get("/api/changes").await.text);
    let secret: Vec<&String> = heard.iter().filter(|text| text.contains(key)).collect();
    assert!(secret.is_empty(), "{secret:?}");
    let left: i64 =
        sqlx::query_scalar("select count(*) from provider_credential").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0, "typed keys go with their deployment");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_last_deployment_stays_and_fields_of_the_backend_need_one_that_is_meant(pool: PgPool) {
    let api = Api::new(pool);
    let model = api.model("one").await;
    let first = format!("/api/models/one/deployments/{}", model["deployments"][0]["id"].as_str().unwrap());
    api.delete(&first).await.problem(409, "last-deployment");
    let body =
        json!({ "provider": "vllm", "modelId": "llama", "baseUrl": "http://10.0.0.7:8000", "weight": 3 });
    let second = api.post("/api/models/one/deployments", body).await.is(201);
    assert_eq!((&second["apiKeySet"], &second["provider"]), (&json!(false), &json!("vllm")));
    assert_eq!(api.get("/api/models/one/deployments").await.is(200)["items"].as_array().unwrap().len(), 2);
    api.patch("/api/models/one", json!({ "modelId": "x" })).await.problem(409, "several-deployments");
    api.patch("/api/models/one", json!({ "description": "fine" })).await.is(200);
    api.delete(&first).await.is(200);
    let left = api.get("/api/models/one").await.is(200);
    assert_eq!((&left["modelId"], &left["deployments"][0]["id"]), (&json!("llama"), &second["id"]));
    api.get(&first).await.problem(404, "not-found");
    api.get("/api/models/one/deployments/not-a-uuid").await.problem(400, "bad-path");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_credential_is_shared_by_name_replaced_and_kept_while_in_use(pool: PgPool) {
    let api = Api::new(pool);
    let body = json!({ "name": "prod", "provider": "openai", "apiKey": "sk-provider-0123456789" });
    let made = api.post("/api/credentials", body.clone()).await.is(201);
    assert_eq!((&made["fingerprint"], &made["generation"]), (&json!("...6789"), &json!(1)));
    api.post("/api/credentials", body).await.problem(409, "name-taken");
    let model = json!({ "name": "One", "provider": "openai", "modelId": "gpt-4o", "credentialId": "prod" });
    let model = api.post("/api/models", model).await.is(201);
    assert_eq!(model["deployments"][0]["credentialId"], made["id"]);
    let wrong =
        json!({ "name": "Two", "provider": "anthropic", "modelId": "claude", "credentialId": "prod" });
    assert_eq!(api.post("/api/models", wrong).await.problem(422, "invalid")["field"], "credentialId");
    let both = json!({ "name": "Two", "provider": "openai", "modelId": "x", "credentialId": "prod", "apiKey": "sk-0" });
    assert_eq!(api.post("/api/models", both).await.problem(422, "invalid")["field"], "credentialId");
    let neither = json!({ "name": "Two", "provider": "openai", "modelId": "x" });
    assert_eq!(api.post("/api/models", neither).await.problem(422, "invalid")["field"], "apiKey");

    let new = json!({ "apiKey": "sk-provider-9876543210" });
    let stale = api.call("PATCH", "/api/credentials/prod", Some(new.clone()), &[("if-match", "\"7\"")]).await;
    stale.problem(412, "version-mismatch");
    let replaced =
        api.call("PATCH", "/api/credentials/prod", Some(new), &[("if-match", "\"1\"")]).await.is(200);
    assert_eq!((&replaced["fingerprint"], &replaced["generation"]), (&json!("...3210"), &json!(2)));
    let in_use = api.delete("/api/credentials/prod").await.problem(409, "in-use");
    assert!(in_use["detail"].as_str().unwrap().contains("openai/one"), "{in_use}");
    api.delete("/api/models/one").await.is(200);
    api.delete("/api/credentials/prod").await.is(200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_bare_name_must_be_unambiguous_and_a_taken_name_is_refused(pool: PgPool) {
    let api = Api::new(pool);
    api.model("Chat").await;
    let other = json!({ "name": "chat", "provider": "groq", "modelId": "llama", "apiKey": "gsk-0123456789" });
    api.post("/api/models", other.clone()).await.is(201);
    api.post("/api/models", other).await.problem(409, "name-taken");
    api.get("/api/models/chat").await.problem(409, "ambiguous-model");
    assert_eq!(api.get("/api/models/groq%2Fchat").await.is(200)["provider"], "groq");
}

/// Every provider of the list can be registered with what the list says it needs, and not without.
#[sqlx::test(migrations = "../migrations")]
async fn a_form_can_be_made_from_the_list_of_providers(pool: PgPool) {
    let api = Api::new(pool);
    let list = api.get("/api/providers").await.is(200);
    assert_eq!(list["nextCursor"], json!(null));
    let items = list["items"].as_array().unwrap();
    let azure = items.iter().find(|p| p["name"] == "azure").unwrap();
    assert_eq!(
        azure,
        &json!({ "name": "azure", "baseUrl": "required", "secret": "required", "required": ["api_version"],
            "optional": [], "secretSets": [["azure_ad_token"], ["tenant_id", "client_id", "client_secret"], ["api_key"]] })
    );
    for provider in items {
        let name = provider["name"].as_str().unwrap();
        let required = provider["required"].as_array().unwrap();
        let params: serde_json::Map<_, _> =
            required.iter().map(|field| (field.as_str().unwrap().to_owned(), json!("x"))).collect();
        let key =
            if name == "vertex_ai" { "{\"type\":\"service_account\"}" } else { "sk-provider-0123456789" };
        let mut body = json!({ "name": "m", "provider": name, "modelId": "m", "litellmParams": params });
        if provider["baseUrl"] == "required" {
            body["baseUrl"] = json!("https://example.com/v1");
        }
        if provider["secret"] == "required" {
            let refused = api.post("/api/models", body.clone()).await.problem(422, "invalid");
            assert_eq!(refused["field"], "apiKey", "{refused}");
            body["apiKey"] = json!(key);
        }
        for field in required {
            let mut without = body.clone();
            without["litellmParams"].as_object_mut().unwrap().remove(field.as_str().unwrap());
            api.post("/api/models", without).await.problem(422, "invalid");
        }
        if provider["baseUrl"] == "required" {
            let mut without = body.clone();
            without.as_object_mut().unwrap().remove("baseUrl");
            api.post("/api/models", without).await.problem(422, "invalid");
        }
        api.post("/api/models", body).await.is(201);
    }
}
