//! Enrolment: one call that makes the control plane know this agent's key.

use std::time::Duration;

use reeve_protocol::{EnrollRequest, EnrollResponse};

use crate::{AgentError, ControlPlaneUrl, Identity, Problem};

/// No answer of this call is larger.
const MAX_ANSWER: usize = 64 * 1024;

/// Enrols the identity under `name`. With a token that is valid the agent is approved and in the token's realms at once;
/// without one it is pending until an admin approves it. Enrolling again is fine: the answer is the agent as it is.
///
/// [`AgentError::Refused`] holds the control plane's reason, [`AgentError::Unreachable`] means to try again.
pub async fn enroll(
    url: &ControlPlaneUrl,
    identity: &Identity,
    name: &str,
    token: Option<&str>,
) -> Result<EnrollResponse, AgentError> {
    let unreachable = |error: reqwest::Error| AgentError::Unreachable {
        url: url.to_string(),
        problem: chain(&error.without_url()),
    };
    let client = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        // A redirect could carry the token elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("reeve-agent/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(unreachable)?;
    let request = EnrollRequest {
        token: token.map(str::to_owned),
        name: name.to_owned(),
        proof: identity.proof(&url.origin())?.to_string(),
    };
    let mut answer = client.post(url.enroll()).json(&request).send().await.map_err(unreachable)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    if !status.is_success() {
        return Err(AgentError::Refused(Problem::read(status.as_u16(), &body)));
    }
    let answer: EnrollResponse = serde_json::from_slice(&body).map_err(|_| AgentError::Unreachable {
        url: url.to_string(),
        problem: "its answer is not one of a Reeve control plane; is the URL right?".to_owned(),
    })?;
    if answer.did != *identity.did() {
        return Err(AgentError::Unreachable {
            url: url.to_string(),
            problem: format!("it answered for another agent, {}", answer.did),
        });
    }
    Ok(answer)
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
