//! Table and property tests of the document builder.

use std::collections::HashMap;

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    base::{
        ids::{KeyId, ProxyId},
        secret::Secret,
    },
    domain::agent::{Agent, AgentSession, ManualConfig},
};

const DID: &str = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

fn realm_id(n: u128) -> RealmId {
    RealmId(Uuid::from_u128(0x100 + n))
}

fn model_id(n: u128) -> ModelId {
    ModelId(Uuid::from_u128(0x200 + n))
}

fn proxy_id(n: u128) -> ProxyId {
    ProxyId(Uuid::from_u128(0x300 + n))
}

fn name(n: u128) -> String {
    format!("openai/m{n}")
}

fn names(models: &[u128]) -> BTreeSet<String> {
    models.iter().map(|n| name(*n)).collect()
}

fn agent() -> AgentInput {
    AgentInput {
        frozen: None,
        agent: Agent {
            did: DID.to_owned(),
            name: "bot".to_owned(),
            status: AgentStatus::Approved,
            status_reason: None,
            mode: ConfigMode::Realm,
            realm_id: None,
            model_id: None,
            manual_config: None,
            manual_generation: 0,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            approved_at: None,
        },
        session: AgentSession::default(),
        realms: Vec::new(),
        primary: None,
        manual_api_key: None,
    }
}

/// Proxies `0..n`, with the agent in no realm.
fn fleet(proxies: u128) -> Inputs {
    let proxy = |n| ProxyInput {
        id: proxy_id(n),
        name: format!("p{n}"),
        public_url: format!("https://p{n}.example/"),
        region: None,
        draining: false,
        avoided: false,
        deployed: BTreeSet::new(),
    };
    Inputs {
        revision: 7,
        agents: vec![agent()],
        realms: HashMap::new(),
        proxies: (0..proxies).map(proxy).collect(),
    }
}

/// Adds a realm with these grants to the inputs and to the agent; nothing of it is live.
fn realm<'a>(inputs: &'a mut Inputs, n: u128, grants: &[u128]) -> &'a mut RealmInput {
    let id = realm_id(n);
    let agent = &mut inputs.agents[0];
    agent.primary.get_or_insert(id);
    agent.realms.push(id);
    let grant = |m: &u128| GrantInput {
        model_id: model_id(*m),
        name: format!("m{m}"),
        provider: "openai".to_owned(),
        litellm_model_name: name(*m),
        upstream_model_id: None,
        max_tokens: Some(1000),
        expires_at: None,
    };
    let ranks = inputs.proxies.iter().map(|p| (p.id, 1)).collect();
    inputs.realms.entry(id).or_insert(RealmInput {
        frozen: None,
        id,
        slug: format!("r{n}"),
        name: format!("Realm {n}"),
        default_model_id: None,
        grants: grants.iter().map(grant).collect(),
        keys: vec![key(n, 1)],
        ranks,
        team_models: HashMap::new(),
    })
}

fn key(realm: u128, generation: i64) -> KeyInput {
    KeyInput {
        id: KeyId(Uuid::from_u128(0x400 + realm)),
        did: None,
        generation,
        secret: Secret::new(format!("sk-r{realm}-g{generation}")),
        models: HashMap::new(),
    }
}

/// Makes models live in realm `n` on a proxy: deployed, in the team, in the generation `generation`.
fn live(inputs: &mut Inputs, n: u128, proxy: usize, generation: i64, models: &[u128]) {
    let id = inputs.proxies[proxy].id;
    inputs.proxies[proxy].deployed.extend(names(models));
    let realm = inputs.realms.get_mut(&realm_id(n)).unwrap();
    realm.team_models.entry(id).or_default().extend(names(models));
    let key = realm.keys.iter_mut().find(|k| k.generation == generation).unwrap();
    key.models.entry(id).or_default().extend(names(models));
}

fn document(inputs: &Inputs) -> Compiled {
    compile(inputs, DID).unwrap()
}

/// `(model, baseUrl, generation)` of an active document, or the code and message of one that is not.
fn told(inputs: &Inputs) -> Result<(String, String, i64), (String, String)> {
    match document(inputs).message.document {
        Document::Active(c) => Ok((c.model, c.base_url, c.key_generation)),
        Document::Unavailable(d) => Err((d.code, d.message)),
        Document::Env => Err(("env".to_owned(), String::new())),
    }
}

fn model(inputs: &Inputs) -> String {
    told(inputs).unwrap().0
}

fn code(inputs: &Inputs) -> String {
    told(inputs).unwrap_err().0
}

#[test]
fn an_unknown_agent_has_no_document() {
    assert!(compile(&fleet(1), "did:key:z6Mkother").is_none());
}

