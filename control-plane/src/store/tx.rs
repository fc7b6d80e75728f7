//! A named transaction and the three ways to end it. Whatever changes configuration ends with [`Tx::finish`], which
//! writes the change-log entry, the work items, the receipt's rows and the audit row, and takes the next revision.
//!
//! The one `head` row is locked as the last step, so revisions have no gaps and none commits after a higher one.

use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use super::{Conn, Store, audit, deployments, grants, idempotency};
use crate::{
    base::context::Context,
    domain::{
        change::{AuditEntry, Change, Revision},
        error::Result,
    },
};

/// The channel of the hint; its payload is the revision and nothing else.
pub const CHANNEL: &str = "reeve_change";

/// An open transaction. Dropped without `finish`, it is rolled back.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    store: Store,
    name: &'static str,
}

impl Tx {
    pub(super) async fn begin(store: &Store, name: &'static str) -> Result<Self> {
        Ok(Self { inner: store.pool.begin().await?, store: store.clone(), name })
    }

    pub fn conn(&mut self) -> &mut Conn {
        &mut self.inner
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Ends a change of configuration: returns its revision once it is durable.
    pub async fn finish(mut self, ctx: &Context, change: Change, audit: AuditEntry) -> Result<Revision> {
        let head = lock_head(&mut self.inner).await?;
        let revision = head.revision + 1;
        write_change(&mut self, ctx, revision, &change).await?;
        self.finish_audited(ctx, Some(revision), head, audit).await?;
        Ok(revision)
    }

    /// Ends a change that no agent and no proxy can notice, such as a new enrolment token.
    pub async fn finish_quiet(mut self, ctx: &Context, audit: AuditEntry) -> Result<()> {
        let head = lock_head(&mut self.inner).await?;
        self.finish_audited(ctx, None, head, audit).await
    }

    /// Ends a write-back of the reconciler: what proxies hold changed, nobody's intention did, so there is a
    /// change-log entry (agents may see more or less now) and no audit row. Call [`Tx::lock_head`] first.
    pub async fn finish_observed(mut self, ctx: &Context, change: Change) -> Result<Revision> {
        let head = lock_head(&mut self.inner).await?;
        let revision = head.revision + 1;
        write_change(&mut self, ctx, revision, &change).await?;
        sqlx::query!("update head set revision = $1", revision).execute(&mut *self.inner).await?;
        notify(&mut self.inner, revision).await?;
        self.inner.commit().await?;
        Ok(revision)
    }

    /// Takes the head's lock early, where rows that `finish` of others also touches are written before the end:
    /// everybody locks the head before `work`, so nobody waits in a circle. Returns the revision that this will be.
    pub async fn lock_head(&mut self) -> Result<Revision> {
        Ok(lock_head(&mut self.inner).await?.revision + 1)
    }

    /// Commits what is no change of configuration and needs no audit row: leases, session state.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        tracing::trace!(tx.name = self.name, "transaction committed");
        Ok(())
    }

    async fn finish_audited(
        mut self,
        ctx: &Context,
        revision: Option<Revision>,
        head: Head,
        entry: AuditEntry,
    ) -> Result<()> {
        if let (Some(idem), Some(location)) = (&ctx.idempotency, &entry.location) {
            let now = self.store.clock.now();
            idempotency::record(&mut self.inner, &ctx.actor, idem, location, revision, now).await?;
        }
        let row = audit::Row {
            seq: head.audit_seq + 1,
            at: self.store.clock.now(),
            actor: ctx.actor.clone(),
            action: entry.action.to_owned(),
            subject: entry.subject,
            before: entry.before,
            after: entry.after,
            request_id: ctx.request_id.clone(),
            auth: Some(ctx.auth.clone()),
            address: ctx.address.clone(),
            revision,
            prev_hash: head.audit_hash,
        };
        let hash = row.hash();
        audit::insert(&mut self.inner, &row, &hash).await?;
        sqlx::query!(
            "update head set revision = coalesce($1, revision), audit_seq = $2, audit_hash = $3",
            revision,
            row.seq,
            hash
        )
        .execute(&mut *self.inner)
        .await?;
        if let Some(revision) = revision {
            notify(&mut self.inner, revision).await?;
        }
        self.inner.commit().await?;
        tracing::debug!(tx.name = self.name, change.revision = revision, "transaction committed");
        Ok(())
    }
}

struct Head {
    revision: i64,
    audit_seq: i64,
    audit_hash: String,
}

