//! Whether an agent can call a model, and why: every fact that it rests on, with its time, and what to do when the answer is no.
//! The answer itself comes from the builder of the agent's document, so that the two cannot differ.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Services, lookup};
use crate::{
    base::{ids::ProxyId, page::PageRequest, reach::Reach},
    domain::{
        agent::{Agent, AgentStatus, ConfigMode},
        error::Result,
        freeze::{Freeze, FreezeKind},
        grant::GrantState,
        model::{Model, ModelStatus},
        proxy::{Proxy, ProxyStatus},
        realm::{KeyState, Realm},
    },
    push::compile::{self, Way},
    store::{
        Conn, applied,
        documents::{Inputs, RealmInput},
        freezes, grants, keys, proxies, realms,
    },
};

/// The answer to "can this agent call this model, and why".
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub agent_did: String,
    pub agent_name: String,
    pub litellm_model_name: String,
    /// The agent was told a key that at least one proxy lets through to the model now.
    pub allowed: bool,
    /// How, when it is allowed.
    pub way: Option<WayView>,
    /// What it rests on, from the agent to the proxies. Where `allowed` is false, the first that does not hold says why.
    pub facts: Vec<Fact>,
}

/// How the agent calls the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WayView {
    pub realm_slug: String,
    /// Of the realm's key, or of the agent's own one there.
    pub key_generation: i64,
    /// Names, best first.
    pub proxies: Vec<String>,
}

/// One thing that the answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    pub kind: FactKind,
    /// Slug or name of the realm, proxy, model or agent that it is about.
    pub subject: String,
    pub holds: bool,
    /// Since when it is so, as far as that is known.
    pub since: Option<DateTime<Utc>>,
    pub text: String,
    /// What changes it, where it does not hold.
    pub todo: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    Agent,
    Mode,
    Model,
    Freeze,
    Realm,
    Grant,
    Key,
    Proxy,
    Budget,
}

impl Fact {
    fn new(kind: FactKind, subject: &str, since: Option<DateTime<Utc>>, text: impl Into<String>) -> Self {
        Self { kind, subject: subject.to_owned(), holds: true, since, text: text.into(), todo: None }
    }

    /// The same, not holding.
    fn but(self, todo: impl Into<String>) -> Self {
        Self { holds: false, todo: Some(todo.into()), ..self }
    }
}

/// Errors: 404 for an unknown agent or model, 409 `ambiguous-model`.
pub async fn explain(s: &Services, reach: &Reach, did: &str, model: &str) -> Result<Explanation> {
    let inputs = s.store.document_inputs(&[did.to_owned()]).await?;
    let mut conn = s.store.conn().await?;
    let agent = lookup::whole_agent(&mut conn, reach, did).await?;
    let model = lookup::model(&mut conn, reach, model).await?;
    let subject = Subject {
        now: s.store.clock.now(),
        frozen: freezes::list(&mut conn, None, None, None).await?,
        proxies: proxies::all(&mut conn).await?,
        inputs,
        agent,
        model,
    };
    let mut facts = subject.of_agent_and_model();
    let every = PageRequest { limit: i64::from(i32::MAX), after: None };
    let joined = realms::members(&mut conn, None, Some(did), &every).await?;
    let mut of_realms = Vec::new();
    for membership in &joined {
        let Some(realm) = realms::get(&mut conn, membership.realm_id).await? else { continue };
        let text = format!("It is in realm {}.", realm.slug);
        let mut facts = vec![Fact::new(FactKind::Realm, &realm.slug, Some(membership.joined_at), text)];
        facts.extend(subject.of_realm(&mut conn, &realm).await?);
        of_realms.push((realm, facts));
    }
    if of_realms.is_empty() {
        let todo = format!("reeve realm join REALM {did}");
        facts.push(Fact::new(FactKind::Realm, &subject.agent.name, None, "It is in no realm.").but(todo));
    }
    let way = compile::way(&subject.inputs, did, subject.model.id);
    // What decides comes first: the realm of the way, else one that the model is granted to, or was.
    of_realms.sort_by_key(|(realm, facts)| {
        let is_way = way.as_ref().is_some_and(|way| way.realm_id == realm.id);
        let grant = facts.iter().find(|fact| fact.kind == FactKind::Grant);
        (!is_way, grant.is_none_or(|g| !g.holds), grant.is_none_or(|g| g.since.is_none()))
    });
    let way = way.filter(|way| of_realms.first().is_some_and(|(_, facts)| is_open(way, facts)));
    let slug = of_realms.first().map(|(realm, _)| realm.slug.clone()).unwrap_or_default();
    facts.extend(of_realms.into_iter().flat_map(|(_, facts)| facts));
    if way.as_ref().is_some_and(|way| !way.is_told) {
        let name = &subject.model.litellm_model_name;
        let text = format!("It was not told to use realm {slug}, where it could call {name}.");
        let todo = format!("reeve agent-config set {did} --realm {slug} --model {name}");
        facts.insert(1, Fact::new(FactKind::Mode, &subject.agent.name, None, text).but(todo));
    }
    let way = way.filter(|way| way.is_told).map(|way| WayView {
        realm_slug: slug,
        key_generation: way.key_generation,
        proxies: way.proxies,
    });
    Ok(Explanation {
        agent_did: subject.agent.did,
        agent_name: subject.agent.name,
        litellm_model_name: subject.model.litellm_model_name,
        allowed: way.is_some(),
        way,
        facts,
    })
}

