//! What to do next about one object, decided from what is wanted and what the proxy shows. Pure: no I/O, no clock
//! but the one handed in. Table tests and property tests are in `plan/tests.rs`.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    base::ids::InstallationId,
    proxy::{
        BudgetChange, DeploymentBody, ExpiryChange, KeyBody, Mark, ObservedDeployment, ObservedKey,
        ObservedTeam, TeamBody,
    },
};

/// What the proxy shows under the object's name.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen<T> {
    Absent,
    /// Not ours, or another installation's: never changed.
    Foreign,
    Ours(T),
}

impl<T> Seen<T> {
    /// Sorts an observation by its mark.
    pub fn new(observed: Option<T>, mark: impl Fn(&T) -> Option<&Mark>, owner: InstallationId) -> Self {
        match observed {
            None => Self::Absent,
            Some(it) if mark(&it).is_some_and(|m| m.owner == owner) => Self::Ours(it),
            Some(_) => Self::Foreign,
        }
    }

    /// The same, of what an admin had taken over: it is ours although it has no mark yet.
    pub fn adopted(observed: Option<T>, mark: impl Fn(&T) -> Option<&Mark>, owner: InstallationId) -> Self {
        match observed {
            Some(it) if mark(&it).is_none() => Self::Ours(it),
            other => Self::new(other, mark, owner),
        }
    }

    /// The mark of what is ours.
    pub fn mark<'a>(&'a self, mark: impl Fn(&'a T) -> Option<&'a Mark>) -> Option<&'a Mark> {
        match self {
            Self::Ours(it) => mark(it),
            Self::Absent | Self::Foreign => None,
        }
    }
}

/// The next step. `U` says how an update is to be made.
#[derive(Clone, Debug, PartialEq)]
pub enum Step<U> {
    /// It is as wanted (or as absent as wanted).
    Nothing,
    Create,
    Update(U),
    /// An attribute that only its own call changes.
    SetBlocked(bool),
    /// Delete, then create under the same id: the only way to take a parameter away on an older LiteLLM.
    Recreate,
    Delete,
    /// Something of ours must go or come first.
    Wait(&'static str),
    /// Somebody else's object has our name.
    Conflict,
}

/// How a deployment is updated: parameters to take away.
pub type DeploymentUpdate = Vec<String>;

/// `set_last`: parameters we set last, if known. `in_use`: a team or key there still lets the model's name through.
pub fn deployment(
    wanted: Option<&DeploymentBody>,
    seen: &Seen<ObservedDeployment>,
    set_last: Option<&[String]>,
    can_remove: bool,
    in_use: bool,
) -> Step<DeploymentUpdate> {
    match (wanted, seen) {
        (None, Seen::Absent | Seen::Foreign) => Step::Nothing,
        (None, Seen::Ours(_)) if in_use => Step::Wait("a team or key still lists the model"),
        (None, Seen::Ours(_)) => Step::Delete,
        (Some(_), Seen::Absent) => Step::Create,
        (Some(_), Seen::Foreign) => Step::Conflict,
        (Some(body), Seen::Ours(is)) => {
            let hash = is.mark.as_ref().map(|m| m.hash.as_str());
            let shown = is.upstream_model.as_deref() == body.litellm_params.public()["model"].as_str()
                && is.model_name == body.model_name.as_str();
            if hash == Some(body.mark.hash.as_str()) && shown && !is.blocked {
                return Step::Nothing;
            }
            let names = body.litellm_params.names();
            match set_last {
                Some(last) => {
                    let remove: Vec<String> = last
                        .iter()
                        .filter(|f| is.params.contains(*f) && !names.contains(&f.as_str()))
                        .cloned()
                        .collect();
                    if is.blocked || (!remove.is_empty() && !can_remove) {
                        Step::Recreate
                    } else {
                        Step::Update(remove)
                    }
                }
                // What was set last is not known (we died between the call and the note): start from nothing.
                None => Step::Recreate,
            }
        }
    }
}

/// An unchanged budget period is never sent again: LiteLLM would move the reset date.
///
/// `keys_left`: keys that are to go are still there. They go first: LiteLLM 1.80 deletes them with the team, but goes on
/// serving them from its cache, and a delete of the key itself then finds nothing to evict.
pub fn team(wanted: Option<&TeamBody>, seen: &Seen<ObservedTeam>, keys_left: bool) -> Step<BudgetChange> {
    match (wanted, seen) {
        (None, Seen::Absent | Seen::Foreign) => Step::Nothing,
        (None, Seen::Ours(_)) if keys_left => Step::Wait("its keys go first"),
        (None, Seen::Ours(_)) => Step::Delete,
        (Some(_), Seen::Absent) => Step::Create,
        (Some(_), Seen::Foreign) => Step::Conflict,
        (Some(body), Seen::Ours(is)) => {
            let as_wanted = is.mark.as_ref().is_some_and(|m| m.hash == body.mark.hash)
                && body.models.equals(&is.models)
                && is.max_budget == body.max_budget
                && is.budget_duration.as_deref() == body.budget_duration;
            if as_wanted {
                return if is.blocked == body.blocked {
                    Step::Nothing
                } else {
                    Step::SetBlocked(body.blocked)
                };
            }
            Step::Update(period(is.budget_duration.as_deref(), body.budget_duration))
        }
    }
}

/// How a key is updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUpdate {
    pub budget: BudgetChange,
    pub expiry: ExpiryChange,
}

