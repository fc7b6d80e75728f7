//! Reads of deployments: `/model/info` shows this instance's router, `/v2/model/info` the same in pages (and, when
//! it is asked for an id or a word, the database too), `/v1/models` the names a caller may use.

use serde_json::{Value, json};

use crate::api::{Call, Reply, input, render};
use crate::auth::{Caller, may_use};
use crate::db::ModelRow;
use crate::error::{ApiError, NO_DATABASE};

pub(crate) fn live(call: &mut Call<'_>) -> Reply {
    let wanted = call.query("litellm_model_id").map(str::to_owned);
    let rows: Vec<ModelRow> =
        visible(call).into_iter().filter(|row| wanted.as_ref().is_none_or(|id| row.id == *id)).collect();
    match wanted {
        Some(id) if rows.is_empty() => {
            let message = format!("Model id = {id} not found on litellm proxy");
            Err(ApiError::detail_error(400, &message))
        }
        _ => Ok(json!({ "data": render_all(call, &rows) })),
    }
}

pub(crate) fn paged(call: &mut Call<'_>) -> Reply {
    let page = input::page(call.query("page"), "page", 1, None)?;
    let size = input::page(call.query("size"), "size", 50, None)?;
    if !call.inner.settings.database {
        return Err(ApiError::detail_error(500, NO_DATABASE));
    }
    let mut rows = visible(call);
    if call.inner.settings.is_old() {
        // Neither pages nor filters, but for the name.
        rows.retain(|row| call.query("model").is_none_or(|name| row.name == name));
        return Ok(json!({ "data": render_all(call, &rows) }));
    }
    let (id, word) = (call.query("modelId"), call.query("search"));
    if id.is_some() || word.is_some() {
        for stored in call.inner.db.models.values() {
            if rows.iter().all(|row| row.id != stored.id) {
                rows.push(stored.clone());
            }
        }
    }
    rows.retain(|row| {
        id.is_none_or(|id| row.id == id)
            && word.is_none_or(|word| row.name.contains(word))
            && call.query("model").is_none_or(|name| row.name == name)
    });
    let total = rows.len();
    let rows: Vec<ModelRow> = rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
    Ok(json!({
        "data": render_all(call, &rows),
        "total_count": total,
        "current_page": page,
        "total_pages": total.div_ceil(size),
        "size": size,
    }))
}

/// The key's own list even where its team allows less, and names that no deployment has; without a list the team's,
/// without that all.
#[expect(clippy::unnecessary_wraps, reason = "the route list's signature")]
pub(crate) fn openai_list(call: &mut Call<'_>) -> Reply {
    let all = call.inner.views[call.instance].model_names();
    let names: Vec<String> = match &call.caller {
        Caller::Key { key, team } => {
            let team = team.as_ref().map(|team| team.list("models")).unwrap_or_default();
            let own = key.list("models");
            let listed = if own.is_empty() || own.contains(&"all-team-models") { team } else { own };
            if listed.is_empty() || listed.contains(&"all-proxy-models") {
                all
            } else {
                let plain = |name: &&&str| !name.contains('*') && **name != "no-default-models";
                listed.iter().filter(plain).map(|name| (*name).to_owned()).collect()
            }
        }
        Caller::Master | Caller::Nobody => all,
    };
    let data: Vec<Value> = names
        .into_iter()
        .map(|name| json!({ "id": name, "object": "model", "created": 1_677_610_602, "owned_by": "openai" }))
        .collect();
    Ok(json!({ "data": data, "object": "list" }))
}

/// This instance's deployments that the caller may use, by creation.
fn visible(call: &Call<'_>) -> Vec<ModelRow> {
    let mut rows: Vec<ModelRow> = call.inner.views[call.instance].models.values().cloned().collect();
    rows.sort_by_key(|row| row.seq);
    if let Caller::Key { key, .. } = &call.caller {
        let allowed = key.list("models");
        rows.retain(|row| may_use(&allowed, &row.name, &[]));
    }
    rows
}

fn render_all(call: &Call<'_>, rows: &[ModelRow]) -> Vec<Value> {
    let open: Vec<&str> = call
        .inner
        .db
        .teams
        .values()
        .filter(|team| team.list("models").is_empty())
        .map(|team| team.id.as_str())
        .collect();
    rows.iter().map(|row| render::model(row, &open)).collect()
}
