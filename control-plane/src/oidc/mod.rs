//! Others' word for who somebody is: OpenID Connect issuers, found by discovery, their keys, and the tokens they sign. Both the
//! sign-in of people and the exchange of CI jobs stand on [`Issuers::verify`].
//!
//! Sources: OpenID Connect Core 1.0 and Discovery 1.0, RFC 7519 (JWT), RFC 8725 (JWT best practice), RFC 7636 (PKCE).

pub mod code;
mod verify;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, de::DeserializeOwned};
use url::{Host, Url};

pub use self::verify::{Claims, Expected, issuer_of};
use crate::{
    base::clock::Clock,
    domain::error::{Error, Result},
    outbound::Outbound,
};

/// How long what an issuer published is taken for true.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// A token with a key that is not known makes us look again, but not more often than this: anybody can make such a token.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(10);

/// What an issuer says of itself.
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    pub issuer: String,
    /// Only of issuers that people sign in with.
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub jwks_uri: String,
}

#[derive(Clone, Debug)]
struct Published {
    metadata: Metadata,
    keys: Arc<JwkSet>,
    at: DateTime<Utc>,
}

/// The issuers that were asked, and what they published. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Issuers {
    outbound: Outbound,
    clock: Clock,
    known: Arc<Mutex<HashMap<String, Published>>>,
}

impl Issuers {
    pub fn new(outbound: Outbound, clock: Clock) -> Self {
        Self { outbound, clock, known: Arc::default() }
    }

    /// Checks an issuer as it is typed: an absolute URL, with TLS unless it is on this machine.
    pub fn check(field: &str, issuer: &str) -> Result<String> {
        let wrong = || {
            Error::invalid(field, "expected the issuer's URL, such as https://login.example.org, with https")
        };
        let url = Url::parse(issuer).map_err(|_| wrong())?;
        let sound = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !sound || !is_private(&url) || issuer.len() > 500 {
            return Err(wrong());
        }
        Ok(issuer.to_owned())
    }

    /// What the issuer says of itself.
    pub async fn metadata(&self, issuer: &str) -> Result<Metadata> {
        Ok(self.published(issuer, None).await?.metadata)
    }

    /// What was published, at most an hour ago; with `newer`, after that time.
    async fn published(&self, issuer: &str, newer: Option<DateTime<Utc>>) -> Result<Published> {
        let now = self.clock.now();
        let found = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(issuer).cloned();
        if let Some(found) = found.filter(|p| p.at > now - FRESH && newer.is_none_or(|newer| p.at > newer)) {
            return Ok(found);
        }
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = self.get(issuer, &url).await?;
        // Else one issuer could publish in the name of another.
        if metadata.issuer != issuer {
            return Err(unreachable(issuer, "its discovery document names another issuer"));
        }
        let places = [Some(&metadata.jwks_uri), metadata.token_endpoint.as_ref()];
        if places.into_iter().flatten().any(|place| !Url::parse(place).is_ok_and(|url| is_private(&url))) {
            return Err(unreachable(issuer, "it publishes a place without https"));
        }
        let keys: JwkSet = self.get(issuer, &metadata.jwks_uri).await?;
        let published = Published { metadata, keys: Arc::new(keys), at: now };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(issuer.to_owned(), published.clone());
        Ok(published)
    }

    async fn get<T: DeserializeOwned>(&self, issuer: &str, url: &str) -> Result<T> {
        let (status, body) =
            self.outbound.get(url).await.map_err(|error| unreachable(issuer, &error.to_string()))?;
        if status != 200 {
            return Err(unreachable(issuer, &format!("it answered {status}")));
        }
        serde_json::from_slice(&body).map_err(|_| unreachable(issuer, "its answer cannot be read"))
    }
}

/// Nobody on the way reads or changes it: TLS, or this machine.
fn is_private(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

fn unreachable(issuer: &str, why: &str) -> Error {
    Error::Unavailable {
        code: "issuer-unavailable",
        message: format!("{issuer} cannot be asked: {why}"),
        retry_after_seconds: 10,
    }
}
