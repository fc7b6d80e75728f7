//! Enrolment: an agent proves its identity, and a token or an admin lets it in. The agent's id comes from the checked
//! proof and from nothing that it writes.

use serde_json::json;

use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{EnrollmentTokenId, RealmId},
        secret::Secret,
    },
    domain::{
        agent::{Agent, AgentStatus, ConfigMode, EnrollmentToken},
        change::{AuditEntry, Change},
        error::{Error, Result},
    },
    push::identity::{self, Proof},
    service::{Services, keys},
    store::{Conn, agents, enrollment, realms},
};

/// How many agents may wait for approval; more are told to come back.
const MAX_PENDING: i64 = 1_000;
/// When to try again when too many wait, in seconds.
const COME_BACK: u32 = 60;
/// Of a name, in characters.
const MAX_NAME: usize = 100;

/// How an enrolment ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    pub did: String,
    pub name: String,
    /// `Approved` or `Pending`.
    pub status: AgentStatus,
    /// Slugs of its realms, the primary one first; empty while it is pending.
    pub realms: Vec<String>,
    /// It was not there before: 201, else 200.
    pub created: bool,
}

/// Enrols the agent that made `proof`. With a good token it is approved and joins the token's realms (the default realm
/// when the token names none); without one it waits for an admin. Repeating it is safe: an agent that has all that its
/// token gives uses nothing up.
///
/// Errors: 401 `replayed`; 403 `agent-revoked`, `agent-rejected`, `enrollment-token-invalid` (unknown, expired, ended or
/// used up, as its text says); 422 for the name; 503 `too-many-pending`.
pub async fn enroll(
    s: &Services,
    ctx: &Context,
    proof: &Proof,
    token: Option<&Secret>,
    name: &str,
) -> Result<Enrolled> {
    let name = checked_name(name)?;
    let did = proof.did().as_str();
    let now = s.store.clock.now();
    let mut tx = s.store.begin("agent.enroll").await?;
    proof.use_up(tx.conn()).await?;

    // Locks are taken in the order token, realms, agent, as everywhere.
    let token = match token {
        Some(token) => Some(found(tx.conn(), token).await?),
        None => None,
    };
    let joins = match &token {
        Some(token) => realms_of(tx.conn(), did, token).await?,
        None => Vec::new(),
    };
    agents::lock(tx.conn(), did).await?;
    let known = agents::get(tx.conn(), did).await?;
    match known.as_ref().map(|agent| agent.status) {
        Some(AgentStatus::Revoked) => return Err(identity::revoked()),
        Some(AgentStatus::Rejected) => return Err(identity::rejected()),
        Some(AgentStatus::Pending | AgentStatus::Approved) | None => {}
    }
    let before = slugs(tx.conn(), did).await?;
    let missing: Vec<RealmId> =
        joins.iter().filter(|(_, slug)| !before.contains(slug)).map(|(id, _)| *id).collect();

    let created = known.is_none();
    let was = known.as_ref().map(|agent| agent.status);
    let nothing_to_do = match &token {
        None => !created,
        Some(_) => was == Some(AgentStatus::Approved) && missing.is_empty(),
    };
    let agent = match (&token, known) {
        (_, Some(agent)) if nothing_to_do => {
            tx.commit().await?;
            return Ok(enrolled(agent, before, false));
        }
        (Some(token), known) => {
            check_use(token, now)?;
            enrollment::use_once(tx.conn(), token.id).await?;
            match known {
                None => add(tx.conn(), did, name, AgentStatus::Approved, now).await?,
                Some(agent) => {
                    if agent.status == AgentStatus::Pending {
                        agents::set_status(tx.conn(), did, AgentStatus::Approved, None, now).await?;
                    }
                    Agent { status: AgentStatus::Approved, ..agent }
                }
            }
        }
        (None, _) => {
            if agents::count_pending(tx.conn()).await? >= MAX_PENDING {
                return Err(Error::Unavailable {
                    code: "too-many-pending",
                    message: "too many agents wait for approval; use an enrolment token or come back later"
                        .to_owned(),
                    retry_after_seconds: COME_BACK,
                });
            }
            add(tx.conn(), did, name, AgentStatus::Pending, now).await?
        }
    };
    for realm in missing {
        // The first realm of an agent becomes its primary one.
        realms::join(tx.conn(), realm, did, false, now).await?;
    }
    let mut objects = Vec::new();
    if agent.status == AgentStatus::Approved {
        for member in realms::of_agents(tx.conn(), &[did.to_owned()]).await? {
            objects.extend(keys::ensure(s, tx.conn(), member.realm_id).await?);
        }
    }
    let after = slugs(tx.conn(), did).await?;

    let view = |status: Option<AgentStatus>, realms: &[String]| {
        status.map(|status| json!({ "name": agent.name, "status": status, "realms": realms }))
    };
    let token_id: Option<EnrollmentTokenId> = token.map(|t| t.id);
    let change = Change {
        kind: "agent.enroll",
        agents: vec![did.to_owned()],
        objects,
        summary: json!({
            "agent": did, "agentName": agent.name, "status": agent.status, "realms": after,
            "enrollmentTokenId": token_id,
        }),
        ..Change::default()
    };
    let audit = AuditEntry {
        action: "agent.enroll",
        subject: format!("agent/{did}"),
        before: view(was, &before),
        after: view(Some(agent.status), &after),
        location: None,
    };
    let ctx = Context { actor: format!("agent:{did}"), idempotency: None, ..ctx.clone() };
    tx.finish(&ctx, change, audit).await?;
    s.signals.changed();
    Ok(enrolled(agent, after, created))
}

