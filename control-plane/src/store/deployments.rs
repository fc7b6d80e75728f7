//! Backends of models.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::Conn;
use crate::{
    base::ids::{CredentialId, DeploymentId, ModelId},
    domain::{error::Result, model::Deployment, object::Object},
};

struct Row {
    id: DeploymentId,
    model_id: ModelId,
    provider: String,
    upstream_model_id: String,
    base_url: Option<String>,
    credential_id: Option<CredentialId>,
    routing_order: Option<i32>,
    weight: Option<i32>,
    litellm_params: Json<Map<String, Value>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for Deployment {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            model_id: r.model_id,
            provider: r.provider,
            upstream_model_id: r.upstream_model_id,
            base_url: r.base_url,
            credential_id: r.credential_id,
            routing_order: r.routing_order,
            weight: r.weight,
            litellm_params: r.litellm_params.0,
            version: r.version,
            created_at: r.created_at,
            updated_at: r.updated_at,
        }
    }
}

/// In the order they were added. Both filters `None`: all there are.
pub async fn list(
    conn: &mut Conn,
    model_ids: Option<&[ModelId]>,
    id: Option<DeploymentId>,
    credential: Option<CredentialId>,
) -> Result<Vec<Deployment>> {
    let models: Option<Vec<uuid::Uuid>> = model_ids.map(|ids| ids.iter().map(|m| m.0).collect());
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: DeploymentId", model_id as "model_id: ModelId", provider, upstream_model_id, base_url,
                  credential_id as "credential_id: CredentialId", routing_order, weight,
                  litellm_params as "litellm_params: Json<Map<String, Value>>", version, created_at, updated_at
           from deployment
           where ($1::uuid[] is null or model_id = any($1)) and ($2::uuid is null or id = $2)
             and ($3::uuid is null or credential_id = $3)
           order by id"#,
        models.as_deref() as _,
        id.map(|d| d.0),
        credential.map(|c| c.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Deployment::from).collect())
}

pub async fn get(conn: &mut Conn, id: DeploymentId) -> Result<Option<Deployment>> {
    Ok(list(conn, None, Some(id), None).await?.pop())
}

pub async fn insert(conn: &mut Conn, d: &Deployment) -> Result<()> {
    sqlx::query!(
        "insert into deployment (id, model_id, provider, upstream_model_id, base_url, credential_id, routing_order,
                                 weight, litellm_params, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        d.id.0,
        d.model_id.0,
        d.provider,
        d.upstream_model_id,
        d.base_url,
        d.credential_id.map(|c| c.0),
        d.routing_order,
        d.weight,
        Json(&d.litellm_params) as _,
        d.created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes an edit; the provider stays, since the model's name says it.
pub async fn update(conn: &mut Conn, d: &Deployment, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update deployment set upstream_model_id = $2, base_url = $3, credential_id = $4, routing_order = $5,
                weight = $6, litellm_params = $7, updated_at = $8, version = version + 1
         where id = $1",
        d.id.0,
        d.upstream_model_id,
        d.base_url,
        d.credential_id.map(|c| c.0),
        d.routing_order,
        d.weight,
        Json(&d.litellm_params) as _,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(conn: &mut Conn, id: DeploymentId) -> Result<bool> {
    Ok(sqlx::query!("delete from deployment where id = $1", id.0).execute(conn).await?.rows_affected() == 1)
}

/// Deployments of these models that are on a proxy where they do not belong, or not on one where they do, or on their way to
/// either.
pub async fn displaced(conn: &mut Conn, models: &[ModelId]) -> Result<Vec<Object>> {
    let models: Vec<uuid::Uuid> = models.iter().map(|m| m.0).collect();
    let ids = sqlx::query_scalar!(
        r#"select distinct d.id as "id: DeploymentId" from deployment d cross join proxy p
           left join applied a on a.proxy_id = p.id and a.kind = 'deployment' and a.object_id = d.id
           left join work w on w.proxy_id = p.id and w.kind = 'deployment' and w.object_id = d.id
           where d.model_id = any($1)
             and (w.object_id is not null
                  or (p.serves and model_placed(d.model_id, p.name, p.labels)) <> (a.object_id is not null))"#,
        &models
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(Object::deployment).collect())
}
