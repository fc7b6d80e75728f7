//! Grants: a realm may use a model. Giving, taking away, listing.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Entry, Services, Written, check_budget, check_text,
    keys::{self, KeyView},
    lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
        reach::{Reach, Verdict},
    },
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        grant::{Grant, GrantState},
        model::{Model, ModelStatus},
        object::Object,
        realm::Realm,
    },
    store::{grants, models, realms},
};

/// A grant as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GrantView {
    pub model_id: ModelId,
    pub litellm_model_name: String,
    pub realm_id: RealmId,
    pub realm_slug: String,
    /// `revoking`: taken away, but not yet refused by every proxy.
    pub state: GrantState,
    /// Since when it has this state.
    pub since: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub reason: String,
    /// The realm's budget, which all its grants share.
    pub monthly_budget_usd: Option<f64>,
    /// The virtual key that the realm's agents share; null where each has its own. A grant never replaces it.
    pub key: Option<KeyView>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

/// A grant to be given. What is `None` stays as it is when the grant exists.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Id or slug.
    pub realm: String,
    pub monthly_budget_usd: Option<f64>,
    /// The inner `None`: it has no end.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    pub reason: Option<String>,
    /// Where the caller may also change the realm, and so its budget.
    pub may_edit: Reach,
}

/// How far a revocation is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocation {
    pub model_id: ModelId,
    pub realm_id: RealmId,
    /// `revoking` until every proxy has refused the old right.
    pub state: GrantState,
    /// When the right was taken away.
    pub since: DateTime<Utc>,
}

/// Gives a right, or edits the one that is there.
pub async fn grant(s: &Services, ctx: &Context, model: &str, new: NewGrant) -> Result<Written<GrantView>> {
    let now = s.store.clock.now();
    check(&new, now)?;
    let mut tx = s.store.begin("grant").await?;
    let model = lookup::model(tx.conn(), &ctx.reach, model).await?;
    models::lock(tx.conn(), model.id).await?;
    let model = lookup::model(tx.conn(), &ctx.reach, &model.id.to_string()).await?;
    let realm = lookup::in_field("realmId", lookup::realm(tx.conn(), &ctx.reach, &new.realm).await)?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let mut realm = lookup::realm(tx.conn(), &ctx.reach, &realm.id.to_string()).await?;
    if model.status == ModelStatus::Inactive {
        return Err(Error::conflict(
            "model-inactive",
            format!("{} is inactive; set its status to active, then grant it", model.litellm_model_name),
        ));
    }
    let old = grants::live(tx.conn(), realm.id, model.id).await?;
    let generations = keys::views(tx.conn(), realm.id).await?;
    let before = old.as_ref().map(|old| view(&model, &realm, old, &generations));
    let created = old.is_none();
    let grant = if let Some(mut grant) = old {
        // One that has just run out is given anew.
        grant.expires_at = new.expires_at.unwrap_or(grant.expires_at.filter(|at| *at > now));
        grant.reason = new.reason.unwrap_or(grant.reason);
        grants::update(tx.conn(), grant.id, grant.expires_at, &grant.reason).await?;
        grant
    } else {
        let grant = Grant {
            id: s.store.ids.uuid(),
            realm_id: realm.id,
            model_id: model.id,
            expires_at: new.expires_at.flatten(),
            reason: new.reason.unwrap_or_default(),
            created_at: now,
            created_by: ctx.actor.clone(),
            revoked_at: None,
            revoke_revision: None,
            done_at: None,
        };
        grants::insert(tx.conn(), &grant).await?;
        grant
    };
    if new.monthly_budget_usd.is_some() && new.monthly_budget_usd != realm.monthly_budget_usd {
        if new.may_edit.realm(realm.id) != Verdict::Allowed {
            return Err(lookup::missing(
                new.may_edit.needed,
                &format!("for realm {:?}, to set its budget", realm.slug),
            ));
        }
        realm.monthly_budget_usd = new.monthly_budget_usd;
        realms::update(tx.conn(), &realm, now).await?;
    }
    keys::ensure(s, tx.conn(), realm.id).await?;
    let generations = keys::views(tx.conn(), realm.id).await?;
    let objects = keys::objects(tx.conn(), realm.id).await?;
    let after = view(&model, &realm, &grant, &generations);
    if before.as_ref() == Some(&after) {
        return Ok(Written::unchanged(after, None, objects));
    }
    let change = Change {
        kind: "grant",
        realms: vec![realm.id],
        summary: summary(&model, &realm),
        objects: objects.clone(),
        models: vec![model.id],
        ..Change::default()
    };
    let path = format!("/api/models/{}/realms/{}", model.id, realm.id);
    let location = if created { Location::created(path) } else { Location::changed(path) };
    let mut entry = Entry::new(subject(model.id, realm.id)).after(&after).at(location);
    if let Some(before) = &before {
        entry = entry.before(before);
    }
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view: after, version: None, revision: Some(revision), objects, created })
}

