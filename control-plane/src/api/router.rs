//! Every route, in one list, and the layers around them. What is in [`open`] needs no token; everything else does.

use std::time::Duration;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::StatusCode,
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    csrf::{CsrfLayer, ProtectionError},
};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    ApiState, agents, audit, auth, caller, changes, connection_tests, console, credentials, docs,
    enrollment_tokens, events, explain, freezes, health,
    idempotency::{self, Replay},
    identity_providers, me, metrics, models, observe, observe_mode, overview, people,
    problem::Problem,
    providers, proxies, ready, realms, settings, tokens, work, workload_rules,
};

/// Largest body.
pub const MAX_BODY: usize = 1024 * 1024;
/// Longest request: the longest `Prefer: wait` and some.
const TIMEOUT: Duration = Duration::from_secs(75);

fn protected() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(proxies::create::create_proxy, proxies::list::list_proxies))
        .routes(routes!(
            proxies::get::get_proxy,
            proxies::update::update_proxy,
            proxies::delete::delete_proxy
        ))
        .routes(routes!(proxies::check::check_proxy))
        .routes(routes!(proxies::prune::prune_proxy))
        .routes(routes!(proxies::adopt::deployment::adopt_deployment))
        .routes(routes!(proxies::adopt::key::adopt_key))
        .routes(routes!(proxies::drift::list_drift))
        .routes(routes!(freezes::list::list_freezes, freezes::create::create_freeze))
        .routes(routes!(freezes::get::get_freeze, freezes::delete::delete_freeze))
        .routes(routes!(observe_mode::get::get_observe_mode))
        .routes(routes!(observe_mode::end::end_observe_mode))
        .routes(routes!(work::list::list_work))
        .routes(routes!(credentials::create::create_credential, credentials::list::list_credentials))
        .routes(routes!(
            credentials::get::get_credential,
            credentials::update::update_credential,
            credentials::delete::delete_credential
        ))
        .routes(routes!(providers::list::list_model_providers))
        .routes(routes!(models::create::create_model, models::list::list_models))
        .routes(routes!(connection_tests::create::test_connection))
        .routes(routes!(models::get::get_model, models::update::update_model, models::delete::delete_model))
        .routes(routes!(
            models::deployments::create::create_deployment,
            models::deployments::list::list_deployments
        ))
        .routes(routes!(
            models::deployments::get::get_deployment,
            models::deployments::update::update_deployment,
            models::deployments::delete::delete_deployment
        ))
        .routes(routes!(models::realms::grant::grant_model, models::realms::list::list_model_realms))
        .routes(routes!(models::realms::get::get_grant, models::realms::revoke::revoke_model))
        .routes(routes!(realms::create::create_realm, realms::list::list_realms))
        .routes(routes!(realms::get::get_realm, realms::update::update_realm, realms::delete::delete_realm))
        .routes(routes!(realms::models::list::list_realm_models))
        .routes(routes!(realms::agents::join::join_realm, realms::agents::list::list_members))
        .routes(routes!(realms::agents::get::get_member, realms::agents::leave::leave_realm))
        .routes(routes!(realms::keys::list::list_keys))
        .routes(routes!(realms::keys::rotate::rotate_key))
        .routes(routes!(realms::keys::delete::delete_key))
        .routes(routes!(
            enrollment_tokens::create::create_enrollment_token,
            enrollment_tokens::list::list_enrollment_tokens
        ))
        .routes(routes!(enrollment_tokens::revoke::revoke_enrollment_token))
        .routes(routes!(agents::list::list_agents))
        .routes(routes!(agents::get::get_agent, agents::delete::delete_agent))
        .routes(routes!(agents::approve::approve_agent))
        .routes(routes!(agents::revoke::revoke_agent))
        .routes(routes!(
            agents::llm_config::put::put_llm_config,
            agents::llm_config::get::get_llm_config,
            agents::llm_config::delete::delete_llm_config
        ))
        .routes(routes!(agents::llm_config::retry::retry_llm_config))
        .routes(routes!(agents::realm_llm::get::get_realm_llm))
        .routes(routes!(explain::get::explain_access))
        .routes(routes!(changes::list::list_changes))
        .routes(routes!(changes::get::get_change))
        .routes(routes!(events::get::follow_events))
        .routes(routes!(audit::list::list_audit))
        .routes(routes!(overview::get::get_overview))
        .routes(routes!(me::get::get_me))
        .routes(routes!(me::password::change_password))
        .routes(routes!(me::sessions::list::list_sessions))
        .routes(routes!(me::sessions::delete::end_session))
        .routes(routes!(me::sessions::delete_others::end_other_sessions))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(people::create::create_person, people::list::list_people))
        .routes(routes!(
            people::get::get_person,
            people::update::update_person,
            people::delete::delete_person
        ))
        .routes(routes!(people::invite::invite_person))
        .routes(routes!(people::sessions::list_person_sessions, people::sessions::end_sessions))
        .routes(routes!(tokens::create::create_api_token, tokens::list::list_api_tokens))
        .routes(routes!(tokens::get::get_api_token, tokens::revoke::revoke_api_token))
        .routes(routes!(tokens::rotate::rotate_api_token))
        .routes(routes!(
            identity_providers::create::create_identity_provider,
            identity_providers::list::list_identity_providers
        ))
        .routes(routes!(
            identity_providers::get::get_identity_provider,
            identity_providers::update::update_identity_provider,
            identity_providers::delete::delete_identity_provider
        ))
        .routes(routes!(
            workload_rules::create::create_workload_rule,
            workload_rules::list::list_workload_rules
        ))
        .routes(routes!(workload_rules::get::get_workload_rule, workload_rules::delete::delete_workload_rule))
        .routes(routes!(settings::get::get_settings, settings::update::update_settings))
}