/// Whether a proxy of the way answers, and the realm may still spend there.
fn is_open(way: &Way, facts: &[Fact]) -> bool {
    way.proxies.iter().any(|proxy| {
        let mut of_proxy = facts
            .iter()
            .filter(|fact| matches!(fact.kind, FactKind::Proxy | FactKind::Budget) && fact.subject == *proxy);
        of_proxy.all(|fact| fact.holds)
    })
}

/// What is asked about, and what it is judged by.
struct Subject {
    now: DateTime<Utc>,
    agent: Agent,
    model: Model,
    frozen: Vec<Freeze>,
    proxies: Vec<Proxy>,
    inputs: Inputs,
}

impl Subject {
    fn of_agent_and_model(&self) -> Vec<Fact> {
        let (agent, model) = (&self.agent, &self.model);
        let fact = |since, text: &str| Fact::new(FactKind::Agent, &agent.name, Some(since), text);
        let did = &agent.did;
        let mut facts = vec![match agent.status {
            AgentStatus::Approved => {
                fact(agent.approved_at.unwrap_or(agent.created_at), "The agent is approved.")
            }
            AgentStatus::Pending => fact(agent.created_at, "The agent waits for an admin's approval.")
                .but(format!("reeve agents approve {did}")),
            AgentStatus::Rejected | AgentStatus::Revoked => {
                let word = if agent.status == AgentStatus::Revoked { "revoked" } else { "rejected" };
                fact(agent.updated_at, &format!("The agent was {word}."))
                    .but("It must enrol with a new identity; this one stays cut off.")
            }
        }];
        facts.extend(self.freeze(FreezeKind::Agent, did, &agent.name));
        let other = match agent.mode {
            ConfigMode::Realm => None,
            ConfigMode::Manual => Some("What it calls was typed by an admin, so it gets no key of a realm."),
            ConfigMode::Env => Some("It uses its own environment, so it gets no key of a realm."),
        };
        facts.extend(other.map(|text| {
            let todo =
                format!("reeve agent-config set {did} --realm REALM --model {}", model.litellm_model_name);
            Fact::new(FactKind::Mode, &agent.name, None, text).but(todo)
        }));
        let name = model.litellm_model_name.as_str();
        facts.push(match model.status {
            ModelStatus::Active => {
                Fact::new(FactKind::Model, name, Some(model.created_at), "The model is active.")
            }
            ModelStatus::Inactive => {
                Fact::new(FactKind::Model, name, Some(model.updated_at), "The model is inactive.")
                    .but(format!("reeve model edit {name} --status active"))
            }
        });
        facts.extend(self.freeze(FreezeKind::Model, &model.id.to_string(), name));
        facts
    }

