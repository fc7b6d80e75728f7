//! `PUT /api/agents/{did}/llm-config`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    api::{
        ApiState,
        extract::{ApiJson, ApiPath, from_value},
        problem::{Problem, Result},
        write::Write,
    },
    base::secret::Secret,
    domain::agent::ManualConfig,
    service::{
        llm_config::{self, LlmConfigView, Mode},
        sync::Synced,
    },
};

/// One of three shapes, told apart by `mode`.
#[derive(Debug, ToSchema)]
#[schema(as = PutLlmConfig)]
#[serde(untagged)]
pub enum PutLlmConfig {
    Realm(RealmMode),
    Manual(ManualMode),
    Env(EnvMode),
}

/// Through the fleet: a model of a realm, where `mode` may be left out, or with `mode` alone what the rule chooses: the model that
/// the agent has and may still use; else of its primary realm, then of its others, the default model or the one granted longest.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RealmMode {
    #[schema(example = "realm")]
    pub mode: Option<String>,
    /// Id or slug of a realm that the agent is in.
    pub realm_id: Option<String>,
    /// Id or name of a model that is granted to the realm.
    pub realm_model_id: Option<String>,
}

/// What an admin types.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualMode {
    #[schema(example = "manual")]
    pub mode: String,
    pub provider: String,
    pub model: String,
    pub base_url: String,
    /// Sealed at once, shown to the agent alone. Left out: the one that was typed before.
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Option<Secret>,
    pub max_tokens: Option<i32>,
    pub system_prompt: Option<String>,
}

/// The agent's own environment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvMode {
    #[schema(example = "env")]
    pub mode: String,
}

/// Set how an agent gets its LLM. A connected agent is sent its document at once.
#[utoipa::path(
    put, path = "/api/agents/{did}/llm-config", tag = "agents",
    params(("did" = String, Path)),
    request_body = PutLlmConfig,
    responses((status = 200, body = Synced<LlmConfigView>)),
)]
pub async fn put_llm_config(
    State(state): State<ApiState>,
    ApiPath(did): ApiPath<String>,
    write: Write,
    ApiJson(body): ApiJson<Map<String, Value>>,
) -> Result {
    let mode = mode(body)?;
    let written = llm_config::put(&state.services, &write.ctx, &did, write.if_match, mode).await?;
    super::answer(&state, &write, &did, written).await
}

fn mode(body: Map<String, Value>) -> Result<Mode> {
    match body.get("mode").map(Value::as_str) {
        None | Some(Some("realm")) => {
            let body: RealmMode = from_value(Value::Object(body))?;
            match (body.realm_id, body.realm_model_id) {
                (Some(realm), Some(model)) => Ok(Mode::Realm { realm, model }),
                (None, None) if body.mode.is_some() => Ok(Mode::Rule),
                (realm, _) => Err(Problem::in_field(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid",
                    if realm.is_none() { "realmId" } else { "realmModelId" },
                    "is missing; give a realm and a model, or {\"mode\": \"realm\"} alone to have them chosen by rule",
                )),
            }
        }
        Some(Some("manual")) => {
            let body: ManualMode = from_value(Value::Object(body))?;
            let config = ManualConfig {
                provider: body.provider,
                model: body.model,
                base_url: body.base_url,
                max_tokens: body.max_tokens,
                system_prompt: body.system_prompt,
            };
            Ok(Mode::Manual { config, api_key: body.api_key })
        }
        Some(Some("env")) => {
            let _: EnvMode = from_value(Value::Object(body))?;
            Ok(Mode::Env)
        }
        Some(_) => Err(Problem::in_field(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "mode",
            "expected \"realm\", \"manual\" or \"env\"; left out, it is \"realm\"",
        )),
    }
}
