//! Named sets of permissions. The table here is the only one; docs/SECURITY.md prints it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::permission::{Area, Level, Permission};

/// A named set of permissions: four for the whole installation, three for single realms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but how one signs in.
    Admin,
    /// Runs the fleet: proxies, drift, provider keys, rotation, the emergency stop.
    Operator,
    /// Reads everything. Nothing that can be read holds a secret.
    Auditor,
    /// Rules a realm: its grants, keys, agents and tokens.
    RealmAdmin,
    /// Brings agents into a realm and configures them.
    RealmMember,
    /// Looks at a realm.
    RealmViewer,
}

const NONE: Option<Level> = None;
const R: Option<Level> = Some(Level::Read);
const W: Option<Level> = Some(Level::Write);

/// Columns as in [`Role::ALL`].
#[rustfmt::skip]
const TABLE: [(Area, [Option<Level>; 7]); 14] = [
    //                 owner admin oper. audit. r-admin r-member r-viewer
    (Area::Proxies,     [W,   W,   W,    R,     NONE,   NONE,    NONE]),
    (Area::Credentials, [W,   W,   W,    R,     NONE,   NONE,    NONE]),
    (Area::Models,      [W,   W,   R,    R,     R,      R,       R]),
    (Area::Grants,      [W,   W,   R,    R,     W,      R,       R]),
    (Area::Realms,      [W,   W,   R,    R,     R,      R,       R]),
    (Area::Keys,        [W,   W,   W,    R,     W,      R,       R]),
    (Area::Agents,      [W,   W,   R,    R,     W,      W,       R]),
    (Area::Enrollment,  [W,   W,   R,    R,     W,      W,       R]),
    (Area::Freezes,     [W,   W,   W,    R,     W,      R,       R]),
    (Area::Changes,     [R,   R,   R,    R,     R,      R,       R]),
    (Area::Audit,       [R,   R,   NONE, R,     NONE,   NONE,    NONE]),
    (Area::Tokens,      [W,   W,   NONE, R,     W,      NONE,    NONE]),
    (Area::People,      [W,   W,   NONE, R,     NONE,   NONE,    NONE]),
    (Area::Access,      [W,   R,   NONE, R,     NONE,   NONE,    NONE]),
];

impl Role {
    pub const ALL: [Self; 7] = [
        Self::Owner,
        Self::Admin,
        Self::Operator,
        Self::Auditor,
        Self::RealmAdmin,
        Self::RealmMember,
        Self::RealmViewer,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
            Self::RealmAdmin => "realm-admin",
            Self::RealmMember => "realm-member",
            Self::RealmViewer => "realm-viewer",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Given for single realms, and not for the installation.
    pub fn in_realm(self) -> bool {
        matches!(self, Self::RealmAdmin | Self::RealmMember | Self::RealmViewer)
    }

    /// What it holds in an area.
    pub fn level(self, area: Area) -> Option<Level> {
        let column = self as usize;
        TABLE.iter().find(|(a, _)| *a == area).and_then(|(_, levels)| levels[column])
    }

    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        Area::ALL
            .iter()
            .filter_map(move |area| self.level(*area).map(|level| Permission { area: *area, level }))
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        base::{
            ids::RealmId,
            reach::{Scope, Verdict},
        },
        domain::permission::{Area, Permission, Rights},
    };

    use super::*;

    fn realm(n: u128) -> RealmId {
        RealmId(uuid::Uuid::from_u128(n))
    }

    #[test]
    fn every_area_has_its_line_and_realm_roles_hold_only_what_a_realm_can() {
        for area in Area::ALL {
            assert!(Role::Owner.level(*area).is_some(), "{area:?}");
            for role in Role::ALL.into_iter().filter(|r| r.in_realm()) {
                assert!(area.in_realm() || role.level(*area).is_none(), "{role:?} {area:?}");
            }
        }
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        for permission in Permission::all() {
            assert_eq!(permission.as_str().parse(), Ok(permission));
        }
    }

    #[test]
    fn a_reach_is_where_the_permission_is_held_and_nothing_beyond_is_seen() {
        let (mine, also, theirs) = (realm(1), realm(2), realm(3));
        let mut rights = Rights::default();
        rights.give_role(Role::RealmAdmin, Some(&[mine]));
        rights.give_role(Role::RealmViewer, Some(&[also]));
        let reach = rights.reach(Permission::write(Area::Grants)).unwrap();
        assert_eq!(reach.may, Scope::Realms(vec![mine]));
        let verdicts = [mine, also, theirs].map(|r| reach.realm(r));
        assert_eq!(verdicts, [Verdict::Allowed, Verdict::Forbidden, Verdict::Hidden]);
        assert_eq!(rights.reach(Permission::read(Area::Proxies)), None);
        // An agent of two realms is read from one, and changed only from both.
        assert_eq!(reach.shared(&[mine, theirs], false), Verdict::Allowed);
        assert_eq!(reach.shared(&[mine, theirs], true), Verdict::Forbidden);
        assert_eq!(reach.shared(&[theirs], true), Verdict::Hidden);
        assert_eq!(reach.shared(&[], true), Verdict::Hidden);
        assert_eq!(reach.shared(&[], false), Verdict::Hidden);
    }

    /// What is held everywhere of one area opens no other area.
    #[test]
    fn models_are_seen_by_grant_unless_more_is_held() {
        let mine = realm(1);
        let mut rights = Rights::default();
        rights.give(Permission::read(Area::Realms), None);
        rights.give_role(Role::RealmViewer, Some(&[mine]));
        let models = |rights: &Rights| rights.reach(Permission::read(Area::Models)).unwrap().models;
        assert_eq!(models(&rights), Scope::Realms(vec![mine]));
        rights.give(Permission::write(Area::Grants), Some(&[mine]));
        assert_eq!(models(&rights), Scope::Everywhere);
    }

    #[test]
    fn nobody_gives_out_more_than_they_have() {
        let of = |role, realms: Option<&[RealmId]>| {
            let mut rights = Rights::default();
            rights.give_role(role, realms);
            rights
        };
        let (mine, theirs) = (realm(1), realm(2));
        assert!(Rights::all().covers(&of(Role::Admin, None)));
        assert!(!of(Role::Admin, None).covers(&Rights::all()));
        assert!(of(Role::Admin, None).covers(&of(Role::RealmAdmin, Some(&[mine]))));
        assert!(of(Role::RealmAdmin, Some(&[mine])).covers(&of(Role::RealmMember, Some(&[mine]))));
        assert!(!of(Role::RealmAdmin, Some(&[mine])).covers(&of(Role::RealmViewer, Some(&[theirs]))));
        assert!(!of(Role::RealmAdmin, Some(&[mine])).covers(&of(Role::RealmViewer, None)));
        assert!(!of(Role::RealmMember, Some(&[mine])).covers(&of(Role::RealmAdmin, Some(&[mine]))));
    }
}
