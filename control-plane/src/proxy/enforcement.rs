//! Whether the proxy enforces what it is told: asked with virtual keys of two models that answer from LiteLLM itself
//! (`mock_response`), so that no upstream is reached, whatever the proxy lets through. All of it carries our mark and goes at the
//! end; what a crash leaves, the next scan removes as unknown.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    ErrorClass, KeyHash, Mark, ProxyError, Right,
    http::{Call, HttpProxy},
    types::MARK,
};
use crate::{
    base::{ids::InstallationId, secret::Secret},
    domain::{
        access::{INFERENCE_ROUTES, NO_MODELS},
        enforcement::{Check, CheckResult},
    },
};

/// The model that the key may call, and the one that it may not. They answer with their own names.
const MAY: &str = "reeve-check/may";
const MAY_NOT: &str = "reeve-check/may-not";
/// How the ids of both begin.
pub const CHECK_PREFIX: &str = "reeve-check-";
/// The keys end by themselves after this, should nobody be there to remove them.
const LIFETIME: &str = "3600s";

impl HttpProxy {
    /// Makes what the checks need, asks, and removes it again. An error: the proxy could not be asked at all.
    pub(super) async fn run_checks(
        &self,
        owner: InstallationId,
        keys: &[Secret; 2],
    ) -> Result<Vec<CheckResult>, ProxyError> {
        let run = Uuid::new_v5(&owner.0, KeyHash::of(&keys[0]).as_str().as_bytes());
        let outcome = self.make_and_ask(owner, run, keys).await;
        for name in [MAY, MAY_NOT] {
            let _ = self
                .send(Call::post("check_remove_model", "/model/delete", json!({ "id": id(run, name) })))
                .await;
        }
        let hashes: Vec<KeyHash> = keys.iter().map(KeyHash::of).collect();
        let _ = self.send(Call::post("check_remove_keys", "/key/delete", json!({ "keys": hashes }))).await;
        outcome
    }

    async fn make_and_ask(
        &self,
        owner: InstallationId,
        run: Uuid,
        [none, one]: &[Secret; 2],
    ) -> Result<Vec<CheckResult>, ProxyError> {
        let mark = Mark { owner, id: run, generation: 0, hash: String::new() };
        for name in [MAY, MAY_NOT] {
            let body = json!({
                "model_name": name,
                "litellm_params": { "model": "openai/reeve-check", "api_key": "none", "mock_response": name },
                "model_info": { "id": id(run, name), MARK: mark },
            });
            match self.send(Call::post("check_model", "/model/new", body)).await {
                // "Saved, but not live on this instance": a later call may meet it, and says so when not.
                Ok(_) => {}
                Err(error) if error.is_ambiguous() && error.class != ErrorClass::Unreachable => {}
                Err(error) => return Err(error),
            }
        }
        for (key, models) in [(none, NO_MODELS), (one, MAY)] {
            let alias = format!("reeve:{owner}:check:{}", &KeyHash::of(key).as_str()[..12]);
            let body = json!({
                "key": key.expose(), "key_alias": alias, "models": [models], "duration": LIFETIME,
                "allowed_routes": INFERENCE_ROUTES, "metadata": { MARK: mark },
            });
            self.send(Call { secrets: vec![key.expose()], ..Call::post("check_key", "/key/generate", body) })
                .await?;
        }
        let body = |check, key, model| async move {
            let asked = self.ask_right(key, model).await;
            match asked {
                Ok(asked) => result(check, Some(asked.right == Right::Refused), Some(asked.status)),
                Err(error) => result(check, None, error.status),
            }
        };
        // A proxy that refuses everything proves nothing.
        let sane = matches!(self.ask_right(one, MAY).await, Ok(asked) if asked.right == Right::Allowed);
        let mut results = vec![
            body(Check::NoModels, none, MAY).await,
            body(Check::ModelInBody, one, MAY_NOT).await,
            self.ask_in_query(one).await,
            self.ask_route(
                Check::PassThrough,
                one,
                Call::post("check_route", "/bedrock/reeve-check", json!({})),
            )
            .await,
            self.ask_route(Check::Management, one, Call::get("check_admin", "/key/list")).await,
        ];
        if !sane {
            results.iter_mut().filter(|r| r.held == Some(true)).for_each(|r| r.held = None);
        }
        Ok(results)
    }

    /// One name in the body, another in the query: whichever answers, or is said not to be known, is the one that counted.
    async fn ask_in_query(&self, key: &Secret) -> CheckResult {
        let body =
            json!({ "model": MAY, "messages": [{ "role": "user", "content": "check" }], "max_tokens": 1 });
        let call = Call::post("check_query", "/v1/chat/completions", body);
        let (text, status, refused) =
            match self.send(Call { key: Some(key), query: &[("model", MAY_NOT)], ..call }).await {
                Ok(answer) => (answer["choices"].to_string(), Some(200), false),
                Err(error) => (error.message.clone(), error.status, matches!(error.status, Some(401 | 403))),
            };
        let held = if refused {
            Some(true)
        } else if text.contains(MAY_NOT) {
            Some(false)
        } else {
            text.contains(MAY).then_some(true)
        };
        result(Check::ModelInQuery, held, status)
    }

    /// Held: refused for the right, or not a route at all.
    async fn ask_route(&self, check: Check, key: &Secret, call: Call<'_>) -> CheckResult {
        match self.send(Call { key: Some(key), ..call }).await {
            Ok(_) => result(check, Some(false), Some(200)),
            Err(error) => {
                let held = error.status.map(|status| matches!(status, 401 | 403 | 404 | 405));
                result(check, held, error.status)
            }
        }
    }
}

fn result(check: Check, held: Option<bool>, status: Option<u16>) -> CheckResult {
    CheckResult { check, held, status }
}

fn id(run: Uuid, name: &str) -> Value {
    json!(format!("{CHECK_PREFIX}{}", Uuid::new_v5(&run, name.as_bytes())))
}
