//! Who may call which model: what keys, teams, blocks, expiries and routes let through, and which refusal comes
//! first. A probe (a chat request without `messages`) must tell a right from its absence and reach no upstream.

use serde_json::{Value, json};

use super::step::{
    By, Case, Step, case, chat, chat_body, get, key_info, list_models, model, new_key, new_model, new_team,
    post, probe, update_key, update_team,
};

/// A deployment that answers "hello" by itself.
fn mock(name: &str) -> Step {
    post("/model/new", model(name, &json!({ "model": "openai/fake-model", "mock_response": "hello" })))
}

fn blocks(path: &str, body: Value) -> Step {
    post(path, body)
}

pub(super) fn cases() -> Vec<Case> {
    [keys(), teams(), refusals(), routes(), calls()].into_iter().flatten().collect()
}

fn keys() -> Vec<Case> {
    vec![
        case(
            "a key may call what its list names, and nothing else",
            [
                new_model("a"),
                mock("b"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                chat("k", "a").says("pong"),
                probe("k", "a").allowed(),
                chat("k", "b").key_refused(),
                probe("k", "b").key_refused(),
                probe("k", "nowhere").key_refused(),
                list_models("k").lists(&["a"]),
            ],
        ),
        case(
            "a change of the list takes effect at once where it was made",
            [
                mock("a"),
                mock("b"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                probe("k", "a").allowed(),
                update_key("k", json!({ "models": ["{run}-b"] })),
                probe("k", "a").key_refused(),
                chat("k", "b").says("hello"),
                update_key("k", json!({ "models": ["no-default-models"] })),
                probe("k", "b").key_refused(),
                list_models("k").lists(&[]),
            ],
        ),
        case(
            "an empty list is every model",
            [
                mock("a"),
                new_key("k", json!({ "models": [] })),
                probe("k", "a").allowed(),
                chat("k", "a").says("hello"),
                chat("k", "nowhere").error(400, "invalid_request_error", "Invalid model name passed in"),
            ],
        ),
        case(
            "no-default-models is no model",
            [
                mock("a"),
                new_key("k", json!({ "models": ["no-default-models"] })),
                chat("k", "a").key_refused(),
                probe("k", "a").key_refused(),
                list_models("k").lists(&[]),
            ],
        ),
        case(
            "stars and special words are wide",
            [
                mock("a"),
                new_key("all", json!({ "models": ["*"] })),
                probe("all", "a").allowed(),
                list_models("all").lists(&[]),
                new_key("proxy", json!({ "models": ["all-proxy-models"] })),
                probe("proxy", "a").allowed(),
                new_key("star", json!({ "models": ["{run}-*"] })),
                probe("star", "a").allowed(),
                list_models("star").lists(&[]),
                new_key("other", json!({ "models": ["openai/*"] })),
                probe("other", "a").key_refused(),
            ],
        ),
        case(
            "the list of models shows names that no deployment has",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a", "{run}-nowhere"] })),
                list_models("k").lists(&["a", "nowhere"]),
            ],
        ),
        case(
            "a deployment that is gone is an unknown name",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                chat("k", "a").says("hello"),
                post("/model/delete", json!({ "id": "{run}-a" })),
                chat("k", "a").error(
                    400,
                    "invalid_request_error",
                    "Invalid model name passed in model={run}-a",
                ),
            ],
        ),
    ]
}

