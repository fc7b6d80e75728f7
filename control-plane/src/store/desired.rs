//! What each object should be on a proxy right now, read afresh in one statement by every run of the reconciler.
//! `None`: it should not be there.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{Conn, Store};
use crate::{
    base::{
        ids::{CredentialId, DeploymentId, KeyId, ProxyId, RealmId},
        seal::SealedAt,
        secret::Secret,
    },
    domain::error::{Error, Result},
};

/// How long the proxy that a realm moved to has held its key before the one that it left is emptied: agents are told within
/// seconds.
const MOVE: TimeDelta = TimeDelta::seconds(30);

/// How much later than the orderly end of a replaced key it ends by itself.
pub const DEAD_MAN: TimeDelta = TimeDelta::hours(1);

/// A deployment as it should be.
#[derive(Clone, Debug)]
pub struct DesiredDeployment {
    pub id: DeploymentId,
    pub model_name: String,
    pub provider: String,
    pub upstream_model_id: String,
    pub base_url: Option<String>,
    pub credential: Option<DesiredCredential>,
    pub routing_order: Option<i32>,
    pub weight: Option<i32>,
    pub litellm_params: Map<String, Value>,
}

/// The key a deployment calls with.
#[derive(Clone, Debug)]
pub struct DesiredCredential {
    pub id: CredentialId,
    pub generation: i64,
    pub api_key: Secret,
}

/// A realm's team as it should be. No models: nothing may be called.
#[derive(Clone, Debug)]
pub struct DesiredTeam {
    pub realm_id: RealmId,
    pub slug: String,
    pub models: Vec<String>,
    pub monthly_budget_usd: Option<f64>,
    /// The realm is served elsewhere now, and this is to go when its agents had the time to move.
    pub leaving: bool,
}

