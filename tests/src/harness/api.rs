//! The REST API as a script would use it.

use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use super::eventually;

/// One control plane and one admin token.
#[derive(Clone)]
pub struct Api {
    pub url: String,
    pub token: String,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The body, if the call succeeded.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.text);
        self.body
    }

    /// The revision that a write took.
    #[track_caller]
    pub fn revision(&self) -> i64 {
        let header = self.headers.get("x-reeve-revision").expect("a write answers with its revision");
        header.to_str().expect("text").parse().expect("a number")
    }
}

impl Api {
    pub fn new(url: &str, token: &str) -> Self {
        Self { url: url.to_owned(), token: token.to_owned(), client: reqwest::Client::new() }
    }

    /// Any call; `headers` are extra ones.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        self.try_call(method, path, body, headers).await.expect("the control plane answers")
    }

    /// The same where the control plane may be dead.
    pub async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        Ok(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text })
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call(Method::GET, path, None, &[]).await.ok()
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, Some(body), &[]).await.ok()
    }

    /// A write that waits until it is really in effect.
    pub async fn converge(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let answer = self.call(method, path, body, &[("prefer", "wait=30")]).await;
        let revision = answer.revision();
        let body = answer.ok();
        self.converged(revision).await;
        body
    }

    /// Waits until it was tried out what the proxy enforces: what that makes on the proxy is gone then.
    pub async fn checked(&self, proxy: &str) {
        eventually(&format!("{proxy} is checked"), || async {
            let page = self.get(&format!("/api/proxies/{proxy}")).await;
            page["enforcementCheckedAt"].is_string().then_some(())
        })
        .await;
    }

    /// Waits for a revision's receipt to say so.
    pub async fn converged(&self, revision: i64) -> Value {
        eventually(&format!("revision {revision} converges"), || async {
            let receipt = self.get(&format!("/api/changes/{revision}")).await;
            (receipt["state"] == "converged").then_some(receipt)
        })
        .await
    }
}
