//! Whether a virtual key may call a model, asked for nothing: a chat request without `messages` is refused for the
//! right before it is refused for its form (LITELLM.md, "Tried on real proxies"), so no upstream is reached.

use serde_json::json;

use super::{
    ErrorClass, ErrorKind, ProxyError,
    http::{Call, HttpProxy, unreadable},
};
use crate::base::secret::Secret;

/// What the proxy says about a key and a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The right is there: the request was refused for its form only.
    Allowed,
    /// 401 or 403: unknown, expired or blocked key, blocked team, or a model outside the list.
    Refused,
}

impl Right {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }
}

/// An answer about a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub right: Right,
    /// HTTP status.
    pub status: u16,
}

impl HttpProxy {
    pub(super) async fn ask_right(&self, key: &Secret, model: &str) -> Result<Asked, ProxyError> {
        let call = Call::post("right", "/v1/chat/completions", json!({ "model": model }));
        match self.send(Call { key: Some(key), ..call }).await {
            // Nothing was generated: without messages there is no call. A success is not LiteLLM's answer.
            Ok(_) => Err(unreadable("right", "a chat request without messages was accepted")),
            Err(error) => {
                let right = match error.status {
                    // The right is checked before the budget.
                    Some(_) if error.kind == ErrorKind::BudgetExceeded => Right::Allowed,
                    Some(401 | 403) if error.class == ErrorClass::Rejected => Right::Refused,
                    // 500 is how 1.80 says it.
                    Some(400 | 422) if error.class == ErrorClass::Rejected => Right::Allowed,
                    Some(500) if error.kind == ErrorKind::ServerError => Right::Allowed,
                    _ => return Err(error),
                };
                Ok(Asked { right, status: error.status.unwrap_or_default() })
            }
        }
    }
}
