//! API tokens: for CI jobs and services. Shown once, stored as a hash, never with more rights than whoever made them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Touch, Written, check_range, lookup};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{ApiTokenId, RealmId},
        page::{Page, PageRequest},
        reach::Reach,
        secret::Secret,
    },
    domain::{
        api_token::{self, ApiToken},
        change::Location,
        error::{Error, Result},
        permission::{Permission, Rights},
        role::Role,
        slug,
    },
    store::{
        Conn, is_unique_violation,
        tokens::{self, Filter},
    },
};

const LIFETIME: TimeDelta = TimeDelta::days(90);
const MAX_LIFETIME: TimeDelta = TimeDelta::days(366);
/// Longest time that the text before a rotation may go on counting, in seconds.
const MAX_OVERLAP: i32 = 7 * 24 * 3600;
/// How exact `lastUsedAt` is.
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A token as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiTokenView {
    pub id: ApiTokenId,
    /// What the audit calls its holder, after `token:`.
    pub name: String,
    /// What may be shown of it, such as `...WXYZ`.
    pub fingerprint: String,
    pub role: Option<Role>,
    /// Such as `grants:write`; who may write may read.
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// The realms where it has them; null: everywhere.
    pub realm_ids: Option<Vec<RealmId>>,
    pub state: TokenState,
    pub expires_at: DateTime<Utc>,
    /// To a minute.
    pub last_used_at: Option<DateTime<Utc>>,
    pub last_used_address: Option<String>,
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the text before the last rotation counts as well.
    pub previous_until: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewApiToken {
    pub name: String,
    pub role: Option<Role>,
    pub permissions: Vec<Permission>,
    /// Ids or slugs; `None`: everywhere.
    pub realms: Option<Vec<String>>,
    /// `None`: in 90 days.
    pub expires_at: Option<DateTime<Utc>>,
}

fn view(t: ApiToken, now: DateTime<Utc>) -> ApiTokenView {
    let state = match t.revoked_at {
        Some(_) => TokenState::Revoked,
        None if t.expires_at <= now => TokenState::Expired,
        None => TokenState::Active,
    };
    ApiTokenView {
        id: t.id,
        name: t.name,
        fingerprint: t.fingerprint,
        role: t.role,
        permissions: t.permissions,
        realm_ids: t.realm_ids,
        state,
        expires_at: t.expires_at,
        last_used_at: t.last_used_at,
        last_used_address: t.last_used_address,
        rotated_at: t.rotated_at,
        previous_until: t.previous_until.filter(|at| *at > now),
        revoked_at: t.revoked_at,
        created_at: t.created_at,
        created_by: t.created_by,
    }
}

/// The token that this text is, when it counts. A text that was never made here costs no query.
pub async fn authenticate(
    s: &Services,
    text: &str,
    address: Option<&str>,
    touch: Touch,
) -> Result<Option<ApiToken>> {
    if !api_token::is_well_formed(text) {
        return Ok(None);
    }
    let now = s.store.clock.now();
    let hash = sha256_hex(text);
    let mut conn = s.store.conn().await?;
    let filter = Filter { hash: Some((&hash, now)), limit: 1, ..Filter::default() };
    let found = tokens::list(&mut conn, &filter).await?.pop();
    let Some(token) = found.filter(|t| t.revoked_at.is_none() && t.expires_at > now) else { return Ok(None) };
    if touch == Touch::Use && token.last_used_at.is_none_or(|at| at < now - USED_EVERY) {
        tokens::used(&mut conn, token.id, address, now).await?;
    }
    Ok(Some(token))
}

/// Makes a token. Its text is returned here and nowhere else. `holder`: what whoever makes it has.
pub async fn create(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    new: NewApiToken,
) -> Result<(ApiTokenView, Secret)> {
    let now = s.store.clock.now();
    slug::check("name", &new.name)?;
    let expires_at = new.expires_at.unwrap_or(now + LIFETIME);
    if expires_at <= now || expires_at > now + MAX_LIFETIME {
        return Err(Error::invalid("expiresAt", "expected a time from now on and within 366 days"));
    }
    check_rights(new.role, &new.permissions, new.realms.is_some())?;
    let mut tx = s.store.begin("token.create").await?;
    let realm_ids = realms(tx.conn(), &ctx.reach, new.realms.as_deref()).await?;
    let secret = api_token::with_checksum(&s.store.ids.secret(api_token::PREFIX));
    let token = ApiToken {
        id: ApiTokenId(s.store.ids.uuid()),
        name: new.name,
        fingerprint: secret.fingerprint(),
        role: new.role,
        permissions: new.permissions,
        realm_ids,
        expires_at,
        last_used_at: None,
        last_used_address: None,
        rotated_at: None,
        previous_until: None,
        revoked_at: None,
        created_at: now,
        created_by: ctx.actor.clone(),
    };
    may_hold(holder, &token)?;
    match tokens::insert(tx.conn(), &token, &sha256_hex(secret.expose())).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict(
                "name-taken",
                format!(
                    "there is a token {:?} already; rotate or revoke it, or choose another name",
                    token.name
                ),
            ));
        }
        other => other?,
    }
    let view = view(token, now);
    let entry = Entry::new(format!("token/{}", view.id)).after(&view).at(Location::shown_once());
    tx.finish_quiet(ctx, entry.audit("token.create")).await?;
    Ok((view, secret))
}