#[test]
fn env_and_manual_take_nothing_from_realms() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0]);
    live(&mut inputs, 0, 0, 1, &[0]);
    inputs.agents[0].agent.mode = ConfigMode::Env;
    assert_eq!(document(&inputs).message.document, Document::Env);
    assert_eq!(document(&inputs).realm_id, None);

    let agent = &mut inputs.agents[0];
    agent.agent.mode = ConfigMode::Manual;
    agent.agent.manual_config = Some(ManualConfig {
        provider: "anthropic".to_owned(),
        model: "claude".to_owned(),
        base_url: "https://api.anthropic.com".to_owned(),
        max_tokens: Some(5),
        system_prompt: Some("Be brief.".to_owned()),
    });
    assert_eq!(code(&inputs), NO_API_KEY, "never an empty key");
    inputs.agents[0].manual_api_key = Some(Secret::new("typed"));
    let compiled = document(&inputs);
    let config = compiled.message.document.config().unwrap();
    assert_eq!((config.provider.as_str(), config.api_key.expose()), ("anthropic", "typed"));
    assert_eq!((config.max_tokens, config.key_generation), (Some(5), 0));
    assert_eq!(compiled.realm_id, None);
}

#[test]
fn only_an_approved_agent_gets_a_config() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0]);
    live(&mut inputs, 0, 0, 1, &[0]);
    for status in [AgentStatus::Pending, AgentStatus::Rejected, AgentStatus::Revoked] {
        for mode in [ConfigMode::Realm, ConfigMode::Env, ConfigMode::Manual] {
            inputs.agents[0].agent.status = status;
            inputs.agents[0].agent.mode = mode;
            assert_eq!(code(&inputs), NOT_APPROVED);
        }
    }
}

#[test]
fn what_is_missing_is_said() {
    let mut inputs = fleet(0);
    assert_eq!(told(&inputs), Err((NO_GRANT.into(), "This agent is in no realm.".into())));
    realm(&mut inputs, 0, &[]);
    assert_eq!(
        told(&inputs),
        Err((NO_GRANT.into(), "No model is granted to this agent's realms: r0.".into()))
    );
    realm(&mut inputs, 1, &[3]);
    assert_eq!(
        told(&inputs),
        Err((NO_PROXY.into(), "Models are granted, but no proxy is registered.".into()))
    );
    inputs.proxies = fleet(2).proxies;
    let ranks = HashMap::from([(proxy_id(0), 1), (proxy_id(1), 1)]);
    inputs.realms.get_mut(&realm_id(1)).unwrap().ranks = ranks;
    let waiting = |what: &str| {
        let message = format!("openai/m3 is granted to realm r1 but not live yet: no proxy has {what}.");
        Err((CONVERGING.to_owned(), message))
    };
    assert_eq!(told(&inputs), waiting("the model and the realm's team and the realm's key"));
    inputs.proxies[0].deployed = names(&[3]);
    assert_eq!(told(&inputs), waiting("the realm's team and the realm's key"));
    let realm = inputs.realms.get_mut(&realm_id(1)).unwrap();
    realm.team_models.insert(proxy_id(0), names(&[3]));
    assert_eq!(told(&inputs), waiting("the realm's key"));
    // The last part, on another proxy: each has some, none has all.
    let keys = &mut inputs.realms.get_mut(&realm_id(1)).unwrap().keys;
    keys[0].models.insert(proxy_id(1), names(&[3]));
    assert_eq!(told(&inputs), waiting("all its parts on one and the same"));
    inputs.realms.get_mut(&realm_id(1)).unwrap().keys[0].models.insert(proxy_id(0), names(&[3]));
    assert_eq!(told(&inputs), Ok((name(3), "https://p0.example/v1".into(), 1)));
}

#[test]
fn the_rule_is_primary_realm_default_model_oldest_grant() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0, 1, 2]);
    realm(&mut inputs, 1, &[3]);
    live(&mut inputs, 1, 0, 1, &[3]);
    assert_eq!(model(&inputs), name(3), "the primary realm has nothing that works yet");
    live(&mut inputs, 0, 0, 1, &[1, 2]);
    assert_eq!(model(&inputs), name(1), "the oldest that works");
    inputs.realms.get_mut(&realm_id(0)).unwrap().default_model_id = Some(model_id(2));
    assert_eq!(model(&inputs), name(2));
    inputs.realms.get_mut(&realm_id(0)).unwrap().default_model_id = Some(model_id(0));
    assert_eq!(model(&inputs), name(1), "the default does not work yet");
    let compiled = document(&inputs);
    assert_eq!((compiled.realm_id, compiled.model_id), (Some(realm_id(0)), Some(model_id(1))));
    assert_eq!(compiled.message.document.config().unwrap().models, [name(1), name(2)]);
    assert_eq!(compiled.message.version, 7);
}

