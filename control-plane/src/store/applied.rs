//! What we last made true on each proxy.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ProxyId, RealmId},
    domain::{
        change::Revision,
        error::Result,
        object::{Object, ObjectKind},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum AppliedState {
    /// Written before the first call: something may be there.
    Intended,
    Applied,
    Failed,
}

/// One object on one proxy.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    pub proxy_id: ProxyId,
    pub kind: ObjectKind,
    pub object_id: Uuid,
    /// Its name there: `model_info.id`, `team_id`, or the key's SHA-256.
    pub external_id: String,
    pub generation: Revision,
    /// Hash of our own last rendered body.
    pub hash: String,
    pub state: AppliedState,
    /// Model names it lets through there (team, key) or serves (deployment).
    pub models: Vec<String>,
    /// Names of the `litellm_params` set last (deployment).
    pub fields: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub observed_at: DateTime<Utc>,
    /// A foreign object that is being taken over, and has no mark of ours yet. Cleared by the next write.
    pub adopting: bool,
}

impl Applied {
    pub fn object(&self) -> Object {
        Object { kind: self.kind, id: self.object_id }
    }
}

async fn select(
    conn: &mut Conn,
    proxy: Option<ProxyId>,
    objects: Option<&[Uuid]>,
    kind: Option<ObjectKind>,
) -> Result<Vec<Applied>> {
    Ok(sqlx::query_as!(
        Applied,
        r#"select proxy_id as "proxy_id: ProxyId", kind as "kind: ObjectKind", object_id, external_id, generation, hash,
                  state as "state: AppliedState", models, fields, expires_at, error_code, error_message, observed_at, adopting
           from applied
           where ($1::uuid is null or proxy_id = $1) and ($2::uuid[] is null or object_id = any($2))
             and ($3::text is null or kind = $3)
           order by kind, object_id, proxy_id"#,
        proxy.map(|p| p.0),
        objects as _,
        kind.map(ObjectKind::as_str)
    )
    .fetch_all(conn)
    .await?)
}

pub async fn get(conn: &mut Conn, proxy: ProxyId, object: Object) -> Result<Option<Applied>> {
    Ok(select(conn, Some(proxy), Some(&[object.id]), Some(object.kind)).await?.pop())
}

/// Whether the object of this name on a proxy is one of ours.
pub async fn is_known(conn: &mut Conn, proxy: ProxyId, kind: ObjectKind, external_id: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from applied where proxy_id = $1 and kind = $2 and external_id = $3) as "e!""#,
        proxy.0,
        kind.as_str(),
        external_id
    )
    .fetch_one(conn)
    .await?)
}

/// Everything on one proxy.
pub async fn on_proxy(conn: &mut Conn, proxy: ProxyId) -> Result<Vec<Applied>> {
    select(conn, Some(proxy), None, None).await
}

/// Some objects on every proxy.
pub async fn of_objects(conn: &mut Conn, objects: &[Uuid]) -> Result<Vec<Applied>> {
    select(conn, None, Some(objects), None).await
}

/// Whether any team or key on the proxy still lets this model name through although no active model has it: lists that are
/// to shrink first. A name that is rightly listed (another deployment serves it, or a model of the same name came since)
/// holds nothing up.
pub async fn model_in_use(conn: &mut Conn, proxy: ProxyId, model: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select 1 from applied where proxy_id = $1 and kind in ('team', 'key') and $2 = any(models))
                  and not exists (select 1 from model m join proxy p on p.id = $1
                                  where m.litellm_model_name = $2 and model_placed(m.id, p.name, p.labels)) as "e!""#,
        proxy.0,
        model
    )
    .fetch_one(conn)
    .await?)
}

/// Whether keys that do not belong on the proxy are on it.
pub async fn keys_to_go(conn: &mut Conn, proxy: ProxyId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select 1 from applied a join proxy p on p.id = a.proxy_id
               left join realm_key k on k.id = a.object_id left join realm r on r.id = k.realm_id
               where a.proxy_id = $1 and a.kind = 'key'
                 and (not p.serves or placement_rank(r.placement, p.name, p.labels) is null)) as "e!""#,
        proxy.0
    )
    .fetch_one(conn)
    .await?)
}

