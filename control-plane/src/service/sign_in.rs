//! Signing in: the link that sets a password, the password, and the session that it opens.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Entry, Services, Touch, password,
    people::{self as ruled, Link},
};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{PersonId, PersonSessionId},
        secret::Secret,
    },
    domain::{
        change::Location,
        error::{Error, Result},
        person::{self, Person, PersonSession, RoleAt},
        role::Role,
        slug,
    },
    store::{
        Tx, is_unique_violation, people,
        person_sessions::{self, Failures},
    },
};

/// What every session's secret begins with.
pub const PREFIX: &str = "reeve_ses_";
/// A session that is not used for this long ends.
const IDLE: TimeDelta = TimeDelta::hours(12);
/// A session ends after this, however much it is used.
pub const LIFETIME: TimeDelta = TimeDelta::days(7);
/// How exact `lastSeenAt` is.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How long the first owner's link counts.
const FIRST_LINK: TimeDelta = TimeDelta::hours(1);
/// Over how long failed sign-ins are counted.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Failures in that time, of one person from one network, after which it has to wait.
const OF_BOTH: i64 = 5;
/// From one network, whoever's.
const FROM_NETWORK: i64 = 30;
/// Of one person, from wherever; an address from which they have signed in before is exempt, so that a stranger
/// cannot lock them out.
const OF_PERSON: i64 = 50;

/// Who knocks, and from where.
#[derive(Clone, Debug)]
pub struct Knock {
    pub address: Option<IpAddr>,
    /// The browser or program, as it says.
    pub user_agent: String,
    pub request_id: Option<String>,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    pub id: PersonSessionId,
    /// It is the one that asks.
    pub current: bool,
    pub address: Option<String>,
    /// The browser or program, as it said.
    pub user_agent: String,
    pub created_at: DateTime<Utc>,
    /// To a minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends, however much it is used.
    pub expires_at: DateTime<Utc>,
}

/// A session that was opened; the secret is for its cookie.
pub struct Opened {
    pub person: Person,
    pub session: PersonSession,
    pub secret: Secret,
}

/// The person and the session behind a secret, when it counts.
pub async fn authenticate(
    s: &Services,
    secret: &str,
    touch: Touch,
) -> Result<Option<(Person, PersonSession)>> {
    if !secret.starts_with(PREFIX) {
        return Ok(None);
    }
    let now = s.store.clock.now();
    let mut conn = s.store.conn().await?;
    let found = person_sessions::by_hash(&mut conn, &sha256_hex(secret), now, now - IDLE).await?;
    let Some(session) = found else { return Ok(None) };
    let person = people::get(&mut conn, session.person_id).await?.filter(|p| p.disabled_at.is_none());
    let Some(person) = person else { return Ok(None) };
    if touch == Touch::Use && session.last_seen_at < now - SEEN_EVERY {
        person_sessions::seen(&mut conn, session.id, now).await?;
    }
    Ok(Some((person, session)))
}

/// Opens a session for who knows the password. Whatever is wrong, the answer is the same and takes as long.
pub async fn login(s: &Services, knock: &Knock, email: &str, password: &Secret) -> Result<Opened> {
    let email = person::email("email", email)?;
    let now = s.store.clock.now();
    let network = network(knock.address);
    let address = knock.address.map(|a| a.to_string());
    let mut conn = s.store.conn().await?;
    let person = people::by_email(&mut conn, &email).await?;
    let id = person.as_ref().map(|p| p.id);
    // Looked at before, so that a flood writes nothing, and after this one was counted, so that many at once are many.
    let since = now - WINDOW;
    let so_far = person_sessions::failures(&mut conn, id, &network, address.as_deref(), since).await?;
    throttle(so_far, 0)?;
    person_sessions::attempted(&mut conn, id, &network, now).await?;
    throttle(person_sessions::failures(&mut conn, id, &network, address.as_deref(), since).await?, 1)?;
    let hash = match id {
        Some(id) => people::password_hash(&mut conn, id).await?,
        None => None,
    };
    // Hashing takes its time; the connection is somebody else's meanwhile.
    drop(conn);
    let right = password::verify(password, hash).await?;
    if let Some(person) = person.filter(|p| right && p.disabled_at.is_none()) {
        let mut tx = s.store.begin("session.open").await?;
        person_sessions::forgive(tx.conn(), person.id, &network).await?;
        return open(s, tx, knock, person, "password").await;
    }
    let subject = id.map_or_else(|| "person".to_owned(), ruled::subject);
    let ctx = context(knock, "anonymous".to_owned(), "none");
    let entry = Entry::new(subject).audit("session.refused");
    s.store.begin("session.refused").await?.finish_quiet(&ctx, entry).await?;
    Err(Error::Unauthenticated {
        code: "bad-login",
        message: "the email or the password is wrong, or the account is locked".to_owned(),
    })
}

