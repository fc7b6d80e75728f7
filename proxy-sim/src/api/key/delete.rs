//! `POST /key/delete`, by keys, hashes or aliases. It echoes the request, unknown ones included, as long as one of
//! them was there.

use serde_json::{Value, json};

use crate::api::{Call, Reply};
use crate::db::Db;
use crate::error::ApiError;

pub(crate) fn run(call: &mut Call<'_>) -> Reply {
    let names = |field: &str| -> Vec<String> {
        let items = call.body.get(field).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let (keys, aliases) = (names("keys"), names("key_aliases"));
    if keys.is_empty() && aliases.is_empty() {
        let msg = "Value error, At least one of 'keys' or 'key_aliases' must be provided.";
        return Err(ApiError::invalid("value_error", &["body"], msg));
    }
    if !call.inner.settings.database {
        return Err(ApiError::proxy(500, "internal_server_error", None, "Not connected to DB!"));
    }
    let at = call.stamp();
    let (db, view) = call.split();
    let mut tokens: Vec<String> = keys.iter().map(|key| Db::token_of(key)).collect();
    tokens.extend(aliases.iter().filter_map(|alias| db.key_by_alias(alias)).map(|key| key.token.clone()));
    let mut found = false;
    for token in &tokens {
        found |= db.archive_key(token, &at);
        view.forget_key(token);
    }
    if !found {
        return Err(ApiError::wrapped(404, "No keys found"));
    }
    let deleted = if keys.is_empty() { aliases } else { keys };
    Ok(json!({ "deleted_keys": deleted }))
}
