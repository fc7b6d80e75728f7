//! `HttpProxy`: one proxy over HTTP. Sends a call within the limits, classifies the answer, counts and logs it.
//!
//! What the calls are stands in `deployments`, `teams`, `keys`, `probe`, `right` and `enforcement`. Bodies and keys are never logged.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use async_trait::async_trait;
use reqwest::{
    Method, Request,
    header::{AUTHORIZATION, HeaderValue},
};
use serde_json::Value;
use url::Url;

use super::{
    Asked, BudgetChange, DeploymentBody, ErrorClass, ErrorKind, ExpiryChange, KeyBody, KeyHash, Limits,
    ObservedDeployment, ObservedKey, ObservedTeam, Probe, ProxyApi, ProxyError, TeamBody, limits::Gate,
    metrics, probe::Known,
};
use crate::{
    base::{ids::InstallationId, pulse::Pulse, secret::Secret},
    domain::{access::ModelList, enforcement::CheckResult},
    outbound::{Answer, Outbound, SendFailure},
};

/// Most pages of a list that are read: a million objects.
const MAX_PAGES: u32 = 10_000;

/// What is needed to speak to one proxy.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// The proxy's name in the registry, for logs and metrics.
    pub name: String,
    /// The admin URL.
    pub base_url: String,
    pub master_key: Secret,
    pub limits: Limits,
    /// Counts the calls that change something.
    pub pulse: Pulse,
}

/// A LiteLLM proxy behind one URL.
#[derive(Debug)]
pub struct HttpProxy {
    name: String,
    base: Url,
    master_key: Secret,
    outbound: Outbound,
    gate: Gate,
    pulse: Pulse,
    known: Mutex<Known>,
}

/// One request, before it is sent.
pub(super) struct Call<'a> {
    /// For errors, metrics and logs.
    pub name: &'static str,
    pub method: Method,
    /// With `{id}` where `id` goes.
    pub path: &'static str,
    pub id: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<Value>,
    /// Whose right is used; `None` is the admin key.
    pub key: Option<&'a Secret>,
    /// What to strike out of an error's text, beside the key in use.
    pub secrets: Vec<&'a str>,
    /// Whether it brings the proxy in line with the registry; checks and questions do not.
    pub changes: bool,
}

impl Call<'_> {
    pub fn get(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            method: Method::GET,
            path,
            id: "",
            query: &[],
            body: None,
            key: None,
            secrets: Vec::new(),
            changes: false,
        }
    }

    pub fn post(name: &'static str, path: &'static str, body: Value) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(name, path) }
    }

    /// A POST that brings the proxy in line.
    pub fn change(name: &'static str, path: &'static str, body: Value) -> Self {
        Self { changes: true, ..Self::post(name, path, body) }
    }
}

impl HttpProxy {
    /// Checks the address and the key's form; connects to nothing yet.
    pub fn new(outbound: Outbound, config: ProxyConfig) -> Result<Self, ProxyError> {
        let refused =
            |kind, text: String| ProxyError::transport("new", ErrorClass::Rejected, kind, false, text);
        let base = outbound
            .check(&config.base_url)
            .map_err(|refusal| refused(ErrorKind::AddressRefused, format!("baseUrl: {refusal}")))?;
        let base = Url::parse(&base)
            .map_err(|error| refused(ErrorKind::AddressRefused, format!("baseUrl: {error}")))?;
        bearer(&config.master_key).ok_or_else(|| {
            let text =
                "masterKey: has characters that no HTTP header can carry; copy it again without line breaks";
            refused(ErrorKind::Invalid, text.to_owned())
        })?;
        Ok(Self {
            name: config.name,
            base,
            master_key: config.master_key,
            outbound,
            gate: Gate::new(config.limits),
            pulse: config.pulse,
            known: Mutex::default(),
        })
    }

