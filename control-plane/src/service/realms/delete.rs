//! Removing a realm.

use super::{lock, view};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
    },
    domain::{change::Change, error::Result},
    service::{Entry, Services, Written, check_version, keys},
    store::{grants, realms},
};

/// Removes a realm: its rights end at once, its team and keys leave every proxy. The registry keeps the keys until every proxy
/// was proven to refuse them.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<RealmId>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("realm.delete").await?;
    let realm = lock(tx.conn(), &ctx.reach, name).await?;
    check_version(expected, realm.version)?;
    let id = realm.id;
    let before = view(tx.conn(), realm).await?;
    let members = realms::member_dids(tx.conn(), id).await?;
    let held: Vec<ModelId> =
        grants::list(tx.conn(), Some(id), None).await?.iter().map(|g| g.model_id).collect();
    let mut objects = Vec::new();
    let generations = keys::views(tx.conn(), id).await?;
    if !generations.is_empty() {
        objects.clone_from(&before.objects);
        objects.extend(keys::close(s, tx.conn(), &generations).await?);
    }
    for model in &held {
        // Also ends the choices that rest on it.
        grants::revoke(tx.conn(), id, *model, now).await?;
    }
    realms::delete(tx.conn(), id).await?;
    let change = Change {
        kind: "realm.delete",
        realms: vec![id],
        agents: members,
        urgent: true,
        summary: serde_json::json!({ "realm": before.slug }),
        objects: objects.clone(),
        models: held,
        ..Change::default()
    };
    let revision = s.finish(tx, ctx, change, Entry::new(format!("realm/{id}")).before(&before)).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects, created: false })
}
