//! Tries a provider out before anything is changed: a new key on one model, by every proxy that has it, or a backend that is not
//! registered yet, by a few. Each proxy calls the provider once.

use futures_util::future::join_all;

use super::{Reconciler, render};
use crate::{
    base::{
        ids::{CredentialId, ProxyId},
        secret::Secret,
    },
    domain::{
        error::{Error, Result},
        model::{Deployment, Model},
        object::{Object, litellm_model_id},
        proxy::{Proxy, ProxyStatus},
    },
    proxy::{DeploymentBody, ProxyApi},
    store::{applied, deployments, desired::DesiredDeployment, proxies},
};

/// Most proxies that try a backend when none is named: each call is billed.
const TRY_ON: usize = 3;

impl Reconciler {
    /// Names of the proxies on which `key` did for every deployment of the model that calls with the credential. One that cannot be
    /// asked now is left out, but one at least must be. Nothing is changed anywhere; each call is real, and billed by the provider.
    pub async fn try_key(
        &self,
        credential: CredentialId,
        key: &Secret,
        model: &Model,
    ) -> Result<Vec<String>> {
        let mut conn = self.store.conn().await?;
        let found = deployments::list(&mut conn, Some(&[model.id]), None, Some(credential)).await?;
        let all = proxies::all(&mut conn).await?;
        drop(conn);
        if found.is_empty() {
            let text = format!(
                "{} does not call with this credential; name a model that does",
                model.litellm_model_name
            );
            return Err(Error::invalid("canaryModel", text));
        }
        let ready = all.iter().filter(|p| p.serves() && p.status == ProxyStatus::Ready);
        let each = ready.flat_map(|proxy| found.iter().map(move |d| self.try_one(proxy, d, key)));
        let mut asked: Vec<String> =
            join_all(each).await.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        asked.dedup();
        if asked.is_empty() {
            let text = format!(
                "no proxy that has {} can be asked now; nothing was changed",
                model.litellm_model_name
            );
            return Err(Error::conflict("canary-failed", text));
        }
        Ok(asked)
    }

    /// The proxy's name; `None` when the deployment does not belong there.
    async fn try_one(&self, proxy: &Proxy, deployment: &Deployment, key: &Secret) -> Result<Option<String>> {
        let wanted = self.store.desired_deployment(proxy.id, deployment.id).await?;
        let Some((mut wanted, (proxy, api))) = wanted.zip(self.fleet.client(proxy.id).await?) else {
            return Ok(None);
        };
        let Some(credential) = &mut wanted.credential else { return Ok(None) };
        credential.api_key = key.clone();
        let there =
            applied::get(&mut *self.store.conn().await?, proxy.id, Object::deployment(deployment.id)).await?;
        let id = there.map_or_else(|| litellm_model_id(deployment.id), |a| a.external_id);
        let body = render::deployment(self.owner, 0, &id, &wanted)
            .map_err(|e| Error::invalid("apiKey", e.to_string()))?;
        let Some(why) = ask(&*api, &body).await else { return Ok(Some(proxy.name)) };
        let text = format!(
            "on proxy {}, {} did not answer with the new key; nothing was changed: {why}",
            proxy.name, wanted.model_name
        );
        Err(Error::conflict("canary-failed", text))
    }

    /// The proxies that can be asked to try a backend: this one, or the first few.
    pub async fn askable(&self, proxy: Option<ProxyId>) -> Result<Vec<Proxy>> {
        let mut all = proxies::all(&mut *self.store.conn().await?).await?;
        all.retain(|p| {
            p.serves() && p.status == ProxyStatus::Ready && proxy.is_none_or(|wanted| p.id == wanted)
        });
        all.truncate(TRY_ON);
        if all.is_empty() {
            let which = if proxy.is_some() { "the proxy cannot be asked" } else { "no proxy can be asked" };
            return Err(Error::conflict("no-proxy-ready", format!("{which} now; repeat when one is ready")));
        }
        Ok(all)
    }

    /// Has each of the proxies call the provider once, for real, as `wanted` says; nothing is changed.
    pub async fn try_backend(&self, wanted: &DesiredDeployment, on: Vec<Proxy>) -> Result<Vec<TriedOn>> {
        let id = litellm_model_id(wanted.id);
        let body = render::deployment(self.owner, 0, &id, wanted)
            .map_err(|e| Error::invalid("modelId", e.to_string()))?;
        let each = on.into_iter().map(|proxy| async {
            let why = match self.fleet.client(proxy.id).await? {
                Some((_, api)) => ask(&*api, &body).await,
                None => Some("it was removed meanwhile".to_owned()),
            };
            Ok(TriedOn { proxy, why })
        });
        join_all(each).await.into_iter().collect()
    }
}

/// How a trial ended on a proxy.
#[derive(Clone, Debug)]
pub struct TriedOn {
    pub proxy: Proxy,
    /// What stood against it, without any key; `None`: the provider answered.
    pub why: Option<String>,
}

/// What the provider or the proxy said against it.
async fn ask(api: &dyn ProxyApi, body: &DeploymentBody) -> Option<String> {
    match api.try_deployment(body).await {
        Ok(why) => why,
        Err(error) => Some(error.to_string()),
    }
}
