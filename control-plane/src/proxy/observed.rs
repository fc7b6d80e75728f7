//! What a proxy lists: its deployments, teams and keys, reduced to the fields Reeve manages or shows.
//!
//! Read leniently: a field that is missing or of another type is as if it were null, and an entry without id is
//! left out, since a proxy's newer version must not stop the sweep of everything else.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::types::{KeyHash, MARK, Mark};
use crate::domain::foreign::{ForeignDeployment, ForeignKey};

/// Attributes of a key that cannot let it call more, or that Reeve sets; so are those of its team and user, which it leaves.
const HARMLESS: [&str; 41] = [
    "token",
    "api_key",
    "key_name",
    "key_alias",
    "key_type",
    "status",
    "models",
    "metadata",
    "allowed_routes",
    "blocked",
    "spend",
    "total_spend",
    "model_spend",
    "soft_budget_cooldown",
    "max_budget",
    "budget_duration",
    "budget_reset_at",
    "model_max_budget",
    "budget_limits",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "rpm_limit_per_model",
    "tpm_limit_per_model",
    "max_parallel_requests",
    "allowed_cache_controls",
    "expires",
    "team_id",
    "user_id",
    "user",
    "created_at",
    "created_by",
    "created_by_user",
    "updated_at",
    "updated_by",
    "settings_updated_at",
    "last_active",
    "last_refreshed_at",
    "rotation_count",
    "parent_otel_span",
    "request_route",
];

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
    /// What it is, when it has no mark.
    pub foreign: Option<ForeignDeployment>,
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
    /// What it is, when it has no mark.
    pub foreign: Option<ForeignKey>,
}

impl ObservedDeployment {
    /// Reads a row of `/v2/model/info`.
    pub(super) fn read(row: &Value) -> Option<Self> {
        let info = &row["model_info"];
        let params = &row["litellm_params"];
        let mark = Mark::read(Some(info));
        let in_database = flag(&info["db_model"]);
        let blocked = flag(&info["blocked"]) || flag(&row["blocked"]);
        let foreign = match (params.as_object(), info.get(MARK)) {
            (Some(params), None) => Some(ForeignDeployment::read(params, !in_database, blocked)),
            _ => None,
        };
        Some(Self {
            litellm_id: text(&info["id"])?,
            model_name: text(&row["model_name"]).unwrap_or_default(),
            mark,
            in_database,
            blocked,
            foreign,
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
        let foreign = row["metadata"].get(MARK).is_none().then(|| foreign_key(row));
        Self {
            hash,
            foreign,
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

fn foreign_key(row: &Value) -> ForeignKey {
    let names = |fields: &Value, known: &dyn Fn(&str) -> bool| -> Vec<String> {
        let fields = fields.as_object().into_iter().flatten();
        fields.filter(|(name, value)| is_set(value) && !known(name)).map(|(name, _)| name.clone()).collect()
    };
    let of_others = ["team_", "user_", "end_user_", "litellm_"];
    let harmless =
        |name: &str| HARMLESS.contains(&name) || of_others.iter().any(|prefix| name.starts_with(prefix));
    ForeignKey {
        models: texts(&row["models"]),
        routes: texts(&row["allowed_routes"]),
        team_id: text(&row["team_id"]),
        user_id: text(&row["user_id"]),
        max_budget_usd: row["max_budget"].as_f64(),
        expires: time(&row["expires"]),
        blocked: flag(&row["blocked"]),
        metadata: names(&row["metadata"], &|_| false),
        further: names(row, &harmless),
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) => true,
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
