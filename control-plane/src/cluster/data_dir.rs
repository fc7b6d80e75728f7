//! The data directory of the private cluster: its lock, its layout, and who may enter.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::{
    ClusterError, NAME,
    account::{self, Account},
};
use crate::base::hash::sha256_hex;

/// Longest path of a Unix socket that every system takes: 107 bytes on Linux, 103 on macOS.
const SOCKET_PATH_LIMIT: usize = 103;
/// For a predecessor that is just ending, and for a child of ours between its fork and its exec, which holds a copy.
const LOCK: Duration = Duration::from_secs(1);
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// A data directory that this process alone uses, until this is dropped or the process ends.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if need be and takes its lock. The lock is the kernel's, so no crash leaves it behind.
    pub fn lock(path: &Path) -> Result<Self, ClusterError> {
        let failed = |what| ClusterError::io(what, path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("cannot make the data directory"))?;
        let path = path.canonicalize().map_err(failed("cannot resolve the data directory"))?;

        let lock_path = path.join("reeve.lock");
        let failed = || ClusterError::io("cannot lock", &lock_path);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(failed())?;
        if !lock_within(LOCK, &lock).map_err(failed())? {
            let mut holder = String::new();
            // Only for the message; the lock itself is what counts.
            let _ = lock.read_to_string(&mut holder);
            return Err(ClusterError::Locked { dir: path, holder: holder.trim().to_owned() });
        }
        lock.set_len(0).map_err(failed())?;
        writeln!(lock, "process {}", std::process::id()).map_err(failed())?;
        Ok(Self { path, _lock: lock })
    }

    /// Where Postgres has its files.
    pub fn cluster(&self) -> PathBuf {
        self.path.join("postgres")
    }

    /// Where a cluster is made, until it is whole.
    pub fn unfinished(&self) -> PathBuf {
        self.path.join("postgres.new")
    }

    pub fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    /// Makes entries of this directory last through a crash.
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Lets the account walk through to its own folders. What lies beside them has its own mode.
    pub fn open_to(&self, account: &Account) -> Result<(), ClusterError> {
        if !account.is_other_user() {
            return Ok(());
        }
        let failed = || ClusterError::io("cannot open to Postgres", &self.path);
        let mode = fs::metadata(&self.path).map_err(failed())?.mode() & 0o7777;
        fs::set_permissions(&self.path, Permissions::from_mode(mode | 0o111)).map_err(failed())?;
        // The kernel is asked, not the modes read: it also knows of parents, links and access lists.
        let reached = account.command(Path::new("true")).current_dir(&self.path).status();
        match reached {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Err(ClusterError::Unreachable { dir: self.path.clone(), uid: account.uid() })
            }
            _ => Ok(()),
        }
    }

    /// The directory of the socket, closed to all but the account.
    pub fn make_socket_dir(&self, account: &Account) -> Result<PathBuf, ClusterError> {
        let dir = socket_dir(&self.path);
        let failed = || ClusterError::io("cannot make the socket's directory", &dir);
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => account.own(&dir).map_err(failed())?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed()(error)),
        }
        // In /tmp anyone could have made it first.
        let found = fs::symlink_metadata(&dir).map_err(failed())?;
        if !found.is_dir() || found.uid() != account.uid() || found.mode() & 0o077 != 0 {
            return Err(ClusterError::SocketDir(dir));
        }
        Ok(dir)
    }

    /// Writes who may connect: the system user of this process, as the one role, over the socket. The files stay
    /// ours, outside of what Postgres may write.
    pub fn write_access_rules(&self) -> Result<(PathBuf, PathBuf), ClusterError> {
        let (hba, ident) = (self.path.join("postgres-hba.conf"), self.path.join("postgres-ident.conf"));
        let user = account::own_name().map_err(ClusterError::io("cannot name the owner of", &self.path))?;
        let rules = [
            (&hba, format!("local all {NAME} peer map={NAME}\n")),
            (&ident, format!("{NAME} \"{user}\" {NAME}\n")),
        ];
        for (path, text) in rules {
            fs::write(path, text)
                .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o644)))
                .map_err(ClusterError::io("cannot write", path))?;
        }
        Ok((hba, ident))
    }
}

fn lock_within(limit: Duration, lock: &File) -> io::Result<bool> {
    let deadline = Instant::now() + limit;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// In the data directory if a socket's path may be that long, else a short one that is always the same.
pub(super) fn socket_dir(data_dir: &Path) -> PathBuf {
    let inside = data_dir.join("run");
    if inside.as_os_str().len() + SOCKET_NAME.len() <= SOCKET_PATH_LIMIT {
        return inside;
    }
    let id = sha256_hex(data_dir.as_os_str().as_encoded_bytes());
    PathBuf::from(format!("/tmp/reeve-{}", &id[..16]))
}
