//! What the decoder refuses, in which words, and that no input makes it panic or repeat a secret.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use proptest::prelude::*;
use reeve_protocol::{
    DecodeError, EncodeError, Envelope, ErrorMessage, FromAgent, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, ToAgent,
};
use serde_json::{Value, json};

fn frame(kind: &str, payload: &Value) -> String {
    json!({ "type": kind, "messageId": "m", "timestamp": "2026-11-20T10:00:00Z", "payload": payload })
        .to_string()
}

fn config() -> Value {
    json!({ "provider": "openai-compatible", "model": "a/b", "baseUrl": "http://x/v1", "apiKey": "sk-marker-secret" })
}

fn error_of(kind: &str, payload: &Value) -> String {
    Envelope::<ToAgent>::decode(&frame(kind, payload)).unwrap_err().to_string()
}

#[test]
fn an_unknown_type_is_a_value() {
    let decoded = Envelope::<ToAgent>::decode(&frame("telemetry", &json!({"a": 1}))).unwrap();
    assert_eq!(decoded.message, ToAgent::Unknown { kind: "telemetry".into() });
    let long = Envelope::<FromAgent>::decode(&frame(&"é".repeat(100), &json!({}))).unwrap();
    assert_eq!(long.message, FromAgent::Unknown { kind: "é".repeat(32) });
    // The two directions do not mix.
    let hello = include_str!("../golden/from-agent.hello-first.json");
    assert!(matches!(Envelope::<ToAgent>::decode(hello).unwrap().message, ToAgent::Unknown { .. }));
}

#[test]
fn unknown_fields_are_ignored_and_an_empty_payload_may_be_left_out() {
    let text = r#"{"type":"pong","messageId":"m","timestamp":"2026-11-20T10:00:00Z","signature":"x"}"#;
    assert!(matches!(Envelope::<ToAgent>::decode(text).unwrap().message, ToAgent::Pong(_)));
    let goaway = frame("goaway", &json!({"retryAfterMs": 5, "newer": true}));
    assert!(matches!(Envelope::<ToAgent>::decode(&goaway).unwrap().message, ToAgent::Goaway(_)));
}

#[test]
fn errors_name_the_type_and_the_field() {
    let cases = [
        ("goaway", json!({}), "`goaway`", "field `retryAfterMs`: it is missing"),
        ("goaway", json!({"retryAfterMs": "soon"}), "`goaway`", "field `retryAfterMs`: expected u64"),
        ("welcome", json!({"protocol": -1}), "`welcome`", "field `protocol`: expected u32"),
        ("llm_config", json!({"version": 1, "hash": "x"}), "`llm_config`", "field `state`: it is missing"),
        (
            "llm_config",
            json!({"version": -1, "hash": "x", "state": "env"}),
            "`llm_config`",
            "field `version`: expected a revision of 0 or more",
        ),
        (
            "llm_config",
            json!({"version": 1, "hash": "x", "state": "gone"}),
            "`llm_config`",
            "field `state`: expected one of `active`, `env`, `unavailable`",
        ),
    ];
    for (kind, payload, name, problem) in cases {
        let text = error_of(kind, &payload);
        assert!(text.contains(name) && text.ends_with(problem), "{text}");
    }
}

#[test]
fn a_config_is_there_exactly_when_the_state_is_active() {
    let with = |state: &str, config: Value, detail: Value| json!({"version": 1, "hash": "x", "state": state, "config": config, "detail": detail});
    let detail = json!({"code": "no-grant", "message": "none"});
    let text = error_of("llm_config", &with("active", Value::Null, Value::Null));
    assert!(text.ends_with("field `config`: expected an object, because state is active"), "{text}");
    for state in ["env", "unavailable"] {
        let text = error_of("llm_config", &with(state, config(), detail.clone()));
        assert!(text.ends_with("field `config`: expected null, because state is not active"), "{text}");
    }
    let text = error_of("llm_config", &with("unavailable", Value::Null, Value::Null));
    assert!(text.contains("field `detail`"), "{text}");
}

