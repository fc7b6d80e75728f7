//! Sends the head of the audit chain to places that the operators of the database cannot change: a file, a webhook.
//! `reeve audit verify --head` then proves that nothing before it was rewritten.

use std::{path::PathBuf, sync::Arc};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::{
    base::ids::InstallationId,
    domain::error::{Error, Result},
    outbound::Outbound,
    service::Services,
    store::audit,
};

/// Where heads go.
#[derive(Clone)]
pub struct HeadSinks {
    pub installation: InstallationId,
    /// Gets a line `TIME SEQ:HASH` for each.
    pub file: Option<PathBuf>,
    /// Gets a POST of `{installation, at, seq, hash, head}` for each.
    pub webhook: Option<(Arc<str>, Outbound)>,
}

/// What was sent last, by this replica.
#[derive(Default)]
pub struct AuditHead {
    filed: i64,
    posted: i64,
}

impl AuditHead {
    /// Sends the head where it is another than the last time. Returns how many places got it; what failed is tried again.
    pub async fn run_once(&mut self, services: &Services, sinks: &HeadSinks) -> Result<u64> {
        if sinks.file.is_none() && sinks.webhook.is_none() {
            return Ok(0);
        }
        let head = audit::head(&mut *services.store.conn().await?).await?;
        let Some((seq, hash)) = head else { return Ok(0) };
        let at = services.store.clock.now().to_rfc3339();
        let mut sent = 0;
        if let Some(file) = sinks.file.as_ref().filter(|_| self.filed != seq) {
            append(file, &format!("{at} {seq}:{hash}\n")).await?;
            self.filed = seq;
            sent += 1;
        }
        if let Some((url, outbound)) = sinks.webhook.as_ref().filter(|_| self.posted != seq) {
            let head = format!("{seq}:{hash}");
            let body = json!({ "installation": sinks.installation, "at": at, "seq": seq, "hash": hash, "head": head });
            let status = outbound.post_json(url, &body).await.map_err(Error::internal)?;
            if !(200..300).contains(&status) {
                return Err(Error::internal(format!("the webhook of the audit head answered {status}")));
            }
            self.posted = seq;
            sent += 1;
        }
        Ok(sent)
    }
}

async fn append(file: &std::path::Path, line: &str) -> Result<()> {
    let wrong = |error: std::io::Error| Error::internal(format!("{}: {error}", file.display()));
    let mut options = tokio::fs::OpenOptions::new();
    let mut open = options.create(true).append(true).open(file).await.map_err(wrong)?;
    open.write_all(line.as_bytes()).await.map_err(wrong)?;
    open.sync_all().await.map_err(wrong)
}
