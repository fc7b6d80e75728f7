//! What a proxy is: version, database, model store, licence, and whether Reeve can work with it.
//!
//! Called by the health check. Changes nothing on the proxy and reaches no upstream.

use std::{
    fmt,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    ErrorKind, ProxyError,
    http::{Call, HttpProxy, unreadable},
};

/// Below this, `/v2/model/info` and the reads Reeve needs are missing or different (LITELLM.md E).
const FLOOR: Version = Version { major: 1, minor: 80, patch: 0 };

/// Releases with malicious code (BerriAI/litellm#24512, #24518).
const MALICIOUS: [Version; 2] =
    [Version { major: 1, minor: 82, patch: 7 }, Version { major: 1, minor: 82, patch: 8 }];

/// From here on `PATCH /model/{id}/update` knows `litellm_params_to_remove`.
const PARAM_REMOVAL: Version = Version { major: 1, minor: 109, patch: 0 };

/// An id that no deployment has, for a request that can only answer "not found" or why not.
const NO_SUCH_MODEL: &str = "reeve-probe-no-such-model";

/// A model store that was switched off by environment is noticed after this time, or at the next write to it.
const MODEL_STORE_EVERY: Duration = Duration::from_mins(10);

/// What a client remembers of its proxy between probes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    version: Option<Version>,
    model_store: Option<Learned<()>>,
}

/// What was learned of a version, and when.
#[derive(Clone, Copy, Debug)]
struct Learned<T> {
    version: Option<Version>,
    at: Instant,
    answer: T,
}

impl<T: Copy> Learned<T> {
    fn now(version: Option<Version>, answer: T) -> Self {
        Self { version, at: Instant::now(), answer }
    }

    /// The answer, while it is of this version and younger than `age`.
    fn still(self, version: Option<Version>, age: Duration) -> Option<T> {
        (self.version == version && self.at.elapsed() < age).then_some(self.answer)
    }
}

/// A LiteLLM version; suffixes (`-stable`, `.rc1`) are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

/// The result of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// `None` when the proxy does not tell.
    pub version: Option<Version>,
    /// `None`: Reeve can work with it.
    pub unsupported: Option<Unsupported>,
    /// Whether single parameters can be taken away from a deployment.
    pub param_removal: bool,
    /// `None` when the proxy does not tell.
    pub license: Option<License>,
}

/// LiteLLM's licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum License {
    Community,
    Enterprise,
}

/// Why Reeve cannot work with a proxy. `Display` says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    #[error("the proxy has no database; give LiteLLM a DATABASE_URL")]
    NoDatabase,
    #[error(
        "the proxy does not store models in its database; set STORE_MODEL_IN_DB=True or general_settings.store_model_in_db"
    )]
    NoModelStore,
    #[error("the proxy does not tell its version; LiteLLM {FLOOR} or newer is needed")]
    VersionUnknown,
    #[error("LiteLLM {0} is too old; upgrade the proxy to {FLOOR} or newer")]
    TooOld(Version),
    #[error("LiteLLM {0} was published with malicious code; take the proxy down, replace it and its secrets")]
    Malicious(Version),
}

impl Unsupported {
    /// Stable, for the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoDatabase => "no_database",
            Self::NoModelStore => "no_model_store",
            Self::VersionUnknown => "version_unknown",
            Self::TooOld(_) => "version_too_old",
            Self::Malicious(_) => "version_malicious",
        }
    }
}

