//! The golden frames: what both ends test against. Every frame is read, written again, and is the same JSON.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use reeve_protocol::{Document, Envelope, FromAgent, Message, ToAgent};
use serde_json::Value;

fn frames(direction: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut frames: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_prefix(direction)?.to_owned();
            Some((name, std::fs::read_to_string(path).unwrap()))
        })
        .collect();
    frames.sort();
    frames
}

fn round_trip<M: Message>(direction: &str) -> BTreeSet<String> {
    frames(direction)
        .into_iter()
        .map(|(name, text)| {
            let envelope = Envelope::<M>::decode(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let written: Value = serde_json::from_str(&envelope.encode().unwrap()).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(&text).unwrap(), "{name}");
            let kind = envelope.message.kind().to_owned();
            assert!(name.starts_with(&format!(".{kind}")), "{name} holds a {kind}");
            kind
        })
        .collect()
}

/// The type names that a schema lists.
fn types_of(schema: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let variants = schema["oneOf"].as_array().unwrap();
    variants
        .iter()
        .map(|variant| variant["properties"]["type"]["const"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_type_has_a_golden_frame_that_survives_a_round_trip() {
    assert_eq!(round_trip::<ToAgent>("to-agent"), types_of("to-agent.schema.json"));
    assert_eq!(round_trip::<FromAgent>("from-agent"), types_of("from-agent.schema.json"));
}

/// The hashes in the frames were made by another implementation of RFC 8785.
#[test]
fn golden_documents_have_the_hash_they_say() {
    let mut seen = BTreeSet::new();
    for (name, text) in frames("to-agent") {
        if let ToAgent::LlmConfig(message) = Envelope::<ToAgent>::decode(&text).unwrap().message {
            assert!(message.hash_matches(), "{name}");
            assert_eq!(message.document.hash(), message.hash, "{name}");
            seen.insert(message.document.state());
        }
    }
    assert_eq!(seen, BTreeSet::from(["active", "env", "unavailable"]));
}

fn golden(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn document(frame: &Value) -> reeve_protocol::LlmConfigMessage {
    match Envelope::<ToAgent>::decode(&frame.to_string()).unwrap().message {
        ToAgent::LlmConfig(message) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_newer_field_is_ignored_but_counts_in_the_hash() {
    let mut frame = golden("to-agent.llm_config-active.json");
    frame["payload"]["config"]["newer"] = "field".into();
    let old_hash = document(&frame);
    assert!(!old_hash.hash_matches());
    let config = frame["payload"]["config"].clone();
    frame["payload"]["hash"] = reeve_protocol::document_hash("active", Some(&config), None).into();
    assert!(document(&frame).hash_matches());
}

#[test]
fn the_hash_covers_the_key_and_its_generation_but_not_the_wording() {
    let hash_with = |field: &str, value: Value| {
        let mut frame = golden("to-agent.llm_config-active.json");
        frame["payload"]["config"][field] = value;
        document(&frame).document.hash()
    };
    let base = hash_with("keyGeneration", 3.into());
    assert_ne!(base, hash_with("keyGeneration", 4.into()));
    assert_ne!(base, hash_with("apiKey", "sk-another-0123456789abcdef".into()));

    let mut frame = golden("to-agent.llm_config-unavailable.json");
    frame["payload"]["detail"]["message"] = "worded anew".into();
    assert!(document(&frame).hash_matches());
    frame["payload"]["detail"]["code"] = "frozen".into();
    assert!(!document(&frame).hash_matches());
}

#[test]
fn a_message_made_by_the_control_plane_matches_its_hash() {
    let message = document(&golden("to-agent.llm_config-active-full.json"));
    let made = reeve_protocol::LlmConfigMessage::new(9, message.document, "connect");
    assert!(made.hash_matches());
    assert!(matches!(made.document, Document::Active(_)));
}
