//! Taking over a deployment: it becomes one of a model of the same name.

use super::{found, refused, serving, take_over};
use crate::{
    base::{context::Context, ids::ModelId},
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        foreign::{CREDENTIAL_NAME, Foreign, ForeignDeployment},
        model::{Model, ModelStatus},
        model_name::LitellmModelName,
        object::{Object, ObjectKind},
        provider::Provider,
        proxy::Proxy,
    },
    service::{
        Entry, Services, Written,
        models::{
            self as service_models, ModelView,
            backend::{self, Key, NewBackend},
        },
    },
    store::{Conn, models},
};

/// A deployment to be taken over.
#[derive(Clone, Debug)]
pub struct NewAdoptedDeployment {
    /// Its `model_info.id` on the proxy.
    pub litellm_id: String,
    /// `None`: what its upstream model names.
    pub provider: Option<Provider>,
    /// The provider's key, which nobody can read back from the proxy.
    pub key: Key,
}

/// The model is made when there is none of the name, and then kept on every proxy: whoever calls it there is not known.
pub async fn deployment(
    s: &Services,
    ctx: &Context,
    proxy: &str,
    new: NewAdoptedDeployment,
) -> Result<Written<ModelView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("proxy.adopt").await?;
    let there = serving(tx.conn(), proxy).await?;
    let (name, _) = found(tx.conn(), &there, ObjectKind::Deployment, &new.litellm_id).await?;
    let name = LitellmModelName::parse(&name).map_err(|_| {
        refused(&format!(
            "{name:?} cannot be the name of a model: LiteLLM gives it a meaning, or it has characters other than a-z, A-Z, \
             0-9 and ._:@/+-; register the model with Reeve"
        ))
    })?;
    let old = models::by_litellm_name(tx.conn(), name.as_str()).await?;
    if let Some(model) = &old {
        models::lock(tx.conn(), model.id).await?;
    }
    // From here on the proxy's state and what is on it stay as they are read.
    tx.lock_head().await?;
    let there = serving(tx.conn(), proxy).await?;
    let (_, Foreign::Deployment(foreign)) =
        found(tx.conn(), &there, ObjectKind::Deployment, &new.litellm_id).await?
    else {
        return Err(refused("it is no deployment"));
    };
    let provider = new.provider.or_else(|| foreign.provider()).ok_or_else(|| {
        Error::invalid("provider", format!("cannot be told from {:?}; give it", foreign.upstream_model))
    })?;
    let can_remove = there.capabilities["paramRemoval"] == true;
    if let Some(why) = foreign.refusal(provider, can_remove) {
        return Err(refused(&why));
    }
    let created = old.is_none();
    let model = match old {
        Some(model) => model.id,
        None => insert(s, tx.conn(), &name, provider, now).await?,
    };
    let fields = fields(&foreign);
    let id = backend::insert(s, tx.conn(), model, backend_of(provider, new.key, foreign), now).await?;
    if !models::is_placed(tx.conn(), model, there.id).await? {
        return Err(refused(&format!(
            "model {name} is not placed on proxy {}, so this would be taken off it: set the model active and `everywhere`",
            there.name
        )));
    }
    if !created {
        models::touch(tx.conn(), model, now).await?;
    }
    take_over(s, tx.conn(), there.id, Object::deployment(id), &new.litellm_id, fields).await?;
    finish(s, tx, ctx, &there, model, Object::deployment(id), created).await
}

async fn finish(
    s: &Services,
    mut tx: crate::store::Tx,
    ctx: &Context,
    proxy: &Proxy,
    model: ModelId,
    deployment: Object,
    created: bool,
) -> Result<Written<ModelView>> {
    let model = models::get(tx.conn(), model).await?.ok_or_else(|| Error::not_found("model", model))?;
    let view = service_models::view(tx.conn(), &ctx.reach, model).await?;
    let change = Change {
        kind: "proxy.adopt",
        summary: serde_json::json!({ "proxy": proxy.name, "model": view.litellm_model_name }),
        objects: vec![deployment],
        ..Change::default()
    };
    let entry = Entry::new(format!("model/{}", view.id)).after(&view);
    let at = format!("/api/models/{}", view.id);
    let entry = entry.at(if created { Location::created(at) } else { Location::changed(at) });
    let revision = s.finish(tx, ctx, change, entry).await?;
    let version = Some(view.version);
    Ok(Written { version, view, revision: Some(revision), objects: vec![deployment], created })
}

async fn insert(
    s: &Services,
    conn: &mut Conn,
    name: &LitellmModelName,
    provider: Provider,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<ModelId> {
    let model = Model {
        id: ModelId(s.store.ids.uuid()),
        name: name.to_string(),
        provider: provider.name().to_owned(),
        litellm_model_name: name.to_string(),
        description: String::new(),
        status: ModelStatus::Active,
        max_tokens: None,
        everywhere: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    match models::insert(conn, &model).await {
        Err(error) if crate::store::is_unique_violation(&error) => {
            Err(Error::conflict("name-taken", format!("there is a model {name} since a moment; try again")))
        }
        other => Ok(other.map(|()| model.id)?),
    }
}

/// Names of the parameters that are set there.
fn fields(foreign: &ForeignDeployment) -> Vec<String> {
    let mut fields: Vec<String> = foreign.litellm_params.keys().cloned().collect();
    fields.extend(foreign.litellm_credential.as_ref().map(|_| CREDENTIAL_NAME.to_owned()));
    fields
}

fn backend_of(provider: Provider, key: Key, foreign: ForeignDeployment) -> NewBackend {
    NewBackend {
        provider,
        model_id: foreign.upstream_model,
        base_url: foreign.base_url,
        key,
        order: foreign.order,
        weight: foreign.weight,
        litellm_params: foreign.litellm_params,
    }
}
