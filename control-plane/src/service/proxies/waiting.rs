//! What is still to be done on a proxy, item by item.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    base::ids::ProxyId,
    domain::{error::Result, object::ObjectKind},
    service::{Services, lookup},
    store::work,
};

/// One item of the work queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkView {
    pub proxy_id: ProxyId,
    pub kind: ObjectKind,
    /// Deployment, realm (of a team), key or grant (of a revocation) id.
    pub id: Uuid,
    /// Of a deployment and a revocation the model's `litellmModelName`, of a team and a key the realm's slug; null: it is gone from
    /// the registry.
    pub name: Option<String>,
    /// The newest revision that asked for it.
    pub revision: i64,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub parked_code: Option<String>,
    pub error: Option<String>,
    pub enqueued_at: DateTime<Utc>,
}

/// What waits on a proxy, or on all, oldest first.
pub async fn queue(s: &Services, proxy: Option<&str>, limit: i64) -> Result<Vec<WorkView>> {
    let mut conn = s.store.conn().await?;
    let id = match proxy {
        Some(name) => Some(lookup::in_field("proxyId", lookup::proxy(&mut conn, name).await)?.id),
        None => None,
    };
    let items = work::list(&mut conn, id, None, limit).await?;
    let objects: Vec<Uuid> = items.iter().map(|w| w.object_id).collect();
    let names: HashMap<Uuid, String> = work::names(&mut conn, &objects).await?.into_iter().collect();
    Ok(items
        .into_iter()
        .map(|w| WorkView {
            proxy_id: w.proxy_id,
            kind: w.kind,
            id: w.object_id,
            name: names.get(&w.object_id).cloned(),
            revision: w.wanted_generation,
            attempts: w.attempts,
            next_attempt_at: w.next_attempt_at,
            parked_code: w.parked_code,
            error: w.parked_reason.or(w.last_error),
            enqueued_at: w.enqueued_at,
        })
        .collect())
}
