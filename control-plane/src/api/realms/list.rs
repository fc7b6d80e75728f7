//! `GET /api/realms`

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::reach::Reach;
use crate::{
    api::{
        ApiState,
        extract::ApiQuery,
        page::{self, List},
        problem::Result,
    },
    service::{
        realms::{self, RealmSort, RealmView, Wanted},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRealms {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// Part of the slug or name, in any case.
    pub search: Option<String>,
    /// `false`: only those to which no model is granted; `true`: only the others.
    pub granted: Option<bool>,
    /// Only those that are frozen, or only those that are not.
    pub frozen: Option<bool>,
    /// `slug` when left out; a cursor goes on in its own order alone.
    #[param(inline)]
    pub sort: Option<RealmSort>,
}

/// List realms.
#[utoipa::path(
    get, path = "/api/realms", tag = "realms",
    params(ListRealms),
    responses((status = 200, body = List<Synced<RealmView>>)),
)]
pub async fn list_realms(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<ListRealms>,
) -> Result<Json<List<Synced<RealmView>>>> {
    let page = page::ordered(query.limit, query.cursor.as_deref(), query.sort.unwrap_or_default().order())?;
    let wanted = Wanted { search: query.search, granted: query.granted, frozen: query.frozen };
    Ok(Json(realms::list(&state.services, &reach, &wanted, &page).await?.into()))
}
