//! Sends the head of the audit chain to places that the operators of the database cannot change: a file, a webhook.
//! `reeve audit verify --head` then proves that nothing before it was rewritten.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

use super::log;
use crate::{
    base::ids::InstallationId,
    domain::error::{Error, Result},
    outbound::Outbound,
    service::Services,
    store::audit,
};

/// Between two looks.
const EVERY: Duration = Duration::from_secs(30);

/// Where heads go.
#[derive(Clone)]
pub struct HeadSinks {
    pub installation: InstallationId,
    /// Gets a line `TIME SEQ:HASH` for each.
    pub file: Option<PathBuf>,
    /// Gets a POST of `{installation, at, seq, hash, head}` for each.
    pub webhook: Option<(Arc<str>, Outbound)>,
}

/// Sends it until `stop`. A task of its own: a place that answers slowly must not hold up what becomes due elsewhere.
pub async fn run(services: Services, sinks: HeadSinks, stop: CancellationToken) {
    let mut head = AuditHead::default();
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => {}
            sent = head.run_once(&services, &sinks) => log("audit_head", sent),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// What was sent last, by this replica.
#[derive(Default)]
pub struct AuditHead {
    filed: i64,
    posted: i64,
}

impl AuditHead {
    /// Sends the head where it is another than the last time. Returns how many places got it. One place that fails does not
    /// keep the head from the other, and is tried again.
    pub async fn run_once(&mut self, services: &Services, sinks: &HeadSinks) -> Result<u64> {
        let head = audit::head(&mut *services.store.conn().await?).await?;
        let Some((seq, hash)) = head else { return Ok(0) };
        let at = services.store.clock.now().to_rfc3339();
        let filed = match sinks.file.as_ref().filter(|_| self.filed != seq) {
            Some(file) => append(file, &format!("{at} {seq}:{hash}\n")).await.map(|()| 1),
            None => Ok(0),
        };
        if filed.is_ok() {
            self.filed = seq;
        }
        let posted = match sinks.webhook.as_ref().filter(|_| self.posted != seq) {
            Some((url, outbound)) => {
                let head = format!("{seq}:{hash}");
                let body = json!({ "installation": sinks.installation, "at": at, "seq": seq, "hash": hash, "head": head });
                post(url, outbound, &body).await.map(|()| 1)
            }
            None => Ok(0),
        };
        if posted.is_ok() {
            self.posted = seq;
        }
        Ok(filed? + posted?)
    }
}

async fn post(url: &str, outbound: &Outbound, body: &serde_json::Value) -> Result<()> {
    match outbound.post_json(url, body).await.map_err(Error::internal)? {
        200..300 => Ok(()),
        status => Err(Error::internal(format!("the webhook of the audit head answered {status}"))),
    }
}

async fn append(file: &std::path::Path, line: &str) -> Result<()> {
    let wrong = |error: std::io::Error| Error::internal(format!("{}: {error}", file.display()));
    let mut options = tokio::fs::OpenOptions::new();
    let mut open = options.create(true).append(true).open(file).await.map_err(wrong)?;
    open.write_all(line.as_bytes()).await.map_err(wrong)?;
    open.sync_all().await.map_err(wrong)
}
