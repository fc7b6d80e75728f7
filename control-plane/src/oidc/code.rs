//! The authorization code flow with PKCE: where to send a browser, and what its return is exchanged for.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{Issuers, unreachable};
use crate::{
    base::secret::Secret,
    domain::error::{Error, Result},
};

/// One sign-in at one provider. All of it comes from one secret that only the browser has, in a cookie: what the provider sees
/// helps nobody to finish the sign-in, and nothing is stored here before somebody has proven who they are.
pub struct Attempt<'a> {
    pub secret: &'a Secret,
    /// An answer of one provider is never taken for another's.
    pub issuer: &'a str,
}

impl Attempt<'_> {
    /// What the provider hands back.
    pub fn state(&self) -> String {
        self.derive("state")
    }

    /// What the provider writes into the token.
    pub fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// PKCE: what proves, to the provider, that the code comes back to who asked for it.
    pub fn verifier(&self) -> String {
        self.derive("verifier")
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    fn derive(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!(
            "reeve sign-in {what} {} {}",
            self.issuer,
            self.secret.expose()
        )))
    }
}

/// Who we are at a provider.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    pub issuer: &'a str,
    pub id: &'a str,
    pub secret: &'a Secret,
    /// Where the provider sends the browser back to.
    pub redirect_uri: &'a str,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: Secret,
}

impl Issuers {
    /// Where to send the browser.
    pub async fn authorize_url(
        &self,
        client: Client<'_>,
        attempt: &Attempt<'_>,
        scopes: &[String],
    ) -> Result<String> {
        let metadata = self.metadata(client.issuer).await?;
        let endpoint = metadata.authorization_endpoint.unwrap_or_default();
        let mut url = Url::parse(&endpoint)
            .map_err(|_| unreachable(client.issuer, "it publishes no authorization_endpoint"))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", client.id)
            .append_pair("redirect_uri", client.redirect_uri)
            .append_pair(
                "scope",
                &["openid".to_owned()].iter().chain(scopes).cloned().collect::<Vec<_>>().join(" "),
            )
            .append_pair("state", &attempt.state())
            .append_pair("nonce", &attempt.nonce())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    /// Exchanges a code for the token that says who it is, not yet verified.
    pub async fn exchange(&self, client: Client<'_>, attempt: &Attempt<'_>, code: &str) -> Result<Secret> {
        let metadata = self.metadata(client.issuer).await?;
        let endpoint = metadata
            .token_endpoint
            .ok_or_else(|| unreachable(client.issuer, "it publishes no token_endpoint"))?;
        let verifier = attempt.verifier();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", client.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let (status, body) = self
            .outbound
            .post_form(&endpoint, (client.id, client.secret), &fields)
            .await
            .map_err(|error| unreachable(client.issuer, &error.to_string()))?;
        if status != 200 {
            // The answer may repeat the code or the secret.
            return Err(Error::Unauthenticated {
                code: "bad-code",
                message: format!(
                    "the provider does not take the code back (it answered {status}); sign in again"
                ),
            });
        }
        let tokens: Tokens = serde_json::from_slice(&body)
            .map_err(|_| unreachable(client.issuer, "its answer to the code has no id_token"))?;
        Ok(tokens.id_token)
    }
}