    /// Only when it is frozen.
    fn freeze(&self, kind: FreezeKind, id: &str, name: &str) -> Option<Fact> {
        let found = self.frozen.iter().find(|f| f.kind == kind && f.object_id == id)?;
        let word = kind.as_str();
        let named = if kind == FreezeKind::Agent { id } else { name };
        let text = format!("{word} {name} was frozen by {}: {}", found.frozen_by, found.reason);
        let fact = Fact::new(FactKind::Freeze, name, Some(found.frozen_at), text);
        Some(fact.but(format!("reeve unfreeze {word} {named}")))
    }

    async fn of_realm(&self, conn: &mut Conn, realm: &Realm) -> Result<Vec<Fact>> {
        let mut facts: Vec<Fact> =
            self.freeze(FreezeKind::Realm, &realm.id.to_string(), &realm.slug).into_iter().collect();
        let grant = self.grant(conn, realm).await?;
        let granted = grant.holds;
        facts.push(grant);
        if !granted {
            return Ok(facts);
        }
        let mine = |did: Option<&String>| did.is_none_or(|did| *did == self.agent.did);
        let newest = keys::list(conn, Some(realm.id)).await?;
        let newest = newest.into_iter().find(|key| key.state == KeyState::Current && mine(key.did.as_ref()));
        facts.push(match newest {
            Some(key) => {
                let whose = if key.did.is_some() { "the agent's own" } else { "the realm's" };
                let text = format!("Generation {} of {whose} key is {}.", key.generation, key.fingerprint);
                Fact::new(FactKind::Key, &realm.slug, Some(key.created_at), text)
            }
            None => Fact::new(FactKind::Key, &realm.slug, None, "There is no key yet.")
                .but("It is made within seconds; `reeve changes` shows what is in the way."),
        });
        let input = self.inputs.realms.get(&realm.id);
        facts.extend(self.proxies.iter().map(|proxy| self.on_proxy(proxy, realm, input)));
        if let Some(budget) = realm.monthly_budget_usd {
            let spent = applied::spent(conn, realm.id).await?;
            facts.extend(spent.into_iter().filter_map(|spent| self.budget(realm, budget, spent)));
        }
        // One proxy that lets it through is enough.
        let is_open = |fact: &Fact| fact.kind == FactKind::Proxy && fact.holds;
        if facts.iter().any(is_open) {
            facts.sort_by_key(|fact| fact.kind == FactKind::Proxy && !fact.holds);
        }
        if self.proxies.is_empty() {
            let none = Fact::new(FactKind::Proxy, &realm.slug, None, "No proxy is registered.");
            facts.push(none.but("reeve proxies add NAME --base-url URL"));
        }
        Ok(facts)
    }

    async fn grant(&self, conn: &mut Conn, realm: &Realm) -> Result<Fact> {
        let (slug, name) = (&realm.slug, &self.model.litellm_model_name);
        let todo = format!("reeve grant {name} {slug}");
        let Some(grant) = grants::newest(conn, realm.id, self.model.id).await? else {
            let text = format!("{name} was never granted to realm {slug}.");
            return Ok(Fact::new(FactKind::Grant, slug, None, text).but(todo));
        };
        let fact = |since, text: String| Fact::new(FactKind::Grant, slug, since, text);
        Ok(match (grant.state(), grant.expires_at) {
            (GrantState::Active, Some(end)) if end <= self.now => {
                fact(Some(end), format!("Its grant to realm {slug} has ended.")).but(todo)
            }
            (GrantState::Active, end) => {
                let until = end.map(|end| format!(", until {}", end.to_rfc3339())).unwrap_or_default();
                let text = format!("{} granted {name} to realm {slug}{until}.", grant.created_by);
                fact(Some(grant.created_at), text)
            }
            (GrantState::Revoking, _) => {
                let text = format!("{name} is being taken from realm {slug}; a proxy may still serve it.");
                fact(grant.revoked_at, text).but(todo)
            }
            (GrantState::Revoked, _) => {
                fact(grant.revoked_at, format!("{name} was taken from realm {slug}.")).but(todo)
            }
        })
    }

