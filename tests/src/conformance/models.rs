//! `/model/*`, `/v2/model/info`, `/v1/models`.

use serde_json::{Value, json};

use super::step::{Case, Step, case, get, model, new_model, patch, post};

/// `litellm_params` of a deployment that answers by itself.
fn mock() -> Value {
    json!({ "model": "openai/fake-model", "mock_response": "hello" })
}

fn info(name: &str) -> Step {
    get(&format!("/model/info?litellm_model_id={{run}}-{name}"))
}

fn update(name: &str, body: Value) -> Step {
    patch(&format!("/model/{{run}}-{name}/update"), body)
}

fn one(model: Value) -> Value {
    json!({ "data": [model] })
}

fn gone(name: &str) -> Step {
    let message = format!("~{{run}}-{name} not found on litellm proxy");
    info(name).detail(400, json!({ "error": message }))
}

pub(super) fn cases() -> Vec<Case> {
    [writes(), merges(), reads()].into_iter().flatten().collect()
}

fn writes() -> Vec<Case> {
    vec![
        case("a model is created under our id and read back without its secret", [
            post(
                "/model/new",
                json!({
                    "model_name": "{run}-a",
                    "litellm_params": {
                        "model": "openai/fake-model", "api_base": "{upstream}", "api_key": "sk-provider-secret",
                        "input_cost_per_token": 0.001, "output_cost_per_token": 0.002, "weight": 2, "order": 1,
                    },
                    "model_info": {
                        "id": "{run}-a",
                        "reeve": { "owner": "o", "id": "i", "generation": 3, "hash": "h" },
                    },
                }),
            )
            .is(
                200,
                json!({
                    "model_id": "{run}-a", "model_name": "{run}-a", "blocked": false,
                    "litellm_params": { "model": "*", "api_key": "*", "api_base": "*", "weight": 2 },
                    "model_info": { "id": "{run}-a", "db_model": false, "reeve": { "generation": 3 } },
                }),
            ),
            info("a").is(
                200,
                one(json!({
                    "model_name": "{run}-a",
                    "litellm_params": {
                        "model": "openai/fake-model", "api_base": "{upstream}", "api_key": "<absent>",
                        "input_cost_per_token": 0.001, "output_cost_per_token": 0.002, "weight": 2, "order": 1,
                        "use_in_pass_through": false,
                    },
                    "model_info": {
                        "id": "{run}-a", "db_model": true, "blocked": false,
                        "reeve": { "owner": "o", "id": "i", "generation": 3, "hash": "h" },
                    },
                })),
            ),
        ]),
        case("a repeated id is a 500 and changes nothing", [
            post("/model/new", model("a", &mock())),
            post("/model/new", model("a", &json!({ "model": "openai/other" }))).error(
                500,
                "internal_server_error",
                "{'error': 'Failed to add model to db.",
            ),
            info("a").is(200, one(json!({ "litellm_params": { "model": "openai/fake-model" } }))),
        ]),
        case("without an id, a repeat is a second deployment", [
            post("/model/new", json!({ "model_name": "{run}-a", "litellm_params": mock() }))
                .is(200, json!({ "model_id": "*" })),
            post("/model/new", json!({ "model_name": "{run}-a", "litellm_params": mock() }))
                .is(200, json!({ "model_id": "*" })),
            get("/v2/model/info?model={run}-a").is(200, json!({ "total_count": 2 })),
            get("/v2/model/info?search={run}-a").is(200, json!({ "total_count": 2 })),
        ]),
        case("a number as id becomes text", [
            post(
                "/model/new",
                json!({ "model_name": "{run}-a", "litellm_params": mock(), "model_info": { "id": 4_711_471 } }),
            )
            .is(200, json!({ "model_id": "4711471" })),
            get("/model/info?litellm_model_id=4711471").is(200, one(json!({ "model_name": "{run}-a" }))),
            post("/model/delete", json!({ "id": "4711471" })),
        ]),
        case("an unknown provider is a 500, saved, and not served", [
            post("/model/new", model("a", &json!({ "model": "fake-model" }))).error(
                500,
                "internal_server_error",
                "saved to the database",
            ),
            gone("a"),
            get("/v2/model/info?modelId={run}-a")
                .is(200, json!({ "total_count": 1, "data": [{ "model_name": "{run}-a" }] })),
            post("/model/delete", json!({ "id": "{run}-a" })),
        ]),
        case("deleting twice is a 400", [
            post("/model/new", model("a", &mock())),
            post("/model/delete", json!({ "id": "{run}-a" }))
                .is(200, json!({ "message": "Model: {run}-a deleted successfully" })),
            post("/model/delete", json!({ "id": "{run}-a" })).error(
                400,
                "invalid_request_error",
                "{'error': 'Model with id={run}-a not found in db'}",
            ),
            gone("a"),
            get("/v2/model/info?modelId={run}-a")
                .is(200, json!({ "data": [], "total_count": 0, "total_pages": 0 })),
        ]),
        case("what is missing is refused, each in its own way", [
            post("/model/new", json!({ "model_name": "{run}-a" })).is(
                500,
                json!({ "error": { "type": "internal_server_error", "message": "Internal server error" } }),
            ),
            post("/model/new", json!({ "litellm_params": mock() })).is(
                500,
                json!({ "error": { "type": "internal_server_error", "message": "Internal server error" } }),
            ),
            post("/model/new", json!({ "model_name": "{run}-a", "litellm_params": {} }))
                .invalid("missing", &["body", "litellm_params", "model"]),
            post("/model/delete", json!({})).invalid("missing", &["body", "id"]),
            post(
                "/model/new",
                json!({
                    "model_name": "{run}-a", "litellm_params": mock(), "model_info": { "team_id": "{run}-nope" },
                }),
            )
            .error(400, "invalid_request_error", "does not exist in db"),
        ]),
    ]
}

