//! Workload identity: a CI job shows the token that its CI system gave it, and gets a short-lived one of ours, by a rule. No secret
//! has to be kept in the CI system.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Entry, Services, Written, check_range, check_text, people, tokens};
use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{RealmId, WorkloadRuleId},
        secret::Secret,
    },
    domain::{
        change::Location,
        error::{Error, Result},
        identity::{OWNER_CLAIMS, WorkloadRule},
        permission::{Permission, Rights},
        role::Role,
        slug,
    },
    oidc::{Claims, Expected, Issuers, issuer_of},
    store::{
        Conn, is_unique_violation,
        workload::{self, Filter},
    },
};

/// What every token of a job begins with.
pub const PREFIX: &str = "reeve_job_";
/// How long a token counts when the rule does not say, in seconds; and the bounds.
const LIFETIME: i32 = 900;
const LIFETIMES: (i32, i32) = (60, 3600);

/// A rule as it may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadRuleView {
    pub id: WorkloadRuleId,
    pub name: String,
    /// Such as `https://token.actions.githubusercontent.com`.
    pub issuer: String,
    pub audience: String,
    /// What other claims must be; a `*` at the end stands for any rest.
    pub claims: BTreeMap<String, String>,
    pub role: Option<Role>,
    #[schema(value_type = Vec<String>)]
    pub permissions: Vec<Permission>,
    /// Null: everywhere.
    pub realm_ids: Option<Vec<RealmId>>,
    /// How long a token counts.
    pub lifetime_seconds: i32,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl From<WorkloadRule> for WorkloadRuleView {
    fn from(r: WorkloadRule) -> Self {
        Self {
            id: r.id,
            name: r.name,
            issuer: r.issuer,
            audience: r.audience,
            claims: r.claims,
            role: r.role,
            permissions: r.permissions,
            realm_ids: r.realm_ids,
            lifetime_seconds: r.lifetime_seconds,
            created_at: r.created_at,
            created_by: r.created_by,
        }
    }
}

/// A rule to be made.
#[derive(Clone, Debug)]
pub struct NewWorkloadRule {
    pub name: String,
    pub issuer: String,
    pub audience: String,
    pub claims: BTreeMap<String, String>,
    pub role: Option<Role>,
    pub permissions: Vec<Permission>,
    /// Ids or slugs; `None`: everywhere.
    pub realms: Option<Vec<String>>,
    pub lifetime_seconds: Option<i32>,
}

/// A token for a job.
pub struct JobToken {
    pub secret: Secret,
    pub rule: WorkloadRule,
    pub subject: String,
    pub expires_at: DateTime<Utc>,
}

/// Makes a rule. It cannot give more than whoever makes it has.
pub async fn create(
    s: &Services,
    ctx: &Context,
    holder: &Rights,
    new: NewWorkloadRule,
) -> Result<Written<WorkloadRuleView>> {
    let now = s.store.clock.now();
    slug::check("name", &new.name)?;
    check_claims(&new.claims)?;
    if new.audience.trim().is_empty() {
        return Err(Error::invalid(
            "audience",
            "is empty; give what the job asks its token for, such as this URL",
        ));
    }
    check_text("audience", &new.audience, 500)?;
    check_range("lifetimeSeconds", new.lifetime_seconds, LIFETIMES.0, LIFETIMES.1)?;
    tokens::check_rights(new.role, &new.permissions, new.realms.is_some())?;
    let mut tx = s.store.begin("workload-rule.create").await?;
    let rule = WorkloadRule {
        id: WorkloadRuleId(s.store.ids.uuid()),
        name: new.name,
        issuer: Issuers::check("issuer", &new.issuer)?,
        audience: new.audience,
        claims: new.claims,
        role: new.role,
        permissions: new.permissions,
        realm_ids: tokens::realms(tx.conn(), &ctx.reach, new.realms.as_deref()).await?,
        lifetime_seconds: new.lifetime_seconds.unwrap_or(LIFETIME),
        version: 1,
        created_at: now,
        created_by: ctx.actor.clone(),
        updated_at: now,
    };
    people::covers(holder, &rule.rights())?;
    match workload::insert(tx.conn(), &rule).await {
        Err(error) if is_unique_violation(&error) => {
            return Err(Error::conflict("name-taken", "there is a workload rule of this name already"));
        }
        other => other?,
    }
    let view = WorkloadRuleView::from(rule);
    let location = Location::created(format!("/api/workload-rules/{}", view.id));
    let entry = Entry::new(subject(view.id)).after(&view).at(location);
    tx.finish_quiet(ctx, entry.audit("workload-rule.create")).await?;
    Ok(Written { created: true, ..Written::unchanged(view, None, Vec::new()) })
}

