//! `/key/*`.

use serde_json::{Value, json};

use super::step::{Case, Step, case, get, key_info, new_key, new_team, post, update_key};

fn info(fields: Value) -> Value {
    json!({ "info": fields })
}

fn delete(name: &str) -> Step {
    post("/key/delete", json!({ "keys": [format!("{{hash:{name}}}")] }))
}

fn of(path: &str, name: &str) -> Step {
    post(path, json!({ "key": format!("{{hash:{name}}}") }))
}

pub(super) fn cases() -> Vec<Case> {
    [creation(), changes(), ends(), reads()].into_iter().flatten().collect()
}

fn creation() -> Vec<Case> {
    vec![
        case("we choose the key; it is shown once and known by its hash", [
            new_key(
                "k",
                json!({
                    "key_alias": "reeve:{run}:realm:1", "models": ["{run}-m"], "max_budget": 3, "budget_duration": "1mo",
                    "duration": "30d", "metadata": { "reeve": { "owner": "o", "generation": 1 } },
                    "allowed_routes": ["/v1/chat/completions", "/v1/models"],
                }),
            )
            .is(
                200,
                json!({
                    "key": "{key:k}", "token": "{hash:k}", "token_id": "{hash:k}", "key_name": "sk-...6789",
                    "key_alias": "reeve:{run}:realm:1", "models": ["{run}-m"], "spend": 0.0, "max_budget": 3.0,
                    "budget_duration": "1mo", "expires": "~Z", "blocked": null, "created_by": "default_user_id",
                }),
            ),
            key_info("k").is(
                200,
                json!({
                    "key": "{hash:k}",
                    "info": {
                        "key_name": "sk-...6789", "key_alias": "reeve:{run}:realm:1", "models": ["{run}-m"],
                        "spend": 0.0, "max_budget": 3.0, "budget_duration": "1mo", "budget_reset_at": "~-01T00:00:00+00:00",
                        "expires": "~+00:00", "metadata": { "reeve": { "owner": "o", "generation": 1 } },
                        "allowed_routes": ["/v1/chat/completions", "/v1/models"], "team_id": null, "blocked": null,
                        "status": "active", "token": "<absent>",
                    },
                }),
            ),
            get("/key/info?key={key:k}").is(200, json!({ "key": "{key:k}", "info": { "status": "active" } })),
        ]),
        case("a known key value is a 200 with the new values, and nothing changes", [
            new_key("k", json!({ "models": ["{run}-m"], "max_budget": 1 })),
            new_key("k", json!({ "models": ["{run}-other"], "max_budget": 9, "key_alias": "{run}-alias" }))
                .is(200, json!({ "models": ["{run}-other"], "max_budget": 9.0, "token": "{hash:k}" })),
            key_info("k").is(200, info(json!({ "models": ["{run}-m"], "max_budget": 1.0, "key_alias": null }))),
        ]),
        case("an alias is of one key", [
            new_key("k", json!({ "key_alias": "{run}-alias" })),
            new_key("k", json!({ "key_alias": "{run}-alias" })).is(
                400,
                json!({ "error": { "type": "bad_request_error", "param": "key_alias", "code": "400" } }),
            ),
            new_key("l", json!({ "key_alias": "{run}-alias" })).error(
                400,
                "bad_request_error",
                "Key with alias '{run}-alias' already exists.",
            ),
            key_info("l").error(404, "not_found_error", "Key not found in database"),
            new_key("l", json!({ "key_alias": "a\tb" })).error(400, "bad_request_error", "Invalid key_alias"),
        ]),
        case("a key value has a form", [
            post("/key/generate", json!({ "key": "sk-short" })).error(
                400,
                "invalid_request_error",
                "at least 16 characters long",
            ),
            post("/key/generate", json!({ "key": "pk-{run}-0123456789" })).error(
                400,
                "invalid_request_error",
                "must start with 'sk-'",
            ),
        ]),
        case("bad values are refused", [
            new_key("k", json!({ "max_budget": -1 })).error(
                400,
                "invalid_request_error",
                "max_budget must be a non-negative finite number",
            ),
            new_key("k", json!({ "max_budget": "abc" })).invalid("float_parsing", &["body", "max_budget"]),
            new_key("k", json!({ "models": "abc" })).invalid("list_type", &["body", "models"]),
            new_key("k", json!({ "budget_duration": "1y" })).error(
                400,
                "invalid_request_error",
                "Invalid budget_duration '1y'",
            ),
            new_key("k", json!({ "duration": "3 fortnights" })).error(
                500,
                "internal_server_error",
                "Unsupported duration unit",
            ),
            new_key("k", json!({ "tags": ["a"] })).error(403, "auth_error", "LiteLLM Enterprise"),
            post("/key/generate", json!([1])).error(400, "invalid_request_error", "expected an object"),
            key_info("k").error(404, "not_found_error", "Key not found in database"),
        ]),
        case("unknown fields, models and teams are accepted", [
            new_key("k", json!({ "no_such_field": 1, "models": ["{run}-nope"], "team_id": "{run}-ghost" })).is(
                200,
                json!({ "no_such_field": "<absent>", "models": ["{run}-nope"], "team_id": "{run}-ghost" }),
            ),
        ]),
        case("spend may be brought along", [
            new_key("k", json!({ "spend": 1.5 })),
            key_info("k").is(200, info(json!({ "spend": 1.5 }))),
        ]),
    ]
}

