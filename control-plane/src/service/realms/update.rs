//! Editing a realm.

use super::{RealmView, check, lock, view};
use crate::{
    base::context::Context,
    domain::{
        change::Change,
        error::{Error, Result},
        placement::Placement,
        realm::{KeyScope, Realm},
    },
    service::{Entry, Services, Written, check_version, keys, lookup},
    store::{grants, models, realms},
};

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
    check(&new)?;
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
