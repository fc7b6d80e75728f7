//! The agent's directory: which files are in it, who may read them, and who holds the session.
//!
//! `identity.pem` the key · `settings.json` the control plane's URL · `last-config` the last good document, sealed ·
//! `status.json` for people · `session.lock` held by the process that has the session.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reeve_protocol::LlmConfigMessage;
use serde::{Deserialize, Serialize};

use crate::{
    AgentConfigState, AgentError, AgentStatus, CurrentConfig, Identity, SavedStatus, clock, last_config,
};

/// An agent's directory. Cheap to clone; two agents need two directories.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: Arc<Path>,
}

/// What enrolment remembers, so that later commands need not be told again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The control plane's URL.
    pub url: String,
    /// What people call the agent.
    pub name: String,
}

impl StateDir {
    /// Opens the directory; makes it, mode 0700, when it is not there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AgentError> {
        let path = path.as_ref();
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|source| AgentError::File {
            action: "making the directory",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { path: path.into() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the directory.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The identity that is stored here.
    pub fn load_identity(&self) -> Result<Identity, AgentError> {
        Identity::load(&self.file("identity.pem"))
    }

    /// The identity that is stored here; a new one when there is none.
    pub fn load_or_create_identity(&self) -> Result<Identity, AgentError> {
        match self.load_identity() {
            Err(AgentError::NoIdentity { path }) => {
                let identity = Identity::generate()?;
                match identity.create(&path) {
                    // Another process was faster: its identity is the one.
                    Err(AgentError::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
                        self.load_identity()
                    }
                    made => made.map(|()| identity),
                }
            }
            other => other,
        }
    }

    pub fn settings(&self) -> Result<Option<Settings>, AgentError> {
        self.read_json("settings.json")
    }

    pub fn save_settings(&self, settings: &Settings) -> Result<(), AgentError> {
        self.write_json("settings.json", settings)
    }

    /// The status that the holder of the session last wrote.
    pub fn saved_status(&self) -> Result<Option<SavedStatus>, AgentError> {
        self.read_json("status.json")
    }

    pub(crate) fn save_status(&self, status: AgentStatus) -> Result<(), AgentError> {
        let saved = SavedStatus { pid: std::process::id(), updated_at: clock::now(), status };
        self.write_json("status.json", &saved)
    }

    /// What the holder of the session may use, as it last stored it. For programs that run beside the holder.
    pub fn last_config(&self, identity: &Identity) -> Result<AgentConfigState, AgentError> {
        Ok(match self.load_last(identity)? {
            Some(message) => AgentConfigState::Current(CurrentConfig::new(&message, true)),
            None => AgentConfigState::Waiting,
        })
    }

    pub(crate) fn load_last(&self, identity: &Identity) -> Result<Option<LlmConfigMessage>, AgentError> {
        let Some(sealed) = self.read("last-config")? else { return Ok(None) };
        let opened = last_config::open(identity, sealed);
        opened.map(Some).map_err(|problem| self.damaged("last-config", problem))
    }

    pub(crate) fn save_last(
        &self,
        identity: &Identity,
        message: &LlmConfigMessage,
    ) -> Result<(), AgentError> {
        self.write_private("last-config", &last_config::seal(identity, message)?)
    }

    /// Forgets the last good document. The control plane sends it again; its versions start anew, as they do when a
    /// control plane was set up anew.
    pub fn forget_config(&self) -> Result<(), AgentError> {
        let path = self.file("last-config");
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(AgentError::File { action: "removing", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Takes the session of this directory. It is given back when the lock is dropped or the process ends, however it
    /// ends: the lock is the operating system's (`flock`).
    pub fn lock_session(&self) -> Result<SessionLock, AgentError> {
        let path = self.file("session.lock");
        let failed = |action| {
            let path = path.clone();
            move |source| AgentError::File { action, path, source }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed("opening"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(AgentError::Held { path: self.path().to_owned(), pid: read_pid(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed("locking")(source)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed("writing"))?;
        Ok(SessionLock { _file: file })
    }

    /// The process that holds the session, if one does.
    pub fn session_holder(&self) -> Result<Option<String>, AgentError> {
        let path = self.file("session.lock");
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(AgentError::File { action: "opening", path, source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(read_pid(&mut file))),
            Err(TryLockError::Error(source)) => Err(AgentError::File { action: "locking", path, source }),
        }
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, AgentError> {
        let path = self.file(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AgentError::File { action: "reading", path, source }),
        }
    }

    fn read_json<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<Option<T>, AgentError> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|error| self.damaged(name, error.to_string()))
    }

    fn write_json<T: Serialize>(&self, name: &str, value: &T) -> Result<(), AgentError> {
        let mut text =
            serde_json::to_vec_pretty(value).map_err(|error| self.damaged(name, error.to_string()))?;
        text.push(b'\n');
        self.write_private(name, &text)
    }

    /// Writes a file that only its owner can read, whole or not at all: a new file takes the old one's name.
    pub fn write_private(&self, name: &str, bytes: &[u8]) -> Result<(), AgentError> {
        let path = self.file(name);
        let new = self.file(&format!(".{name}.{}", clock::id()));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&new, &path))
            .and_then(|()| File::open(&*self.path)?.sync_all());
        written.map_err(|source| {
            // Only a leftover; the error that matters is the one that follows.
            let _ = std::fs::remove_file(&new);
            AgentError::File { action: "writing", path, source }
        })
    }

    fn damaged(&self, name: &str, problem: String) -> AgentError {
        AgentError::Damaged { path: self.file(name), problem }
    }
}

/// The number in the lock file. It is for messages only, so that it cannot be read is no error.
fn read_pid(file: &mut File) -> String {
    let mut pid = String::new();
    match file.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => pid.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// The right to have the session of a directory, see [`StateDir::lock_session`].
#[derive(Debug)]
pub struct SessionLock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn open() -> (tempfile::TempDir, StateDir) {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::open(temp.path().join("agent")).unwrap();
        (temp, dir)
    }

    #[test]
    fn files_are_for_their_owner_only_and_leave_nothing_behind() {
        let (_temp, dir) = open();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(dir.path()), 0o700);
        dir.write_private("a", b"1").unwrap();
        dir.write_private("a", b"2").unwrap();
        assert_eq!(std::fs::read(dir.file("a")).unwrap(), b"2");
        assert_eq!(mode(&dir.file("a")), 0o600);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_session_has_one_holder() {
        let (_temp, dir) = open();
        let held = dir.lock_session().unwrap();
        match dir.lock_session() {
            Err(AgentError::Held { pid, .. }) => assert_eq!(pid, std::process::id().to_string()),
            other => panic!("{other:?}"),
        }
        assert_eq!(dir.session_holder().unwrap(), Some(std::process::id().to_string()));
        drop(held);
        assert_eq!(dir.session_holder().unwrap(), None);
        assert!(dir.lock_session().is_ok());
    }

    #[test]
    fn an_identity_is_made_once() {
        let (_temp, dir) = open();
        assert!(matches!(dir.load_identity(), Err(AgentError::NoIdentity { .. })));
        let made = dir.load_or_create_identity().unwrap();
        assert_eq!(dir.load_or_create_identity().unwrap().did(), made.did());
    }
}