/// A key is renewed when less than this is left of its lifetime.
pub const RENEW_BEFORE: TimeDelta = TimeDelta::days(30);

/// How much later than asked for an end may be shown: it is sent as what is left, from the proxy's clock.
const INEXACT: TimeDelta = TimeDelta::minutes(10);

const NO_TEAM: &str = "the realm's team is not there yet";

/// `team_there`: the key's team is on the proxy. LiteLLM takes a key for a team that is not there without a word.
pub fn key(
    wanted: Option<&KeyBody>,
    seen: &Seen<ObservedKey>,
    team_there: bool,
    now: DateTime<Utc>,
) -> Step<KeyUpdate> {
    match (wanted, seen) {
        (None, Seen::Absent | Seen::Foreign) => Step::Nothing,
        (None, Seen::Ours(_)) => Step::Delete,
        (Some(_), Seen::Foreign) => Step::Conflict,
        (Some(_), Seen::Absent) if !team_there => Step::Wait(NO_TEAM),
        (Some(_), Seen::Absent) => Step::Create,
        (Some(body), Seen::Ours(is)) if !team_there && is.team_id.as_deref() != Some(&body.team_id) => {
            Step::Wait(NO_TEAM)
        }
        (Some(body), Seen::Ours(is)) => {
            let expiry = match body.ends_at {
                None if expires_soon(is.expires, now) => ExpiryChange::Set,
                Some(at) if is.expires.is_none_or(|shown| shown > at.max(now) + INEXACT) => ExpiryChange::Set,
                _ => ExpiryChange::Keep,
            };
            let as_wanted = is.mark.as_ref().is_some_and(|m| m.hash == body.mark.hash)
                && key_fields_match(body, is)
                && expiry == ExpiryChange::Keep;
            if as_wanted {
                return if is.blocked == body.blocked {
                    Step::Nothing
                } else {
                    Step::SetBlocked(body.blocked)
                };
            }
            Step::Update(KeyUpdate {
                budget: period(is.budget_duration.as_deref(), body.budget_duration),
                expiry,
            })
        }
    }
}

fn key_fields_match(body: &KeyBody, is: &ObservedKey) -> bool {
    body.models.equals(&is.models)
        && is.team_id.as_deref() == Some(body.team_id.as_str())
        && is.max_budget == body.max_budget
        && is.budget_duration.as_deref() == body.budget_duration
        && is.allowed_routes == body.allowed_routes
}

/// Whether a key's lifetime must be said again. One without an end was changed by somebody else.
pub fn expires_soon(expires: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    expires.is_none_or(|at| at - now < RENEW_BEFORE)
}

fn period(is: Option<&str>, wanted: Option<&str>) -> BudgetChange {
    if is == wanted { BudgetChange::Keep } else { BudgetChange::Set }
}

#[cfg(test)]
mod tests;
