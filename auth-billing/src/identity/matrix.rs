//! Who may do what: the table of contract.md as data. A cell says what a role may do with a resource of its own
//! organisation; with another organisation's nobody may do anything, which the routes answer with 404. A key has no
//! role: it may do what its scopes say, and never touches people, keys or webhooks.

use driftline_database::Role;

use crate::Scope;

/// What something is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Users, invitations and roles of an organisation.
    Members,
    /// The organisation itself, plan and bills.
    Organisation,
    /// Drones, vessels, aircraft and buoys.
    Units,
    /// Missions and runs.
    Missions,
    /// Search areas, plans and assignments.
    Plans,
    /// Forcing and observations.
    Forcing,
    /// Analytics.
    Analytics,
    /// Usage and audit log.
    Usage,
    /// API keys and webhooks.
    Keys,
    /// Share links of missions.
    ShareLinks,
}

impl Resource {
    /// Every resource, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::Members,
        Self::Organisation,
        Self::Units,
        Self::Missions,
        Self::Plans,
        Self::Forcing,
        Self::Analytics,
        Self::Usage,
        Self::Keys,
        Self::ShareLinks,
    ];

    /// Its name in refusals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Members => "members and invitations",
            Self::Organisation => "the organisation and its bills",
            Self::Units => "units",
            Self::Missions => "missions",
            Self::Plans => "search areas and plans",
            Self::Forcing => "forcing and observations",
            Self::Analytics => "analytics",
            Self::Usage => "usage and the audit log",
            Self::Keys => "API keys and webhooks",
            Self::ShareLinks => "share links",
        }
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Make one.
    Create,
    /// See it.
    Read,
    /// Change it.
    Update,
    /// Take it away.
    Delete,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    /// Its name in refusals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "see",
            Self::Update => "change",
            Self::Delete => "delete",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Create => 'C',
            Self::Read => 'R',
            Self::Update => 'U',
            Self::Delete => 'D',
        }
    }
}

/// How much of an organisation's things a role may do something to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Nothing.
    Nothing,
    /// What the person made.
    Own,
    /// Everything.
    All,
}

/// One cell: the verbs that are granted, and whether for the person's own things only.
type Cell = (&'static str, Grant);

const NONE: Cell = ("", Grant::Nothing);
const CRUD: Cell = ("CRUD", Grant::All);
const CRU: Cell = ("CRU", Grant::All);
const R: Cell = ("R", Grant::All);
const CRUD_OWN: Cell = ("CRUD", Grant::Own);
const CRU_OWN: Cell = ("CRU", Grant::Own);
const R_OWN: Cell = ("R", Grant::Own);

/// Columns in the order of [`Role::ALL`]: org_admin, operator, mission_owner, analyst, viewer.
const TABLE: [(Resource, [Cell; 5]); 10] = [
    (Resource::Members, [CRUD, NONE, NONE, NONE, NONE]),
    (Resource::Organisation, [CRUD, R, R, R, R]),
    (Resource::Units, [CRUD, CRU, R, R, R]),
    (Resource::Missions, [CRUD, CRUD, CRU_OWN, R, R]),
    (Resource::Plans, [CRUD, CRUD, CRU_OWN, R, R]),
    (Resource::Forcing, [R, R, R, R, R]),
    (Resource::Analytics, [CRUD, R, R_OWN, R, NONE]),
    (Resource::Usage, [R, R, NONE, R, NONE]),
    (Resource::Keys, [CRUD, CRUD_OWN, R, NONE, NONE]),
    (Resource::ShareLinks, [CRUD, CRUD, CRUD_OWN, R, NONE]),
];

/// How much of its own organisation's things of a sort a role may do something to.
pub fn grant(role: Role, resource: Resource, verb: Verb) -> Grant {
    let column = Role::ALL.iter().position(|known| *known == role);
    let row = TABLE.iter().find(|(known, _)| *known == resource);
    let (Some(column), Some((_, cells))) = (column, row) else {
        return Grant::Nothing;
    };
    let (verbs, grant) = cells[column];
    if verbs.contains(verb.letter()) {
        grant
    } else {
        Grant::Nothing
    }
}

/// Whether a role may do something to a thing of its own organisation that the person made, or did not.
pub fn permits(role: Role, resource: Resource, verb: Verb, owns: bool) -> bool {
    match grant(role, resource, verb) {
        Grant::Nothing => false,
        Grant::Own => owns,
        Grant::All => true,
    }
}

/// What a key needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRight {
    /// No key may.
    Never,
    /// Every secret key may.
    Any,
    /// A key with this scope may.
    Scope(Scope),
}

