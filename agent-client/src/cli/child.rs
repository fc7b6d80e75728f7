//! The command that `exec` runs: started with the config in its environment, signalled, waited for.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use reeve_agent::Environment;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::exit::{CANNOT_RUN, Failure, NOT_FOUND};

pub struct Running {
    child: Child,
    /// What its document says, and what it was started with: another endpoint of it, where the first did not answer.
    asked: Environment,
    environment: Environment,
    pub version: i64,
}

impl Running {
    /// Starts `command` (the program, then its arguments) in this process's environment, changed as `environment` says.
    pub fn start(
        command: &[OsString],
        asked: Environment,
        environment: Environment,
        version: i64,
    ) -> Result<Self, Failure> {
        let Some((program, arguments)) = command.split_first() else {
            return Err(Failure::new(NOT_FOUND, "no command was given"));
        };
        let mut child = Command::new(program);
        child.args(arguments).env_remove("REEVE_ENROLL_TOKEN");
        for name in &environment.remove {
            child.env_remove(name);
        }
        child.envs(environment.set.iter().map(|(name, value)| (name, value)));
        let child = child.spawn().map_err(|error| {
            let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
            Failure::new(code, format!("cannot run {}: {error}", program.to_string_lossy()))
        })?;
        Ok(Self { child, asked, environment, version })
    }

    /// Whether a document with this environment asks for nothing new.
    pub fn has(&self, environment: &Environment) -> bool {
        self.asked == *environment || self.environment == *environment
    }

    /// The exit code once it has ended. Dropping the future loses nothing.
    pub async fn ended(&mut self) -> u8 {
        self.child.wait().await.map_or(CANNOT_RUN, exit_code)
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // It may have ended in this moment; then there is nothing to tell it.
            let _ = kill_process(pid, signal);
        }
    }

    /// Asks it to end, and ends it when it does not within `patience`.
    pub async fn stop(mut self, patience: Duration) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(patience, self.child.wait()).await.is_err() {
            // An error means that it has ended.
            let _ = self.child.kill().await;
        }
    }
}

/// As a shell says it: the code, or 128 and the signal.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    u8::try_from(code & 0xff).unwrap_or(u8::MAX)
}
