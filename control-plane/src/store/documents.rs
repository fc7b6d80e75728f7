//! Everything the document of an agent depends on, for many agents in one snapshot, so that a document is a pure
//! function of it and carries the revision it was made at.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sqlx::Acquire as _;
use uuid::Uuid;

use super::{
    Conn, Store, agents,
    desired::{manual_at, realm_key_at},
    freezes, listener, sessions,
};
use crate::{
    base::{
        ids::{KeyId, ModelId, ProxyId, RealmId},
        secret::Secret,
    },
    domain::{
        agent::{Agent, AgentSession},
        change::Revision,
        error::{Error, Result},
        freeze::FreezeKind,
    },
};

/// One snapshot.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The revision the snapshot was taken at: the version of a document made from it.
    pub revision: Revision,
    pub agents: Vec<AgentInput>,
    pub realms: HashMap<RealmId, RealmInput>,
    /// Proxies that anything of ours belongs on, by name.
    pub proxies: Vec<ProxyInput>,
}

#[derive(Clone, Debug)]
pub struct AgentInput {
    pub agent: Agent,
    pub session: AgentSession,
    /// Its realms: the primary one first, then in the order it joined.
    pub realms: Vec<RealmId>,
    pub primary: Option<RealmId>,
    /// Key of manual mode.
    pub manual_api_key: Option<Secret>,
    /// Why it is frozen, in the admin's words.
    pub frozen: Option<String>,
}

#[derive(Clone, Debug)]
pub struct RealmInput {
    pub id: RealmId,
    pub slug: String,
    pub name: String,
    pub default_model_id: Option<ModelId>,
    /// Why it, or a model that it holds, is frozen.
    pub frozen: Option<String>,
    /// Rights that hold, of active models that are not frozen, oldest first.
    pub grants: Vec<GrantInput>,
    /// Generations that may be used, newest first: those that are shared, and the own ones of the agents asked for.
    pub keys: Vec<KeyInput>,
    /// Where its placement has each proxy that it chooses, best first.
    pub ranks: HashMap<ProxyId, i64>,
    /// Models the team lets through on each proxy, as last made true there.
    pub team_models: HashMap<ProxyId, BTreeSet<String>>,
}

#[derive(Clone, Debug)]
pub struct GrantInput {
    pub model_id: ModelId,
    pub name: String,
    pub provider: String,
    pub litellm_model_name: String,
    /// The first deployment's own name for it.
    pub upstream_model_id: Option<String>,
    pub max_tokens: Option<i32>,
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
pub struct KeyInput {
    pub id: KeyId,
    /// The agent that it belongs to; `None`: the realm's agents share it.
    pub did: Option<String>,
    pub generation: i64,
    pub secret: Secret,
    /// Models the key lets through on each proxy that holds it.
    pub models: HashMap<ProxyId, BTreeSet<String>>,
}

#[derive(Clone, Debug)]
pub struct ProxyInput {
    pub id: ProxyId,
    pub name: String,
    pub public_url: String,
    pub region: Option<String>,
    pub draining: bool,
    /// It does not answer: the last choice.
    pub avoided: bool,
    /// Models it serves.
    pub deployed: BTreeSet<String>,
}

impl Store {
    /// Reads the snapshot for these agents; unknown DIDs are missing from it.
    pub async fn document_inputs(&self, dids: &[String]) -> Result<Inputs> {
        let mut conn = self.conn().await?;
        let mut tx = conn.begin().await?;
        sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
        let now = self.clock.now();
        let revision = listener::head(&mut tx).await?;
        let agents = self.agent_inputs(&mut tx, dids).await?;
        let realm_ids: BTreeSet<Uuid> = agents.iter().flat_map(|a| a.realms.iter().map(|r| r.0)).collect();
        let realm_ids: Vec<Uuid> = realm_ids.into_iter().collect();
        let realms = self.realm_inputs(&mut tx, &realm_ids, dids, now).await?;
        let proxies = proxy_inputs(&mut tx).await?;
        tx.commit().await?;
        Ok(Inputs { revision, agents, realms, proxies })
    }

