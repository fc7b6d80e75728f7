//! A registry to push from: rows are written through the store as services and the reconciler would.

use std::collections::BTreeMap;

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    base::{
        context::Context,
        hash::sha256_hex,
        ids::{DeploymentId, KeyId, ModelId, ProxyId, RealmId},
        secret::Secret,
    },
    domain::{
        agent::{Agent, AgentSession, AgentStatus, ConfigMode, ManualConfig},
        change::{AuditEntry, Change, Revision},
        grant::Grant,
        model::{Model, ModelStatus},
        object::Object,
        proxy::ProxyState,
        realm::{KeyState, RealmKey},
    },
    push::testing::{self, TestKey},
    store::{
        Conn, Store, Tx, agents,
        applied::{self, Applied, AppliedState},
        desired, grants, keys, models, proxies, realms, sessions,
    },
};

/// One proxy, one realm with one key generation, and models `openai/a` and `openai/b` that nobody is granted.
pub struct World {
    pub store: Store,
    pub proxy: ProxyId,
    pub realm: RealmId,
    pub key: KeyId,
    pub a: ModelId,
    pub b: ModelId,
}

/// The plaintext of the realm's key, by generation.
pub fn plaintext(generation: i64) -> String {
    format!("sk-reeve-marker-generation-{generation}")
}

