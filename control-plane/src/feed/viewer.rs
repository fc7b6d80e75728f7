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
#[derive(Clone, Debug)]
pub struct Viewer {
    /// As for `GET /api/changes`.
    changes: Sight,
    agents: Reach,
    proxies: bool,
}

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
}
