//! Everything one simulated proxy is: the shared database, one view per instance, settings, faults, the log.
//! One lock around all of it; handlers hold it for the length of one call and never across an await.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::db::Db;
use crate::faults::Faults;
use crate::hold::Holds;
use crate::record::Log;
use crate::view::{Lag, View};

/// What kind of LiteLLM this is. Changing it is how a proxy becomes unsupported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// `litellm_version`, as `major.minor.patch`. Some answers follow it (see the README).
    pub version: String,
    /// Whether a database is connected.
    pub database: bool,
    /// `general_settings.store_model_in_db`.
    pub store_model_in_db: bool,
    /// A front before it drops the model of the query string, as `deploy/front.conf` does.
    pub drops_model_query: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            version: "1.109.1".to_owned(),
            database: true,
            store_model_in_db: true,
            drops_model_query: false,
        }
    }
}

impl Settings {
    /// Whether this is one of the old versions, whose answers are those measured on 1.80.0. The next version that was
    /// measured is 1.96.2; when in between an answer changed is not known.
    pub(crate) fn is_old(&self) -> bool {
        !self.since(96)
    }

    /// Whether the version is `1.minor` or newer.
    pub(crate) fn since(&self, minor: u32) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let major = parts.next().unwrap_or(0);
        major > 1 || (major == 1 && parts.next().unwrap_or(0) >= minor)
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) master_key: String,
    /// Where deployments without an `api_base` are sent.
    pub(crate) upstream: Option<String>,
    pub(crate) http: reqwest::Client,
    pub(crate) holds: Holds,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) views: Vec<View>,
    pub(crate) settings: Settings,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
}

impl World {
    pub(crate) fn new(
        master_key: String,
        upstream: Option<String>,
        settings: Settings,
        lags: &[Lag],
    ) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(std::time::Duration::from_secs(2))
            .build()?;
        let inner = Inner {
            db: Db::default(),
            views: lags.iter().map(|lag| View::new(*lag)).collect(),
            settings,
            faults: Faults::default(),
            log: Log::default(),
        };
        Ok(Self {
            clock: Clock::default(),
            master_key,
            upstream,
            http,
            holds: Holds::default(),
            inner: Mutex::new(inner),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic of a test thread must not take the simulator with it.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
