//! What `apply` plans for a file, against what is there.

use serde_json::{Value, json};

use super::{super::file::File, *};

const FILE: &str = "
credentials:
  - { name: main, provider: openai }
models:
  - { name: GPT 4o, provider: openai, modelId: gpt-4o, credential: main, maxTokens: 100 }
realms:
  - { name: Research, slug: research, monthlyBudgetUsd: 50, defaultModel: openai/gpt-4o }
grants:
  - { model: openai/gpt-4o, realm: research, reason: because }
";

fn file(text: &str) -> File {
    File::parse(text).unwrap()
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Everything that FILE wants.
fn complete() -> Observed {
    Observed {
        credentials: array(json!([{ "id": "c1", "name": "main", "fingerprint": "...WXYZ" }])),
        models: array(json!([{
            "id": "m1", "name": "GPT 4o", "provider": "openai", "litellmModelName": "openai/gpt-4o",
            "status": "active", "maxTokens": 100, "description": "",
            "deployments": [{ "modelId": "gpt-4o", "baseUrl": null, "credentialId": "c1", "litellmParams": {} }],
        }])),
        realms: array(json!([{
            "id": "r1", "slug": "research", "name": "Research", "isDefault": false, "description": "",
            "monthlyBudgetUsd": 50.0, "defaultModelId": "m1",
        }])),
        grants: [(
            "m1".to_owned(),
            vec![json!({
                "realmId": "r1", "realmSlug": "research", "state": "active", "reason": "because",
            })],
        )]
        .into(),
    }
}

fn lines(file: &File, observed: &Observed, prune: bool) -> Vec<String> {
    plan(file, observed, prune).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_done_when_everything_is_there() {
    assert_eq!(lines(&file(FILE), &complete(), true), Vec::<String>::new());
}

#[test]
fn what_is_missing_is_made_in_an_order_that_works() {
    let mut wanted = file(FILE);
    wanted.credentials[0].key = Some(Secret::new("sk-0123456789abcdefWXYZ"));
    let steps = plan(&wanted, &Observed::default(), false).unwrap();
    let lines: Vec<String> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "+ create credential main",
            "+ create model openai/GPT 4o",
            "+ create realm research",
            "+ grant openai/gpt-4o to research",
            "~ update realm research: defaultModelId",
        ]
    );
    assert!(!format!("{steps:?}").contains("sk-0123456789"), "a plan never shows a key");
    let (_, _, body) = steps[0].clone().request();
    assert_eq!(body.unwrap()["apiKey"], "sk-0123456789abcdefWXYZ");
}

#[test]
fn a_credential_that_is_not_there_needs_its_key() {
    let error = plan(&file(FILE), &Observed::default(), false).unwrap_err();
    assert!(error.to_string().contains("apiKeyEnv"), "{error}");
}

#[test]
fn only_what_the_file_says_and_what_differs_is_sent() {
    let mut observed = complete();
    observed.models[0]["maxTokens"] = json!(200);
    observed.models[0]["description"] = json!("typed by somebody");
    observed.realms[0]["monthlyBudgetUsd"] = json!(10);
    let steps = plan(&file(FILE), &observed, false).unwrap();
    let bodies: Vec<Value> = steps.into_iter().filter_map(|step| step.request().2).collect();
    assert_eq!(bodies, [json!({ "maxTokens": 100 }), json!({ "monthlyBudgetUsd": 50.0 })]);
}

#[test]
fn a_key_with_another_fingerprint_is_replaced() {
    let mut wanted = file(FILE);
    wanted.credentials[0].key = Some(Secret::new("sk-0123456789abcdefWXYZ"));
    assert_eq!(lines(&wanted, &complete(), false), Vec::<String>::new());
    wanted.credentials[0].key = Some(Secret::new("sk-0123456789abcdef0000"));
    assert_eq!(lines(&wanted, &complete(), false), ["~ update credential main: apiKey"]);
}

#[test]
fn pruning_takes_only_grants_of_realms_that_the_file_names() {
    let mut observed = complete();
    observed.models.push(
        json!({ "id": "m2", "name": "Other", "provider": "openai", "litellmModelName": "openai/other" }),
    );
    observed.realms.push(json!({ "id": "r2", "slug": "sales", "name": "Sales" }));
    observed.grants.insert(
        "m2".to_owned(),
        vec![
            json!({ "realmId": "r1", "realmSlug": "research", "state": "active" }),
            json!({ "realmId": "r2", "realmSlug": "sales", "state": "active" }),
        ],
    );
    assert_eq!(lines(&file(FILE), &observed, false), Vec::<String>::new());
    assert_eq!(lines(&file(FILE), &observed, true), ["- revoke openai/other from research"]);
}

#[test]
fn a_grant_of_something_unknown_is_refused_before_anything_is_done() {
    let unknown = file("grants: [{ model: openai/nothing, realm: research }]");
    assert!(plan(&unknown, &complete(), false).unwrap_err().to_string().contains("openai/nothing"));
    let unknown = file("grants: [{ model: openai/gpt-4o, realm: nowhere }]");
    assert!(plan(&unknown, &complete(), false).unwrap_err().to_string().contains("nowhere"));
}

#[test]
fn unknown_fields_are_refused_and_json_is_read_too() {
    let error = File::parse("models: [{ name: a, provider: b, modelId: c, apiKey: sk-secret }]").unwrap_err();
    assert!(error.contains("apiKey") && !error.contains("sk-secret"), "{error}");
    assert_eq!(File::parse(r#"{ "realms": [{ "name": "A" }] }"#).unwrap().realms.len(), 1);
}
