//! The emergency stop: one act blocks a realm, an agent, a model or a proxy everywhere, with evidence, and one act restores
//! exactly what was. Nothing of the registry is changed but that it is frozen, so there is nothing to be put back.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, check_text, keys as key_service, lookup,
    models::rights,
    sync::{self, Subject, Synced},
};
use crate::{
    base::{context::Context, ids::RealmId, reach::Reach},
    domain::{
        agent::AgentStatus,
        change::{Change, Location, Revision},
        error::{Error, Result},
        freeze::{Freeze, FreezeKind},
        object::{Object, ObjectKind},
    },
    store::{Conn, Tx, agents, audit, changes, desired, evidence, freezes, keys, models, realms},
};

/// How long the other agents of a realm have to take the key that replaces the one which a frozen agent knew.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// A freeze as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FreezeView {
    pub kind: FreezeKind,
    /// Id of the realm, model or proxy; DID of the agent.
    pub id: String,
    /// Slug, model name, proxy's or agent's name.
    pub name: String,
    pub reason: String,
    pub frozen_at: DateTime<Utc>,
    pub frozen_by: String,
}

impl FreezeView {
    fn new(freeze: Freeze, name: String) -> Self {
        Self {
            kind: freeze.kind,
            id: freeze.object_id,
            name,
            reason: freeze.reason,
            frozen_at: freeze.frozen_at,
            frozen_by: freeze.frozen_by,
        }
    }
}

/// What a frozen thing shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Frozen {
    pub since: DateTime<Utc>,
    pub reason: String,
    pub by: String,
}

/// What is frozen of a kind, by id.
pub(super) async fn of_kind(conn: &mut Conn, kind: FreezeKind) -> Result<HashMap<String, Frozen>> {
    let all = freezes::list(conn, Some(kind), None, None).await?.into_iter();
    Ok(all.map(|f| (f.object_id, Frozen { since: f.frozen_at, reason: f.reason, by: f.frozen_by })).collect())
}

/// Those that the caller may see.
pub async fn list(s: &Services, reach: &Reach) -> Result<Vec<Synced<FreezeView>>> {
    read(s, reach, None).await
}

async fn read(
    s: &Services,
    reach: &Reach,
    thing: Option<(FreezeKind, &str)>,
) -> Result<Vec<Synced<FreezeView>>> {
    let mut conn = s.store.conn().await?;
    let found = freezes::named(&mut conn, thing, reach.may.filter().as_deref(), i64::MAX).await?;
    let views: Vec<FreezeView> = found.into_iter().map(|f| FreezeView::new(f.freeze, f.name)).collect();
    let subjects: Vec<String> = views.iter().map(subject).collect();
    let revisions = audit::revisions(&mut conn, &subjects, &subjects).await?;
    // What the freeze asked of the proxies, and not only how the thing is now: the proofs are in it.
    let mut objects: HashMap<Revision, Vec<Object>> = HashMap::new();
    let asked: Vec<Revision> = revisions.values().copied().collect();
    for (revision, object) in changes::objects(&mut conn, &asked).await? {
        objects.entry(revision).or_default().push(object);
    }
    drop(conn);
    sync::with(s, views, |view| {
        let subject = subject(view);
        let objects = revisions.get(&subject).and_then(|r| objects.get(r)).cloned().unwrap_or_default();
        Subject { audit: vec![subject], objects }
    })
    .await
}

