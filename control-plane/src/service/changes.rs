//! Reading the change log: the list, and the receipt of one revision.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Services,
    audit::number_before,
    converge::{self, AgentProgress},
    lookup,
    sync::AgentCounts,
};
use crate::{
    base::{
        context::Context,
        ids::ProxyId,
        page::{OrderedRequest, Page},
    },
    domain::{
        change::Revision,
        error::{Error, Result},
        object::ObjectKind,
    },
    store::{
        changes::{self, Effect, Entry, Filter, Progress, Sight},
        evidence::{self, Evidence},
    },
};

/// Agents that a receipt names; the counts are over all.
const NAMED_AGENTS: i64 = 100;

/// One entry of the change log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    pub revision: i64,
    pub at: DateTime<Utc>,
    /// Such as `grant`, `revoke`, `model.create`.
    pub kind: String,
    pub actor: String,
    pub request_id: Option<String>,
    /// What it was about; never a secret.
    #[schema(value_type = Object)]
    pub summary: Value,
}

/// One entry of the change log, and how far it is by what the proxies and the agents' sessions have said. The receipt knows
/// more: it judges agents by the document that they should have now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeItem {
    #[serde(flatten)]
    pub change: ChangeView,
    pub state: ReceiptState,
    /// Proxies on which something is on its way.
    pub proxies_pending: i64,
    /// Proxies on which something was given up.
    pub proxies_failed: i64,
    /// Connected agents that it concerns, that were offered it, or something newer, and have not answered yet.
    pub agents_pending: i64,
}

/// Which changes to list; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub kind: Option<String>,
    /// Not of this kind.
    pub not_kind: Option<String>,
    pub actor: Option<String>,
    /// Id or slug.
    pub realm: Option<String>,
    /// Only those of which something is not done.
    pub open: bool,
}

/// What became of a revision.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    #[serde(flatten)]
    pub change: ChangeView,
    pub state: ReceiptState,
    pub proxies: Vec<ProxyReceipt>,
    pub agents: AgentReceipt,
}

