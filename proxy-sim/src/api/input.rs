//! Reading a request's JSON the way LiteLLM's pydantic models do: unknown fields are ignored, wrong types refused
//! with 422, wrong values with 400. Used by the handlers; it never looks at stored rows.

use serde_json::Value;

use crate::db::Row;
use crate::duration;
use crate::error::ApiError;

/// The body as a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Row, ApiError> {
    if body.is_empty() {
        return Err(ApiError::missing(&["body"]));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            let message = "Invalid JSON payload: expected an object";
            Err(ApiError::proxy(400, "invalid_request_error", Some("request_body"), message))
        }
        Err(_) => Err(ApiError::invalid("json_invalid", &["body"], "JSON decode error")),
    }
}

/// A required string of the body.
pub(crate) fn required<'a>(body: &'a Row, name: &str) -> Result<&'a str, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(ApiError::missing(&["body", name])),
        Some(_) => Err(ApiError::invalid("string_type", &["body", name], "Input should be a valid string")),
    }
}

pub(crate) fn text<'a>(body: &'a Row, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// The object under a name, empty if there is none.
pub(crate) fn nested(body: &Row, name: &str) -> Row {
    body.get(name).and_then(Value::as_object).cloned().unwrap_or_default()
}

const NUMBERS: [&str; 9] = [
    "max_budget",
    "soft_budget",
    "spend",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_parallel_requests",
    "input_cost_per_token",
    "output_cost_per_token",
];
const LISTS: [&str; 2] = ["models", "allowed_routes"];
const OBJECTS: [&str; 5] = ["metadata", "aliases", "config", "permissions", "model_info"];
const STRINGS: [&str; 8] =
    ["key", "key_alias", "team_id", "team_alias", "user_id", "duration", "budget_duration", "model_name"];

/// Types of the fields that keys and teams share. Numbers may come as strings, as pydantic takes them.
pub(crate) fn check_types(body: &Row) -> Result<(), ApiError> {
    for (name, value) in body {
        let name = name.as_str();
        let loc = ["body", name];
        if value.is_null() {
            continue;
        }
        if NUMBERS.contains(&name) {
            let number = value.is_number() || value.as_str().is_some_and(|s| s.parse::<f64>().is_ok());
            if !number {
                let msg = "Input should be a valid number, unable to parse string as a number";
                return Err(ApiError::invalid("float_parsing", &loc, msg));
            }
        }
        if LISTS.contains(&name) && !value.is_array() {
            return Err(ApiError::invalid("list_type", &loc, "Input should be a valid list"));
        }
        if OBJECTS.contains(&name) && !value.is_object() {
            return Err(ApiError::invalid("dict_type", &loc, "Input should be a valid dictionary"));
        }
        if STRINGS.contains(&name) && !value.is_string() {
            return Err(ApiError::invalid("string_type", &loc, "Input should be a valid string"));
        }
        if name == "blocked" && !value.is_boolean() {
            return Err(ApiError::invalid("bool_type", &loc, "Input should be a valid boolean"));
        }
    }
    Ok(())
}

/// Budgets are non-negative, their durations known words.
pub(crate) fn check_budget(body: &Row) -> Result<(), ApiError> {
    if let Some(budget) = body.get("max_budget").and_then(Value::as_f64)
        && !(budget.is_finite() && budget >= 0.0)
    {
        let message = format!("max_budget must be a non-negative finite number. Received: {budget:?}");
        return Err(ApiError::wrapped(400, &message));
    }
    if let Some(word) = text(body, "budget_duration")
        && duration::next_reset(chrono::DateTime::UNIX_EPOCH, word).is_none()
    {
        let message =
            format!("Invalid budget_duration '{word}'. Use a format like '1h', '24h', '7d', or '30d'.");
        return Err(ApiError::wrapped(400, &message));
    }
    Ok(())
}

/// Fields that only the Enterprise build takes.
pub(crate) fn check_enterprise(body: &Row) -> Result<(), ApiError> {
    const FIELDS: [&str; 5] = ["tags", "guardrails", "policies", "prompts", "enforced_params"];
    let set = |name: &&&str| match body.get(**name) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Null) | None => false,
        Some(_) => true,
    };
    match FIELDS.iter().find(set) {
        Some(name) => Err(ApiError::wrapped(
            403,
            &format!(
                "This feature is only available for LiteLLM Enterprise users: {name}. You must be a LiteLLM Enterprise user to use this feature."
            ),
        )),
        None => Ok(()),
    }
}

/// A page number or size of the query: at least 1, at most `max`.
pub(crate) fn page(
    query: Option<&str>,
    name: &str,
    default: usize,
    max: Option<usize>,
) -> Result<usize, ApiError> {
    let Some(text) = query else { return Ok(default) };
    let loc = ["query", name];
    let Ok(number) = text.parse::<i64>() else {
        let msg = "Input should be a valid integer, unable to parse string as an integer";
        return Err(ApiError::invalid("int_parsing", &loc, msg));
    };
    let number = match usize::try_from(number) {
        Ok(number) if number >= 1 => number,
        _ => {
            let msg = "Input should be greater than or equal to 1";
            return Err(ApiError::invalid("greater_than_equal", &loc, msg));
        }
    };
    match max {
        Some(max) if number > max => {
            let msg = format!("Input should be less than or equal to {max}");
            Err(ApiError::invalid("less_than_equal", &loc, &msg))
        }
        _ => Ok(number),
    }
}

/// A path segment as it was before the client escaped it.
pub(crate) fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_segments_are_read() {
        assert_eq!(percent_decoded("reeve%2Fa%3Ab%20+%"), "reeve/a:b +%");
    }
}
