//! `GET /api/me`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::auth::Caller,
    base::ids::RealmId,
    domain::permission::{Levels, Permission},
};

/// Who the caller is here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// As the audit names it.
    pub actor: String,
    /// How that is known, such as `token:<id>`.
    pub auth: String,
    /// Permissions held everywhere; who may write may read.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Permissions held in single realms.
    pub realms: Vec<MyRealm>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MyRealm {
    pub realm_id: RealmId,
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
}

/// Say who the caller is, and what it may do.
#[utoipa::path(get, path = "/api/me", tag = "access", responses((status = 200, body = Me)))]
pub async fn get_me(caller: Caller) -> Json<Me> {
    let list = |levels: &Levels| levels.iter().collect();
    let realms = caller.rights.realms().iter();
    Json(Me {
        permissions: list(caller.rights.everywhere()),
        realms: realms
            .map(|(realm, levels)| MyRealm { realm_id: *realm, permissions: list(levels) })
            .collect(),
        actor: caller.actor,
        auth: caller.auth,
    })
}
