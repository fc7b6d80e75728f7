//! Who asks: a check of what the request carries that ends in a [`Caller`], and the layer that hands it and how far it
//! reaches to everything behind it.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use subtle::{Choice, ConstantTimeEq as _};

use super::{ApiState, address, auth, authz, observe::RequestId, problem::Problem};
use crate::{
    base::{
        context::{Context, Idempotency},
        hash::sha256_hex,
        ids::PersonSessionId,
        reach::{Reach, Scope},
        secret::Secret,
    },
    domain::{
        permission::{Permission, Rights},
        person::Person,
    },
    service::{Touch, settings, sign_in, tokens, workload},
};

/// What the audit calls whoever holds the bootstrap token.
const BOOTSTRAP_ACTOR: &str = "admin";
const HOW: &str = "sign in, or send a token as `Authorization: Bearer ...`";

/// The bootstrap tokens that count, as SHA-256 (hex).
#[derive(Clone)]
pub struct AdminToken(Vec<String>);

impl AdminToken {
    /// From the stored hash.
    pub fn from_hash(hash: impl Into<String>) -> Self {
        Self(vec![hash.into()])
    }

    pub fn from_plain(token: &Secret) -> Self {
        Self(vec![sha256_hex(token.expose())])
    }

    /// Compares hashes, all of them, in constant time.
    fn accepts(&self, token: &str) -> bool {
        let hash = sha256_hex(token);
        let found = self
            .0
            .iter()
            .fold(Choice::from(0), |found, known| found | known.as_bytes().ct_eq(hash.as_bytes()));
        found.into()
    }
}

/// The authenticated caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As audit rows name it.
    pub actor: String,
    /// How that is known, as in [`Context::auth`].
    pub auth: String,
    /// From where it asks, as an IP address.
    pub address: Option<String>,
    pub rights: Arc<Rights>,
    /// The person and their session, when it is one.
    pub session: Option<(Person, PersonSessionId)>,
}

impl Caller {
    /// A person in a session.
    pub fn of_person(person: Person, session: PersonSessionId, address: Option<String>) -> Self {
        Self {
            actor: person.actor(),
            auth: format!("session:{session}"),
            address,
            rights: Arc::new(person.rights()),
            session: Some((person, session)),
        }
    }

    /// The person and their session, for what only people have.
    pub fn person(&self) -> Result<(&Person, PersonSessionId), Problem> {
        let session = self.session.as_ref().map(|(person, session)| (person, *session));
        session.ok_or_else(|| {
            let detail = "this is of people who signed in; the caller is a token";
            Problem::new(StatusCode::CONFLICT, "no-session", detail)
        })
    }

    /// Where it holds a permission beside the one that the operation needs.
    pub fn reach(&self, permission: Permission) -> Reach {
        self.rights.reach(permission).unwrap_or_else(|| Reach::nowhere(permission.as_str()))
    }
}

/// The caller, or why it is none.
pub async fn authenticate(
    state: &ApiState,
    headers: &HeaderMap,
    address: Option<String>,
    touch: Touch,
) -> Result<Caller, Problem> {
    let unauthenticated = |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let jar = CookieJar::from_headers(headers);
        let Some(cookie) = jar.get(auth::cookie_name(state)) else {
            return unauthenticated("unauthenticated", HOW);
        };
        return match sign_in::authenticate(&state.services, cookie.value(), touch).await? {
            Some((person, session)) => Ok(Caller::of_person(person, session.id, address)),
            None => unauthenticated("session-ended", "the session has ended; sign in again"),
        };
    };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let Some(token) = token else { return unauthenticated("bad-token", HOW) };
    let services = &state.services;
    if state.admin_token.accepts(token) && settings::get(services).await?.bootstrap_token_enabled {
        let (actor, auth) = (BOOTSTRAP_ACTOR.to_owned(), "bootstrap-token".to_owned());
        return Ok(Caller { actor, auth, address, rights: Arc::new(Rights::all()), session: None });
    }
    if let Some((person, session)) = sign_in::authenticate(services, token, touch).await? {
        return Ok(Caller::of_person(person, session.id, address));
    }
    if let Some((rule, job)) = workload::authenticate(services, token).await? {
        return Ok(Caller {
            actor: workload::actor(&rule, &job),
            auth: format!("workload:{}", rule.id),
            address,
            rights: Arc::new(rule.rights()),
            session: None,
        });
    }
    match tokens::authenticate(services, token, address.as_deref(), touch).await? {
        Some(known) => Ok(Caller {
            actor: format!("token:{}", known.name),
            auth: format!("token:{}", known.id),
            address,
            rights: Arc::new(known.rights()),
            session: None,
        }),
        None => unauthenticated(
            "bad-token",
            "the token is unknown here, has ended, or was revoked; ask whoever gave it to you for another",
        ),
    }
}

/// The context of somebody who is not known.
pub fn anonymous(address: Option<IpAddr>, request_id: Option<String>) -> Context {
    Context {
        actor: "anonymous".to_owned(),
        auth: "none".to_owned(),
        address: address.map(|a| a.to_string()),
        request_id,
        idempotency: None,
        reach: Reach::nowhere(""),
    }
}

fn of_nobody(request: &Request) -> Context {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
    anonymous(address::of(request.extensions()), request_id)
}

/// The layer of what is open to all: who is refused there, is in the audit, too.
pub async fn note(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", |path| path.as_str()).to_owned();
    let operation = format!("{} {path}", request.method());
    let ctx = of_nobody(&request);
    let response = next.run(request).await;
    // A wrong password has a row of its own, which says whose it was.
    if let Some(problem) = response.extensions().get::<Problem>().filter(|p| p.code() != "bad-login").cloned()
    {
        state.refusals.note(&state.services, &ctx, &operation, &problem, false).await;
    }
    response
}

/// The layer before everything that is not open to all. What it refuses, and what is refused behind it for who the caller
/// is, is in the audit.
pub async fn require(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let address = address::of(request.extensions()).map(|a| a.to_string());
    let path = request.extensions().get::<MatchedPath>().map_or("", |path| path.as_str()).to_owned();
    let method = request.method().to_string();
    let mut ctx = of_nobody(&request);
    let caller = authenticate(&state, request.headers(), address, Touch::Use).await;
    let mut response = match &caller {
        Ok(caller) => {
            (ctx.actor, ctx.auth) = (caller.actor.clone(), caller.auth.clone());
            match authz::check(caller, &method, &path) {
                Ok(reach) => {
                    ctx.reach = reach.clone();
                    request.extensions_mut().insert(reach);
                    request.extensions_mut().insert(caller.clone());
                    next.run(request).await
                }
                Err(problem) => problem.into_response(),
            }
        }
        Err(problem) => problem.clone().into_response(),
    };
    if let Some(problem) = response.extensions().get::<Problem>().cloned() {
        let bound = ctx.reach.may != Scope::Everywhere;
        let operation = format!("{method} {path}");
        state.refusals.note(&state.services, &ctx, &operation, &problem, bound).await;
    }
    if let Ok(caller) = caller {
        response.extensions_mut().insert(caller);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", HOW))
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(Self {
            actor: caller.actor,
            auth: caller.auth,
            address: caller.address,
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
            idempotency: parts.extensions.get::<Idempotency>().cloned(),
            reach: Reach::from_request_parts(parts, state).await?,
        })
    }
}
