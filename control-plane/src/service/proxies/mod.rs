//! The fleet: what is shown of a proxy, reading it, asking it to be looked at. Writing is in the files beside this one.

pub mod adopt;
pub mod create;
pub mod delete;
pub mod drift;
pub mod update;
pub mod waiting;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub use self::{
    create::{NewProxy, create},
    delete::delete,
    update::{ProxyPatch, update},
    waiting::{WorkView, queue},
};
use super::{
    Entry, Services, Written,
    freezes::{self, Frozen},
    lookup,
};
use crate::{
    base::{
        context::Context,
        ids::ProxyId,
        page::{Page, PageRequest},
    },
    domain::{
        change::Location,
        enforcement::{CheckResult, EnforcementPolicy},
        error::{Error, Result},
        freeze::FreezeKind,
        placement::{self, NAME},
        proxy::{Proxy, ProxyState, ProxyStatus},
        url_policy::Purpose,
    },
    store::{Conn, proxies, scans, work},
};

/// A proxy as it may be shown. Its master key is not in it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyView {
    pub id: ProxyId,
    pub name: String,
    /// Where Reeve manages it.
    pub base_url: String,
    /// Where agents call it.
    pub public_url: String,
    pub labels: BTreeMap<String, String>,
    /// How long its instances may go on serving what was taken away, in seconds: a revocation is shown as done when the
    /// proxy has refused it for longer than this.
    pub cache_lag_seconds: i32,
    /// What an admin wants with it. `draining`: agents are sent elsewhere, as far as another proxy serves them, and what is
    /// on it stays in step. `disabled`: everything of ours is taken off it.
    pub state: ProxyState,
    /// It has not answered for 5 s, or looks wiped, so agents are sent elsewhere, as far as another proxy serves them; they come
    /// back when it has answered for a minute and a scan has found everything there.
    pub avoided: bool,
    /// Being removed: everything of ours on it is taken away first.
    pub deleting: bool,
    pub status: ProxyStatus,
    /// Since when it has this status.
    pub status_since: DateTime<Utc>,
    /// Why it has it, when it is not `ready`.
    pub last_error: Option<ProxyError>,
    /// LiteLLM's version.
    pub version: Option<String>,
    /// What it can do, as found by the last probe.
    #[schema(value_type = Object)]
    pub capabilities: Value,
    pub checked_at: Option<DateTime<Utc>>,
    pub scanned_at: Option<DateTime<Utc>>,
    /// `require`: nobody may use anything on it until every check of `enforcement` holds.
    pub enforcement_policy: EnforcementPolicy,
    /// Whether it really refuses what it is told to refuse; empty before the first check, which is made on registration, after a change
    /// of its version or address, and daily.
    pub enforcement: Vec<CheckResult>,
    pub enforcement_checked_at: Option<DateTime<Utc>>,
    /// Since when most of what Reeve made there is missing, as after its database was wiped. It is made again when a scan a minute
    /// later says the same.
    pub wiped_since: Option<DateTime<Utc>>,
    /// Objects of Reeve's own that the registry does not know, too many to be removed without `POST /api/proxies/{id}/prune`.
    pub prune_held: i64,
    /// Set while an admin has stopped it.
    pub frozen: Option<Frozen>,
    pub queue: Queue,
    /// Objects on it that are not ours, by kind. They are never changed.
    #[schema(value_type = Object)]
    pub foreign: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Why a proxy cannot be used or managed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyError {
    pub code: String,
    pub message: Option<String>,
}

/// What is still to be done on a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queue {
    pub waiting: i64,
    /// Not tried again until its input changes or an operator asks for it.
    pub parked: i64,
    /// Since when the oldest item waits.
    pub oldest: Option<DateTime<Utc>>,
}

/// A proxy with the version of its registry row.
#[derive(Clone, Debug)]
pub struct Versioned {
    pub view: ProxyView,
    pub version: i64,
}

pub async fn get(s: &Services, name: &str) -> Result<Versioned> {
    let mut conn = s.store.conn().await?;
    let proxy = lookup::proxy(&mut conn, name).await?;
    let version = proxy.version;
    Ok(Versioned { view: view(&mut conn, proxy).await?, version })
}

/// By name.
pub async fn list(s: &Services, page: &PageRequest) -> Result<Page<ProxyView>> {
    let mut conn = s.store.conn().await?;
    let found = Page::cut(proxies::list(&mut conn, page).await?, page, |p| p.name.clone());
    let mut queues = queues(&mut conn).await?;
    let mut frozen = freezes::of_kind(&mut conn, FreezeKind::Proxy).await?;
    Ok(found.map(|p| {
        let (queue, frozen) = (queues.remove(&p.name).unwrap_or_default(), frozen.remove(&p.id.to_string()));
        shown(p, queue, frozen)
    }))
}