/// What a link is used with.
#[derive(Clone, Debug)]
pub struct Setup {
    pub link: Secret,
    pub password: Secret,
    /// Of the first owner; others have theirs.
    pub email: Option<String>,
    pub name: Option<String>,
}

/// Uses a link up: sets the password, makes the first owner where it is theirs, ends the sessions there were and opens one.
pub async fn set_up(s: &Services, knock: &Knock, setup: Setup) -> Result<Opened> {
    let now = s.store.clock.now();
    let bad_link = || Error::Unauthenticated {
        code: "bad-link",
        message: "the link was used, has ended, or was replaced by another; ask for a new one".to_owned(),
    };
    if !setup.link.expose().starts_with(ruled::LINK_PREFIX) {
        return Err(bad_link());
    }
    let mut tx = s.store.begin("person.set-up").await?;
    let whose = people::use_link(tx.conn(), &sha256_hex(setup.link.expose()), now).await?;
    let person = if let Some(id) = whose.ok_or_else(bad_link)? {
        people::get(tx.conn(), id).await?.filter(|p| p.disabled_at.is_none()).ok_or_else(bad_link)?
    } else {
        first_owner(s, &mut tx, setup.email.as_deref(), setup.name).await?
    };
    person::check_password("password", &setup.password, &person.email)?;
    let hash = password::hash(&setup.password).await?;
    people::set_password_hash(tx.conn(), person.id, &hash).await?;
    person_sessions::end(tx.conn(), person.id, None, None, now).await?;
    open(s, tx, knock, person, "sign-in-link").await
}

async fn first_owner(s: &Services, tx: &mut Tx, email: Option<&str>, name: Option<String>) -> Result<Person> {
    let given = email
        .ok_or_else(|| Error::invalid("email", "is missing; the first owner needs one, to sign in with"))?;
    let email = person::email("email", given)?;
    let name = name.unwrap_or_else(|| email.clone());
    slug::check_name("name", &name)?;
    let now = s.store.clock.now();
    let owner = Person {
        id: PersonId(s.store.ids.uuid()),
        email,
        name,
        has_password: false,
        disabled_at: None,
        last_login_at: None,
        version: 1,
        created_at: now,
        created_by: "system:setup".to_owned(),
        updated_at: now,
        roles: vec![RoleAt { role: Role::Owner, realm_id: None, provider_id: None }],
    };
    match people::insert(tx.conn(), &owner).await {
        Err(error) if is_unique_violation(&error) => {
            Err(Error::conflict("email-taken", "there is somebody with this email already"))
        }
        other => Ok(other.map(|()| owner)?),
    }
}

/// Sets another password, and ends the other sessions.
pub async fn change_password(
    s: &Services,
    ctx: &Context,
    person: &Person,
    session: PersonSessionId,
    current: &Secret,
    new: &Secret,
) -> Result<()> {
    person::check_password("newPassword", new, &person.email)?;
    let hash = people::password_hash(&mut *s.store.conn().await?, person.id).await?;
    if !password::verify(current, hash).await? {
        return Err(Error::invalid("currentPassword", "is not your password"));
    }
    let hash = password::hash(new).await?;
    let mut tx = s.store.begin("person.password").await?;
    people::set_password_hash(tx.conn(), person.id, &hash).await?;
    person_sessions::end(tx.conn(), person.id, None, Some(session), s.store.clock.now()).await?;
    tx.finish_quiet(ctx, Entry::new(ruled::subject(person.id)).audit("person.password")).await
}

/// The sessions of a person that count, newest first.
pub async fn sessions(
    s: &Services,
    person: PersonId,
    current: Option<PersonSessionId>,
) -> Result<Vec<SessionView>> {
    let now = s.store.clock.now();
    let rows = person_sessions::list(&mut *s.store.conn().await?, person, now, now - IDLE).await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionView {
            current: Some(row.id) == current,
            id: row.id,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        })
        .collect())
}

/// Ends one session of a person. From then on its secret is worth nothing.
pub async fn end(s: &Services, ctx: &Context, person: PersonId, session: PersonSessionId) -> Result<()> {
    let mut tx = s.store.begin("session.end").await?;
    let now = s.store.clock.now();
    if person_sessions::end(tx.conn(), person, Some(session), None, now).await? == 0 {
        return Err(Error::not_found("session", session));
    }
    let after = serde_json::json!({ "sessionId": session });
    tx.finish_quiet(ctx, Entry::new(ruled::subject(person)).after(&after).audit("session.end")).await
}

