//! Registering a model with its first deployment.

use super::{
    ModelView,
    backend::{self, NewBackend},
    objects, view,
};
use crate::{
    base::{context::Context, ids::ModelId},
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        model::{Model, ModelStatus},
        model_name::litellm_model_name,
    },
    service::{Entry, Services, Written, check_range, check_text, refused},
    store::{is_unique_violation, models},
};

/// Largest `maxTokens`; it is only told to agents.
pub(super) const MAX_TOKENS: i32 = 100_000_000;
pub(super) const MAX_DESCRIPTION: usize = 2000;

/// A model to be registered.
#[derive(Clone, Debug)]
pub struct NewModel {
    pub name: String,
    pub description: String,
    pub max_tokens: Option<i32>,
    /// On every proxy, also before a grant.
    pub everywhere: bool,
    pub backend: NewBackend,
}

pub async fn create(s: &Services, ctx: &Context, new: NewModel) -> Result<Written<ModelView>> {
    let provider = new.backend.provider;
    let name = litellm_model_name(provider, &new.name).map_err(|error| refused(&error))?;
    check_text("description", &new.description, MAX_DESCRIPTION)?;
    check_range("maxTokens", new.max_tokens, 1, MAX_TOKENS)?;
    let now = s.store.clock.now();
    let model = Model {
        id: ModelId(s.store.ids.uuid()),
        name: new.name.trim().to_owned(),
        provider: provider.name().to_owned(),
        litellm_model_name: name.to_string(),
        description: new.description,
        status: ModelStatus::Active,
        max_tokens: new.max_tokens,
        everywhere: new.everywhere,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut tx = s.store.begin("model.create").await?;
    match models::insert(tx.conn(), &model).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "name-taken",
                format!("there is a model {name} already; choose another name, or add a deployment to it"),
            ));
        }
        other => other?,
    }
    backend::insert(s, tx.conn(), model.id, new.backend, now).await?;
    let id = model.id;
    let view = view(tx.conn(), &ctx.reach, model).await?;
    let objects = objects(&view);
    let change = Change {
        kind: "model.create",
        summary: serde_json::json!({ "model": view.litellm_model_name }),
        objects: objects.clone(),
        ..Change::default()
    };
    let entry =
        Entry::new(format!("model/{id}")).after(&view).at(Location::created(format!("/api/models/{id}")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { version: Some(view.version), view, revision: Some(revision), objects, created: true })
}