    fn on_proxy(&self, proxy: &Proxy, realm: &Realm, input: Option<&RealmInput>) -> Fact {
        let name = &proxy.name;
        let fact = |text: String| Fact::new(FactKind::Proxy, name, Some(proxy.status_since), text);
        if let Some(frozen) = self.freeze(FreezeKind::Proxy, &proxy.id.to_string(), name) {
            return Fact { kind: FactKind::Proxy, ..frozen };
        }
        if !proxy.serves() {
            return fact(format!("Proxy {name} is disabled or being removed."))
                .but(format!("reeve proxies activate {name}"));
        }
        if proxy.withheld() {
            return fact(format!(
                "Proxy {name} does not enforce what it is told, so nothing may be used on it."
            ))
            .but(format!("`reeve proxies show {name}` says which check fails"));
        }
        if let Some(since) = proxy.wiped_since {
            let text = format!("Most of what was made on proxy {name} is missing there.");
            let fact = Fact::new(FactKind::Proxy, name, Some(since), text);
            return fact.but("It is made again when a scan a minute later says the same.");
        }
        let there = input.zip(self.inputs.proxies.iter().find(|p| p.id == proxy.id));
        let lacking = there.map_or_else(Vec::new, |(realm, there)| {
            compile::lacking(realm, &self.agent.did, there, &self.model.litellm_model_name)
        });
        let is_chosen = input.is_some_and(|realm| realm.ranks.contains_key(&proxy.id));
        match (is_chosen, lacking.as_slice()) {
            (_, []) if there.is_some() && proxy.status == ProxyStatus::Ready => {
                fact(format!("Proxy {name} lets it through."))
            }
            (_, []) if there.is_some() => {
                let why = proxy.status_message.as_deref().unwrap_or("it does not answer");
                fact(format!("Proxy {name} has all that is needed and is {}: {why}", proxy.status.as_str()))
                    .but(format!("`reeve proxies check {name}` looks at it again"))
            }
            (false, _) => {
                fact(format!("The placement of realm {} does not choose proxy {name}.", realm.slug))
                    .but(format!("`reeve realm edit {} --place` chooses its proxies", realm.slug))
            }
            (true, _) => fact(format!("Proxy {name} lacks the {}.", lacking.join(", the ")))
                .but(format!("`reeve proxies show {name}` says what is in the way")),
        }
    }

    /// `None`: the proxy is not there any more, or the time that was counted is over.
    fn budget(
        &self,
        realm: &Realm,
        budget: f64,
        spent: (ProxyId, f64, Option<DateTime<Utc>>),
    ) -> Option<Fact> {
        let names: HashMap<ProxyId, &str> = self.proxies.iter().map(|p| (p.id, p.name.as_str())).collect();
        let (proxy, amount, resets) = spent;
        let name = names.get(&proxy)?;
        if resets.is_some_and(|at| at <= self.now) {
            return None;
        }
        let until = resets.map(|at| format!(", until {}", at.to_rfc3339())).unwrap_or_default();
        let text =
            format!("Realm {} has spent {amount:.2} of {budget:.2} USD on proxy {name}{until}.", realm.slug);
        let fact = Fact::new(FactKind::Budget, name, None, text);
        let todo = || format!("reeve realm edit {} --budget USD", realm.slug);
        Some(if amount >= budget { fact.but(todo()) } else { fact })
    }
}