/// Newest first: those that are for nothing but what the caller reaches.
pub async fn list(s: &Services, reach: &Reach, page: &PageRequest) -> Result<Page<ApiTokenView>> {
    let now = s.store.clock.now();
    let after = match &page.after {
        Some(id) => Some(ApiTokenId(
            uuid::Uuid::try_parse(id)
                .map_err(|_| Error::invalid("cursor", "expected the nextCursor of an answer"))?,
        )),
        None => None,
    };
    let among = reach.may.filter();
    let filter = Filter { among: among.as_deref(), after, limit: page.limit + 1, ..Filter::default() };
    let rows = tokens::list(&mut *s.store.conn().await?, &filter).await?;
    Ok(Page::cut(rows, page, |t| t.id.to_string()).map(|t| view(t, now)))
}

/// By id, or by the name of one that was not revoked.
pub async fn get(s: &Services, reach: &Reach, name: &str) -> Result<ApiTokenView> {
    let token = find(&mut *s.store.conn().await?, reach, name).await?;
    Ok(view(token, s.store.clock.now()))
}

/// Gives the token a new text. The one before goes on counting for `overlap_seconds`.
pub async fn rotate(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    name: &str,
    overlap_seconds: i32,
) -> Result<(ApiTokenView, Secret)> {
    check_range("overlapSeconds", Some(overlap_seconds), 0, MAX_OVERLAP)?;
    let now = s.store.clock.now();
    let mut tx = s.store.begin("token.rotate").await?;
    let before = lock(tx.conn(), &ctx.reach, name).await?;
    if before.revoked_at.is_some() || before.expires_at <= now {
        return Err(Error::conflict("token-ended", "the token has ended; make another one"));
    }
    // The new text is shown to the caller, who could act with it.
    may_hold(holder, &before)?;
    let secret = api_token::with_checksum(&s.store.ids.secret(api_token::PREFIX));
    let until = (overlap_seconds > 0).then(|| now + TimeDelta::seconds(overlap_seconds.into()));
    let hash = sha256_hex(secret.expose());
    tokens::replace_hash(tx.conn(), before.id, &hash, &secret.fingerprint(), until, now).await?;
    let after = view(find(tx.conn(), &ctx.reach, &before.id.to_string()).await?, now);
    let entry = Entry::new(format!("token/{}", after.id))
        .before(&view(before, now))
        .after(&after)
        .at(Location::shown_once());
    tx.finish_quiet(ctx, entry.audit("token.rotate")).await?;
    Ok((after, secret))
}

