//! Identity providers: where people sign in with OpenID Connect, and what their groups give them here.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written, check_secret, check_text, check_version, people::NewRole};
use crate::{
    base::{context::Context, ids::IdentityProviderId, secret::Secret},
    domain::{
        change::Location,
        error::{Error, Result},
        identity::{GroupRole, IdentityProvider},
        permission::Rights,
        slug,
    },
    oidc::Issuers,
    store::{
        Conn,
        identity_providers::{self, identity_provider_at},
        is_unique_violation,
    },
};

const MAX_GROUPS: usize = 500;

/// A provider as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityProviderView {
    pub id: IdentityProviderId,
    /// As it stands in URLs and on the page for signing in.
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret_set: bool,
    /// Asked for, beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that lists the groups of a person.
    pub groups_claim: String,
    pub group_roles: Vec<GroupRole>,
    /// A verified email of it is the person of that email here.
    pub trusts_email: bool,
    /// The ETag.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<IdentityProvider> for IdentityProviderView {
    fn from(p: IdentityProvider) -> Self {
        Self {
            id: p.id,
            name: p.name,
            issuer: p.issuer,
            client_id: p.client_id,
            client_secret_set: true,
            scopes: p.scopes,
            groups_claim: p.groups_claim,
            group_roles: p.group_roles,
            trusts_email: p.trusts_email,
            version: p.version,
            created_at: p.created_at,
            updated_at: p.updated_at,
        }
    }
}

/// A role for a group: the group, and the role with its realm by id or slug.
pub type NewGroupRole = (String, NewRole);

/// A provider to be added.
#[derive(Clone, Debug)]
pub struct NewIdentityProvider {
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    pub scopes: Vec<String>,
    pub groups_claim: String,
    pub group_roles: Vec<NewGroupRole>,
    pub trusts_email: bool,
}

/// An edit; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct IdentityProviderPatch {
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub scopes: Option<Vec<String>>,
    pub groups_claim: Option<String>,
    pub group_roles: Option<Vec<NewGroupRole>>,
    pub trusts_email: Option<bool>,
}

pub async fn create(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    new: NewIdentityProvider,
) -> Result<Written<IdentityProviderView>> {
    let now = s.store.clock.now();
    slug::check("name", &new.name)?;
    check_secret("clientSecret", &new.client_secret)?;
    let id = IdentityProviderId(s.store.ids.uuid());
    let mut tx = s.store.begin("identity-provider.create").await?;
    let provider = IdentityProvider {
        id,
        name: new.name,
        issuer: Issuers::check("issuer", &new.issuer)?,
        client_id: new.client_id,
        secret_generation: 1,
        scopes: new.scopes,
        groups_claim: new.groups_claim,
        group_roles: group_roles(tx.conn(), ctx, holder, new.group_roles).await?,
        trusts_email: new.trusts_email,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    check(&provider)?;
    let sealed = s.store.sealer.seal(&identity_provider_at(id), 1, &new.client_secret);
    match identity_providers::insert(tx.conn(), &provider, &sealed).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict("name-taken", "there is an identity provider of this name already"));
        }
        other => other?,
    }
    let view = IdentityProviderView::from(provider);
    let location = Location::created(format!("/api/identity-providers/{id}"));
    let entry = Entry::new(subject(id)).after(&view).at(location);
    tx.finish_quiet(ctx, entry.audit("identity-provider.create")).await?;
    Ok(Written { created: true, ..Written::unchanged(view, Some(1), Vec::new()) })
}

