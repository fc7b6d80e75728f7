//! What a caller may do: for each area of the API nothing, read, or write. Roles are named sets of it; tokens list it.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::role::Role;
use crate::base::{
    ids::RealmId,
    reach::{Reach, Scope},
};

macro_rules! areas {
    ($($variant:ident $name:literal $in_realm:literal $about:literal),+ $(,)?) => {
        /// A part of the API that is given or withheld as one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Area {
            $(#[doc = $about] $variant,)+
        }

        impl Area {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it is, for the docs.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)+ }
            }

            /// Whether it may be given for single realms.
            pub fn in_realm(self) -> bool {
                match self { $(Self::$variant => $in_realm,)+ }
            }

            fn texts(self) -> [&'static str; 2] {
                match self { $(Self::$variant => [concat!($name, ":read"), concat!($name, ":write")],)+ }
            }
        }
    };
}

areas! {
    Proxies "proxies" false "The fleet: proxies, drift, work queue, observe mode",
    Credentials "credentials" false "Provider keys",
    Models "models" true "The registry: models and their deployments",
    Grants "grants" true "Which realm may use which model",
    Realms "realms" true "Realms: name, budget, placement, default model",
    Keys "keys" true "Virtual keys: rotation and removal",
    Agents "agents" true "Agents: membership, approval, config mode, explain",
    Enrollment "enrollment" true "Enrolment tokens",
    Freezes "freezes" true "The emergency stop",
    Changes "changes" true "The change log and its receipts",
    Audit "audit" false "The audit record",
    Tokens "tokens" true "API tokens",
    People "people" false "People, their roles and sessions",
    Access "access" false "How one signs in: identity providers, workload rules, the bootstrap token",
}

/// To read, or to read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Read,
    Write,
}

/// `grants:write`. Who may write may also read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    pub area: Area,
    pub level: Level,
}

impl Permission {
    pub const fn read(area: Area) -> Self {
        Self { area, level: Level::Read }
    }

    pub const fn write(area: Area) -> Self {
        Self { area, level: Level::Write }
    }

    pub fn as_str(self) -> &'static str {
        self.area.texts()[usize::from(self.level == Level::Write)]
    }

    /// Every permission there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Area::ALL.iter().flat_map(|area| [Self::read(*area), Self::write(*area)])
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|p| p.as_str() == text).ok_or_else(|| {
            let areas: Vec<&str> = Area::ALL.iter().map(|a| a.as_str()).collect();
            format!("expected AREA:read or AREA:write, where AREA is one of {}", areas.join(", "))
        })
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The level held in each area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<Area, Level>);

impl Levels {
    pub fn add(&mut self, permission: Permission) {
        let level = self.0.entry(permission.area).or_insert(permission.level);
        *level = (*level).max(permission.level);
    }

    pub fn has(&self, permission: Permission) -> bool {
        self.0.get(&permission.area).is_some_and(|level| *level >= permission.level)
    }

    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().map(|(area, level)| Permission { area: *area, level: *level })
    }
}

impl FromIterator<Permission> for Levels {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut levels = Self::default();
        permissions.into_iter().for_each(|p| levels.add(p));
        levels
    }
}

/// All that a caller holds: everywhere, and in single realms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    everywhere: Levels,
    realms: BTreeMap<RealmId, Levels>,
}

impl Rights {
    /// Of the owner.
    pub fn all() -> Self {
        let mut rights = Self::default();
        rights.give_role(Role::Owner, None);
        rights
    }

    /// In these realms, or everywhere.
    pub fn give(&mut self, permission: Permission, realms: Option<&[RealmId]>) {
        match realms {
            None => self.everywhere.add(permission),
            Some(realms) => {
                for realm in realms {
                    self.realms.entry(*realm).or_default().add(permission);
                }
            }
        }
    }

    pub fn give_role(&mut self, role: Role, realms: Option<&[RealmId]>) {
        role.permissions().for_each(|p| self.give(p, realms));
    }

    pub fn everywhere(&self) -> &Levels {
        &self.everywhere
    }

    pub fn realms(&self) -> &BTreeMap<RealmId, Levels> {
        &self.realms
    }

    /// Where the permission is held; `None`: nowhere.
    pub fn reach(&self, needed: Permission) -> Option<Reach> {
        let everywhere = self.everywhere.has(needed);
        let holding = |p: Permission| {
            self.realms.iter().filter(move |(_, levels)| levels.has(p)).map(|(realm, _)| *realm)
        };
        let may: Vec<RealmId> = holding(needed).collect();
        if !everywhere && may.is_empty() && !self.names_realms(needed) {
            return None;
        }
        let may = if everywhere { Scope::Everywhere } else { Scope::Realms(may) };
        let read = Permission::read(needed.area);
        let all = self.everywhere.has(read) || self.everywhere.has(Permission::read(Area::Realms));
        // Whoever holds anything in a realm knows of it.
        let known = Scope::Realms(self.realms.keys().copied().collect());
        let sees = if all { Scope::Everywhere } else { known.clone() };
        let grants = Permission::write(Area::Grants);
        let all_models = everywhere
            || self.everywhere.has(Permission::read(Area::Models))
            || self.everywhere.has(grants)
            || holding(grants).next().is_some();
        let models = if all_models { Scope::Everywhere } else { known };
        // Whoever holds anything in a realm may read its name and settings.
        let may = if needed == Permission::read(Area::Realms) { sees.clone() } else { may };
        Some(Reach { may, sees, needed: needed.as_str(), models })
    }

    fn names_realms(&self, needed: Permission) -> bool {
        needed == Permission::read(Area::Realms) && !self.realms.is_empty()
    }

    /// Whether everything in `other` is held here too: nobody gives out more than they have.
    pub fn covers(&self, other: &Self) -> bool {
        let here = |p: Permission, realm: &RealmId| {
            self.everywhere.has(p) || self.realms.get(realm).is_some_and(|levels| levels.has(p))
        };
        other.everywhere.iter().all(|p| self.everywhere.has(p))
            && other.realms.iter().all(|(realm, levels)| levels.iter().all(|p| here(p, realm)))
    }
}
