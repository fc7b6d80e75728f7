//! What goes over the wire and how answers are read, with bodies as recorded from LiteLLM 1.109.1.

use serde_json::Value;
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, method, path, path_regex, query_param},
};

use super::*;

async fn with(mocks: Vec<(&str, &str, u16, Value)>) -> (MockServer, HttpProxy) {
    let server = MockServer::start().await;
    for (verb, route, status, body) in mocks {
        let answer = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(method(verb)).and(path(route)).respond_with(answer).mount(&server).await;
    }
    let missing = ResponseTemplate::new(404).set_body_json(json!({"detail": "Not Found"}));
    Mock::given(any()).respond_with(missing).with_priority(9).mount(&server).await;
    let api = client(&server.uri(), MASTER_KEY, Timeouts::default());
    (server, api)
}

async fn sent(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

async fn last_body(server: &MockServer) -> Value {
    serde_json::from_slice(&sent(server).await.pop().unwrap().body).unwrap()
}

#[tokio::test]
async fn g1_no_write_ever_says_an_empty_list() {
    let ok = |route| ("POST", route, 200, json!({}));
    let (server, api) =
        with(vec![ok("/team/new"), ok("/team/update"), ok("/key/generate"), ok("/key/update")]).await;
    let team = team("t", ModelList::none());
    let key = key(VIRTUAL_KEY, "k", "t", ModelList::none());
    api.create_team(&team).await.unwrap();
    api.update_team(&team, BudgetChange::Keep).await.unwrap();
    api.create_key(&key).await.unwrap();
    api.update_key(&key, BudgetChange::Keep, ExpiryChange::Keep).await.unwrap();
    let sent = sent(&server).await;
    assert_eq!(sent.len(), 4);
    for request in sent {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["models"], json!(["no-default-models"]), "{}", request.url.path());
    }
}

#[tokio::test]
async fn an_unchanged_period_and_lifetime_are_not_sent_again() {
    let (server, api) =
        with(vec![("POST", "/team/update", 200, json!({})), ("POST", "/key/update", 200, json!({}))]).await;
    let team = team("t", models(&["openai/a"]));
    api.update_team(&team, BudgetChange::Keep).await.unwrap();
    let body = last_body(&server).await;
    assert!(body.get("budget_duration").is_none() && body["max_budget"] == json!(5.0));
    api.update_team(&TeamBody { budget_duration: None, ..team }, BudgetChange::Set).await.unwrap();
    assert_eq!(last_body(&server).await.get("budget_duration"), Some(&Value::Null), "null takes it away");

    let key = key(VIRTUAL_KEY, "k", "t", models(&["openai/a"]));
    api.update_key(&key, BudgetChange::Keep, ExpiryChange::Keep).await.unwrap();
    let body = last_body(&server).await;
    assert!(body.get("budget_duration").is_none() && body.get("duration").is_none());
    assert_eq!(body["key"], json!(key.hash()));
    api.update_key(&key, BudgetChange::Set, ExpiryChange::Set).await.unwrap();
    let body = last_body(&server).await;
    assert_eq!((&body["budget_duration"], &body["duration"]), (&json!("1mo"), &json!("31d")));
}

#[tokio::test]
async fn g8_a_secret_stands_in_no_url_no_error_and_no_debug_output() {
    // A proxy that echoes keys: its own, virtual ones, and for a deployment the provider's.
    let server = MockServer::start().await;
    let echo = |text: &str| {
        let text = format!("bad: {MASTER_KEY} {VIRTUAL_KEY} sk-other {text}");
        ResponseTemplate::new(400).set_body_json(json!({"error": {"message": text, "type": "x"}}))
    };
    Mock::given(path_regex("^/model/")).respond_with(echo(PROVIDER_KEY)).mount(&server).await;
    Mock::given(any()).respond_with(echo("")).mount(&server).await;
    let api = client(&server.uri(), MASTER_KEY, Timeouts::default());
    let key = key(VIRTUAL_KEY, "k", "t", models(&["openai/a"]));
    let deployment = deployment("d", "openai/a", None);
    let secret = Secret::new(VIRTUAL_KEY);
    let mut shown = vec![format!("{api:?} {key:?} {deployment:?}")];
    let errors = [
        api.create_deployment(&deployment).await.unwrap_err(),
        api.update_deployment(&deployment, &[]).await.unwrap_err(),
        api.create_key(&key).await.unwrap_err(),
        api.update_key(&key, BudgetChange::Set, ExpiryChange::Set).await.unwrap_err(),
        api.key(&key.hash()).await.unwrap_err(),
        api.set_key_blocked(&key.hash(), true).await.unwrap_err(),
        api.delete_key(&key.hash()).await.unwrap_err(),
        api.keys().await.unwrap_err(),
    ];
    shown.extend(errors.iter().map(|error| format!("{error} {error:?}")));
    shown.push(format!("{:?}", api.right(&secret, "openai/a").await));
    for request in sent(&server).await {
        shown.push(request.url.to_string());
        if request.url.path() != "/key/generate" {
            assert!(!String::from_utf8_lossy(&request.body).contains(VIRTUAL_KEY), "{}", request.url.path());
        }
    }
    for text in shown {
        assert!(!text.contains("marker") && !text.contains("sk-other"), "{text}");
    }
}

