//! The configuration of one process: read from the environment once, checked as a whole, then only passed on.
//!
//! `cmd` calls [`Config::from_process`] first of all; tests call [`Config::from_env`]. One file per section;
//! [`variables`] is the list that docs and `--help` print. No setting is read from the environment anywhere else.

use std::ffi::OsString;

use self::read::Reader;
pub use self::{
    audit_head::AuditHeadConfig,
    database::{Database, Location},
    first_proxy::FirstProxy,
    keys::{MasterKey, MasterKeyError},
    limits::Limits,
    listen::{Listen, Origin},
    read::{ConfigError, ConfigErrors},
    telemetry::{LogFormat, TelemetryConfig},
};
use crate::base::secret::Secret;

mod admin;
mod audit_head;
mod database;
mod first_proxy;
mod keys;
mod limits;
mod listen;
mod read;
mod telemetry;
pub mod variables;

/// Everything the environment says. Debug output holds no secret.
#[derive(Clone, Debug)]
pub struct Config {
    pub database: Database,
    pub listen: Listen,
    pub master_key: MasterKey,
    /// The bootstrap admin token; `None`: one is generated at the first start.
    pub admin_token: Option<Secret>,
    /// The proxy named `default`; `None`: the fleet starts empty.
    pub first_proxy: Option<FirstProxy>,
    pub limits: Limits,
    pub audit_head: AuditHeadConfig,
    pub telemetry: TelemetryConfig,
}

impl Config {
    /// Reads the named variables through `get`. An empty value counts as unset, as compose files write it.
    ///
    /// Errors: all of them at once, each with its variable, what was expected and an example; never a secret.
    pub fn from_env(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        Self::read(Reader::new(get))
    }

    /// Reads this process's environment, and refuses `REEVE_*` names that mean nothing: a misspelt setting that
    /// is silently ignored is worse than a start that fails.
    pub fn from_process() -> Result<Self, ConfigErrors> {
        let all: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let all: Vec<(String, String)> = all
            .into_iter()
            .map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
            .collect();
        Self::from_pairs(&all)
    }

    /// [`Config::from_env`] over all `(name, value)` pairs of an environment, with the check for unknown names.
    pub fn from_pairs(all: &[(String, String)]) -> Result<Self, ConfigErrors> {
        let get = |wanted: &str| all.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let mut reader = Reader::new(&get);
        for (name, value) in all {
            reader.errors.extend(variables::unknown(name, value));
        }
        Self::read(reader)
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, ConfigErrors> {
        let database = Database::read(&mut reader);
        let listen = Listen::read(&mut reader);
        let master_key = MasterKey::read(&mut reader, database.as_ref());
        let admin_token = admin::read(&mut reader);
        let first_proxy = FirstProxy::read(&mut reader);
        let limits = Limits::read(&mut reader);
        let audit_head = AuditHeadConfig::read(&mut reader);
        let telemetry = TelemetryConfig::read(&mut reader);
        match (database, listen, master_key, limits, telemetry) {
            (Some(database), Some(listen), Some(master_key), Some(limits), Some(telemetry))
                if reader.errors.is_empty() =>
            {
                Ok(Self {
                    database,
                    listen,
                    master_key,
                    admin_token,
                    first_proxy,
                    limits,
                    audit_head,
                    telemetry,
                })
            }
            _ => Err(ConfigErrors(reader.errors)),
        }
    }
}

#[cfg(test)]
mod tests;
