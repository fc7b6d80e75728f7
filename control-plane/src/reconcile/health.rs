//! Probes of proxies: is it there, is it LiteLLM, can it be managed. What is found decides whether work is leased for
//! it; a proxy that comes back has its work due at once.

use chrono::TimeDelta;
use serde_json::json;

use super::Reconciler;
use crate::{
    base::ids::ProxyId,
    domain::{error::Result, proxy::ProxyStatus},
    lifecycle::Lifecycle,
    proxy::{ErrorClass, ProxyError},
    store::{
        proxies::{self, Finding},
        scans::ScanLease,
    },
};

impl Reconciler {
    /// Probes and scans what is due, until the process begins to stop. A slow proxy does not hold up the others' probes.
    pub async fn watch(self, lifecycle: Lifecycle) {
        let stop = lifecycle.soft();
        while !stop.is_cancelled() {
            match self.take_due().await {
                Ok((checks, scans)) => {
                    for id in checks {
                        let this = self.clone();
                        lifecycle.spawn_contained("probe", async move {
                            if let Err(error) = this.check(id).await {
                                tracing::warn!(proxy.id = %id, error = %crate::base::report(&error), "a probe could not be recorded");
                            }
                        });
                    }
                    for lease in scans {
                        let this = self.clone();
                        lifecycle.spawn_contained("scan", async move {
                            if let Err(error) = this.leased_scan(lease).await {
                                tracing::warn!(proxy.id = %lease.proxy_id, error = %crate::base::report(&error), "a scan ended early");
                            }
                        });
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %crate::base::report(&error), "due probes could not be read");
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
                () = self.signals.check.notified() => {}
            }
        }
    }

    async fn take_due(&self) -> Result<(Vec<ProxyId>, Vec<ScanLease>)> {
        let now = self.store.clock.now();
        let checks =
            proxies::take_due_checks(&mut *self.store.conn().await?, now, now + self.options.check_every)
                .await?;
        Ok((checks, self.lease_scans().await?))
    }

    /// Probes one proxy and records what it found.
    pub async fn check(&self, id: ProxyId) -> Result<()> {
        let Some((proxy, api)) = self.fleet.client(id).await? else { return Ok(()) };
        let found = match api.probe().await {
            Ok(probe) => Finding {
                status: if probe.unsupported.is_none() {
                    ProxyStatus::Ready
                } else {
                    ProxyStatus::Unsupported
                },
                code: probe.unsupported.as_ref().map(|u| u.code().to_owned()),
                message: probe.unsupported.as_ref().map(ToString::to_string),
                litellm_version: probe.version.as_ref().map(ToString::to_string),
                capabilities: json!({
                    "license": probe.license, "paramRemoval": probe.param_removal,
                }),
            },
            Err(error) => Finding {
                status: failed_status(&error),
                code: Some(error.kind.code().to_owned()),
                message: Some(error.to_string()),
                litellm_version: None,
                capabilities: proxy.capabilities.clone(),
            },
        };
        let mut conn = self.store.conn().await?;
        let changed = proxies::record_check(&mut conn, id, &found, self.store.clock.now()).await?;
        if changed {
            tracing::info!(
                proxy.name = proxy.name,
                proxy.status = found.status.as_str(),
                proxy.code = found.code,
                "proxy status changed"
            );
            self.signals.reconcile.notify_one();
            self.signals.progress.notify_waiters();
            if found.status != ProxyStatus::Ready {
                // Come back soon: most outages are short.
                let soon = self.store.clock.now() + TimeDelta::seconds(2);
                proxies::ask_check(&mut conn, Some(id), soon).await?;
            }
        }
        Ok(())
    }
}

/// A proxy that answers, but not as it should, needs a person; one that does not answer needs time.
fn failed_status(error: &ProxyError) -> ProxyStatus {
    match error.class {
        ErrorClass::Rejected | ErrorClass::Unexpected => ProxyStatus::Unsupported,
        ErrorClass::Unreachable | ErrorClass::Retry | ErrorClass::RetryAfter(_) | ErrorClass::Busy => {
            ProxyStatus::Unreachable
        }
    }
}
