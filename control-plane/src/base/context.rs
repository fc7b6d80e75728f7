//! Who asks, and under which request: handed from the API to the services, and written to log, change and audit rows.

/// One caller's request.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who asks, as shown in audit rows: `admin`, `agent:<did>`, `system:<job>`.
    pub actor: String,
    /// The HTTP request, or `None` for a job.
    pub request_id: Option<String>,
    /// Set on a POST that carried `Idempotency-Key`.
    pub idempotency: Option<Idempotency>,
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
        Self { actor: format!("system:{job}"), request_id: None, idempotency: None }
    }
}
