//! The handle tests hold on a running simulator: look at what it stores, make trouble, count what it was sent.
//! The `/_sim` routes are this same handle over HTTP. It must not answer LiteLLM calls.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::render;
use crate::db::Db;
use crate::faults::Rule;
use crate::hold::Held;
use crate::record::Recorded;
use crate::world::{Settings, World};

/// Cheap to clone; every clone is the same simulator.
#[derive(Debug, Clone)]
pub struct SimState {
    pub(crate) world: Arc<World>,
}

/// A database that was taken away; see [`SimState::take_database`].
#[derive(Debug)]
pub struct Database(Db);

/// What the database holds, in LiteLLM's read shapes, by creation.
impl SimState {
    /// Every model, with its full `litellm_params` (secrets included).
    pub fn models(&self) -> Vec<Value> {
        let inner = self.world.lock();
        let mut rows: Vec<_> = inner.db.models.values().collect();
        rows.sort_by_key(|row| row.seq);
        rows.into_iter()
            .map(
                |row| json!({ "model_name": row.name, "litellm_params": row.params, "model_info": row.info }),
            )
            .collect()
    }

    pub fn model(&self, id: &str) -> Option<Value> {
        self.models().into_iter().find(|model| model["model_info"]["id"] == id)
    }

    /// Every live key: its fields, and `token`, its hash. The key itself is not stored.
    pub fn keys(&self) -> Vec<Value> {
        let inner = self.world.lock();
        let mut rows: Vec<_> = inner.db.keys.values().collect();
        rows.sort_by_key(|row| row.seq);
        rows.into_iter().map(render::key_row).collect()
    }

    /// A live key, by itself or its hash.
    pub fn key(&self, key_or_hash: &str) -> Option<Value> {
        self.world.lock().db.keys.get(&Db::token_of(key_or_hash)).map(render::key_row)
    }

    pub fn teams(&self) -> Vec<Value> {
        let inner = self.world.lock();
        let mut rows: Vec<_> = inner.db.teams.values().collect();
        rows.sort_by_key(|row| row.seq);
        rows.into_iter().map(|row| Value::Object(row.fields.clone())).collect()
    }

    pub fn team(&self, id: &str) -> Option<Value> {
        self.world.lock().db.teams.get(id).map(|row| Value::Object(row.fields.clone()))
    }

    /// Every credential, with its values (secrets included).
    pub fn credentials(&self) -> Vec<Value> {
        let inner = self.world.lock();
        let mut rows: Vec<_> = inner.db.credentials.values().collect();
        rows.sort_by_key(|row| row.seq);
        rows.into_iter()
            .map(|row| json!({ "credential_name": row.name, "credential_values": row.values, "credential_info": row.info }))
            .collect()
    }
}

/// Trouble.
impl SimState {
    /// Puts a rule in force; the answer removes it again.
    pub fn fault(&self, rule: Rule) -> u64 {
        self.world.lock().faults.add(rule)
    }

    pub fn remove_fault(&self, id: u64) {
        self.world.lock().faults.remove(id);
    }

    /// Ends all faults and lets every held request go on.
    pub fn clear_faults(&self) {
        self.world.lock().faults.clear();
        self.world.holds.release_all();
    }

    /// Rules still in force, with what is left of their counts.
    pub fn faults(&self) -> Vec<(u64, Rule)> {
        self.world.lock().faults.rules()
    }

    pub fn held(&self) -> Vec<Held> {
        self.world.holds.held()
    }

    /// Lets one held request go on, by its number; false if it does not wait (any more).
    pub fn release(&self, seq: u64) -> bool {
        self.world.holds.release(seq)
    }

    pub fn release_all(&self) {
        self.world.holds.release_all();
    }

    /// Returns once at least `n` requests are held. Bound it with a timeout.
    pub async fn wait_for_held(&self, n: usize) {
        self.world.holds.wait_for(n).await;
    }

    /// Empties the database and restarts the instances: everything is gone at once.
    pub fn wipe(&self) {
        self.wipe_keeping_caches();
        self.flush_caches();
    }

    /// Empties the database under running instances: they go on with what they have cached until their lags end.
    pub fn wipe_keeping_caches(&self) {
        self.world.lock().db = Db::default();
    }

    /// Puts an empty database in the place of this one, and flushes the caches.
    pub fn take_database(&self) -> Database {
        let taken = std::mem::take(&mut self.world.lock().db);
        self.flush_caches();
        Database(taken)
    }

    /// Puts a database back that was taken.
    pub fn put_back(&self, database: Database) {
        self.world.lock().db = database.0;
        self.flush_caches();
    }

    /// Drops what the instances have cached, as a restart of all of them does.
    pub fn flush_caches(&self) {
        for view in &mut self.world.lock().views {
            view.flush();
        }
    }

    /// Moves the simulator's clock forward: expiries, lags and budget resets follow. At most 49 days a call.
    pub fn advance(&self, by: Duration) {
        self.world.clock.advance(u32::try_from(by.as_millis()).unwrap_or(u32::MAX));
    }

    pub fn settings(&self) -> Settings {
        self.world.lock().settings.clone()
    }

    pub fn set_settings(&self, settings: Settings) {
        self.world.lock().settings = settings;
    }
}

/// The log of requests. `/_sim` calls are not in it.
impl SimState {
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.lock().log.entries().cloned().collect()
    }

    /// The body of a request, as sent: it may hold secrets.
    pub fn body(&self, seq: u64) -> Option<Vec<u8>> {
        self.world.lock().log.body(seq).map(<[u8]>::to_vec)
    }

    /// How many management writes arrived, whatever came of them.
    pub fn writes(&self) -> usize {
        self.world.lock().log.entries().filter(|entry| entry.write).count()
    }

    /// Forgets the requests so far; numbers go on.
    pub fn clear_requests(&self) {
        self.world.lock().log.clear();
    }
}
