//! Teams on a proxy: `/team/info`, `/v2/team/list`, `/team/new`, `/team/update`, `/team/block`, `/team/delete`.

use std::collections::HashSet;

use serde_json::json;

use super::{
    BudgetChange, ObservedTeam, ProxyError, TeamBody,
    deployments::gone,
    http::{Call, HttpProxy, unreadable},
};

impl HttpProxy {
    pub(super) async fn read_team(&self, id: &str) -> Result<Option<ObservedTeam>, ProxyError> {
        const NAME: &str = "team";
        match self.send(Call { query: &[("team_id", id)], ..Call::get(NAME, "/team/info") }).await {
            Ok(body) => ObservedTeam::read(&body["team_info"])
                .map(Some)
                .ok_or_else(|| unreadable(NAME, "the answer has no \"team_info\" with a team_id")),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn list_teams(&self) -> Result<Vec<ObservedTeam>, ProxyError> {
        // Oldest first, so that teams created meanwhile only lengthen the last page.
        let order = [("sort_by", "created_at"), ("sort_order", "asc")];
        let found = self.pages("teams", "/v2/team/list", "teams", "page_size", &order).await?;
        let mut seen = HashSet::new();
        Ok(found
            .iter()
            .filter_map(ObservedTeam::read)
            .filter(|team| seen.insert(team.team_id.clone()))
            .collect())
    }

    pub(super) async fn new_team(&self, body: &TeamBody) -> Result<(), ProxyError> {
        self.send(Call::change("create_team", "/team/new", body.render_create())).await.map(drop)
    }

    pub(super) async fn change_team(&self, body: &TeamBody, budget: BudgetChange) -> Result<(), ProxyError> {
        self.send(Call::change("update_team", "/team/update", body.render_update(budget))).await.map(drop)
    }

    pub(super) async fn block_team(&self, id: &str, blocked: bool) -> Result<(), ProxyError> {
        let path = if blocked { "/team/block" } else { "/team/unblock" };
        self.send(Call::change("set_team_blocked", path, json!({ "team_id": id }))).await.map(drop)
    }

    pub(super) async fn remove_team(&self, id: &str) -> Result<bool, ProxyError> {
        gone(self.send(Call::change("delete_team", "/team/delete", json!({ "team_ids": [id] }))).await)
    }
}