/// Ends all sessions of a person but the one that asks. Returns how many there were.
pub async fn end_others(
    s: &Services,
    ctx: &Context,
    person: PersonId,
    current: PersonSessionId,
) -> Result<u64> {
    let mut tx = s.store.begin("session.end-others").await?;
    let ended = person_sessions::end(tx.conn(), person, None, Some(current), s.store.clock.now()).await?;
    if ended > 0 {
        let entry = Entry::new(ruled::subject(person)).after(&serde_json::json!({ "ended": ended }));
        tx.finish_quiet(ctx, entry.audit("session.end-others")).await?;
    }
    Ok(ended)
}

/// The link of the first owner: when there is nobody yet and no other link counts; with `anyway`, always, in the place
/// of the one before.
pub async fn first_link(s: &Services, anyway: bool) -> Result<Option<Link>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("sign-in-link.create").await?;
    if !anyway && people::any(tx.conn()).await? {
        return Ok(None);
    }
    let secret = s.store.ids.secret(ruled::LINK_PREFIX);
    let expires_at = now + FIRST_LINK;
    let keep = if anyway { None } else { Some(now) };
    if !people::insert_link(tx.conn(), &sha256_hex(secret.expose()), None, expires_at, keep).await? {
        return Ok(None);
    }
    let entry = Entry::new("sign-in-link".to_owned()).after(&serde_json::json!({ "expiresAt": expires_at }));
    tx.finish_quiet(&Context::system("setup"), entry.audit("sign-in-link.create")).await?;
    Ok(Some(Link { secret, expires_at }))
}

pub(super) async fn open(
    s: &Services,
    mut tx: Tx,
    knock: &Knock,
    person: Person,
    how: &str,
) -> Result<Opened> {
    let now = s.store.clock.now();
    let secret = s.store.ids.secret(PREFIX);
    let user_agent = knock.user_agent.chars().filter(|c| !c.is_control()).take(200).collect();
    let session = PersonSession {
        id: PersonSessionId(s.store.ids.uuid()),
        person_id: person.id,
        address: knock.address.map(|a| a.to_string()),
        user_agent,
        created_at: now,
        last_seen_at: now,
        expires_at: now + LIFETIME,
        ended_at: None,
    };
    person_sessions::insert(tx.conn(), &session, &sha256_hex(secret.expose())).await?;
    people::logged_in(tx.conn(), person.id, now).await?;
    let after = serde_json::json!({
        "sessionId": session.id, "userAgent": session.user_agent, "email": person.email, "roles": person.roles,
    });
    let entry = Entry::new(ruled::subject(person.id)).after(&after).at(Location::shown_once());
    tx.finish_quiet(&context(knock, person.actor(), how), entry.audit("session.open")).await?;
    Ok(Opened { person, session, secret })
}

/// `own`: how many of them are this attempt.
fn throttle(so_far: Failures, own: i64) -> Result<()> {
    let over = |count: i64, most: i64| count - own >= most;
    let stranger = over(so_far.theirs, OF_PERSON) && !so_far.known;
    if over(so_far.both, OF_BOTH) || over(so_far.here, FROM_NETWORK) || stranger {
        return Err(Error::TooMany {
            code: "too-many-attempts",
            message: "too many failed sign-ins; wait some minutes".to_owned(),
            retry_after_seconds: 60,
        });
    }
    Ok(())
}

/// Ends the sessions of somebody who came to sign in and holds nothing any more.
pub(super) async fn shut_out(s: &Services, mut tx: Tx, knock: &Knock, person: &Person) -> Result<()> {
    person_sessions::end(tx.conn(), person.id, None, None, s.store.clock.now()).await?;
    let entry = Entry::new(ruled::subject(person.id)).after(&serde_json::json!({ "roles": [] }));
    tx.finish_quiet(&context(knock, person.actor(), "none"), entry.audit("session.refused")).await
}

fn context(knock: &Knock, actor: String, how: &str) -> Context {
    Context {
        actor,
        auth: how.to_owned(),
        address: knock.address.map(|a| a.to_string()),
        request_id: knock.request_id.clone(),
        ..Context::system("sign-in")
    }
}

/// What failures are counted by: an IPv4 address, or the half of an IPv6 address that one subscriber has.
fn network(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        None => "unknown".to_owned(),
    }
}
