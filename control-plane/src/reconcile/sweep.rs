//! The full scan of a proxy: finds what differs from what we last made true there, and objects of ours that the
//! registry does not know. It changes nothing itself: it asks the queue, and the run looks again before it acts, so
//! an empty or partial list is never taken as proof of anything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;

use super::{
    Reconciler,
    caution::{self, Rebuild},
    compare::{FOLLOWS, Found, Listed, compare},
    plan,
};
use crate::{
    base::ids::ProxyId,
    domain::{
        change::Revision,
        drift::{Drift, DriftClass},
        error::Result,
        foreign::Foreign,
        object::{Object, ObjectKind},
        proxy::Proxy,
        realm::{KeyState, RealmKey},
    },
    proxy::CHECK_PREFIX,
    store::{
        Conn,
        applied::{self, AppliedState},
        drift, keys, listener, observe,
        scans::{self, ScanLease},
        work,
    },
};

/// Foreign objects of a proxy that are listed; all are counted.
const FOREIGN: usize = 1_000;

/// What a look at a proxy saw.
pub(super) struct Looked {
    proxy: Proxy,
    found: Found,
    /// How many objects there are, and how many have our mark.
    listed: usize,
    ours: usize,
    /// How many we made true there.
    known: usize,
    /// In observe mode, nothing is done about it.
    observing: bool,
}

impl Reconciler {
    /// Leases the scans that are due.
    pub async fn lease_scans(&self) -> Result<Vec<ScanLease>> {
        let (now, token) = (self.store.clock.now(), self.store.ids.uuid());
        let mut conn = self.store.conn().await?;
        scans::lease(&mut conn, token, now, now + self.options.lease, now + self.options.scan_every).await
    }

    /// Scans a proxy, and keeps the lease until that has ended. What is cut off is over with the lease.
    pub async fn leased_scan(&self, lease: ScanLease) -> Result<()> {
        let ended = tokio::select! {
            ended = self.scan(lease.proxy_id) => ended,
            lost = self.keep(lease) => lost,
        };
        scans::release(&mut *self.store.conn().await?, lease).await?;
        ended
    }

    /// Returns when the lease is lost, after which another replica scans.
    async fn keep(&self, lease: ScanLease) -> Result<()> {
        let pause = self.options.lease.to_std().unwrap_or_default() / 3;
        loop {
            tokio::time::sleep(pause).await;
            let until = self.store.clock.now() + self.options.lease;
            if !scans::renew(&mut *self.store.conn().await?, lease, until).await? {
                return Ok(());
            }
        }
    }

