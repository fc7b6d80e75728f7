//! Registry entries.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Conn, freezes};
use crate::{
    base::{
        ids::{ModelId, ProxyId, RealmId},
        page::{OrderedRequest, Place},
    },
    domain::{
        error::Result,
        freeze::FreezeKind,
        model::{Model, ModelStatus},
    },
};

/// Which models to find; all filters must match.
#[derive(Clone, Debug)]
pub struct Filter<'a> {
    pub status: Option<ModelStatus>,
    pub provider: Option<&'a str>,
    /// Part of the name, case-insensitive.
    pub search: Option<&'a str>,
    /// Whether every deployment is as wanted on every proxy.
    pub applied: Option<bool>,
    /// Granted to one of these realms, or still being taken away there.
    pub granted_to: Option<&'a [Uuid]>,
    /// By `litellmModelName`, `name` or `created`.
    pub page: &'a OrderedRequest,
}

/// Ids, in the order asked for; one more than asked for.
pub async fn find(conn: &mut Conn, filter: &Filter<'_>) -> Result<Vec<Place>> {
    let (after_key, after_id) = filter.page.after();
    Ok(sqlx::query_as!(
        Place,
        r#"select k.key as "key!", m.id::text as "id!"
           from model m
           cross join lateral (select (case $1::text
               when 'name' then lower(m.name)
               when 'created' then to_char(m.created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
               else m.litellm_model_name end) collate "C" as key) k
           where ($2::text is null or m.status = $2)
             and ($3::text is null or m.provider = $3)
             and ($4::text is null or strpos(lower(m.litellm_model_name || ' ' || m.name), lower($4)) > 0)
             and ($5::uuid[] is null or exists (
                 select 1 from model_grant g where g.model_id = m.id and g.done_at is null and g.realm_id = any($5)))
             and ($10::bool is null or $10 <> (m.id in (select open_models())))
             and ($6::text is null or case when $8
                 then k.key < $6 or (k.key = $6 and m.id::text > $7)
                 else k.key > $6 or (k.key = $6 and m.id::text > $7) end)
           order by case when $8::bool then k.key end desc, case when not $8 then k.key end, m.id::text
           limit $9"#,
        filter.page.order.by,
        filter.status.map(ModelStatus::as_str),
        filter.provider,
        filter.search,
        filter.granted_to,
        after_key,
        after_id,
        filter.page.order.down,
        filter.page.limit + 1,
        filter.applied
    )
    .fetch_all(conn)
    .await?)
}

/// Which models to read; what is given must match.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    pub ids: Option<&'a [Uuid]>,
    /// The whole `litellm_model_name`, or its part after the first `/`.
    pub slug: Option<&'a str>,
    /// Granted to one of these realms, or still being taken away there.
    pub granted_to: Option<&'a [Uuid]>,
}

/// By `litellm_model_name`.
pub async fn list(conn: &mut Conn, named: Named<'_>) -> Result<Vec<Model>> {
    Ok(sqlx::query_as!(
        Model,
        r#"select id as "id: ModelId", name, provider, litellm_model_name, description,
                  status as "status: ModelStatus", max_tokens, everywhere, version, created_at, updated_at
           from model
           where ($1::uuid[] is null or id = any($1))
             and ($2::text is null or litellm_model_name = $2 or substr(litellm_model_name, strpos(litellm_model_name, '/') + 1) = $2)
             and ($3::uuid[] is null or exists (
                 select 1 from model_grant g where g.model_id = model.id and g.done_at is null and g.realm_id = any($3)))
           order by litellm_model_name"#,
        named.ids,
        named.slug,
        named.granted_to
    )
    .fetch_all(conn)
    .await?)
}

pub async fn get(conn: &mut Conn, id: ModelId) -> Result<Option<Model>> {
    Ok(list(conn, Named { ids: Some(&[id.0]), ..Named::default() }).await?.pop())
}

pub async fn by_litellm_name(conn: &mut Conn, name: &str) -> Result<Option<Model>> {
    let found = list(conn, Named { slug: Some(name), ..Named::default() }).await?;
    Ok(found.into_iter().find(|m| m.litellm_model_name == name))
}

/// Whether it belongs on the proxy now.
pub async fn is_placed(conn: &mut Conn, id: ModelId, proxy: ProxyId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select model_placed($1, p.name, p.labels) as "e!" from proxy p where p.id = $2 and p.serves"#,
        id.0,
        proxy.0
    )
    .fetch_optional(conn)
    .await?
    .unwrap_or(false))
}

pub async fn insert(conn: &mut Conn, m: &Model) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into model (id, name, provider, litellm_model_name, description, status, max_tokens, everywhere, created_at,
                            updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        m.id.0,
        m.name,
        m.provider,
        m.litellm_model_name,
        m.description,
        m.status.as_str(),
        m.max_tokens,
        m.everywhere,
        m.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what may be edited.
pub async fn update(conn: &mut Conn, m: &Model, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update model set description = $2, status = $3, max_tokens = $4, everywhere = $5, updated_at = $6,
                version = version + 1
         where id = $1",
        m.id.0,
        m.description,
        m.status.as_str(),
        m.max_tokens,
        m.everywhere,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes the entry with its deployments and grants.
pub async fn delete(conn: &mut Conn, id: ModelId) -> Result<bool> {
    freezes::delete(conn, FreezeKind::Model, &id.to_string()).await?;
    Ok(sqlx::query!("delete from model where id = $1", id.0).execute(conn).await?.rows_affected() == 1)
}

/// Locks the row for an edit and says which version it has; `None` when there is no such model.
pub async fn lock(conn: &mut Conn, id: ModelId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("select version from model where id = $1 for update", id.0)
        .fetch_optional(conn)
        .await?)
}

/// In how many realms each of these models is granted; `among`: only of these realms. One that no realm has is missing.
pub async fn grant_counts(
    conn: &mut Conn,
    ids: &[Uuid],
    among: Option<&[Uuid]>,
) -> Result<Vec<(ModelId, i64)>> {
    let rows = sqlx::query!(
        r#"select model_id as "model_id: ModelId", count(*) as "grants!" from model_grant
           where model_id = any($1) and revoked_at is null and ($2::uuid[] is null or realm_id = any($2))
           group by model_id"#,
        ids,
        among
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.model_id, r.grants)).collect())
}

/// Realms that hold, or are losing, a grant on this model.
pub async fn realms(conn: &mut Conn, id: ModelId) -> Result<Vec<RealmId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct realm_id as "realm_id: RealmId" from model_grant
           where model_id = $1 and done_at is null order by 1"#,
        id.0
    )
    .fetch_all(conn)
    .await?)
}

/// Realms that hold, or are losing, a grant on the model of this name.
pub async fn realms_by_name(conn: &mut Conn, name: &str) -> Result<Vec<RealmId>> {
    Ok(sqlx::query_scalar!(
        r#"select distinct g.realm_id as "realm_id: RealmId" from model_grant g join model m on m.id = g.model_id
           where m.litellm_model_name = $1 and g.done_at is null order by 1"#,
        name
    )
    .fetch_all(conn)
    .await?)
}

/// Says that the model changed in one of its deployments.
pub async fn touch(conn: &mut Conn, id: ModelId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update model set version = version + 1, updated_at = $2 where id = $1", id.0, now)
        .execute(conn)
        .await?;
    Ok(())
}
