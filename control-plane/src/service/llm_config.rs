//! How an agent gets its LLM: setting the mode, and showing the document that follows from it, without its key.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reeve_protocol::{Document, LlmConfig};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, agents, check_range, check_secret, check_text, check_version, converge, lookup,
    refused,
};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
        secret::Secret,
    },
    domain::{
        agent::{Agent, ConfigMode, ManualConfig},
        change::{Change, Location},
        error::{Error, Result},
        provider::Provider,
        url_policy::Purpose,
    },
    push::compile::compile,
    store::{
        Conn,
        agents::{NewMode, manual_api_key, set_mode},
        desired::manual_at,
        grants, models, realms, sessions,
    },
};

/// How long a write waits for a connected agent to be sent its document.
const PUSH_PATIENCE: Duration = Duration::from_secs(2);

/// An agent's document as it may be shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmConfigView {
    /// A connected session was sent this document.
    pub pushed: bool,
    /// The revision that the document was made at.
    pub version: i64,
    /// `active`: use `config`. `env`: use your own environment. `unavailable`: use nothing now, `detail` says why.
    pub state: &'static str,
    /// Null unless the state is `active`.
    pub config: Option<ConfigView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<DetailView>,
    pub mode: ConfigMode,
    /// The chosen realm and model, in mode `realm`; null: chosen by rule.
    pub realm_id: Option<RealmId>,
    pub realm_model_id: Option<ModelId>,
}

/// What the agent is given, with `apiKeySet` in place of the key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigView {
    pub provider: String,
    pub model: String,
    pub base_url: String,
    /// Always true: a config without a key is never given.
    pub api_key_set: bool,
    /// Every model that the key may call.
    pub models: Vec<String>,
    /// Where the same key works, best first.
    pub endpoints: Vec<EndpointView>,
    /// 0 for a key that an admin typed.
    pub key_generation: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    pub proxy: String,
    pub base_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DetailView {
    pub code: String,
    pub message: String,
}

/// The mode to be set.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Id or slug of a realm and of a model granted to it.
    Realm {
        realm: String,
        model: String,
    },
    /// `None` keeps the key that was typed before.
    Manual {
        config: ManualConfig,
        api_key: Option<Secret>,
    },
    Env,
}

pub async fn put(
    s: &Services,
    ctx: &Context,
    did: &str,
    expected: Option<i64>,
    mode: Mode,
) -> Result<Written<LlmConfigView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("mode").await?;
    // The realm is locked before the agent, everywhere.
    let choice = match &mode {
        Mode::Realm { realm, model } => Some(granted(tx.conn(), realm, model).await?),
        Mode::Manual { .. } | Mode::Env => None,
    };
    let old = agents::lock(tx.conn(), did).await?;
    check_version(expected, old.version)?;
    if let Some((realm, _)) = choice {
        must_be_member(tx.conn(), &old, realm).await?;
    }
    let (manual, sealed, generation, rekeyed) = match &mode {
        Mode::Manual { config, api_key } => {
            let config = checked(s, config)?;
            let (sealed, generation) = manual_key(s, tx.conn(), &old, api_key.as_ref()).await?;
            (Some(config), Some(sealed), generation, api_key.is_some())
        }
        Mode::Realm { .. } | Mode::Env => (None, None, old.manual_generation, false),
    };
    let new = NewMode {
        mode: match mode {
            Mode::Realm { .. } => ConfigMode::Realm,
            Mode::Manual { .. } => ConfigMode::Manual,
            Mode::Env => ConfigMode::Env,
        },
        realm_id: choice.map(|c| c.0),
        model_id: choice.map(|c| c.1),
        manual_config: manual.as_ref(),
        manual_api_key: sealed.as_deref(),
        manual_generation: generation,
    };
    let same = old.mode == new.mode
        && (old.realm_id, old.model_id) == (new.realm_id, new.model_id)
        && old.manual_config.as_ref() == new.manual_config
        && !rekeyed;
    if same {
        drop(tx);
        return Ok(Written::unchanged(get(s, did).await?, Some(old.version), Vec::new()));
    }
    set_mode(tx.conn(), did, &new, now).await?;
    let after = lookup::agent(tx.conn(), did).await?;
    let change = Change {
        kind: "mode",
        agents: vec![did.to_owned()],
        urgent: true,
        summary: serde_json::json!({ "agent": did, "mode": after.mode }),
        ..Change::default()
    };
    let entry =
        Entry::new(format!("agent/{did}")).before(&agents::decided(&old)).after(&agents::decided(&after));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = pushed(s, did).await?;
    Ok(Written { revision: Some(revision), ..Written::unchanged(view, Some(after.version), Vec::new()) })
}

/// Mode `env`: what was chosen or typed is cleared, and stays so.
pub async fn clear(
    s: &Services,
    ctx: &Context,
    did: &str,
    expected: Option<i64>,
) -> Result<Written<LlmConfigView>> {
    put(s, ctx, did, expected, Mode::Env).await
}

/// The document that the agent should have now.
pub async fn get(s: &Services, did: &str) -> Result<LlmConfigView> {
    Ok(read(s, did).await?.0)
}