/// Takes a right away at once. Asked again meanwhile, it answers how far that is.
pub async fn revoke(s: &Services, ctx: &Context, model: &str, realm: &str) -> Result<Written<Revocation>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("revoke").await?;
    let model = lookup::model(tx.conn(), &ctx.reach, model).await?;
    let realm = lookup::realm(tx.conn(), &ctx.reach, realm).await?;
    realms::lock(tx.conn(), realm.id).await?.ok_or_else(|| Error::not_found("realm", realm.id))?;
    let generations = keys::views(tx.conn(), realm.id).await?;
    let mut objects = keys::objects(tx.conn(), realm.id).await?;
    let live = grants::live(tx.conn(), realm.id, model.id).await?;
    let Some(live) = live else {
        let newest = grants::newest(tx.conn(), realm.id, model.id).await?;
        let Some((grant, since)) =
            newest.filter(|g| g.state() == GrantState::Revoking).and_then(|g| g.revoked_at.map(|at| (g, at)))
        else {
            return Err(Error::not_found("grant", format!("{} in {}", model.litellm_model_name, realm.slug)));
        };
        let view = Revocation { model_id: model.id, realm_id: realm.id, state: grant.state(), since };
        objects.push(Object::revocation(grant.id));
        return Ok(Written { revision: grant.revoke_revision, ..Written::unchanged(view, None, objects) });
    };
    let before = view(&model, &realm, &live, &generations);
    objects.extend(grants::revoke(tx.conn(), realm.id, model.id, now).await?);
    let change = Change {
        kind: "revoke",
        realms: vec![realm.id],
        urgent: true,
        summary: summary(&model, &realm),
        objects: objects.clone(),
        models: vec![model.id],
        ..Change::default()
    };
    let entry = Entry::new(subject(model.id, realm.id)).before(&before);
    let revision = s.finish(tx, ctx, change, entry).await?;
    let view = Revocation { model_id: model.id, realm_id: realm.id, state: GrantState::Revoking, since: now };
    Ok(Written { view, version: None, revision: Some(revision), objects, created: false })
}

/// How far a revocation is now: read after waiting for it.
pub async fn revocation(s: &Services, asked: &Revocation) -> Result<Revocation> {
    let newest = grants::newest(&mut *s.store.conn().await?, asked.realm_id, asked.model_id).await?;
    // No row: the model or the realm went meanwhile, and the right with it.
    let state = newest.map_or(GrantState::Revoked, |g| g.state());
    Ok(Revocation { state, ..asked.clone() })
}

/// Grants of a model, active and revoking.
pub async fn of_model(s: &Services, reach: &Reach, model: &str) -> Result<Vec<Synced<GrantView>>> {
    let mut conn = s.store.conn().await?;
    let model = lookup::model(&mut conn, reach, model).await?;
    let mut rows = grants::list(&mut conn, None, Some(model.id)).await?;
    if let Some(among) = reach.may.filter() {
        rows.retain(|g| among.contains(&g.realm_id.0));
    }
    let ids: Vec<Uuid> = rows.iter().map(|g| g.realm_id.0).collect();
    let realms = realms::list(&mut conn, Some(&ids)).await?;
    let realms: HashMap<RealmId, Realm> = realms.into_iter().map(|r| (r.id, r)).collect();
    let keys = keys::of_realms(&mut conn, &ids).await?;
    drop(conn);
    let pairs = rows.iter().filter_map(|g| realms.get(&g.realm_id).map(|realm| (g, &model, realm)));
    with_sync(s, pairs, &keys).await
}

