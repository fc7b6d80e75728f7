//! Trying a backend out before it is registered: checked as if it were, asked of a few proxies, and forgotten. What is asked of
//! the proxies, `reconcile::trial` does.

use super::backend::{self, NewBackend};
use crate::{
    base::{
        context::Context,
        ids::{CredentialId, ModelId, ProxyId},
    },
    domain::{error::Result, proxy::Proxy},
    service::{Entry, Services, lookup},
    store::desired::{DesiredCredential, DesiredDeployment},
};

/// A backend that could be registered.
#[derive(Clone, Debug)]
pub struct Trial {
    /// As it would be wanted on a proxy.
    pub wanted: DesiredDeployment,
    /// The one proxy that is to be asked.
    pub proxy: Option<ProxyId>,
    /// The credential whose key it calls with, unless that was typed in.
    stored: Option<CredentialId>,
}

/// Refuses what registering it would refuse.
pub async fn check(s: &Services, new: &NewBackend, proxy: Option<&str>) -> Result<Trial> {
    let mut conn = s.store.conn().await?;
    let proxy = match proxy {
        Some(name) => Some(lookup::in_field("proxyId", lookup::proxy(&mut conn, name).await)?.id),
        None => None,
    };
    let model = ModelId(s.store.ids.uuid());
    let (d, secret) = backend::checked(s, &mut conn, model, new, s.store.clock.now()).await?;
    let stored = secret.as_ref().and_then(|(id, _)| *id);
    let wanted = DesiredDeployment {
        id: d.id,
        // Not told to the proxies.
        model_name: format!("{}/test", d.provider),
        provider: d.provider,
        upstream_model_id: d.upstream_model_id,
        base_url: d.base_url,
        credential: secret.map(|(id, api_key)| DesiredCredential {
            id: id.unwrap_or_else(|| CredentialId(s.store.ids.uuid())),
            generation: 1,
            api_key,
        }),
        routing_order: d.routing_order,
        weight: d.weight,
        litellm_params: d.litellm_params,
    };
    Ok(Trial { wanted, proxy, stored })
}

/// Writes down who is about to call a provider with a stored key, and through which proxies. A key that was typed in is the
/// caller's own: with that nothing is written.
pub async fn note(s: &Services, ctx: &Context, trial: &Trial, asked: &[Proxy]) -> Result<()> {
    let Some(credential) = trial.stored else { return Ok(()) };
    let names: Vec<&str> = asked.iter().map(|p| p.name.as_str()).collect();
    let after = serde_json::json!({
        "provider": trial.wanted.provider, "modelId": trial.wanted.upstream_model_id, "baseUrl": trial.wanted.base_url,
        "proxies": names,
    });
    let entry = Entry::new(format!("credential/{credential}")).after(&after).audit("model.test");
    // Nothing was made that a repeat could read again: it asks again.
    let ctx = Context { idempotency: None, ..ctx.clone() };
    s.store.begin("model.test").await?.finish_quiet(&ctx, entry).await
}