fn changes() -> Vec<Case> {
    vec![
        case("a key moves only to a team that has its user and its models", [
            new_team("from", json!({ "models": ["{run}-a", "{run}-b"] })),
            new_team("to", json!({ "models": ["{run}-a"] })),
            new_key(
                "k",
                json!({ "models": ["{run}-a", "{run}-b"], "team_id": "{run}-from", "user_id": "{run}-user", "spend": 2.5 }),
            ),
            update_key("k", json!({ "team_id": "{run}-to", "models": ["{run}-a"] })).is(403, json!({})),
            key_info("k").is(200, info(json!({ "team_id": "{run}-from", "models": ["{run}-a", "{run}-b"] }))),
            update_key("k", json!({ "models": ["{run}-a"] })),
            update_key("k", json!({ "team_id": "{run}-to" })).error(403, "auth_error", "is not a member of the team"),
            update_key("k", json!({ "user_id": null })),
            update_key("k", json!({ "team_id": "{run}-to", "metadata": { "reeve": { "owner": "o" } } })),
            key_info("k").is(
                200,
                info(json!({
                    "team_id": "{run}-to", "models": ["{run}-a"], "user_id": null, "spend": 2.5,
                    "metadata": { "reeve": { "owner": "o" } },
                })),
            ),
        ]),
        case("an update merges, null clears, metadata is replaced", [
            new_key(
                "k",
                json!({
                    "key_alias": "{run}-alias", "models": ["{run}-m"], "max_budget": 3, "budget_duration": "7d",
                    "duration": "30d", "metadata": { "a": 1, "b": 2 },
                }),
            ),
            update_key("k", json!({ "models": ["{run}-n"], "metadata": { "a": 2 }, "spend": 1.5 })).is(
                200,
                json!({
                    "key": "{hash:k}", "token": "{hash:k}", "models": ["{run}-n"], "max_budget": 3.0,
                    "metadata": { "a": 2, "b": "<absent>" }, "spend": 1.5, "expires": "~+00:00",
                    "settings_updated_at": "*",
                }),
            ),
            update_key(
                "k",
                json!({ "max_budget": null, "budget_duration": null, "duration": null, "key_alias": null }),
            ),
            key_info("k").is(
                200,
                info(json!({
                    "models": ["{run}-n"], "max_budget": null, "budget_duration": null, "budget_reset_at": null,
                    "expires": null, "key_alias": null, "metadata": { "a": 2 },
                })),
            ),
            update_key("k", json!({ "duration": "1d" })).is(200, json!({ "expires": "~+00:00" })),
            update_key("k", json!({ "duration": "-1", "models": [] }))
                .is(200, json!({ "expires": null, "models": [] })),
        ]),
        case("a list cannot be cleared with null", [
            new_key("k", json!({ "models": ["{run}-m"] })),
            update_key("k", json!({ "models": null })).is(400, json!({ "error": { "code": "400" } })),
            key_info("k").is(200, info(json!({ "models": ["{run}-m"] }))),
        ]),
        case("a key may be named by its alias", [
            new_key("k", json!({ "key_alias": "{run}-alias" })),
            post("/key/update", json!({ "key_alias": "{run}-alias", "max_budget": 2 }))
                .is(200, json!({ "token": "{hash:k}", "max_budget": 2.0 })),
            post("/key/update", json!({ "key_alias": "{run}-nope", "max_budget": 2 })).is(
                404,
                json!({ "error": { "type": "not_found_error", "param": "key_alias", "code": "404" } }),
            ),
            post("/key/update", json!({ "max_budget": 2 })).invalid("value_error", &["body"]),
        ]),
        case("updates are refused for unknown keys, taken aliases, unknown teams and bad values", [
            update_key("k", json!({ "max_budget": 1 })).error(404, "not_found_error", "Key not found."),
            new_key("k", json!({})),
            new_key("l", json!({ "key_alias": "{run}-alias" })),
            update_key("k", json!({ "key_alias": "{run}-alias" })).error(
                400,
                "bad_request_error",
                "already exists",
            ),
            update_key("k", json!({ "team_id": "{run}-nope" })).error(
                404,
                "invalid_request_error",
                "Team doesn't exist in db",
            ),
            update_key("k", json!({ "budget_duration": "1y" })).error(
                400,
                "invalid_request_error",
                "Invalid budget_duration",
            ),
            update_key("k", json!({ "max_budget": -2 })).error(400, "invalid_request_error", "non-negative"),
            update_key("k", json!({ "duration": "5x" })).error(
                400,
                "invalid_request_error",
                "Unsupported duration unit",
            ),
        ]),
        case("a key moves into a team", [
            new_team("t", json!({})),
            new_key("k", json!({})),
            update_key("k", json!({ "team_id": "{run}-t" })).is(200, json!({ "team_id": "{run}-t" })),
        ]),
        case("block and unblock are idempotent", [
            new_key("k", json!({})),
            of("/key/block", "k").is(200, json!({ "token": "{hash:k}", "blocked": true })),
            of("/key/block", "k").is(200, json!({ "blocked": true })),
            key_info("k").is(200, info(json!({ "blocked": true, "status": "revoked" }))),
            get("/key/list?key_hash={hash:k}&status=revoked").is(200, json!({ "keys": ["{hash:k}"] })),
            get("/key/list?key_hash={hash:k}&status=active").is(200, json!({ "keys": [] })),
            of("/key/unblock", "k").is(200, json!({ "token": "{hash:k}", "blocked": false })),
            of("/key/unblock", "k").is(200, json!({ "blocked": false })),
            of("/key/block", "nope").error(404, "not_found_error", "Key not found."),
            post("/key/block", json!({})).invalid("missing", &["body", "key"]),
        ]),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        case(
            "a deleted key is still shown, and cannot be changed",
            [
                new_key("k", json!({ "key_alias": "{run}-alias", "models": ["{run}-m"] })),
                delete("k").is(200, json!({ "deleted_keys": ["{hash:k}"] })),
                key_info("k")
                    .is(200, info(json!({ "status": "deleted", "deleted_at": "*", "models": ["{run}-m"] }))),
                update_key("k", json!({ "max_budget": 1 })).error(404, "not_found_error", "Key not found."),
                delete("k").error(404, "invalid_request_error", "{'error': 'No keys found'}"),
                get("/key/list?status=deleted&key_hash={hash:k}").is(200, json!({ "keys": ["{hash:k}"] })),
                get("/key/list?key_hash={hash:k}").is(200, json!({ "keys": [], "total_count": 0 })),
            ],
        ),
        case(
            "a deleted key comes back with the same value, and its alias is free",
            [
                new_key("k", json!({ "key_alias": "{run}-alias", "models": ["{run}-m"] })),
                delete("k"),
                new_key("k", json!({ "key_alias": "{run}-alias", "models": ["{run}-n"] })),
                key_info("k").is(200, info(json!({ "status": "active", "models": ["{run}-n"] }))),
            ],
        ),
        case(
            "a delete echoes unknown keys as long as one is known",
            [
                new_key("k", json!({})),
                post("/key/delete", json!({ "keys": ["{hash:k}", "{hash:nope}"] }))
                    .is(200, json!({ "deleted_keys": ["{hash:k}", "{hash:nope}"] })),
                post("/key/delete", json!({})).invalid("value_error", &["body"]),
                post("/key/delete", json!({ "keys": [] })).invalid("value_error", &["body"]),
            ],
        ),
        case(
            "keys are deleted by alias",
            [
                new_key("k", json!({ "key_alias": "{run}-alias" })),
                post("/key/delete", json!({ "key_aliases": ["{run}-alias"] }))
                    .is(200, json!({ "deleted_keys": ["{run}-alias"] })),
                post("/key/delete", json!({ "key_aliases": ["{run}-alias"] })).error(
                    404,
                    "invalid_request_error",
                    "No keys found",
                ),
            ],
        ),
    ]
}

