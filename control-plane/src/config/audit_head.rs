//! Where the head of the audit chain is sent for keeping.

use std::path::PathBuf;

use url::Url;

use super::read::Reader;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditHeadConfig {
    pub file: Option<PathBuf>,
    pub webhook: Option<Url>,
}

impl AuditHeadConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let file = reader.text("REEVE_AUDIT_HEAD_FILE").map(PathBuf::from);
        Self { file, webhook: reader.url("REEVE_AUDIT_HEAD_URL") }
    }
}
