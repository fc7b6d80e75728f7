//! Making a realm.

use super::{RealmView, check, view};
use crate::{
    base::{context::Context, ids::RealmId},
    domain::{
        change::{Change, Location},
        error::{Error, Result},
        placement::Placement,
        realm::{KeyScope, Realm},
        slug,
    },
    service::{Entry, Services, Written},
    store::{is_unique_violation, realms},
};

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

pub async fn create(s: &Services, ctx: &Context, new: NewRealm) -> Result<Written<RealmView>> {
    // Before a slug is made of it.
    slug::check_name("name", &new.name)?;
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
    check(&realm)?;
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
