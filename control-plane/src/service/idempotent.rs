//! Was this POST answered before? Asked by the API's idempotency layer.

use super::Services;
use crate::{base::context::Idempotency, domain::error::Result, store::idempotency};

/// `Err(Replayed)` when the same request was answered before, a conflict when the key was used for another one.
pub async fn check(s: &Services, actor: &str, idem: &Idempotency) -> Result<()> {
    idempotency::check(&mut *s.store.conn().await?, actor, idem).await
}
