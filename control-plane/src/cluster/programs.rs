//! Finds the Postgres programs of the machine: of the version of the cluster that is there, else the newest.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::ClusterError;

/// The oldest major version that the schema is written for.
const OLDEST: u32 = 14;

/// Where packages put them: parent directory, beginning of the version's directory, and the rest.
const PLACES: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),                      // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                               // PGDG packages for Red Hat
    ("/usr/libexec", "postgresql", ""),                      // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"),              // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),                 // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"), // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
    ("/usr/local", "pgsql", "bin"),                          // built from source
];

#[derive(Clone, Debug)]
pub(super) struct Programs {
    pub initdb: PathBuf,
    pub postgres: PathBuf,
}

/// The programs in `bin_dir`, or else the best found; `existing` is the major version of the cluster there is.
pub(super) fn find(bin_dir: Option<&Path>, existing: Option<u32>) -> Result<Programs, ClusterError> {
    let dirs = bin_dir.map_or_else(candidates, |dir| BTreeSet::from([dir.to_owned()]));
    let fits = |major: u32| existing.map_or(major >= OLDEST, |wanted| major == wanted);
    dirs.iter()
        .filter_map(|dir| Some((version(dir)?, dir)))
        .filter(|(major, _)| fits(*major))
        .max_by_key(|(major, _)| *major)
        .map(|(_, dir)| Programs { initdb: dir.join("initdb"), postgres: dir.join("postgres") })
        .ok_or_else(|| ClusterError::NoPrograms {
            wanted: existing.map_or_else(
                || format!("{OLDEST} or newer"),
                |major| format!("{major} (which made the cluster in the data directory)"),
            ),
        })
}

fn candidates() -> BTreeSet<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_packages = PLACES.iter().flat_map(|(parent, prefix, rest)| {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        entries
            .filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(move |entry| entry.path().join(rest))
    });
    std::env::split_paths(&path).chain(of_packages).filter(|dir| dir.is_absolute()).collect()
}

/// The major version of the programs in `dir`; `None` when they are not both there.
fn version(dir: &Path) -> Option<u32> {
    let postgres = dir.join("postgres");
    if !postgres.is_file() || !dir.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(postgres).arg("--version").stdin(Stdio::null()).output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// From `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`, and from `16beta1`.
fn major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn reads_the_version() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta2\n"), Some(19));
        assert_eq!(major("something else"), None);
    }
}
