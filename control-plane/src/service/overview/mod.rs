//! One answer for the first page of the console: how the fleet, the agents and what is under way stand, and what wants
//! somebody's attention. Each part is counted over what the caller may see, and missing where it may see nothing of it.

mod attention;
mod pulse;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::{
    attention::{Attention, Severity},
    pulse::Minute,
};
use super::{
    Services,
    changes::{self as change_service, ChangeItem},
};
use crate::{
    base::{
        ids::{ModelId, RealmId},
        reach::Reach,
    },
    domain::{
        error::Result,
        proxy::{Proxy, ProxyState, ProxyStatus},
    },
    store::{
        Conn,
        changes::{self, Filter, Sight},
        freezes, listener, observe,
        overview::{self as store, OnProxy},
        proxies,
    },
};

/// Items that a list names; its count is over all.
const NAMED: i64 = 10;

/// What the caller may see: where it holds the permission to read each part, `None` for nowhere.
#[derive(Clone, Debug)]
pub struct Sees {
    pub actor: String,
    pub proxies: bool,
    /// How one signs in.
    pub access: bool,
    pub agents: Option<Reach>,
    pub models: Option<Reach>,
    pub realms: Option<Reach>,
    pub grants: Option<Reach>,
    pub freezes: Option<Reach>,
    pub changes: Option<Reach>,
}

