//! Observe mode: the registry is older than what the proxies show, as after a restored backup. Its state, and its end.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written};
use crate::{
    base::context::Context,
    domain::{
        change::Change,
        drift::DriftClass,
        error::{Error, Result},
    },
    store::{desired, drift, listener, observe},
};

/// Whether Reeve only looks, and what it would change.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObserveMode {
    /// Nothing is changed on any proxy. Writes to the registry are taken, and wait.
    pub active: bool,
    pub since: Option<DateTime<Utc>>,
    /// The newest revision of this registry.
    pub revision: i64,
    /// The newest revision that a proxy shows; newer than the registry's in observe mode.
    pub seen_revision: Option<i64>,
    /// What is different on the proxies, by proxy and class; `GET /api/proxies/{id}/drift` names each. What is missing is made
    /// again when observe mode ends, what is changed put back, what is extra removed.
    pub differences: Vec<Difference>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub proxy_name: String,
    pub class: DriftClass,
    pub count: i64,
}

pub async fn get(s: &Services) -> Result<ObserveMode> {
    let mut conn = s.store.conn().await?;
    let state = observe::state(&mut conn).await?;
    let differences = drift::counts(&mut conn).await?;
    Ok(ObserveMode {
        active: state.is_some(),
        since: state.map(|o| o.since),
        revision: listener::head(&mut conn).await?,
        seen_revision: state.map(|o| o.ahead),
        differences: differences
            .into_iter()
            .map(|(proxy_name, class, count)| Difference { proxy_name, class, count })
            .collect(),
    })
}

/// Makes the registry the truth again: everything is asked for on every proxy. Rights that were revoked after the registry's
/// state was saved come back unless they were revoked again before this.
pub async fn end(s: &Services, ctx: &Context) -> Result<Written<ObserveMode>> {
    let before = get(s).await?;
    let mut tx = s.store.begin("observe.end").await?;
    tx.lock_head().await?;
    if observe::state(tx.conn()).await?.is_none() {
        return Err(Error::conflict(
            "not-observing",
            "Reeve is not in observe mode; there is nothing to end",
        ));
    }
    observe::end(tx.conn()).await?;
    let objects = desired::all_objects(tx.conn()).await?;
    let change = Change {
        kind: "observe.end",
        everyone: true,
        summary: serde_json::json!({ "seenRevision": before.seen_revision }),
        objects: objects.clone(),
        ..Change::default()
    };
    let after = ObserveMode { active: false, since: None, seen_revision: None, ..before.clone() };
    let entry = Entry::new("installation".to_owned()).before(&before).after(&after);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written {
        view: ObserveMode { revision, ..after },
        version: None,
        revision: Some(revision),
        objects,
        created: false,
    })
}
