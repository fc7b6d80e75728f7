//! `GET /api/models`

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
    domain::{model::ModelStatus, provider::Provider},
    service::{
        models::{self, ModelSort, ModelView, Wanted},
        sync::Synced,
    },
};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListModels {
    /// 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    pub status: Option<ModelStatus>,
    /// Part of the name, in any case.
    pub search: Option<String>,
    /// One of `GET /api/providers`.
    pub provider: Option<String>,
    /// `false`: only those with a deployment that is not as wanted on some proxy; `true`: only the others.
    pub applied: Option<bool>,
    /// `litellmModelName` when left out; a cursor goes on in its own order alone.
    #[param(inline)]
    pub sort: Option<ModelSort>,
}

/// List models.
#[utoipa::path(
    get, path = "/api/models", tag = "models",
    params(ListModels),
    responses((status = 200, body = List<Synced<ModelView>>)),
)]
pub async fn list_models(
    State(state): State<ApiState>,
    reach: Reach,
    ApiQuery(query): ApiQuery<ListModels>,
) -> Result<Json<List<Synced<ModelView>>>> {
    let page = page::ordered(query.limit, query.cursor.as_deref(), query.sort.unwrap_or_default().order())?;
    let provider = query.provider.as_deref().map(Provider::parse).transpose();
    let provider =
        provider.map_err(|_| page::bad("provider", "expected one that GET /api/providers lists"))?;
    let wanted = Wanted { status: query.status, provider, search: query.search, applied: query.applied };
    Ok(Json(models::list(&state.services, &reach, &wanted, &page).await?.into()))
}
