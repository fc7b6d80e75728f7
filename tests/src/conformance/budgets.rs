//! Budgets: what a call costs, and who is refused when it is spent. A chat call on these models costs 0.05.

use serde_json::json;

use super::step::{
    Case, Step, case, chat, key_info, list_models, new_key, new_model, new_team, probe, team_info,
    update_key, update_team,
};

impl Step {
    fn over_budget(self, whose: &str) -> Self {
        let text = format!("Budget has been exceeded! {whose}");
        self.error(422, "budget_exceeded", &text)
    }
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(
            "a key over its budget is refused after its list, and told its models",
            [
                new_model("a"),
                new_key(
                    "k",
                    json!({ "models": ["{run}-a"], "max_budget": 0.04, "key_alias": "{run}-alias" }),
                ),
                chat("k", "a").says("pong"),
                chat("k", "a").over_budget("Key={run}-alias (sk-...6789)").eventually(),
                probe("k", "a").over_budget("Key={run}-alias"),
                probe("k", "b").key_refused(),
                list_models("k").lists(&["a"]),
                update_key("k", json!({ "max_budget": 100 })),
                chat("k", "a").says("pong"),
            ],
        ),
        case(
            "spend is shown on the key and its team",
            [
                new_model("a"),
                new_team("t", json!({ "models": ["{run}-a"] })),
                new_key("k", json!({ "models": ["{run}-a"], "team_id": "{run}-t" })),
                chat("k", "a").says("pong"),
                key_info("k").is(200, json!({ "info": { "spend": 0.05 } })).eventually(),
                team_info("t").is(200, json!({ "team_info": { "spend": 0.05 } })).eventually(),
                update_key("k", json!({ "models": ["{run}-a", "{run}-b"] }))
                    .is(200, json!({ "spend": 0.05 })),
            ],
        ),
        case(
            "a budget of 0 on a key refuses every call",
            [
                new_model("a"),
                new_key("k", json!({ "models": ["{run}-a"], "max_budget": 0 })),
                chat("k", "a").over_budget("Key="),
                probe("k", "a").over_budget("Key="),
            ],
        ),
        case(
            "spend that was brought along counts",
            [
                new_model("a"),
                new_key("k", json!({ "models": ["{run}-a"], "max_budget": 1, "spend": 1.0 })),
                chat("k", "a").over_budget("Key="),
            ],
        ),
        case(
            "a team over its budget refuses all its keys",
            [
                new_model("a"),
                new_team("t", json!({ "models": ["{run}-a"], "max_budget": 0.04 })),
                new_key("k", json!({ "models": ["{run}-a"], "team_id": "{run}-t" })),
                new_key("l", json!({ "models": ["{run}-a"], "team_id": "{run}-t" })),
                chat("k", "a").says("pong"),
                chat("k", "a").over_budget("Team={run}-t").eventually(),
                probe("l", "a").over_budget("Team={run}-t"),
                update_team("t", json!({ "max_budget": 100 })),
                probe("l", "a").allowed(),
            ],
        ),
    ]
}
