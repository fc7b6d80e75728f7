//! The clients to the proxies, one per proxy and edit of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    base::{ids::ProxyId, pulse::Pulse},
    domain::{
        error::{Error, Result},
        proxy::Proxy,
    },
    outbound::Outbound,
    proxy::{HttpProxy, Limits, ProxyApi, ProxyConfig},
    store::{Store, desired::proxy_at, proxies},
};

/// A client, and the version of its proxy's row.
type Kept = (i64, Arc<dyn ProxyApi>);

/// Clients are kept, since each holds its proxy's connections and limits; an edit of the proxy makes a new one.
pub struct Fleet {
    store: Store,
    outbound: Outbound,
    pulse: Pulse,
    clients: Mutex<HashMap<ProxyId, Kept>>,
}

impl Fleet {
    pub fn new(store: Store, outbound: Outbound, pulse: Pulse) -> Self {
        Self { store, outbound, pulse, clients: Mutex::default() }
    }

    /// The client of a proxy and its row; `None` when it is gone.
    pub async fn client(&self, id: ProxyId) -> Result<Option<(Proxy, Arc<dyn ProxyApi>)>> {
        let mut conn = self.store.conn().await?;
        let Some(proxy) = proxies::get(&mut conn, id).await? else {
            self.clients.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return Ok(None);
        };
        let known = self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some((version, client)) = known
            && version == proxy.version
        {
            return Ok(Some((proxy, client)));
        }
        let Some(sealed) = proxies::master_key(&mut conn, id).await? else { return Ok(None) };
        let admin_key = self.store.sealer.open(&proxy_at(id), 1, &sealed).map_err(Error::internal)?;
        let client = HttpProxy::new(
            self.outbound.clone(),
            ProxyConfig {
                name: proxy.name.clone(),
                base_url: proxy.base_url.clone(),
                master_key: admin_key,
                limits: Limits::default(),
                pulse: self.pulse.clone(),
            },
        )
        .map_err(Error::internal)?;
        let client: Arc<dyn ProxyApi> = Arc::new(client);
        self.clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, (proxy.version, Arc::clone(&client)));
        Ok(Some((proxy, client)))
    }
}
