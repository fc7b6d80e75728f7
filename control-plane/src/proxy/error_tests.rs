//! Error bodies as recorded from LiteLLM 1.109.1 and what becomes of them.

use serde_json::json;

use super::{
    ErrorClass::{Busy, Rejected, Retry, Unexpected},
    *,
};

fn answer(status: u16, body: &serde_json::Value) -> ProxyError {
    ProxyError::answer("call", status, None, body.to_string().as_bytes(), &["provider-secret-1"])
}

#[test]
fn every_shape_gives_its_text() {
    for (body, text) in [
        (
            json!({"error": {"message": "Model zzz not found on proxy.", "type": "not_found_error", "code": "404"}}),
            "Model zzz not found on proxy.",
        ),
        (
            json!({"error": {"message": "{'error': 'Team id = t already exists. Please use a different team id.'}",
                "type": "invalid_request_error", "param": null, "code": "400"}}),
            "Team id = t already exists. Please use a different team id.",
        ),
        (
            json!({"error": {"message": "{'error': \"Invalid budget_duration '1y'.\"}", "code": 400}}),
            "Invalid budget_duration '1y'.",
        ),
        (
            json!({"error": {"message": "{'message': 'Team not found, passed team id: nope.'}"}}),
            "Team not found, passed team id: nope.",
        ),
        (json!({"error": {"message": "{'error': 'it\\'s so\\nlong'}"}}), "it's so long"),
        (json!({"error": {"message": "{not python"}}), "{not python"),
        (json!({"detail": "Not Found"}), "Not Found"),
        (
            json!({"detail": {"error": "Team not found, passed team_id=x"}}),
            "Team not found, passed team_id=x",
        ),
        (json!({"detail": {"message": "no"}}), "no"),
        (
            json!({"detail": [{"type": "missing", "loc": ["body", "litellm_params", "model"], "msg": "Field required",
                "input": {"api_key": "provider-secret-1"}}]}),
            "body.litellm_params.model: Field required",
        ),
        (json!({"type": "about:blank", "title": "Bad", "detail": "worse", "status": 400}), "worse"),
    ] {
        assert_eq!(answer(400, &body).message, text, "{body}");
    }
    assert!(
        ProxyError::answer("call", 502, None, b"<html>Bad gateway</html>", &[]).message.contains("HTTP 502")
    );
}

#[test]
fn not_there_is_one_thing_over_all_its_statuses() {
    for (status, body) in [
        (
            404,
            json!({"error": {"message": "Key not found in database", "type": "not_found_error", "param": "key"}}),
        ),
        (404, json!({"error": {"message": "{'error': 'No keys found'}", "type": "invalid_request_error"}})),
        (400, json!({"error": {"message": "{'error': 'Model with id=x not found in db'}"}})),
        (400, json!({"detail": {"error": "Model id = nope not found on litellm proxy"}})),
        (
            400,
            json!({"error": {"message": "model not found", "type": "invalid_request_error", "code": "400"}}),
        ),
        (404, json!({"detail": {"error": "Team not found, passed team_id=team-2"}})),
    ] {
        let error = answer(status, &body);
        assert!(error.is_not_found() && !error.is_ambiguous(), "{body}: {error:?}");
    }
    assert_eq!(answer(404, &json!({"detail": "Not Found"})).kind, ErrorKind::RouteMissing);
    let page = ProxyError::answer("call", 404, None, b"<html>404 not found</html>", &[]);
    assert!(!page.is_not_found(), "a load balancer's page says nothing about the object");
    assert_eq!(page.class, ErrorClass::Unexpected);
}

#[test]
fn classes_follow_what_the_caller_can_do() {
    let error = |message: &str| json!({"error": {"message": message, "type": "x"}});
    let case = |status: u16, message: &str| {
        let error = answer(status, &error(message));
        (error.class, error.kind, error.is_ambiguous())
    };
    assert_eq!(case(500, "Internal server error"), (Retry, ErrorKind::ServerError, true));
    assert_eq!(case(500, "{'error': 'Failed to add model to db.'}"), (Retry, ErrorKind::ServerError, true));
    assert_eq!(case(503, "no db"), (Busy, ErrorKind::ServerError, true));
    assert_eq!(case(429, "slow down"), (Busy, ErrorKind::RateLimited, false));
    assert_eq!(case(401, "Authentication Error"), (Rejected, ErrorKind::Unauthorized, false));
    assert_eq!(case(403, "no"), (Rejected, ErrorKind::Forbidden, false));
    assert_eq!(case(400, "max_budget must be"), (Rejected, ErrorKind::Invalid, false));
    assert_eq!(case(422, "x"), (Rejected, ErrorKind::Invalid, false));
    assert_eq!(case(409, "dup"), (Rejected, ErrorKind::AlreadyExists, false));
    assert_eq!(
        case(400, "Key with alias 'k' already exists. Unique key aliases across all keys are required."),
        (Rejected, ErrorKind::AlreadyExists, false)
    );
    assert_eq!(
        case(500, "Invalid model_max_budget: You must have an enterprise license"),
        (Rejected, ErrorKind::NeedsLicense, false)
    );
    assert_eq!(
        case(500, "{'error': \"Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature.\"}"),
        (Rejected, ErrorKind::NoModelStore, false)
    );
    assert_eq!(
        case(500, "{'error': \"No DB Connected. Here's how to do it - https://docs.litellm.ai\"}"),
        (Rejected, ErrorKind::NoDatabase, false)
    );
    assert_eq!(case(302, "x"), (Unexpected, ErrorKind::Redirect, false));
    for status in [400, 422, 429] {
        let body = json!({"error": {"message": "Budget has been exceeded!", "type": "budget_exceeded"}});
        assert_eq!(answer(status, &body).kind, ErrorKind::BudgetExceeded);
    }
    let wait = ProxyError::answer("call", 429, Some(Duration::from_secs(7)), b"{}", &[]);
    assert_eq!(wait.class, ErrorClass::RetryAfter(Duration::from_secs(7)));
    let saved = case(
        500,
        "Model create was saved to the database, but the model id(s) ['x'] are not live in this pod",
    );
    assert_eq!(saved, (Retry, ErrorKind::ServerError, true));
}

#[test]
fn g8_key_material_is_struck_out() {
    for (text, shown) in [
        ("Received: abc-****aaaa", "Received: [redacted]"),
        ("Budget! Key=k (sk-...M8Uw) Current cost", "Budget! Key=k ([redacted]) Current cost"),
        ("key sk-AbCdEf0123456789abcdef is bad", "key [redacted] is bad"),
        (
            "Virtual Key expected. Received=****, expected to start with 'sk-'.",
            "Virtual Key expected. Received=[redacted], expected to start with '[redacted]'.",
        ),
        ("header Bearer abcdef", "header Bearer [redacted]"),
        ("bad value provider-secret-1!", "bad value [redacted]!"),
        ("AIzaSyA1234567890abcdefghijk", "[redacted]"),
        ("line\nbreak", "line break"),
        // What helps to find the cause stays.
        (
            "hash 9c9ec235b36051c2ccba33d53341cb88a5427e7c52d2e3790a076b9559f38746",
            "hash 9c9ec235b36051c2ccba33d53341cb88a5427e7c52d2e3790a076b9559f38746",
        ),
        ("model openai/gpt-4o-mini ... and so on", "model openai/gpt-4o-mini ... and so on"),
    ] {
        assert_eq!(message::redact(text, &["provider-secret-1"]), shown);
    }
    assert_eq!(message::redact(&"x ".repeat(400), &[]).chars().count(), message::MAX_CHARS);
}