impl World {
    pub async fn new(pool: PgPool) -> Self {
        let store = testing::store(pool);
        let realm = testing::realm(&store, "research", true).await;
        let mut world = Self {
            proxy: ProxyId(store.ids.uuid()),
            realm,
            key: KeyId(store.ids.uuid()),
            a: ModelId(store.ids.uuid()),
            b: ModelId(store.ids.uuid()),
            store,
        };
        let now = world.store.clock.now();
        let mut tx = world.store.begin("test").await.unwrap();
        let proxy = proxies::NewProxy {
            id: world.proxy,
            name: "eu",
            base_url: "http://127.0.0.1:1",
            public_url: "https://eu.llm.example",
            master_key: b"sealed",
            labels: &BTreeMap::new(),
            cache_lag_seconds: 0,
            enforcement_policy: crate::domain::enforcement::EnforcementPolicy::Warn,
            state: ProxyState::Active,
        };
        proxies::insert(tx.conn(), &proxy, now).await.unwrap();
        for (id, name) in [(world.a, "a"), (world.b, "b")] {
            let model = Model {
                id,
                name: name.to_owned(),
                provider: "openai".to_owned(),
                litellm_model_name: format!("openai/{name}"),
                description: String::new(),
                status: ModelStatus::Active,
                max_tokens: None,
                everywhere: false,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            models::insert(tx.conn(), &model).await.unwrap();
        }
        tx.commit().await.unwrap();
        world.key = world.generation(1).await;
        world
    }

    /// A context and audit row as a service would have them.
    pub async fn finish(&self, tx: Tx, change: Change) -> Revision {
        let audit = AuditEntry {
            action: change.kind,
            subject: "test".to_owned(),
            before: None,
            after: None,
            location: None,
        };
        tx.finish(&Context::system("test"), change, audit).await.unwrap()
    }

    /// An approved agent in the realm.
    pub async fn agent(&self) -> TestKey {
        self.agent_as(AgentStatus::Approved).await
    }

    pub async fn agent_as(&self, status: AgentStatus) -> TestKey {
        let key = TestKey::new();
        let now = self.store.clock.now();
        let agent = Agent {
            did: key.did(),
            name: "build-bot".to_owned(),
            status,
            status_reason: None,
            mode: ConfigMode::Realm,
            realm_id: None,
            model_id: None,
            manual_config: None,
            manual_generation: 0,
            version: 1,
            created_at: now,
            updated_at: now,
            approved_at: None,
        };
        let mut tx = self.store.begin("test").await.unwrap();
        agents::insert(tx.conn(), &agent).await.unwrap();
        realms::join(tx.conn(), self.realm, &agent.did, true, now).await.unwrap();
        self.finish(tx, Change { kind: "agent.enroll", agents: vec![agent.did], ..Change::default() }).await;
        key
    }

    pub async fn set_status(&self, key: &TestKey, status: AgentStatus, reason: Option<&str>) {
        let now = self.store.clock.now();
        let mut tx = self.store.begin("test").await.unwrap();
        agents::set_status(tx.conn(), &key.did(), status, reason, now).await.unwrap();
        let urgent = status == AgentStatus::Revoked;
        let change = Change { kind: "agent.status", agents: vec![key.did()], urgent, ..Change::default() };
        self.finish(tx, change).await;
    }

    pub async fn delete(&self, key: &TestKey) {
        let mut tx = self.store.begin("test").await.unwrap();
        agents::delete(tx.conn(), &key.did()).await.unwrap();
        let change =
            Change { kind: "agent.delete", agents: vec![key.did()], urgent: true, ..Change::default() };
        self.finish(tx, change).await;
    }

    /// A further generation of the realm's key, on no proxy yet.
    pub async fn generation(&self, generation: i64) -> KeyId {
        let now = self.store.clock.now();
        let secret = Secret::new(plaintext(generation));
        let id = KeyId(self.store.ids.uuid());
        let key = RealmKey {
            id,
            realm_id: self.realm,
            did: None,
            generation,
            token: sha256_hex(secret.expose()),
            fingerprint: secret.fingerprint(),
            state: KeyState::Current,
            created_at: now,
            retire_after: None,
        };
        let sealed = self.store.sealer.seal(&desired::realm_key_at(id), generation, &secret);
        let mut tx = self.store.begin("test").await.unwrap();
        keys::insert(tx.conn(), &key, &sealed, now + chrono::TimeDelta::hours(24)).await.unwrap();
        self.finish(tx, Change { kind: "rotate", realms: vec![self.realm], ..Change::default() }).await;
        id
    }

    pub async fn grant(&self, model: ModelId) -> Revision {
        let now = self.store.clock.now();
        let mut tx = self.store.begin("test").await.unwrap();
        let grant = Grant {
            id: self.store.ids.uuid(),
            realm_id: self.realm,
            model_id: model,
            expires_at: None,
            reason: String::new(),
            created_at: now,
            created_by: "admin".to_owned(),
            revoked_at: None,
            revoke_revision: None,
            done_at: None,
        };
        grants::insert(tx.conn(), &grant).await.unwrap();
        self.finish(tx, Change { kind: "grant", realms: vec![self.realm], ..Change::default() }).await
    }

    pub async fn revoke(&self, model: ModelId) -> Revision {
        let mut tx = self.store.begin("test").await.unwrap();
        grants::revoke(tx.conn(), self.realm, model, self.store.clock.now()).await.unwrap();
        let change = Change { kind: "revoke", realms: vec![self.realm], urgent: true, ..Change::default() };
        self.finish(tx, change).await
    }

    /// What the reconciler writes when the proxy has come to hold exactly these models for the realm.
    pub async fn live(&self, key: KeyId, models: &[&str]) -> Revision {
        let mut tx = self.store.begin("test").await.unwrap();
        tx.lock_head().await.unwrap();
        for name in models {
            let id = DeploymentId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()));
            self.applied(tx.conn(), Object::deployment(id), &[name]).await;
        }
        self.applied(tx.conn(), Object::team(self.realm), models).await;
        self.applied(tx.conn(), Object::key(key), models).await;
        let change = Change {
            kind: "proxy.applied",
            realms: vec![self.realm],
            summary: json!({}),
            ..Change::default()
        };
        tx.finish_observed(&Context::system("test"), change).await.unwrap()
    }

    async fn applied(&self, conn: &mut Conn, object: Object, models: &[&str]) {
        let applied = Applied {
            proxy_id: self.proxy,
            kind: object.kind,
            object_id: object.id,
            external_id: object.to_string(),
            generation: 1,
            hash: "h".to_owned(),
            state: AppliedState::Applied,
            models: models.iter().map(|m| (*m).to_owned()).collect(),
            fields: Vec::new(),
            expires_at: None,
            error_code: None,
            error_message: None,
            observed_at: self.store.clock.now(),
            adopting: false,
        };
        applied::write(conn, &applied).await.unwrap();
    }

    /// Grants a model and makes all that is named live.
    pub async fn grant_live(&self, model: ModelId, models: &[&str]) -> Revision {
        self.grant(model).await;
        self.live(self.key, models).await
    }

    pub async fn set_mode(&self, key: &TestKey, mode: ConfigMode, manual: Option<&ManualConfig>) {
        self.set_mode_sealed(key, mode, manual, key).await;
    }

    /// As [`Self::set_mode`], with the key sealed for the row of `owner`.
    pub async fn set_mode_sealed(
        &self,
        key: &TestKey,
        mode: ConfigMode,
        manual: Option<&ManualConfig>,
        owner: &TestKey,
    ) {
        let sealed = manual.map(|_| {
            let at = desired::manual_at(&owner.did());
            self.store.sealer.seal(&at, 1, &Secret::new("sk-typed-by-an-admin"))
        });
        let new = agents::NewMode {
            mode,
            realm_id: None,
            model_id: None,
            manual_config: manual,
            manual_api_key: sealed.as_deref(),
            manual_generation: 1,
        };
        let mut tx = self.store.begin("test").await.unwrap();
        agents::set_mode(tx.conn(), &key.did(), &new, self.store.clock.now()).await.unwrap();
        self.finish(tx, Change { kind: "mode", agents: vec![key.did()], ..Change::default() }).await;
    }

    pub async fn ask_retry(&self, key: &TestKey) {
        let mut tx = self.store.begin("test").await.unwrap();
        assert!(sessions::ask_retry(tx.conn(), &key.did()).await.unwrap());
        self.finish(tx, Change { kind: "retry", agents: vec![key.did()], ..Change::default() }).await;
    }

    /// What the database knows of the agent's session.
    pub async fn session(&self, key: &TestKey) -> AgentSession {
        let mut conn = self.store.conn().await.unwrap();
        let found = sessions::list(&mut conn, &[key.did()]).await.unwrap();
        found.into_iter().next().map(|(_, session)| session).unwrap_or_default()
    }
}