fn open() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(ready::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(docs::openapi_json))
        .routes(routes!(agents::enroll::enroll_agent))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::setup::set_up))
        .routes(routes!(auth::providers::list_providers))
        .routes(routes!(auth::oidc::start::start_oidc))
        .routes(routes!(auth::oidc::callback::finish_oidc))
        .routes(routes!(auth::workload::exchange_token))
}

/// The API document, from the code.
pub fn openapi() -> OpenApi {
    let open = open().into_openapi();
    let open_paths: Vec<String> = open.paths.paths.keys().cloned().collect();
    let mut api = docs::base();
    api.merge(protected().into_openapi());
    api.merge(open);
    docs::complete(api, &open_paths)
}

/// The API's routes with all their layers, ready to be served or merged.
pub fn router(state: ApiState) -> Router {
    let (protected, _) = protected().split_for_parts();
    let (open, _) = open().split_for_parts();
    let open = open
        .route_layer(from_fn_with_state(state.clone(), caller::note))
        .route_layer(from_fn(console::explain_sign_in));
    let auth = from_fn_with_state(state.clone(), caller::require);
    let reads = protected.clone().route_layer(auth.clone()).with_state(state.clone());
    let replay = Replay { state: state.clone(), routes: reads };
    let protected = protected.route_layer(from_fn_with_state(replay, idempotency::layer)).route_layer(auth);
    let swagger = SwaggerUi::new("/api/docs").config(Config::from("/api/openapi.json"));
    open.merge(protected)
        .merge(swagger)
        .fallback(console::serve)
        .method_not_allowed_fallback(|| async { Problem::of_status(StatusCode::METHOD_NOT_ALLOWED) })
        .layer(same_origin(&state))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(time_out))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), observe::observe))
        .with_state(state)
}

type CrossSite = fn(ProtectionError) -> Response;

/// A browser that was sent here by another site's page carries the cookie of its user: what changes something is taken from
/// pages of this origin alone. Callers that are no browser are not concerned.
fn same_origin(state: &ApiState) -> CsrfLayer<CrossSite> {
    let mut layer = CsrfLayer::new();
    if let Ok(trusting) = layer.clone().add_trusted_origin(&state.public_url) {
        layer = trusting;
    }
    layer.with_rejection_response(|_: ProtectionError| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "cross-site",
            "another site's page asked for this; nothing was done",
        )
        .into_response()
    })
}

async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timeout",
            "the request took too long; what it did so far may still have happened: read before you repeat",
        )
        .into_response(),
    }
}

/// The panic's text goes to the panic hook and so to the log, not to the caller.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request handler panicked");
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
