//! Who may do what: the one table of operations, and the one place where it is applied. An operation that is not in it is
//! refused. Which realm an operation is about, the use case finds out: it gets the [`Reach`] and cannot find a realm,
//! an agent or a model without it.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

use super::{caller::Caller, problem::Problem};
use crate::{
    base::reach::{Reach, Scope},
    domain::permission::{
        Area::{
            self, Access, Agents, Audit, Changes, Credentials, Enrollment, Freezes, Grants, Keys, Models,
            People, Proxies, Realms, Tokens,
        },
        Level::{self, Read, Write},
        Permission,
    },
};

/// Where a permission must be held for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Whoever is signed in.
    SignedIn,
    /// Everywhere.
    Everywhere(Area, Level),
    /// In the realm that it is about, or everywhere; a list shows the realms where it is held.
    InRealm(Area, Level),
    /// The same; and without it one's own, so that whoever may write can see what becomes of it.
    OwnOrInRealm(Area, Level),
}
use Need::{Everywhere, InRealm, OwnOrInRealm, SignedIn};

/// Every operation that needs a caller.
#[rustfmt::skip]
pub const OPERATIONS: &[(&str, &str, Need)] = &[
    ("GET",    "/api/me",                                   SignedIn),
    ("POST",   "/api/me/password",                          SignedIn),
    ("GET",    "/api/me/sessions",                          SignedIn),
    ("DELETE", "/api/me/sessions",                          SignedIn),
    ("DELETE", "/api/me/sessions/{id}",                     SignedIn),
    ("POST",   "/api/auth/logout",                          SignedIn),
    ("GET",    "/api/overview",                             SignedIn),
    ("GET",    "/api/providers",                            SignedIn),
    ("GET",    "/api/proxies",                              Everywhere(Proxies, Read)),
    ("POST",   "/api/proxies",                              Everywhere(Proxies, Write)),
    ("GET",    "/api/proxies/{id}",                         Everywhere(Proxies, Read)),
    ("PATCH",  "/api/proxies/{id}",                         Everywhere(Proxies, Write)),
    ("DELETE", "/api/proxies/{id}",                         Everywhere(Proxies, Write)),
    ("POST",   "/api/proxies/{id}/check",                   Everywhere(Proxies, Write)),
    ("POST",   "/api/proxies/{id}/prune",                   Everywhere(Proxies, Write)),
    ("GET",    "/api/proxies/{id}/drift",                   Everywhere(Proxies, Read)),
    ("POST",   "/api/proxies/{id}/adopt/deployment",        Everywhere(Models, Write)),
    ("POST",   "/api/proxies/{id}/adopt/key",               Everywhere(Keys, Write)),
    ("GET",    "/api/work",                                 Everywhere(Proxies, Read)),
    ("GET",    "/api/observe-mode",                         Everywhere(Proxies, Read)),
    ("POST",   "/api/observe-mode/end",                     Everywhere(Proxies, Write)),
    ("GET",    "/api/credentials",                          Everywhere(Credentials, Read)),
    ("POST",   "/api/credentials",                          Everywhere(Credentials, Write)),
    ("GET",    "/api/credentials/{id}",                     Everywhere(Credentials, Read)),
    ("PATCH",  "/api/credentials/{id}",                     Everywhere(Credentials, Write)),
    ("DELETE", "/api/credentials/{id}",                     Everywhere(Credentials, Write)),
    ("GET",    "/api/models",                               InRealm(Models, Read)),
    ("POST",   "/api/models",                               Everywhere(Models, Write)),
    ("POST",   "/api/connection-tests",                     Everywhere(Models, Write)),
    ("GET",    "/api/models/{id}",                          InRealm(Models, Read)),
    ("PATCH",  "/api/models/{id}",                          Everywhere(Models, Write)),
    ("DELETE", "/api/models/{id}",                          Everywhere(Models, Write)),
    ("GET",    "/api/models/{id}/deployments",              InRealm(Models, Read)),
    ("POST",   "/api/models/{id}/deployments",              Everywhere(Models, Write)),
    ("GET",    "/api/models/{id}/deployments/{deploymentId}",    InRealm(Models, Read)),
    ("PATCH",  "/api/models/{id}/deployments/{deploymentId}",    Everywhere(Models, Write)),
    ("DELETE", "/api/models/{id}/deployments/{deploymentId}",    Everywhere(Models, Write)),
    ("GET",    "/api/models/{id}/realms",                   InRealm(Grants, Read)),
    ("POST",   "/api/models/{id}/realms",                   InRealm(Grants, Write)),
    ("GET",    "/api/models/{id}/realms/{realmId}",         InRealm(Grants, Read)),
    ("DELETE", "/api/models/{id}/realms/{realmId}",         InRealm(Grants, Write)),
    ("GET",    "/api/realms",                               InRealm(Realms, Read)),
    ("POST",   "/api/realms",                               Everywhere(Realms, Write)),
    ("GET",    "/api/realms/{id}",                          InRealm(Realms, Read)),
    ("PATCH",  "/api/realms/{id}",                          InRealm(Realms, Write)),
    ("DELETE", "/api/realms/{id}",                          InRealm(Realms, Write)),
    ("GET",    "/api/realms/{id}/models",                   InRealm(Grants, Read)),
    ("GET",    "/api/realms/{id}/agents",                   InRealm(Agents, Read)),
    ("POST",   "/api/realms/{id}/agents",                   InRealm(Agents, Write)),
    ("GET",    "/api/realms/{id}/agents/{did}",             InRealm(Agents, Read)),
    ("DELETE", "/api/realms/{id}/agents/{did}",             InRealm(Agents, Write)),
    ("GET",    "/api/realms/{id}/keys",                     InRealm(Keys, Read)),
    ("POST",   "/api/realms/{id}/keys/rotate",              InRealm(Keys, Write)),
    ("DELETE", "/api/realms/{id}/keys/{keyId}",             InRealm(Keys, Write)),
    ("GET",    "/api/agents",                               InRealm(Agents, Read)),
    ("GET",    "/api/agents/{did}",                         InRealm(Agents, Read)),
    ("DELETE", "/api/agents/{did}",                         InRealm(Agents, Write)),
    ("POST",   "/api/agents/{did}/approve",                 InRealm(Agents, Write)),
    ("POST",   "/api/agents/{did}/revoke",                  InRealm(Agents, Write)),
    ("GET",    "/api/agents/{did}/llm-config",              InRealm(Agents, Read)),
    ("PUT",    "/api/agents/{did}/llm-config",              InRealm(Agents, Write)),
    ("DELETE", "/api/agents/{did}/llm-config",              InRealm(Agents, Write)),
    ("POST",   "/api/agents/{did}/llm-config/retry",        InRealm(Agents, Write)),
    ("GET",    "/api/agents/{did}/realm-llm",               InRealm(Agents, Read)),
    ("GET",    "/api/explain",                              InRealm(Agents, Read)),
    ("GET",    "/api/enrollment-tokens",                    InRealm(Enrollment, Read)),
    ("POST",   "/api/enrollment-tokens",                    InRealm(Enrollment, Write)),
    ("DELETE", "/api/enrollment-tokens/{id}",               InRealm(Enrollment, Write)),
    ("GET",    "/api/freezes",                              InRealm(Freezes, Read)),
    ("POST",   "/api/freezes",                              InRealm(Freezes, Write)),
    ("GET",    "/api/freezes/{kind}/{id}",                  InRealm(Freezes, Read)),
    ("DELETE", "/api/freezes/{kind}/{id}",                  InRealm(Freezes, Write)),
    ("GET",    "/api/changes",                              OwnOrInRealm(Changes, Read)),
    ("GET",    "/api/changes/{revision}",                   OwnOrInRealm(Changes, Read)),
    // Each event has a need of its own: feed/viewer.rs.
    ("GET",    "/api/events",                               SignedIn),
    ("GET",    "/api/audit",                                Everywhere(Audit, Read)),
    ("GET",    "/api/tokens",                               InRealm(Tokens, Read)),
    ("POST",   "/api/tokens",                               InRealm(Tokens, Write)),
    ("GET",    "/api/tokens/{id}",                          InRealm(Tokens, Read)),
    ("DELETE", "/api/tokens/{id}",                          InRealm(Tokens, Write)),
    ("POST",   "/api/tokens/{id}/rotate",                   InRealm(Tokens, Write)),
    ("GET",    "/api/people",                               Everywhere(People, Read)),
    ("POST",   "/api/people",                               Everywhere(People, Write)),
    ("GET",    "/api/people/{id}",                          Everywhere(People, Read)),
    ("PATCH",  "/api/people/{id}",                          Everywhere(People, Write)),
    ("DELETE", "/api/people/{id}",                          Everywhere(People, Write)),
    ("POST",   "/api/people/{id}/invite",                   Everywhere(People, Write)),
    ("GET",    "/api/people/{id}/sessions",                 Everywhere(People, Read)),
    ("DELETE", "/api/people/{id}/sessions",                 Everywhere(People, Write)),
    ("GET",    "/api/identity-providers",                   Everywhere(Access, Read)),
    ("POST",   "/api/identity-providers",                   Everywhere(Access, Write)),
    ("GET",    "/api/identity-providers/{id}",              Everywhere(Access, Read)),
    ("PATCH",  "/api/identity-providers/{id}",              Everywhere(Access, Write)),
    ("DELETE", "/api/identity-providers/{id}",              Everywhere(Access, Write)),
    ("GET",    "/api/workload-rules",                       Everywhere(Access, Read)),
    ("POST",   "/api/workload-rules",                       Everywhere(Access, Write)),
    ("GET",    "/api/workload-rules/{id}",                  Everywhere(Access, Read)),
    ("DELETE", "/api/workload-rules/{id}",                  Everywhere(Access, Write)),
    ("GET",    "/api/settings",                             Everywhere(Access, Read)),
    ("PATCH",  "/api/settings",                             Everywhere(Access, Write)),
];

