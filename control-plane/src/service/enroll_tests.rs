//! Enrolment against a real database.

use chrono::TimeDelta;
use sqlx::PgPool;

use super::*;
use crate::{
    base::signals::Signals,
    domain::{agent::EnrollmentToken, url_policy::UrlPolicy},
    push::testing::{self, ORIGIN, TestKey},
    store::{Store, audit, changes},
};

struct Rig {
    services: Services,
    ctx: Context,
}

impl Rig {
    fn new(pool: PgPool) -> Self {
        let services = Services {
            store: testing::store(pool),
            url_policy: UrlPolicy::default(),
            signals: Signals::default(),
        };
        let ctx = Context { request_id: Some("r1".to_owned()), ..Context::system("test") };
        Self { services, ctx }
    }

    fn store(&self) -> &Store {
        &self.services.store
    }

    fn proof(&self, key: &TestKey) -> Proof {
        let now = self.store().clock.now();
        identity::Origins::new([ORIGIN]).check(&key.proof(now), now).unwrap()
    }

    async fn realm(&self, slug: &str, is_default: bool) -> RealmId {
        testing::realm(self.store(), slug, is_default).await
    }

    async fn token(
        &self,
        text: &str,
        realms: &[RealmId],
        change: impl FnOnce(&mut EnrollmentToken),
    ) -> Secret {
        let now = self.store().clock.now();
        let mut token = EnrollmentToken {
            id: EnrollmentTokenId(self.store().ids.uuid()),
            fingerprint: "...".to_owned(),
            realm_ids: realms.iter().map(|r| r.0).collect(),
            max_uses: 1,
            uses: 0,
            expires_at: now + TimeDelta::hours(1),
            revoked_at: None,
            created_at: now,
            created_by: "admin".to_owned(),
        };
        change(&mut token);
        let mut conn = self.store().conn().await.unwrap();
        enrollment::insert(&mut conn, &token, &sha256_hex(text)).await.unwrap();
        if token.revoked_at.is_some() {
            enrollment::revoke(&mut conn, token.id, now).await.unwrap();
        }
        Secret::new(text)
    }

    async fn enroll(&self, key: &TestKey, token: Option<&Secret>) -> Result<Enrolled> {
        enroll(&self.services, &self.ctx, &self.proof(key), token, " build-bot ").await
    }

    async fn status(&self, key: &TestKey) -> Option<AgentStatus> {
        let mut conn = self.store().conn().await.unwrap();
        agents::get(&mut conn, &key.did()).await.unwrap().map(|agent| agent.status)
    }
}