#[test]
fn a_document_that_cannot_be_read_keeps_its_name() {
    let mut broken = config();
    broken["baseUrl"] = json!(["sk-marker-secret"]);
    let payload = json!({"version": 7, "hash": "abc", "state": "active", "config": broken});
    match Envelope::<ToAgent>::decode(&frame("llm_config", &payload)).unwrap_err() {
        DecodeError::BadPayload { kind, field, document, .. } => {
            let document = document.unwrap();
            assert_eq!((kind, field.as_str()), ("llm_config", "config.baseUrl"));
            assert_eq!((document.version, document.hash.as_str()), (7, "abc"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn an_empty_key_is_refused() {
    let mut broken = config();
    broken["apiKey"] = json!("");
    let payload = json!({"version": 7, "hash": "abc", "state": "active", "config": broken});
    let text = error_of("llm_config", &payload);
    assert!(text.ends_with("field `config.apiKey`: expected a key that is not empty"), "{text}");
}

#[test]
fn neither_errors_nor_debug_show_a_secret() {
    let secret = "sk-marker-secret";
    for field in
        ["provider", "model", "baseUrl", "models", "endpoints", "keyGeneration", "expiresAt", "prices"]
    {
        for wrong in [json!({"a": secret}), json!([{"b": secret}]), json!(secret)] {
            let mut payload = json!({"version": 7, "hash": "abc", "state": "active", "config": config()});
            payload["config"][field] = wrong;
            match Envelope::<ToAgent>::decode(&frame("llm_config", &payload)) {
                Err(error) => assert!(!format!("{error} {error:?}").contains(secret), "{field}: {error}"),
                // Texts, and an object whose only field is unknown.
                Ok(_) => assert!(["provider", "model", "baseUrl", "prices"].contains(&field), "{field}"),
            }
        }
    }
    let payload = json!({"version": 7, "hash": "abc", "state": "active", "config": config()});
    let decoded = Envelope::<ToAgent>::decode(&frame("llm_config", &payload)).unwrap();
    assert!(!format!("{decoded:?}").contains(secret));
}

#[test]
fn a_message_has_at_most_a_mebibyte_either_way() {
    let big = " ".repeat(MAX_MESSAGE_BYTES + 1);
    assert_eq!(
        Envelope::<ToAgent>::decode(&big).unwrap_err(),
        DecodeError::TooLarge { bytes: MAX_MESSAGE_BYTES + 1 }
    );
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let mut error = ErrorMessage::new("code", "é".repeat(MAX_TEXT_BYTES));
    assert_eq!(error.message.len(), MAX_TEXT_BYTES);
    error.message = "x".repeat(MAX_MESSAGE_BYTES);
    let refused = Envelope::new("m", now, FromAgent::Error(error)).encode().unwrap_err();
    assert!(matches!(refused, EncodeError::TooLarge { .. }), "{refused}");
}

#[test]
fn deep_nesting_is_an_error() {
    let text = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(Envelope::<ToAgent>::decode(&text).unwrap_err(), DecodeError::NotJson { .. }));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("active")),
        Just(json!("2026-11-20T10:00:00Z")),
    ];
    let field = prop_oneof![
        Just("version".to_owned()),
        Just("hash".to_owned()),
        Just("state".to_owned()),
        Just("config".to_owned()),
        Just("detail".to_owned()),
        Just("apiKey".to_owned()),
        Just("protocol".to_owned()),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(field.clone(), inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Envelope::<ToAgent>::decode(&text);
        let _ = Envelope::<FromAgent>::decode(&text);
    }

    #[test]
    fn arbitrary_payloads_never_panic_and_what_is_read_can_be_written(
        kind in prop::sample::select(vec![
            "welcome", "llm_config", "heartbeat", "pong", "registration_pending", "registration_approved",
            "registration_rejected", "goaway", "revoked", "error", "hello", "llm_config_status", "other",
        ]),
        payload in any_json(),
    ) {
        let text = frame(kind, &payload);
        if let Ok(envelope) = Envelope::<ToAgent>::decode(&text) {
            let again = Envelope::<ToAgent>::decode(&envelope.encode().unwrap()).unwrap();
            prop_assert_eq!(again.message, envelope.message);
        }
        if let Ok(envelope) = Envelope::<FromAgent>::decode(&text) {
            let again = Envelope::<FromAgent>::decode(&envelope.encode().unwrap()).unwrap();
            prop_assert_eq!(again.message, envelope.message);
        }
    }
}
