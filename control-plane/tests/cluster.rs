//! The private cluster on a real Postgres: it keeps data, survives every kind of killing, and is nobody else's.
//! Runs as root (then Postgres runs as another user) and as an ordinary user.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reeve::cluster::{Cluster, ClusterConfig, ClusterError, running};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::{Connection as _, PgConnection, Row as _};
use tempfile::TempDir;

/// The variable that turns the test `holder` into a process that holds a cluster.
const HOLD: &str = "REEVE_TEST_HOLD_CLUSTER";

/// A data directory that the account which runs Postgres can reach.
fn data_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn config(dir: &Path) -> ClusterConfig {
    ClusterConfig { data_dir: dir.join("data"), bin_dir: None, connections: 4 }
}

async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect_with(&cluster.connect_options()).await.unwrap()
}

async fn write(cluster: &Cluster, number: i32) {
    let mut connection = connect(cluster).await;
    sqlx::query("CREATE TABLE IF NOT EXISTS kept (number int)").execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO kept VALUES ($1)").bind(number).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn read(cluster: &Cluster) -> Vec<i32> {
    let mut connection = connect(cluster).await;
    let rows = sqlx::query("SELECT number FROM kept ORDER BY 1").fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn server_pid(dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(dir.join("data/postgres/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.parse().ok()?)
}

fn alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(pid).is_ok() && !stat.contains(") Z ")
}

/// Waits, within bounds, until `done`.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn keeps_its_data_over_a_restart() {
    let dir = data_dir();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    write(&cluster, 1).await;
    cluster.stop().await;
    assert!(server_pid(dir.path()).is_none(), "a clean stop removes postmaster.pid");

    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    assert_eq!(read(&cluster).await, [1]);
    let by_url = PgConnection::connect(&cluster.url()).await.unwrap();
    by_url.close().await.unwrap();
    let elsewhere = running(&config(dir.path()).data_dir).unwrap();
    PgConnection::connect_with(&elsewhere).await.unwrap().close().await.unwrap();
    cluster.stop().await;
    assert!(running(&config(dir.path()).data_dir).is_none());
}

#[tokio::test]
async fn listens_on_its_socket_alone_for_this_user_alone() {
    let dir = data_dir();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    let mut connection = connect(&cluster).await;
    for (setting, value) in [
        ("listen_addresses", ""),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("max_connections", "24"),
        ("log_error_verbosity", "terse"),
    ] {
        let row = sqlx::query("SELECT current_setting($1)").bind(setting).fetch_one(&mut connection).await;
        assert_eq!(row.unwrap().get::<String, _>(0), value, "{setting}");
    }
    connection.close().await.unwrap();

    // Nobody else gets in: not as another role, and not as the account that the server itself runs as.
    let other = cluster.connect_options().username("postgres");
    assert!(PgConnection::connect_with(&other).await.is_err());
    let data = config(dir.path()).data_dir;
    let socket_dir = data.join("run");
    assert_eq!(fs::metadata(&socket_dir).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(data.join("postgres")).unwrap().mode() & 0o777, 0o700);
    let own = fs::metadata(dir.path()).unwrap().uid();
    let servers = fs::metadata(data.join("postgres")).unwrap().uid();
    assert_eq!(own == 0, servers != own, "root hands the cluster to another user, and only root does");

    // Nothing of our environment is handed on. This shows it by a variable that cargo sets for tests.
    let pid = server_pid(dir.path()).unwrap().as_raw_nonzero();
    let environment = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap_or_default();
    assert!(!environment.contains("CARGO"), "{environment}");
    cluster.stop().await;
}

#[tokio::test]
async fn a_killed_server_is_noticed_and_started_again() {
    let dir = data_dir();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    write(&cluster, 1).await;
    // A session that is busy when its server dies.
    let mut busy = connect(&cluster).await;
    let exited = cluster.exited();
    kill_process(server_pid(dir.path()).unwrap(), Signal::KILL).unwrap();
    let how = tokio::time::timeout(Duration::from_secs(30), exited).await.unwrap();
    assert!(how.contains("signal: 9"), "{how}");
    assert!(sqlx::query("SELECT pg_sleep(60)").execute(&mut busy).await.is_err());
    drop(cluster);
    assert!(server_pid(dir.path()).is_some(), "SIGKILL leaves postmaster.pid behind");

    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    assert_eq!(read(&cluster).await, [1]);
    cluster.stop().await;
}

#[tokio::test]
async fn a_stale_pid_file_of_another_program_is_no_obstacle() {
    let dir = data_dir();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    write(&cluster, 1).await;
    let pid_file = dir.path().join("data/postgres/postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    cluster.stop().await;

    // As after a restart of the machine: the id now belongs to some other program, which must live on.
    let mut other = Command::new("sleep").arg("600").spawn().unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", other.id())).unwrap();

    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    assert_eq!(read(&cluster).await, [1]);
    assert!(other.try_wait().unwrap().is_none(), "the other program was killed");
    cluster.stop().await;
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_crash_in_the_first_start_is_made_good() {
    let dir = data_dir();
    let half = dir.path().join("data/postgres.new");
    fs::create_dir_all(half.join("base")).unwrap();
    fs::write(half.join("PG_VERSION"), "15\n").unwrap();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    write(&cluster, 1).await;
    cluster.stop().await;
    assert!(!half.exists());
}

#[tokio::test]
async fn two_processes_do_not_share_a_data_directory() {
    let dir = data_dir();
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    let refused = Cluster::start(&config(dir.path())).await.unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, ClusterError::Locked { .. }), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())) && text.contains("REEVE_DATA_DIR"));
    cluster.stop().await;
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_works_too() {
    let dir = data_dir();
    let long = dir.path().join("d".repeat(120));
    let cluster =
        Cluster::start(&ClusterConfig { data_dir: long, bin_dir: None, connections: 4 }).await.unwrap();
    let url = cluster.url();
    assert!(url.contains("%2Ftmp%2Freeve-"), "{url}");
    write(&cluster, 1).await;
    PgConnection::connect(&url).await.unwrap().close().await.unwrap();
    let socket_dir = cluster.connect_options().get_socket().unwrap().clone();
    cluster.stop().await;
    fs::remove_dir(socket_dir).unwrap();
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let dir = data_dir();
    let nothing = ClusterConfig { bin_dir: Some(dir.path().to_owned()), ..config(dir.path()) };
    let text = Cluster::start(&nothing).await.unwrap_err().to_string();
    assert!(text.contains("apt-get install postgresql") && text.contains("DATABASE_URL"), "{text}");

    let open_to_all = config(dir.path()).data_dir.join("run");
    fs::create_dir(&open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o755)).unwrap();
    let refused = Cluster::start(&config(dir.path())).await.unwrap_err();
    assert!(matches!(refused, ClusterError::SocketDir(_)), "{refused}");

    let cluster = config(dir.path()).data_dir.join("postgres");
    fs::create_dir(&cluster).unwrap();
    fs::write(cluster.join("letters.txt"), "mine").unwrap();
    let text = Cluster::start(&config(dir.path())).await.unwrap_err().to_string();
    assert!(text.contains("is not a Postgres cluster and not empty"), "{text}");
    assert!(cluster.join("letters.txt").exists());

    fs::write(cluster.join("PG_VERSION"), "9999\n").unwrap();
    let text = Cluster::start(&config(dir.path())).await.unwrap_err().to_string();
    assert!(text.contains("version 9999 (which made the cluster"), "{text}");

    // Root's own folders are closed to the user that Postgres then runs as.
    if fs::metadata(dir.path()).unwrap().uid() == 0 {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::remove_dir_all(&cluster).unwrap();
        let refused = Cluster::start(&config(dir.path())).await.unwrap_err();
        assert!(matches!(refused, ClusterError::Unreachable { .. }), "{refused}");
    }
}

