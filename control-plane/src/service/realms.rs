//! Realms: making, editing, removing, reading. Membership is in `members`, the virtual key in `keys`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Entry, Services, Written, check_budget, check_range, check_text, check_version,
    freezes::{self, Frozen},
    keys::{self, KeyView},
    lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        context::Context,
        ids::{ModelId, RealmId},
        page::{Order, OrderedRequest, Page, in_order},
        reach::Reach,
    },
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        freeze::FreezeKind,
        object::Object,
        placement::{self, Placement},
        realm::{KeyScope, Realm},
        slug,
    },
    store::{Conn, grants, is_unique_violation, models, realms},
};

const MAX_DESCRIPTION: usize = 2000;
/// Largest `keyMaxAgeDays`.
const MAX_KEY_AGE: i32 = 3650;

/// A realm as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealmView {
    pub id: RealmId,
    /// Unique and immutable.
    pub slug: String,
    pub name: String,
    pub description: String,
    /// Agents that enrol without a realm join this one.
    pub is_default: bool,
    /// What its agents get when no model was chosen for them.
    pub default_model_id: Option<ModelId>,
    /// US dollars a month over all its agents; null: no limit.
    pub monthly_budget_usd: Option<f64>,
    /// Which proxies serve it, best first: labels that a proxy must have, its name as the label `name`. Empty: every proxy.
    #[schema(value_type = Vec<Object>)]
    pub placement: Placement,
    /// `realm`: its agents share one virtual key. `agent`: each has its own, listed under `/keys`.
    pub key_scope: KeyScope,
    /// A key older than this is replaced by itself; null: never.
    pub key_max_age_days: Option<i32>,
    /// Generations of the virtual key that its agents share, newest first; empty before the first grant.
    pub keys: Vec<KeyView>,
    /// Its team and all its keys, for `sync`.
    #[serde(skip)]
    objects: Vec<Object>,
    /// Set while an admin has stopped it.
    pub frozen: Option<Frozen>,
    /// How many models it may use.
    pub grants: i64,
    /// How many agents it has.
    pub members: i64,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How realms are ordered; equal ones by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum RealmSort {
    #[default]
    #[serde(rename = "slug")]
    Slug,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "created")]
    Created,
    #[serde(rename = "-created")]
    CreatedDown,
    #[serde(rename = "members")]
    Members,
    #[serde(rename = "-members")]
    MembersDown,
}

impl RealmSort {
    pub fn order(self) -> Order {
        match self {
            Self::Slug => Order::up("slug"),
            Self::Name => Order::up("name"),
            Self::NameDown => Order::down("name"),
            Self::Created => Order::up("created"),
            Self::CreatedDown => Order::down("created"),
            Self::Members => Order::up("members"),
            Self::MembersDown => Order::down("members"),
        }
    }
}

/// A realm to be made.
#[derive(Clone, Debug, Default)]
pub struct NewRealm {
    pub name: String,
    /// `None`: made from the name.
    pub slug: Option<String>,
    pub description: String,
    pub is_default: bool,
    pub monthly_budget_usd: Option<f64>,
    pub placement: Placement,
    pub key_scope: KeyScope,
    pub key_max_age_days: Option<i32>,
}

/// An edit; what is `None` stays, the inner `None` clears.
#[derive(Clone, Debug, Default)]
pub struct RealmPatch {
    pub name: Option<String>,
    pub description: Option<String>,
    pub is_default: Option<bool>,
    /// Id or name of a model.
    pub default_model: Option<Option<String>>,
    pub monthly_budget_usd: Option<Option<f64>>,
    pub placement: Option<Placement>,
    pub key_scope: Option<KeyScope>,
    pub key_max_age_days: Option<Option<i32>>,
}

pub async fn create(s: &Services, ctx: &Context, new: NewRealm) -> Result<Written<RealmView>> {
    slug::check_name("name", &new.name)?;
    check_text("description", &new.description, MAX_DESCRIPTION)?;
    check_budget(new.monthly_budget_usd)?;
    placement::check(&new.placement)?;
    check_range("keyMaxAgeDays", new.key_max_age_days, 1, MAX_KEY_AGE)?;
    let typed = new.slug.is_some();
    let slug = new.slug.unwrap_or_else(|| slug::from_name(&new.name));
    if slug.is_empty() && !typed {
        return Err(Error::invalid("slug", "cannot be made from this name; give one, such as \"team-a\""));
    }
    slug::check("slug", &slug)?;
    let now = s.store.clock.now();
    let realm = Realm {
        id: RealmId(s.store.ids.uuid()),
        slug,
        name: new.name.trim().to_owned(),
        description: new.description,
        is_default: new.is_default,
        default_model_id: None,
        monthly_budget_usd: new.monthly_budget_usd,
        placement: new.placement,
        key_scope: new.key_scope,
        key_max_age_days: new.key_max_age_days,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut tx = s.store.begin("realm.create").await?;
    match realms::insert(tx.conn(), &realm).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "slug-taken",
                format!("there is a realm {:?} already; choose another slug", realm.slug),
            ));
        }
        other => other?,
    }
    let id = realm.id;
    let view = view(tx.conn(), realm).await?;
    let change = Change {
        kind: "realm.create",
        summary: serde_json::json!({ "realm": view.slug }),
        ..Change::default()
    };
    let entry =
        Entry::new(format!("realm/{id}")).after(&view).at(Location::created(format!("/api/realms/{id}")));
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { version: Some(1), view, revision: Some(revision), objects: Vec::new(), created: true })
}

