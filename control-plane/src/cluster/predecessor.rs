//! Postgres processes that an earlier `reeve` left in the cluster: one killed with SIGKILL where the system has no
//! parent-death signal, or one whose own server was killed. They are stopped before the new server starts, so
//! that it finds the cluster free. The caller holds the data directory's lock, so nobody else wants them.

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::ClusterError;

/// For the checkpoint of a fast shutdown; then an immediate one is asked for.
const FAST: Duration = Duration::from_secs(30);
const IMMEDIATE: Duration = Duration::from_secs(10);

/// Stops what runs in `cluster` and removes a `postmaster.pid` that would keep Postgres from starting.
pub(super) fn end(cluster: &Path) -> Result<(), ClusterError> {
    let noted = noted_pid(cluster);
    if let Some(pid) = noted.filter(|pid| is_postgres_of(*pid, cluster)) {
        tracing::warn!(postgres.pid = pid, "stopping a Postgres that an earlier process left behind");
        signal(pid, Signal::INT);
    }
    // Orphaned sessions of a killed server end by themselves once they notice.
    if !gone_within(FAST, cluster, noted) {
        for pid in processes(cluster, noted) {
            signal(pid, Signal::QUIT);
        }
        if !gone_within(IMMEDIATE, cluster, noted) {
            let pid = processes(cluster, noted).first().copied().unwrap_or_default();
            return Err(ClusterError::StillRunning { pid, dir: cluster.to_owned() });
        }
    }
    // Postgres takes any process of that id for its own predecessor: after a restart of a container or of the
    // machine that is likely another program. A file whose process is gone it handles itself, with more care.
    let reused = noted_pid(cluster).and_then(Pid::from_raw).is_some_and(|pid| test_kill_process(pid).is_ok());
    if reused {
        let path = cluster.join("postmaster.pid");
        fs::remove_file(&path).map_err(ClusterError::io("cannot remove the stale", &path))?;
    }
    Ok(())
}

/// The server's process id, once it takes connections (the eighth line of its file says so).
pub(super) fn ready_pid(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let ready = text.lines().nth(7)?.trim() == "ready";
    text.lines().next()?.trim().parse().ok().filter(|_| ready)
}

fn noted_pid(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| *pid > 0)
}

fn gone_within(limit: Duration, cluster: &Path, noted: Option<i32>) -> bool {
    let deadline = Instant::now() + limit;
    while !processes(cluster, noted).is_empty() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

/// All Postgres processes of the cluster: on Linux servers and their sessions, elsewhere the noted server alone.
fn processes(cluster: &Path, noted: Option<i32>) -> Vec<i32> {
    let all: Vec<i32> = if cfg!(target_os = "linux") {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    } else {
        noted.into_iter().collect()
    };
    all.into_iter().filter(|pid| is_postgres_of(*pid, cluster)).collect()
}

/// On Linux, where every process of a cluster stands in its directory, that is what is looked at.
fn is_postgres_of(pid: i32, cluster: &Path) -> bool {
    if cfg!(target_os = "linux") {
        let process = Path::new("/proc").join(pid.to_string());
        let stands_there = fs::read_link(process.join("cwd")).is_ok_and(|dir| dir == cluster);
        let name = || fs::read_to_string(process.join("comm")).unwrap_or_default();
        let dead = || fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "));
        return stands_there && matches!(name().trim(), "postgres" | "postmaster") && !dead();
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    output.is_ok_and(|output| {
        let command = String::from_utf8_lossy(&output.stdout).into_owned();
        command.contains("postgres") && command.contains(&*cluster.to_string_lossy())
    })
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // It may have ended just now.
        let _ = kill_process(pid, signal);
    }
}
