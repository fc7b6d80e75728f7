//! People: who may sign in, and what they hold. Signing in itself is in `sign_in`.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Written, check_version, lookup, settings,
    sign_in::{self, SessionView},
};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{PersonId, PersonSessionId},
        page::{Page, PageRequest},
        reach::Reach,
        secret::Secret,
    },
    domain::{
        change::Location,
        error::{Error, Result},
        permission::Rights,
        person::{self, Person, RoleAt},
        role::Role,
        slug,
    },
    store::{
        Conn, is_unique_violation,
        people::{self, Filter},
        person_sessions,
    },
};

pub(super) const LINK_PREFIX: &str = "reeve_link_";
/// How long an invitation counts.
const INVITATION: TimeDelta = TimeDelta::hours(72);
const MAX_ROLES: usize = 200;

/// A person as they may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    pub id: PersonId,
    /// How they sign in; the audit calls them `person:<email>`.
    pub email: String,
    pub name: String,
    pub roles: Vec<RoleAt>,
    /// They have set a password.
    pub password_set: bool,
    /// Locked out since then; null: they may sign in.
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_login_at: Option<DateTime<Utc>>,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl From<Person> for PersonView {
    fn from(p: Person) -> Self {
        Self {
            id: p.id,
            email: p.email,
            name: p.name,
            roles: p.roles,
            password_set: p.has_password,
            disabled_at: p.disabled_at,
            last_login_at: p.last_login_at,
            version: p.version,
            created_at: p.created_at,
            created_by: p.created_by,
        }
    }
}

/// A role to be given, and where: id or slug of a realm.
#[derive(Clone, Debug)]
pub struct NewRole {
    pub role: Role,
    pub realm: Option<String>,
}

/// A person to be added.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub email: String,
    pub name: String,
    pub roles: Vec<NewRole>,
}

/// An edit; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct PersonPatch {
    pub name: Option<String>,
    pub roles: Option<Vec<NewRole>>,
    pub disabled: Option<bool>,
}

/// A link with which somebody sets a password, once. Its secret is shown here and nowhere else.
#[derive(Clone, Debug)]
pub struct Link {
    pub secret: Secret,
    pub expires_at: DateTime<Utc>,
}

impl Link {
    /// What is handed on. The secret stands after `#`, which browsers send to nobody.
    pub fn url(&self, public_url: &str) -> String {
        format!("{public_url}/setup#{}", self.secret.expose())
    }
}

/// Adds a person, with a link for their first password. `holder`: what whoever adds them has.
pub async fn create(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    new: NewPerson,
) -> Result<(PersonView, Link)> {
    let now = s.store.clock.now();
    let email = person::email("email", &new.email)?;
    slug::check_name("name", &new.name)?;
    let mut tx = s.store.begin("person.create").await?;
    let person = Person {
        id: PersonId(s.store.ids.uuid()),
        email,
        name: new.name.trim().to_owned(),
        has_password: false,
        disabled_at: None,
        last_login_at: None,
        version: 1,
        created_at: now,
        created_by: ctx.actor.clone(),
        updated_at: now,
        roles: roles("roles", tx.conn(), &ctx.reach, &new.roles).await?,
    };
    covers(holder, &person.rights())?;
    match people::insert(tx.conn(), &person).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict("email-taken", "there is somebody with this email already"));
        }
        other => other?,
    }
    let link = link(s, tx.conn(), Some(person.id), INVITATION).await?;
    let view = PersonView::from(person);
    let entry = Entry::new(subject(view.id)).after(&view).at(Location::shown_once());
    tx.finish_quiet(ctx, entry.audit("person.create")).await?;
    Ok((view, link))
}

/// By email.
pub async fn list(s: &Services, page: &PageRequest) -> Result<Page<PersonView>> {
    let filter = Filter { after: page.after.as_deref(), limit: page.limit + 1, ..Filter::default() };
    let rows = people::list(&mut *s.store.conn().await?, &filter).await?;
    Ok(Page::cut(rows, page, |p| p.email.clone()).map(PersonView::from))
}

/// By id or email.
pub async fn get(s: &Services, name: &str) -> Result<PersonView> {
    Ok(find(&mut *s.store.conn().await?, name).await?.into())
}

/// Edits a person. What they may do changes with their next request; who is disabled is out at once.
pub async fn update(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    name: &str,
    expected: Option<i64>,
    patch: PersonPatch,
) -> Result<Written<PersonView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("person.update").await?;
    let old = lock(tx.conn(), holder, name).await?;
    check_version(expected, old.version)?;
    let mut new = old.clone();
    if let Some(name) = patch.name {
        slug::check_name("name", &name)?;
        name.trim().clone_into(&mut new.name);
    }
    if let Some(given) = &patch.roles {
        // What the groups of an identity provider give, is changed there.
        let theirs = old.roles.iter().filter(|at| at.provider_id.is_some()).cloned();
        new.roles = roles("roles", tx.conn(), &ctx.reach, given).await?.into_iter().chain(theirs).collect();
        new.roles.sort_unstable();
    }
    if let Some(disabled) = patch.disabled {
        new.disabled_at = disabled.then(|| old.disabled_at.unwrap_or(now));
    }
    covers(holder, &new.rights())?;
    if new == old {
        return Ok(Written::unchanged(old.clone().into(), Some(old.version), Vec::new()));
    }
    let owns = |p: &Person| p.disabled_at.is_none() && p.rights().covers(&Rights::all());
    if owns(&old) && !owns(&new) {
        settings::keep_an_owner(s, tx.conn(), Some(old.id)).await?;
    }
    people::update(tx.conn(), &new, now).await?;
    if new.disabled_at.is_some() {
        person_sessions::end(tx.conn(), new.id, None, None, now).await?;
    }
    let after = PersonView::from(find(tx.conn(), &new.id.to_string()).await?);
    let entry = Entry::new(subject(after.id)).before(&PersonView::from(old)).after(&after);
    tx.finish_quiet(ctx, entry.audit("person.update")).await?;
    Ok(Written::unchanged(after.clone(), Some(after.version), Vec::new()))
}