pub async fn get(s: &Services, reach: &Reach, name: &str) -> Result<Synced<RealmView>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, name).await?;
    let view = view(&mut conn, realm).await?;
    drop(conn);
    Ok(Synced { sync: sync::read_one(s, subject(&view)).await?, view })
}

/// In the order asked for.
pub async fn list(
    s: &Services,
    reach: &Reach,
    search: Option<&str>,
    page: &OrderedRequest,
) -> Result<Page<Synced<RealmView>>> {
    let mut conn = s.store.conn().await?;
    let among = reach.may.filter();
    let found = page.cut(realms::find(&mut conn, among.as_deref(), search, page).await?);
    let ids: Vec<Uuid> = found.items.iter().filter_map(|id| id.parse().ok()).collect();
    let rows = realms::list(&mut conn, Some(&ids)).await?;
    let views = views(&mut conn, in_order(&ids, rows, |r| r.id.0)).await?;
    drop(conn);
    let syncs = sync::read(s, &views.iter().map(subject).collect::<Vec<_>>()).await?;
    let items = views.into_iter().zip(syncs).map(|(view, sync)| Synced { view, sync }).collect();
    Ok(Page { items, next_cursor: found.next_cursor })
}

pub async fn update(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
    patch: RealmPatch,
) -> Result<Written<RealmView>> {
    let now = s.store.clock.now();
    if patch.is_default.is_some() {
        lookup::everywhere(&ctx.reach, "everywhere, to choose the default realm")?;
    }
    let mut tx = s.store.begin("realm.update").await?;
    // Models are locked before realms, everywhere.
    let default_model = match &patch.default_model {
        Some(Some(name)) => {
            let model = lookup::in_field("defaultModelId", lookup::model(tx.conn(), &ctx.reach, name).await)?;
            models::lock(tx.conn(), model.id).await?;
            Some(Some(model.id))
        }
        Some(None) => Some(None),
        None => None,
    };
    let old = lock(tx.conn(), &ctx.reach, name).await?;
    check_version(expected, old.version)?;
    let before = view(tx.conn(), old.clone()).await?;
    let new = Realm {
        name: patch.name.map_or_else(|| old.name.clone(), |name| name.trim().to_owned()),
        description: patch.description.unwrap_or_else(|| old.description.clone()),
        is_default: patch.is_default.unwrap_or(old.is_default),
        default_model_id: default_model.unwrap_or(old.default_model_id),
        monthly_budget_usd: patch.monthly_budget_usd.unwrap_or(old.monthly_budget_usd),
        placement: patch.placement.unwrap_or_else(|| old.placement.clone()),
        key_scope: patch.key_scope.unwrap_or(old.key_scope),
        key_max_age_days: patch.key_max_age_days.unwrap_or(old.key_max_age_days),
        ..old.clone()
    };
    slug::check_name("name", &new.name)?;
    check_text("description", &new.description, MAX_DESCRIPTION)?;
    check_budget(new.monthly_budget_usd)?;
    placement::check(&new.placement)?;
    check_range("keyMaxAgeDays", new.key_max_age_days, 1, MAX_KEY_AGE)?;
    if let Some(model) = new.default_model_id.filter(|_| default_model.is_some())
        && grants::live(tx.conn(), new.id, model).await?.is_none()
    {
        return Err(Error::invalid(
            "defaultModelId",
            format!("is not granted to {}; grant the model to the realm first", new.slug),
        ));
    }
    if new == old {
        let everything = before.objects.clone();
        return Ok(Written::unchanged(before, Some(old.version), everything));
    }
    realms::update(tx.conn(), &new, now).await?;
    let rescoped = new.key_scope != old.key_scope;
    if rescoped {
        keys::rescope(s, tx.conn(), new.id).await?;
    }
    let everything = keys::objects(tx.conn(), new.id).await?;
    let after = lookup::realm(tx.conn(), &ctx.reach, &new.id.to_string()).await?;
    let after = view(tx.conn(), after).await?;
    let moved = new.placement != old.placement;
    let on_proxies = moved || rescoped || new.monthly_budget_usd != old.monthly_budget_usd;
    let in_documents = moved || rescoped || new.default_model_id != old.default_model_id;
    let mut models = Vec::new();
    if moved {
        models.extend(grants::list(tx.conn(), Some(new.id), None).await?.iter().map(|g| g.model_id));
    }
    let change = Change {
        kind: "realm.update",
        realms: if in_documents { vec![new.id] } else { Vec::new() },
        summary: serde_json::json!({ "realm": new.slug }),
        objects: if on_proxies && everything.len() > 1 { everything.clone() } else { Vec::new() },
        models,
        ..Change::default()
    };
    let entry = Entry::new(format!("realm/{}", new.id)).before(&before).after(&after);
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written {
        version: Some(after.version),
        view: after,
        revision: Some(revision),
        objects: everything,
        created: false,
    })
}

