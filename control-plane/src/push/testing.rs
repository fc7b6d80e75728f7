//! What tests of this crate need to be an agent: a key, and proofs signed with it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reeve_protocol::{AgentDid, ProofClaims};
use sqlx::PgPool;

use crate::{
    base::{
        clock::Clock,
        idgen::IdGen,
        ids::RealmId,
        seal::{KeyRing, Sealer},
    },
    domain::realm::{KeyScope, Realm},
    store::{Store, realms},
};

/// The origin that test proofs name.
pub(crate) const ORIGIN: &str = "http://reeve.example";

static PROOFS: AtomicU64 = AtomicU64::new(0);

/// An agent's identity.
pub(crate) struct TestKey {
    pub did: AgentDid,
    signing: EncodingKey,
}

impl TestKey {
    pub fn new() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        let der = pair.to_pkcs8().unwrap();
        Self { did: AgentDid::from_public_key(&public), signing: EncodingKey::from_ed_der(der.as_ref()) }
    }

    pub fn did(&self) -> String {
        self.did.to_string()
    }

    /// Claims that are good now; each has its own `jti`.
    pub fn claims(&self, now: DateTime<Utc>) -> ProofClaims {
        ProofClaims {
            iss: self.did(),
            sub: self.did(),
            aud: ORIGIN.to_owned(),
            iat: now.timestamp(),
            exp: now.timestamp() + 60,
            jti: PROOFS.fetch_add(1, Ordering::Relaxed).to_string(),
        }
    }

    pub fn sign(&self, claims: &impl serde::Serialize) -> String {
        encode(&Header::new(Algorithm::EdDSA), claims, &self.signing).unwrap()
    }

    /// A good proof.
    pub fn proof(&self, now: DateTime<Utc>) -> String {
        self.sign(&self.claims(now))
    }
}

/// A store on a test's own database, with a key ring of its own.
pub(crate) fn store(pool: PgPool) -> Store {
    let ring = KeyRing::parse(&KeyRing::generate(1)).unwrap();
    Store { pool, sealer: Arc::new(Sealer::new(ring)), clock: Clock::System, ids: IdGen::Random }
}

pub(crate) async fn realm(store: &Store, slug: &str, is_default: bool) -> RealmId {
    let now = store.clock.now();
    let realm = Realm {
        id: RealmId(store.ids.uuid()),
        slug: slug.to_owned(),
        name: slug.to_owned(),
        description: String::new(),
        is_default,
        default_model_id: None,
        monthly_budget_usd: None,
        placement: Vec::new(),
        key_scope: KeyScope::Realm,
        key_max_age_days: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let mut tx = store.begin("test").await.unwrap();
    realms::insert(tx.conn(), &realm).await.unwrap();
    tx.commit().await.unwrap();
    realm.id
}
