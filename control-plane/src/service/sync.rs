//! How far the fleet is: the `sync` part of every resource that lives on proxies. Read from the work queue and from
//! what was last applied; nothing here asks a proxy.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Services;
use crate::{
    base::ids::ProxyId,
    domain::{
        change::Revision,
        error::Result,
        object::{Object, ObjectKind},
        proxy::{Proxy, ProxyStatus},
    },
    store::{
        Conn,
        applied::{self, Applied, AppliedState},
        audit, proxies,
        work::{self, Item},
    },
};

/// `applied`: as wanted. `pending`: not yet. `failed`: will not be tried again until something changes or an operator
/// says so. `skipped`: there is no proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncState {
    Applied,
    Pending,
    Failed,
    Skipped,
}

/// How far one proxy is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxySync {
    pub proxy_id: ProxyId,
    pub proxy_name: String,
    pub state: SyncState,
    /// Why it is not applied, when something is known to be in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The revision this proxy was last brought to; null before the first time.
    pub generation: Option<i64>,
    /// When that was seen.
    pub observed_at: Option<DateTime<Utc>>,
}

/// How far a resource is on the fleet.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// The newest revision that changed it; `GET /api/changes/{revision}` is its receipt.
    pub revision: Option<i64>,
    pub state: SyncState,
    pub proxies: Vec<ProxySync>,
    /// The agents concerned; only in the answer to a write that asked to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<AgentCounts>,
}

/// How many agents a revision concerns, and how far they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentCounts {
    pub concerned: usize,
    /// Of those; the others get the change when they connect.
    pub connected: usize,
    /// Connected and running the wanted document.
    pub applied: usize,
    pub pending: usize,
    pub rejected: usize,
}

/// A view with its `sync`.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Synced<T> {
    #[serde(flatten)]
    pub view: T,
    pub sync: Sync,
}

/// What to look at for one resource.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// Subjects of the audit rows that are about it.
    pub audit: Vec<String>,
    pub objects: Vec<Object>,
}

/// Reads the `sync` of many resources at once, in the order given.
pub async fn read(s: &Services, subjects: &[Subject]) -> Result<Vec<Sync>> {
    let mut conn = s.store.conn().await?;
    let fleet = Fleet::read(&mut conn, subjects.iter().flat_map(|s| &s.objects)).await?;
    let (mut owners, mut names) = (Vec::new(), Vec::new());
    for (owner, subject) in subjects.iter().enumerate() {
        for name in &subject.audit {
            owners.push(owner.to_string());
            names.push(name.clone());
        }
    }
    let revisions = audit::revisions(&mut conn, &owners, &names).await?;
    Ok(subjects
        .iter()
        .enumerate()
        .map(|(i, subject)| fleet.sync(revisions.get(&i.to_string()).copied(), &subject.objects))
        .collect())
}

/// The views with the `sync` of each.
pub async fn with<V>(s: &Services, views: Vec<V>, subject: impl Fn(&V) -> Subject) -> Result<Vec<Synced<V>>> {
    let syncs = read(s, &views.iter().map(subject).collect::<Vec<_>>()).await?;
    Ok(views.into_iter().zip(syncs).map(|(view, sync)| Synced { view, sync }).collect())
}

/// The `sync` of one resource.
pub async fn read_one(s: &Services, subject: Subject) -> Result<Sync> {
    Ok(read(s, &[subject]).await?.pop().unwrap_or(Sync {
        revision: None,
        state: SyncState::Skipped,
        proxies: Vec::new(),
        agents: None,
    }))
}

/// The `sync` right after a write.
pub async fn of_write(s: &Services, revision: Option<Revision>, objects: &[Object]) -> Result<Sync> {
    let mut conn = s.store.conn().await?;
    Ok(Fleet::read(&mut conn, objects.iter()).await?.sync(revision, objects))
}

struct Fleet {
    proxies: Vec<Proxy>,
    applied: HashMap<(ProxyId, Object), Applied>,
    waiting: HashMap<(ProxyId, Object), Item>,
}

