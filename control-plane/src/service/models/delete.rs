//! Removing a model: its grants are revoked, then it and its deployments leave the registry and every proxy.

use super::{objects, rights, view};
use crate::{
    base::{context::Context, ids::ModelId},
    domain::{change::Change, error::Result},
    service::{Entry, Services, Written, check_version, lookup},
    store::{credentials, grants, models, realms},
};

/// Returns the id of what is gone.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<ModelId>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("model.delete").await?;
    let found = lookup::model(tx.conn(), &ctx.reach, name).await?;
    models::lock(tx.conn(), found.id).await?;
    let model = lookup::model(tx.conn(), &ctx.reach, &found.id.to_string()).await?;
    check_version(expected, model.version)?;
    let id = model.id;
    let before = view(tx.conn(), &ctx.reach, model).await?;
    let holders = models::realms(tx.conn(), id).await?;
    let mut wanted = objects(&before);
    for realm in &holders {
        realms::lock(tx.conn(), *realm).await?;
        wanted.extend(grants::revoke(tx.conn(), *realm, id, now).await?);
    }
    wanted.extend(rights(tx.conn(), &holders).await?);
    models::delete(tx.conn(), id).await?;
    credentials::delete_orphans(tx.conn()).await?;
    let change = Change {
        kind: "model.delete",
        realms: holders,
        urgent: true,
        summary: serde_json::json!({ "model": before.litellm_model_name }),
        objects: wanted.clone(),
        ..Change::default()
    };
    let entry = Entry::new(format!("model/{id}")).before(&before);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects: wanted, created: false })
}