/// Stops it, now. Frozen already, it stays so, with the reason that it has.
pub async fn freeze(
    s: &Services,
    ctx: &Context,
    kind: FreezeKind,
    name: &str,
    reason: &str,
) -> Result<Written<FreezeView>> {
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "is missing; say why, since agents and colleagues are told"));
    }
    check_text("reason", reason, 500)?;
    let mut tx = s.store.begin("freeze").await?;
    let target = Target::lock(&mut tx, &ctx.reach, kind, name).await?;
    let freeze = Freeze {
        kind,
        object_id: target.id.clone(),
        reason: reason.trim().to_owned(),
        frozen_at: s.store.clock.now(),
        frozen_by: ctx.actor.clone(),
    };
    if !freezes::insert(tx.conn(), &freeze).await? {
        let there =
            freezes::list(tx.conn(), Some(kind), Some(&target.id), None).await?.pop().unwrap_or(freeze);
        return Ok(Written::unchanged(target.view(there), None, Vec::new()));
    }
    let mut change = target.change(tx.conn(), "freeze").await?;
    change.urgent = true;
    change.objects.extend(target.proofs(s, &ctx.reach, tx.conn()).await?);
    let view = target.view(freeze);
    let entry = Entry::new(subject(&view)).after(&view).at(Location::created(format!(
        "/api/freezes/{kind}/{}",
        view.id,
        kind = kind.as_str()
    )));
    let objects = change.objects.clone();
    let revision = s.finish(tx, ctx, change, entry).await?;
    Ok(Written { view, version: None, revision: Some(revision), objects, created: true })
}

/// Lets it go on with exactly what it had.
pub async fn unfreeze(
    s: &Services,
    ctx: &Context,
    kind: FreezeKind,
    name: &str,
) -> Result<Written<FreezeView>> {
    let mut tx = s.store.begin("unfreeze").await?;
    let target = Target::lock(&mut tx, &ctx.reach, kind, name).await?;
    let not_frozen = || Error::not_found("freeze", format!("{} {}", kind.as_str(), target.name));
    let freeze =
        freezes::list(tx.conn(), Some(kind), Some(&target.id), None).await?.pop().ok_or_else(not_frozen)?;
    freezes::delete(tx.conn(), kind, &target.id).await?;
    let change = target.change(tx.conn(), "unfreeze").await?;
    let view = target.view(freeze);
    let objects = change.objects.clone();
    let revision = s.finish(tx, ctx, change, Entry::new(subject(&view)).before(&view)).await?;
    Ok(Written { view, version: None, revision: Some(revision), objects, created: false })
}

/// One freeze.
pub async fn get(s: &Services, reach: &Reach, kind: FreezeKind, name: &str) -> Result<Synced<FreezeView>> {
    let id = Target::find(&mut *s.store.conn().await?, reach, kind, name).await?.id;
    let not_found = || Error::not_found("freeze", format!("{} {name}", kind.as_str()));
    read(s, reach, Some((kind, &id))).await?.pop().ok_or_else(not_found)
}

fn subject(view: &FreezeView) -> String {
    format!("freeze/{}/{}", view.kind.as_str(), view.id)
}

/// What is frozen or thawed.
struct Target {
    kind: FreezeKind,
    id: String,
    name: String,
    /// Whose rights hang on it: the realm itself, those of the agent, those that hold the model.
    realms: Vec<RealmId>,
}

impl Target {
    async fn find(conn: &mut Conn, reach: &Reach, kind: FreezeKind, name: &str) -> Result<Self> {
        if matches!(kind, FreezeKind::Model | FreezeKind::Proxy) {
            lookup::everywhere(reach, "everywhere: every realm hangs on it")?;
        }
        let (id, name, realms) = match kind {
            FreezeKind::Realm => {
                let realm = lookup::realm(conn, reach, name).await?;
                (realm.id.to_string(), realm.slug, vec![realm.id])
            }
            FreezeKind::Agent => {
                let agent = lookup::agent(conn, reach, name).await?;
                let members = realms::of_agents(conn, std::slice::from_ref(&agent.did)).await?;
                let mut realms: Vec<RealmId> = members.into_iter().map(|m| m.realm_id).collect();
                realms.sort_unstable();
                (agent.did, agent.name, realms)
            }
            FreezeKind::Model => {
                let model = lookup::model(conn, reach, name).await?;
                (model.id.to_string(), model.litellm_model_name, models::realms(conn, model.id).await?)
            }
            FreezeKind::Proxy => {
                let proxy = lookup::proxy(conn, name).await?;
                (proxy.id.to_string(), proxy.name, Vec::new())
            }
        };
        Ok(Self { kind, id, name, realms })
    }