impl Fleet {
    async fn read(conn: &mut Conn, objects: impl Iterator<Item = &Object>) -> Result<Self> {
        let ids: HashSet<Uuid> = objects.map(|o| o.id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let proxies = proxies::all(conn).await?;
        let applied = applied::of_objects(conn, &ids).await?;
        let waiting = work::list(conn, None, Some(&ids), i64::MAX).await?;
        Ok(Self {
            proxies,
            applied: applied.into_iter().map(|a| ((a.proxy_id, a.object()), a)).collect(),
            waiting: waiting
                .into_iter()
                .map(|w| ((w.proxy_id, Object { kind: w.kind, id: w.object_id }), w))
                .collect(),
        })
    }

    fn sync(&self, revision: Option<Revision>, objects: &[Object]) -> Sync {
        let proxies: Vec<ProxySync> = self.proxies.iter().filter_map(|p| self.proxy(p, objects)).collect();
        let any = |state| proxies.iter().any(|p| p.state == state);
        let state = if !self.proxies.iter().any(Proxy::serves) && proxies.is_empty() {
            SyncState::Skipped
        } else if any(SyncState::Pending) {
            SyncState::Pending
        } else if any(SyncState::Failed) {
            SyncState::Failed
        } else {
            SyncState::Applied
        };
        Sync { revision, state, proxies, agents: None }
    }

    /// `None`: it holds none of them and waits for none, as where they do not belong.
    fn proxy(&self, proxy: &Proxy, objects: &[Object]) -> Option<ProxySync> {
        let at = |o: &Object| (proxy.id, *o);
        let waiting: Vec<&Item> = objects.iter().filter_map(|o| self.waiting.get(&at(o))).collect();
        let applied: Vec<&Applied> = objects.iter().filter_map(|o| self.applied.get(&at(o))).collect();
        if waiting.is_empty() && applied.is_empty() {
            return None;
        }
        let parked = waiting.iter().find(|w| w.parked_code.is_some());
        let moving = waiting.iter().find(|w| w.parked_code.is_none());
        let broken = applied.iter().find(|a| a.state == AppliedState::Failed);
        let (state, error_code, error_message) = if let Some(item) = moving {
            let (code, message) = in_the_way(proxy, item);
            (SyncState::Pending, code, message)
        } else if let Some(item) = parked {
            (SyncState::Failed, item.parked_code.clone(), item.parked_reason.clone())
        } else if let Some(row) = broken {
            (SyncState::Failed, row.error_code.clone(), row.error_message.clone())
        } else if proxy.withheld()
            && objects.iter().all(|o| matches!(o.kind, ObjectKind::Team | ObjectKind::Key))
        {
            let message = "nobody may use anything on this proxy until it enforces what it is told; see its enforcement";
            (SyncState::Failed, Some("grants-withheld".to_owned()), Some(message.to_owned()))
        } else {
            (SyncState::Applied, None, None)
        };
        Some(ProxySync {
            proxy_id: proxy.id,
            proxy_name: proxy.name.clone(),
            state,
            error_code,
            error_message,
            generation: applied.iter().map(|a| a.generation).max(),
            observed_at: applied.iter().map(|a| a.observed_at).max(),
        })
    }
}

/// Why a proxy is not there yet, if more is known than that it has not had its turn.
fn in_the_way(proxy: &Proxy, item: &Item) -> (Option<String>, Option<String>) {
    match proxy.status {
        ProxyStatus::Unreachable | ProxyStatus::Unsupported => (
            Some(proxy.status_code.clone().unwrap_or_else(|| format!("proxy-{}", proxy.status.as_str()))),
            proxy.status_message.clone(),
        ),
        ProxyStatus::Ready | ProxyStatus::Unknown => {
            (item.last_error.as_ref().map(|_| "retrying".to_owned()), item.last_error.clone())
        }
    }
}
