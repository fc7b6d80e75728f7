//! Editing a model. Its name and provider stay: callers and keys say them.

use super::{
    ModelView,
    backend::{self, BackendPatch},
    create::{MAX_DESCRIPTION, MAX_TOKENS},
    objects, rights, view,
};
use crate::{
    base::context::Context,
    domain::{
        change::Change,
        error::{Error, Result},
        model::{Model, ModelStatus},
    },
    service::{Entry, Services, Written, check_range, check_text, check_version, lookup},
    store::{Conn, deployments, evidence, models},
};

/// An edit; what is `None` stays. `backend` is for a model with one deployment.
#[derive(Clone, Debug, Default)]
pub struct ModelPatch {
    pub description: Option<String>,
    pub status: Option<ModelStatus>,
    pub max_tokens: Option<Option<i32>>,
    pub everywhere: Option<bool>,
    pub backend: BackendPatch,
}

/// `expected`: the version the caller has seen, from `If-Match`.
pub async fn update(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
    patch: ModelPatch,
) -> Result<Written<ModelView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("model.update").await?;
    let old = lookup::model(tx.conn(), &ctx.reach, name).await?;
    models::lock(tx.conn(), old.id).await?;
    let old = lookup::model(tx.conn(), &ctx.reach, &old.id.to_string()).await?;
    check_version(expected, old.version)?;
    let before = view(tx.conn(), &ctx.reach, old.clone()).await?;

    let new = Model {
        description: patch.description.unwrap_or_else(|| old.description.clone()),
        max_tokens: patch.max_tokens.unwrap_or(old.max_tokens),
        everywhere: patch.everywhere.unwrap_or(old.everywhere),
        status: patch.status.unwrap_or(old.status),
        ..old.clone()
    };
    check_text("description", &new.description, MAX_DESCRIPTION)?;
    check_range("maxTokens", new.max_tokens, 1, MAX_TOKENS)?;
    let status = new.status;
    let moved =
        if patch.backend.is_empty() { false } else { edit_only(s, tx.conn(), &old, patch.backend).await? };
    let edited = new != old;
    if !edited && !moved {
        let objects = objects(&before);
        return Ok(Written::unchanged(before, Some(old.version), objects));
    }
    models::update(tx.conn(), &new, now).await?;
    let realms = models::realms(tx.conn(), old.id).await?;
    let after = lookup::model(tx.conn(), &ctx.reach, &old.id.to_string()).await?;
    let after = view(tx.conn(), &ctx.reach, after).await?;

    let mut wanted = Vec::new();
    if moved || status != old.status {
        wanted = objects(&after);
    }
    let ends = status != old.status && status == ModelStatus::Inactive;
    if status != old.status {
        wanted.extend(rights(tx.conn(), &realms).await?);
    }
    if ends {
        for realm in &realms {
            let id = s.store.ids.uuid();
            wanted.extend(evidence::suspend(tx.conn(), id, *realm, old.id, now).await?);
        }
    }
    let change = Change {
        kind: "model.update",
        realms: if edited { realms } else { Vec::new() },
        urgent: ends,
        summary: serde_json::json!({ "model": after.litellm_model_name, "status": status }),
        objects: wanted,
        models: vec![old.id],
        ..Change::default()
    };
    let objects = if change.objects.is_empty() { objects(&after) } else { change.objects.clone() };
    let entry = Entry::new(format!("model/{}", old.id)).before(&before).after(&after);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written {
        version: Some(after.version),
        view: after,
        revision: Some(revision),
        objects,
        created: false,
    })
}

/// The fields of the backend, where it is clear which one is meant.
async fn edit_only(s: &Services, conn: &mut Conn, model: &Model, patch: BackendPatch) -> Result<bool> {
    let rows = deployments::list(conn, Some(&[model.id]), None, None).await?;
    let [only] = rows.as_slice() else {
        return Err(Error::conflict(
            "several-deployments",
            format!(
                "the model has {} deployments; edit one of them under /api/models/{}/deployments/{{id}}",
                rows.len(),
                model.id
            ),
        ));
    };
    backend::update(s, conn, only, patch, s.store.clock.now()).await
}