/// Not a test of its own: the process that the next tests kill. Starts a cluster, writes a row, says so, waits.
#[tokio::test]
async fn holder() {
    let Some(dir) = std::env::var_os(HOLD) else { return };
    let cluster = Cluster::start(&config(Path::new(&dir))).await.unwrap();
    write(&cluster, 2).await;
    println!("\nholding");
    std::future::pending::<()>().await;
}

fn start_holder(dir: &Path) -> Child {
    start_holder_with(dir, |_| {})
}

fn start_holder_with(dir: &Path, change: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "holder", "--nocapture"]).env(HOLD, dir).stdout(Stdio::piped());
    change(&mut command);
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "holding"), "the holder did not start");
    child
}

#[tokio::test]
async fn kill_9_of_the_process_loses_nothing() {
    let dir = data_dir();
    let mut holder = start_holder(dir.path());
    let server = server_pid(dir.path()).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();

    // Whether Postgres ends with its parent or stays: the next start works at once.
    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    assert_eq!(read(&cluster).await, [2]);
    assert!(!alive(server));
    cluster.stop().await;
}

#[tokio::test]
async fn a_server_that_outlived_its_process_is_replaced() {
    let dir = data_dir();
    // A machine without `setpriv`: nothing ends Postgres when its parent is killed.
    let bare = dir.path().join("bin");
    fs::create_dir(&bare).unwrap();
    for program in ["id", "true"] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|dir| dir.join(program))
            .find(|path| path.exists())
            .unwrap();
        std::os::unix::fs::symlink(found, bare.join(program)).unwrap();
    }
    let mut holder = start_holder_with(dir.path(), |command| {
        command.env("PATH", &bare);
    });
    let server = server_pid(dir.path()).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(alive(server), "it ended by itself, so this shows nothing");

    let cluster = Cluster::start(&config(dir.path())).await.unwrap();
    assert!(!alive(server));
    assert_eq!(read(&cluster).await, [2]);
    cluster.stop().await;
}

#[test]
fn kill_9_of_the_process_ends_its_server() {
    let setpriv = Command::new("setpriv").args(["--pdeathsig", "INT", "--", "true"]).status();
    if !setpriv.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no setpriv with --pdeathsig here");
        return;
    }
    let dir = data_dir();
    let mut holder = start_holder(dir.path());
    let server = server_pid(dir.path()).unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    until("the server ends", || !alive(server));
    assert!(server_pid(dir.path()).is_none(), "it was a clean shutdown");
}
