//! By whose word people and CI jobs come in: identity providers, and rules for jobs.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    permission::{Permission, Rights},
    person::RoleAt,
    role::Role,
};
use crate::base::ids::{IdentityProviderId, RealmId, WorkloadRuleId};

/// What a group at a provider gives here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupRole {
    /// As the provider names it.
    pub group: String,
    pub role: Role,
    /// Null: everywhere.
    pub realm_id: Option<RealmId>,
}

/// An OpenID Connect provider that people sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    pub id: IdentityProviderId,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub secret_generation: i64,
    pub scopes: Vec<String>,
    pub groups_claim: String,
    pub group_roles: Vec<GroupRole>,
    pub trusts_email: bool,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl IdentityProvider {
    /// What somebody in these groups holds.
    pub fn roles(&self, groups: &[String]) -> Vec<RoleAt> {
        let mut roles: Vec<RoleAt> = self
            .group_roles
            .iter()
            .filter(|given| groups.contains(&given.group))
            .map(|given| RoleAt { role: given.role, realm_id: given.realm_id, provider_id: Some(self.id) })
            .collect();
        roles.sort_unstable();
        roles.dedup();
        roles
    }
}

/// The groups in a claim: a list of texts, or one text.
pub fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Which jobs of a CI system get a token for their own one, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRule {
    pub id: WorkloadRuleId,
    pub name: String,
    pub issuer: String,
    pub audience: String,
    /// What other claims must be; a `*` at the end stands for any rest.
    pub claims: BTreeMap<String, String>,
    pub role: Option<Role>,
    pub permissions: Vec<Permission>,
    /// `None`: everywhere.
    pub realm_ids: Option<Vec<RealmId>>,
    pub lifetime_seconds: i32,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub updated_at: DateTime<Utc>,
}

impl WorkloadRule {
    /// Whether a job with these claims is meant.
    pub fn matches(&self, claims: &Map<String, Value>) -> bool {
        self.claims.iter().all(|(name, wanted)| {
            let given = match claims.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Bool(value)) => value.to_string(),
                Some(Value::Number(value)) => value.to_string(),
                _ => return false,
            };
            match wanted.strip_suffix('*') {
                Some(start) => given.starts_with(start),
                None => given == *wanted,
            }
        })
    }

    pub fn rights(&self) -> Rights {
        let mut rights = Rights::default();
        let realms = self.realm_ids.as_deref();
        if let Some(role) = self.role {
            rights.give_role(role, realms);
        }
        self.permissions.iter().for_each(|p| rights.give(*p, realms));
        rights
    }
}

/// Claims that say whose a job is, at GitHub Actions, GitLab and others. A rule needs one of them, or every project at a shared
/// CI system could use it.
pub const OWNER_CLAIMS: &[&str] = &[
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "project_path",
    "project_id",
    "namespace_path",
    "namespace_id",
    "sub",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(claims: &[(&str, &str)]) -> WorkloadRule {
        WorkloadRule {
            id: WorkloadRuleId(uuid::Uuid::nil()),
            name: "x".into(),
            issuer: String::new(),
            audience: String::new(),
            claims: claims.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            role: None,
            permissions: Vec::new(),
            realm_ids: None,
            lifetime_seconds: 60,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            created_by: String::new(),
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    /// The claims are those of the two systems' documentation.
    #[test]
    fn a_rule_knows_jobs_of_github_and_gitlab_by_their_claims() {
        let github = json!({ "sub": "repo:acme/app:environment:prod", "repository": "acme/app", "ref": "refs/heads/main",
            "environment": "prod", "repository_owner": "acme", "run_attempt": "1" });
        let gitlab = json!({ "sub": "project_path:acme/app:ref_type:branch:ref:main", "project_path": "acme/app",
            "ref": "main", "ref_protected": "true", "project_id": 22, "environment": "prod" });
        let matches = |claims: &[(&str, &str)], job: &Value| rule(claims).matches(job.as_object().unwrap());
        assert!(matches(
            &[("repository", "acme/app"), ("ref", "refs/heads/main"), ("environment", "prod")],
            &github
        ));
        assert!(matches(&[("repository", "acme/*")], &github));
        assert!(matches(
            &[("project_path", "acme/app"), ("ref_protected", "true"), ("project_id", "22")],
            &gitlab
        ));
        for wrong in [
            &[("repository", "acme/app"), ("ref", "refs/heads/dev")][..],
            &[("repository", "acme/ap")],
            &[("repository", "*/app")],
            &[("repository", "ACME/app")],
            &[("repository", "acme/app"), ("job_workflow_ref", "x")],
        ] {
            assert!(!matches(wrong, &github), "{wrong:?}");
        }
        assert!(!matches(&[("sub", "x")], &json!({ "sub": ["x"] })));
    }
}