async fn lock_head(conn: &mut Conn) -> Result<Head> {
    Ok(sqlx::query_as!(Head, "select revision, audit_seq, audit_hash from head for update")
        .fetch_one(conn)
        .await?)
}

async fn notify(conn: &mut Conn, revision: Revision) -> Result<()> {
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, revision.to_string()).execute(conn).await?;
    Ok(())
}

async fn write_change(tx: &mut Tx, ctx: &Context, revision: Revision, change: &Change) -> Result<()> {
    let now = tx.store.clock.now();
    let realms: Vec<uuid::Uuid> = change.realms.iter().map(|r| r.0).collect();
    let summary = if change.summary.is_null() { json!({}) } else { change.summary.clone() };
    sqlx::query!(
        "insert into change (revision, at, kind, actor, request_id, realm_ids, agent_dids, everyone, urgent, summary)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        revision,
        now,
        change.kind,
        ctx.actor,
        ctx.request_id,
        &realms,
        &change.agents,
        change.everyone,
        change.urgent,
        summary as Value,
    )
    .execute(&mut *tx.inner)
    .await?;
    if change.urgent {
        // A right that this revision takes away is `revoking` until the effects of this revision are done.
        sqlx::query!(
            "update model_grant set revoke_revision = $1
             where revoked_at is not null and revoke_revision is null and realm_id = any($2)",
            revision,
            &realms
        )
        .execute(&mut *tx.inner)
        .await?;
        sqlx::query!(
            "update realm_key set closing_revision = $1
             where state = 'closing' and closing_revision is null and realm_id = any($2)",
            revision,
            &realms
        )
        .execute(&mut *tx.inner)
        .await?;
    }
    if !change.objects.is_empty() || !change.models.is_empty() {
        ask_proxies(tx, revision, change).await?;
    }
    if change.urgent {
        // Without a proxy there is nobody who could still let it through.
        grants::settle(&mut tx.inner, None, now).await?;
    }
    Ok(())
}

/// The receipt's rows and the work of the proxies where an object belongs, is, or may be on its way to; or of the one proxy
/// that is meant. A proxy that it does not concern must not hold the change up.
async fn ask_proxies(tx: &mut Tx, revision: Revision, change: &Change) -> Result<()> {
    let now = tx.store.clock.now();
    let mut objects = change.objects.clone();
    objects.extend(deployments::displaced(&mut tx.inner, &change.models).await?);
    objects.sort_unstable();
    objects.dedup();
    let kinds: Vec<String> = objects.iter().map(|o| o.kind.as_str().to_owned()).collect();
    let ids: Vec<uuid::Uuid> = objects.iter().map(|o| o.id).collect();
    // A new wish clears a parked row: its input changed. A running lease is left alone; its write-back sees the
    // higher generation and leaves the row for the next run.
    sqlx::query!(
        "with asked as (
             select p.id as proxy_id, o.kind, o.id as object_id
             from proxy p cross join unnest($1::text[], $2::uuid[]) as o (kind, id)
             left join realm_key k on o.kind = 'key' and k.id = o.id
             left join revocation v on o.kind = 'revocation' and v.id = o.id
             left join deployment d on o.kind = 'deployment' and d.id = o.id
             left join realm r on r.id = case o.kind when 'team' then o.id when 'key' then k.realm_id else v.realm_id end
             where p.id = $3 or ($3::uuid is null and (
                 (p.serves and (placement_rank(r.placement, p.name, p.labels) is not null
                                or model_placed(d.model_id, p.name, p.labels)))
                 or exists (select 1 from applied a where a.proxy_id = p.id
                            and (a.kind, a.object_id) in ((o.kind, o.id), ('team', v.realm_id)))
                 or exists (select 1 from work w where w.proxy_id = p.id
                            and (w.kind, w.object_id) in ((o.kind, o.id), ('team', v.realm_id)))))
             order by 1, 2, 3
         ), effects as (
             insert into change_effect (revision, proxy_id, kind, object_id)
             select $4, proxy_id, kind, object_id from asked
         )
         insert into work (proxy_id, kind, object_id, wanted_generation, next_attempt_at, enqueued_at)
         select proxy_id, kind, object_id, $4, $5, $5 from asked
         on conflict (proxy_id, kind, object_id) do update set
             wanted_generation = excluded.wanted_generation, next_attempt_at = excluded.next_attempt_at,
             attempts = 0, parked_code = null, parked_reason = null, last_error = null",
        &kinds,
        &ids,
        change.only_proxy.map(|p| p.0),
        revision,
        now,
    )
    .execute(&mut *tx.inner)
    .await?;
    Ok(())
}
