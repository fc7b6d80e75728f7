//! Realms: what is shown of one, and reading them. Writing is in the files beside this one, membership in `members`, the virtual
//! key in `keys`.

pub mod create;
pub mod delete;
pub mod update;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{
    create::{NewRealm, create},
    delete::delete,
    update::{RealmPatch, update},
};
use super::{
    Services, check_budget, check_range, check_text,
    freezes::{self, Frozen},
    keys::{self, KeyView},
    lookup,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{
        ids::{ModelId, RealmId},
        page::{Order, OrderedRequest, Page, in_order},
        reach::Reach,
    },
    domain::{
        error::{Error, Result},
        freeze::FreezeKind,
        object::Object,
        placement::{self, Placement},
        realm::{KeyScope, Realm},
        slug,
    },
    store::{Conn, realms},
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

pub async fn get(s: &Services, reach: &Reach, name: &str) -> Result<Synced<RealmView>> {
    let mut conn = s.store.conn().await?;
    let realm = lookup::realm(&mut conn, reach, name).await?;
    let view = view(&mut conn, realm).await?;
    drop(conn);
    Ok(Synced { sync: sync::read_one(s, subject(&view)).await?, view })
}

/// Which realms to list; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Part of the slug or name, case-insensitive.
    pub search: Option<String>,
    /// Whether a model is granted to it.
    pub granted: Option<bool>,
    pub frozen: Option<bool>,
}

/// In the order asked for.
pub async fn list(
    s: &Services,
    reach: &Reach,
    wanted: &Wanted,
    page: &OrderedRequest,
) -> Result<Page<Synced<RealmView>>> {
    let mut conn = s.store.conn().await?;
    let among = reach.may.filter();
    let filter = realms::Filter {
        among: among.as_deref(),
        search: wanted.search.as_deref(),
        granted: wanted.granted,
        frozen: wanted.frozen,
        page,
    };
    let found = page.cut(realms::find(&mut conn, &filter).await?);
    let ids: Vec<Uuid> = found.items.iter().filter_map(|id| id.parse().ok()).collect();
    let rows = realms::list(&mut conn, Some(&ids)).await?;
    let views = views(&mut conn, in_order(&ids, rows, |r| r.id.0)).await?;
    drop(conn);
    Ok(Page { items: sync::with(s, views, subject).await?, next_cursor: found.next_cursor })
}

/// Finds a realm, locks it, and reads it as it is then.
pub(super) async fn lock(conn: &mut Conn, reach: &Reach, name: &str) -> Result<Realm> {
    let found = lookup::realm(conn, reach, name).await?;
    realms::lock(conn, found.id).await?.ok_or_else(|| Error::not_found("realm", name))?;
    lookup::realm(conn, reach, &found.id.to_string()).await
}

/// What people may say of a realm, whether it is made or edited.
fn check(realm: &Realm) -> Result<()> {
    slug::check_name("name", &realm.name)?;
    check_text("description", &realm.description, MAX_DESCRIPTION)?;
    check_budget(realm.monthly_budget_usd)?;
    placement::check(&realm.placement)?;
    check_range("keyMaxAgeDays", realm.key_max_age_days, 1, MAX_KEY_AGE)
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
