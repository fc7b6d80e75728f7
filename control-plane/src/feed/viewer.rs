//! Who watches, and what they may see. Every event has a need of its own; it is asked here and nowhere else.

use crate::{
    base::{
        ids::RealmId,
        reach::{Reach, Scope, Verdict},
    },
    domain::permission::{Area, Permission, Rights},
    store::changes::Sight,
};

use super::look::Whose;

/// The caller of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewer {
    /// As for `GET /api/changes`.
    changes: Sight,
    agents: Reach,
    proxies: bool,
    audit: bool,
    /// What else it reads something of, be it in one realm.
    kinds: Vec<&'static str>,
}

/// Kinds of audit subjects whose changes are no revisions, and what one needs to read one of them. That one of them was written,
/// not which, is no secret from who reads others of the kind.
const KINDS: [(&str, Area); 6] = [
    ("person", Area::People),
    ("token", Area::Tokens),
    ("workload-rule", Area::Access),
    ("identity-provider", Area::Access),
    ("settings", Area::Access),
    ("enrollment-token", Area::Enrollment),
];

impl Viewer {
    pub fn new(actor: &str, rights: &Rights) -> Self {
        let reach = |area| {
            let read = Permission::read(area);
            rights.reach(read).unwrap_or_else(|| Reach::nowhere(read.as_str()))
        };
        Self {
            changes: Sight { realms: reach(Area::Changes).may.filter(), actor: actor.to_owned() },
            agents: reach(Area::Agents),
            proxies: reach(Area::Proxies).may == Scope::Everywhere,
            audit: reach(Area::Audit).may == Scope::Everywhere,
            kinds: KINDS
                .iter()
                .filter(|(_, area)| rights.reach(Permission::read(*area)).is_some())
                .map(|(kind, _)| *kind)
                .collect(),
        }
    }

    /// A change, and its receipt.
    pub fn sees_change(&self, whose: &Whose) -> bool {
        self.changes.shows(&whose.realms, &whose.actor)
    }

    /// An agent in these realms.
    pub fn sees_agent(&self, realms: &[RealmId]) -> bool {
        self.agents.shared(realms, false) == Verdict::Allowed
    }

    pub fn sees_proxies(&self) -> bool {
        self.proxies
    }

    pub fn sees_audit(&self) -> bool {
        self.audit
    }

    /// Audit rows about things of this kind.
    pub fn sees_kind(&self, kind: &str) -> bool {
        self.audit || self.kinds.contains(&kind)
    }
}
