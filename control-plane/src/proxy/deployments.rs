//! Deployments on a proxy: `/v2/model/info`, `/model/new`, `/model/{id}/update`, `/model/delete`.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;

use super::{
    DeploymentBody, ErrorClass, ErrorKind, ObservedDeployment, ProxyError,
    http::{Call, HttpProxy},
    message,
};
use crate::base::secret::Secret;

const LIST: &str = "/v2/model/info";

impl HttpProxy {
    pub(super) async fn read_deployment(&self, id: &str) -> Result<Option<ObservedDeployment>, ProxyError> {
        // With `modelId` LiteLLM looks in its memory, then in the database; older versions ignore the parameter and
        // answer with everything, so the right row is picked here in any case.
        let rows = self.pages("deployment", LIST, "data", "size", &[("modelId", id)]).await;
        let found = or_no_models(rows)?;
        Ok(found.iter().filter_map(ObservedDeployment::read).find(|deployment| deployment.litellm_id == id))
    }

    pub(super) async fn list_deployments(&self) -> Result<Vec<ObservedDeployment>, ProxyError> {
        let found = or_no_models(self.pages("deployments", LIST, "data", "size", &[]).await)?;
        // A row can be on two pages when the list changes in between.
        let mut seen = HashSet::new();
        Ok(found
            .iter()
            .filter_map(ObservedDeployment::read)
            .filter(|deployment| seen.insert(deployment.litellm_id.clone()))
            .collect())
    }

    pub(super) async fn new_deployment(&self, body: &DeploymentBody) -> Result<(), ProxyError> {
        let call = Call::change("create_deployment", "/model/new", body.render_create());
        self.send(Call { secrets: secrets(body), ..call }).await.map(drop)
    }

    pub(super) async fn patch_deployment(
        &self,
        body: &DeploymentBody,
        remove: &[String],
    ) -> Result<(), ProxyError> {
        const NAME: &str = "update_deployment";
        if !remove.is_empty() && !self.removes_params().await? {
            let text = "this LiteLLM cannot take parameters away (1.109 can); delete the deployment and create it again";
            let kind = ErrorKind::RemovalUnsupported;
            return Err(ProxyError::transport(NAME, ErrorClass::Rejected, kind, false, text));
        }
        let call = Call::change(NAME, "/model/{id}/update", body.render_update(remove));
        let call = Call { method: Method::PATCH, id: &body.litellm_id, secrets: secrets(body), ..call };
        self.send(call).await.map(drop)
    }

    /// LiteLLM puts what is sent over the deployment of this id, or over any one of the same upstream model where it knows none or
    /// is older than that: so everything is sent, also that there is no address and no key.
    pub(super) async fn test_deployment(&self, body: &DeploymentBody) -> Result<Option<String>, ProxyError> {
        let sent = json!({ "litellm_params": body.litellm_params.expose_alone(), "model_info": { "id": body.litellm_id } });
        let call = Call::post("try_deployment", "/health/test_connection", sent);
        let secrets = secrets(body);
        let answer = self.send(Call { secrets: secrets.clone(), ..call }).await?;
        if answer["status"] == "success" {
            return Ok(None);
        }
        let text = answer["result"]["error"].as_str().unwrap_or("it does not say why");
        // Python's stack follows.
        Ok(Some(message::redact(text.split("\nstack trace").next().unwrap_or(text), &secrets)))
    }

    pub(super) async fn remove_deployment(&self, id: &str) -> Result<bool, ProxyError> {
        let call = Call::change("delete_deployment", "/model/delete", json!({ "id": id }));
        gone(self.send(call).await)
    }
}

fn secrets(body: &DeploymentBody) -> Vec<&str> {
    body.litellm_params.secrets().map(Secret::expose).collect()
}

/// Up to about 1.80 a proxy without any model answers 500 where newer ones answer an empty list.
fn or_no_models(
    rows: Result<Vec<serde_json::Value>, ProxyError>,
) -> Result<Vec<serde_json::Value>, ProxyError> {
    match rows {
        Err(error) if error.status == Some(500) && error.message.contains("o model list passed") => {
            Ok(Vec::new())
        }
        Err(error) if error.status == Some(500) && error.message.contains("Model List not loaded") => {
            Ok(Vec::new())
        }
        other => other,
    }
}

/// What a delete says: `true` done, `false` it was not there.
pub(super) fn gone(result: Result<serde_json::Value, ProxyError>) -> Result<bool, ProxyError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}
