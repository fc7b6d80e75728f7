//! `POST /key/block` and `/key/unblock`. Repeating either is fine.

use crate::api::{Call, Reply, render};
use crate::error::ApiError;

pub(crate) fn block(call: &mut Call<'_>) -> Reply {
    set(call, true)
}

pub(crate) fn unblock(call: &mut Call<'_>) -> Reply {
    set(call, false)
}

fn set(call: &mut Call<'_>, blocked: bool) -> Reply {
    let token = super::named_token(call)?;
    if !call.inner.settings.database {
        return Err(ApiError::internal());
    }
    let at = call.stamp();
    let (db, view) = call.split();
    let Some(row) = db.keys.get_mut(&token) else {
        return Err(super::not_found("Key not found."));
    };
    row.set("blocked", blocked);
    row.set("updated_at", at.clone());
    row.set("settings_updated_at", at);
    view.forget_key(&token);
    Ok(render::key_row(row))
}
