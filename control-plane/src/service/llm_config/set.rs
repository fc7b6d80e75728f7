//! Setting how an agent gets its LLM.

use super::{LlmConfigView, pushed, read};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
        reach::Reach,
        secret::Secret,
    },
    domain::{
        agent::{Agent, ConfigMode, ManualConfig},
        change::Change,
        error::{Error, Result},
        provider::Provider,
        url_policy::Purpose,
    },
    service::{
        Entry, Services, Written, agents, check_range, check_secret, check_text, check_version, lookup,
        refused,
    },
    store::{
        Conn,
        agents::{NewMode, manual_api_key, set_mode},
        desired::manual_at,
        grants, models, realms,
    },
};

/// The mode to be set.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Id or slug of a realm and of a model granted to it.
    Realm {
        realm: String,
        model: String,
    },
    /// Through the fleet, with nothing chosen: the rule of choice decides, as for an agent that is new.
    Rule,
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
        Mode::Realm { realm, model } => Some(granted(tx.conn(), &ctx.reach, realm, model).await?),
        Mode::Rule | Mode::Manual { .. } | Mode::Env => None,
    };
    let old = agents::lock(tx.conn(), &ctx.reach, did).await?;
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
        Mode::Realm { .. } | Mode::Rule | Mode::Env => (None, None, old.manual_generation, false),
    };
    let new = NewMode {
        mode: match mode {
            Mode::Realm { .. } | Mode::Rule => ConfigMode::Realm,
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
        return Ok(Written::unchanged(read(s, did).await?.0, Some(old.version), Vec::new()));
    }
    set_mode(tx.conn(), did, &new, now).await?;
    let after = lookup::whole_agent(tx.conn(), &ctx.reach, did).await?;
    let change = Change {
        kind: "mode",
        agents: vec![did.to_owned()],
        urgent: true,
        summary: serde_json::json!({ "agent": did, "agentName": after.name, "mode": after.mode }),
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

/// The realm and a model that holds a grant in it, the realm locked.
async fn granted(conn: &mut Conn, reach: &Reach, realm: &str, model: &str) -> Result<(RealmId, ModelId)> {
    let model = lookup::in_field("realmModelId", lookup::model(conn, reach, model).await)?;
    models::lock(conn, model.id).await?;
    let realm = lookup::in_field("realmId", lookup::realm(conn, reach, realm).await)?;
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
