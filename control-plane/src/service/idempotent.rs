//! Was this POST answered before? Asked by the API's idempotency layer.

use super::Services;
use crate::{
    base::context::Idempotency,
    domain::{change::Revision, error::Result, object::Object},
    store::{changes, idempotency},
};

/// `Err(Replayed)` when the same request was answered before, a conflict when the key was used for another one.
pub async fn check(s: &Services, actor: &str, idem: &Idempotency) -> Result<()> {
    idempotency::check(&mut *s.store.conn().await?, actor, idem).await
}

/// What the first request had to make true on the proxies; empty when it made no revision.
pub async fn objects(s: &Services, revision: Option<Revision>) -> Result<Vec<Object>> {
    let Some(revision) = revision else { return Ok(Vec::new()) };
    let effects = changes::effects(&mut *s.store.conn().await?, revision).await?;
    let mut objects: Vec<Object> =
        effects.into_iter().map(|e| Object { kind: e.kind, id: e.object_id }).collect();
    objects.sort_unstable();
    objects.dedup();
    Ok(objects)
}
