//! `/credentials`, and deployments that refer to one.

use serde_json::{Value, json};

use super::step::{Case, Step, case, chat, delete, get, model, new_key, patch, post};

fn new(name: &str) -> Step {
    post(
        "/credentials",
        json!({
            "credential_name": format!("{{run}}.{name}"),
            "credential_values": { "api_key": "sk-abcdefghijkl", "api_base": "{upstream}" },
            "credential_info": { "custom_llm_provider": "openai", "reeve": { "owner": "o", "generation": 1 } },
        }),
    )
}

fn read(name: &str) -> Step {
    get(&format!("/credentials/by_name/{{run}}.{name}"))
}

fn change(name: &str, body: Value) -> Step {
    patch(&format!("/credentials/{{run}}.{name}"), body)
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("a credential is created, read back masked, and deleted once", [
            new("a").is(200, json!({ "success": true, "message": "Credential created successfully" })),
            read("a").is(
                200,
                json!({
                    "credential_name": "{run}.a", "source": "db",
                    "credential_values": { "api_key": "sk****kl", "api_base": "{upstream}" },
                    "credential_info": { "custom_llm_provider": "openai", "reeve": { "owner": "o", "generation": 1 } },
                }),
            ),
            new("a").error(409, "invalid_request_error", "already exists"),
            delete("/credentials/{run}.a").is(200, json!({ "success": true })),
            delete("/credentials/{run}.a").error(404, "invalid_request_error", "Credential not found"),
            read("a").error(404, "invalid_request_error", "Credential not found"),
        ]),
        case("values are merged by a patch, which needs the info", [
            new("a"),
            change("a", json!({ "credential_values": { "api_key": "sk-zzzzzzzzzzzz" } }))
                .invalid("missing", &["body", "credential_info"]),
            change(
                "a",
                json!({
                    "credential_values": { "api_key": "sk-zzzzzzzzzzzz" },
                    "credential_info": { "custom_llm_provider": "openai", "reeve": { "owner": "o", "generation": 2 } },
                }),
            )
            .is(200, json!({ "success": true, "message": "Credential updated successfully" })),
            read("a").is(
                200,
                json!({
                    "credential_values": { "api_key": "sk****zz", "api_base": "{upstream}" },
                    "credential_info": { "custom_llm_provider": "openai", "reeve": { "generation": 2 } },
                }),
            ),
        ]),
        case("what a credential lacks is refused", [
            post("/credentials", json!({ "credential_name": "{run}.a", "credential_values": { "api_key": "x" } }))
                .invalid("missing", &["body", "credential_info"]),
            post("/credentials", json!({ "credential_name": "{run}.a", "credential_info": {} }))
                .invalid("value_error", &["body"]),
            change("a", json!({ "credential_info": {} })).error(
                404,
                "invalid_request_error",
                "Credential not found in DB",
            ),
        ]),
        case("its name cannot be changed", [
            new("a"),
            change("a", json!({ "credential_name": "{run}.b", "credential_info": {} })).error(
                400,
                "validation_error",
                "credential_name is immutable",
            ),
        ]),
        case("a deployment may take its upstream and key from a credential", [
            new("a"),
            post(
                "/model/new",
                model("m", &json!({ "model": "openai/fake-model", "litellm_credential_name": "{run}.a" })),
            ),
            get("/model/info?litellm_model_id={run}-m").is(
                200,
                json!({ "data": [{ "litellm_params": { "litellm_credential_name": "{run}.a", "api_base": "<absent>" } }] }),
            ),
            new_key("k", json!({ "models": ["{run}-m"] })),
            chat("k", "m").says("pong"),
            delete("/credentials/{run}.a").is(200, json!({ "success": true })),
        ]),
        case("a credential that is not there is accepted", [
            post(
                "/model/new",
                model("m", &json!({ "model": "openai/fake-model", "litellm_credential_name": "{run}.nope" })),
            )
            .is(200, json!({ "model_id": "{run}-m" })),
        ]),
    ]
}
