//! `GET /api/overview`

use axum::{Json, extract::State};

use crate::{
    api::{ApiState, caller::Caller, problem::Result},
    base::reach::{Reach, Scope},
    domain::permission::{Area, Permission},
    service::overview::{self, Overview, Sees},
};

/// How everything stands that the caller may see, and what wants attention.
#[utoipa::path(get, path = "/api/overview", tag = "changes", responses((status = 200, body = Overview)))]
pub async fn get_overview(State(state): State<ApiState>, caller: Caller) -> Result<Json<Overview>> {
    let reach = |area| caller.rights.reach(Permission::read(area));
    let everywhere = |area| reach(area).is_some_and(|r: Reach| r.may == Scope::Everywhere);
    let sees = Sees {
        actor: caller.actor.clone(),
        proxies: everywhere(Area::Proxies),
        access: everywhere(Area::Access),
        agents: reach(Area::Agents),
        models: reach(Area::Models),
        realms: reach(Area::Realms),
        grants: reach(Area::Grants),
        freezes: reach(Area::Freezes),
        changes: reach(Area::Changes),
    };
    Ok(Json(overview::get(&state.services, &sees).await?))
}