    pub(super) fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn remember(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends one call and reads its JSON; an empty body is null.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Value, ProxyError> {
        let _turn = self.gate.enter().await;
        let started = Instant::now();
        let result = match self.exchange(&call).await {
            Ok(answer) => self.read(&call, &answer).map(|body| (answer.status, body)),
            Err(error) => Err(error),
        };
        let took = started.elapsed();
        let (status, outcome) = match &result {
            Ok((status, _)) => (Some(*status), "ok"),
            Err(error) => (error.status, error.kind.code()),
        };
        metrics::record(&self.name, call.name, outcome, took);
        if call.changes {
            self.pulse.called(result.is_ok());
        }
        tracing::debug!(
            proxy.name = %self.name,
            http.method = %call.method,
            http.path = call.path,
            http.status = status,
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            outcome,
            "proxy call"
        );
        result.map(|(_, body)| body)
    }

    /// Reads all pages of a list whose rows stand under `rows`. `size` is the list's own name for the page size.
    pub(super) async fn pages(
        &self,
        name: &'static str,
        path: &'static str,
        rows: &str,
        size: &str,
        filter: &[(&str, &str)],
    ) -> Result<Vec<Value>, ProxyError> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let number = page.to_string();
            let query: Vec<(&str, &str)> =
                filter.iter().copied().chain([("page", number.as_str()), (size, "100")]).collect();
            let mut body = self.send(Call { query: &query, ..Call::get(name, path) }).await?;
            let Some(Value::Array(found)) = body.get_mut(rows).map(Value::take) else {
                return Err(unreadable(name, &format!("the answer has no list \"{rows}\"")));
            };
            let last = found.is_empty();
            all.extend(found);
            // Up to about 1.80 the model list comes whole and says nothing of pages.
            let pages = body["total_pages"].as_u64().unwrap_or(1);
            if last || u64::from(page) >= pages {
                return Ok(all);
            }
        }
        Err(unreadable(name, "the list does not end"))
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, ProxyError> {
        let request = self.request(call)?;
        let failed =
            |class, kind, sent, text: String| ProxyError::transport(call.name, class, kind, sent, text);
        self.outbound.execute(request).await.map_err(|failure| match failure {
            SendFailure::Refused(refusal) => {
                let text = format!("the address of the proxy {refusal}");
                failed(ErrorClass::Rejected, ErrorKind::AddressRefused, false, text)
            }
            SendFailure::Connect(text) => {
                let text = format!("cannot connect: {text}");
                failed(ErrorClass::Unreachable, ErrorKind::ConnectFailed, false, text)
            }
            SendFailure::Timeout => {
                failed(ErrorClass::Retry, ErrorKind::Timeout, true, "no complete answer in time".to_owned())
            }
            SendFailure::Lost(text) => {
                let text = format!("the connection was lost: {text}");
                failed(ErrorClass::Retry, ErrorKind::ConnectionLost, true, text)
            }
            SendFailure::TooLarge { status } => ProxyError::unreadable(
                call.name,
                status,
                ErrorKind::TooLarge,
                "the answer is larger than 16 MiB",
            ),
        })
    }

    fn request(&self, call: &Call<'_>) -> Result<Request, ProxyError> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            path.extend(call.path.split('/').skip(1).map(|part| if part == "{id}" { call.id } else { part }));
        }
        let malformed = || {
            let text = "the request cannot be built; is the key free of line breaks?";
            ProxyError::transport(call.name, ErrorClass::Rejected, ErrorKind::Invalid, false, text)
        };
        let key = bearer(call.key.unwrap_or(&self.master_key)).ok_or_else(malformed)?;
        let mut request = self.outbound.client().request(call.method.clone(), url).header(AUTHORIZATION, key);
        if !call.query.is_empty() {
            request = request.query(call.query);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        request.build().map_err(|_| malformed())
    }

    fn read(&self, call: &Call<'_>, answer: &Answer) -> Result<Value, ProxyError> {
        if (200..300).contains(&answer.status) {
            if answer.body.is_empty() {
                return Ok(Value::Null);
            }
            return serde_json::from_slice(&answer.body).map_err(|_| {
                let text = "the answer is not JSON; check what stands before the proxy";
                ProxyError::unreadable(call.name, answer.status, ErrorKind::NotLitellm, text)
            });
        }
        let mut secrets = call.secrets.clone();
        secrets.push(self.master_key.expose());
        secrets.extend(call.key.map(Secret::expose));
        Err(ProxyError::answer(call.name, answer.status, answer.retry_after, &answer.body, &secrets))
    }
}