    /// Takes the locks of those whose rights are about to change, in the order of everybody: models, realms, agents, head.
    async fn lock(tx: &mut Tx, reach: &Reach, kind: FreezeKind, name: &str) -> Result<Self> {
        let found = Self::find(tx.conn(), reach, kind, name).await?;
        if kind == FreezeKind::Agent {
            lookup::whole_agent(tx.conn(), reach, &found.id).await?;
        }
        if kind == FreezeKind::Model {
            let model = lookup::model(tx.conn(), reach, &found.id).await?.id;
            models::lock(tx.conn(), model).await?;
        }
        for realm in &found.realms {
            realms::lock(tx.conn(), *realm).await?;
        }
        match kind {
            FreezeKind::Agent => drop(agents::lock(tx.conn(), &found.id).await?),
            FreezeKind::Proxy => drop(tx.lock_head().await?),
            FreezeKind::Realm | FreezeKind::Model => {}
        }
        // As it is now that nobody changes it.
        Self::find(tx.conn(), reach, kind, &found.id).await
    }

    /// What becomes another one by it.
    async fn change(&self, conn: &mut Conn, kind: &'static str) -> Result<Change> {
        let mut change = Change {
            kind,
            summary: serde_json::json!({ "kind": self.kind, "name": self.name }),
            ..Change::default()
        };
        match self.kind {
            FreezeKind::Realm | FreezeKind::Model => {
                change.realms.clone_from(&self.realms);
                change.objects = rights(conn, &self.realms).await?;
            }
            FreezeKind::Agent => {
                change.agents = vec![self.id.clone()];
                for key in keys::list(conn, None).await? {
                    if key.did.as_deref() == Some(self.id.as_str()) {
                        change.objects.push(Object::key(key.id));
                    }
                }
            }
            FreezeKind::Proxy => {
                change.everyone = true;
                change.only_proxy = Some(lookup::proxy(conn, &self.id).await?.id);
                change.objects = desired::all_objects(conn).await?;
                change.objects.retain(|o| o.kind != ObjectKind::Deployment);
            }
        }
        Ok(change)
    }

    /// What each proxy has to be proven to refuse, and the keys that others get in the place of one that is known.
    async fn proofs(&self, s: &Services, reach: &Reach, conn: &mut Conn) -> Result<Vec<Object>> {
        let now = s.store.clock.now();
        let mut objects = Vec::new();
        let mut stopped = Vec::new();
        match self.kind {
            FreezeKind::Model => {
                let model = lookup::model(conn, reach, &self.id).await?.id;
                for realm in &self.realms {
                    let id = s.store.ids.uuid();
                    objects.extend(evidence::suspend(conn, id, *realm, model, now).await?);
                }
            }
            FreezeKind::Realm | FreezeKind::Proxy => {
                for key in keys::list(conn, self.realms.first().copied()).await? {
                    stopped.push((s.store.ids.uuid(), key.id));
                }
            }
            FreezeKind::Agent => {
                for realm in &self.realms {
                    for key in keys::list(conn, Some(*realm)).await? {
                        if key.did.as_deref() == Some(self.id.as_str()) {
                            stopped.push((s.store.ids.uuid(), key.id));
                        }
                    }
                    if lookup::agent(conn, reach, &self.id).await?.status == AgentStatus::Approved {
                        objects.extend(key_service::replace_shared(s, conn, *realm, OVERLAP).await?);
                    }
                }
            }
        }
        let proxy = match self.kind {
            FreezeKind::Proxy => Some(lookup::proxy(conn, &self.id).await?.id),
            _ => None,
        };
        objects.extend(evidence::suspend_keys(conn, &stopped, proxy, now).await?);
        Ok(objects)
    }

    fn view(&self, freeze: Freeze) -> FreezeView {
        FreezeView::new(freeze, self.name.clone())
    }
}
