//! Whom Postgres runs as: this process's own user, or, since Postgres refuses root, an unprivileged one.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Stdio},
};

use super::ClusterError;

/// Tried in this order when this process is root.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The ids to run Postgres under; `None`: as this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account(Option<Ids>);

#[derive(Clone, Copy, Debug)]
struct Ids {
    uid: u32,
    gid: u32,
}

impl Account {
    /// As root: the owner of the cluster that is there, or else the first unprivileged user that exists.
    pub fn for_cluster(cluster: &Path) -> Result<Self, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        if let Ok(found) = fs::metadata(cluster)
            && found.uid() != 0
        {
            return Ok(Self(Some(Ids { uid: found.uid(), gid: found.gid() })));
        }
        UNPRIVILEGED.into_iter().find_map(look_up).map(|ids| Self(Some(ids))).ok_or(ClusterError::NoAccount)
    }

    /// A command that runs under this account with nothing of our environment, which may hold secrets.
    ///
    /// Where the user changes, the standard library also drops root's supplementary groups.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").stdin(Stdio::null());
        for kept in ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        if let Self(Some(Ids { uid, gid })) = *self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Hands over what root has made.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        self.0.map_or(Ok(()), |Ids { uid, gid }| std::os::unix::fs::chown(path, Some(uid), Some(gid)))
    }

    pub fn uid(&self) -> u32 {
        self.0.map_or_else(|| rustix::process::geteuid().as_raw(), |ids| ids.uid)
    }

    pub fn is_other_user(&self) -> bool {
        self.0.is_some()
    }
}

/// The name of this process's own user, which the cluster's access rules name.
pub(super) fn own_name() -> io::Result<String> {
    id(&["-un"]).ok_or_else(|| io::Error::other("`id -un` does not know this process's user id"))
}

fn look_up(name: &str) -> Option<Ids> {
    let number = |flag| id(&[flag, name])?.parse().ok();
    Some(Ids { uid: number("-u")?, gid: number("-g")? })
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