/// A 200 whose content is not what LiteLLM says.
pub(super) fn unreadable(call: &'static str, text: &str) -> ProxyError {
    ProxyError::unreadable(call, 200, ErrorKind::NotLitellm, text)
}

/// `None` when the key holds a character that a header cannot.
fn bearer(key: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[async_trait]
impl ProxyApi for HttpProxy {
    async fn probe(&self) -> Result<Probe, ProxyError> {
        self.run_probe().await
    }

    async fn supports_param_removal(&self) -> Result<bool, ProxyError> {
        self.removes_params().await
    }

    async fn deployment(&self, litellm_id: &str) -> Result<Option<ObservedDeployment>, ProxyError> {
        self.read_deployment(litellm_id).await
    }

    async fn deployments(&self) -> Result<Vec<ObservedDeployment>, ProxyError> {
        self.list_deployments().await
    }

    async fn create_deployment(&self, body: &DeploymentBody) -> Result<(), ProxyError> {
        self.new_deployment(body).await
    }

    async fn update_deployment(&self, body: &DeploymentBody, remove: &[String]) -> Result<(), ProxyError> {
        self.patch_deployment(body, remove).await
    }

    async fn try_deployment(&self, body: &DeploymentBody) -> Result<Option<String>, ProxyError> {
        self.test_deployment(body).await
    }

    async fn delete_deployment(&self, litellm_id: &str) -> Result<bool, ProxyError> {
        self.remove_deployment(litellm_id).await
    }

    async fn team(&self, team_id: &str) -> Result<Option<ObservedTeam>, ProxyError> {
        self.read_team(team_id).await
    }

    async fn teams(&self) -> Result<Vec<ObservedTeam>, ProxyError> {
        self.list_teams().await
    }

    async fn create_team(&self, body: &TeamBody) -> Result<(), ProxyError> {
        self.new_team(body).await
    }

    async fn update_team(&self, body: &TeamBody, budget: BudgetChange) -> Result<(), ProxyError> {
        self.change_team(body, budget).await
    }

    async fn set_team_blocked(&self, team_id: &str, blocked: bool) -> Result<(), ProxyError> {
        self.block_team(team_id, blocked).await
    }

    async fn delete_team(&self, team_id: &str) -> Result<bool, ProxyError> {
        self.remove_team(team_id).await
    }

    async fn key(&self, hash: &KeyHash) -> Result<Option<ObservedKey>, ProxyError> {
        self.read_key(hash).await
    }

    async fn keys(&self) -> Result<Vec<ObservedKey>, ProxyError> {
        self.list_keys().await
    }

    async fn create_key(&self, body: &KeyBody) -> Result<(), ProxyError> {
        self.new_key(body).await
    }

    async fn update_key(
        &self,
        body: &KeyBody,
        budget: BudgetChange,
        expiry: ExpiryChange,
    ) -> Result<(), ProxyError> {
        self.change_key(body, budget, expiry).await
    }

    async fn detach_key(&self, hash: &KeyHash, models: &ModelList) -> Result<(), ProxyError> {
        self.narrow_key(hash, models).await
    }

    async fn set_key_blocked(&self, hash: &KeyHash, blocked: bool) -> Result<(), ProxyError> {
        self.block_key(hash, blocked).await
    }

    async fn delete_key(&self, hash: &KeyHash) -> Result<bool, ProxyError> {
        self.remove_key(hash).await
    }

    async fn checks(
        &self,
        owner: InstallationId,
        keys: &[Secret; 2],
    ) -> Result<Vec<CheckResult>, ProxyError> {
        self.run_checks(owner, keys).await
    }

    async fn right(&self, key: &Secret, model: &str) -> Result<Asked, ProxyError> {
        self.ask_right(key, model).await
    }
}
