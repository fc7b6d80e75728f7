//! `GET /api/me`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::caller::Caller,
    base::ids::{PersonId, RealmId},
    domain::{
        permission::{Levels, Permission},
        person::RoleAt,
    },
};

/// Who the caller is here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// As the audit names it.
    pub actor: String,
    /// How that is known, such as `token:<id>`.
    pub auth: String,
    /// Who that is, when it is a person in a session.
    pub person: Option<MyPerson>,
    /// Permissions held everywhere; who may write may read.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Permissions held in single realms.
    pub realms: Vec<MyRealm>,
}

/// A person, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyPerson {
    pub id: PersonId,
    pub email: String,
    pub name: String,
    /// There is a password to change; who came by an identity provider may have none.
    pub password_set: bool,
    pub roles: Vec<RoleAt>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyRealm {
    pub realm_id: RealmId,
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
}

impl Me {
    pub fn of(caller: &Caller) -> Self {
        let list = |levels: &Levels| levels.iter().collect();
        let realms = caller.rights.realms().iter();
        Self {
            actor: caller.actor.clone(),
            auth: caller.auth.clone(),
            person: caller.session.as_ref().map(|(p, _)| MyPerson {
                id: p.id,
                email: p.email.clone(),
                name: p.name.clone(),
                password_set: p.has_password,
                roles: p.roles.clone(),
            }),
            permissions: list(caller.rights.everywhere()),
            realms: realms
                .map(|(realm, levels)| MyRealm { realm_id: *realm, permissions: list(levels) })
                .collect(),
        }
    }
}

/// Say who the caller is, and what it may do.
#[utoipa::path(get, path = "/api/me", tag = "access", responses((status = 200, body = Me)))]
pub async fn get_me(caller: Caller) -> Json<Me> {
    Json(Me::of(&caller))
}
