//! What the program's exit code says. The numbers are documented in the README and do not change.

use std::fmt;

use reeve_agent::AgentError;

/// A file, the network stack or the machine failed.
pub const OTHER: u8 = 1;
/// Something is missing on the command line or in the settings (clap uses the same number).
pub const USAGE: u8 = 2;
/// There is no identity, or it may not be used.
pub const IDENTITY: u8 = 3;
/// The control plane refused the call; the message has its code.
pub const REFUSED: u8 = 4;
/// The control plane cannot be reached. Trying again may help.
pub const UNREACHABLE: u8 = 5;
/// The agent was revoked, or its registration refused.
pub const REVOKED: u8 = 6;
/// No config came in time.
pub const NO_CONFIG: u8 = 7;
/// Another process holds the session.
pub const HELD: u8 = 8;
/// The command of `exec` cannot be run (as a shell says it).
pub const CANNOT_RUN: u8 = 126;
/// The command of `exec` was not found (as a shell says it).
pub const NOT_FOUND: u8 = 127;

pub const HELP: &str = "Exit codes: 0 done, 1 other failure, 2 usage, 3 identity missing or unusable, 4 refused by the \
control plane, 5 control plane unreachable, 6 agent revoked, 7 no config in time, 8 session held by another process. \
`exec` ends with the command's own code (128 + N after signal N), 126 if it cannot be run, 127 if it is not found.";

/// Why a command ends, and with which code.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    message: String,
}

impl Failure {
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<AgentError> for Failure {
    fn from(error: AgentError) -> Self {
        let code = match &error {
            AgentError::Url { .. } => USAGE,
            AgentError::NoIdentity { .. } | AgentError::Identity { .. } => IDENTITY,
            AgentError::Held { .. } => HELD,
            AgentError::Unreachable { .. } => UNREACHABLE,
            AgentError::Refused(_) => REFUSED,
            AgentError::File { .. } | AgentError::Damaged { .. } | AgentError::Crypto { .. } => OTHER,
        };
        Self::new(code, error.to_string())
    }
}