/// One generation of a realm's key as it should be.
#[derive(Clone, Debug)]
pub struct DesiredKey {
    pub id: KeyId,
    pub generation: i64,
    pub secret: Secret,
    pub team: DesiredTeam,
    /// US dollars that it has when it is made: what it had when the proxy last showed it, or what the team has whose agents all
    /// share it. A budget goes on over a rotation and over a proxy that was wiped.
    pub spend: f64,
    /// A generation that is replaced ends by itself then, also when nobody is there to end it.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Where a credential's key is sealed.
pub fn credential_at(id: CredentialId) -> SealedAt {
    SealedAt::new("provider_credential", id, "api_key")
}

/// Where a realm key's plaintext is sealed.
pub fn realm_key_at(id: KeyId) -> SealedAt {
    SealedAt::new("realm_key", id, "secret")
}

/// Where a proxy's master key is sealed; always generation 1.
pub fn proxy_at(id: ProxyId) -> SealedAt {
    SealedAt::new("proxy", id, "master_key")
}

/// Where the key of an agent's manual mode is sealed.
pub fn manual_at(did: &str) -> SealedAt {
    SealedAt::new("agent", did, "manual_api_key")
}

impl Store {
    /// The deployment on this proxy: there when its model is active and placed there, and the proxy stays.
    pub async fn desired_deployment(
        &self,
        proxy: ProxyId,
        id: DeploymentId,
    ) -> Result<Option<DesiredDeployment>> {
        let Some(row) = sqlx::query!(
            r#"select m.litellm_model_name, d.provider, d.upstream_model_id, d.base_url, d.routing_order, d.weight,
                      d.litellm_params as "litellm_params: Json<Map<String, Value>>",
                      c.id as "credential_id?: CredentialId", c.generation as "generation?", c.api_key as "api_key?"
               from deployment d
               join model m on m.id = d.model_id
               join proxy p on p.id = $2 and p.serves and model_placed(m.id, p.name, p.labels)
               left join provider_credential c on c.id = d.credential_id
               where d.id = $1"#,
            id.0,
            proxy.0
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let credential = match (row.credential_id, row.generation, row.api_key) {
            (Some(id), Some(generation), Some(sealed)) => {
                let api_key =
                    self.sealer.open(&credential_at(id), generation, &sealed).map_err(Error::internal)?;
                Some(DesiredCredential { id, generation, api_key })
            }
            _ => None,
        };
        Ok(Some(DesiredDeployment {
            id,
            model_name: row.litellm_model_name,
            provider: row.provider,
            upstream_model_id: row.upstream_model_id,
            base_url: row.base_url,
            credential,
            routing_order: row.routing_order,
            weight: row.weight,
            litellm_params: row.litellm_params.0,
        }))
    }

    /// The realm's team on this proxy: there from its first grant on, where its placement says so. Where it does not any
    /// more, what is there stays in step until another proxy has served the realm for [`MOVE`].
    pub async fn desired_team(
        &self,
        proxy: ProxyId,
        id: RealmId,
        now: DateTime<Utc>,
    ) -> Result<Option<DesiredTeam>> {
        let row = sqlx::query!(
            r#"select r.slug, r.monthly_budget_usd, placement_rank(r.placement, p.name, p.labels) is null as "leaving!",
                      proxy_stopped(p.id) as "frozen!"
               from realm r join proxy p on p.id = $2 and p.serves
               where r.id = $1 and r.key_generation > 0
                 and (placement_rank(r.placement, p.name, p.labels) is not null
                      or (exists (select 1 from applied a
                                  where a.proxy_id = p.id and a.kind = 'team' and a.object_id = r.id)
                          and not exists (
                              select 1 from proxy q
                              where q.serves and not q.avoided and not proxy_stopped(q.id)
                                and placement_rank(r.placement, q.name, q.labels) is not null
                                and exists (select 1 from realm_key k
                                            where k.realm_id = r.id and k.state = 'current' and k.created_at <= $3)
                                and not exists (
                                    select 1 from realm_key k
                                    where k.realm_id = r.id and k.state = 'current' and k.created_at <= $3
                                      and not exists (
                                          select 1 from applied a where a.proxy_id = q.id and a.kind = 'key'
                                          and a.object_id = k.id and a.state = 'applied' and a.observed_at <= $3)))))"#,
            id.0,
            proxy.0,
            now - MOVE
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut conn = self.conn().await?;
        let models = if row.frozen { Vec::new() } else { granted(&mut conn, id, now).await? };
        Ok(Some(DesiredTeam {
            realm_id: id,
            slug: row.slug,
            models,
            monthly_budget_usd: row.monthly_budget_usd,
            leaving: row.leaving,
        }))
    }

    /// One generation of a realm's key on this proxy.
    pub async fn desired_key(
        &self,
        proxy: ProxyId,
        id: KeyId,
        now: DateTime<Utc>,
    ) -> Result<Option<DesiredKey>> {
        let row = sqlx::query!(
            r#"select k.realm_id as "realm_id: RealmId", k.generation, k.secret, k.retire_after, k.state = 'closing' as "closing!",
                      k.did is not null and is_frozen('agent', k.did) as "frozen!",
                      exists (select 1 from applied a
                              where a.proxy_id = $2 and a.kind = 'key' and a.object_id = k.id) as "there!",
                      coalesce((select max(a.spend) from applied a
                                where a.proxy_id = $2 and (a.spend_resets_at is null or a.spend_resets_at > $3)
                                  and ((a.kind = 'key' and a.object_id = k.id)
                                       or (a.kind = 'team' and a.object_id = k.realm_id and k.did is null
                                           and k.state <> 'adopted'
                                           and a.spend_resets_at is not null))), 0) as "spend!"
               from realm_key k where k.id = $1"#,
            id.0,
            proxy.0,
            now
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row.filter(|row| row.there || !row.closing) else { return Ok(None) };
        let Some(mut team) = self.desired_team(proxy, row.realm_id, now).await? else { return Ok(None) };
        if row.closing || row.frozen {
            team.models.clear();
        }
        let secret =
            self.sealer.open(&realm_key_at(id), row.generation, &row.secret).map_err(Error::internal)?;
        Ok(Some(DesiredKey {
            id,
            generation: row.generation,
            secret,
            team,
            spend: row.spend,
            ends_at: row.retire_after.map(|at| at + DEAD_MAN),
        }))
    }
}

/// Names of the models a realm may call at `now`, sorted.
pub async fn granted(conn: &mut Conn, realm: RealmId, now: DateTime<Utc>) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select m.litellm_model_name from model_grant g join model m on m.id = g.model_id and m.status = 'active'
         where g.realm_id = $1 and g.revoked_at is null and (g.expires_at is null or g.expires_at > $2)
           and not is_frozen('realm', g.realm_id::text) and not is_frozen('model', g.model_id::text)
         order by 1",
        realm.0,
        now
    )
    .fetch_all(conn)
    .await?)
}

/// Every object that belongs on a proxy: asked for when one is added.
pub async fn all_objects(conn: &mut Conn) -> Result<Vec<crate::domain::object::Object>> {
    use crate::domain::object::Object;
    let deployments = sqlx::query_scalar!(r#"select id as "id: DeploymentId" from deployment order by id"#)
        .fetch_all(&mut *conn)
        .await?;
    let keys = super::keys::list(conn, None).await?;
    let mut objects: Vec<Object> = deployments.into_iter().map(Object::deployment).collect();
    objects.extend(keys.iter().map(|k| Object::team(k.realm_id)));
    objects.extend(keys.iter().map(|k| Object::key(k.id)));
    objects.sort_unstable();
    objects.dedup();
    Ok(objects)
}
