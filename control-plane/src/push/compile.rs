//! The one builder of an agent's document, for connect, push and `GET /api/agents/{did}/llm-config`: a pure function of
//! one snapshot. It chooses a realm and a model that are live *now*, and says in words what is missing when none is.

use std::collections::BTreeSet;

use reeve_protocol::{
    ApiKey, Detail, Document, Endpoint, LlmConfig, LlmConfigMessage,
    detail_code::{CONVERGING, FROZEN, NO_GRANT, NO_PROXY},
};

use crate::{
    base::ids::{ModelId, RealmId},
    domain::agent::{AgentStatus, ConfigMode},
    store::documents::{AgentInput, GrantInput, Inputs, KeyInput, ProxyInput, RealmInput},
};

/// Detail code: an admin has not approved the agent, or has rejected or revoked it.
pub const NOT_APPROVED: &str = "not-approved";
/// Detail code: what an admin typed for manual mode has no API key.
pub const NO_API_KEY: &str = "no-api-key";

/// What an OpenAI client appends its paths to, under a proxy's public URL.
const API_PATH: &str = "/v1";
const PROVIDER: &str = "openai-compatible";

/// One agent's document and the choice that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// Version (the snapshot's revision), hash, state, config and detail; `reason` is empty, the sender fills it in.
    pub message: LlmConfigMessage,
    /// Set exactly when the document names a model of a realm.
    pub realm_id: Option<RealmId>,
    pub model_id: Option<ModelId>,
}

impl Compiled {
    /// The generation of the virtual key inside; 0 for a manual key, `None` without a config.
    pub fn key_generation(&self) -> Option<i64> {
        self.message.document.config().map(|config| config.key_generation)
    }
}

/// The document of one agent; `None` when the snapshot does not have it.
pub fn compile(inputs: &Inputs, did: &str) -> Option<Compiled> {
    inputs.agents.iter().find(|input| input.agent.did == did).map(|input| compile_agent(inputs, input))
}

/// As [`compile`], for an agent at hand.
pub fn compile_agent(inputs: &Inputs, input: &AgentInput) -> Compiled {
    let agent = &input.agent;
    let (document, offer) = match (agent.status, agent.mode) {
        (AgentStatus::Approved, _) if input.frozen.is_some() => (
            unavailable(
                FROZEN,
                format!("This agent is frozen: {}", input.frozen.as_deref().unwrap_or_default()),
            ),
            None,
        ),
        (AgentStatus::Approved, ConfigMode::Env) => (Document::Env, None),
        (AgentStatus::Approved, ConfigMode::Manual) => (manual(input), None),
        (AgentStatus::Approved, ConfigMode::Realm) => match choose(inputs, input) {
            Ok(offer) => match offer.config() {
                Some(config) => (Document::Active(Box::new(config)), Some(offer)),
                None => (unavailable(CONVERGING, "The realm's virtual key is not ready yet."), None),
            },
            Err(detail) => (Document::Unavailable(detail), None),
        },
        (status, _) => {
            let word = match status {
                AgentStatus::Pending => "waits for an admin's approval",
                AgentStatus::Rejected => "was rejected by an admin",
                AgentStatus::Revoked | AgentStatus::Approved => "was revoked by an admin",
            };
            (unavailable(NOT_APPROVED, format!("This agent {word}.")), None)
        }
    };
    Compiled {
        message: LlmConfigMessage::new(inputs.revision, document, ""),
        realm_id: offer.as_ref().map(|o| o.realm.id),
        model_id: offer.as_ref().map(|o| o.grant.model_id),
    }
}

/// How an agent can call a model: the realm, the generation of its key there, and the proxies, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub realm_id: RealmId,
    pub key_generation: i64,
    pub proxies: Vec<String>,
    /// The agent's document has it; else the agent would have to be switched to the realm.
    pub is_told: bool,
}

/// `None`: there is none now.
pub fn way(inputs: &Inputs, did: &str, model: ModelId) -> Option<Way> {
    let input = inputs.agents.iter().find(|input| input.agent.did == did)?;
    let agent = &input.agent;
    if agent.status != AgentStatus::Approved || input.frozen.is_some() || agent.mode != ConfigMode::Realm {
        return None;
    }
    let told = compile_agent(inputs, input);
    let mut realms: Vec<&RealmInput> = input.realms.iter().filter_map(|id| inputs.realms.get(id)).collect();
    realms.sort_by_key(|realm| Some(realm.id) != told.realm_id);
    realms.into_iter().find_map(|realm| {
        let grant = realm.grants.iter().find(|grant| grant.model_id == model)?;
        let offer = offer(inputs, did, realm, grant)?;
        let config = told.message.document.config().filter(|_| told.realm_id == Some(realm.id));
        Some(Way {
            realm_id: realm.id,
            key_generation: config.map_or(offer.key.generation, |config| config.key_generation),
            proxies: offer.proxies.iter().map(|proxy| proxy.name.clone()).collect(),
            is_told: config.is_some_and(|config| config.models.contains(&grant.litellm_model_name)),
        })
    })
}