    async fn agent_inputs(&self, conn: &mut Conn, dids: &[String]) -> Result<Vec<AgentInput>> {
        let found = agents::list(conn, dids).await?;
        let mut sessions: HashMap<String, AgentSession> =
            sessions::list(conn, dids).await?.into_iter().collect();
        // Told apart by their place and put in order here: they are a few for each agent, and many for all. Not `any`, whose plan
        // would take longer than the rest.
        let places: HashMap<&str, usize> =
            (0..).zip(dids).map(|(place, did)| (did.as_str(), place)).collect();
        let mut memberships: Vec<Vec<(bool, DateTime<Utc>, RealmId)>> = vec![Vec::new(); dids.len()];
        for m in sqlx::query!(
            r#"select place - 1 as "place!", realm_id as "realm_id: RealmId", is_primary, joined_at
               from unnest($1::text[]) with ordinality as asked (did, place) join realm_agent using (did)"#,
            dids
        )
        .fetch_all(&mut *conn)
        .await?
        {
            if let Some(of) = usize::try_from(m.place).ok().and_then(|place| memberships.get_mut(place)) {
                of.push((!m.is_primary, m.joined_at, m.realm_id));
            }
        }
        let mut frozen: HashMap<String, String> = freezes::list(conn, Some(FreezeKind::Agent), None, None)
            .await?
            .into_iter()
            .map(|f| (f.object_id, f.reason))
            .collect();
        let mut inputs = Vec::with_capacity(found.len());
        for agent in found {
            let sealed = match agent.manual_config {
                Some(_) => agents::manual_api_key(conn, &agent.did).await?,
                None => None,
            };
            let manual_api_key = sealed
                .map(|sealed| self.sealer.open(&manual_at(&agent.did), agent.manual_generation, &sealed))
                .transpose()
                .map_err(Error::internal)?;
            let place = places.get(agent.did.as_str());
            let mut realms =
                place.and_then(|at| memberships.get_mut(*at)).map(std::mem::take).unwrap_or_default();
            realms.sort_unstable();
            inputs.push(AgentInput {
                session: sessions.remove(&agent.did).unwrap_or_default(),
                primary: realms.first().filter(|(other, ..)| !other).map(|(.., id)| *id),
                realms: realms.into_iter().map(|(.., id)| id).collect(),
                manual_api_key,
                frozen: frozen.remove(&agent.did),
                agent,
            });
        }
        Ok(inputs)
    }

