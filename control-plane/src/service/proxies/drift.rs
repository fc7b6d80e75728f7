//! What a full scan found to be different on a proxy.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    base::page::{Page, PageRequest},
    domain::{
        drift::{Drift, DriftClass},
        error::Result,
        foreign::Foreign,
        object::ObjectKind,
    },
    service::{Services, lookup},
    store::drift,
};

/// One difference between a proxy and the registry, as of the last full scan.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftView {
    pub kind: ObjectKind,
    /// What is repaired: `missing` is made again, `changed` put right, `extra` and `duplicate` are removed. `foreign` is not
    /// ours and never touched, unless it is adopted; `shadowed` is a model of the proxy's configuration file under the name of one of ours;
    /// `not-live` was made a moment ago.
    pub class: DriftClass,
    /// Its name on the proxy: `model_info.id`, `team_id`, or the key's SHA-256.
    pub external_id: String,
    /// Model name or alias there.
    pub name: String,
    /// Deployment, realm (of a team) or key id, when it is ours.
    pub object_id: Option<Uuid>,
    /// What was changed, when that can be told.
    pub fields: Vec<String>,
    /// What a foreign deployment or key is, for taking it over; null when another installation of Reeve manages it.
    pub found: Option<Foreign>,
    pub found_at: DateTime<Utc>,
}

/// By kind and external id.
pub async fn list(s: &Services, proxy: &str, page: &PageRequest) -> Result<Page<DriftView>> {
    let mut conn = s.store.conn().await?;
    let proxy = lookup::proxy(&mut conn, proxy).await?;
    let after = page.after.as_deref().and_then(|after| after.split_once(' '));
    let rows = drift::list(&mut conn, proxy.id, after, page.limit + 1).await?;
    let views = rows.into_iter().map(|(d, at)| view(d, at)).collect();
    Ok(Page::cut(views, page, |d| format!("{} {}", d.kind.as_str(), d.external_id)))
}

fn view(d: Drift, found_at: DateTime<Utc>) -> DriftView {
    DriftView {
        kind: d.kind,
        class: d.class,
        external_id: d.external_id,
        name: d.name,
        object_id: d.object_id,
        fields: d.fields,
        found: d.found,
        found_at,
    }
}