/// Removes a realm: its rights end at once, its team and keys leave every proxy. The registry keeps the keys until every proxy
/// was proven to refuse them.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<RealmId>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("realm.delete").await?;
    let realm = lock(tx.conn(), &ctx.reach, name).await?;
    check_version(expected, realm.version)?;
    let id = realm.id;
    let before = view(tx.conn(), realm).await?;
    let members = realms::member_dids(tx.conn(), id).await?;
    let held: Vec<ModelId> =
        grants::list(tx.conn(), Some(id), None).await?.iter().map(|g| g.model_id).collect();
    let mut objects = Vec::new();
    let generations = keys::views(tx.conn(), id).await?;
    if !generations.is_empty() {
        objects.clone_from(&before.objects);
        objects.extend(keys::close(s, tx.conn(), &generations).await?);
    }
    for model in &held {
        // Also ends the choices that rest on it.
        grants::revoke(tx.conn(), id, *model, now).await?;
    }
    realms::delete(tx.conn(), id).await?;
    let change = Change {
        kind: "realm.delete",
        realms: vec![id],
        agents: members,
        urgent: true,
        summary: serde_json::json!({ "realm": before.slug }),
        objects: objects.clone(),
        models: held,
        ..Change::default()
    };
    let revision = s.finish(tx, ctx, change, Entry::new(format!("realm/{id}")).before(&before)).await?;
    Ok(Written { view: id, version: None, revision: Some(revision), objects, created: false })
}

/// Finds a realm, locks it, and reads it as it is then.
pub(super) async fn lock(conn: &mut Conn, reach: &Reach, name: &str) -> Result<Realm> {
    let found = lookup::realm(conn, reach, name).await?;
    realms::lock(conn, found.id).await?.ok_or_else(|| Error::not_found("realm", name))?;
    lookup::realm(conn, reach, &found.id.to_string()).await
}

async fn view(conn: &mut Conn, realm: Realm) -> Result<RealmView> {
    let id = realm.id;
    views(conn, vec![realm]).await?.pop().ok_or_else(|| Error::not_found("realm", id))
}

async fn views(conn: &mut Conn, realms: Vec<Realm>) -> Result<Vec<RealmView>> {
    let ids: Vec<uuid::Uuid> = realms.iter().map(|r| r.id.0).collect();
    let counts: HashMap<RealmId, (i64, i64)> = realms::counts(conn, &ids)
        .await?
        .into_iter()
        .map(|(id, grants, members)| (id, (grants, members)))
        .collect();
    let mut frozen = freezes::of_kind(conn, FreezeKind::Realm).await?;
    let mut keys = keys::of_realms(conn, &ids).await?;
    Ok(realms
        .into_iter()
        .map(|r| {
            let generations = keys.remove(&r.id).unwrap_or_default();
            let (grants, members) = counts.get(&r.id).copied().unwrap_or_default();
            RealmView {
                objects: keys::objects_of(r.id, &generations),
                keys: generations.into_iter().filter(|k| k.agent_did.is_none()).collect(),
                frozen: frozen.remove(&r.id.to_string()),
                grants,
                members,
                id: r.id,
                slug: r.slug,
                name: r.name,
                description: r.description,
                is_default: r.is_default,
                default_model_id: r.default_model_id,
                monthly_budget_usd: r.monthly_budget_usd,
                placement: r.placement,
                key_scope: r.key_scope,
                key_max_age_days: r.key_max_age_days,
                version: r.version,
                created_at: r.created_at,
                updated_at: r.updated_at,
            }
        })
        .collect())
}

fn subject(view: &RealmView) -> Subject {
    Subject { audit: vec![format!("realm/{}", view.id)], objects: view.objects.clone() }
}
