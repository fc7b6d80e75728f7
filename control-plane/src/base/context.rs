//! Who asks, and under which request: handed from the API to the services, and written to log, change and audit rows.

use super::reach::Reach;

/// One caller's request.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who asks, as shown in audit rows: `admin`, `person:<email>`, `token:<name>`, `job:<rule>:<subject>`, `agent:<did>`,
    /// `system:<job>`, `anonymous`.
    pub actor: String,
    /// How that is known: `bootstrap-token`, `token:<id>`, `session:<id>`, `workload:<rule>`, `agent-key`, `system`; for a session
    /// that is opened `password`, `sign-in-link`, `oidc:<provider>`; `none`.
    pub auth: String,
    /// From where, as an IP address; `None` for a job.
    pub address: Option<String>,
    /// The HTTP request, or `None` for a job.
    pub request_id: Option<String>,
    /// Set on a POST that carried `Idempotency-Key`.
    pub idempotency: Option<Idempotency>,
    /// Where the caller may do what is asked.
    pub reach: Reach,
}

/// What makes a repeated POST recognisable.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub key: String,
    /// SHA-256 (hex) over method, path and body.
    pub fingerprint: String,
}

impl Context {
    /// The context of a background job.
    pub fn system(job: &str) -> Self {
        Self {
            actor: format!("system:{job}"),
            auth: "system".to_owned(),
            address: None,
            request_id: None,
            idempotency: None,
            reach: Reach::everywhere(),
        }
    }
}