fn teams() -> Vec<Case> {
    vec![
        case(
            "under a team both lists must allow",
            [
                mock("a"),
                mock("b"),
                new_team("t", json!({ "models": ["{run}-a"] })),
                new_key("k", json!({ "models": ["{run}-a", "{run}-b"], "team_id": "{run}-t" })),
                chat("k", "a").says("hello"),
                chat("k", "b").team_refused(),
                probe("k", "b").team_refused(),
                probe("k", "nowhere").key_refused(),
                // The list shows the key's models, not the team's.
                list_models("k").lists(&["a", "b"]),
            ],
        ),
        case(
            "a key without a list has the team's",
            [
                mock("a"),
                mock("b"),
                new_team("t", json!({ "models": ["{run}-a"] })),
                new_key("none", json!({ "models": [], "team_id": "{run}-t" })),
                chat("none", "a").says("hello"),
                chat("none", "b").team_refused(),
                list_models("none").lists(&["a"]),
                new_key("word", json!({ "models": ["all-team-models"], "team_id": "{run}-t" })),
                probe("word", "a").allowed(),
                probe("word", "b").team_refused(),
                list_models("word").lists(&["a"]),
            ],
        ),
        case(
            "a team without a list allows what the key does",
            [
                mock("a"),
                mock("b"),
                new_team("t", json!({ "models": [] })),
                new_key("k", json!({ "models": ["{run}-a"], "team_id": "{run}-t" })),
                probe("k", "a").allowed(),
                probe("k", "b").key_refused(),
            ],
        ),
        case(
            "a team of no-default-models refuses everything",
            [
                mock("a"),
                new_team("t", json!({ "models": ["{run}-a"] })),
                new_key("k", json!({ "models": ["{run}-a"], "team_id": "{run}-t" })),
                probe("k", "a").allowed(),
                update_team("t", json!({ "models": ["no-default-models"] })),
                probe("k", "a").team_refused(),
                list_models("k").lists(&["a"]),
                update_team("t", json!({ "models": ["{run}-a"] })),
                probe("k", "a").allowed(),
            ],
        ),
        case(
            "a key of a team that is not there can do nothing",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a"], "team_id": "{run}-ghost" })),
                probe("k", "a").error(404, "auth_error", "Team doesn't exist in db"),
                list_models("k").error(404, "auth_error", "Team doesn't exist in db"),
            ],
        ),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        case(
            "a blocked key is refused before all else",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                probe("k", "a").allowed(),
                blocks("/key/block", json!({ "key": "{hash:k}" })),
                probe("k", "a").error(401, "auth_error", "Key is blocked"),
                probe("k", "b").error(401, "auth_error", "Key is blocked"),
                list_models("k").error(401, "auth_error", "Key is blocked"),
                blocks("/key/unblock", json!({ "key": "{hash:k}" })),
                probe("k", "a").allowed(),
            ],
        ),
        case(
            "a blocked team is refused after the key's own list",
            [
                mock("a"),
                mock("b"),
                new_team("t", json!({ "models": ["{run}-a"] })),
                new_key("k", json!({ "models": ["{run}-a", "{run}-b"], "team_id": "{run}-t" })),
                blocks("/team/block", json!({ "team_id": "{run}-t" })),
                probe("k", "a").error(401, "auth_error", "Team={run}-t is blocked"),
                probe("k", "b").error(401, "auth_error", "Team={run}-t is blocked"),
                probe("k", "nowhere").key_refused(),
                list_models("k").error(401, "auth_error", "Team={run}-t is blocked"),
                blocks("/team/unblock", json!({ "team_id": "{run}-t" })),
                probe("k", "a").allowed(),
            ],
        ),
        case(
            "a deleted key is unknown",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                probe("k", "a").allowed(),
                post("/key/delete", json!({ "keys": ["{hash:k}"] })),
                probe("k", "a").error(401, "token_not_found_in_db", "Invalid API key"),
            ],
        ),
        case(
            "an expired key is refused after its list",
            [
                mock("a"),
                new_key("k", json!({ "models": ["{run}-a"], "duration": "1s" })),
                probe("k", "a").error(401, "expired_key", "Expired Key").eventually(),
                probe("k", "b").key_refused(),
                list_models("k").error(401, "expired_key", "Expired Key"),
                key_info("k").is(200, json!({ "info": { "status": "expired" } })),
                update_key("k", json!({ "duration": "1h" })),
                probe("k", "a").allowed(),
            ],
        ),
    ]
}

