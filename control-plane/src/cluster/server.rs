//! The server process: started, watched by a thread of its own, stopped.
//!
//! A thread, since Linux sends the parent-death signal when the *thread* that started a process ends, and those
//! of the runtime come and go.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, sleep, timeout},
};

use super::{ClusterError, account::Account, predecessor};

/// Replay of the log after a crash takes most of it.
const START: Duration = Duration::from_mins(2);
/// A fast shutdown writes a checkpoint.
const FAST: Duration = Duration::from_secs(20);
const IMMEDIATE: Duration = Duration::from_secs(5);
/// At a start, a log larger than this (bytes) makes room.
const LOG_LIMIT: u64 = 10 << 20;

/// What to start and how.
#[derive(Debug)]
pub(super) struct Launch {
    pub program: PathBuf,
    pub account: Account,
    pub cluster: PathBuf,
    pub socket_dir: PathBuf,
    pub hba: PathBuf,
    pub ident: PathBuf,
    pub log: PathBuf,
    pub max_connections: u32,
}

/// A Postgres that takes connections, or did.
#[derive(Debug)]
pub(super) struct Server {
    pid: Pid,
    /// How it ended; `None` while it runs.
    ended: watch::Receiver<Option<String>>,
}

impl Server {
    /// Starts it and waits until it takes connections.
    pub async fn start(launch: Launch) -> Result<Self, ClusterError> {
        let (cluster, log) = (launch.cluster.clone(), launch.log.clone());
        let failed = || ClusterError::io("cannot start", &launch.program);
        let log_from = make_room(&log).map_err(ClusterError::io("cannot write", &log))?;

        let (started, starting) = oneshot::channel();
        let (ending, ended) = watch::channel(None);
        let command = launch.command().map_err(failed())?;
        thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || watch_over(command, started, &ending))
            .map_err(failed())?;
        let died = io::Error::other("the thread that watches it died");
        let pid = starting.await.unwrap_or(Err(died)).map_err(failed())?;
        // From here on a dropped `Server` stops it.
        let mut server = Self { pid, ended };

        let deadline = Instant::now() + START;
        while predecessor::ready_pid(&cluster) != Some(pid.as_raw_nonzero().get()) {
            if let Some(how) = server.ended.borrow_and_update().clone() {
                let output = tail(&log, log_from).unwrap_or_default();
                return Err(ClusterError::Ended { how, output });
            }
            if Instant::now() >= deadline {
                return Err(ClusterError::NotReady { waited: START, log });
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(server)
    }

    pub fn exited(&self) -> impl Future<Output = String> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            let how = ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone());
            how.unwrap_or_else(|| "unknown".to_owned())
        }
    }

    pub async fn stop(self) {
        for (signal, patience) in [(Signal::INT, FAST), (Signal::QUIT, IMMEDIATE), (Signal::KILL, IMMEDIATE)]
        {
            self.signal(signal);
            if let Ok(how) = timeout(patience, self.exited()).await {
                tracing::debug!(postgres.status = how, "Postgres stopped");
                return;
            }
            tracing::warn!(postgres.pid = self.pid.as_raw_nonzero().get(), "Postgres does not stop in time");
        }
    }

    fn signal(&self, signal: Signal) {
        if self.ended.borrow().is_none() {
            // It may have ended just now.
            let _ = kill_process(self.pid, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

fn watch_over(
    mut command: Command,
    started: oneshot::Sender<io::Result<Pid>>,
    ending: &watch::Sender<Option<String>>,
) {
    let spawned = command.spawn().map(|child| (Pid::from_child(&child), child));
    let mut child: Child = match spawned {
        Ok((pid, child)) => {
            if started.send(Ok(pid)).is_err() {
                // Whoever wanted it has gone away meanwhile.
                let _ = kill_process(pid, Signal::INT);
            }
            child
        }
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let how = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
    ending.send_replace(Some(how));
}

impl Launch {
    fn command(&self) -> io::Result<Command> {
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.log)?;
        let mut command = self.with_death_signal();
        command.arg("-D").arg(&self.cluster);
        let path = |path: &Path| path.display().to_string();
        let settings = [
            ("listen_addresses", String::new()),
            ("unix_socket_directories", format!("\"{}\"", path(&self.socket_dir))),
            ("unix_socket_permissions", "0700".to_owned()),
            ("port", super::PORT.to_string()),
            ("hba_file", path(&self.hba)),
            ("ident_file", path(&self.ident)),
            ("max_connections", self.max_connections.to_string()),
            ("fsync", "on".to_owned()),
            ("full_page_writes", "on".to_owned()),
            ("synchronous_commit", "on".to_owned()),
            // Parallel workers need shared memory that containers are short of, and our queries are small.
            ("max_parallel_workers_per_gather", "0".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            ("logging_collector", "off".to_owned()),
            // Statements and details of errors can quote what was written; the service logs its own errors.
            ("log_error_verbosity", "terse".to_owned()),
            ("log_min_error_statement", "panic".to_owned()),
        ];
        for (name, value) in settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // A group of its own, so that Ctrl-C reaches us alone and we stop it when our work is done.
        command.current_dir(&self.cluster).process_group(0).stdout(log.try_clone()?).stderr(log);
        Ok(command)
    }

    /// Through util-linux's `setpriv` where it can: then SIGKILL of this process is a fast shutdown of Postgres.
    fn with_death_signal(&self) -> Command {
        let setpriv = Path::new("setpriv");
        let wrapped = |program: &Path| {
            let mut command = self.account.command(setpriv);
            command.args(["--pdeathsig", "INT", "--"]).arg(program);
            command
        };
        let mut probe = wrapped(Path::new("true"));
        let works = probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
        if works { wrapped(&self.program) } else { self.account.command(&self.program) }
    }
}

/// Moves a large log aside; gives where what comes now begins.
fn make_room(log: &Path) -> io::Result<u64> {
    let length = fs::metadata(log).map_or(0, |found| found.len());
    if length <= LOG_LIMIT {
        return Ok(length);
    }
    fs::rename(log, log.with_extension("log.1")).map(|()| 0)
}

/// At most the last 4 KiB of what was logged since `from`.
fn tail(log: &Path, from: u64) -> io::Result<String> {
    let mut file = fs::File::open(log)?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(from.max(end.saturating_sub(4096))))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}
