//! Makes the cluster once: beside its place, then renamed into it, so that a crash leaves a whole one or none.

use std::{
    fs::{self, DirBuilder},
    io::{self, Write as _},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
    process::{Command, Stdio},
};

use super::{ClusterError, NAME, account::Account, data_dir::DataDir, programs::Programs};

/// The major version of the cluster in `cluster`; `None` when there is none yet.
pub(super) fn version_of(cluster: &Path) -> Result<Option<u32>, ClusterError> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| ClusterError::NotACluster(cluster.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let empty = fs::read_dir(cluster).map_or(true, |mut entries| entries.next().is_none());
            if empty { Ok(None) } else { Err(ClusterError::NotACluster(cluster.to_owned())) }
        }
        Err(error) => Err(ClusterError::io("cannot read", &path)(error)),
    }
}

/// Runs `initdb` and makes the database, unless the cluster is there. Both sync what they write.
pub(super) fn make_if_missing(
    data_dir: &DataDir,
    programs: &Programs,
    account: &Account,
) -> Result<(), ClusterError> {
    let cluster = data_dir.cluster();
    if version_of(&cluster)?.is_some() {
        return Ok(());
    }
    let fresh = data_dir.unfinished();
    let failed = |what| ClusterError::io(what, &fresh);
    match fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("cannot remove")(error)),
        _ => {}
    }
    DirBuilder::new()
        .mode(0o700)
        .create(&fresh)
        .and_then(|()| account.own(&fresh))
        .map_err(failed("cannot make"))?;

    // `--no-locale`: sort order must not change with the system's library, or indexes go wrong. The access rules
    // that initdb writes are never used: the server is given its own.
    let mut initdb = account.command(&programs.initdb);
    initdb
        .args(["--no-locale", "--encoding=UTF8", "--data-checksums"])
        .args(["--auth-local=peer", "--auth-host=reject", "--username", NAME, "--pgdata"])
        .arg(&fresh)
        .current_dir(&fresh);
    run("initdb", initdb, "")?;

    let mut single = account.command(&programs.postgres);
    single.args(["--single", "-j", "-D"]).arg(&fresh).arg("postgres").current_dir(&fresh);
    run("postgres --single", single, &format!("CREATE DATABASE {NAME};\n\n"))?;

    fs::rename(&fresh, &cluster).and_then(|()| data_dir.sync()).map_err(failed("cannot put in place"))
}

fn run(program: &'static str, mut command: Command, input: &str) -> Result<(), ClusterError> {
    let path = Path::new(command.get_program()).to_owned();
    let failed = ClusterError::io("cannot run", &path);
    let mut start = || {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ended before it read this says why in its output.
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    };
    let output = start().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(ClusterError::Failed {
        program,
        status: output.status,
        output: String::from_utf8_lossy(&text).trim().to_owned(),
    })
}
