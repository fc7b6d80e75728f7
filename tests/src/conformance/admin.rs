//! What a virtual key meets on the admin's routes: refused, but not with one status.

use serde_json::json;

use super::step::{By, Case, Step, case, get, list_models, new_key, new_model, patch, post};

const BY: By = By::Key("k");

impl Step {
    fn not_admin(self) -> Self {
        self.by(BY).error(401, "auth_error", "Only proxy admin can be used to generate")
    }
}

pub(super) fn cases() -> Vec<Case> {
    let role = "User does not have permission to make this model call.";
    vec![
        case(
            "a key is not an admin",
            [
                new_key("k", json!({ "models": ["{run}-m"] })),
                list_models("k").lists(&["m"]),
                post("/key/generate", json!({})).not_admin(),
                post("/key/update", json!({ "key": "{hash:k}", "max_budget": 100 })).not_admin(),
                post("/key/block", json!({ "key": "{hash:k}" })).not_admin(),
                post("/key/delete", json!({ "keys": ["{hash:nope}"] })).not_admin(),
                post("/team/new", json!({})).not_admin(),
                get("/credentials").not_admin(),
                get("/credentials/by_name/x").not_admin(),
                get("/health/readiness/details").not_admin(),
                get("/health/license").not_admin(),
            ],
        ),
        case(
            "some routes say it differently",
            [
                new_model("m"),
                new_key("k", json!({ "models": ["{run}-m"] })),
                post("/model/new", json!({ "model_name": "x", "litellm_params": { "model": "openai/x" } }))
                    .by(BY)
                    .error(403, "auth_error", role),
                post("/model/delete", json!({ "id": "{run}-nope" })).by(BY).error(
                    400,
                    "invalid_request_error",
                    "not found in db",
                ),
                post("/model/delete", json!({ "id": "{run}-m" }))
                    .by(BY)
                    .is(403, json!({ "error": { "type": "auth_error" } })),
                patch("/model/{run}-m/update", json!({}))
                    .by(BY)
                    .detail(403, json!({ "error": format!("~{role}") })),
                get("/key/list").by(BY).error(403, "bad_request_error", "No 'user_id' is associated"),
                get("/v2/team/list")
                    .by(BY)
                    .detail(401, json!({ "error": "~Only admin users can query all teams" })),
                post("/team/update", json!({ "team_id": "{run}-t" })).by(BY).error(
                    403,
                    "auth_error",
                    "You do not have access to this team",
                ),
            ],
        ),
        case(
            "a key may look at itself",
            [
                new_key("k", json!({ "models": ["{run}-m"] })),
                get("/key/info")
                    .by(BY)
                    .is(200, json!({ "key": "{hash:k}", "info": { "models": ["{run}-m"] } })),
            ],
        ),
    ]
}
