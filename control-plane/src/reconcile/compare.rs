//! What a proxy lists against what we last made true there. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::{
    base::ids::InstallationId,
    domain::{
        access::NO_MODELS,
        drift::{Drift, DriftClass},
        foreign::Foreign,
        object::{Object, ObjectKind},
    },
    proxy::Mark,
    store::applied::{Applied, AppliedState},
};

/// How long an instance may show the deployments that were there before: it polls every 30 s (LITELLM.md C). Lists of teams
/// and keys come from the proxy's database.
pub(super) const FOLLOWS: TimeDelta = TimeDelta::seconds(35);

/// One listed object, reduced to what is compared.
pub(super) struct Listed {
    pub kind: ObjectKind,
    pub external_id: String,
    /// Model name or alias.
    pub name: String,
    pub mark: Option<Mark>,
    /// `None` where a list is not what is compared.
    pub models: Option<Vec<String>>,
    pub blocked: bool,
    /// It needs its lifetime renewed.
    pub expiring: bool,
    /// Of the proxy's configuration file.
    pub in_file: bool,
    /// US dollars since the last reset, and the next one.
    pub spend: Option<(f64, Option<DateTime<Utc>>)>,
    /// What it is, when it has no mark.
    pub foreign: Option<Foreign>,
}

/// What a scan found.
#[derive(Default)]
pub(super) struct Found {
    /// Changed or gone since we last made it true.
    pub drifted: Vec<Object>,
    /// Those of them that are gone.
    pub missing: BTreeSet<Object>,
    /// As we made it, and yet something is to be done: a lifetime to renew, a key whose making was cut off.
    pub due: Vec<Object>,
    /// Ours by its mark, but unknown, with its name there.
    pub strangers: Vec<(Object, String)>,
    /// All differences, for people.
    pub drift: Vec<Drift>,
}

/// `minted` are the keys that the registry has, by the name that each has on a proxy.
pub(super) fn compare(
    owner: InstallationId,
    listed: &[Listed],
    known: &[Applied],
    minted: &BTreeMap<String, Object>,
    now: DateTime<Utc>,
) -> Found {
    let by_name: BTreeMap<(ObjectKind, &str), &Applied> =
        known.iter().map(|a| ((a.kind, a.external_id.as_str()), a)).collect();
    let known_ids: BTreeSet<Object> = known.iter().map(Applied::object).collect();
    let our_models: BTreeSet<&str> = known
        .iter()
        .filter(|a| a.kind == ObjectKind::Deployment)
        .flat_map(|a| a.models.iter().map(String::as_str))
        .collect();
    let mut found = Found::default();
    let mut seen = BTreeSet::new();
    for l in listed {
        let ours = l.mark.as_ref().filter(|m| m.owner == owner);
        match (by_name.get(&(l.kind, l.external_id.as_str())), ours) {
            (Some(a), _) => {
                seen.insert(a.object());
                let fields = if settled(a, now) { differences(a, l) } else { Vec::new() };
                if !fields.is_empty() {
                    found.drifted.push(a.object());
                    found.drift.push(l.drift(DriftClass::Changed, Some(a.object_id), &fields));
                } else if a.state == AppliedState::Applied && l.expiring {
                    found.due.push(a.object());
                }
            }
            (None, Some(mark)) => {
                if let Some(object) = minted.get(&l.external_id) {
                    found.due.push(*object);
                    continue;
                }
                let mut object = Object { kind: l.kind, id: mark.id };
                let copy = known_ids.contains(&object);
                if copy {
                    // Removed under an id of its own.
                    object.id = Uuid::new_v5(&mark.id, l.external_id.as_bytes());
                }
                let class = if copy { DriftClass::Duplicate } else { DriftClass::Extra };
                found.drift.push(l.drift(class, Some(mark.id), &[]));
                found.strangers.push((object, l.external_id.clone()));
            }
            (None, None) => {
                let shadows = l.in_file && our_models.contains(l.name.as_str());
                let class = if shadows { DriftClass::Shadowed } else { DriftClass::Foreign };
                found.drift.push(Drift { found: l.foreign.clone(), ..l.drift(class, None, &[]) });
            }
        }
    }
    for a in known {
        if a.state != AppliedState::Applied || seen.contains(&a.object()) {
            continue;
        }
        let class = if settled(a, now) {
            found.drifted.push(a.object());
            found.missing.insert(a.object());
            DriftClass::Missing
        } else {
            DriftClass::NotLive
        };
        found.drift.push(Drift {
            kind: a.kind,
            external_id: a.external_id.clone(),
            class,
            name: if a.kind == ObjectKind::Deployment { a.models.concat() } else { String::new() },
            object_id: Some(a.object_id),
            fields: Vec::new(),
            found: None,
        });
    }
    found
}

impl Listed {
    fn drift(&self, class: DriftClass, object_id: Option<Uuid>, fields: &[&str]) -> Drift {
        Drift {
            kind: self.kind,
            external_id: self.external_id.clone(),
            class,
            name: self.name.clone(),
            object_id,
            fields: fields.iter().map(|f| (*f).to_owned()).collect(),
            found: None,
        }
    }
}

/// Whether every instance must show it by now.
fn settled(a: &Applied, now: DateTime<Utc>) -> bool {
    a.state == AppliedState::Applied && (a.kind != ObjectKind::Deployment || now - a.observed_at >= FOLLOWS)
}

fn differences(a: &Applied, l: &Listed) -> Vec<&'static str> {
    let mut fields = Vec::new();
    if l.mark.as_ref().is_none_or(|m| m.hash != a.hash) {
        fields.push("mark");
    }
    let models = l.models.as_ref().is_some_and(|listed| {
        let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = if a.models.is_empty() {
            BTreeSet::from([NO_MODELS])
        } else {
            a.models.iter().map(String::as_str).collect()
        };
        listed != wanted
    });
    if models {
        fields.push("models");
    }
    if l.blocked != (l.kind != ObjectKind::Deployment && a.models.is_empty()) {
        fields.push("blocked");
    }
    fields
}