impl Need {
    /// Of an operation, by its method and the path as the API document writes it.
    pub fn of(method: &str, path: &str) -> Option<Self> {
        // A HEAD is answered by the handler of GET.
        let method = if method == "HEAD" { "GET" } else { method };
        OPERATIONS.iter().find(|(m, p, _)| (*m, *p) == (method, path)).map(|(_, _, need)| *need)
    }

    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::SignedIn => None,
            Self::Everywhere(area, level) | Self::InRealm(area, level) | Self::OwnOrInRealm(area, level) => {
                Some(Permission { area, level })
            }
        }
    }
}

/// How far the caller reaches with this operation, or the refusal that names what is missing.
pub fn check(caller: &Caller, method: &str, path: &str) -> Result<Reach, Problem> {
    let forbidden = |detail: String| Problem::new(StatusCode::FORBIDDEN, "missing-permission", detail);
    let need = Need::of(method, path).ok_or_else(|| forbidden("nobody may do this".to_owned()))?;
    let Some(permission) = need.permission() else { return Ok(Reach::everywhere()) };
    let give = "whoever gave you access can give it";
    match (need, caller.rights.reach(permission)) {
        (InRealm(..) | OwnOrInRealm(..), Some(reach)) => Ok(reach),
        (OwnOrInRealm(..), None) => Ok(Reach::nowhere(permission.as_str())),
        (_, Some(reach)) if reach.may == Scope::Everywhere => Ok(reach),
        (Everywhere(..), Some(_)) => Err(forbidden(format!(
            "this needs the permission {} everywhere, not only in single realms; {give}",
            permission.as_str()
        ))),
        (_, _) => Err(forbidden(format!("this needs the permission {}; {give}", permission.as_str()))),
    }
}

/// For handlers of reads. Set by the check alone: without it there is nothing to extract.
impl<S: Sync> FromRequestParts<S> for Reach {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(StatusCode::FORBIDDEN, "missing-permission", "nobody may do this"))
    }
}
