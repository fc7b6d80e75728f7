//! Reading the change log: what the relay tells sessions, and the receipt of one revision.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Conn;
use crate::{
    base::ids::{ProxyId, RealmId},
    domain::{change::Revision, error::Result, object::ObjectKind},
};

/// Whom one revision concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub revision: Revision,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub realms: Vec<RealmId>,
    pub agents: Vec<String>,
    pub everyone: bool,
    pub urgent: bool,
}

/// Revisions after `after`, in order, at most `limit`.
pub async fn since(conn: &mut Conn, after: Revision, limit: i64) -> Result<Vec<Notice>> {
    let rows = sqlx::query!(
        "select revision, at, kind, realm_ids, agent_dids, everyone, urgent from change
         where revision > $1 order by revision limit $2",
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Notice {
            revision: r.revision,
            at: r.at,
            kind: r.kind,
            realms: r.realm_ids.into_iter().map(RealmId).collect(),
            agents: r.agent_dids,
            everyone: r.everyone,
            urgent: r.urgent,
        })
        .collect())
}

/// One revision, without its effects.
#[derive(Clone, Debug)]
pub struct Entry {
    pub revision: Revision,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub actor: String,
    pub request_id: Option<String>,
    pub realm_ids: Vec<Uuid>,
    pub agent_dids: Vec<String>,
    pub everyone: bool,
    pub summary: Value,
}

pub async fn get(conn: &mut Conn, revision: Revision) -> Result<Option<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "select revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, summary
         from change where revision = $1",
        revision
    )
    .fetch_optional(conn)
    .await?)
}

/// Whose changes to read: those that concern nothing but these realms, and the caller's own.
#[derive(Clone, Debug)]
pub struct Sight {
    /// `None`: every change.
    pub realms: Option<Vec<Uuid>>,
    pub actor: String,
}

impl Sight {
    /// The rule of [`list`], for a change that was read already.
    pub fn shows(&self, realm_ids: &[Uuid], actor: &str) -> bool {
        let within =
            |realms: &Vec<Uuid>| !realm_ids.is_empty() && realm_ids.iter().all(|r| realms.contains(r));
        self.realms.as_ref().is_none_or(within) || self.actor == actor
    }
}

/// Newest first, older than `before` if given.
pub async fn list(
    conn: &mut Conn,
    sight: &Sight,
    before: Option<Revision>,
    limit: i64,
) -> Result<Vec<Entry>> {
    Ok(sqlx::query_as!(
        Entry,
        "select revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, summary
         from change
         where ($1::bigint is null or revision < $1)
           and ($2::uuid[] is null or (realm_ids <> '{}' and realm_ids <@ $2) or actor = $3)
         order by revision desc limit $4",
        before,
        sight.realms.as_deref(),
        sight.actor,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// What a revision asked of one proxy for one object, and how that stands.
#[derive(Clone, Debug)]
pub struct Effect {
    pub proxy_id: ProxyId,
    /// `None` when the proxy is gone from the registry, and with it the wish.
    pub proxy_name: Option<String>,
    pub kind: ObjectKind,
    pub object_id: Uuid,
    pub done_at: Option<DateTime<Utc>>,
    pub parked_code: Option<String>,
    pub last_error: Option<String>,
    pub attempts: Option<i32>,
}

pub async fn effects(conn: &mut Conn, revision: Revision) -> Result<Vec<Effect>> {
    Ok(sqlx::query_as!(
        Effect,
        r#"select e.proxy_id as "proxy_id: ProxyId", p.name as "proxy_name?", e.kind as "kind: ObjectKind", e.object_id,
                  e.done_at, w.parked_code as "parked_code?", coalesce(w.parked_reason, w.last_error) as last_error,
                  w.attempts as "attempts?"
           from change_effect e
           left join proxy p on p.id = e.proxy_id
           left join work w on w.proxy_id = e.proxy_id and w.kind = e.kind and w.object_id = e.object_id
           where e.revision = $1 order by p.name, e.kind, e.object_id"#,
        revision
    )
    .fetch_all(conn)
    .await?)
}

/// Whether everything a revision asked of proxies that still exist is done.
pub async fn effects_done(conn: &mut Conn, revision: Revision) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select 1 from change_effect e join proxy p on p.id = e.proxy_id
                              where e.revision = $1 and e.done_at is null) as "done!""#,
        revision
    )
    .fetch_one(conn)
    .await?)
}

/// Approved agents that a revision concerns: named, or members of its realms, or all; at most `limit`.
pub async fn agents(conn: &mut Conn, entry: &Entry, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select did from agent a where status = 'approved' and (
             $1 or did = any($2) or exists (select 1 from realm_agent m where m.did = a.did and m.realm_id = any($3)))
         order by did limit $4",
        entry.everyone,
        &entry.agent_dids,
        &entry.realm_ids,
        limit
    )
    .fetch_all(conn)
    .await?)
}
