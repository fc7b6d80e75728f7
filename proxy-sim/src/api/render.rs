//! Stored rows as LiteLLM writes them into answers: secrets removed or masked, defaults added. Pure.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::db::{CredentialRow, KeyRow, ModelRow, Row, TeamRow};

/// A deployment in `/model/info` and `/v2/model/info`.
pub(crate) fn model(row: &ModelRow, team_ids: &[&str]) -> Value {
    let mut params = Row::new();
    for (name, value) in defaults().iter().chain(&row.params) {
        if !REMOVED.contains(&name.as_str()) {
            params.insert(name.clone(), mask(name, value));
        }
    }
    let mut info = row.info.clone();
    for name in PRICES {
        if let Some(price) = row.params.get(name) {
            info.insert(name.to_owned(), price.clone());
        }
    }
    let overrides: Vec<&str> = PRICES.into_iter().filter(|name| row.params.contains_key(*name)).collect();
    let more = json!({
        "id": row.id,
        "db_model": true,
        "member_auto_router": false,
        "blocked": false,
        "pricing_overrides": overrides,
        "key": row.model(),
        "litellm_provider": row.provider(),
        "access_via_team_ids": team_ids,
        "direct_access": true,
    });
    extend(&mut info, more);
    // A few of the hundred cost-map fields, so that a reader who compares whole echoes is caught.
    for name in ["max_tokens", "max_input_tokens", "mode", "supports_vision", "rpm", "tpm"] {
        info.entry(name).or_insert(Value::Null);
    }
    json!({ "model_name": row.name, "litellm_params": params, "model_info": info })
}

/// The answer to a write of a deployment: every string of `litellm_params` is encrypted, `db_model` is false.
/// `echoed_id` is what stands in `model_info.id`, which is not always the row's.
pub(crate) fn model_written(row: &ModelRow, echoed_id: &str) -> Value {
    let mut params = defaults();
    for (name, value) in &row.params {
        let value = match value {
            Value::String(text) => json!(encrypted(text)),
            other => other.clone(),
        };
        params.insert(name.clone(), value);
    }
    let mut info = row.info.clone();
    extend(&mut info, json!({ "id": echoed_id, "db_model": false, "member_auto_router": false }));
    json!({
        "model_id": row.id,
        "model_name": row.name,
        "litellm_params": params,
        "model_info": info,
        "blocked": false,
        "created_at": row.created_at,
        "created_by": "default_user_id",
        "updated_at": row.updated_at,
        "updated_by": "default_user_id",
    })
}

const PRICES: [&str; 2] = ["input_cost_per_token", "output_cost_per_token"];
/// Never readable again.
const REMOVED: [&str; 5] =
    ["api_key", "client_secret", "vertex_credentials", "aws_access_key_id", "aws_secret_access_key"];

fn defaults() -> Row {
    let mut row = Row::new();
    for name in [
        "allow_client_keepalive_override",
        "use_in_pass_through",
        "use_litellm_proxy",
        "use_xai_oauth",
        "merge_reasoning_content_in_choices",
    ] {
        row.insert(name.to_owned(), Value::Bool(false));
    }
    row
}

fn looks_secret(name: &str) -> bool {
    const WORDS: [&str; 8] =
        ["key", "token", "secret", "password", "credentials", "authorization", "auth", "signature"];
    !PRICES.contains(&name)
        && name.to_ascii_lowercase().split(['_', '-']).any(|segment| WORDS.contains(&segment))
}

fn mask(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if looks_secret(name) => json!(masked(text, 4)),
        Value::Object(fields) => fields.iter().map(|(n, v)| (n.clone(), mask(n, v))).collect(),
        other => other.clone(),
    }
}

/// The first and last `keep` characters, stars between; nothing but stars if it is too short.
fn masked(text: &str, keep: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= 2 * keep {
        return "*".repeat(5);
    }
    let head: String = chars[..keep].iter().collect();
    let tail: String = chars[chars.len() - keep..].iter().collect();
    format!("{head}{}{tail}", "*".repeat(chars.len() - 2 * keep))
}

/// Stands in for LiteLLM's ciphertext: unlike the text, and long.
fn encrypted(text: &str) -> String {
    hex::encode(Sha256::digest(format!("encrypted:{text}").as_bytes()))
}

/// A credential in reads: secret-looking values masked, other values plain.
pub(crate) fn credential(row: &CredentialRow) -> Value {
    let values: Map<String, Value> = row
        .values
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) if looks_secret(name) => (name.clone(), json!(masked_short(text))),
            other => (name.clone(), other.clone()),
        })
        .collect();
    json!({
        "credential_name": row.name,
        "display_name": row.display_name,
        "credential_info": row.info,
        "credential_values": values,
        "source": "db",
    })
}

/// `sk****KL`: two characters each side, always four stars; five stars if it is short.
fn masked_short(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= 4 {
        return "*****".to_owned();
    }
    let head: String = chars[..2].iter().collect();
    let tail: String = chars[chars.len() - 2..].iter().collect();
    format!("{head}****{tail}")
}

/// A key with its token, as lists, block and update write it. Never the key itself.
pub(crate) fn key_row(row: &KeyRow) -> Value {
    let mut fields = row.fields.clone();
    fields.insert("token".to_owned(), json!(row.token));
    Value::Object(fields)
}

/// A key in `/key/info` and `/key/update`: no token, and times written with an offset.
pub(crate) fn key_info(row: &KeyRow) -> Row {
    let mut fields = row.fields.clone();
    for name in [
        "expires",
        "budget_reset_at",
        "created_at",
        "updated_at",
        "settings_updated_at",
        "last_active",
        "deleted_at",
    ] {
        if let Some(Value::String(time)) = fields.get_mut(name)
            && time.ends_with('Z')
        {
            time.truncate(time.len() - 1);
            time.push_str("+00:00");
        }
    }
    fields
}

/// A team as its own routes write it.
pub(crate) fn team(row: &TeamRow) -> Value {
    Value::Object(row.fields.clone())
}

/// A row of LiteLLM's defaults: these fields null, these empty lists, these empty objects.
pub(crate) fn blank(nulls: &[&str], lists: &[&str], objects: &[&str]) -> Row {
    let of = |names: &[&str], value: Value| {
        names.iter().map(|name| ((*name).to_owned(), value.clone())).collect::<Vec<_>>()
    };
    let fields = [of(nulls, Value::Null), of(lists, json!([])), of(objects, json!({}))];
    fields.into_iter().flatten().collect()
}

pub(crate) fn extend(row: &mut Row, more: Value) {
    if let Value::Object(more) = more {
        row.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_looking_values_are_masked_as_recorded() {
        assert_eq!(mask("azure_ad_token", &json!("abcdefghijkl")), json!("abcd****ijkl"));
        assert_eq!(mask("api_key_x", &json!("abcdefghi")), json!("abcd*fghi"));
        let headers = mask("extra_headers", &json!({ "Authorization": "Bearer abcdefgh", "X-A": "b" }));
        assert_eq!(headers, json!({ "Authorization": "Bear*******efgh", "X-A": "b" }));
        assert_eq!(mask("input_cost_per_token", &json!(1.0)), json!(1.0));
        assert_eq!(masked_short("sk-abcdefghijkl"), "sk****kl");
        assert_eq!(masked_short("x"), "*****");
    }
}