/// Ends a token, now. One that has ended stays ended.
pub async fn revoke(s: &Services, ctx: &Context, name: &str) -> Result<Written<ApiTokenView>> {
    let now = s.store.clock.now();
    let mut tx = s.store.begin("token.revoke").await?;
    let before = lock(tx.conn(), &ctx.reach, name).await?;
    if before.revoked_at.is_some() {
        return Ok(Written::unchanged(view(before, now), None, Vec::new()));
    }
    tokens::revoke(tx.conn(), before.id, now).await?;
    let after = view(find(tx.conn(), &ctx.reach, &before.id.to_string()).await?, now);
    let entry = Entry::new(format!("token/{}", after.id)).before(&view(before, now)).after(&after);
    tx.finish_quiet(ctx, entry.audit("token.revoke")).await?;
    Ok(Written::unchanged(after, None, Vec::new()))
}

async fn find(conn: &mut Conn, reach: &Reach, name: &str) -> Result<ApiToken> {
    let id = uuid::Uuid::try_parse(name).ok().map(ApiTokenId);
    let among = reach.may.filter();
    let name_filter = if id.is_none() { Some(name) } else { None };
    let filter = Filter { id, name: name_filter, among: among.as_deref(), limit: 1, ..Filter::default() };
    tokens::list(conn, &filter).await?.pop().ok_or_else(|| Error::not_found("token", name))
}

async fn lock(conn: &mut Conn, reach: &Reach, name: &str) -> Result<ApiToken> {
    let id = find(conn, reach, name).await?.id;
    tokens::lock(conn, id).await?;
    find(conn, reach, &id.to_string()).await
}

/// A role or permissions, in realms or everywhere: what goes together.
pub(super) fn check_rights(role: Option<Role>, permissions: &[Permission], in_realms: bool) -> Result<()> {
    if role.is_none() == permissions.is_empty() {
        return Err(Error::invalid(
            "permissions",
            "give a role, or the permissions that it needs and no more, such as [\"grants:write\"]",
        ));
    }
    match role {
        Some(role) if role.in_realm() && !in_realms => {
            Err(Error::invalid("realmIds", format!("is missing; {} is a role in a realm", role.as_str())))
        }
        Some(role) if !role.in_realm() && in_realms => {
            let message =
                format!("{} holds everywhere; leave realmIds out, or give realm-admin", role.as_str());
            Err(Error::invalid("role", message))
        }
        _ => match permissions.iter().find(|p| in_realms && !p.area.in_realm()) {
            Some(wide) => {
                let message =
                    format!("{} is not of a realm; leave it out, or leave realmIds out", wide.as_str());
                Err(Error::invalid("permissions", message))
            }
            None => Ok(()),
        },
    }
}

pub(super) async fn realms(
    conn: &mut Conn,
    reach: &Reach,
    names: Option<&[String]>,
) -> Result<Option<Vec<RealmId>>> {
    let Some(names) = names else {
        lookup::everywhere(reach, "everywhere; name the realms that it is for in realmIds")?;
        return Ok(None);
    };
    if names.is_empty() || names.len() > 100 {
        return Err(Error::invalid("realmIds", "expected 1 to 100 realms; leave it out for everywhere"));
    }
    let mut found = Vec::new();
    for name in names {
        let realm = lookup::in_field("realmIds", lookup::realm(conn, reach, name).await)?;
        if !found.contains(&realm.id) {
            found.push(realm.id);
        }
    }
    Ok(Some(found))
}

fn may_hold(holder: &Rights, token: &ApiToken) -> Result<()> {
    if holder.covers(&token.rights()) {
        return Ok(());
    }
    Err(Error::Forbidden {
        code: "more-than-own",
        message: "the token would have permissions that you lack; nobody gives out more than they have"
            .to_owned(),
    })
}