/// By name.
pub async fn list(s: &Services) -> Result<Vec<WorkloadRuleView>> {
    let rows = workload::list(&mut *s.store.conn().await?, &Filter::default()).await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// By id or name.
pub async fn get(s: &Services, name: &str) -> Result<WorkloadRuleView> {
    Ok(find(&mut *s.store.conn().await?, name).await?.into())
}

/// Removes a rule. The tokens that it gave end with it.
pub async fn delete(s: &Services, ctx: &Context, name: &str) -> Result<Written<WorkloadRuleId>> {
    let mut tx = s.store.begin("workload-rule.delete").await?;
    let rule = find(tx.conn(), name).await?;
    workload::lock(tx.conn(), rule.id).await?;
    let rule = find(tx.conn(), &rule.id.to_string()).await?;
    workload::delete(tx.conn(), rule.id).await?;
    let id = rule.id;
    let entry = Entry::new(subject(id)).before(&WorkloadRuleView::from(rule));
    tx.finish_quiet(ctx, entry.audit("workload-rule.delete")).await?;
    Ok(Written::unchanged(id, None, Vec::new()))
}

/// Exchanges a job's own token, once. Only issuers that a rule names are ever asked. `named`: only this rule.
pub async fn exchange(
    s: &Services,
    issuers: &Issuers,
    ctx: &Context,
    token: &Secret,
    named: Option<&str>,
) -> Result<JobToken> {
    let refused = || {
        Error::Unauthenticated {
        code: "no-rule",
        message: "no workload rule fits this token: its issuer, audience, and claims such as repository, ref and environment"
            .to_owned(),
    }
    };
    let issuer = issuer_of(token.expose()).ok_or_else(refused)?;
    let filter = Filter { issuer: Some(&issuer), name: named, ..Filter::default() };
    let rules = workload::list(&mut *s.store.conn().await?, &filter).await?;
    if rules.is_empty() {
        return Err(refused());
    }
    let (rule, claims) = fitting(issuers, token, rules).await?.ok_or_else(refused)?;
    let now = s.store.clock.now();
    let expires_at = now + TimeDelta::seconds(rule.lifetime_seconds.into());
    let job = claims
        .text("sub")
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(300)
        .collect::<String>();
    let mut tx = s.store.begin("workload.exchange").await?;
    let theirs = claims.number("exp").and_then(|at| DateTime::from_timestamp(at, 0)).unwrap_or(now);
    // As long as it could be accepted, and the leeway.
    let once = once(&issuer, &claims, token);
    if !workload::use_once(tx.conn(), &once, theirs + TimeDelta::minutes(5)).await? {
        return Err(Error::Unauthenticated {
            code: "bad-identity-token",
            message: "the identity token is refused: it was exchanged before; ask for a new one".to_owned(),
        });
    }
    let secret = s.store.ids.secret(PREFIX);
    workload::insert_token(tx.conn(), &sha256_hex(secret.expose()), rule.id, &job, expires_at).await?;
    let ctx = Context { actor: actor(&rule, &job), auth: format!("workload:{}", rule.id), ..ctx.clone() };
    let after = serde_json::json!({ "job": job, "expiresAt": expires_at });
    let entry = Entry::new(subject(rule.id)).after(&after).audit("workload.exchange");
    tx.finish_quiet(&ctx, entry).await?;
    Ok(JobToken { secret, rule, subject: job, expires_at })
}

/// The rule and the job behind a token that counts.
pub async fn authenticate(s: &Services, token: &str) -> Result<Option<(WorkloadRule, String)>> {
    if !token.starts_with(PREFIX) {
        return Ok(None);
    }
    let now = s.store.clock.now();
    workload::by_hash(&mut *s.store.conn().await?, &sha256_hex(token), now).await
}

/// As the audit names a job.
pub fn actor(rule: &WorkloadRule, job: &str) -> String {
    format!("job:{}:{job}", rule.name)
}

fn subject(id: WorkloadRuleId) -> String {
    format!("workload-rule/{id}")
}

async fn find(conn: &mut Conn, name: &str) -> Result<WorkloadRule> {
    let id = uuid::Uuid::try_parse(name).ok().map(WorkloadRuleId);
    let filter = Filter { id, name: if id.is_none() { Some(name) } else { None }, ..Filter::default() };
    workload::list(conn, &filter).await?.pop().ok_or_else(|| Error::not_found("workload rule", name))
}

/// The first rule that the token fits, by name. A token for another audience may fit the next rule; what is wrong with it in any
/// other way is wrong for all.
async fn fitting(
    issuers: &Issuers,
    token: &Secret,
    rules: Vec<WorkloadRule>,
) -> Result<Option<(WorkloadRule, Claims)>> {
    let mut why = None;
    for rule in rules {
        let expected = Expected { issuer: &rule.issuer, audience: &rule.audience, nonce: None };
        match issuers.verify(token.expose(), expected).await {
            Ok(claims) if rule.matches(&claims.0) => return Ok(Some((rule, claims))),
            Ok(_) => {}
            Err(error) => why = Some(error),
        }
    }
    why.map_or(Ok(None), Err)
}

/// What a token is known again by.
fn once(issuer: &str, claims: &Claims, token: &Secret) -> String {
    match claims.text("jti") {
        Some(jti) => sha256_hex(format!("{issuer}\n{jti}")),
        None => sha256_hex(token.expose()),
    }
}

fn check_claims(claims: &BTreeMap<String, String>) -> Result<()> {
    for (name, value) in claims {
        if name.is_empty() || value.is_empty() {
            return Err(Error::invalid("claims", "has an empty name or value"));
        }
        check_text("claims", name, 200)?;
        check_text("claims", value, 500)?;
    }
    // `*` alone names nobody.
    let names_somebody = |name: &&&str| claims.get(**name).is_some_and(|value| value != "*");
    if claims.len() > 20 || OWNER_CLAIMS.iter().find(names_somebody).is_none() {
        return Err(Error::invalid(
            "claims",
            "expected 1 to 20, with one that says whose the jobs are, such as {\"repository\": \"acme/app\"} (GitHub) or \
             {\"project_path\": \"acme/app\"} (GitLab); else every project at that CI system could use the rule",
        ));
    }
    Ok(())
}
