//! Further backends of a model. All edits of one model's deployments happen one after the other, under its lock.

use super::{
    Entry, Services, Written, check_version, lookup,
    models::{
        DeploymentView,
        backend::{self, BackendPatch, NewBackend},
        deployment_views,
    },
    sync::{self, Subject, Synced},
};
use crate::{
    base::{context::Context, ids::DeploymentId, reach::Reach},
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        model::{Deployment, Model},
        object::Object,
    },
    store::{Conn, credentials, deployments, models},
};

pub async fn create(
    s: &Services,
    ctx: &Context,
    model: &str,
    new: NewBackend,
) -> Result<Written<DeploymentView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("deployment.create").await?;
    let model = lock_model(tx.conn(), &ctx.reach, model).await?;
    let id = backend::insert(s, tx.conn(), model.id, new, now).await?;
    models::touch(tx.conn(), model.id, now).await?;
    let after = one(tx.conn(), &model, id).await?;
    let change = changed("deployment.create", &model, id);
    let entry = Entry::new(format!("deployment/{id}"))
        .after(&after)
        .at(Location::created(format!("/api/models/{}/deployments/{id}", model.id)));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(written(after, revision, true))
}

pub async fn list(s: &Services, reach: &Reach, model: &str) -> Result<Vec<Synced<DeploymentView>>> {
    let mut conn = s.store.conn().await?;
    let model = lookup::model(&mut conn, reach, model).await?;
    let rows = deployments::list(&mut conn, Some(&[model.id]), None, None).await?;
    let views = deployment_views(&mut conn, rows).await?;
    drop(conn);
    sync::with(s, views, |view| subject(view.id)).await
}

pub async fn get(
    s: &Services,
    reach: &Reach,
    model: &str,
    id: DeploymentId,
) -> Result<Synced<DeploymentView>> {
    let mut conn = s.store.conn().await?;
    let model = lookup::model(&mut conn, reach, model).await?;
    let view = one(&mut conn, &model, id).await?;
    drop(conn);
    Ok(Synced { sync: sync::read_one(s, subject(id)).await?, view })
}

pub async fn update(
    s: &Services,
    ctx: &Context,
    model: &str,
    id: DeploymentId,
    expected: Option<i64>,
    patch: BackendPatch,
) -> Result<Written<DeploymentView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("deployment.update").await?;
    let model = lock_model(tx.conn(), &ctx.reach, model).await?;
    let old = row(tx.conn(), &model, id).await?;
    check_version(expected, old.version)?;
    let before = one(tx.conn(), &model, id).await?;
    if !backend::update(s, tx.conn(), &old, patch, now).await? {
        return Ok(Written::unchanged(before, Some(old.version), vec![Object::deployment(id)]));
    }
    models::touch(tx.conn(), model.id, now).await?;
    let after = one(tx.conn(), &model, id).await?;
    let entry = Entry::new(format!("deployment/{id}")).before(&before).after(&after);
    let revision = s.finish(tx, ctx, changed("deployment.update", &model, id), entry).await?;
    Ok(written(after, revision, false))
}

pub async fn delete(
    s: &Services,
    ctx: &Context,
    model: &str,
    id: DeploymentId,
    expected: Option<i64>,
) -> Result<Written<DeploymentId>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("deployment.delete").await?;
    let model = lock_model(tx.conn(), &ctx.reach, model).await?;
    let old = row(tx.conn(), &model, id).await?;
    check_version(expected, old.version)?;
    if deployments::list(tx.conn(), Some(&[model.id]), None, None).await?.len() == 1 {
        return Err(Error::conflict(
            "last-deployment",
            "a model needs a deployment; add another one first, or delete the model",
        ));
    }
    let before = one(tx.conn(), &model, id).await?;
    deployments::delete(tx.conn(), id).await?;
    credentials::delete_orphans(tx.conn()).await?;
    models::touch(tx.conn(), model.id, now).await?;
    let entry = Entry::new(format!("deployment/{id}")).before(&before);
    let revision = s.finish(tx, ctx, changed("deployment.delete", &model, id), entry).await?;
    let objects = vec![Object::deployment(id)];
    Ok(Written { view: id, version: None, revision: Some(revision), objects, created: false })
}

async fn lock_model(conn: &mut Conn, reach: &Reach, name: &str) -> Result<Model> {
    let model = lookup::model(conn, reach, name).await?;
    models::lock(conn, model.id).await?.ok_or_else(|| Error::not_found("model", name))?;
    Ok(model)
}

async fn row(conn: &mut Conn, model: &Model, id: DeploymentId) -> Result<Deployment> {
    deployments::get(conn, id)
        .await?
        .filter(|d| d.model_id == model.id)
        .ok_or_else(|| Error::not_found("deployment", id))
}

async fn one(conn: &mut Conn, model: &Model, id: DeploymentId) -> Result<DeploymentView> {
    let row = row(conn, model, id).await?;
    deployment_views(conn, vec![row]).await?.pop().ok_or_else(|| Error::not_found("deployment", id))
}

fn changed(kind: &'static str, model: &Model, id: DeploymentId) -> Change {
    Change {
        kind,
        summary: serde_json::json!({ "model": model.litellm_model_name }),
        objects: vec![Object::deployment(id)],
        ..Change::default()
    }
}

fn written(view: DeploymentView, revision: i64, created: bool) -> Written<DeploymentView> {
    let objects = vec![Object::deployment(view.id)];
    Written { version: Some(view.version), view, revision: Some(revision), objects, created }
}

fn subject(id: DeploymentId) -> Subject {
    Subject { audit: vec![format!("deployment/{id}")], objects: vec![Object::deployment(id)] }
}
