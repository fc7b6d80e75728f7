//! Where the store lives. `app` connects to it, or starts the private cluster first.

use std::{path::PathBuf, str::FromStr as _};

use sqlx::postgres::PgConnectOptions;

use super::read::Reader;
use crate::base::secret::Secret;

#[derive(Clone, Debug)]
pub struct Database {
    pub location: Location,
    /// Most connections of this process's pool.
    pub connections: u32,
}

#[derive(Clone, Debug)]
pub enum Location {
    /// A Postgres of the operator's, as a checked URL. It may hold a password.
    Url(Secret),
    /// The private cluster in `data_dir`, with the Postgres programs of `bin_dir` if that is given.
    Private { data_dir: PathBuf, bin_dir: Option<PathBuf> },
}

impl Database {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let location = match reader.text("DATABASE_URL") {
            Some(url) => external(reader, &url),
            None => private(reader),
        };
        let connections = reader.number("REEVE_DATABASE_CONNECTIONS", 4..=1000);
        Some(Self { location: location?, connections: connections? })
    }
}

fn external(reader: &mut Reader<'_>, url: &str) -> Option<Location> {
    let scheme = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let options = PgConnectOptions::from_str(url).ok().filter(|_| scheme);
    let Some(options) = options else {
        reader.wrong("DATABASE_URL", "expected a Postgres URL, with special characters percent-encoded");
        return None;
    };
    // The driver falls back to this name where libpq takes the name of the system user.
    if options.get_username() == "anonymous" {
        reader.wrong("DATABASE_URL", "names no user");
        return None;
    }
    if options.get_database().is_none() {
        reader.wrong("DATABASE_URL", "names no database");
        return None;
    }
    Some(Location::Url(Secret::new(url)))
}

fn private(reader: &mut Reader<'_>) -> Option<Location> {
    let data_dir = PathBuf::from(reader.text_or_default("REEVE_DATA_DIR"));
    let bin_dir = reader.text("REEVE_POSTGRES_BIN").map(PathBuf::from);
    if bin_dir.as_ref().is_some_and(|dir| !dir.join("postgres").is_file()) {
        reader.wrong("REEVE_POSTGRES_BIN", "expected a directory that holds `initdb` and `postgres`");
        return None;
    }
    Some(Location::Private { data_dir, bin_dir })
}
