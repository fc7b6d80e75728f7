//! HTTP to the control plane: one call at a time, with the token, a request that may be repeated, and errors in words.

use std::time::Duration;

use reqwest::{Method, redirect};
use serde_json::Value;
use url::{Host, Url};

use super::failure::{Failure, Problem};
use crate::base::{idgen::IdGen, secret::Secret};

/// For an answer that nothing delays; `Prefer: wait` comes on top.
const PATIENCE: Duration = Duration::from_secs(30);
/// For one that comes in pieces.
const LONGEST: Duration = Duration::from_hours(24);
/// Bytes of an answer; lists come in pages, so none is near it.
const MAX_ANSWER: usize = 32 << 20;
/// How often a call is made when the connection breaks.
const ATTEMPTS: usize = 3;

/// One control plane and one token.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<Secret>,
}

/// One call. `wait` becomes `Prefer: wait`, in seconds.
#[derive(Debug)]
pub struct Call {
    pub method: Method,
    /// Path segments after `/api`; whatever they hold is escaped.
    pub path: Vec<String>,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub wait: Option<u64>,
}

/// A good answer.
#[derive(Debug)]
pub struct Reply {
    /// `Null` when there was none.
    pub body: Value,
    /// The revision that a write took; `None` when it changed nothing.
    pub revision: Option<i64>,
    /// The session that was opened.
    pub cookie: Option<Secret>,
}

impl Client {
    pub fn new(base: Url, token: Option<Secret>) -> Result<Self, Failure> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(Failure::Usage(format!("REEVE_URL: expected http:// or https://, got {base}")));
        }
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(redirect::Policy::none())
            .user_agent(concat!("reeve-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Failure::Unexpected(format!("no HTTP client: {}", causes(&error))))?;
        Ok(Self { http, base, token })
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Whether the token would travel in clear over a network.
    pub fn is_readable_on_the_way(&self) -> bool {
        let here = match self.base.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        self.token.is_some() && self.base.scheme() == "http" && !here
    }

    /// Makes the call. Repeats it where the connection broke: every method but POST may be repeated as it is, and a
    /// POST carries an `Idempotency-Key`.
    pub async fn call(&self, call: &Call) -> Result<Reply, Failure> {
        let url = self.url(&call.path)?;
        let key = IdGen::default().uuid().to_string();
        let mut attempt = 1;
        let answer = loop {
            match self.request(call, url.clone(), &key).send().await {
                Ok(answer) => break answer,
                Err(error) if attempt < ATTEMPTS && !error.is_timeout() && !error.is_connect() => {
                    attempt += 1;
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
        };
        read(answer).await
    }

    /// A GET whose answer is handed over piece by piece, however long it is.
    pub async fn stream(
        &self,
        path: Vec<String>,
        query: Vec<(&'static str, String)>,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let call = Call { method: Method::GET, path, query, body: None, wait: None };
        let request = self.request(&call, self.url(&call.path)?, "").timeout(LONGEST);
        let answer = tokio::time::timeout(PATIENCE, request.send()).await;
        let silent = || Failure::Unreachable(format!("{} does not answer in time", self.base));
        let mut answer = answer.map_err(|_| silent())?.map_err(|error| self.unreachable(&error))?;
        if !answer.status().is_success() {
            return read(answer).await.map(drop);
        }
        while let Some(chunk) = tokio::time::timeout(PATIENCE, answer.chunk())
            .await
            .map_err(|_| silent())?
            .map_err(|e| broke(&e))?
        {
            take(&chunk)?;
        }
        Ok(())
    }

    fn request(&self, call: &Call, url: Url, key: &str) -> reqwest::RequestBuilder {
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .timeout(PATIENCE + Duration::from_secs(call.wait.unwrap_or(0)))
            .query(&call.query);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if call.method == Method::POST {
            request = request.header("idempotency-key", key);
        }
        if let Some(seconds) = call.wait {
            request = request.header("prefer", format!("wait={seconds}"));
        }
        match &call.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    fn url(&self, path: &[String]) -> Result<Url, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Failure::Usage("REEVE_URL: expected http://HOST:PORT".to_owned()))?
            .pop_if_empty()
            .push("api")
            .extend(path);
        Ok(url)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let what = if error.is_timeout() { "does not answer in time" } else { "cannot be reached" };
        Failure::Unreachable(format!(
            "{} {what}: {}\n(does `reeve serve` run there? REEVE_URL or --url names another place)",
            self.base,
            causes(error)
        ))
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Reply, Failure> {
    let status = answer.status().as_u16();
    let header = |name: &str| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
    let (revision, request_id) = (header("x-reeve-revision"), header("x-request-id"));
    let cookie = header("set-cookie").and_then(|text| {
        let (_, value) = text.split(';').next()?.split_once('=')?;
        Some(Secret::new(value))
    });
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| broke(&e))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER {
            return Err(Failure::Unexpected("the answer is too long".to_owned()));
        }
    }
    let body: Result<Value, _> = serde_json::from_slice(&bytes);
    if !(200..300).contains(&status) {
        return Err(Failure::Refused(Box::new(Problem::read(status, &body.unwrap_or_default(), request_id))));
    }
    let body = match body {
        Ok(body) => body,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => {
            let hint = "the answer is not JSON; is REEVE_URL a control plane?";
            return Err(Failure::Unexpected(hint.to_owned()));
        }
    };
    Ok(Reply { body, revision: revision.and_then(|text| text.parse().ok()), cookie })
}

fn broke(error: &reqwest::Error) -> Failure {
    Failure::Unreachable(format!("the answer broke off: {}", causes(error)))
}

/// An error's innermost cause: the others repeat the URL.
fn causes(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