fn routes() -> Vec<Case> {
    let refused = |path: &str| {
        json!(format!(
            "~Virtual key is not allowed to call this route. Only allowed to call routes: ['/v1/chat/completions', '/v1/models']. Tried to call route: {path}"
        ))
    };
    let embed = |model: &str| json!({ "model": format!("{{run}}-{model}"), "input": "x" });
    vec![
        case(
            "a key calls only its routes, and its list is asked first",
            [
                mock("a"),
                new_key(
                    "k",
                    json!({ "models": ["{run}-a"], "allowed_routes": ["/v1/chat/completions", "/v1/models"] }),
                ),
                chat("k", "a").says("hello"),
                list_models("k").lists(&["a"]),
                post("/chat/completions", chat_body("a"))
                    .by(By::Key("k"))
                    .detail(403, refused("/chat/completions")),
                post("/v1/embeddings", embed("a")).by(By::Key("k")).detail(403, refused("/v1/embeddings")),
                post("/v1/embeddings", embed("b")).by(By::Key("k")).key_refused(),
                get("/key/info").by(By::Key("k")).detail(403, refused("/key/info")),
                get("/model/info").by(By::Key("k")).detail(403, refused("/model/info")),
                post("/key/generate", json!({})).by(By::Key("k")).detail(403, refused("/key/generate")),
                post("/v1/responses", embed("a")).by(By::Key("k")).detail(403, refused("/v1/responses")),
            ],
        ),
        case(
            "routes may be patterns and groups",
            [
                mock("a"),
                new_key("star", json!({ "models": ["{run}-a"], "allowed_routes": ["/v1/*"] })),
                probe("star", "a").allowed(),
                new_key("group", json!({ "models": ["{run}-a"], "allowed_routes": ["llm_api_routes"] })),
                probe("group", "a").allowed(),
                list_models("group").lists(&["a"]),
                get("/key/info")
                    .by(By::Key("group"))
                    .is(403, json!({ "detail": "~not allowed to call this route" })),
            ],
        ),
        case(
            "a route's refusal comes after the budget and before the team's block",
            [
                mock("a"),
                new_key(
                    "poor",
                    json!({ "models": ["{run}-a"], "max_budget": 0, "allowed_routes": ["/v1/models"] }),
                ),
                chat("poor", "a").error(422, "budget_exceeded", "Budget has been exceeded!"),
                new_team("t", json!({ "models": ["{run}-a"], "blocked": true })),
                new_key(
                    "k",
                    json!({ "models": ["{run}-a"], "team_id": "{run}-t", "allowed_routes": ["/v1/models"] }),
                ),
                chat("k", "a").is(403, json!({ "detail": "~not allowed to call this route" })),
                list_models("k").error(401, "auth_error", "is blocked"),
            ],
        ),
        case(
            "the model in the query string gets around the key's list",
            [
                // BerriAI/litellm#41810: the body's model is checked, the query's is called.
                new_model("a"),
                mock("b"),
                new_key("k", json!({ "models": ["{run}-a"] })),
                chat("k", "b").key_refused(),
                post("/v1/chat/completions?model={run}-b", chat_body("a")).by(By::Key("k")).is(
                    200,
                    json!({ "model": "{run}-a", "choices": [{ "message": { "content": "hello" } }] }),
                ),
                post("/v1/chat/completions?model={run}-b", json!({ "messages": [] }))
                    .by(By::Key("k"))
                    .key_refused(),
            ],
        ),
    ]
}

