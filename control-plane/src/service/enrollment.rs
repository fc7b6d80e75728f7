//! Enrolment tokens: let agents join without waiting for approval. Shown once, stored as a hash.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written, check_range, lookup};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{EnrollmentTokenId, RealmId},
        page::{Page, PageRequest},
        reach::Reach,
        secret::Secret,
    },
    domain::{
        agent::EnrollmentToken,
        change::Location,
        error::{Error, Result},
    },
    store::enrollment,
};

const PREFIX: &str = "reeve-enroll-";
/// For how many agents one token may be good.
const MAX_USES: i32 = 10_000;
const LIFETIME: TimeDelta = TimeDelta::hours(24);
const MAX_LIFETIME: TimeDelta = TimeDelta::days(365);

/// A token as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    pub id: EnrollmentTokenId,
    /// What may be shown of it, such as `...WXYZ`.
    pub fingerprint: String,
    /// Realms the agent joins, the first as its primary one. Empty: the default realm, if there is one.
    pub realm_ids: Vec<RealmId>,
    pub max_uses: i32,
    pub uses: i32,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl From<EnrollmentToken> for TokenView {
    fn from(t: EnrollmentToken) -> Self {
        Self {
            id: t.id,
            fingerprint: t.fingerprint,
            realm_ids: t.realm_ids.into_iter().map(RealmId).collect(),
            max_uses: t.max_uses,
            uses: t.uses,
            expires_at: t.expires_at,
            revoked_at: t.revoked_at,
            created_at: t.created_at,
            created_by: t.created_by,
        }
    }
}

/// A token to be made.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// Ids or slugs.
    pub realms: Vec<String>,
    /// `None`: 1.
    pub max_uses: Option<i32>,
    /// `None`: in 24 hours.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a token. Its text is returned here and nowhere else.
pub async fn create(s: &Services, ctx: &Context, new: NewToken) -> Result<(TokenView, Secret)> {
    let now = s.store.clock.now();
    check_range("maxUses", new.max_uses, 1, MAX_USES)?;
    let expires_at = new.expires_at.unwrap_or(now + LIFETIME);
    if expires_at <= now || expires_at > now + MAX_LIFETIME {
        return Err(Error::invalid("expiresAt", "expected a time from now on and within 365 days"));
    }
    if new.realms.len() > 100 {
        return Err(Error::invalid("realmIds", "expected at most 100 realms"));
    }
    if new.realms.is_empty() {
        lookup::everywhere(&ctx.reach, "everywhere; name the realms that it is for in realmIds")?;
    }
    let mut tx = s.store.begin("enrollment-token.create").await?;
    let mut realm_ids = Vec::new();
    for name in &new.realms {
        let realm = lookup::in_field("realmIds", lookup::realm(tx.conn(), &ctx.reach, name).await)?;
        if !realm_ids.contains(&realm.id.0) {
            realm_ids.push(realm.id.0);
        }
    }
    let secret = s.store.ids.secret(PREFIX);
    let token = EnrollmentToken {
        id: EnrollmentTokenId(s.store.ids.uuid()),
        fingerprint: secret.fingerprint(),
        realm_ids,
        max_uses: new.max_uses.unwrap_or(1),
        uses: 0,
        expires_at,
        revoked_at: None,
        created_at: now,
        created_by: ctx.actor.clone(),
    };
    enrollment::insert(tx.conn(), &token, &sha256_hex(secret.expose())).await?;
    let view = TokenView::from(token);
    let entry = Entry::new(format!("enrollment-token/{}", view.id)).after(&view).at(Location::shown_once());
    tx.finish_quiet(ctx, entry.audit("enrollment-token.create")).await?;
    Ok((view, secret))
}

/// Newest first.
pub async fn list(s: &Services, reach: &Reach, page: &PageRequest) -> Result<Page<TokenView>> {
    let after = match &page.after {
        Some(id) => Some(EnrollmentTokenId(
            uuid::Uuid::try_parse(id)
                .map_err(|_| Error::invalid("cursor", "expected the nextCursor of an answer"))?,
        )),
        None => None,
    };
    let rows = enrollment::list(
        &mut *s.store.conn().await?,
        None,
        reach.may.filter().as_deref(),
        after,
        page.limit + 1,
    )
    .await?;
    Ok(Page::cut(rows, page, |t| t.id.to_string()).map(TokenView::from))
}

/// Ends a token; agents that enrolled with it stay. One that has ended stays ended.
pub async fn revoke(s: &Services, ctx: &Context, id: EnrollmentTokenId) -> Result<Written<TokenView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("enrollment-token.revoke").await?;
    let not_found = || Error::not_found("enrollment token", id);
    let among = ctx.reach.may.filter();
    let among = among.as_deref();
    let before = enrollment::list(tx.conn(), Some(id), among, None, 1).await?.pop().ok_or_else(not_found)?;
    if !enrollment::revoke(tx.conn(), id, now).await? {
        return Ok(Written::unchanged(before.into(), None, Vec::new()));
    }
    let after = TokenView::from(
        enrollment::list(tx.conn(), Some(id), among, None, 1).await?.pop().ok_or_else(not_found)?,
    );
    let entry = Entry::new(format!("enrollment-token/{id}")).before(&TokenView::from(before)).after(&after);
    tx.finish_quiet(ctx, entry.audit("enrollment-token.revoke")).await?;
    Ok(Written::unchanged(after, None, Vec::new()))
}