/// `converged`: true on every proxy, and every connected agent concerned runs or has refused what it should have.
/// `failed`: given up on some proxy, see there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptState {
    Converged,
    Pending,
    Failed,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProxyReceipt {
    pub proxy_id: ProxyId,
    /// Null when the proxy has left the registry, and the wish with it.
    pub proxy_name: Option<String>,
    pub objects: Vec<ObjectReceipt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectState {
    Done,
    Pending,
    /// Not tried again until its input changes or an operator asks for it.
    Parked,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReceipt {
    pub kind: ObjectKind,
    /// Deployment, realm (of a team), key or grant (of a revocation) id.
    pub id: Uuid,
    pub state: ObjectState,
    /// When it was done.
    pub at: Option<DateTime<Utc>>,
    pub error: Option<String>,
    /// Of a revocation: what the proxy answered to the old keys, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceView>,
}

/// What a proxy answered when it was asked with a right that was taken away.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceView {
    pub at: DateTime<Utc>,
    /// Generation of the virtual key that asked.
    pub key_generation: i64,
    /// `refused`, or `allowed` while it still serves the right.
    pub answer: String,
    /// Its HTTP status.
    pub status: i32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentReceipt {
    #[serde(flatten)]
    pub counts: AgentCounts,
    /// At most 100, by DID.
    pub items: Vec<AgentProgress>,
}

impl From<&Evidence> for EvidenceView {
    fn from(e: &Evidence) -> Self {
        Self { at: e.at, key_generation: e.key_generation, answer: e.answer.clone(), status: e.status }
    }
}

impl From<Entry> for ChangeView {
    fn from(e: Entry) -> Self {
        Self {
            revision: e.revision,
            at: e.at,
            kind: e.kind,
            actor: e.actor,
            request_id: e.request_id,
            summary: e.summary,
        }
    }
}

/// In the order of their revisions.
pub async fn list(
    s: &Services,
    ctx: &Context,
    wanted: &Wanted,
    page: &OrderedRequest,
) -> Result<Page<ChangeItem>> {
    let mut conn = s.store.conn().await?;
    let realm = match &wanted.realm {
        Some(name) => Some(lookup::in_field("realmId", lookup::realm(&mut conn, &ctx.reach, name).await)?.id),
        None => None,
    };
    let open = if wanted.open { Some(changes::open(&mut conn, None).await?) } else { None };
    let among: Option<Vec<Revision>> = open.as_ref().map(|open| open.keys().copied().collect());
    let filter = Filter {
        kind: wanted.kind.as_deref(),
        not_kind: wanted.not_kind.as_deref(),
        actor: wanted.actor.as_deref(),
        realm,
        among: among.as_deref(),
        oldest_first: !page.order.down,
        after: number_before(page)?,
    };
    let rows = changes::list(&mut conn, &sight(ctx), &filter, page.limit + 1).await?;
    let found = page.cut_numbered(rows, |e| e.revision);
    let open = if let Some(open) = open {
        open
    } else {
        let shown: Vec<Revision> = found.items.iter().map(|e| e.revision).collect();
        changes::open(&mut conn, Some(&shown)).await?
    };
    Ok(Page { items: items(found.items, &open), next_cursor: found.next_cursor })
}

/// Entries with how far they are; those that are not `open` are through.
pub(super) fn items(entries: Vec<Entry>, open: &HashMap<Revision, Progress>) -> Vec<ChangeItem> {
    entries
        .into_iter()
        .map(|entry| {
            let p = open.get(&entry.revision).copied().unwrap_or_default();
            let state = if p.proxies_failed > 0 {
                ReceiptState::Failed
            } else if p.proxies_pending > 0 || p.agents_pending > 0 {
                ReceiptState::Pending
            } else {
                ReceiptState::Converged
            };
            ChangeItem {
                change: entry.into(),
                state,
                proxies_pending: p.proxies_pending,
                proxies_failed: p.proxies_failed,
                agents_pending: p.agents_pending,
            }
        })
        .collect()
}

fn sight(ctx: &Context) -> Sight {
    Sight { realms: ctx.reach.may.filter(), actor: ctx.actor.clone() }
}

pub async fn receipt(s: &Services, ctx: &Context, revision: Revision) -> Result<Receipt> {
    let mut conn = s.store.conn().await?;
    let filter = Filter { after: Some(revision.saturating_add(1)), ..Filter::default() };
    let found = changes::list(&mut conn, &sight(ctx), &filter, 1).await?.pop();
    let entry = found
        .filter(|entry| entry.revision == revision)
        .ok_or_else(|| Error::not_found("change", revision))?;
    let effects = changes::effects(&mut conn, revision).await?;
    let revocations: Vec<Uuid> =
        effects.iter().filter(|e| e.kind == ObjectKind::Revocation).map(|e| e.object_id).collect();
    let evidence = evidence::list(&mut conn, &revocations).await?;
    drop(conn);
    let (counts, items) = converge::agents(s, revision, NAMED_AGENTS).await?;
    let proxies = by_proxy(effects, &evidence);
    let any = |state| {
        let objects = proxies.iter().filter(|p| p.proxy_name.is_some()).flat_map(|p| &p.objects);
        objects.into_iter().any(|o| o.state == state)
    };
    let state = if any(ObjectState::Parked) {
        ReceiptState::Failed
    } else if any(ObjectState::Pending) || counts.pending > 0 {
        ReceiptState::Pending
    } else {
        ReceiptState::Converged
    };
    Ok(Receipt { change: entry.into(), state, proxies, agents: AgentReceipt { counts, items } })
}

/// Effects come ordered by proxy.
fn by_proxy(effects: Vec<Effect>, evidence: &[Evidence]) -> Vec<ProxyReceipt> {
    let mut proxies: Vec<ProxyReceipt> = Vec::new();
    for e in effects {
        let state = match (e.done_at, &e.parked_code) {
            (Some(_), _) => ObjectState::Done,
            (None, Some(_)) => ObjectState::Parked,
            (None, None) => ObjectState::Pending,
        };
        let object = ObjectReceipt {
            kind: e.kind,
            id: e.object_id,
            state,
            at: e.done_at,
            error: e.last_error.filter(|_| state != ObjectState::Done),
            evidence: evidence
                .iter()
                .filter(|answer| answer.revocation_id == e.object_id && answer.proxy_id == e.proxy_id)
                .map(EvidenceView::from)
                .collect(),
        };
        match proxies.last_mut().filter(|p| p.proxy_id == e.proxy_id) {
            Some(proxy) => proxy.objects.push(object),
            None => proxies.push(ProxyReceipt {
                proxy_id: e.proxy_id,
                proxy_name: e.proxy_name,
                objects: vec![object],
            }),
        }
    }
    proxies
}