/// Writes the state of one object.
pub async fn write(conn: &mut Conn, a: &Applied) -> Result<()> {
    sqlx::query!(
        "insert into applied (proxy_id, kind, object_id, external_id, generation, hash, state, models, expires_at,
                              error_code, error_message, observed_at, fields, adopting)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (proxy_id, kind, object_id) do update set
             external_id = excluded.external_id, generation = excluded.generation, hash = excluded.hash,
             state = excluded.state, models = excluded.models, expires_at = excluded.expires_at,
             error_code = excluded.error_code, error_message = excluded.error_message,
             observed_at = excluded.observed_at, fields = excluded.fields, adopting = excluded.adopting",
        a.proxy_id.0,
        a.kind.as_str(),
        a.object_id,
        a.external_id,
        a.generation,
        a.hash,
        a.state as _,
        &a.models,
        a.expires_at,
        a.error_code,
        a.error_message,
        a.observed_at,
        &a.fields,
        a.adopting
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Remembers, before the first call, under which name an object will be made, so that nothing made can be forgotten.
/// Keeps what is there.
pub async fn intend(
    conn: &mut Conn,
    proxy: ProxyId,
    object: Object,
    external_id: &str,
    models: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into applied (proxy_id, kind, object_id, external_id, state, models, observed_at)
         values ($1, $2, $3, $4, 'intended', $5, $6)
         on conflict (proxy_id, kind, object_id) do update set
             external_id = excluded.external_id,
             models = (select coalesce(array_agg(distinct m), '{}') from unnest(applied.models || excluded.models) m)",
        proxy.0,
        object.kind.as_str(),
        object.id,
        external_id,
        models,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn delete(conn: &mut Conn, proxy: ProxyId, object: Object) -> Result<bool> {
    let done = sqlx::query!(
        "delete from applied where proxy_id = $1 and kind = $2 and object_id = $3",
        proxy.0,
        object.kind.as_str(),
        object.id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ticks off what revisions up to `generation` asked of this object. `told`: the revision with which agents learn of it; `None`:
/// that with which they did last, since an earlier run may have made this true as well.
pub async fn effects_done(
    conn: &mut Conn,
    proxy: ProxyId,
    object: Object,
    generation: Revision,
    told: Option<Revision>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "with object as (
             update applied set told_revision = coalesce($6, told_revision)
             where proxy_id = $1 and kind = $2 and object_id = $3 returning told_revision
         )
         update change_effect set done_at = $5, told_revision = coalesce($6, (select told_revision from object))
         where proxy_id = $1 and kind = $2 and object_id = $3 and revision <= $4 and done_at is null",
        proxy.0,
        object.kind.as_str(),
        object.id,
        generation,
        now,
        told
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// What a realm has spent on each proxy since its budget there began last, as a scan last saw it: US dollars, and when that ends.
pub async fn spent(conn: &mut Conn, realm: RealmId) -> Result<Vec<(ProxyId, f64, Option<DateTime<Utc>>)>> {
    let rows = sqlx::query!(
        r#"select proxy_id as "proxy_id: ProxyId", spend, spend_resets_at from applied
           where kind = 'team' and object_id = $1 and state <> 'intended' order by proxy_id"#,
        realm.0
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|r| (r.proxy_id, r.spend, r.spend_resets_at)).collect())
}

/// What teams and keys of a proxy have spent, as it shows it now: `(external id, US dollars, next reset)`. Written where it
/// changed.
pub async fn note_spend(
    conn: &mut Conn,
    proxy: ProxyId,
    spend: &[(&str, f64, Option<DateTime<Utc>>)],
) -> Result<()> {
    let ids: Vec<&str> = spend.iter().map(|s| s.0).collect();
    let amounts: Vec<f64> = spend.iter().map(|s| s.1).collect();
    let resets: Vec<Option<DateTime<Utc>>> = spend.iter().map(|s| s.2).collect();
    sqlx::query!(
        "update applied a set spend = s.spend, spend_resets_at = s.resets_at
         from unnest($2::text[], $3::double precision[], $4::timestamptz[]) as s (external_id, spend, resets_at)
         where a.proxy_id = $1 and a.kind in ('team', 'key') and a.external_id = s.external_id
           and (a.spend, a.spend_resets_at) is distinct from (s.spend, s.resets_at)",
        proxy.0,
        &ids as &[&str],
        &amounts,
        &resets as &[Option<DateTime<Utc>>]
    )
    .execute(conn)
    .await?;
    Ok(())
}
