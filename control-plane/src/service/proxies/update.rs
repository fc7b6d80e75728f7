//! Editing a proxy.

use std::collections::BTreeMap;

use super::{ProxyView, check_cache_lag, check_labels, check_url, decided, view};
use crate::{
    base::{context::Context, secret::Secret},
    domain::{
        change::Change,
        enforcement::EnforcementPolicy,
        error::{Error, Result},
        proxy::ProxyState,
        slug,
    },
    service::{Entry, Services, Written, check_secret, check_version, lookup},
    store::{
        desired::{self, proxy_at},
        is_unique_violation, proxies,
    },
};

/// An edit; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ProxyPatch {
    pub name: Option<String>,
    pub base_url: Option<String>,
    pub public_url: Option<String>,
    pub master_key: Option<Secret>,
    pub labels: Option<BTreeMap<String, String>>,
    pub cache_lag_seconds: Option<i32>,
    pub state: Option<ProxyState>,
    pub enforcement_policy: Option<EnforcementPolicy>,
}

/// A new base URL or master key may mean another LiteLLM, and name, labels and state say what belongs on it: everything is
/// asked for again. All but the key are in the documents of agents.
pub async fn update(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
    patch: ProxyPatch,
) -> Result<Written<ProxyView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("proxy.update").await?;
    tx.lock_head().await?;
    let old = lookup::proxy(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    let mut new = old.clone();
    if let Some(name) = patch.name {
        slug::check("name", &name)?;
        new.name = name;
    }
    if let Some(url) = patch.base_url {
        new.base_url = check_url(s, "baseUrl", &url)?;
    }
    if let Some(url) = patch.public_url {
        new.public_url = check_url(s, "publicUrl", &url)?;
    }
    if let Some(labels) = patch.labels {
        check_labels(&labels)?;
        new.labels = labels;
    }
    if let Some(seconds) = patch.cache_lag_seconds {
        check_cache_lag(seconds)?;
        new.cache_lag_seconds = seconds;
    }
    if let Some(state) = patch.state {
        new.state = state;
    }
    if let Some(policy) = patch.enforcement_policy {
        new.enforcement_policy = policy;
    }
    let current =
        proxies::master_key(tx.conn(), old.id).await?.ok_or_else(|| Error::not_found("proxy", name))?;
    let rekeyed = match patch.master_key {
        Some(key) => {
            check_secret("masterKey", &key)?;
            let at = proxy_at(old.id);
            let same = s.store.sealer.open(&at, 1, &current).is_ok_and(|known| known == key);
            (!same).then(|| s.store.sealer.seal(&at, 1, &key))
        }
        None => None,
    };
    if new == old && rekeyed.is_none() {
        let view = view(tx.conn(), old.clone()).await?;
        return Ok(Written::unchanged(view, Some(old.version), Vec::new()));
    }
    let elsewhere = new.base_url != old.base_url || rekeyed.is_some();
    let chosen_otherwise = new.name != old.name
        || new.labels != old.labels
        || new.state != old.state
        || new.enforcement_policy != old.enforcement_policy;
    let row = proxies::NewProxy {
        id: old.id,
        name: &new.name,
        base_url: &new.base_url,
        public_url: &new.public_url,
        master_key: rekeyed.as_deref().unwrap_or(&current),
        labels: &new.labels,
        cache_lag_seconds: new.cache_lag_seconds,
        state: new.state,
        enforcement_policy: new.enforcement_policy,
    };
    match proxies::update(tx.conn(), &row, now).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "name-taken",
                format!("there is a proxy {:?} already; choose another name", new.name),
            ));
        }
        other => other?,
    }
    let after = lookup::proxy(tx.conn(), &old.id.to_string()).await?;
    let objects =
        if elsewhere || chosen_otherwise { desired::all_objects(tx.conn()).await? } else { Vec::new() };
    let change = Change {
        kind: "proxy.update",
        everyone: chosen_otherwise || new.public_url != old.public_url,
        // Agents are not moved one after the other while what they use is taken off.
        urgent: (new.state == ProxyState::Disabled && new.state != old.state)
            || (new.withheld() && !old.withheld()),
        summary: serde_json::json!({
            "proxy": new.name, "state": new.state, "masterKeyChanged": rekeyed.is_some(),
        }),
        objects: objects.clone(),
        only_proxy: Some(old.id),
        ..Change::default()
    };
    let entry = Entry::new(format!("proxy/{}", old.id)).before(&decided(&old)).after(&decided(&after));
    let version = after.version;
    let view = view(tx.conn(), after).await?;
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view, version: Some(version), revision: Some(revision), objects, created: false })
}
