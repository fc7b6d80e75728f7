//! Signing in at an identity provider: sending a browser there, and taking it back.

use chrono::TimeDelta;

use super::{
    Services, identity_providers as providers,
    sign_in::{self, Knock, Opened},
};
use crate::{
    base::{hash::sha256_hex, ids::PersonId, secret::Secret},
    domain::{
        error::{Error, Result},
        identity::{IdentityProvider, groups},
        person::{self, Person},
    },
    oidc::{
        Claims, Expected, Issuers,
        code::{Attempt, Client},
    },
    store::{
        Conn,
        identity_providers::{self, identity_provider_at},
        is_unique_violation, people, workload,
    },
};

/// What the cookie of a sign-in under way begins with.
pub const PREFIX: &str = "reeve_try_";
/// As long as a provider's token could be accepted.
const ONCE: TimeDelta = TimeDelta::days(2);

/// Where to send the browser, and the secret for its cookie.
pub struct Begun {
    pub url: String,
    pub secret: Secret,
}

/// The names of the providers, for the page for signing in.
pub async fn names(s: &Services) -> Result<Vec<String>> {
    let all = identity_providers::list(&mut *s.store.conn().await?, None, None).await?;
    Ok(all.into_iter().map(|p| p.name).collect())
}

/// Begins a sign-in. Nothing is stored: anybody can begin one.
pub async fn begin(s: &Services, issuers: &Issuers, name: &str, redirect_uri: &str) -> Result<Begun> {
    let (provider, client_secret) = known(s, name).await?;
    let secret = s.store.ids.secret(PREFIX);
    let attempt = Attempt { secret: &secret, issuer: &provider.issuer };
    let client =
        Client { issuer: &provider.issuer, id: &provider.client_id, secret: &client_secret, redirect_uri };
    let url = issuers.authorize_url(client, &attempt, &provider.scopes).await?;
    Ok(Begun { url, secret })
}

/// What the browser brings back.
pub struct Returned<'a> {
    pub code: &'a str,
    pub state: &'a str,
    /// Of its cookie.
    pub secret: &'a Secret,
}

/// Finishes a sign-in: opens a session for who the provider says it is, with what their groups give.
pub async fn finish(
    s: &Services,
    issuers: &Issuers,
    knock: &Knock,
    name: &str,
    redirect_uri: &str,
    returned: Returned<'_>,
) -> Result<Opened> {
    let (provider, client_secret) = known(s, name).await?;
    let attempt = Attempt { secret: returned.secret, issuer: &provider.issuer };
    // The state binds the answer to the browser that began.
    if returned.state != attempt.state() {
        return Err(bad_state());
    }
    let client =
        Client { issuer: &provider.issuer, id: &provider.client_id, secret: &client_secret, redirect_uri };
    let token = issuers.exchange(client, &attempt, returned.code).await?;
    let nonce = attempt.nonce();
    let expected = Expected { issuer: &provider.issuer, audience: &provider.client_id, nonce: Some(&nonce) };
    let claims = issuers.verify(token.expose(), expected).await?;
    open(s, knock, &provider, &claims).await
}

pub fn bad_state() -> Error {
    Error::Unauthenticated {
        code: "bad-state",
        message:
            "this sign-in was not begun in this browser, is over, or was finished already; sign in again"
                .to_owned(),
    }
}

async fn open(s: &Services, knock: &Knock, provider: &IdentityProvider, claims: &Claims) -> Result<Opened> {
    let subject = claims.text("sub").unwrap_or_default();
    let roles = provider.roles(&groups(claims.0.get(&provider.groups_claim)));
    let mut tx = s.store.begin("session.open").await?;
    let once = sha256_hex(format!("nonce {}", claims.text("nonce").unwrap_or_default()));
    if !workload::use_once(tx.conn(), &once, s.store.clock.now() + ONCE).await? {
        return Err(bad_state());
    }
    let person = match identity_providers::person(tx.conn(), provider.id, subject).await? {
        Some(id) => id,
        None => meet(s, tx.conn(), provider, claims, roles.is_empty()).await?,
    };
    people::lock(tx.conn(), person).await?;
    identity_providers::set_roles(tx.conn(), provider.id, person, &roles).await?;
    let person = people::get(tx.conn(), person).await?.filter(|p| p.disabled_at.is_none());
    let person = person.ok_or_else(|| Error::Forbidden {
        code: "person-locked",
        message: "your account here is locked; ask who rules this installation".to_owned(),
    })?;
    if person.roles.is_empty() {
        // What the groups gave is gone, also for the sessions that are open.
        sign_in::shut_out(s, tx, knock, &person).await?;
        return Err(no_role(&provider.name));
    }
    sign_in::open(s, tx, knock, person, &format!("oidc:{}", provider.name)).await
}