fn enrolled(agent: Agent, realms: Vec<String>, created: bool) -> Enrolled {
    let realms = if agent.status == AgentStatus::Approved { realms } else { Vec::new() };
    Enrolled { did: agent.did, name: agent.name, status: agent.status, realms, created }
}

fn checked_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let message = format!("expected 1 to {MAX_NAME} characters, without control characters");
        return Err(Error::invalid("name", message));
    }
    Ok(name)
}

fn refused(message: &str) -> Error {
    Error::Forbidden { code: "enrollment-token-invalid", message: message.to_owned() }
}

async fn found(conn: &mut Conn, token: &Secret) -> Result<EnrollmentToken> {
    let hash = sha256_hex(token.expose());
    enrollment::lock_by_hash(conn, &hash)
        .await?
        .ok_or_else(|| refused("this enrolment token is not known; ask an admin for a new one"))
}

/// Whether the token may be used once more.
fn check_use(token: &EnrollmentToken, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    if token.revoked_at.is_some() {
        return Err(refused("this enrolment token was ended by an admin; ask for a new one"));
    }
    if token.expires_at <= now {
        return Err(refused("this enrolment token has expired; ask an admin for a new one"));
    }
    if token.uses >= token.max_uses {
        return Err(refused("this enrolment token is used up; ask an admin for a new one"));
    }
    Ok(())
}

/// Realms that the token's agents join, the first as the primary one: those that it names and that are still there, or
/// the default realm when it names none.
async fn realms_of(conn: &mut Conn, did: &str, token: &EnrollmentToken) -> Result<Vec<(RealmId, String)>> {
    let mut named: Vec<RealmId> = token.realm_ids.iter().copied().map(RealmId).collect();
    if named.is_empty() {
        named.extend(realms::default(conn).await?.map(|realm| realm.id));
    }
    // With those that it is in already: it may get a key of its own in each.
    let mut in_order = named.clone();
    in_order.extend(realms::of_agents(conn, &[did.to_owned()]).await?.into_iter().map(|m| m.realm_id));
    in_order.sort_unstable();
    in_order.dedup();
    for realm in in_order {
        realms::lock(conn, realm).await?;
    }
    let mut found = Vec::with_capacity(named.len());
    for id in named {
        found.extend(realms::get(conn, id).await?.map(|realm| (realm.id, realm.slug)));
    }
    Ok(found)
}

/// The realms that the agent is in, the primary one first.
async fn slugs(conn: &mut Conn, did: &str) -> Result<Vec<String>> {
    let mut members = realms::members(
        conn,
        None,
        Some(did),
        &crate::base::page::PageRequest { limit: 10_000, after: None },
    )
    .await?;
    members.sort_by_key(|m| (!m.is_primary, m.joined_at, m.realm_id));
    let mut slugs = Vec::with_capacity(members.len());
    for member in members {
        slugs.extend(realms::get(conn, member.realm_id).await?.map(|realm| realm.slug));
    }
    Ok(slugs)
}

async fn add(
    conn: &mut Conn,
    did: &str,
    name: &str,
    status: AgentStatus,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Agent> {
    let agent = Agent {
        did: did.to_owned(),
        name: name.to_owned(),
        status,
        status_reason: None,
        mode: ConfigMode::Realm,
        realm_id: None,
        model_id: None,
        manual_config: None,
        manual_generation: 0,
        version: 1,
        created_at: now,
        updated_at: now,
        approved_at: (status == AgentStatus::Approved).then_some(now),
    };
    if agents::insert(conn, &agent).await? {
        return Ok(agent);
    }
    // The same agent enrols twice at once: the other one was first.
    Err(Error::Unavailable {
        code: "busy",
        message: "this agent is being enrolled; repeat the request".to_owned(),
        retry_after_seconds: 1,
    })
}

#[cfg(test)]
#[path = "enroll_tests.rs"]
mod tests;
