//! `/team/*`, `/v2/team/list`.

use serde_json::{Value, json};

use super::step::{
    Case, Step, case, chat, get, key_info, new_key, new_model, new_team, post, team_info, update_team,
};

fn info(fields: Value) -> Value {
    json!({ "team_info": fields })
}

fn of(path: &str, name: &str) -> Step {
    post(path, json!({ "team_id": format!("{{run}}-{name}") }))
}

fn delete(names: &[&str]) -> Step {
    let ids: Vec<String> = names.iter().map(|name| format!("{{run}}-{name}")).collect();
    post("/team/delete", json!({ "team_ids": ids }))
}

pub(super) fn cases() -> Vec<Case> {
    [life(), refusals()].into_iter().flatten().collect()
}

fn life() -> Vec<Case> {
    vec![
        case("a team is created under our id, updated in place, and keeps its spend to itself", [
            new_team(
                "t",
                json!({
                    "team_alias": "{run}", "models": ["{run}-m"], "max_budget": 9, "budget_duration": "1mo", "spend": 5,
                    "metadata": { "reeve": { "owner": "o", "generation": 1 } },
                }),
            )
            .is(
                200,
                json!({
                    "team_id": "{run}-t", "team_alias": "{run}", "models": ["{run}-m"], "max_budget": 9.0,
                    "budget_duration": "1mo", "budget_reset_at": "~-01T00:00:00Z", "blocked": false, "spend": 0.0,
                    "metadata": { "reeve": { "owner": "o", "generation": 1 } },
                }),
            ),
            update_team(
                "t",
                json!({
                    "models": ["no-default-models"], "metadata": { "z": 1 }, "max_budget": null,
                    "budget_duration": null, "spend": 5, "no_such_field": 1,
                }),
            )
            .is(
                200,
                json!({
                    "team_id": "{run}-t",
                    "data": {
                        "team_id": "{run}-t", "models": ["no-default-models"], "max_budget": null,
                        "metadata": { "z": 1, "reeve": "<absent>" }, "spend": 0.0, "budget_reset_at": null,
                    },
                }),
            ),
            team_info("t").is(
                200,
                json!({
                    "team_id": "{run}-t", "keys": [],
                    "team_info": {
                        "team_alias": "{run}", "models": ["no-default-models"], "max_budget": null,
                        "metadata": { "z": 1 }, "spend": 0.0, "blocked": false,
                    },
                }),
            ),
        ]),
        case("a repeated id is a 400, a repeated alias is not", [
            new_team("t", json!({ "team_alias": "{run}" })),
            new_team("t", json!({ "team_alias": "{run}-2" })).error(
                400,
                "invalid_request_error",
                "{'error': 'Team id = {run}-t already exists.",
            ),
            new_team("u", json!({ "team_alias": "{run}" })),
            team_info("t").is(200, info(json!({ "team_alias": "{run}" }))),
        ]),
        case("block and unblock are idempotent, and update can block too", [
            new_team("t", json!({})),
            of("/team/block", "t").is(200, json!({ "team_id": "{run}-t", "blocked": true })),
            of("/team/block", "t").is(200, json!({ "blocked": true })),
            of("/team/unblock", "t").is(200, json!({ "blocked": false })),
            of("/team/unblock", "t").is(200, json!({ "blocked": false })),
            update_team("t", json!({ "blocked": true })).is(200, json!({ "data": { "blocked": true } })),
            team_info("t").is(200, info(json!({ "blocked": true }))),
        ]),
        case("a team takes its keys with it", [
            new_model("m"),
            new_team("t", json!({ "models": ["{run}-m"] })),
            new_key("k", json!({ "models": ["{run}-m"], "team_id": "{run}-t" })),
            chat("k", "m").says("pong"),
            team_info("t").is(200, json!({ "keys": [{ "token": "{hash:k}" }] })),
            delete(&["t"]).is(200, json!({ "deleted_teams": ["{run}-t"] })),
            chat("k", "m").error(401, "token_not_found_in_db", "Invalid API key"),
            key_info("k").is(200, json!({ "info": { "status": "deleted" } })),
            delete(&["t"]).detail(404, json!({ "error": "Team not found, passed team_id={run}-t" })),
        ]),
        case("the list is paged, newest first", [
            new_team("t", json!({ "metadata": { "reeve": { "owner": "o" } } })),
            new_key("k", json!({ "team_id": "{run}-t" })),
            get("/v2/team/list?team_id={run}-t&page=1&page_size=100").is(
                200,
                json!({
                    "teams": [{
                        "team_id": "{run}-t", "metadata": { "reeve": { "owner": "o" } }, "models": [],
                        "blocked": false, "members_count": 1, "keys_count": 1,
                    }],
                    "total": 1, "page": 1, "page_size": 100, "total_pages": 1,
                }),
            ),
            get("/v2/team/list?team_id={run}-nope")
                .is(200, json!({ "teams": [], "total": 0, "page": 1, "page_size": 10, "total_pages": 0 })),
            get("/v2/team/list?page_size=101").invalid("less_than_equal", &["query", "page_size"]),
            get("/v2/team/list?page=0").invalid("greater_than_equal", &["query", "page"]),
        ]),
    ]
}

fn refusals() -> Vec<Case> {
    vec![
        case(
            "an unknown team is a 404, in three shapes",
            [
                team_info("t").error(
                    404,
                    "invalid_request_error",
                    "{'message': 'Team not found, passed team id: {run}-t.'}",
                ),
                update_team("t", json!({ "max_budget": 1 })).error(
                    404,
                    "invalid_request_error",
                    "{'error': 'Team not found, passed team_id={run}-t'}",
                ),
                of("/team/block", "t")
                    .detail(404, json!({ "error": "Team not found, passed team_id={run}-t" })),
                of("/team/unblock", "t")
                    .detail(404, json!({ "error": "Team not found, passed team_id={run}-t" })),
                get("/team/info").error(422, "invalid_request_error", "No team id passed in"),
            ],
        ),
        case(
            "a delete is all or nothing",
            [
                new_team("t", json!({})),
                delete(&["t", "nope"])
                    .detail(404, json!({ "error": "Team not found, passed team_id={run}-nope" })),
                team_info("t").is(200, json!({ "team_id": "{run}-t" })),
            ],
        ),
        case(
            "bad values are refused",
            [
                new_team("t", json!({ "max_budget": -1 })).error(
                    400,
                    "invalid_request_error",
                    "non-negative",
                ),
                new_team("t", json!({ "budget_duration": "1y" })).error(
                    400,
                    "invalid_request_error",
                    "Invalid budget_duration '1y'",
                ),
                team_info("t").is(404, json!({})),
                new_team("t", json!({ "models": ["{run}-m"] })),
                update_team("t", json!({ "budget_duration": "1y" })).error(
                    400,
                    "invalid_request_error",
                    "Invalid budget_duration",
                ),
                update_team("t", json!({ "models": null })).is(500, json!({ "error": { "code": "500" } })),
                team_info("t").is(200, info(json!({ "models": ["{run}-m"] }))),
                post("/team/update", json!({ "max_budget": 3 })).invalid("missing", &["body", "team_id"]),
                post("/team/block", json!({})).invalid("missing", &["body", "team_id"]),
                post("/team/delete", json!({})).invalid("missing", &["body", "team_ids"]),
            ],
        ),
    ]
}
