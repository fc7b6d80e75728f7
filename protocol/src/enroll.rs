//! The enrolment call, `POST /api/agents/enroll`: its body and its answer. Errors are problem documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::AgentDid;

/// Asks to become an agent. The token is secret: Debug does not show it, nor the proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollRequest {
    /// An enrolment token. Without one the agent waits until an admin approves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What people call the agent.
    pub name: String,
    /// A JWT with [`ProofClaims`](crate::ProofClaims), signed by the agent's key.
    pub proof: String,
}

impl std::fmt::Debug for EnrollRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrollRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The answer: 201 for a new agent, 200 for one that is already there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollResponse {
    pub did: AgentDid,
    pub name: String,
    pub status: AgentApproval,
    /// Slugs of the realms that the agent is in; empty while it is pending.
    #[serde(default)]
    pub realms: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentApproval {
    Approved,
    Pending,
}
