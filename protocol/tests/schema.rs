//! The committed JSON Schemas are those of the types. `REEVE_BLESS=1 cargo test -p reeve-protocol --test schema` writes
//! them anew after a wanted change.

use std::path::Path;

use reeve_protocol::{EnrollRequest, EnrollResponse, Envelope, FromAgent, ToAgent};
use schemars::{Schema, schema_for};

#[test]
fn committed_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    let schemas: [(&str, Schema); 4] = [
        ("to-agent.schema.json", schema_for!(Envelope<ToAgent>)),
        ("from-agent.schema.json", schema_for!(Envelope<FromAgent>)),
        ("enroll-request.schema.json", schema_for!(EnrollRequest)),
        ("enroll-response.schema.json", schema_for!(EnrollResponse)),
    ];
    for (name, schema) in schemas {
        let current = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        let path = folder.join(name);
        if std::env::var_os("REEVE_BLESS").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, current, "{name} is not current: run this test once with REEVE_BLESS=1");
    }
}