fn code(result: Result<Enrolled>) -> &'static str {
    match result {
        Err(
            Error::Forbidden { code, .. }
            | Error::Unauthenticated { code, .. }
            | Error::Unavailable { code, .. },
        ) => code,
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_approves_and_joins_its_realms_in_order(pool: PgPool) {
    let rig = Rig::new(pool);
    let (b, a) = (rig.realm("b", false).await, rig.realm("a", true).await);
    let token = rig.token("t", &[b, a], |_| {}).await;
    let key = TestKey::new();
    let done = rig.enroll(&key, Some(&token)).await.unwrap();
    assert_eq!(done.did, key.did());
    assert_eq!((done.name.as_str(), done.status, done.created), ("build-bot", AgentStatus::Approved, true));
    assert_eq!(done.realms, ["b", "a"], "the first that the token names is the primary one");
    assert_eq!(code(rig.enroll(&TestKey::new(), Some(&token)).await), "enrollment-token-invalid");
    let again = rig.enroll(&key, Some(&token)).await.unwrap();
    assert_eq!(again, Enrolled { created: false, ..done }, "a repeat finds all done, and uses nothing up");

    let mut conn = rig.store().conn().await.unwrap();
    let notices = changes::since(&mut conn, 0, 10).await.unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!((notices[0].kind.as_str(), &notices[0].agents), ("agent.enroll", &vec![key.did()]));
    let rows = audit::list(&mut conn, &audit::Filter::default(), 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0.actor, format!("agent:{}", key.did()));
    assert_eq!(rows[0].0.request_id.as_deref(), Some("r1"));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_token_without_realms_means_the_default_realm(pool: PgPool) {
    let rig = Rig::new(pool);
    let none = rig.token("none", &[], |_| {}).await;
    assert!(rig.enroll(&TestKey::new(), Some(&none)).await.unwrap().realms.is_empty());
    rig.realm("home", true).await;
    let token = rig.token("t", &[], |t| t.max_uses = 2).await;
    for _ in 0..2 {
        assert_eq!(rig.enroll(&TestKey::new(), Some(&token)).await.unwrap().realms, ["home"]);
    }
    let gone = RealmId(rig.store().ids.uuid());
    let token = rig.token("gone", &[gone], |_| {}).await;
    let done = rig.enroll(&TestKey::new(), Some(&token)).await.unwrap();
    assert!(done.realms.is_empty(), "a realm that is gone is not replaced by another");
}

#[sqlx::test(migrations = "../migrations")]
async fn bad_tokens_let_nobody_in(pool: PgPool) {
    let rig = Rig::new(pool);
    let now = rig.store().clock.now();
    let expired = rig.token("expired", &[], |t| t.expires_at = now).await;
    let ended = rig.token("ended", &[], |t| t.revoked_at = Some(now)).await;
    let key = TestKey::new();
    for token in [expired, ended, Secret::new("unknown"), Secret::new("")] {
        assert_eq!(code(rig.enroll(&key, Some(&token)).await), "enrollment-token-invalid");
    }
    assert_eq!(rig.status(&key).await, None, "not even as pending");
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_token_it_waits_and_a_token_approves_it_later(pool: PgPool) {
    let rig = Rig::new(pool);
    let realm = rig.realm("a", true).await;
    let key = TestKey::new();
    let done = rig.enroll(&key, None).await.unwrap();
    assert_eq!((done.status, done.created, done.realms.len()), (AgentStatus::Pending, true, 0));
    let again = rig.enroll(&key, None).await.unwrap();
    assert_eq!((again.status, again.created), (AgentStatus::Pending, false));
    let token = rig.token("t", &[realm], |_| {}).await;
    let done = rig.enroll(&key, Some(&token)).await.unwrap();
    assert_eq!((done.status, done.created), (AgentStatus::Approved, false));
    assert_eq!(done.realms, ["a"]);
    assert_eq!(rig.enroll(&key, None).await.unwrap().status, AgentStatus::Approved);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_was_refused_stays_refused(pool: PgPool) {
    let rig = Rig::new(pool);
    let token = rig.token("t", &[], |_| {}).await;
    for (status, expected) in
        [(AgentStatus::Revoked, "agent-revoked"), (AgentStatus::Rejected, "agent-rejected")]
    {
        let key = TestKey::new();
        rig.enroll(&key, None).await.unwrap();
        let mut conn = rig.store().conn().await.unwrap();
        agents::set_status(&mut conn, &key.did(), status, None, rig.store().clock.now()).await.unwrap();
        assert_eq!(code(rig.enroll(&key, Some(&token)).await), expected);
        assert_eq!(code(rig.enroll(&key, None).await), expected);
        assert_eq!(rig.status(&key).await, Some(status));
    }
    let mut conn = rig.store().conn().await.unwrap();
    assert_eq!(enrollment::list(&mut conn, None, None, None, 9).await.unwrap()[0].uses, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_proof_is_good_once(pool: PgPool) {
    let rig = Rig::new(pool);
    let key = TestKey::new();
    let proof = rig.proof(&key);
    enroll(&rig.services, &rig.ctx, &proof, None, "bot").await.unwrap();
    assert_eq!(code(enroll(&rig.services, &rig.ctx, &proof, None, "bot").await), "replayed");
}

#[sqlx::test(migrations = "../migrations")]
async fn who_waits_is_bounded(pool: PgPool) {
    let rig = Rig::new(pool);
    let now = rig.store().clock.now();
    let mut tx = rig.store().begin("fill").await.unwrap();
    for n in 0..MAX_PENDING {
        add(tx.conn(), &format!("did:{n}"), "bot", AgentStatus::Pending, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(code(rig.enroll(&TestKey::new(), None).await), "too-many-pending");
    let token = rig.token("t", &[], |_| {}).await;
    assert!(rig.enroll(&TestKey::new(), Some(&token)).await.is_ok(), "a token needs nobody to wait");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_name_is_checked(pool: PgPool) {
    let rig = Rig::new(pool);
    for name in ["", "  ", "a\0b", "two\nlines", &"x".repeat(MAX_NAME + 1)] {
        let key = TestKey::new();
        let refused = enroll(&rig.services, &rig.ctx, &rig.proof(&key), None, name).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "name"), "{name:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_client_supplied_agent_id_is_not_believed(pool: PgPool) {
    let rig = Rig::new(pool);
    let (key, victim) = (TestKey::new(), TestKey::new());
    let now = rig.store().clock.now();
    // Whatever else the agent writes, in the claims or as its name: its id is its key.
    let mut claims = serde_json::to_value(key.claims(now)).unwrap();
    for field in ["did", "agentId", "agent_id", "client_id"] {
        claims[field] = json!(victim.did());
    }
    let proof = identity::Origins::new([ORIGIN]).check(&key.sign(&claims), now).unwrap();
    let done = enroll(&rig.services, &rig.ctx, &proof, None, &victim.did()).await.unwrap();
    assert_eq!(done.did, key.did());
    assert_eq!(rig.status(&victim).await, None);
    // Nor can it sign for another.
    let mut claims = key.claims(now);
    (claims.iss, claims.sub) = (victim.did(), victim.did());
    assert!(identity::Origins::new([ORIGIN]).check(&key.sign(&claims), now).is_err());
}