/// An operator's look: probe and full scan are due at once, and what is parked is tried again.
pub async fn check(s: &Services, ctx: &Context, name: &str) -> Result<Written<ProxyView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("proxy.check").await?;
    tx.lock_head().await?;
    let proxy = lookup::proxy(tx.conn(), name).await?;
    let (id, version) = (proxy.id, proxy.version);
    proxies::ask_check(tx.conn(), Some(id), now).await?;
    scans::ask(tx.conn(), Some(id), now).await?;
    let unparked = work::unpark(tx.conn(), id, now).await?;
    let view = view(tx.conn(), proxy).await?;
    let entry = Entry::new(format!("proxy/{id}"))
        .after(&serde_json::json!({ "unparked": unparked }))
        .at(Location::changed(format!("/api/proxies/{id}")));
    tx.finish_quiet(ctx, entry.audit("proxy.check")).await?;
    s.signals.reconcile.notify_one();
    Ok(Written { version: Some(version), ..Written::unchanged(view, None, Vec::new()) })
}

/// Lets a scan, which is due now, remove the objects of ours that the registry does not know, however many they are.
pub async fn prune(s: &Services, ctx: &Context, name: &str) -> Result<Written<ProxyView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("proxy.prune").await?;
    tx.lock_head().await?;
    let proxy = lookup::proxy(tx.conn(), name).await?;
    let (id, version) = (proxy.id, proxy.version);
    scans::allow_prune(tx.conn(), id, now).await?;
    let entry = Entry::new(format!("proxy/{id}"))
        .after(&serde_json::json!({ "objects": proxy.prune_held }))
        .at(Location::changed(format!("/api/proxies/{id}")));
    let view = view(tx.conn(), proxy).await?;
    tx.finish_quiet(ctx, entry.audit("proxy.prune")).await?;
    s.signals.check.notify_one();
    Ok(Written { version: Some(version), ..Written::unchanged(view, None, Vec::new()) })
}

async fn view(conn: &mut Conn, proxy: Proxy) -> Result<ProxyView> {
    let queue = queues(conn).await?.remove(&proxy.name).unwrap_or_default();
    let frozen = freezes::of_kind(conn, FreezeKind::Proxy).await?.remove(&proxy.id.to_string());
    Ok(shown(proxy, queue, frozen))
}

async fn queues(conn: &mut Conn) -> Result<HashMap<String, Queue>> {
    let depths = work::depth(conn).await?;
    Ok(depths
        .into_iter()
        .map(|(name, waiting, parked, oldest)| (name, Queue { waiting, parked, oldest }))
        .collect())
}

fn shown(p: Proxy, queue: Queue, frozen: Option<Frozen>) -> ProxyView {
    let last_error = p.status_code.map(|code| ProxyError { code, message: p.status_message });
    ProxyView {
        id: p.id,
        name: p.name,
        base_url: p.base_url,
        public_url: p.public_url,
        labels: p.labels,
        cache_lag_seconds: p.cache_lag_seconds,
        state: p.state,
        avoided: p.avoided,
        deleting: p.deleting,
        status: p.status,
        status_since: p.status_since,
        last_error,
        version: p.litellm_version,
        capabilities: p.capabilities,
        checked_at: p.checked_at,
        scanned_at: p.scanned_at,
        enforcement_policy: p.enforcement_policy,
        enforcement: p.enforcement,
        enforcement_checked_at: p.enforcement_at,
        wiped_since: p.wiped_since,
        prune_held: p.prune_held,
        frozen,
        queue,
        foreign: p.foreign_counts,
        created_at: p.created_at,
        updated_at: p.updated_at,
    }
}

/// What an audit row says of a proxy: what people decided, not what probes found.
fn decided(p: &Proxy) -> Value {
    serde_json::json!({
        "id": p.id, "name": p.name, "baseUrl": p.base_url, "publicUrl": p.public_url, "labels": p.labels,
        "cacheLagSeconds": p.cache_lag_seconds, "state": p.state,
        "enforcementPolicy": p.enforcement_policy, "deleting": p.deleting, "version": p.version,
    })
}

fn check_url(s: &Services, field: &str, url: &str) -> Result<String> {
    s.url_policy.check(Purpose::Proxy, url).map_err(|refused| Error::invalid(field, refused.to_string()))
}

fn check_cache_lag(seconds: i32) -> Result<()> {
    if !(0..=3600).contains(&seconds) {
        return Err(Error::invalid("cacheLagSeconds", "expected 0 to 3600; 0 for a proxy of one instance"));
    }
    Ok(())
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<()> {
    if !placement::are_labels(labels) {
        return Err(Error::invalid(
            "labels",
            "expected at most 32, each name and value at most 63 characters",
        ));
    }
    if labels.contains_key(NAME) {
        return Err(Error::invalid("labels", "`name` is a label that every proxy has: its own name"));
    }
    Ok(())
}
