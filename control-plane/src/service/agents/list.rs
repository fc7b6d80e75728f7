//! Listing agents: filters, and the orders that the caller may choose.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{AgentView, views};
use crate::{
    base::{
        page::{Order, OrderedRequest, Page, in_order},
        reach::Reach,
    },
    domain::{agent::AgentStatus, error::Result},
    service::{Services, lookup},
    store::agents,
};

/// What its session says of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Live {
    Connected,
    /// Approved, connected, and runs what it was offered last.
    Converged,
    /// Approved, connected, and has refused what it was offered last.
    Rejecting,
    /// Approved, connected, and neither.
    Behind,
    Offline,
}

impl Live {
    fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Converged => "converged",
            Self::Rejecting => "rejecting",
            Self::Behind => "behind",
            Self::Offline => "offline",
        }
    }
}

/// How agents are ordered; equal ones by DID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum AgentSort {
    #[default]
    #[serde(rename = "did")]
    Did,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "-lastSeen")]
    LastSeenDown,
    #[serde(rename = "-created")]
    CreatedDown,
}

impl AgentSort {
    pub fn order(self) -> Order {
        match self {
            Self::Did => Order::up("did"),
            Self::Name => Order::up("name"),
            Self::NameDown => Order::down("name"),
            Self::LastSeenDown => Order::down("lastSeen"),
            Self::CreatedDown => Order::down("created"),
        }
    }
}

/// Which agents to list; all filters must match.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub status: Option<AgentStatus>,
    /// Id or slug.
    pub realm: Option<String>,
    /// Part of the name or DID.
    pub search: Option<String>,
    pub live: Option<Live>,
    pub frozen: Option<bool>,
}

/// In the order asked for.
pub async fn list(
    s: &Services,
    reach: &Reach,
    wanted: &Wanted,
    page: &OrderedRequest,
) -> Result<Page<AgentView>> {
    let mut conn = s.store.conn().await?;
    let realm = match &wanted.realm {
        Some(name) => Some(lookup::in_field("realm", lookup::realm(&mut conn, reach, name).await)?.id),
        None => None,
    };
    let among = reach.may.filter();
    let filter = agents::Filter {
        among: among.as_deref(),
        status: wanted.status,
        realm,
        search: wanted.search.as_deref(),
        live: wanted.live.map(Live::as_str),
        frozen: wanted.frozen,
        page,
    };
    let found = page.cut(agents::find(&mut conn, &filter).await?);
    drop(conn);
    let views = views(s, reach, &found.items).await?;
    Ok(Page { items: in_order(&found.items, views, |v| v.did.clone()), next_cursor: found.next_cursor })
}
