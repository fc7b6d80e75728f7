//! The fleet as it was at the last look.

use std::collections::HashMap;

use super::event::ProxyEvent;
use crate::{
    base::ids::ProxyId,
    domain::error::Result,
    store::{
        Conn,
        feed::{self, ProxyNow},
    },
};

#[derive(Debug, Default)]
pub struct Fleet(HashMap<ProxyId, ProxyNow>);

impl Fleet {
    pub async fn begin(conn: &mut Conn) -> Result<Self> {
        let mut fleet = Self::default();
        fleet.look(conn).await?;
        Ok(fleet)
    }

    /// Those that are new or different. One that is gone is told by its change.
    pub async fn look(&mut self, conn: &mut Conn) -> Result<Vec<ProxyEvent>> {
        let now = feed::proxies(conn).await?;
        let moved =
            now.iter().filter(|p| self.0.get(&p.id) != Some(p)).cloned().map(ProxyEvent::from).collect();
        self.0 = now.into_iter().map(|p| (p.id, p)).collect();
        Ok(moved)
    }
}