#[tokio::test]
async fn lists_are_read_to_the_end_and_a_row_on_two_pages_counts_once() {
    let server = MockServer::start().await;
    let token = |n: u8| format!("{n:064x}");
    let page = |keys: &[u8], number: u32| {
        let keys: Vec<Value> = keys.iter().map(|n| json!({"token": token(*n), "models": []})).collect();
        json!({"keys": keys, "total_count": 3, "current_page": number, "total_pages": 2})
    };
    for (number, keys) in [(1, &[1, 2][..]), (2, &[2, 3][..])] {
        Mock::given(path("/key/list"))
            .and(query_param("page", number.to_string()))
            .and(query_param("size", "100"))
            .and(query_param("return_full_object", "true"))
            .respond_with(ResponseTemplate::new(200).set_body_json(page(keys, number)))
            .expect(1)
            .mount(&server)
            .await;
    }
    let keys = client(&server.uri(), MASTER_KEY, Timeouts::default()).keys().await.unwrap();
    let hashes: Vec<String> = keys.iter().map(|key| key.hash.to_string()).collect();
    assert_eq!(hashes, [token(1), token(2), token(3)]);
}

#[tokio::test]
async fn a_list_that_is_none_is_an_error_and_not_an_empty_list() {
    for body in [json!({}), json!({"keys": null}), json!([]), json!("I'm alive!")] {
        let (_server, api) = with(vec![("GET", "/key/list", 200, body.clone())]).await;
        assert_eq!(api.keys().await.unwrap_err().kind, ErrorKind::NotLitellm, "{body}");
    }
}

#[tokio::test]
async fn recorded_rows_are_read() {
    let row = json!({"model_name": "openai/a", "litellm_params": {"model": "openai/fake-model", "rpm": null,
        "api_base": "http://127.0.0.1:9900/v1", "use_xai_oauth": false},
        "model_info": {"id": "id-ok", "db_model": true, "blocked": false, "reeve": mark(3)}});
    let key_info = json!({"key_name": "sk-...aaaa", "key_alias": "reeve:x:y:1", "spend": 0.5,
        "expires": "2026-12-20T17:54:03.932000+00:00", "models": ["no-default-models"], "team_id": "t1",
        "metadata": {"reeve": {"owner": "o"}}, "blocked": null, "max_budget": 5.0, "budget_duration": "1mo",
        "budget_reset_at": "2026-12-01T00:00:00+00:00", "allowed_routes": ["/v1/chat/completions"],
        "status": "active"});
    let (_server, api) = with(vec![
        ("GET", "/v2/model/info", 200, json!({"data": [{"model_name": "no id"}, row], "total_pages": 1})),
        ("GET", "/key/info", 200, json!({"key": "h", "info": key_info})),
    ])
    .await;
    let found = api.deployment("id-ok").await.unwrap().unwrap();
    assert_eq!(found.mark, Some(mark(3)));
    assert!(found.in_database && !found.blocked);
    assert_eq!(
        found.params.iter().map(String::as_str).collect::<Vec<_>>(),
        ["api_base", "model", "use_xai_oauth"]
    );
    assert_eq!(api.deployment("another").await.unwrap(), None, "1.80 ignores `modelId` and lists all");
    let hash = KeyHash::of(&Secret::new(VIRTUAL_KEY));
    let found = api.key(&hash).await.unwrap().unwrap();
    assert_eq!(found.mark, None, "a mark that is not whole is not ours");
    assert_eq!((found.blocked, found.spend), (false, 0.5));
    assert_eq!(found.expires.unwrap().to_rfc3339(), "2026-12-20T17:54:03.932+00:00");
    assert!(found.budget_reset_at.is_some());

    let gone = json!({"key": "h", "info": {"status": "deleted", "models": []}});
    let (_server, api) = with(vec![("GET", "/key/info", 200, gone)]).await;
    assert_eq!(api.key(&hash).await.unwrap(), None);
    let none = json!({"detail": {"error": "No model list passed, models router=None. You can add a model"}});
    let (_server, api) = with(vec![("GET", "/v2/model/info", 500, none)]).await;
    assert_eq!(api.deployments().await.unwrap(), []);
}

#[tokio::test]
async fn a_write_to_a_missing_key_is_not_a_wrong_admin_key() {
    let key = key(VIRTUAL_KEY, "k", "t", ModelList::none());
    let says = |hash: &str| {
        let text = format!(
            "Authentication Error: invalid user key - user key does not exist in db. User Key={hash}"
        );
        json!({"error": {"message": text, "type": "auth_error", "param": "None", "code": "401"}})
    };
    for (hash, unauthorized) in [(key.hash().to_string(), false), ("0".repeat(64), true)] {
        let (_server, api) =
            with(vec![("POST", "/key/update", 401, says(&hash)), ("POST", "/key/block", 401, says(&hash))])
                .await;
        let update = api.update_key(&key, BudgetChange::Keep, ExpiryChange::Keep).await.unwrap_err();
        let block = api.set_key_blocked(&key.hash(), true).await.unwrap_err();
        for error in [update, block] {
            assert_eq!((error.is_unauthorized(), error.is_not_found()), (unauthorized, !unauthorized));
        }
    }
}