/// Forgets a person, with their sessions. What they did stays in the audit.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<PersonId>> {
    let mut tx = s.store.begin("person.delete").await?;
    let old = lock(tx.conn(), holder, name).await?;
    check_version(expected, old.version)?;
    if old.rights().covers(&Rights::all()) {
        settings::keep_an_owner(s, tx.conn(), Some(old.id)).await?;
    }
    people::delete(tx.conn(), old.id).await?;
    let id = old.id;
    let entry = Entry::new(subject(id)).before(&PersonView::from(old));
    tx.finish_quiet(ctx, entry.audit("person.delete")).await?;
    Ok(Written::unchanged(id, None, Vec::new()))
}

/// Makes another link for a password, in the place of one before: for who lost theirs.
pub async fn invite(s: &Services, ctx: &Context, holder: &Rights, name: &str) -> Result<(PersonView, Link)> {
    let mut tx = s.store.begin("person.invite").await?;
    let person = lock(tx.conn(), holder, name).await?;
    if person.disabled_at.is_some() {
        return Err(Error::conflict("person-disabled", "they are locked out; let them in again first"));
    }
    let link = link(s, tx.conn(), Some(person.id), INVITATION).await?;
    let view = PersonView::from(person);
    let entry = Entry::new(subject(view.id)).at(Location::shown_once());
    tx.finish_quiet(ctx, entry.audit("person.invite")).await?;
    Ok((view, link))
}

/// The sessions of a person that count, newest first; `current` is the one that asks.
pub async fn sessions(
    s: &Services,
    name: &str,
    current: Option<PersonSessionId>,
) -> Result<Vec<SessionView>> {
    let person = find(&mut *s.store.conn().await?, name).await?;
    sign_in::sessions(s, person.id, current).await
}

/// Ends all sessions of a person. Returns how many there were.
pub async fn end_sessions(s: &Services, ctx: &Context, holder: &Rights, name: &str) -> Result<u64> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("person.end-sessions").await?;
    let person = lock(tx.conn(), holder, name).await?;
    let ended = person_sessions::end(tx.conn(), person.id, None, None, now).await?;
    let entry = Entry::new(subject(person.id)).after(&serde_json::json!({ "ended": ended }));
    tx.finish_quiet(ctx, entry.audit("person.end-sessions")).await?;
    Ok(ended)
}

/// A link in the place of the one before.
async fn link(s: &Services, conn: &mut Conn, person: Option<PersonId>, lifetime: TimeDelta) -> Result<Link> {
    let secret = s.store.ids.secret(LINK_PREFIX);
    let expires_at = s.store.clock.now() + lifetime;
    people::insert_link(conn, &sha256_hex(secret.expose()), person, expires_at, None).await?;
    Ok(Link { secret, expires_at })
}

pub(super) fn subject(id: PersonId) -> String {
    format!("person/{id}")
}

async fn find(conn: &mut Conn, name: &str) -> Result<Person> {
    let found = match uuid::Uuid::try_parse(name) {
        Ok(id) => people::get(conn, PersonId(id)).await?,
        Err(_) => people::by_email(conn, &name.to_lowercase()).await?,
    };
    found.ok_or_else(|| Error::not_found("person", name))
}

/// Nobody rules over somebody who has more than they have.
async fn lock(conn: &mut Conn, holder: &Rights, name: &str) -> Result<Person> {
    let id = find(conn, name).await?.id;
    people::lock(conn, id).await?;
    let person = people::get(conn, id).await?.ok_or_else(|| Error::not_found("person", name))?;
    covers(holder, &person.rights())?;
    Ok(person)
}

pub(super) fn covers(holder: &Rights, other: &Rights) -> Result<()> {
    if holder.covers(other) {
        return Ok(());
    }
    Err(Error::Forbidden {
        code: "more-than-own",
        message: "they have, or would have, permissions that you lack; nobody gives out more than they have"
            .to_owned(),
    })
}

pub(super) async fn roles(
    field: &'static str,
    conn: &mut Conn,
    reach: &Reach,
    given: &[NewRole],
) -> Result<Vec<RoleAt>> {
    if given.len() > MAX_ROLES {
        return Err(Error::invalid(field, format!("expected at most {MAX_ROLES}")));
    }
    let mut roles = Vec::new();
    for new in given {
        let name = new.role.as_str();
        let realm_id = match (&new.realm, new.role.in_realm()) {
            (Some(realm), true) => Some(lookup::in_field(field, lookup::realm(conn, reach, realm).await)?.id),
            (None, false) => None,
            (None, true) => {
                return Err(Error::invalid(
                    "roles",
                    format!("{name} is a role in a realm; give its realmId"),
                ));
            }
            (Some(_), false) => {
                return Err(Error::invalid(field, format!("{name} holds everywhere; leave realmId out")));
            }
        };
        roles.push(RoleAt { role: new.role, realm_id, provider_id: None });
    }
    roles.sort_unstable();
    roles.dedup();
    Ok(roles)
}