/// What a key needs to do something to a thing of its organisation.
pub fn key_right(resource: Resource, verb: Verb) -> KeyRight {
    let reads = verb == Verb::Read;
    let to_read = |right| if reads { right } else { KeyRight::Never };
    match resource {
        Resource::Members | Resource::Keys => KeyRight::Never,
        Resource::Organisation => to_read(KeyRight::Any),
        Resource::Usage | Resource::Analytics => to_read(KeyRight::Scope(Scope::UsageRead)),
        Resource::Forcing => to_read(KeyRight::Scope(Scope::FeaturesRead)),
        Resource::Units | Resource::Missions | Resource::Plans | Resource::ShareLinks => KeyRight::Scope(if reads {
            Scope::MissionsRead
        } else {
            Scope::MissionsWrite
        }),
    }
}

/// What a person of this role may do through routes that ask for a scope.
pub(crate) fn scopes_of(role: Role) -> crate::Scopes {
    let granted = |resource, verb| grant(role, resource, verb) != Grant::Nothing;
    let mut scopes = vec![Scope::FeaturesRead];
    if granted(Resource::Missions, Verb::Read) {
        scopes.push(Scope::MissionsRead);
    }
    if granted(Resource::Missions, Verb::Create) {
        scopes.push(Scope::MissionsWrite);
    }
    // contract.md, "Mission": operators and admins have it.
    if matches!(role, Role::OrgAdmin | Role::Operator) {
        scopes.push(Scope::MissionsDistress);
    }
    if granted(Resource::Usage, Verb::Read) {
        scopes.push(Scope::UsageRead);
    }
    if granted(Resource::Organisation, Verb::Update) {
        scopes.push(Scope::BillingWrite);
    }
    scopes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as contract.md prints it, read as text, so that a slip in the constants shows.
    const CONTRACT: &str = "
        CRUD | - | - | - | -
        CRUD | R | R | R | R
        CRUD | CRU | R | R | R
        CRUD | CRUD | CRU own | R | R
        CRUD | CRUD | CRU own | R | R
        R | R | R | R | R
        CRUD | R | R own | R | -
        R | R | - | R | -
        CRUD | CRUD own | R | - | -
        CRUD | CRUD | CRUD own | R | -";

    #[test]
    fn the_table_is_the_contracts() {
        let rows: Vec<&str> = CONTRACT.trim().lines().collect();
        assert_eq!(rows.len(), Resource::ALL.len());
        for (resource, row) in Resource::ALL.into_iter().zip(rows) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            for (role, cell) in Role::ALL.into_iter().zip(cells) {
                let (verbs, own) = match cell.split_once(' ') {
                    Some((verbs, _)) => (verbs, true),
                    None => (cell, false),
                };
                for verb in Verb::ALL {
                    let has = verbs.contains(verb.letter());
                    assert_eq!(permits(role, resource, verb, true), has, "{role} {resource:?} {verb:?}");
                    let others = permits(role, resource, verb, false);
                    assert_eq!(others, has && !own, "{role} {resource:?} {verb:?} of others");
                }
            }
        }
    }

    #[test]
    fn keys_never_touch_people_and_keys() {
        for verb in Verb::ALL {
            assert_eq!(key_right(Resource::Members, verb), KeyRight::Never);
            assert_eq!(key_right(Resource::Keys, verb), KeyRight::Never);
        }
        let write = KeyRight::Scope(Scope::MissionsWrite);
        assert_eq!(key_right(Resource::Missions, Verb::Delete), write);
        assert_eq!(key_right(Resource::Forcing, Verb::Update), KeyRight::Never);
        assert_eq!(key_right(Resource::Organisation, Verb::Read), KeyRight::Any);
    }

    #[test]
    fn scopes_follow_the_roles() {
        let names = |role| scopes_of(role).to_string();
        let operator = "missions:read,missions:write,missions:distress,features:read,usage:read";
        assert_eq!(names(Role::Operator), operator);
        assert_eq!(names(Role::OrgAdmin), format!("{operator},billing:write"));
        assert_eq!(names(Role::MissionOwner), "missions:read,missions:write,features:read");
        assert_eq!(names(Role::Analyst), "missions:read,features:read,usage:read");
        assert_eq!(names(Role::Viewer), "missions:read,features:read");
    }
}
