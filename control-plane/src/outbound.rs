//! The one builder of outbound HTTP clients: rustls, short timeouts, no redirects, a capped answer, and the URL
//! policy applied to every address a name resolves to.
//!
//! Used by `proxy` for proxies; anything else that speaks HTTP outwards (webhooks, identity providers) takes it too.

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Request,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect,
};

use crate::{
    base::secret::Secret,
    domain::url_policy::{Purpose, UrlPolicy, UrlRefused},
};

/// Largest answer that is read, in bytes. A list page of a hundred keys is about 200 kB.
pub const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Longest time a `Retry-After` can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// An idle connection is dropped before uvicorn drops it (after 5 s), so that a write does not meet a closed one.
const IDLE: Duration = Duration::from_secs(4);

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// From the start of the call to the last byte of the answer. LiteLLM's `/model/new` takes seconds.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), total: Duration::from_secs(30) }
    }
}

/// The TLS set-up failed, usually because the system has no CA certificates.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the HTTP client; are CA certificates installed?")]
pub struct OutboundError(#[from] reqwest::Error);

/// An HTTP client for one purpose. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
    policy: UrlPolicy,
    purpose: Purpose,
}

/// A complete answer, of whatever status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendFailure {
    #[error("{0}")]
    Refused(UrlRefused),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no answer in time")]
    Timeout,
    #[error("the answer broke off: {0}")]
    Lost(String),
    #[error("the answer (status {status}) is too large")]
    TooLarge { status: u16 },
}

impl Outbound {
    pub fn new(policy: UrlPolicy, purpose: Purpose, timeouts: Timeouts) -> Result<Self, OutboundError> {
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total)
            .pool_idle_timeout(IDLE)
            // A redirect would carry the admin key to wherever it points.
            .redirect(redirect::Policy::none())
            // An HTTP proxy from the environment would do the resolving in our place, past the policy.
            .no_proxy()
            .dns_resolver(Arc::new(PolicyResolver { policy, purpose }))
            .user_agent(concat!("reeve/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, policy, purpose })
    }

    /// The normal form of an address of this client's purpose; see [`UrlPolicy::check`].
    pub fn check(&self, text: &str) -> Result<String, UrlRefused> {
        self.policy.check(self.purpose, text)
    }

    /// Reads something. Returns the status of the answer, whatever it is, and its body.
    pub async fn get(&self, url: &str) -> Result<(u16, Vec<u8>), SendFailure> {
        let request = self.client.get(url).build().map_err(|error| failure(&error))?;
        let answer = self.execute(request).await?;
        Ok((answer.status, answer.body))
    }

    /// Posts a form with a client's name and secret (RFC 6749, 2.3.1). Returns the status of the answer, whatever it is, and its body.
    pub async fn post_form(
        &self,
        url: &str,
        (id, secret): (&str, &Secret),
        fields: &[(&str, &str)],
    ) -> Result<(u16, Vec<u8>), SendFailure> {
        let escaped = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self
            .client
            .post(url)
            .basic_auth(escaped(id), Some(escaped(secret.expose())))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .build()
            .map_err(|error| failure(&error))?;
        let answer = self.execute(request).await?;
        Ok((answer.status, answer.body))
    }

    /// Posts JSON. Returns the status of the answer, whatever it is.
    pub async fn post_json(&self, url: &str, body: &serde_json::Value) -> Result<u16, SendFailure> {
        let request = self.client.post(url).json(body).build().map_err(|error| failure(&error))?;
        Ok(self.execute(request).await?.status)
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends once and reads the whole answer.
    pub async fn execute(&self, request: Request) -> Result<Answer, SendFailure> {
        let mut response = self.client.execute(request).await.map_err(|error| failure(&error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(SendFailure::TooLarge { status });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after, body })
    }
}

fn failure(error: &reqwest::Error) -> SendFailure {
    if let Some(refused) = causes(error).find_map(|cause| cause.downcast_ref::<UrlRefused>()) {
        return SendFailure::Refused(refused.clone());
    }
    // The URL is left out: it adds nothing to the proxy's name. The last cause says most ("connection refused").
    let text = causes(error).last().map(ToString::to_string).unwrap_or_default();
    if error.is_connect() {
        return SendFailure::Connect(text);
    }
    if error.is_timeout() {
        return SendFailure::Timeout;
    }
    SendFailure::Lost(text)
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// Seconds only; an HTTP date is not used by LiteLLM.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The system's resolver, whose answers must all pass the policy: one forbidden address refuses the name.
struct PolicyResolver {
    policy: UrlPolicy,
    purpose: Purpose,
}

impl Resolve for PolicyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, purpose) = (self.policy, self.purpose);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            for address in &found {
                policy.check_ip(purpose, address.ip())?;
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
