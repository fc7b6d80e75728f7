//! The API document: what every operation shares is added here, once; `GET /api/openapi.json` and `/api/docs` show it.

use axum::Json;
use utoipa::{
    OpenApi as _, PartialSchema as _, ToSchema as _,
    openapi::{
        ContentBuilder, ObjectBuilder, OpenApi, Ref, RefOr, ResponseBuilder, Type,
        path::{Operation, ParameterBuilder, ParameterIn},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use super::{
    authz::Need,
    problem::{MEDIA_TYPE, ProblemBody},
};

const SCHEME: &str = "token";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Reeve",
        description = "Control plane for a fleet of LiteLLM proxies. Conventions, error codes and quirks: docs/API-DESIGN.md."
    ),
    tags(
        (name = "proxies", description = "The fleet"),
        (name = "credentials", description = "Provider keys, write-only"),
        (name = "models", description = "The registry, and who may use what"),
        (name = "realms", description = "Tenant groups: agents, grants, budget, virtual key"),
        (name = "agents", description = "Agents and what they run"),
        (name = "changes", description = "The change log and its receipts"),
        (name = "audit", description = "Who changed what"),
        (name = "access", description = "Who may do what: the caller, tokens, settings"),
        (name = "process", description = "Health and metrics"),
    )
)]
struct Base;

pub fn base() -> OpenApi {
    Base::openapi()
}

/// The document itself.
#[utoipa::path(get, path = "/api/openapi.json", tag = "process", responses((status = 200, body = Object)))]
pub async fn openapi_json() -> Json<OpenApi> {
    Json(super::openapi())
}

/// Adds to every operation what all of them have; `open` are the paths that need no token.
pub fn complete(mut api: OpenApi, open: &[String]) -> OpenApi {
    let components = api.components.get_or_insert_with(Default::default);
    components.schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    let mut schemas = Vec::new();
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.security_schemes.insert(SCHEME.to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    for (path, item) in &mut api.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            add_problem(operation);
            if open.contains(path) {
                continue;
            }
            operation.security = Some(vec![SecurityRequirement::new(SCHEME, needed(method, path))]);
            match method {
                "get" => continue,
                "post" => add_header(
                    operation,
                    "Idempotency-Key",
                    "A repeat with the same key is answered like the first.",
                ),
                _ => add_header(
                    operation,
                    "If-Match",
                    "The ETag that was read: refused with 412 when it is another now.",
                ),
            }
            add_header(
                operation,
                "Prefer",
                "`wait=N`: hold the answer until the change has arrived, at most N seconds (60).",
            );
        }
    }
    api
}

/// The permission, where it must be held, as the scope of an operation.
fn needed(method: &str, path: &str) -> Vec<String> {
    let need = Need::of(&method.to_uppercase(), path);
    need.and_then(Need::permission).map(|p| p.as_str().to_owned()).into_iter().collect()
}

fn add_problem(operation: &mut Operation) {
    let problem =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemBody::name().into_owned()))).build();
    let response = ResponseBuilder::new()
        .description("An error, with a stable `code`")
        .content(MEDIA_TYPE, problem)
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

fn add_header(operation: &mut Operation, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(text))
        .build();
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter));
}