/// What a proxy lacks before the agent could call a model of the realm there: `model`, `team`, `key`.
pub fn lacking(realm: &RealmInput, did: &str, proxy: &ProxyInput, model: &str) -> Vec<&'static str> {
    let holds = |models: Option<&BTreeSet<String>>| models.is_some_and(|models| models.contains(model));
    let parts = [
        ("model", proxy.deployed.contains(model)),
        ("team", holds(realm.team_models.get(&proxy.id))),
        ("key", keys_of(realm, did).any(|key| holds(key.models.get(&proxy.id)))),
    ];
    parts.into_iter().filter(|(_, there)| !there).map(|(part, _)| part).collect()
}

fn unavailable(code: &str, message: impl Into<String>) -> Document {
    Document::Unavailable(Detail { code: code.to_owned(), message: message.into() })
}

/// What an admin typed, with its own key.
fn manual(input: &AgentInput) -> Document {
    let key = input.manual_api_key.as_ref().and_then(|key| ApiKey::new(key.expose()));
    let (Some(typed), Some(api_key)) = (&input.agent.manual_config, key) else {
        return unavailable(NO_API_KEY, "The manual configuration has no API key; an admin must set one.");
    };
    Document::Active(Box::new(LlmConfig {
        provider: typed.provider.clone(),
        model: typed.model.clone(),
        base_url: typed.base_url.clone(),
        api_key,
        models: Vec::new(),
        endpoints: Vec::new(),
        key_generation: 0,
        expires_at: None,
        max_tokens: typed.max_tokens.and_then(|n| u32::try_from(n).ok()),
        system_prompt: typed.system_prompt.clone(),
        prices: None,
    }))
}

/// A model that works now: the grant, one key generation, and the proxies where that generation works for it.
struct Offer<'a> {
    realm: &'a RealmInput,
    grant: &'a GrantInput,
    key: &'a KeyInput,
    /// Best first; the first is the one to use. Never empty.
    proxies: Vec<&'a ProxyInput>,
}

impl Offer<'_> {
    /// `None` when the key is empty, which is never sent.
    fn config(&self) -> Option<LlmConfig> {
        let first = self.proxies.first()?;
        let models: BTreeSet<&str> = self
            .realm
            .grants
            .iter()
            .map(|grant| grant.litellm_model_name.as_str())
            .filter(|name| works(self.realm, self.key, first, name))
            .collect();
        Some(LlmConfig {
            provider: PROVIDER.to_owned(),
            model: self.grant.litellm_model_name.clone(),
            base_url: base_url(first),
            api_key: ApiKey::new(self.key.secret.expose())?,
            models: models.into_iter().map(str::to_owned).collect(),
            endpoints: self
                .proxies
                .iter()
                .map(|proxy| Endpoint {
                    proxy: proxy.name.clone(),
                    base_url: base_url(proxy),
                    region: proxy.region.clone(),
                })
                .collect(),
            key_generation: self.key.generation,
            expires_at: self.grant.expires_at,
            max_tokens: self.grant.max_tokens.and_then(|n| u32::try_from(n).ok()),
            system_prompt: None,
            prices: None,
        })
    }
}

fn base_url(proxy: &ProxyInput) -> String {
    format!("{}{API_PATH}", proxy.public_url.trim_end_matches('/'))
}

/// Whether this generation can call the model on the proxy: both locks let it through and something serves it.
fn works(realm: &RealmInput, key: &KeyInput, proxy: &ProxyInput, model: &str) -> bool {
    proxy.deployed.contains(model)
        && realm.team_models.get(&proxy.id).is_some_and(|models| models.contains(model))
        && key.models.get(&proxy.id).is_some_and(|models| models.contains(model))
}

/// Whether the realm's agents are to leave the proxy: it drains, or the placement does not choose it any more.
fn leaving(realm: &RealmInput, proxy: &ProxyInput) -> bool {
    proxy.draining || !realm.ranks.contains_key(&proxy.id)
}

/// The proxies in the realm's order: those to stay on before those to leave, then those that answer, then by placement, then
/// by name.
fn in_preference<'a>(inputs: &'a Inputs, realm: &RealmInput) -> Vec<&'a ProxyInput> {
    let mut proxies: Vec<&ProxyInput> = inputs.proxies.iter().collect();
    proxies.sort_by_key(|p| (leaving(realm, p), p.avoided, realm.ranks.get(&p.id).copied()));
    proxies
}

/// Keys that this agent may have, newest first: no agent is ever handed another one's.
fn keys_of<'a>(realm: &'a RealmInput, did: &str) -> impl Iterator<Item = &'a KeyInput> {
    realm.keys.iter().filter(move |key| key.did.as_deref().is_none_or(|owner| owner == did))
}

