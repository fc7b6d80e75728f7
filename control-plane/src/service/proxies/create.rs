//! Adding a proxy to the fleet: everything of the registry is asked for on it.

use std::collections::BTreeMap;

use super::{ProxyView, check_cache_lag, check_labels, check_url, decided, view};
use crate::{
    base::{context::Context, ids::ProxyId, secret::Secret},
    domain::{
        change::{Change, Location},
        enforcement::EnforcementPolicy,
        error::{Error, Result},
        proxy::{CACHE_LAG_SECONDS, ProxyState},
        slug,
    },
    service::{Entry, Services, Written, check_secret, lookup},
    store::{
        desired::{self, proxy_at},
        is_unique_violation, proxies,
    },
};

/// A proxy to be added.
#[derive(Clone, Debug)]
pub struct NewProxy {
    pub name: String,
    pub base_url: String,
    /// `None`: the base URL.
    pub public_url: Option<String>,
    pub master_key: Secret,
    pub labels: BTreeMap<String, String>,
    /// `None`: LiteLLM's own default.
    pub cache_lag_seconds: Option<i32>,
    pub enforcement_policy: EnforcementPolicy,
}

pub async fn create(s: &Services, ctx: &Context, new: NewProxy) -> Result<Written<ProxyView>> {
    slug::check("name", &new.name)?;
    let base_url = check_url(s, "baseUrl", &new.base_url)?;
    let public_url = match &new.public_url {
        Some(url) => check_url(s, "publicUrl", url)?,
        None => base_url.clone(),
    };
    check_secret("masterKey", &new.master_key)?;
    check_labels(&new.labels)?;
    let cache_lag_seconds = new.cache_lag_seconds.unwrap_or(CACHE_LAG_SECONDS);
    check_cache_lag(cache_lag_seconds)?;
    let now = s.store.clock.now();
    let id = ProxyId(s.store.ids.uuid());
    let sealed = s.store.sealer.seal(&proxy_at(id), 1, &new.master_key);
    let row = proxies::NewProxy {
        id,
        name: &new.name,
        base_url: &base_url,
        public_url: &public_url,
        master_key: &sealed,
        labels: &new.labels,
        cache_lag_seconds,
        state: ProxyState::Active,
        enforcement_policy: new.enforcement_policy,
    };
    let mut tx = s.store.begin("proxy.create").await?;
    // The head first: what belongs on the proxy is read below, and nothing may be added to it meanwhile.
    tx.lock_head().await?;
    match proxies::insert(tx.conn(), &row, now).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "name-taken",
                format!("there is a proxy {:?} already; choose another name", new.name),
            ));
        }
        other => other?,
    }
    let proxy = lookup::proxy(tx.conn(), &id.to_string()).await?;
    let objects = desired::all_objects(tx.conn()).await?;
    let change = Change {
        kind: "proxy.create",
        summary: serde_json::json!({ "proxy": new.name }),
        objects: objects.clone(),
        only_proxy: Some(id),
        ..Change::default()
    };
    let entry = Entry::new(format!("proxy/{id}"))
        .after(&decided(&proxy))
        .at(Location::created(format!("/api/proxies/{id}")));
    let view = view(tx.conn(), proxy).await?;
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view, version: Some(1), revision: Some(revision), objects, created: true })
}
