//! Keys on a proxy: `/key/info`, `/key/list`, `/key/generate`, `/key/update`, `/key/block`, `/key/delete`.
//!
//! A key is named by its hash everywhere; its plaintext travels once, in the body of `/key/generate`.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    BudgetChange, ErrorKind, ExpiryChange, KeyBody, KeyHash, ObservedKey, ProxyError,
    deployments::gone,
    http::{Call, HttpProxy, unreadable},
};
use crate::domain::access::ModelList;

impl HttpProxy {
    pub(super) async fn read_key(&self, hash: &KeyHash) -> Result<Option<ObservedKey>, ProxyError> {
        const NAME: &str = "key";
        match self.send(Call { query: &[("key", hash.as_str())], ..Call::get(NAME, "/key/info") }).await {
            // From about 1.104 a deleted key is still told, from the archive.
            Ok(body) if body["info"]["status"] == "deleted" => Ok(None),
            Ok(body) if body["info"].is_object() => Ok(Some(ObservedKey::read(hash.clone(), &body["info"]))),
            Ok(_) => Err(unreadable(NAME, "the answer has no \"info\"")),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn list_keys(&self) -> Result<Vec<ObservedKey>, ProxyError> {
        // Oldest first, so that keys created meanwhile only lengthen the last page.
        let query = [
            ("return_full_object", "true"),
            ("include_team_keys", "true"),
            ("sort_by", "created_at"),
            ("sort_order", "asc"),
        ];
        let found = self.pages("keys", "/key/list", "keys", "size", &query).await?;
        let mut seen = HashSet::new();
        Ok(found.iter().filter_map(read_row).filter(|key| seen.insert(key.hash.clone())).collect())
    }

    pub(super) async fn new_key(&self, body: &KeyBody) -> Result<(), ProxyError> {
        let call = Call::change("create_key", "/key/generate", body.render_create());
        self.send(Call { secrets: vec![body.secret.expose()], ..call }).await.map(drop)
    }

    pub(super) async fn change_key(
        &self,
        body: &KeyBody,
        budget: BudgetChange,
        expiry: ExpiryChange,
    ) -> Result<(), ProxyError> {
        let result =
            self.send(Call::change("update_key", "/key/update", body.render_update(budget, expiry))).await;
        result.map(drop).map_err(|error| or_not_found(error, &body.hash()))
    }

    pub(super) async fn narrow_key(&self, hash: &KeyHash, models: &ModelList) -> Result<(), ProxyError> {
        let body = json!({ "key": hash, "user_id": null, "models": models });
        let result = self.send(Call::change("detach_key", "/key/update", body)).await;
        result.map(drop).map_err(|error| or_not_found(error, hash))
    }

    pub(super) async fn block_key(&self, hash: &KeyHash, blocked: bool) -> Result<(), ProxyError> {
        let path = if blocked { "/key/block" } else { "/key/unblock" };
        let result = self.send(Call::change("set_key_blocked", path, json!({ "key": hash }))).await;
        result.map(drop).map_err(|error| or_not_found(error, hash))
    }

    pub(super) async fn remove_key(&self, hash: &KeyHash) -> Result<bool, ProxyError> {
        gone(self.send(Call::change("delete_key", "/key/delete", json!({ "keys": [hash] }))).await)
    }
}

/// Up to some version after 1.80 a write to a key that is not there answers 401, as if the admin key were wrong, but
/// names the hash it looked for.
fn or_not_found(mut error: ProxyError, hash: &KeyHash) -> ProxyError {
    if error.is_unauthorized() && error.message.contains(hash.as_str()) {
        error.kind = ErrorKind::NotFound;
    }
    error
}

fn read_row(row: &Value) -> Option<ObservedKey> {
    let hash = KeyHash::parse(row["token"].as_str()?)?;
    Some(ObservedKey::read(hash, row))
}