/// Grants of a realm, active and revoking.
pub async fn of_realm(s: &Services, reach: &Reach, realm: &str) -> Result<Vec<Synced<GrantView>>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, realm).await?;
    let rows = grants::list(&mut conn, Some(realm.id), None).await?;
    let ids: Vec<Uuid> = rows.iter().map(|g| g.model_id.0).collect();
    let named = models::Named { ids: Some(&ids), ..models::Named::default() };
    let models: HashMap<ModelId, Model> =
        models::list(&mut conn, named).await?.into_iter().map(|m| (m.id, m)).collect();
    let keys = HashMap::from([(realm.id, keys::views(&mut conn, realm.id).await?)]);
    drop(conn);
    let pairs = rows.iter().filter_map(|g| models.get(&g.model_id).map(|model| (g, model, &realm)));
    with_sync(s, pairs, &keys).await
}

/// One grant, active or revoking.
pub async fn get(s: &Services, reach: &Reach, model: &str, realm: &str) -> Result<Synced<GrantView>> {
    let mut conn = s.store.conn().await?;
    let model = lookup::model(&mut conn, reach, model).await?;
    let realm = lookup::realm(&mut conn, reach, realm).await?;
    let not_found = || Error::not_found("grant", format!("{} in {}", model.litellm_model_name, realm.slug));
    let grant = grants::newest(&mut conn, realm.id, model.id)
        .await?
        .filter(|g| g.state() != GrantState::Revoked)
        .ok_or_else(not_found)?;
    let keys = HashMap::from([(realm.id, keys::views(&mut conn, realm.id).await?)]);
    drop(conn);
    with_sync(s, [(&grant, &model, &realm)].into_iter(), &keys).await?.pop().ok_or_else(not_found)
}

fn check(new: &NewGrant, now: DateTime<Utc>) -> Result<()> {
    check_budget(new.monthly_budget_usd)?;
    check_text("reason", new.reason.as_deref().unwrap_or_default(), 500)?;
    if new.expires_at.flatten().is_some_and(|at| at <= now) {
        return Err(Error::invalid("expiresAt", "lies in the past; give a later time, or leave it out"));
    }
    Ok(())
}

fn view(model: &Model, realm: &Realm, grant: &Grant, keys: &[KeyView]) -> GrantView {
    GrantView {
        model_id: model.id,
        litellm_model_name: model.litellm_model_name.clone(),
        realm_id: realm.id,
        realm_slug: realm.slug.clone(),
        state: grant.state(),
        since: grant.done_at.or(grant.revoked_at).unwrap_or(grant.created_at),
        expires_at: grant.expires_at,
        reason: grant.reason.clone(),
        monthly_budget_usd: realm.monthly_budget_usd,
        key: keys.iter().find(|k| k.agent_did.is_none()).cloned(),
        created_at: grant.created_at,
        created_by: grant.created_by.clone(),
    }
}

async fn with_sync<'a>(
    s: &Services,
    rows: impl Iterator<Item = (&'a Grant, &'a Model, &'a Realm)>,
    keys: &HashMap<RealmId, Vec<KeyView>>,
) -> Result<Vec<Synced<GrantView>>> {
    let (mut views, mut subjects) = (Vec::new(), Vec::new());
    for (grant, model, realm) in rows {
        let keys = keys.get(&realm.id).map_or(&[][..], Vec::as_slice);
        views.push(view(model, realm, grant, keys));
        subjects.push(Subject {
            audit: vec![subject(model.id, realm.id)],
            objects: keys::objects_of(realm.id, keys),
        });
    }
    let syncs = sync::read(s, &subjects).await?;
    Ok(views.into_iter().zip(syncs).map(|(view, sync)| Synced { view, sync }).collect())
}

fn subject(model: ModelId, realm: RealmId) -> String {
    format!("grant/{realm}/{model}")
}

fn summary(model: &Model, realm: &Realm) -> serde_json::Value {
    serde_json::json!({ "model": model.litellm_model_name, "realm": realm.slug })
}
