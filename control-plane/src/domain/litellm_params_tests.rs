//! Table tests of `litellm_params`: what each provider needs, what is refused, what is shown.

use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => panic!("an object is wanted"),
    }
}

fn try_render(
    provider: &str,
    base_url: Option<&str>,
    secret: Option<&str>,
    further: Value,
) -> Result<LitellmParams, ParamsError> {
    let secret = secret.map(Secret::new);
    render(Provider::parse(provider).unwrap(), "m", base_url, secret.as_ref(), &object(further))
}

#[test]
fn every_provider_renders_with_what_it_needs() {
    for provider in Provider::all() {
        let base_url = (provider.base_url() == BaseUrl::Required).then_some("https://llm.example.com");
        let further: Map<_, _> =
            provider.required().iter().map(|field| ((*field).to_owned(), json!("x"))).collect();
        let params = render(provider, "m", base_url, Some(&Secret::new("the-key")), &further).unwrap();
        let sent = params.expose();
        assert_eq!(sent["model"], json!(format!("{}m", provider.prefix())), "{provider}");
        assert_eq!(sent[provider.secret_field()], json!("the-key"), "{provider}");
        assert_eq!(sent.get("api_base"), base_url.map(Value::from).as_ref(), "{provider}");

        for field in provider.required() {
            let mut less = further.clone();
            less.remove(*field);
            let error = render(provider, "m", base_url, Some(&Secret::new("the-key")), &less).unwrap_err();
            assert_eq!(error, ParamsError::Missing { provider: provider.name(), field });
        }
        if provider.base_url() == BaseUrl::Required {
            let error = render(provider, "m", None, Some(&Secret::new("the-key")), &further).unwrap_err();
            assert_eq!(error, ParamsError::NoBaseUrl(provider.name()));
        }
        let without = render(provider, "m", base_url, None, &further);
        assert_eq!(without.is_ok(), provider.secret() == SecretNeed::Optional, "{provider}");
    }
}

#[test]
fn a_backend_without_key_gets_a_word_in_its_place() {
    let params = try_render("openai-compatible", Some("http://127.0.0.1:8000/v1"), None, json!({})).unwrap();
    assert_eq!(params.public()["api_key"], json!("none"));
}

#[test]
fn a_secret_of_several_parts_is_a_json_object() {
    let key = r#"{"aws_access_key_id": "AKIA", "aws_secret_access_key": "s3"}"#;
    let params = try_render("bedrock", None, Some(key), json!({"aws_region_name": "eu-central-1"})).unwrap();
    assert_eq!(params.expose()["aws_secret_access_key"], json!("s3"));
    assert_eq!(params.names(), ["aws_access_key_id", "aws_region_name", "aws_secret_access_key", "model"]);

    let error =
        try_render("bedrock", None, Some(r#"{"aws_access_key_id": "A"}"#), json!({"aws_region_name": "x"}));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("aws_access_key_id + aws_secret_access_key"), "{text}");

    // Vertex takes the JSON text itself as its one secret.
    let account = r#"{"type": "service_account"}"#;
    let further = json!({"vertex_project": "p", "vertex_location": "europe-west4"});
    let params = try_render("vertex_ai", None, Some(account), further).unwrap();
    assert_eq!(params.expose()["vertex_credentials"], json!(account));
}

#[test]
fn secrets_among_the_further_parameters_are_refused() {
    for further in [
        json!({"api_key": "x"}),
        json!({"aws_secret_access_key": "x"}),
        json!({"aws_access_key_id": "x"}),
        json!({"azure_ad_token": "x"}),
        json!({"client_secret": "x"}),
        json!({"vertex_credentials": "{}"}),
        json!({"vertex_credentials": {"a": 1}}),
        json!({"password": "x"}),
        json!({"extra_headers": {"Authorization": "Bearer x"}}),
        json!({"extra_headers": {"X-Api-Key": "x"}}),
        json!({"extra_headers": {"api-key": "x"}}),
        json!({"extra_body": [{"auth_token": "x"}]}),
    ] {
        let error = try_render("openai", None, Some("k"), further.clone()).unwrap_err();
        assert!(matches!(error, ParamsError::LooksSecret(_)), "{further}: {error}");
    }
    let error =
        try_render("openai", None, Some("k"), json!({"extra_headers": {"Authorization": "x"}})).unwrap_err();
    assert!(error.to_string().starts_with("litellmParams.extra_headers.Authorization: looks like a secret"));
}

#[test]
fn prices_and_limits_are_not_secrets() {
    let further = json!({
        "input_cost_per_token": 0.001, "output_cost_per_token": 0.002, "cache_read_input_token_cost": 0,
        "max_tokens": 100, "rpm": 5, "weight": 2, "order": 1, "organization": "org-1", "drop_params": true,
        "tags": ["a"], "extra_headers": {"X-Team": "a"}, "tpm": null,
    });
    let params = try_render("openai", None, Some("k"), further).unwrap();
    assert_eq!(params.public()["rpm"], json!(5));
}

#[test]
fn what_is_ours_and_what_reads_the_proxys_environment_is_refused() {
    for field in ["model", "api_base", "base_url", "custom_llm_provider", "litellm_credential_name"] {
        let error = try_render("openai", None, Some("k"), json!({ field: "x" })).unwrap_err();
        assert_eq!(error, ParamsError::Ours(field.to_owned()));
    }
    let environment = |result: Result<LitellmParams, ParamsError>, field: &str| {
        assert_eq!(result.unwrap_err(), ParamsError::Environment(field.to_owned()));
    };
    environment(try_render("openai", None, Some("os.environ/KEY"), json!({})), "apiKey");
    environment(try_render("openai", Some("os.environ/URL"), Some("k"), json!({})), "baseUrl");
    let further = json!({"extra_body": {"a": ["os.environ/HOME"]}});
    environment(try_render("openai", None, Some("k"), further), "litellmParams.extra_body.a");
    let openai = Provider::parse("openai").unwrap();
    environment(render(openai, "os.environ/M", None, Some(&Secret::new("k")), &Map::new()), "modelId");
}

#[test]
fn nothing_but_expose_shows_the_secret() {
    let params = try_render("openai", None, Some("sk-marker-secret"), json!({"rpm": 1})).unwrap();
    assert!(!format!("{params:?}").contains("marker"));
    assert!(!serde_json::to_string(params.public()).unwrap().contains("marker"));
    assert_eq!(params.expose()["api_key"], json!("sk-marker-secret"));
}