fn reads() -> Vec<Case> {
    vec![
        case("the list has hashes or whole keys, in pages of at most 100", [
            new_team("t", json!({})),
            new_key("k", json!({ "team_id": "{run}-t", "key_alias": "{run}-k" })),
            new_key(
                "l",
                json!({ "team_id": "{run}-t", "key_alias": "{run}-l", "metadata": { "reeve": { "owner": "o" } } }),
            ),
            get("/key/list?team_id={run}-t").is(
                200,
                json!({ "keys": ["{hash:l}", "{hash:k}"], "total_count": 2, "current_page": 1, "total_pages": 1 }),
            ),
            get("/key/list?team_id={run}-t&size=1&page=2")
                .is(200, json!({ "keys": ["{hash:k}"], "total_count": 2, "current_page": 2, "total_pages": 2 })),
            get("/key/list?return_full_object=true&include_team_keys=true&key_alias={run}-l&page=1&size=100").is(
                200,
                json!({
                    "keys": [{
                        "token": "{hash:l}", "key_alias": "{run}-l", "team_id": "{run}-t", "key_name": "sk-...6789",
                        "metadata": { "reeve": { "owner": "o" } }, "models": [], "blocked": null, "created_at": "~Z",
                        "key": "<absent>",
                    }],
                    "total_count": 1,
                }),
            ),
            get("/key/list?team_id={run}-nope").is(200, json!({ "keys": [], "total_count": 0, "total_pages": 0 })),
            get("/key/list?team_id={run}-t&page=9").is(200, json!({ "keys": [], "current_page": 9 })),
            get("/key/list?size=101").invalid("less_than_equal", &["query", "size"]),
            get("/key/list?size=0").invalid("greater_than_equal", &["query", "size"]),
            get("/key/list?page=0").invalid("greater_than_equal", &["query", "page"]),
            get("/key/list?status=bogus").error(400, "invalid_request_error", "Invalid status value"),
        ]),
        case("an unknown key is a 404", [
            get("/key/info?key={hash:nope}").is(
                404,
                json!({ "error": { "type": "not_found_error", "param": "key", "code": "404", "message": "Key not found in database" } }),
            ),
        ]),
    ]
}
