//! The first proxy, named `default`: registered at the start when the environment names it.

use url::Url;

use super::read::Reader;
use crate::base::secret::Secret;

#[derive(Clone, Debug)]
pub struct FirstProxy {
    /// LiteLLM's admin URL.
    pub base_url: Url,
    pub master_key: Secret,
    /// What agents are told to use.
    pub public_url: Url,
    /// How long its instances may go on serving what was taken away. `None`: as it is, or LiteLLM's default.
    pub cache_lag_seconds: Option<i32>,
}

impl FirstProxy {
    /// `None` when unset, or wrong (errors are recorded). Half a proxy is wrong.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let base_is_set = reader.text("LITELLM_BASE_URL").is_some();
        let base_url = reader.url("LITELLM_BASE_URL");
        let public_url = reader.url("LITELLM_PUBLIC_URL");
        let master_key = reader.secret("LITELLM_MASTER_KEY");
        let lag_is_set = reader.text("LITELLM_CACHE_LAG_SECONDS").is_some();
        let lag = reader.number("LITELLM_CACHE_LAG_SECONDS", 0..=3600);
        if base_is_set && master_key.is_none() {
            reader.wrong("LITELLM_MASTER_KEY", "missing: LITELLM_BASE_URL needs it");
        }
        if !base_is_set && (master_key.is_some() || reader.text("LITELLM_PUBLIC_URL").is_some()) {
            reader.wrong("LITELLM_BASE_URL", "missing, but other LITELLM_* settings are given");
        }
        let (base_url, master_key) = (base_url?, master_key?);
        let cache_lag_seconds = lag.filter(|_| lag_is_set).and_then(|lag| i32::try_from(lag).ok());
        let public_url = public_url.unwrap_or_else(|| base_url.clone());
        Some(Self { base_url, master_key, public_url, cache_lag_seconds })
    }
}