/// Somebody who comes from there for the first time: the person of the same email, where the provider is trusted with that, or
/// a new one.
async fn meet(
    s: &Services,
    conn: &mut Conn,
    provider: &IdentityProvider,
    claims: &Claims,
    holds_nothing: bool,
) -> Result<PersonId> {
    let now = s.store.clock.now();
    let given = claims.text("email").ok_or_else(|| Error::Unauthenticated {
        code: "bad-identity-token",
        message: "the identity token is refused: it says no email; ask for the scope \"email\"".to_owned(),
    })?;
    let email = person::email("email", given)?;
    let verified = claims.0.get("email_verified").is_some_and(|v| v == true || v == "true");
    let taken = || Error::Conflict {
        code: "email-taken",
        message: format!(
            "there is somebody with this email here already, and {} is not trusted to say that it is you",
            provider.name
        ),
    };
    let id = match people::by_email(conn, &email).await? {
        Some(known) if provider.trusts_email && verified => known.id,
        Some(_) => return Err(taken()),
        None if holds_nothing => return Err(no_role(&provider.name)),
        None => {
            let name: String =
                claims.text("name").unwrap_or(&email).chars().filter(|c| !c.is_control()).take(200).collect();
            let person = Person {
                id: PersonId(s.store.ids.uuid()),
                name: if name.trim().is_empty() { email.clone() } else { name },
                email,
                has_password: false,
                disabled_at: None,
                last_login_at: None,
                version: 1,
                created_at: now,
                created_by: format!("oidc:{}", provider.name),
                updated_at: now,
                roles: Vec::new(),
            };
            match people::insert(conn, &person).await {
                Err(error) if is_unique_violation(&error) => return Err(taken()),
                other => other?,
            }
            person.id
        }
    };
    let subject = claims.text("sub").unwrap_or_default();
    match identity_providers::link(conn, provider.id, subject, id).await {
        // The same person, twice at once.
        Err(error) if is_unique_violation(&error) => Err(Error::Unavailable {
            code: "busy",
            message: "another sign-in got in the way; repeat the request".to_owned(),
            retry_after_seconds: 1,
        }),
        other => Ok(other.map(|()| id)?),
    }
}

fn no_role(provider: &str) -> Error {
    Error::Forbidden {
        code: "no-role",
        message: format!(
            "none of your groups at {provider} has a role here; ask who rules this installation"
        ),
    }
}

async fn known(s: &Services, name: &str) -> Result<(IdentityProvider, Secret)> {
    let mut conn = s.store.conn().await?;
    let provider = providers::find(&mut conn, name).await?;
    let sealed = identity_providers::client_secret(&mut conn, provider.id).await?.unwrap_or_default();
    let at = identity_provider_at(provider.id);
    let secret = s.store.sealer.open(&at, provider.secret_generation, &sealed).map_err(Error::internal)?;
    Ok((provider, secret))
}

/// A path of ours: anything else would let a link to us lead a signed-in person elsewhere.
pub fn local(next: &str) -> &str {
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.len() <= 2000;
    if ours { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_nowhere_else() {
        for ours in ["/", "/realms/red?tab=keys", "/a//b"] {
            assert_eq!(local(ours), ours);
        }
        for theirs in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx"]
        {
            assert_eq!(local(theirs), "/", "{theirs}");
        }
    }
}