#[tokio::test]
async fn a_probe_tells_what_is_missing() {
    let ready = |db: &str| ("GET", "/health/readiness", 200, json!({"status": "healthy", "db": db}));
    let version = |text: &str| ("GET", "/health/readiness/details", 200, json!({"litellm_version": text}));
    let settings = |value: Value| {
        ("GET", "/config/list", 200, json!([{"field_name": "store_model_in_db", "field_value": value}]))
    };
    let update = |status: u16, message: &str| {
        ("PATCH", "/model/reeve-probe-no-such-model/update", status, json!({"error": {"message": message}}))
    };
    let off = update(400, "Model updates only supported for DB-stored models");
    let on = update(404, "Model reeve-probe-no-such-model not found on proxy.");
    for (mocks, expected) in [
        (vec![ready("connected"), version("1.109.1"), settings(json!(true))], None),
        (vec![ready("connected"), version("1.109.1"), settings(json!(null)), on.clone()], None),
        (vec![ready("connected"), version("1.84.0-stable"), on], None),
        (vec![ready("connected"), version("1.109.1"), settings(json!(false)), off], Some("no_model_store")),
        (vec![ready("Not connected"), version("1.109.1")], Some("no_database")),
        (vec![ready("connected"), version("1.79.3")], Some("version_too_old")),
        (vec![ready("connected"), version("1.82.7")], Some("version_malicious")),
        (vec![ready("connected")], Some("version_unknown")),
    ] {
        let (_server, api) = with(mocks).await;
        let probe = api.probe().await.unwrap();
        assert_eq!(probe.unsupported.map(Unsupported::code), expected, "{probe:?}");
    }
    let old = json!({"status": "healthy", "db": "connected", "litellm_version": "1.80.0"});
    let license = json!({"has_license": false, "license_type": "community"});
    let (_server, api) = with(vec![
        ("GET", "/health/readiness", 200, old),
        ("GET", "/health/license", 200, license),
        settings(json!(true)),
    ])
    .await;
    let probe = api.probe().await.unwrap();
    assert_eq!((probe.version.unwrap().to_string().as_str(), probe.param_removal), ("1.80.0", false));
    assert_eq!(probe.license, Some(License::Community));

    let (_server, api) = with(vec![("GET", "/health/readiness", 503, json!({"status": "unhealthy"}))]).await;
    assert!(api.probe().await.is_err(), "a database that is down is trouble, not a missing feature");
    let wrong = json!({"error": {"message": "Invalid API key", "type": "token_not_found_in_db"}});
    let (_server, api) =
        with(vec![ready("connected"), ("GET", "/health/readiness/details", 401, wrong)]).await;
    assert!(api.probe().await.unwrap_err().is_unauthorized());
}

#[tokio::test]
async fn a_model_store_that_was_found_is_not_looked_for_again_at_once() {
    let ready = json!({"status": "healthy", "db": "connected", "litellm_version": "1.83.0"});
    let missing = json!({"error": {"message": "Model x not found on proxy.", "type": "not_found_error"}});
    let (server, api) = with(vec![
        ("GET", "/health/readiness", 200, ready),
        ("PATCH", "/model/reeve-probe-no-such-model/update", 404, missing),
    ])
    .await;
    for _ in 0..3 {
        assert_eq!(api.probe().await.unwrap().unsupported, None);
    }
    let asked = sent(&server).await.iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn parameters_are_taken_away_only_where_the_version_can() {
    let body = deployment("d 1/2", "openai/a", None);
    let remove = ["rpm".to_owned()];
    let details =
        |version: &str| ("GET", "/health/readiness/details", 200, json!({"litellm_version": version}));
    let update = ("PATCH", "/model/d%201%2F2/update", 200, json!({}));

    let (server, api) = with(vec![details("1.108.0"), update.clone()]).await;
    assert_eq!(api.update_deployment(&body, &remove).await.unwrap_err().kind, ErrorKind::RemovalUnsupported);
    assert!(sent(&server).await.iter().all(|request| request.method == "GET"), "nothing was changed");
    api.update_deployment(&body, &[]).await.unwrap();
    assert!(last_body(&server).await.get("litellm_params_to_remove").is_none());

    let (server, api) = with(vec![details("1.109.1"), update]).await;
    api.update_deployment(&body, &remove).await.unwrap();
    assert_eq!(last_body(&server).await["litellm_params_to_remove"], json!(["rpm"]));
}

#[tokio::test]
async fn the_admin_url_may_have_a_path() {
    let server = MockServer::start().await;
    Mock::given(path("/llm/team/new"))
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let api = client(&format!("{}/llm/", server.uri()), MASTER_KEY, Timeouts::default());
    api.create_team(&team("t", ModelList::none())).await.unwrap();
}