#[test]
fn a_grant_never_switches_an_agent_that_has_a_model() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0, 1]);
    live(&mut inputs, 0, 0, 1, &[0, 1]);
    let session = &mut inputs.agents[0].session;
    (session.offered_realm_id, session.offered_model_id) = (Some(realm_id(0)), Some(model_id(1)));
    inputs.realms.get_mut(&realm_id(0)).unwrap().default_model_id = Some(model_id(0));
    assert_eq!(model(&inputs), name(1), "neither the oldest grant nor the default");
    inputs.realms.get_mut(&realm_id(0)).unwrap().grants.pop();
    assert_eq!(model(&inputs), name(0), "what it lost is taken away");
}

#[test]
fn an_explicit_choice_waits_until_it_is_live() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0, 1]);
    live(&mut inputs, 0, 0, 1, &[0]);
    inputs.agents[0].agent.realm_id = Some(realm_id(0));
    inputs.agents[0].agent.model_id = Some(model_id(1));
    assert_eq!(code(&inputs), CONVERGING, "not another model than the one an admin chose");
    inputs.agents[0].session.offered_realm_id = Some(realm_id(0));
    inputs.agents[0].session.offered_model_id = Some(model_id(0));
    assert_eq!(model(&inputs), name(0), "meanwhile it keeps what it has");
    live(&mut inputs, 0, 0, 1, &[1]);
    assert_eq!(model(&inputs), name(1));
    inputs.agents[0].agent.model_id = Some(model_id(9));
    assert_eq!(model(&inputs), name(0), "a choice that is not granted counts for nothing");
    inputs.agents[0].realms.clear();
    assert_eq!(code(&inputs), NO_GRANT, "nor does one of a realm that the agent is not in");
}

#[test]
fn one_generation_per_document_the_newest_that_works() {
    let mut inputs = fleet(2);
    let realm = realm(&mut inputs, 0, &[0]);
    realm.keys.insert(0, key(0, 2));
    live(&mut inputs, 0, 0, 1, &[0]);
    live(&mut inputs, 0, 1, 1, &[0]);
    live(&mut inputs, 0, 1, 2, &[0]);
    assert_eq!(told(&inputs), Ok((name(0), "https://p0.example/v1".into(), 1)));
    let endpoints = |inputs: &Inputs| -> Vec<String> {
        let compiled = document(inputs);
        let config = compiled.message.document.config().unwrap();
        assert_eq!(config.endpoints[0].base_url, config.base_url);
        config.endpoints.iter().map(|e| e.proxy.clone()).collect()
    };
    assert_eq!(endpoints(&inputs), ["p0", "p1"]);
    live(&mut inputs, 0, 0, 2, &[0]);
    assert_eq!(told(&inputs), Ok((name(0), "https://p0.example/v1".into(), 2)));
    inputs.realms.get_mut(&realm_id(0)).unwrap().keys[0].models.remove(&proxy_id(1));
    assert_eq!(endpoints(&inputs), ["p0"], "generation 2 does not work on p1");
}

#[test]
fn only_the_message_of_a_detail_is_free() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0]);
    let before = document(&inputs);
    inputs.proxies[0].deployed = names(&[0]);
    inputs.revision = 9;
    let after = document(&inputs);
    assert_ne!(before.message.document, after.message.document);
    assert_eq!(before.message.hash, after.message.hash, "another wording is no new document");
}

/// A random fleet: two realms with grants of four models, two generations each, three proxies; every lock by chance.
fn any_inputs() -> impl Strategy<Value = Inputs> {
    let bits = prop::collection::vec(any::<bool>(), 200);
    let choice = (0..3u128, 0..5u128, 0..3u128, 0..5u128, any::<bool>());
    (0..4u128, bits, choice).prop_map(|(proxies, bits, (r, m, last_r, last_m, explicit))| {
        let mut bits = bits.into_iter().cycle();
        let mut some = |of: &[u128]| -> Vec<u128> {
            of.iter().copied().filter(|_| bits.next().unwrap_or_default()).collect()
        };
        let mut inputs = fleet(proxies);
        for n in some(&[0, 1]) {
            let grants = some(&[0, 1, 2, 3]);
            let realm = realm(&mut inputs, n, &grants);
            realm.keys.insert(0, key(n, 2));
            for p in 0..proxies {
                realm.team_models.insert(proxy_id(p), names(&some(&[0, 1, 2, 3])));
                for key in &mut realm.keys {
                    key.models.insert(proxy_id(p), names(&some(&[0, 1, 2, 3])));
                }
            }
        }
        for proxy in &mut inputs.proxies {
            proxy.deployed = names(&some(&[0, 1, 2, 3]));
        }
        let agent = &mut inputs.agents[0];
        if explicit {
            (agent.agent.realm_id, agent.agent.model_id) = (Some(realm_id(r)), Some(model_id(m)));
        }
        agent.session.offered_realm_id = Some(realm_id(last_r));
        agent.session.offered_model_id = Some(model_id(last_m));
        inputs
    })
}