/// The grant as something to use now: on the best proxy where any generation works, with the newest that does. A proxy to
/// be left is used only while no other works.
fn offer<'a>(
    inputs: &'a Inputs,
    did: &str,
    realm: &'a RealmInput,
    grant: &'a GrantInput,
) -> Option<Offer<'a>> {
    let name = grant.litellm_model_name.as_str();
    let proxies = in_preference(inputs, realm);
    let key =
        proxies.iter().find_map(|proxy| keys_of(realm, did).find(|key| works(realm, key, proxy, name)))?;
    // The first proxy that this generation works on is the one it was found on: a proxy before that would have been found
    // with this generation or a newer one.
    let mut proxies: Vec<_> = proxies.into_iter().filter(|proxy| works(realm, key, proxy, name)).collect();
    let staying = proxies.iter().filter(|proxy| !leaving(realm, proxy)).count();
    if staying > 0 {
        proxies.truncate(staying);
    }
    Some(Offer { realm, grant, key, proxies })
}

/// The rule of choice: an admin's word, then what the agent has, then primary realm, default model, oldest grant.
fn choose<'a>(inputs: &'a Inputs, input: &AgentInput) -> Result<Offer<'a>, Detail> {
    let did = input.agent.did.as_str();
    let realms: Vec<&RealmInput> = input.realms.iter().filter_map(|id| inputs.realms.get(id)).collect();
    let granted = |realm: Option<RealmId>, model: Option<ModelId>| {
        let (realm, model) = (realm?, model?);
        let realm = realms.iter().copied().find(|r| r.id == realm)?;
        realm.grants.iter().find(|g| g.model_id == model).map(|grant| (realm, grant))
    };

    let wanted = granted(input.agent.realm_id, input.agent.model_id);
    if let Some(offer) = wanted.and_then(|(realm, grant)| offer(inputs, did, realm, grant)) {
        return Ok(offer);
    }
    // A grant never switches an agent that has a model which it may still use.
    let last = granted(input.session.offered_realm_id, input.session.offered_model_id);
    if let Some(offer) = last.and_then(|(realm, grant)| offer(inputs, did, realm, grant)) {
        return Ok(offer);
    }
    if let Some((realm, grant)) = wanted {
        return Err(missing(inputs, did, &[(realm, grant)]));
    }
    let by_rule: Vec<(&RealmInput, &GrantInput)> =
        realms.iter().flat_map(|realm| in_order(realm).map(|grant| (*realm, grant))).collect();
    by_rule
        .iter()
        .find_map(|(realm, grant)| offer(inputs, did, realm, grant))
        .ok_or_else(|| if by_rule.is_empty() { no_grant(&realms) } else { missing(inputs, did, &by_rule) })
}

/// A realm's grants: its default model first, then oldest first.
fn in_order(realm: &RealmInput) -> impl Iterator<Item = &GrantInput> {
    let is_default = |grant: &&GrantInput| Some(grant.model_id) == realm.default_model_id;
    realm.grants.iter().filter(is_default).chain(realm.grants.iter().filter(move |grant| !is_default(grant)))
}

fn no_grant(realms: &[&RealmInput]) -> Detail {
    if let Some((realm, reason)) = realms.iter().find_map(|r| r.frozen.as_ref().map(|reason| (r, reason))) {
        let message = format!("What realm {} grants is frozen: {reason}", realm.slug);
        return Detail { code: FROZEN.to_owned(), message };
    }
    let slugs: Vec<&str> = realms.iter().map(|realm| realm.slug.as_str()).collect();
    let message = if slugs.is_empty() {
        "This agent is in no realm.".to_owned()
    } else {
        format!("No model is granted to this agent's realms: {}.", slugs.join(", "))
    };
    Detail { code: NO_GRANT.to_owned(), message }
}

/// Why none of these grants can be used, told by the first of them. There is at least one.
fn missing(inputs: &Inputs, did: &str, grants: &[(&RealmInput, &GrantInput)]) -> Detail {
    if inputs.proxies.is_empty() {
        let message = "Models are granted, but no proxy is registered.".to_owned();
        return Detail { code: NO_PROXY.to_owned(), message };
    }
    if let Some((realm, _)) = grants.first().filter(|(realm, _)| realm.ranks.is_empty()) {
        let message = format!("The placement of realm {} chooses no proxy.", realm.slug);
        return Detail { code: NO_PROXY.to_owned(), message };
    }
    let message = grants.first().map_or_else(String::new, |(realm, grant)| {
        let name = grant.litellm_model_name.as_str();
        let has = |lock: &dyn Fn(&ProxyInput) -> bool| inputs.proxies.iter().any(lock);
        let mut absent = Vec::new();
        if !has(&|proxy| proxy.deployed.contains(name)) {
            absent.push("the model");
        }
        if !has(&|proxy| realm.team_models.get(&proxy.id).is_some_and(|models| models.contains(name))) {
            absent.push("the realm's team");
        }
        if !keys_of(realm, did).any(|key| key.models.values().any(|models| models.contains(name))) {
            absent.push("the realm's key");
        }
        let what = if absent.is_empty() {
            "all its parts on one and the same".to_owned()
        } else {
            absent.join(" and ")
        };
        format!("{name} is granted to realm {} but not live yet: no proxy has {what}.", realm.slug)
    });
    Detail { code: CONVERGING.to_owned(), message }
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