fn merges() -> Vec<Case> {
    vec![
        case(
            "a patch merges; null changes nothing; model_info is replaced field by field",
            [
                post(
                    "/model/new",
                    json!({
                        "model_name": "{run}-a",
                        "litellm_params": { "model": "openai/fake-model", "api_key": "sk-provider-secret", "rpm": 5, "weight": 2 },
                        "model_info": { "id": "{run}-a", "other": 1, "reeve": { "owner": "o", "generation": 1 } },
                    }),
                ),
                update(
                    "a",
                    json!({
                        "litellm_params": { "weight": 3, "rpm": null },
                        "model_info": { "id": "{run}-a", "reeve": { "generation": 2 } },
                    }),
                )
                .is(200, json!({ "model_id": "{run}-a", "model_info": { "id": "{run}-a" } })),
                info("a").is(
                    200,
                    one(json!({
                        "model_name": "{run}-a",
                        "litellm_params": { "model": "openai/fake-model", "rpm": 5, "weight": 3 },
                        "model_info": {
                            "id": "{run}-a", "other": 1, "reeve": { "owner": "<absent>", "generation": 2 },
                        },
                    })),
                ),
            ],
        ),
        case(
            "a patch cannot change the id, and renames",
            [
                post("/model/new", model("a", &mock())),
                update("a", json!({ "model_name": "{run}-b", "model_info": { "id": "{run}-other" } }))
                    .is(200, json!({ "model_id": "{run}-a", "model_name": "{run}-b" })),
                info("a").is(200, one(json!({ "model_name": "{run}-b", "model_info": { "id": "{run}-a" } }))),
                gone("other"),
            ],
        ),
        case(
            "parameters are removed by name; prices by null",
            [
                post(
                    "/model/new",
                    model(
                        "a",
                        &json!({
                            "model": "openai/fake-model", "rpm": 5, "tags": ["x"], "input_cost_per_token": 0.1,
                        }),
                    ),
                ),
                update("a", json!({ "litellm_params_to_remove": ["rpm", "tags", "nope"] })),
                update("a", json!({ "litellm_params": { "input_cost_per_token": null } })),
                info("a").is(
                    200,
                    one(json!({
                        "litellm_params": {
                            "model": "openai/fake-model", "rpm": "<absent>", "tags": "<absent>",
                            "input_cost_per_token": "<absent>",
                        },
                    })),
                ),
                update("a", json!({ "litellm_params": { "rpm": 9 }, "litellm_params_to_remove": ["rpm"] }))
                    .invalid("value_error", &["body"]),
                update("a", json!({ "litellm_params_to_remove": ["model"] }))
                    .invalid("value_error", &["body"]),
                update("a", json!({ "litellm_params": "x" }))
                    .invalid("model_attributes_type", &["body", "litellm_params"]),
                update("a", json!({})),
            ],
        ),
        case(
            "patching what is not there is a 404",
            [update("a", json!({ "litellm_params": { "rpm": 1 } })).error(
                404,
                "not_found_error",
                "Model {run}-a not found on proxy.",
            )],
        ),
    ]
}

fn reads() -> Vec<Case> {
    vec![
        case("secret-looking parameters are removed or masked", [
            post(
                "/model/new",
                model(
                    "a",
                    &json!({
                        "model": "openai/fake-model", "api_key": "sk-provider-secret", "client_secret": "abcdefghijkl",
                        "aws_secret_access_key": "abcdefghijkl", "azure_ad_token": "abcdefghijkl", "api_version": "2024",
                        "organization": "org", "my_custom": { "a": { "b": 1 } },
                        "extra_headers": { "Authorization": "Bearer abcdefgh", "X-A": "b" },
                    }),
                ),
            ),
            info("a").is(
                200,
                one(json!({
                    "litellm_params": {
                        "api_key": "<absent>", "client_secret": "<absent>", "aws_secret_access_key": "<absent>",
                        "azure_ad_token": "abcd****ijkl", "api_version": "2024", "organization": "org",
                        "my_custom": { "a": { "b": 1 } },
                        "extra_headers": { "Authorization": "Bear*******efgh", "X-A": "b" },
                    },
                })),
            ),
        ]),
        case("the paged list filters, counts and ends", [
            new_model("a"),
            new_model("b"),
            get("/v2/model/info?search={run}-&size=1&page=2").is(
                200,
                json!({ "total_count": 2, "current_page": 2, "total_pages": 2, "size": 1, "data": [{ "model_name": "*" }] }),
            ),
            get("/v2/model/info?search={run}-&size=1&page=3")
                .is(200, json!({ "data": [], "total_count": 2, "current_page": 3 })),
            get("/v2/model/info?modelId={run}-b")
                .is(200, json!({ "data": [{ "model_info": { "id": "{run}-b", "db_model": true } }] })),
            get("/v2/model/info?size=0").invalid("greater_than_equal", &["query", "size"]),
            get("/v2/model/info?page=0").invalid("greater_than_equal", &["query", "page"]),
            get("/v2/model/info?modelId={run}-a&size=1000").is(200, json!({ "size": 1000 })),
        ]),
    ]
}