/// By name.
pub async fn list(s: &Services) -> Result<Vec<IdentityProviderView>> {
    let rows = identity_providers::list(&mut *s.store.conn().await?, None, None).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// By id or name.
pub async fn get(s: &Services, name: &str) -> Result<IdentityProviderView> {
    Ok(find(&mut *s.store.conn().await?, name).await?.into())
}

pub async fn update(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    name: &str,
    expected: Option<i64>,
    patch: IdentityProviderPatch,
) -> Result<Written<IdentityProviderView>> {
    let mut tx = s.store.begin("identity-provider.update").await?;
    let old = lock(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    let mut new = old.clone();
    new.client_id = patch.client_id.unwrap_or(new.client_id);
    new.scopes = patch.scopes.unwrap_or(new.scopes);
    new.groups_claim = patch.groups_claim.unwrap_or(new.groups_claim);
    new.trusts_email = patch.trusts_email.unwrap_or(new.trusts_email);
    if let Some(given) = patch.group_roles {
        new.group_roles = group_roles(tx.conn(), ctx, holder, given).await?;
    }
    let sealed = match &patch.client_secret {
        Some(secret) => {
            check_secret("clientSecret", secret)?;
            new.secret_generation += 1;
            Some(s.store.sealer.seal(&identity_provider_at(new.id), new.secret_generation, secret))
        }
        None => None,
    };
    check(&new)?;
    if new == old {
        return Ok(Written::unchanged(old.clone().into(), Some(old.version), Vec::new()));
    }
    identity_providers::update(tx.conn(), &new, sealed.as_deref(), s.store.clock.now()).await?;
    let after = IdentityProviderView::from(find(tx.conn(), &new.id.to_string()).await?);
    let entry = Entry::new(subject(new.id)).before(&IdentityProviderView::from(old)).after(&after);
    tx.finish_quiet(ctx, entry.audit("identity-provider.update")).await?;
    Ok(Written::unchanged(after.clone(), Some(after.version), Vec::new()))
}

/// Removes a provider, with what its groups gave. Its people stay, and sign in otherwise or not at all.
pub async fn delete(
    s: &Services,
    ctx: &Context,
    name: &str,
    expected: Option<i64>,
) -> Result<Written<IdentityProviderId>> {
    let mut tx = s.store.begin("identity-provider.delete").await?;
    let old = lock(tx.conn(), name).await?;
    check_version(expected, old.version)?;
    identity_providers::delete(tx.conn(), old.id).await?;
    super::settings::keep_an_owner(s, tx.conn(), None).await?;
    let id = old.id;
    let entry = Entry::new(subject(id)).before(&IdentityProviderView::from(old));
    tx.finish_quiet(ctx, entry.audit("identity-provider.delete")).await?;
    Ok(Written::unchanged(id, None, Vec::new()))
}

fn subject(id: IdentityProviderId) -> String {
    format!("identity-provider/{id}")
}

pub(super) async fn find(conn: &mut Conn, name: &str) -> Result<IdentityProvider> {
    let found = match uuid::Uuid::try_parse(name) {
        Ok(id) => identity_providers::list(conn, Some(IdentityProviderId(id)), None).await?,
        Err(_) => identity_providers::list(conn, None, Some(name)).await?,
    };
    found.into_iter().next().ok_or_else(|| Error::not_found("identity provider", name))
}

async fn lock(conn: &mut Conn, name: &str) -> Result<IdentityProvider> {
    let id = find(conn, name).await?.id;
    identity_providers::lock(conn, id).await?;
    find(conn, &id.to_string()).await
}

fn check(p: &IdentityProvider) -> Result<()> {
    if p.client_id.trim().is_empty() {
        return Err(Error::invalid("clientId", "is empty; give the client's id at the provider"));
    }
    check_text("clientId", &p.client_id, 500)?;
    if p.groups_claim.trim().is_empty() {
        return Err(Error::invalid("groupsClaim", "is empty; name the claim that lists a person's groups"));
    }
    check_text("groupsClaim", &p.groups_claim, 200)?;
    let sound = |scope: &String| !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic());
    if p.scopes.len() > 20 || !p.scopes.iter().all(sound) {
        return Err(Error::invalid("scopes", "expected at most 20 words, such as \"email\""));
    }
    Ok(())
}

async fn group_roles(
    conn: &mut Conn,
    ctx: &Context,
    holder: &Rights,
    given: Vec<NewGroupRole>,
) -> Result<Vec<GroupRole>> {
    if given.len() > MAX_GROUPS {
        return Err(Error::invalid("groupRoles", format!("expected at most {MAX_GROUPS}")));
    }
    let mut found = Vec::new();
    for (group, role) in given {
        if group.is_empty() {
            return Err(Error::invalid("groupRoles", "a group is empty; give its name at the provider"));
        }
        check_text("groupRoles", &group, 500)?;
        for at in super::people::roles("groupRoles", conn, &ctx.reach, std::slice::from_ref(&role)).await? {
            found.push(GroupRole { group: group.clone(), role: at.role, realm_id: at.realm_id });
        }
    }
    let mut rights = Rights::default();
    for given in &found {
        rights.give_role(given.role, given.realm_id.as_ref().map(std::slice::from_ref));
    }
    super::people::covers(holder, &rights)?;
    Ok(found)
}
