//! Checks whether a proxy enforces what it is told: on registration, when its version changes, and daily. It is part of the scan, so
//! that one replica does it at a time and the list that follows does not show what the check made.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::json;

use super::Reconciler;
use crate::{
    base::{context::Context, ids::ProxyId},
    domain::{
        change::Change,
        enforcement::{Check, CheckResult, EnforcementPolicy, enforced},
        error::Result,
        object::ObjectKind,
        proxy::Proxy,
    },
    proxy::{ErrorClass, ProxyApi},
    store::{desired, observe, proxies},
};

/// How old what was found may be; and how old where something could not be told.
const DAILY: TimeDelta = TimeDelta::hours(24);
const UNKNOWN: TimeDelta = TimeDelta::hours(1);

impl Reconciler {
    pub(super) async fn enforce_if_due(&self, proxy: &Proxy, api: &Arc<dyn ProxyApi>) -> Result<()> {
        let now = self.store.clock.now();
        // Nothing of ours is to come onto one that is emptied.
        if !proxy.serves() {
            return Ok(());
        }
        let told = proxy.enforcement.iter().all(|r| r.held.is_some());
        let fresh = proxy.enforcement_at.is_some_and(|at| now - at < if told { DAILY } else { UNKNOWN });
        if fresh && proxy.enforcement_version == proxy.litellm_version {
            return Ok(());
        }
        if observe::state(&mut *self.store.conn().await?).await?.is_some() {
            return Ok(());
        }
        let keys = [self.store.ids.secret("sk-reeve-check-"), self.store.ids.secret("sk-reeve-check-")];
        let results = match api.checks(self.owner, &keys).await {
            Ok(results) => results,
            Err(error) => {
                tracing::warn!(proxy.name = proxy.name, error = %error, "a proxy could not be asked what it enforces");
                if error.class == ErrorClass::Unreachable {
                    return Ok(());
                }
                // It will not let itself be asked in a minute either.
                Check::ALL.map(|check| CheckResult { check, held: None, status: error.status }).to_vec()
            }
        };
        for failed in results.iter().filter(|r| r.held == Some(false)) {
            tracing::warn!(proxy.name = proxy.name, check = %json!(failed.check), status = failed.status,
                "a proxy lets through what it should refuse");
        }
        let holds = enforced(&results, proxy.enforced);
        self.note_enforcement(proxy.id, &results, holds).await
    }

    /// Writes it down; where nobody may use anything on a proxy that fails, that begins or ends with it.
    async fn note_enforcement(
        &self,
        id: ProxyId,
        results: &[CheckResult],
        holds: Option<bool>,
    ) -> Result<()> {
        let now = self.store.clock.now();
        let mut tx = self.store.begin("proxy.enforcement").await?;
        tx.lock_head().await?;
        let Some(before) = proxies::get(tx.conn(), id).await? else { return Ok(()) };
        proxies::record_enforcement(tx.conn(), id, results, holds, before.litellm_version.as_deref(), now)
            .await?;
        let turns = (before.enforced == Some(true)) != (holds == Some(true));
        if before.enforcement_policy == EnforcementPolicy::Warn || !turns {
            return tx.commit().await;
        }
        let mut objects = desired::all_objects(tx.conn()).await?;
        objects.retain(|o| o.kind != ObjectKind::Deployment);
        let trusted = holds == Some(true);
        let change = Change {
            kind: if trusted { "proxy.trust" } else { "proxy.withhold" },
            everyone: true,
            urgent: !trusted,
            summary: json!({ "proxy": before.name }),
            objects,
            only_proxy: Some(id),
            ..Change::default()
        };
        tx.finish_observed(&Context::system("enforcement"), change).await?;
        self.signals.changed();
        Ok(())
    }
}
