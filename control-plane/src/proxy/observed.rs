//! What a proxy lists: its deployments, teams and keys, reduced to the fields Reeve manages or shows.
//!
//! Read leniently: a field that is missing or of another type is as if it were null, and an entry without id is
//! left out, since a proxy's newer version must not stop the sweep of everything else.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::types::{KeyHash, Mark};

/// One row of the proxy's model list.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedDeployment {
    pub litellm_id: String,
    pub model_name: String,
    /// `None`: foreign.
    pub mark: Option<Mark>,
    /// From the proxy's database; `false` for one of its configuration file, which nobody can change over the API.
    pub in_database: bool,
    pub blocked: bool,
    /// `litellm_params.model`, for example `openai/gpt-4o`.
    pub upstream_model: Option<String>,
    pub api_base: Option<String>,
    /// The names of the parameters that are set. LiteLLM removes the secret ones and adds defaults of its own.
    pub params: BTreeSet<String>,
}

/// One team.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedTeam {
    pub team_id: String,
    pub team_alias: Option<String>,
    /// `None`: foreign.
    pub mark: Option<Mark>,
    /// Empty means *all models*.
    pub models: Vec<String>,
    pub blocked: bool,
    pub max_budget: Option<f64>,
    pub budget_duration: Option<String>,
    pub budget_reset_at: Option<DateTime<Utc>>,
    /// US dollars since the last reset.
    pub spend: f64,
}

/// One key. LiteLLM never says its plaintext again.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedKey {
    pub hash: KeyHash,
    pub key_alias: Option<String>,
    pub team_id: Option<String>,
    /// `None`: foreign.
    pub mark: Option<Mark>,
    /// Empty means *all models* (of its team, if it has one).
    pub models: Vec<String>,
    /// Empty means every route the key's role allows.
    pub allowed_routes: Vec<String>,
    pub blocked: bool,
    pub max_budget: Option<f64>,
    pub budget_duration: Option<String>,
    pub budget_reset_at: Option<DateTime<Utc>>,
    /// US dollars since the last reset.
    pub spend: f64,
    /// `None` never expires.
    pub expires: Option<DateTime<Utc>>,
}

impl ObservedDeployment {
    /// Reads a row of `/v2/model/info`.
    pub(super) fn read(row: &Value) -> Option<Self> {
        let info = &row["model_info"];
        let params = &row["litellm_params"];
        Some(Self {
            litellm_id: text(&info["id"])?,
            model_name: text(&row["model_name"]).unwrap_or_default(),
            mark: Mark::read(Some(info)),
            in_database: flag(&info["db_model"]),
            blocked: flag(&info["blocked"]) || flag(&row["blocked"]),
            upstream_model: text(&params["model"]),
            api_base: text(&params["api_base"]),
            params: params
                .as_object()
                .map(|fields| {
                    fields
                        .iter()
                        .filter(|(_, value)| !value.is_null())
                        .map(|(name, _)| name.clone())
                        .collect()
                })
                .unwrap_or_default(),
        })
    }
}

impl ObservedTeam {
    /// Reads `team_info` of `/team/info` or an entry of `/v2/team/list`.
    pub(super) fn read(row: &Value) -> Option<Self> {
        Some(Self {
            team_id: text(&row["team_id"])?,
            team_alias: text(&row["team_alias"]),
            mark: Mark::read(row.get("metadata")),
            models: texts(&row["models"]),
            blocked: flag(&row["blocked"]),
            max_budget: row["max_budget"].as_f64(),
            budget_duration: text(&row["budget_duration"]),
            budget_reset_at: time(&row["budget_reset_at"]),
            spend: row["spend"].as_f64().unwrap_or_default(),
        })
    }
}

impl ObservedKey {
    /// Reads `info` of `/key/info` or an entry of `/key/list?return_full_object=true`, which has its hash as `token`.
    pub(super) fn read(hash: KeyHash, row: &Value) -> Self {
        Self {
            hash,
            key_alias: text(&row["key_alias"]),
            team_id: text(&row["team_id"]),
            mark: Mark::read(row.get("metadata")),
            models: texts(&row["models"]),
            allowed_routes: texts(&row["allowed_routes"]),
            blocked: flag(&row["blocked"]),
            max_budget: row["max_budget"].as_f64(),
            budget_duration: text(&row["budget_duration"]),
            budget_reset_at: time(&row["budget_reset_at"]),
            spend: row["spend"].as_f64().unwrap_or_default(),
            expires: time(&row["expires"]),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_default()
}

/// LiteLLM writes `2026-12-01T00:00:00Z`, the same with microseconds, or with `+00:00`.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok().map(|time| time.to_utc())
}