/// Offers a document once more that the agent has refused.
pub async fn retry(s: &Services, ctx: &Context, did: &str) -> Result<Written<LlmConfigView>> {
    let mut tx = s.store.begin("retry").await?;
    agents::lock(tx.conn(), did).await?;
    if !sessions::ask_retry(tx.conn(), did).await? {
        return Err(Error::conflict(
            "nothing-rejected",
            "the agent has refused no document; there is nothing to retry",
        ));
    }
    let change = Change {
        kind: "retry",
        agents: vec![did.to_owned()],
        summary: serde_json::json!({ "agent": did }),
        ..Change::default()
    };
    let entry =
        Entry::new(format!("agent/{did}")).at(Location::changed(format!("/api/agents/{did}/llm-config")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = get(s, did).await?;
    Ok(Written { revision: Some(revision), ..Written::unchanged(view, None, Vec::new()) })
}

/// The realm and a model that holds a grant in it, the realm locked.
async fn granted(conn: &mut Conn, realm: &str, model: &str) -> Result<(RealmId, ModelId)> {
    let model = lookup::in_field("realmModelId", lookup::model(conn, model).await)?;
    models::lock(conn, model.id).await?;
    let realm = lookup::in_field("realmId", lookup::realm(conn, realm).await)?;
    realms::lock(conn, realm.id).await?;
    if grants::live(conn, realm.id, model.id).await?.is_none() {
        return Err(Error::conflict(
            "not-granted",
            format!(
                "{} is not granted to {}; grant it with POST /api/models/{}/realms, or choose another model",
                model.litellm_model_name, realm.slug, model.id
            ),
        ));
    }
    Ok((realm.id, model.id))
}

async fn must_be_member(conn: &mut Conn, agent: &Agent, realm: RealmId) -> Result<()> {
    let dids = [agent.did.clone()];
    if realms::of_agents(conn, &dids).await?.iter().any(|m| m.realm_id == realm) {
        return Ok(());
    }
    Err(Error::conflict(
        "not-a-member",
        format!("the agent is not in that realm; add it with POST /api/realms/{realm}/agents first"),
    ))
}

fn checked(s: &Services, config: &ManualConfig) -> Result<ManualConfig> {
    let provider = Provider::parse(&config.provider).map_err(|error| refused(&error))?;
    if config.model.trim().is_empty() {
        return Err(Error::invalid("model", "is empty; give the model's name at the provider"));
    }
    check_text("model", &config.model, 200)?;
    check_range("maxTokens", config.max_tokens, 1, 100_000_000)?;
    check_text("systemPrompt", config.system_prompt.as_deref().unwrap_or_default(), 32_768)?;
    let base_url = s
        .url_policy
        .check(Purpose::ModelBackend, &config.base_url)
        .map_err(|refused| Error::invalid("baseUrl", refused.to_string()))?;
    Ok(ManualConfig {
        provider: provider.name().to_owned(),
        model: config.model.trim().to_owned(),
        base_url,
        ..config.clone()
    })
}

/// The sealed key and its generation: a new one, or the one that was typed before.
async fn manual_key(
    s: &Services,
    conn: &mut Conn,
    old: &Agent,
    api_key: Option<&Secret>,
) -> Result<(Vec<u8>, i64)> {
    if let Some(key) = api_key {
        check_secret("apiKey", key)?;
        let generation = old.manual_generation + 1;
        return Ok((s.store.sealer.seal(&manual_at(&old.did), generation, key), generation));
    }
    match manual_api_key(conn, &old.did).await? {
        Some(sealed) if old.mode == ConfigMode::Manual => Ok((sealed, old.manual_generation)),
        _ => Err(Error::invalid("apiKey", "is missing; mode manual needs the key the agent is to use")),
    }
}

/// The document, after giving a connected session a moment to be sent it.
async fn pushed(s: &Services, did: &str) -> Result<LlmConfigView> {
    let (mut view, hash, connected) = read(s, did).await?;
    if connected && !view.pushed {
        view.pushed = converge::wait_offered(s, did, &hash, PUSH_PATIENCE).await?;
    }
    Ok(view)
}

/// The document, its hash, and whether the agent is connected.
async fn read(s: &Services, did: &str) -> Result<(LlmConfigView, String, bool)> {
    let inputs = s.store.document_inputs(&[did.to_owned()]).await?;
    let not_found = || Error::not_found("agent", did);
    let input = inputs.agents.first().ok_or_else(not_found)?;
    let message = compile(&inputs, did).ok_or_else(not_found)?.message;
    let connected = input.session.replica_id.is_some();
    let detail = match &message.document {
        Document::Unavailable(detail) => {
            Some(DetailView { code: detail.code.clone(), message: detail.message.clone() })
        }
        Document::Active(_) | Document::Env => None,
    };
    let view = LlmConfigView {
        pushed: connected && input.session.offered_hash.as_deref() == Some(message.hash.as_str()),
        version: message.version,
        state: message.document.state(),
        config: message.document.config().map(config),
        detail,
        mode: input.agent.mode,
        realm_id: input.agent.realm_id,
        realm_model_id: input.agent.model_id,
    };
    Ok((view, message.hash, connected))
}

fn config(c: &LlmConfig) -> ConfigView {
    ConfigView {
        provider: c.provider.clone(),
        model: c.model.clone(),
        base_url: c.base_url.clone(),
        api_key_set: true,
        models: c.models.clone(),
        endpoints: c
            .endpoints
            .iter()
            .map(|e| EndpointView {
                proxy: e.proxy.clone(),
                base_url: e.base_url.clone(),
                region: e.region.clone(),
            })
            .collect(),
        key_generation: c.key_generation,
        expires_at: c.expires_at,
        max_tokens: c.max_tokens,
        system_prompt: c.system_prompt.clone(),
    }
}