    async fn realm_inputs(
        &self,
        conn: &mut Conn,
        ids: &[Uuid],
        dids: &[String],
        now: DateTime<Utc>,
    ) -> Result<HashMap<RealmId, RealmInput>> {
        let mut realms = HashMap::new();
        for r in sqlx::query!(
            r#"select r.id as "id: RealmId", r.slug, r.name, r.default_model_id as "default_model_id: ModelId",
                      (select f.reason from frozen f
                       where (f.kind = 'realm' and f.object_id = r.id::text)
                          or (f.kind = 'model' and exists (
                              select 1 from model_grant g where g.realm_id = r.id and g.revoked_at is null
                              and g.model_id::text = f.object_id))
                       order by f.kind <> 'realm', f.frozen_at limit 1) as "frozen?"
               from realm r where r.id = any($1)"#,
            ids
        )
        .fetch_all(&mut *conn)
        .await?
        {
            realms.insert(
                r.id,
                RealmInput {
                    id: r.id,
                    slug: r.slug,
                    name: r.name,
                    default_model_id: r.default_model_id,
                    frozen: r.frozen,
                    grants: Vec::new(),
                    keys: Vec::new(),
                    ranks: HashMap::new(),
                    team_models: HashMap::new(),
                },
            );
        }
        for g in sqlx::query!(
            r#"select g.realm_id as "realm_id: RealmId", m.id as "model_id: ModelId", m.name, m.provider,
                      m.litellm_model_name, m.max_tokens, g.expires_at, d.upstream_model_id as "upstream_model_id?"
               from model_grant g join model m on m.id = g.model_id and m.status = 'active'
               left join (select distinct on (model_id) model_id, upstream_model_id from deployment order by model_id, id) d
                   on d.model_id = m.id
               where g.realm_id = any($1) and g.revoked_at is null and (g.expires_at is null or g.expires_at > $2)
                 -- As `is_frozen` has it, which would be called for each row.
                 and not exists (select 1 from frozen f where f.kind = 'realm' and f.object_id = g.realm_id::text)
                 and not exists (select 1 from frozen f where f.kind = 'model' and f.object_id = g.model_id::text)
               order by g.created_at, g.id"#,
            ids,
            now
        )
        .fetch_all(&mut *conn)
        .await?
        {
            if let Some(realm) = realms.get_mut(&g.realm_id) {
                realm.grants.push(GrantInput {
                    model_id: g.model_id,
                    name: g.name,
                    provider: g.provider,
                    litellm_model_name: g.litellm_model_name,
                    upstream_model_id: g.upstream_model_id,
                    max_tokens: g.max_tokens,
                    expires_at: g.expires_at,
                });
            }
        }
        for k in sqlx::query!(
            r#"select id as "id: KeyId", realm_id as "realm_id: RealmId", did, generation, secret from realm_key
               where realm_id = any($1) and (did is null or did in (select unnest($2::text[]))) and state in ('current', 'retiring')
               order by generation desc"#,
            ids,
            dids
        )
        .fetch_all(&mut *conn)
        .await?
        {
            let secret =
                self.sealer.open(&realm_key_at(k.id), k.generation, &k.secret).map_err(Error::internal)?;
            if let Some(realm) = realms.get_mut(&k.realm_id) {
                realm.keys.push(KeyInput {
                    id: k.id,
                    did: k.did,
                    generation: k.generation,
                    secret,
                    models: HashMap::new(),
                });
            }
        }
        for r in sqlx::query!(
            r#"select r.id as "realm_id: RealmId", p.id as "proxy_id: ProxyId",
                      placement_rank(r.placement, p.name, p.labels) as rank
               from realm r cross join proxy p
               where r.id = any($1) and p.serves and not proxy_stopped(p.id)"#,
            ids
        )
        .fetch_all(&mut *conn)
        .await?
        {
            if let (Some(realm), Some(rank)) = (realms.get_mut(&r.realm_id), r.rank) {
                realm.ranks.insert(r.proxy_id, rank);
            }
        }
        // What teams and keys let through, by the object's id.
        let mut held: HashMap<Uuid, &mut HashMap<ProxyId, BTreeSet<String>>> = HashMap::new();
        for realm in realms.values_mut() {
            held.insert(realm.id.0, &mut realm.team_models);
            held.extend(realm.keys.iter_mut().map(|key| (key.id.0, &mut key.models)));
        }
        let objects: Vec<Uuid> = held.keys().copied().collect();
        for a in sqlx::query!(
            r#"select a.proxy_id as "proxy_id: ProxyId", a.object_id, a.models
               from applied a join proxy p on p.id = a.proxy_id and p.serves and not proxy_stopped(p.id)
               where a.object_id = any($1) and a.kind in ('team', 'key') and a.state <> 'intended'"#,
            &objects
        )
        .fetch_all(&mut *conn)
        .await?
        {
            if let Some(models) = held.get_mut(&a.object_id) {
                models.insert(a.proxy_id, a.models.into_iter().collect());
            }
        }
        Ok(realms)
    }
}

async fn proxy_inputs(conn: &mut Conn) -> Result<Vec<ProxyInput>> {
    // A row for each proxy, not for each model on it: this is read for every document.
    let rows = sqlx::query!(
        r#"select proxy_id as "proxy_id: ProxyId", array_agg(distinct name) as "names!" from applied, unnest(models) as name
           where kind = 'deployment' and state = 'applied' group by proxy_id"#
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut deployed: HashMap<ProxyId, BTreeSet<String>> =
        rows.into_iter().map(|r| (r.proxy_id, r.names.into_iter().collect())).collect();
    let proxies = sqlx::query!(
        r#"select id as "id: ProxyId", name, public_url, labels ->> 'region' as region,
                  state = 'draining' as "draining!", avoided
           from proxy where serves and not proxy_stopped(id) order by name"#
    )
    .fetch_all(conn)
    .await?;
    Ok(proxies
        .into_iter()
        .map(|p| ProxyInput {
            deployed: deployed.remove(&p.id).unwrap_or_default(),
            id: p.id,
            name: p.name,
            public_url: p.public_url,
            region: p.region,
            draining: p.draining,
            avoided: p.avoided,
        })
        .collect())
}
