//! How far one request of one caller goes: which realms it may act in, and which it may know of.

use super::ids::RealmId;

/// Everything, or these realms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Everywhere,
    Realms(Vec<RealmId>),
}

impl Scope {
    pub fn has(&self, realm: RealmId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Realms(realms) => realms.contains(&realm),
        }
    }

    /// For SQL: the realms that rows must belong to, or `None` for all rows.
    pub fn filter(&self) -> Option<Vec<uuid::Uuid>> {
        match self {
            Self::Everywhere => None,
            Self::Realms(realms) => Some(realms.iter().map(|r| r.0).collect()),
        }
    }
}

/// What the check of an operation hands to the use case, which applies it where it finds things: a use case cannot find a
/// realm or an agent without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Where the caller holds the permission that the operation needs.
    pub may: Scope,
    /// What the caller may know of; outside it, things are "not found".
    pub sees: Scope,
    /// The permission, as a refusal names it.
    pub needed: &'static str,
    /// The realms of whose grants the caller may see the models; everywhere for who may grant, since one has to see what there is.
    pub models: Scope,
}

/// How one thing stands to a [`Reach`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allowed,
    /// The caller may know that it is there.
    Forbidden,
    Hidden,
}

impl Reach {
    /// Of the system's own jobs, and of callers without a bound.
    pub fn everywhere() -> Self {
        Self { may: Scope::Everywhere, sees: Scope::Everywhere, needed: "", models: Scope::Everywhere }
    }

    /// Of a caller without the permission `needed`.
    pub fn nowhere(needed: &'static str) -> Self {
        let nothing = Scope::Realms(Vec::new());
        Self { may: nothing.clone(), sees: nothing.clone(), needed, models: nothing }
    }

    pub fn realm(&self, realm: RealmId) -> Verdict {
        Self::verdict(self.may.has(realm), self.sees.has(realm))
    }

    /// A thing that stands in all of these realms, such as an agent. To read it, one of them is enough; to change it, the
    /// caller must hold all, since the others feel it too. A thing in no realm belongs to those without a bound.
    pub fn shared(&self, realms: &[RealmId], change: bool) -> Verdict {
        if self.may == Scope::Everywhere {
            return Verdict::Allowed;
        }
        let may = |r: &RealmId| self.may.has(*r);
        let allowed = if change { realms.iter().all(may) } else { realms.iter().any(may) };
        let sees = self.sees == Scope::Everywhere || realms.iter().any(|r| self.sees.has(*r));
        Self::verdict(allowed && !realms.is_empty(), sees)
    }

    fn verdict(may: bool, sees: bool) -> Verdict {
        match (may, sees) {
            (true, _) => Verdict::Allowed,
            (false, true) => Verdict::Forbidden,
            (false, false) => Verdict::Hidden,
        }
    }
}
