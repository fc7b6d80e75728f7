//! One run of a command against a server: pages, waiting, and what it makes of answers.

use std::time::Instant;

use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, header_exists, method, path as at, query_param, query_param_is_missing},
};

use super::*;

fn session(server: &MockServer, wait: Option<u64>) -> Session {
    let url = server.uri().parse().unwrap();
    Session::new(url, Some(Secret::new("token-1")), Some(Format::Json), wait).unwrap()
}

fn receipt(state: &str) -> ResponseTemplate {
    let objects =
        json!([{ "kind": "team", "id": "t", "state": "parked", "at": null, "error": "it says no" }]);
    ResponseTemplate::new(200).set_body_json(json!({
        "revision": 7, "state": state,
        "proxies": [{ "proxyId": "p", "proxyName": "eu", "objects": objects }],
        "agents": { "items": [{ "name": "demo", "state": "rejected" }] },
    }))
}

#[tokio::test]
async fn a_list_is_read_over_all_its_pages() {
    let server = MockServer::start().await;
    let page =
        |items, next| ResponseTemplate::new(200).set_body_json(json!({ "items": items, "nextCursor": next }));
    Mock::given(method("GET"))
        .and(at("/api/models"))
        .and(header("authorization", "Bearer token-1"))
        .and(query_param_is_missing("cursor"))
        .respond_with(page(json!([1, 2]), json!("two")))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(query_param("cursor", "two"))
        .respond_with(page(json!([3]), Value::Null))
        .expect(1)
        .mount(&server)
        .await;
    let items = session(&server, None).list(path(["models"]), Vec::new(), 100).await.unwrap();
    assert_eq!(items, [json!(1), json!(2), json!(3)]);
}

#[tokio::test]
async fn names_in_a_path_are_escaped() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(&server)
        .await;
    session(&server, None).get(path(["models", "openai/gpt 4o", "realms"])).await.unwrap();
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen[0].url.path(), "/api/models/openai%2Fgpt%204o/realms");
}

#[tokio::test]
async fn a_problem_document_decides_the_exit_code() {
    let server = MockServer::start().await;
    let problem =
        json!({ "status": 409, "code": "slug-taken", "detail": "there is one already", "requestId": "r-1" });
    Mock::given(method("POST"))
        .and(header_exists("idempotency-key"))
        .respond_with(ResponseTemplate::new(409).set_body_json(problem))
        .mount(&server)
        .await;
    let failure = session(&server, None).write(Method::POST, path(["realms"]), None).await.unwrap_err();
    assert_eq!(failure.exit_code(), 5);
    assert!(failure.to_string().contains("slug-taken") && failure.to_string().contains("r-1"), "{failure}");
}

#[tokio::test]
async fn waiting_asks_the_control_plane_to_hold_its_answer_and_looks_at_the_receipt() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(header("prefer", "wait=60"))
        .respond_with(
            ResponseTemplate::new(201).insert_header("x-reeve-revision", "7").set_body_json(json!({})),
        )
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(at("/api/changes/7")).respond_with(receipt("pending")).up_to_n_times(2).mount(&server).await;
    Mock::given(at("/api/changes/7")).respond_with(receipt("converged")).mount(&server).await;
    let s = session(&server, Some(90));
    let reply = s.write(Method::POST, path(["realms"]), None).await.unwrap();
    s.settle(reply.revision.into_iter().collect()).await.unwrap();
}

#[tokio::test]
async fn what_does_not_converge_is_code_6_and_says_who_is_in_the_way() {
    let server = MockServer::start().await;
    Mock::given(at("/api/changes/7")).respond_with(receipt("failed")).mount(&server).await;
    let began = Instant::now();
    let failure = session(&server, Some(90)).settle(vec![7]).await.unwrap_err();
    assert!(began.elapsed().as_secs() < 60, "what was given up is not waited for");
    assert_eq!(failure.exit_code(), 6);
    let text = failure.to_string();
    assert!(
        text.contains("proxy eu") && text.contains("it says no") && text.contains("agent demo"),
        "{text}"
    );
}

#[tokio::test]
async fn without_wait_nothing_is_asked_again() {
    let server = MockServer::start().await;
    session(&server, None).settle(vec![7]).await.unwrap();
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn where_nobody_listens_is_code_7() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}").parse().unwrap();
    let failure =
        Session::new(url, None, Some(Format::Json), None).unwrap().get(path(["realms"])).await.unwrap_err();
    assert_eq!(failure.exit_code(), 7);
    assert!(failure.to_string().contains("REEVE_URL"), "{failure}");
}