/// How everything stands. A part that the caller lacks the permission for is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    pub as_of: DateTime<Utc>,
    /// The newest revision.
    pub revision: i64,
    /// `proxies:read`.
    pub proxies: Option<ProxyTotals>,
    /// `agents:read`, over the agents that the caller may see.
    pub agents: Option<AgentTotals>,
    /// `models:read`
    pub models: Option<ModelTotals>,
    /// `realms:read`
    pub realms: Option<RealmTotals>,
    /// `changes:read`; what `GET /api/changes?state=open` lists.
    pub changes_in_flight: Option<ChangesInFlight>,
    /// `grants:read`; grants that are `revoking`. What went with a removed realm or model is in `changesInFlight` alone.
    pub revocations: Option<Revocations>,
    /// The gravest first, at most 50; each by the permission for what it is about.
    pub attention: Vec<Attention>,
    /// `proxies:read`; the last 60 minutes, the oldest first. The last one has just begun. Replicas write a minute when it is
    /// over: one that dies takes its last minute with it.
    pub pulse: Option<Vec<Minute>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyTotals {
    pub total: i64,
    /// By status, as the last probe found it.
    pub ready: i64,
    pub unreachable: i64,
    pub unsupported: i64,
    pub unknown: i64,
    /// By state, as an admin wishes it; those that are being removed only as that.
    pub active: i64,
    pub draining: i64,
    pub disabled: i64,
    pub deleting: i64,
    /// Agents are sent elsewhere as long as another proxy serves them.
    pub avoided: i64,
    pub frozen: i64,
    /// Where the last full scan found something of ours to be different.
    pub with_drift: i64,
    /// That failed a check of what they enforce.
    pub failing_enforcement: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentTotals {
    /// Of every status.
    pub total: i64,
    pub awaiting_approval: i64,
    /// Approved and connected: the sum of the next three, which `GET /api/agents?live=` lists.
    pub connected: i64,
    pub converged: i64,
    pub behind: i64,
    pub rejecting: i64,
    /// Approved and not connected.
    pub offline: i64,
    pub frozen: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelTotals {
    pub active: i64,
    pub inactive: i64,
    /// With a deployment that is not yet, or cannot be, as wanted on some proxy.
    pub not_applied: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RealmTotals {
    pub total: i64,
    pub without_grants: i64,
    pub frozen: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangesInFlight {
    pub count: i64,
    /// The newest 10.
    pub items: Vec<ChangeItem>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revocations {
    pub count: i64,
    /// The oldest 10.
    pub items: Vec<Revoking>,
}

/// A grant that was taken away and is not proven refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revoking {
    pub model_id: ModelId,
    pub litellm_model_name: String,
    pub realm_id: RealmId,
    pub realm_slug: String,
    pub since: DateTime<Utc>,
    pub revision: Option<i64>,
    /// Names of the proxies that are not done.
    pub waiting_for: Vec<String>,
}

/// What is known of the fleet, read once.
struct Fleet {
    proxies: Vec<Proxy>,
    frozen: Vec<String>,
    drift: Vec<OnProxy>,
    parked: Vec<OnProxy>,
    observing: Option<observe::Observing>,
}

pub async fn get(s: &Services, sees: &Sees) -> Result<Overview> {
    let now = s.store.clock.now();
    let mut conn = s.store.conn().await?;
    let conn = &mut *conn;
    let revision = listener::head(conn).await?;
    let fleet = if sees.proxies { Some(Fleet::read(conn).await?) } else { None };
    let agents = match &sees.agents {
        Some(reach) => Some(store::agents(conn, reach.may.filter().as_deref()).await?),
        None => None,
    };
    let models = match &sees.models {
        Some(reach) => {
            let m = store::models(conn, reach.models.filter().as_deref()).await?;
            Some(ModelTotals { active: m.active, inactive: m.inactive, not_applied: m.not_applied })
        }
        None => None,
    };
    let realms = match &sees.realms {
        Some(reach) => {
            let r = store::realms(conn, reach.may.filter().as_deref()).await?;
            Some(RealmTotals { total: r.total, without_grants: r.without_grants, frozen: r.frozen })
        }
        None => None,
    };
    let changes_in_flight = match &sees.changes {
        Some(reach) => Some(in_flight(conn, &sees.actor, reach).await?),
        None => None,
    };
    let revoking = match &sees.grants {
        Some(reach) => store::revoking(conn, reach.may.filter().as_deref(), NAMED).await?,
        None => Vec::new(),
    };
    let attention = attention::list(conn, sees, fleet.as_ref(), agents.as_ref(), &revoking, now).await?;
    let pulse = if sees.proxies { Some(pulse::read(conn, now).await?) } else { None };
    Ok(Overview {
        as_of: now,
        revision,
        proxies: fleet.map(|fleet| fleet.totals()),
        agents: agents.map(|a| AgentTotals {
            total: a.total,
            awaiting_approval: a.pending,
            connected: a.connected,
            converged: a.converged,
            behind: a.behind,
            rejecting: a.rejecting,
            offline: a.offline,
            frozen: a.frozen,
        }),
        models,
        realms,
        changes_in_flight,
        revocations: sees.grants.as_ref().map(|_| Revocations {
            count: revoking.first().map_or(0, |r| r.count),
            items: revoking.into_iter().map(Revoking::from).collect(),
        }),
        attention,
        pulse,
    })
}

async fn in_flight(conn: &mut Conn, actor: &str, reach: &Reach) -> Result<ChangesInFlight> {
    let sight = Sight { realms: reach.may.filter(), actor: actor.to_owned() };
    let open = changes::open(conn, None).await?;
    let among: Vec<_> = open.keys().copied().collect();
    let filter = Filter { among: Some(&among), ..Filter::default() };
    let entries = changes::list(conn, &sight, &filter, NAMED).await?;
    Ok(ChangesInFlight {
        count: changes::count(conn, &sight, &among).await?,
        items: change_service::items(entries, &open),
    })
}

impl Fleet {
    async fn read(conn: &mut Conn) -> Result<Self> {
        let frozen = freezes::list(conn, Some(crate::domain::freeze::FreezeKind::Proxy), None, None).await?;
        Ok(Self {
            proxies: proxies::all(conn).await?,
            frozen: frozen.into_iter().map(|f| f.object_id).collect(),
            drift: store::drift(conn).await?,
            parked: store::parked(conn).await?,
            observing: observe::state(conn).await?,
        })
    }

    fn totals(&self) -> ProxyTotals {
        let count = |wanted: &dyn Fn(&Proxy) -> bool| {
            i64::try_from(self.proxies.iter().filter(|p| wanted(p)).count()).unwrap_or(i64::MAX)
        };
        let status = |status| count(&|p| p.status == status);
        let state = |state| count(&|p| p.state == state && !p.deleting);
        ProxyTotals {
            total: count(&|_| true),
            ready: status(ProxyStatus::Ready),
            unreachable: status(ProxyStatus::Unreachable),
            unsupported: status(ProxyStatus::Unsupported),
            unknown: status(ProxyStatus::Unknown),
            active: state(ProxyState::Active),
            draining: state(ProxyState::Draining),
            disabled: state(ProxyState::Disabled),
            deleting: count(&|p| p.deleting),
            avoided: count(&|p| p.avoided),
            frozen: count(&|p| self.frozen.contains(&p.id.to_string())),
            with_drift: count(&|p| self.drift.iter().any(|d| d.proxy_id == p.id)),
            failing_enforcement: count(&|p| p.enforced == Some(false)),
        }
    }
}

impl From<store::Revoking> for Revoking {
    fn from(r: store::Revoking) -> Self {
        Self {
            model_id: r.model_id,
            litellm_model_name: r.litellm_model_name,
            realm_id: r.realm_id,
            realm_slug: r.realm_slug,
            since: r.since,
            revision: r.revision,
            waiting_for: r.waiting_for,
        }
    }
}
