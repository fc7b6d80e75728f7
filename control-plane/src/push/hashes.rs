//! The hashes of the documents of many agents, to be compared with what they run. Agents of a realm mostly have the same
//! document, so it is made once for all who are alike.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::compile::compile_agent;
use crate::{
    base::ids::{ModelId, RealmId},
    domain::agent::{AgentStatus, ConfigMode},
    store::documents::{AgentInput, Inputs},
};

pub struct Hashes<'a> {
    inputs: &'a Inputs,
    /// Agents that have a key of their own.
    owners: HashSet<&'a str>,
    made: HashMap<Alike<'a>, Arc<str>>,
}

/// All that the document of an approved agent in realm mode rests on, within one snapshot.
#[derive(PartialEq, Eq, Hash)]
struct Alike<'a> {
    realms: &'a [RealmId],
    chosen: (Option<RealmId>, Option<ModelId>),
    had: (Option<RealmId>, Option<ModelId>),
    owner: Option<&'a str>,
}

impl<'a> Hashes<'a> {
    pub fn new(inputs: &'a Inputs) -> Self {
        let owners =
            inputs.realms.values().flat_map(|realm| &realm.keys).filter_map(|key| key.did.as_deref());
        Self { inputs, owners: owners.collect(), made: HashMap::new() }
    }

    /// The hash of the document of one of the snapshot's agents.
    pub fn of(&mut self, input: &'a AgentInput) -> Arc<str> {
        let make = || Arc::from(compile_agent(self.inputs, input).message.hash);
        let agent = &input.agent;
        if agent.status != AgentStatus::Approved || agent.mode != ConfigMode::Realm || input.frozen.is_some()
        {
            return make();
        }
        let did = agent.did.as_str();
        let alike = Alike {
            realms: &input.realms,
            chosen: (agent.realm_id, agent.model_id),
            had: (input.session.offered_realm_id, input.session.offered_model_id),
            owner: self.owners.contains(did).then_some(did),
        };
        Arc::clone(self.made.entry(alike).or_insert_with(make))
    }
}
