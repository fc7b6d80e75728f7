//! The fenced end of a step: what the proxy was seen to hold, the receipt's ticks, and a change-log entry when agents
//! may now use more or less. All or nothing, and only while the lease is ours.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Reconciler;
use crate::{
    base::{
        context::Context,
        ids::{KeyId, RealmId},
    },
    domain::{change::Change, error::Result, object::ObjectKind},
    store::{
        Tx,
        applied::{self, Applied, AppliedState},
        evidence, grants, keys, models,
        work::{self, Lease, Outcome},
    },
};

/// What a step saw at its end.
pub(super) enum Written {
    Absent,
    Present(Present),
}

pub(super) struct Present {
    pub external_id: String,
    pub hash: String,
    pub models: Vec<String>,
    pub fields: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Written {
    pub fn present(external_id: String, hash: String, models: Vec<String>, fields: Vec<String>) -> Self {
        Self::Present(Present { external_id, hash, models, fields, expires_at: None })
    }
}

impl Reconciler {
    /// Writes the outcome; `false` when the lease was lost, and then nothing is written.
    pub(super) async fn write_back(
        &self,
        lease: &Lease,
        outcome: &Outcome,
        written: Option<Written>,
    ) -> Result<bool> {
        let now = self.store.clock.now();
        let mut tx = self.store.begin("reconcile.write_back").await?;
        let before = applied::get(tx.conn(), lease.proxy_id, lease.object).await?;
        let after = written.and_then(|w| match w {
            Written::Absent => None,
            Written::Present(p) => Some(Applied {
                proxy_id: lease.proxy_id,
                kind: lease.object.kind,
                object_id: lease.object.id,
                external_id: p.external_id,
                generation: lease.wanted_generation,
                hash: p.hash,
                state: AppliedState::Applied,
                models: p.models,
                fields: p.fields,
                expires_at: p.expires_at,
                error_code: None,
                error_message: None,
                observed_at: now,
                adopting: false,
            }),
        });
        let done = *outcome == Outcome::Done;
        let visible = done && changes_rights(before.as_ref(), after.as_ref());
        // Everybody locks the head before `work`; see `Tx::lock_head`.
        let told = if visible { Some(tx.lock_head().await?) } else { None };
        if !work::release(tx.conn(), lease, outcome, now).await? {
            return Ok(false);
        }
        if !done {
            tx.commit().await?;
            return Ok(true);
        }
        match (&before, &after) {
            (_, Some(after)) => applied::write(tx.conn(), after).await?,
            (Some(_), None) => {
                applied::delete(tx.conn(), lease.proxy_id, lease.object).await?;
            }
            (None, None) => {}
        }
        applied::effects_done(tx.conn(), lease.proxy_id, lease.object, lease.wanted_generation, told, now)
            .await?;
        let realms = self.concerned(&mut tx, lease, before.as_ref(), after.as_ref()).await?;
        for realm in &realms {
            grants::settle(tx.conn(), Some(*realm), now).await?;
        }
        self.wake_waiting(&mut tx, lease, &realms, now).await?;
        if visible {
            let change = Change {
                kind: "proxy.applied",
                realms,
                summary: json!({
                    "proxyId": lease.proxy_id, "kind": lease.object.kind, "objectId": lease.object.id,
                    "present": after.is_some(),
                }),
                ..Change::default()
            };
            tx.finish_observed(&Context::system("reconcile"), change).await?;
            self.signals.relay.notify_one();
        } else {
            tx.commit().await?;
        }
        self.signals.progress.notify_waiters();
        Ok(true)
    }

    /// Realms whose agents, or whose revocations, this object concerns.
    async fn concerned(
        &self,
        tx: &mut Tx,
        lease: &Lease,
        before: Option<&Applied>,
        after: Option<&Applied>,
    ) -> Result<Vec<RealmId>> {
        match lease.object.kind {
            ObjectKind::Team => Ok(vec![RealmId(lease.object.id)]),
            ObjectKind::Key => {
                Ok(keys::realm_of(tx.conn(), KeyId(lease.object.id)).await?.into_iter().collect())
            }
            ObjectKind::Revocation => {
                Ok(evidence::realm_of(tx.conn(), lease.object.id).await?.into_iter().collect())
            }
            ObjectKind::Deployment => {
                let mut realms = Vec::new();
                for name in before.into_iter().chain(after).flat_map(|a| &a.models) {
                    realms.extend(models::realms_by_name(tx.conn(), name).await?);
                }
                realms.sort_unstable();
                realms.dedup();
                Ok(realms)
            }
        }
    }

    /// A team that came lets its keys be made; a key that went, its team go; a key or team that shrank, deployments
    /// go and revocations be proven.
    async fn wake_waiting(
        &self,
        tx: &mut Tx,
        lease: &Lease,
        realms: &[RealmId],
        now: DateTime<Utc>,
    ) -> Result<()> {
        match lease.object.kind {
            ObjectKind::Team => {
                work::wake(tx.conn(), lease.proxy_id, ObjectKind::Key, now).await?;
                work::wake(tx.conn(), lease.proxy_id, ObjectKind::Deployment, now).await?;
                evidence::wake(tx.conn(), lease.proxy_id, realms, now).await?;
            }
            ObjectKind::Key => {
                work::wake(tx.conn(), lease.proxy_id, ObjectKind::Team, now).await?;
                work::wake(tx.conn(), lease.proxy_id, ObjectKind::Deployment, now).await?;
                evidence::wake(tx.conn(), lease.proxy_id, realms, now).await?;
            }
            ObjectKind::Deployment | ObjectKind::Revocation => {}
        }
        self.signals.reconcile.notify_one();
        Ok(())
    }
}

/// Whether what agents may use on this proxy is another than before.
fn changes_rights(before: Option<&Applied>, after: Option<&Applied>) -> bool {
    let rights = |a: Option<&Applied>| {
        a.filter(|a| a.state == AppliedState::Applied).map(|a| (a.external_id.clone(), a.models.clone()))
    };
    rights(before) != rights(after)
}
