//! What one LiteLLM instance holds in memory: its router (models and credentials, polled from the database) and
//! its cache of keys and teams. Several instances behind one URL differ by exactly this. Called with the lock of
//! `world` held; it never writes to the database.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{CredentialRow, Db, KeyRow, ModelRow, TeamRow};

/// How far an instance may be behind what another instance wrote. What an instance wrote itself it knows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// Period of the poll of models and credentials, in milliseconds.
    pub models_ms: u32,
    /// Life of a cached key or team, in milliseconds. There is no negative cache.
    pub auth_ms: u32,
}

impl Lag {
    /// LiteLLM without Redis, default settings: 30 s and 60 s (measured on 1.109.1).
    pub const LITELLM: Self = Self { models_ms: 30_000, auth_ms: 60_000 };
    /// Always reads the database.
    pub const NONE: Self = Self { models_ms: 0, auth_ms: 0 };
}

#[derive(Debug)]
pub(crate) struct View {
    lag: Lag,
    pub(crate) models: BTreeMap<String, ModelRow>,
    pub(crate) credentials: BTreeMap<String, CredentialRow>,
    polled_at: Option<DateTime<Utc>>,
    keys: HashMap<String, (DateTime<Utc>, KeyRow)>,
    teams: HashMap<String, (DateTime<Utc>, TeamRow)>,
    /// Moves weighted choice on, per model name.
    pub(crate) turns: HashMap<String, u64>,
}

impl View {
    pub(crate) fn new(lag: Lag) -> Self {
        Self {
            lag,
            models: BTreeMap::new(),
            credentials: BTreeMap::new(),
            polled_at: None,
            keys: HashMap::new(),
            teams: HashMap::new(),
            turns: HashMap::new(),
        }
    }

    /// The background poll: brings models and credentials up to date when the period is over.
    pub(crate) fn poll(&mut self, db: &Db, now: DateTime<Utc>) {
        let period = TimeDelta::milliseconds(i64::from(self.lag.models_ms));
        if self.polled_at.is_none_or(|at| now - at >= period) {
            self.reload_models(db);
            self.credentials.clone_from(&db.credentials);
            self.polled_at = Some(now);
        }
    }

    /// Reads the models at once, as after a write through this instance or a call for a name it does not know.
    pub(crate) fn reload_models(&mut self, db: &Db) {
        self.models =
            db.models.iter().filter(|(_, m)| m.is_live()).map(|(id, m)| (id.clone(), m.clone())).collect();
    }

    pub(crate) fn key(&mut self, db: &Db, token: &str, now: DateTime<Utc>) -> Option<KeyRow> {
        if let Some((until, key)) = self.keys.get(token)
            && now < *until
        {
            return Some(key.clone());
        }
        let found = db.keys.get(token).cloned();
        match &found {
            Some(key) => self.keys.insert(token.to_owned(), (self.auth_until(now), key.clone())),
            None => self.keys.remove(token),
        };
        found
    }

    pub(crate) fn team(&mut self, db: &Db, id: &str, now: DateTime<Utc>) -> Option<TeamRow> {
        if let Some((until, team)) = self.teams.get(id)
            && now < *until
        {
            return Some(team.clone());
        }
        let found = db.teams.get(id).cloned();
        match &found {
            Some(team) => self.teams.insert(id.to_owned(), (self.auth_until(now), team.clone())),
            None => self.teams.remove(id),
        };
        found
    }

    fn auth_until(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::milliseconds(i64::from(self.lag.auth_ms))
    }

    pub(crate) fn forget_key(&mut self, token: &str) {
        self.keys.remove(token);
    }

    pub(crate) fn forget_team(&mut self, id: &str) {
        self.teams.remove(id);
    }

    /// Drops everything cached, as a restart of the instance does.
    pub(crate) fn flush(&mut self) {
        self.polled_at = None;
        self.keys.clear();
        self.teams.clear();
    }

    /// Live deployments of a name, in order of creation.
    pub(crate) fn deployments(&self, name: &str) -> Vec<&ModelRow> {
        let mut found: Vec<_> = self.models.values().filter(|m| m.name == name).collect();
        found.sort_by_key(|m| m.seq);
        found
    }

    /// Model names in order of creation, each once.
    pub(crate) fn model_names(&self) -> Vec<String> {
        let mut rows: Vec<_> = self.models.values().collect();
        rows.sort_by_key(|m| m.seq);
        let mut names: Vec<String> = Vec::new();
        for row in rows {
            if !names.contains(&row.name) {
                names.push(row.name.clone());
            }
        }
        names
    }
}