fn calls() -> Vec<Case> {
    let input = |model: &str| json!({ "model": format!("{{run}}-{model}"), "input": "x" });
    vec![
        case("chat answers under the public name", [
            new_model("a"),
            new_key("k", json!({ "models": ["{run}-a"] })),
            chat("k", "a").is(
                200,
                json!({
                    "object": "chat.completion", "model": "{run}-a", "id": "*",
                    "choices": [{ "index": 0, "finish_reason": "stop", "message": { "content": "pong" } }],
                    "usage": { "prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30 },
                }),
            ),
            post("/chat/completions", chat_body("a")).by(By::Key("k")).says("pong"),
            post("/v1/chat/completions", json!({ "messages": [] })).by(By::Key("k")).error(
                400,
                "invalid_request_error",
                "Invalid model name passed in model=None",
            ),
        ]),
        case("a stream is server-sent events that end", [
            mock("a"),
            new_key("k", json!({ "models": ["{run}-a"] })),
            post(
                "/v1/chat/completions",
                json!({ "model": "{run}-a", "stream": true, "messages": [{ "role": "user", "content": "x" }] }),
            )
            .by(By::Key("k"))
            .is(200, json!("~data: [DONE]")),
            post("/v1/chat/completions", json!({ "model": "{run}-b", "stream": true }))
                .by(By::Key("k"))
                .key_refused(),
        ]),
        case("embeddings follow the same rights", [
            new_model("a"),
            new_key("k", json!({ "models": ["{run}-a"] })),
            post("/v1/embeddings", input("a"))
                .by(By::Key("k"))
                .is(200, json!({ "object": "list", "data": [{ "object": "embedding", "index": 0 }] })),
            post("/embeddings", input("b")).by(By::Key("k")).key_refused(),
            post("/v1/embeddings", json!({ "model": "{run}-a" })).by(By::Key("k")).error(
                400,
                "invalid_request_error",
                "Missing required parameter: 'input'",
            ),
        ]),
        case("OpenAI's responses and completions follow the same rights", [
            mock("a"),
            new_key("k", json!({ "models": ["{run}-a"] })),
            post("/v1/responses", input("a")).by(By::Key("k")).is(200, json!({ "object": "response", "id": "*" })),
            post("/v1/responses", input("b")).by(By::Key("k")).key_refused(),
            post("/v1/responses", json!({ "model": "{run}-b" })).by(By::Key("k")).key_refused(),
            post("/responses", json!({ "model": "{run}-a" })).by(By::Key("k")).error(
                400,
                "invalid_request_error",
                "Missing required parameter: 'input'",
            ),
            post("/v1/completions", json!({ "model": "{run}-a", "prompt": "x" }))
                .by(By::Key("k"))
                .is(200, json!({ "object": "text_completion", "choices": [{ "text": "hello" }] })),
            post("/v1/completions", json!({ "model": "{run}-b", "prompt": "x" })).by(By::Key("k")).key_refused(),
        ]),
        case("Anthropic's messages follow the same rights, and say no in their own shape after them", [
            mock("a"),
            new_key("k", json!({ "models": ["{run}-a"] })),
            post("/v1/messages", chat_body("a")).by(By::Key("k")).is(
                200,
                json!({
                    "type": "message", "role": "assistant", "model": "{run}-a", "stop_reason": "end_turn",
                    "content": [{ "type": "text", "text": "hello" }],
                }),
            ),
            post("/v1/messages", chat_body("b")).by(By::Key("k")).key_refused(),
            post("/v1/messages/count_tokens", chat_body("b")).by(By::Key("k")).key_refused(),
            post("/v1/messages", json!({ "model": "{run}-a" })).by(By::Key("k")).is(
                400,
                json!({
                    "type": "error",
                    "error": { "type": "invalid_request_error", "message": "~Missing required parameter: 'messages'" },
                }),
            ),
        ]),
        case("a dead upstream is a 500, and a probe does not notice", [
            post(
                "/model/new",
                model("a", &json!({ "model": "openai/x", "api_base": "http://127.0.0.1:9/v1", "api_key": "sk-x" })),
            ),
            new_key("k", json!({ "models": ["{run}-a"] })),
            probe("k", "a").allowed(),
            chat("k", "a").error(500, "internal_server_error", "Connection error."),
            probe("k", "a").allowed(),
        ]),
    ]
}
