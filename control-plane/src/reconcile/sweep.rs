//! The full scan of a proxy: finds what differs from what we last made true there, and objects of ours that the
//! registry does not know. It changes nothing itself: it asks the queue, and the run looks again before it acts, so
//! an empty or partial list is never taken as proof of anything.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Reconciler, plan};
use crate::{
    base::ids::ProxyId,
    domain::{
        access::NO_MODELS,
        error::Result,
        object::{Object, ObjectKind},
    },
    proxy::Mark,
    store::{
        applied::{self, Applied, AppliedState},
        keys, listener, proxies, work,
    },
};

/// How long an instance may show the deployments that were there before: it polls every 30 s (LITELLM.md C). Lists of teams
/// and keys come from the proxy's database.
const FOLLOWS: TimeDelta = TimeDelta::seconds(35);

/// One listed object, reduced to what is compared.
struct Listed {
    kind: ObjectKind,
    external_id: String,
    mark: Option<Mark>,
    /// `None` where a list is not what is compared.
    models: Option<Vec<String>>,
    blocked: bool,
    /// It needs its lifetime renewed.
    expiring: bool,
}

/// What a scan found.
#[derive(Default)]
struct Found {
    /// Changed or gone since we last made it true.
    drifted: Vec<Object>,
    /// As we made it, and yet something is to be done: a lifetime to renew, a key whose making was cut off.
    due: Vec<Object>,
    /// Ours by its mark, but unknown, with its name there.
    strangers: Vec<(Object, String)>,
}

impl Reconciler {
    /// Scans one proxy.
    pub async fn scan(&self, id: ProxyId) -> Result<()> {
        let Some((proxy, api)) = self.fleet.client(id).await? else { return Ok(()) };
        let started = std::time::Instant::now();
        let now = self.store.clock.now();
        let mut listed = Vec::new();
        for d in api.deployments().await? {
            listed.push(Listed {
                kind: ObjectKind::Deployment,
                external_id: d.litellm_id,
                mark: d.mark,
                models: None,
                blocked: d.blocked,
                expiring: false,
            });
        }
        for t in api.teams().await? {
            listed.push(Listed {
                kind: ObjectKind::Team,
                external_id: t.team_id,
                mark: t.mark,
                models: Some(t.models),
                blocked: t.blocked,
                expiring: false,
            });
        }
        for k in api.keys().await? {
            listed.push(Listed {
                kind: ObjectKind::Key,
                external_id: k.hash.as_str().to_owned(),
                mark: k.mark,
                models: Some(k.models),
                blocked: k.blocked,
                expiring: plan::expires_soon(k.expires, now),
            });
        }
        // Read after the lists: what came into the registry meanwhile is known, not a stranger.
        let mut conn = self.store.conn().await?;
        let known = applied::on_proxy(&mut conn, id).await?;
        let busy: BTreeSet<Uuid> =
            work::list(&mut conn, Some(id), None, i64::MAX).await?.into_iter().map(|w| w.object_id).collect();
        let minted: BTreeMap<String, Object> =
            keys::list(&mut conn, None).await?.into_iter().map(|k| (k.token, Object::key(k.id))).collect();
        let Found { mut drifted, mut due, strangers } = self.compare(&listed, &known, &minted, now);
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
        let foreign = |kind| {
            listed
                .iter()
                .filter(|l| l.kind == kind && l.mark.as_ref().is_none_or(|m| m.owner != self.owner))
                .count()
        };
        let counts = json!({
            "deployments": foreign(ObjectKind::Deployment), "teams": foreign(ObjectKind::Team),
            "keys": foreign(ObjectKind::Key),
        });
        proxies::record_scan(&mut conn, id, &counts, self.store.clock.now()).await?;
        tracing::debug!(
            proxy.name = proxy.name,
            scan.listed = listed.len(),
            scan.asked = ask.len(),
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "scan closed"
        );
        Ok(())
    }

    fn compare(
        &self,
        listed: &[Listed],
        known: &[Applied],
        minted: &BTreeMap<String, Object>,
        now: DateTime<Utc>,
    ) -> Found {
        let settled = |a: &Applied| {
            a.state == AppliedState::Applied
                && (a.kind != ObjectKind::Deployment || now - a.observed_at >= FOLLOWS)
        };
        let by_name: BTreeMap<(ObjectKind, &str), &Applied> =
            known.iter().map(|a| ((a.kind, a.external_id.as_str()), a)).collect();
        let known_ids: BTreeSet<Object> = known.iter().map(Applied::object).collect();
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for l in listed {
            let ours = l.mark.as_ref().filter(|m| m.owner == self.owner);
            match (by_name.get(&(l.kind, l.external_id.as_str())), ours) {
                (Some(a), _) => {
                    seen.insert(a.object());
                    if settled(a) && differs(a, l) {
                        found.drifted.push(a.object());
                    } else if a.state == AppliedState::Applied && l.expiring {
                        found.due.push(a.object());
                    }
                }
                (None, Some(mark)) => {
                    if let Some(object) = minted.get(&l.external_id) {
                        found.due.push(*object);
                        continue;
                    }
                    let mut object = Object { kind: l.kind, id: mark.id };
                    if known_ids.contains(&object) {
                        // A copy of a known object under another name: removed under an id of its own.
                        object.id = Uuid::new_v5(&mark.id, l.external_id.as_bytes());
                    }
                    found.strangers.push((object, l.external_id.clone()));
                }
                (None, None) => {}
            }
        }
        for a in known {
            if settled(a) && !seen.contains(&a.object()) {
                found.drifted.push(a.object());
            }
        }
        found
    }
}

fn differs(a: &Applied, l: &Listed) -> bool {
    let hash = l.mark.as_ref().is_none_or(|m| m.hash != a.hash);
    let models = l.models.as_ref().is_some_and(|listed| {
        let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = if a.models.is_empty() {
            BTreeSet::from([NO_MODELS])
        } else {
            a.models.iter().map(String::as_str).collect()
        };
        listed != wanted
    });
    let blocked = l.blocked != (l.kind != ObjectKind::Deployment && a.models.is_empty());
    hash || models || blocked
}
