//! One run of a command: the client, how to print, and whether to wait. The verbs that the commands are made of.

use std::{io::IsTerminal as _, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::{
    client::{Call, Client, Reply},
    failure::Failure,
    output::{self, Format},
};
use crate::base::secret::Secret;

/// Longest that the control plane holds an answer.
const MAX_PREFER: u64 = 60;
const PAGE: usize = 200;
const POLL: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub struct Session {
    client: Client,
    pub format: Format,
    wait: Option<u64>,
}

/// Path segments after `/api`.
pub fn path<const N: usize>(segments: [&str; N]) -> Vec<String> {
    segments.map(str::to_owned).to_vec()
}

impl Session {
    pub fn new(
        url: Url,
        token: Option<Secret>,
        format: Option<Format>,
        wait: Option<u64>,
    ) -> Result<Self, Failure> {
        let client = Client::new(url, token)?;
        if client.is_readable_on_the_way() {
            output::warning("plain http: the token can be read on the way to the control plane");
        }
        let format = format
            .unwrap_or_else(|| if std::io::stdout().is_terminal() { Format::Table } else { Format::Json });
        Ok(Self { client, format, wait })
    }

    pub fn url(&self) -> &Url {
        self.client.base()
    }

    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub async fn get(&self, path: Vec<String>) -> Result<Value, Failure> {
        self.get_with(path, Vec::new()).await
    }

    /// A GET whose answer is handed over piece by piece.
    pub async fn stream(
        &self,
        path: Vec<String>,
        query: Vec<(&'static str, String)>,
        take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.client.stream(path, query, take).await
    }

    pub async fn get_with(
        &self,
        path: Vec<String>,
        query: Vec<(&'static str, String)>,
    ) -> Result<Value, Failure> {
        let call = Call { method: Method::GET, path, query, body: None, wait: None };
        Ok(self.client.call(&call).await?.body)
    }

    /// All items of a list, over as many pages as it takes, at most `limit`.
    pub async fn list(
        &self,
        path: Vec<String>,
        filters: Vec<(&'static str, String)>,
        limit: usize,
    ) -> Result<Vec<Value>, Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        while items.len() < limit {
            let mut query = filters.clone();
            query.push(("limit", PAGE.min(limit - items.len()).to_string()));
            query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let mut page = self.get_with(path.clone(), query).await?;
            if let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) {
                items.extend(found);
            }
            cursor = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// A change. With `--wait`, the control plane is asked to hold its answer until the change is in effect.
    pub async fn write(
        &self,
        method: Method,
        path: Vec<String>,
        body: Option<Value>,
    ) -> Result<Reply, Failure> {
        self.write_with(method, path, Vec::new(), body).await
    }

    pub async fn write_with(
        &self,
        method: Method,
        path: Vec<String>,
        query: Vec<(&'static str, String)>,
        body: Option<Value>,
    ) -> Result<Reply, Failure> {
        let wait = self.wait.map(|seconds| seconds.min(MAX_PREFER));
        self.client.call(&Call { method, path, query, body, wait }).await
    }

    /// Prints a change's result (`text` for people, the answer for programs); with `--wait` then makes sure that it is in
    /// effect.
    pub async fn done(&self, reply: &Reply, text: &str) -> Result<(), Failure> {
        match (self.format, &reply.body) {
            (Format::Json, Value::Null) => output::json(&json!({ "revision": reply.revision })),
            (Format::Json, body) => output::json(body),
            (Format::Table, body) => output::changed(text, reply.revision, body),
        }
        self.settle(reply.revision.into_iter().collect()).await?;
        if let (Format::Table, Some(_), Some("pending")) =
            (self.format, self.wait, reply.body["sync"]["state"].as_str())
        {
            output::line("It is in effect everywhere now.");
        }
        Ok(())
    }

    /// With `--wait`: returns when all these revisions are in effect, fails when they are not in time or never will be.
    pub async fn settle(&self, revisions: Vec<i64>) -> Result<(), Failure> {
        let Some(seconds) = self.wait else { return Ok(()) };
        let deadline = Instant::now() + Duration::from_secs(seconds);
        for revision in revisions {
            self.until_converged(revision, deadline).await?;
        }
        Ok(())
    }

    async fn until_converged(&self, revision: i64, deadline: Instant) -> Result<(), Failure> {
        loop {
            let receipt = self.get(path(["changes", &revision.to_string()])).await?;
            let state = receipt.get("state").and_then(Value::as_str).unwrap_or_default();
            match state {
                "converged" => return Ok(()),
                "pending" if Instant::now() < deadline => tokio::time::sleep(POLL).await,
                _ => return Err(Failure::NotConverged(not_converged(revision, &receipt))),
            }
        }
    }
}

/// Which proxies and agents are in the way.
pub fn not_converged(revision: i64, receipt: &Value) -> String {
    let list = |at: &str| receipt.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut lines = vec![format!(
        "revision {revision} is {}: it was accepted and goes on by itself, `reeve changes {revision}` shows how far it is",
        receipt.get("state").and_then(Value::as_str).unwrap_or("pending")
    )];
    for proxy in list("/proxies") {
        let objects = proxy.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
        let open: Vec<&Value> = objects.iter().filter(|object| object["state"] != "done").collect();
        if !open.is_empty() {
            let error = open.iter().find_map(|object| object["error"].as_str()).unwrap_or("on its way");
            let name = proxy["proxyName"].as_str().or(proxy["proxyId"].as_str()).unwrap_or("?");
            lines.push(format!("  proxy {name}: {} of {} open: {error}", open.len(), objects.len()));
        }
    }
    for agent in list("/agents/items") {
        if let (Some(name), Some(state @ ("pending" | "rejected"))) =
            (agent["name"].as_str(), agent["state"].as_str())
        {
            lines.push(format!("  agent {name}: {state}"));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