    /// Scans one proxy, and asks for what is to be done there.
    pub async fn scan(&self, id: ProxyId) -> Result<()> {
        let started = std::time::Instant::now();
        if let Some((proxy, api)) = self.fleet.client(id).await? {
            self.enforce_if_due(&proxy, &api).await?;
        }
        let Some(Looked { proxy, found, listed, ours, known, observing }) = self.look(id).await? else {
            return Ok(());
        };
        if observing {
            return Ok(());
        }
        let mut conn = self.store.conn().await?;
        let now = self.store.clock.now();
        let busy: BTreeSet<Uuid> =
            work::list(&mut conn, Some(id), None, i64::MAX).await?.into_iter().map(|w| w.object_id).collect();
        let Found { mut drifted, mut due, mut strangers, missing, .. } = found;
        let (rebuild, wiped_since) = caution::rebuild(known, missing.len(), proxy.wiped_since, now);
        if let Rebuild::Confirm { since, again } = rebuild {
            if since == now {
                tracing::error!(
                    proxy.name = proxy.name,
                    scan.missing = missing.len(),
                    "most of what was made on a proxy is missing; it is made again when a scan in a minute says the same"
                );
            }
            drifted.retain(|o| !missing.contains(o));
            scans::ask(&mut conn, Some(id), again).await?;
        } else if wiped_since.is_some() {
            // Its agents come back when a scan has found everything there.
            scans::ask(&mut conn, Some(id), now + caution::CONFIRM).await?;
        }
        let mut held = 0;
        if !proxy.prune_allowed && caution::too_many(strangers.len(), ours, self.options.prune_percent) {
            held = strangers.len();
            strangers.clear();
            tracing::error!(
                proxy.name = proxy.name,
                scan.held = held,
                "many objects of ours are unknown to the registry; they are not removed until an admin says so"
            );
        }
        scans::record_caution(&mut conn, id, wiped_since, i64::try_from(held).unwrap_or(i64::MAX)).await?;
        drifted.retain(|o| !busy.contains(&o.id));
        due.retain(|o| !busy.contains(&o.id));
        for object in &drifted {
            metrics::counter!("reeve_proxy_drift_total", "proxy" => proxy.name.clone(), "kind" => object.kind.as_str())
                .increment(1);
        }
        let revision = listener::head(&mut conn).await?;
        for (object, external_id) in &strangers {
            tracing::warn!(proxy.name = proxy.name, work.object = %object, "an object of ours that the registry does not know is removed");
            metrics::counter!("reeve_proxy_objects_removed_total", "proxy" => proxy.name.clone(), "kind" => object.kind.as_str())
                .increment(1);
            applied::intend(&mut conn, id, *object, external_id, &[], now).await?;
        }
        let mut ask = drifted;
        ask.append(&mut due);
        ask.extend(strangers.iter().map(|(object, _)| *object));
        if !ask.is_empty() {
            work::ask(&mut conn, id, &ask, revision, now).await?;
            self.signals.reconcile.notify_one();
        }
        tracing::debug!(
            proxy.name = proxy.name,
            scan.listed = listed,
            scan.asked = ask.len(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "scan closed"
        );
        Ok(())
    }

    /// Reads everything that the proxy has, compares it, and writes down what is different. `None`: the proxy is gone.
    pub(super) async fn look(&self, id: ProxyId) -> Result<Option<Looked>> {
        let Some((proxy, api)) = self.fleet.client(id).await? else { return Ok(None) };
        let now = self.store.clock.now();
        let mut listed = Vec::new();
        for d in api.deployments().await? {
            listed.push(Listed {
                kind: ObjectKind::Deployment,
                external_id: d.litellm_id,
                name: d.model_name,
                in_file: !d.in_database,
                mark: d.mark,
                models: None,
                blocked: d.blocked,
                expiring: false,
                spend: None,
                foreign: d.foreign.map(Foreign::Deployment),
            });
        }
        for t in api.teams().await? {
            listed.push(Listed {
                kind: ObjectKind::Team,
                external_id: t.team_id,
                name: t.team_alias.unwrap_or_default(),
                in_file: false,
                mark: t.mark,
                models: Some(t.models),
                blocked: t.blocked,
                expiring: false,
                spend: Some((t.spend, t.budget_reset_at)),
                foreign: None,
            });
        }
        for k in api.keys().await? {
            listed.push(Listed {
                kind: ObjectKind::Key,
                external_id: k.hash.as_str().to_owned(),
                name: k.key_alias.unwrap_or_default(),
                in_file: false,
                mark: k.mark,
                models: Some(k.models),
                blocked: k.blocked,
                expiring: plan::expires_soon(k.expires, now),
                spend: Some((k.spend, k.budget_reset_at)),
                foreign: k.foreign.map(Foreign::Key),
            });
        }
        // What a check made and removed, an instance that did not do it lists for a while.
        let just_checked = proxy.enforcement_at.is_some_and(|at| now - at < FOLLOWS);
        listed.retain(|l| !(just_checked && l.external_id.starts_with(CHECK_PREFIX)));
        let mut conn = self.store.conn().await?;
        // Read after the lists: what came into the registry meanwhile is known, not a stranger.
        let known = applied::on_proxy(&mut conn, id).await?;
        let made = known.iter().filter(|a| a.state == AppliedState::Applied).count();
        let keys = keys::list(&mut conn, None).await?;
        // One that is replaced is to end, not to be renewed.
        let ends = |k: &&RealmKey| {
            k.state != KeyState::Current && (k.state != KeyState::Adopted || k.retire_after.is_some())
        };
        let ending: BTreeSet<&str> = keys.iter().filter(ends).map(|k| k.token.as_str()).collect();
        for key in listed.iter_mut().filter(|l| ending.contains(l.external_id.as_str())) {
            key.expiring = false;
        }
        let minted: BTreeMap<String, Object> =
            keys.iter().map(|k| (k.token.clone(), Object::key(k.id))).collect();
        let mut found = compare(self.owner, &listed, &known, &minted, now);
        bound(&mut found.drift);
        drift::replace(&mut conn, id, &found.drift, now).await?;
        let ours: Vec<&Listed> =
            listed.iter().filter(|l| l.mark.as_ref().is_some_and(|m| m.owner == self.owner)).collect();
        let spend: Vec<_> = ours
            .iter()
            .filter_map(|l| l.spend.map(|(amount, resets)| (l.external_id.as_str(), amount, resets)))
            .collect();
        applied::note_spend(&mut conn, id, &spend).await?;
        let generations = ours.iter().filter_map(|l| l.mark.as_ref());
        if let Some(newest) = generations.map(|m| m.generation).max() {
            self.note_revision(&mut conn, newest).await?;
        }
        let observing = observe::state(&mut conn).await?.is_some();
        scans::record(&mut conn, id, &self.foreign(&listed), self.store.clock.now()).await?;
        Ok(Some(Looked { proxy, found, listed: listed.len(), ours: ours.len(), known: made, observing }))
    }

    /// How many objects there are not ours.
    fn foreign(&self, listed: &[Listed]) -> serde_json::Value {
        let foreign = |kind| {
            listed
                .iter()
                .filter(|l| l.kind == kind && l.mark.as_ref().is_none_or(|m| m.owner != self.owner))
                .count()
        };
        json!({
            "deployments": foreign(ObjectKind::Deployment), "teams": foreign(ObjectKind::Team),
            "keys": foreign(ObjectKind::Key),
        })
    }

    /// A revision that we never made says that the database was put back: see `store::observe`.
    pub(super) async fn note_revision(&self, conn: &mut Conn, seen: Revision) -> Result<()> {
        if observe::note(conn, seen, self.store.clock.now()).await? {
            tracing::error!(
                change.revision = seen,
                "a proxy has a revision that this registry never made: it was put back to an earlier state; nothing is \
                 changed on any proxy until an admin ends observe mode"
            );
        }
        Ok(())
    }
}

/// Keeps the first foreign objects by name: a proxy may have any number of them, and they are only listed.
fn bound(drift: &mut Vec<Drift>) {
    drift.sort_by(|a, b| (a.kind, &a.external_id).cmp(&(b.kind, &b.external_id)));
    let mut foreign = 0;
    drift.retain(|d| {
        foreign += usize::from(d.class == DriftClass::Foreign);
        d.class != DriftClass::Foreign || foreign <= FOREIGN
    });
}
