//! The master key: given by the operator, or generated once beside the private cluster. `app` calls
//! [`MasterKey::load`] after the cluster has locked the data directory. No error shows key material.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{
    database::{Database, Location},
    read::Reader,
};
use crate::base::{
    seal::{KeyRing, KeyRingError},
    secret::Secret,
};

/// Where the key-encryption keys come from.
#[derive(Clone, Debug)]
pub enum MasterKey {
    Given(KeyRing),
    /// `master.key` in the data directory, made at the first start.
    InDataDirectory(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("{} is open to others (mode {mode:04o}); close it with `chmod 600 {}`", .path.display(), .path.display())]
    Loose { path: PathBuf, mode: u32 },
    #[error("{} is not a regular file", .path.display())]
    NotAFile { path: PathBuf },
    #[error("{} holds no master key: {source}; restore it from your backup", .path.display())]
    Content { path: PathBuf, source: KeyRingError },
    #[error("{} could not be read or made", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl MasterKey {
    pub(super) fn read(reader: &mut Reader<'_>, database: Option<&Database>) -> Option<Self> {
        let inline = reader.secret("REEVE_MASTER_KEY");
        let file = reader.text("REEVE_MASTER_KEY_FILE");
        let (variable, text) = match (inline, file) {
            (Some(_), Some(_)) => {
                reader.wrong("REEVE_MASTER_KEY", "set together with REEVE_MASTER_KEY_FILE; give one of them");
                return None;
            }
            (Some(text), None) => ("REEVE_MASTER_KEY", text),
            (None, Some(path)) => ("REEVE_MASTER_KEY_FILE", read_given_file(reader, &path)?),
            (None, None) => return Self::default_for(reader, database),
        };
        match KeyRing::parse(&text) {
            Ok(ring) => Some(Self::Given(ring)),
            Err(error) => {
                reader.wrong(variable, &format!("expected base64 of 32 bytes, but {error}"));
                None
            }
        }
    }

    fn default_for(reader: &mut Reader<'_>, database: Option<&Database>) -> Option<Self> {
        match &database?.location {
            Location::Private { data_dir, .. } => Some(Self::InDataDirectory(data_dir.join("master.key"))),
            Location::Url(_) => {
                reader.wrong(
                    "REEVE_MASTER_KEY",
                    "missing: with DATABASE_URL it, or REEVE_MASTER_KEY_FILE, is required",
                );
                None
            }
        }
    }

    /// The keys; makes the file in the data directory when there is none. The caller holds that directory's lock.
    ///
    /// A key that was lost is made anew here, which the canary then notices: it opens nothing that was sealed.
    pub fn load(&self) -> Result<KeyRing, MasterKeyError> {
        match self {
            Self::Given(ring) => Ok(ring.clone()),
            Self::InDataDirectory(path) => load_or_make(path),
        }
    }
}

/// An operator's file: Kubernetes mounts secrets as 0644 behind a link, so its mode is theirs to judge.
fn read_given_file(reader: &mut Reader<'_>, path: &str) -> Option<Secret> {
    match fs::read_to_string(path) {
        Ok(text) => Some(Secret::new(text)),
        Err(error) => {
            reader.wrong("REEVE_MASTER_KEY_FILE", &format!("cannot be read ({})", error.kind()));
            None
        }
    }
}

fn load_or_make(path: &Path) -> Result<KeyRing, MasterKeyError> {
    let io = |source| MasterKeyError::Io { path: path.to_owned(), source };
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(io)?;
            fs::symlink_metadata(path).map_err(io)?
        }
        Err(error) => return Err(io(error)),
    };
    if !found.is_file() {
        return Err(MasterKeyError::NotAFile { path: path.to_owned() });
    }
    let mode = found.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Loose { path: path.to_owned(), mode });
    }
    let text = Secret::new(fs::read_to_string(path).map_err(io)?);
    KeyRing::parse(&text).map_err(|source| MasterKeyError::Content { path: path.to_owned(), source })
}

/// Written whole beside its place, then linked into it: a crash leaves either no key or a whole one, and a key
/// that is there is never replaced.
fn make(path: &Path) -> io::Result<()> {
    let fresh = path.with_extension("key.new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    // Also where the umask would take away from the owner's own rights.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(KeyRing::generate(1).expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::hard_link(&fresh, path)?;
    fs::remove_file(&fresh)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}
