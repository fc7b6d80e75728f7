//! How an agent gets its LLM: showing the document that it should have, without its key. Setting the mode is in `set`.

mod set;

use std::time::Duration;

use chrono::{DateTime, Utc};
use reeve_protocol::{Document, LlmConfig};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::set::{Mode, clear, put};
use super::{Entry, Services, Written, agents, converge, lookup};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
        reach::Reach,
    },
    domain::{
        agent::ConfigMode,
        change::{Change, Location},
        error::{Error, Result},
    },
    push::compile::compile,
    store::sessions,
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

/// The document that the agent should have now.
pub async fn get(s: &Services, reach: &Reach, did: &str) -> Result<LlmConfigView> {
    lookup::whole_agent(&mut *s.store.conn().await?, reach, did).await?;
    Ok(read(s, did).await?.0)
}

/// Offers a document once more that the agent has refused.
pub async fn retry(s: &Services, ctx: &Context, did: &str) -> Result<Written<LlmConfigView>> {
    let mut tx = s.store.begin("retry").await?;
    let agent = agents::lock(tx.conn(), &ctx.reach, did).await?;
    if !sessions::ask_retry(tx.conn(), did).await? {
        return Err(Error::conflict(
            "nothing-rejected",
            "the agent has refused no document; there is nothing to retry",
        ));
    }
    let change = Change {
        kind: "retry",
        agents: vec![did.to_owned()],
        summary: serde_json::json!({ "agent": did, "agentName": agent.name }),
        ..Change::default()
    };
    let entry =
        Entry::new(format!("agent/{did}")).at(Location::changed(format!("/api/agents/{did}/llm-config")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = read(s, did).await?.0;
    Ok(Written { revision: Some(revision), ..Written::unchanged(view, None, Vec::new()) })
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
