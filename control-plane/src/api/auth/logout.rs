//! `POST /api/auth/logout`

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::CookieJar;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{ApiState, caller::Caller, problem::Result, write::Write},
    service::sign_in,
};

/// The answer to the end of a session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// Always true.
    pub ended: bool,
}

/// Sign out: the session's secret is worth nothing from now on.
#[utoipa::path(post, path = "/api/auth/logout", tag = "access", responses((status = 200, body = Ended)))]
pub async fn logout(State(state): State<ApiState>, caller: Caller, write: Write) -> Result<Response> {
    let (person, session) = caller.person()?;
    sign_in::end(&state.services, &write.ctx, person.id, session).await?;
    let mut gone = super::cookie(&state, String::new());
    gone.make_removal();
    Ok((CookieJar::new().add(gone), Json(Ended { ended: true })).into_response())
}
