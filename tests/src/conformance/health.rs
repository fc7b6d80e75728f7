//! Liveness, readiness, version, licence, and calls that lead nowhere.

use serde_json::{Value, json};

use super::step::{By, Case, Step, case, get, new_key, new_model, post};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "liveness and readiness need no key",
            [
                get("/health/liveliness").by(By::Nobody).is(200, json!("I'm alive!")),
                get("/health/liveness").by(By::Nobody).is(200, json!("I'm alive!")),
                get("/health/readiness").by(By::Nobody).is(
                    200,
                    json!({ "status": "healthy", "db": "connected", "litellm_version": "<absent>" }),
                ),
            ],
        ),
        case(
            "the version and the licence are told to the admin",
            [
                get("/health/readiness/details")
                    .is(200, json!({ "status": "healthy", "db": "connected", "litellm_version": "~1." })),
                get("/health/license").is(
                    200,
                    json!({
                        "has_license": false, "license_type": "community", "expiration_date": null,
                        "allowed_features": [], "limits": { "max_users": null, "max_teams": null },
                    }),
                ),
            ],
        ),
        case(
            "unknown routes and methods are refused without a look at the key",
            [
                get("/no/such/route").detail(404, json!("Not Found")),
                get("/no/such/route").by(By::Nobody).detail(404, json!("Not Found")),
                get("/model/new").detail(405, json!("Method Not Allowed")),
            ],
        ),
        case(
            "a missing, malformed or unknown key is a 401 that says which",
            [
                get("/v1/models").by(By::Nobody).error(401, "auth_error", "No api key passed in"),
                get("/key/list").by(By::Nobody).error(401, "auth_error", "No api key passed in"),
                get("/v1/models").by(By::Token("abc")).error(
                    401,
                    "auth_error",
                    "expected to start with 'sk-'",
                ),
                get("/v1/models").by(By::Key("never")).is(
                    401,
                    json!({ "error": { "type": "token_not_found_in_db", "param": "key", "code": "401" } }),
                ),
                post("/key/generate", json!({})).by(By::Key("never")).error(
                    401,
                    "token_not_found_in_db",
                    "Invalid API key",
                ),
            ],
        ),
        case(
            "a provider is tried out with what is sent, put over the deployment of that id",
            [
                new_model("tried"),
                trial(json!({ "model": "openai/fake-model", "api_base": "{upstream}", "api_key": "sk-new" }))
                    .is(200, json!({ "status": "success" })),
                trial(json!({ "model": "openai/fake-model", "api_base": DEAD, "api_key": "sk-new" }))
                    .is(200, json!({ "status": "error", "result": { "error": "~Connection error" } })),
                new_key("tries", json!({})),
                trial(json!({ "model": "openai/fake-model", "api_base": DEAD }))
                    .by(By::Key("tries"))
                    .detail(403, json!({ "error": "~User does not have permission" })),
            ],
        ),
    ]
}

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9/v1";

fn trial(params: Value) -> Step {
    let body = json!({ "litellm_params": params, "model_info": { "id": "{run}-tried" } });
    post("/health/test_connection", body)
}