impl Version {
    /// Reads `1.109.1`, `v1.80.0-stable`, `1.80.5.rc1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').splitn(3, '.');
        let mut next = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
            digits.parse().ok()
        };
        let (major, minor) = (next()?, next()?);
        Some(Self { major, minor, patch: next().unwrap_or(0) })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl HttpProxy {
    pub(super) async fn run_probe(&self) -> Result<Probe, ProxyError> {
        let readiness = self.send(Call::get("readiness", "/health/readiness")).await?;
        if !readiness.is_object() {
            return Err(unreadable("readiness", "the answer is not LiteLLM's"));
        }
        let version = self.read_version(&readiness).await?;
        self.remember(|known| known.version = version);
        let unsupported = match version {
            None => Some(Unsupported::VersionUnknown),
            Some(version) if MALICIOUS.contains(&version) => Some(Unsupported::Malicious(version)),
            Some(version) if version < FLOOR => Some(Unsupported::TooOld(version)),
            Some(_) if readiness["db"] != "connected" => Some(Unsupported::NoDatabase),
            Some(_) => self.lacks_model_store(version).await?,
        };
        let param_removal = version.is_some_and(|version| version >= PARAM_REMOVAL);
        let license = if unsupported.is_none() { self.read_license().await? } else { None };
        Ok(Probe { version, unsupported, param_removal, license })
    }

    pub(super) async fn removes_params(&self) -> Result<bool, ProxyError> {
        let version = match self.known().version {
            Some(version) => Some(version),
            None => self.read_version(&Value::Null).await?,
        };
        self.remember(|known| known.version = version);
        Ok(version.is_some_and(|version| version >= PARAM_REMOVAL))
    }

    /// The version stands in `readiness/details` from 1.84, in `readiness` before; `openapi.json` has it too, which is
    /// what is left for an admin key that may not read the details.
    async fn read_version(&self, readiness: &Value) -> Result<Option<Version>, ProxyError> {
        let in_answer = |body: &Value| body["litellm_version"].as_str().and_then(Version::parse);
        if let Some(version) = in_answer(readiness) {
            return Ok(Some(version));
        }
        let details = optional(self.send(Call::get("readiness_details", "/health/readiness/details")).await)?;
        if let Some(version) = in_answer(&details) {
            return Ok(Some(version));
        }
        let openapi = optional(self.send(Call::get("openapi", "/openapi.json")).await)?;
        Ok(openapi["info"]["version"].as_str().and_then(Version::parse))
    }

    /// The settings tell of a model store that the configuration file or the database switched on, but not of one that
    /// `STORE_MODEL_IN_DB` did. An update of a deployment that does not exist tells in any case: "not found" is a yes.
    /// It changes nothing, but it is not asked at every probe.
    async fn lacks_model_store(&self, version: Option<Version>) -> Result<Option<Unsupported>, ProxyError> {
        let call =
            Call { query: &[("config_type", "general_settings")], ..Call::get("settings", "/config/list") };
        let settings = optional(self.send(call).await)?;
        let said = settings
            .as_array()
            .into_iter()
            .flatten()
            .any(|field| field["field_name"] == "store_model_in_db" && field["field_value"] == true);
        let learned = self.known().model_store.and_then(|learned| learned.still(version, MODEL_STORE_EVERY));
        if said || learned.is_some() {
            return Ok(None);
        }
        let call = Call::post("model_store", "/model/{id}/update", json!({}));
        match self.send(Call { method: Method::PATCH, id: NO_SUCH_MODEL, ..call }).await {
            Err(error) if error.kind == ErrorKind::NoModelStore => Ok(Some(Unsupported::NoModelStore)),
            Err(error) if error.kind == ErrorKind::NoDatabase => Ok(Some(Unsupported::NoDatabase)),
            Err(error) if error.is_not_found() => {
                self.remember(|known| known.model_store = Some(Learned::now(version, ())));
                Ok(None)
            }
            Err(error) => Err(error),
            Ok(_) => {
                Err(unreadable("model_store", "an update of a deployment that does not exist was accepted"))
            }
        }
    }

    async fn read_license(&self) -> Result<Option<License>, ProxyError> {
        let body = optional(self.send(Call::get("license", "/health/license")).await)?;
        Ok(body["has_license"]
            .as_bool()
            .map(|has| if has { License::Enterprise } else { License::Community }))
    }
}

/// A call without whose answer something only stays unknown. A wrong admin key or no answer at all stays an error.
fn optional(result: Result<Value, ProxyError>) -> Result<Value, ProxyError> {
    match result {
        Err(error) if error.status.is_some() && !error.is_unauthorized() => Ok(Value::Null),
        other => other,
    }
}