proptest! {
    #[test]
    fn a_document_is_whole_granted_and_live(inputs in any_inputs()) {
        let compiled = document(&inputs);
        prop_assert!(compiled.message.hash_matches());
        let Some(config) = compiled.message.document.config() else {
            prop_assert!(compiled.realm_id.is_none() && compiled.model_id.is_none());
            return Ok(());
        };
        let realm = &inputs.realms[&compiled.realm_id.unwrap()];
        prop_assert!(inputs.agents[0].realms.contains(&realm.id));
        prop_assert!(!config.api_key.expose().is_empty());
        prop_assert!(config.models.contains(&config.model));
        let key = realm.keys.iter().find(|k| k.generation == config.key_generation).unwrap();
        prop_assert_eq!(key.secret.expose(), config.api_key.expose());
        for model in &config.models {
            prop_assert!(realm.grants.iter().any(|g| g.litellm_model_name == *model), "not granted");
        }
        for endpoint in &config.endpoints {
            let proxy = inputs.proxies.iter().find(|p| p.name == endpoint.proxy).unwrap();
            prop_assert!(works(realm, key, proxy, &config.model), "not live on every endpoint");
        }
        prop_assert_eq!(&config.endpoints[0].base_url, &config.base_url);
    }

    #[test]
    fn it_is_deterministic_and_sticky(mut inputs in any_inputs(), default in 0..4u128) {
        let first = document(&inputs);
        prop_assert_eq!(&first, &document(&inputs.clone()));
        // What was offered is offered again, also after the realm's default and the order of its grants changed.
        let session = &mut inputs.agents[0].session;
        (session.offered_realm_id, session.offered_model_id) = (first.realm_id, first.model_id);
        for realm in inputs.realms.values_mut() {
            realm.default_model_id = Some(model_id(default));
            realm.grants.reverse();
        }
        prop_assert_eq!(first.message.hash, document(&inputs).message.hash);
    }
}

/// The proxies of the document, best first.
fn endpoints(inputs: &Inputs) -> Vec<String> {
    let compiled = document(inputs);
    let config = compiled.message.document.config().unwrap();
    let names: Vec<String> = config.endpoints.iter().map(|e| e.proxy.clone()).collect();
    assert!(config.base_url.starts_with(&format!("https://{}.", names[0])), "the best is the one to use");
    names
}

#[test]
fn endpoints_are_in_the_order_of_the_placement_and_those_that_answer_first() {
    let mut inputs = fleet(3);
    realm(&mut inputs, 0, &[0]);
    for proxy in 0..3 {
        live(&mut inputs, 0, proxy, 1, &[0]);
    }
    assert_eq!(endpoints(&inputs), ["p0", "p1", "p2"]);
    let ranks = HashMap::from([(proxy_id(0), 2), (proxy_id(1), 2), (proxy_id(2), 1)]);
    inputs.realms.get_mut(&realm_id(0)).unwrap().ranks = ranks;
    assert_eq!(endpoints(&inputs), ["p2", "p0", "p1"]);
    inputs.proxies[2].avoided = true;
    assert_eq!(endpoints(&inputs), ["p0", "p1", "p2"], "it may answer again before the agent hears of it");
    for proxy in &mut inputs.proxies {
        proxy.avoided = true;
    }
    assert_eq!(endpoints(&inputs), ["p2", "p0", "p1"], "none is better than another");
}

#[test]
fn a_proxy_to_be_left_is_used_only_while_no_other_works() {
    let mut inputs = fleet(2);
    realm(&mut inputs, 0, &[0]);
    live(&mut inputs, 0, 0, 1, &[0]);
    inputs.proxies[0].draining = true;
    assert_eq!(endpoints(&inputs), ["p0"], "the other is not ready");
    live(&mut inputs, 0, 1, 1, &[0]);
    assert_eq!(endpoints(&inputs), ["p1"]);
    inputs.proxies[1].avoided = true;
    assert_eq!(endpoints(&inputs), ["p1"], "an admin's word counts more than a silence");
    inputs.proxies[0].draining = false;
    assert_eq!(endpoints(&inputs), ["p0", "p1"], "it comes back");
    inputs.realms.get_mut(&realm_id(0)).unwrap().ranks.remove(&proxy_id(0));
    assert_eq!(endpoints(&inputs), ["p1"], "the placement does not choose it any more");
}

#[test]
fn a_placement_that_chooses_no_proxy_is_said() {
    let mut inputs = fleet(1);
    realm(&mut inputs, 0, &[0]).ranks.clear();
    let message = "The placement of realm r0 chooses no proxy.";
    assert_eq!(told(&inputs), Err((NO_PROXY.into(), message.into())));
}
