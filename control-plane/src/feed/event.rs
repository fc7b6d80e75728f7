//! The events as they are sent: part of the public API, see docs/API-DESIGN.md.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    base::ids::ProxyId,
    domain::{
        agent::{AgentState, AgentStatus},
        change::Revision,
        proxy::{ProxyState, ProxyStatus},
    },
    service::changes::{ChangeView, ReceiptState},
    store::{changes::Entry, feed::ProxyNow},
};

/// Agents that a change names.
const NAMED_AGENTS: usize = 20;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: Name,
    /// Where a stream that breaks off here goes on.
    pub id: Option<Revision>,
    pub data: String,
}

/// What stands after `event:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Name {
    Hello,
    Change,
    Receipt,
    Agent,
    Agents,
    Proxy,
    Audit,
    Alive,
    Reset,
    Ended,
}

impl Name {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Change => "change",
            Self::Receipt => "receipt",
            Self::Agent => "agent",
            Self::Agents => "agents",
            Self::Proxy => "proxy",
            Self::Audit => "audit",
            Self::Alive => "alive",
            Self::Reset => "reset",
            Self::Ended => "ended",
        }
    }
}

/// The JSON after `data:`; the event's name says which it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EventData {
    Hello(HelloEvent),
    Change(ChangeEvent),
    Receipt(ReceiptEvent),
    Agent(AgentEvent),
    Agents(AgentsEvent),
    Proxy(ProxyEvent),
    Audit(AuditEvent),
    Alive(AliveEvent),
    Reset(ResetEvent),
    Ended(EndedEvent),
}

/// `hello`: the first event of a stream.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HelloEvent {
    /// Changes after this one follow.
    pub revision: Revision,
}

/// `change`: a revision was made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEvent {
    #[serde(flatten)]
    pub change: ChangeView,
    /// Realms whose agents it concerns.
    pub realm_ids: Vec<Uuid>,
    /// Single agents that it concerns; at most 20 are named.
    pub agent_dids: Vec<String>,
    /// It concerns every agent.
    pub everyone: bool,
}

impl From<Entry> for ChangeEvent {
    fn from(entry: Entry) -> Self {
        let realm_ids = entry.realm_ids.clone();
        let agent_dids = entry.agent_dids.iter().take(NAMED_AGENTS).cloned().collect();
        let everyone = entry.everyone;
        Self { change: entry.into(), realm_ids, agent_dids, everyone }
    }
}

/// `receipt`: a change in flight moved, or has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptEvent {
    pub revision: Revision,
    pub state: ReceiptState,
    /// Proxies that are on their way to it.
    pub proxies_pending: i64,
    /// Connected agents that are on their way to it.
    pub agents_pending: i64,
}

/// `agent`: it connected, went away, was offered a document, took or refused one, or its row changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentEvent {
    pub did: String,
    pub name: String,
    pub status: AgentStatus,
    pub connected: bool,
    /// How far it is with what it was offered last.
    pub progress: AgentState,
    pub running_version: Option<i64>,
    /// Version that it was offered last; null before the first.
    pub wanted_version: Option<i64>,
}

/// `agents`: so many moved at once that they are not named.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AgentsEvent {
    pub count: usize,
}

/// `proxy`: its status, state or name changed, or agents began or ceased to be sent elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyEvent {
    pub id: ProxyId,
    pub name: String,
    pub status: ProxyStatus,
    pub state: ProxyState,
    pub avoided: bool,
}

impl From<ProxyNow> for ProxyEvent {
    fn from(p: ProxyNow) -> Self {
        Self { id: p.id, name: p.name, status: p.status, state: p.state, avoided: p.avoided }
    }
}

/// `audit`: rows were written to the audit record, also such as belong to no revision: of people, tokens, sign-ins, refusals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Sequence number of the newest row; null for who may not read the audit record.
    pub seq: Option<i64>,
    /// Kinds of things that the rows are about, such as `person`; those of which the caller may read something.
    pub kinds: Vec<String>,
}

/// `alive`: nothing else was sent for a while.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AliveEvent {}

/// Why a client must read everything again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResetReason {
    /// It asked for changes from too long ago.
    Behind,
    /// It asked for changes after one that there is not, as after a backup was put back.
    Ahead,
    /// It did not keep up, and events were left out.
    Slow,
    /// What it may see has changed.
    Rights,
}

/// `reset`: what follows does not follow from what came before; read everything again.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ResetEvent {
    pub reason: ResetReason,
    /// Changes after this one follow.
    pub revision: Revision,
}

/// `ended`: the session or token counts no more. The stream ends here.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EndedEvent {
    /// The code with which any request would be refused now.
    pub code: &'static str,
}

impl EventData {
    fn name(&self) -> Name {
        match self {
            Self::Hello(_) => Name::Hello,
            Self::Change(_) => Name::Change,
            Self::Receipt(_) => Name::Receipt,
            Self::Agent(_) => Name::Agent,
            Self::Agents(_) => Name::Agents,
            Self::Proxy(_) => Name::Proxy,
            Self::Audit(_) => Name::Audit,
            Self::Alive(_) => Name::Alive,
            Self::Reset(_) => Name::Reset,
            Self::Ended(_) => Name::Ended,
        }
    }

    fn id(&self) -> Option<Revision> {
        match self {
            Self::Hello(e) => Some(e.revision),
            Self::Change(e) => Some(e.change.revision),
            Self::Reset(e) => Some(e.revision),
            Self::Receipt(_)
            | Self::Agent(_)
            | Self::Agents(_)
            | Self::Proxy(_)
            | Self::Audit(_)
            | Self::Alive(_)
            | Self::Ended(_) => None,
        }
    }
}

impl From<EventData> for Event {
    fn from(data: EventData) -> Self {
        // Nothing in it can fail to become JSON; an empty object would be the least wrong.
        let text = serde_json::to_string(&data).unwrap_or_else(|_| "{}".to_owned());
        Self { name: data.name(), id: data.id(), data: text }
    }
}
