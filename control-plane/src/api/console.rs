//! The web console: the files that `npm run build` made in dashboard/, embedded, and the headers that keep a page to
//! this origin. A debug build reads them from the checkout each time. It is the fallback of the routes: what is no
//! route and no file is a page of the console when a browser asks for one, and a problem else.

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use super::{ApiState, problem::Problem};

#[derive(Embed)]
#[folder = "../dashboard/dist"]
struct Files;

/// Served in place of the console by a binary that was built without it.
const UNBUILT: &str = include_str!("console.html");
/// What files are also there as, the smaller first: content coding and ending.
const COMPRESSED: [(&str, &str); 2] = [("br", "br"), ("gzip", "gz")];
/// What index.html has in place of the nonce.
const NONCE: &str = "CSP_NONCE";
/// Paths that are never a page, however a browser asks for them.
const NO_PAGES: [&str; 5] = ["/api", "/ws", "/health", "/ready", "/metrics"];

pub async fn serve(State(state): State<ApiState>, request: Request) -> Response {
    let path = request.uri().path();
    let never =
        NO_PAGES.iter().any(|p| path == *p || path.strip_prefix(p).is_some_and(|rest| rest.starts_with('/')));
    if never || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    if let Some(answer) = file(path.trim_start_matches('/'), request.headers()) {
        return answer;
    }
    if !accepts(request.headers(), header::ACCEPT, "text/html") {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    page(&state)
}

/// Every page is the same document: which one it is, the console sees from the URL.
fn page(state: &ApiState) -> Response {
    let nonce = state.services.store.ids.secret("");
    let html = match Files::get("index.html") {
        Some(file) => String::from_utf8_lossy(&file.data).replace(NONCE, nonce.expose()),
        None => UNBUILT.to_owned(),
    };
    let mut answer = Html(html).into_response();
    let headers = answer.headers_mut();
    // Script comes from files of this origin alone. Style elements that the console makes carry the nonce.
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{}'; img-src 'self'; font-src 'self'; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        nonce.expose()
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let fixed: [(HeaderName, &str); 6] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// A sign-in at an identity provider is begun and ended by a browser that goes there: when it does not work out, the person sees
/// the console's page about it, and not a document. Only the code is handed on: the words are the console's.
pub async fn explain_sign_in(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let browser = accepts(request.headers(), header::ACCEPT, "text/html");
    let answer = next.run(request).await;
    let of_provider = route.is_some_and(|route| route.starts_with("/api/auth/oidc/"));
    match answer.extensions().get::<Problem>() {
        Some(problem) if browser && of_provider => {
            Redirect::to(&format!("/sign-in?problem={}", problem.code())).into_response()
        }
        _ => answer,
    }
}

fn file(path: &str, asked: &HeaderMap) -> Option<Response> {
    // The page itself goes out with a nonce only; what is compressed, only in place of its file.
    if path.is_empty()
        || path == "index.html"
        || COMPRESSED.iter().any(|(_, ending)| end(path) == Some(ending))
    {
        return None;
    }
    let plain = Files::get(path)?;
    let packed = COMPRESSED.iter().find_map(|(coding, ending)| {
        let taken = accepts(asked, header::ACCEPT_ENCODING, coding);
        Some((*coding, taken.then(|| Files::get(&format!("{path}.{ending}")))??))
    });
    let tag = tag(&plain);
    let known = asked.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let packed = packed.filter(|_| !known);
    let mut answer = match (known, &packed) {
        (true, _) => StatusCode::NOT_MODIFIED.into_response(),
        (false, Some((_, packed))) => packed.data.to_vec().into_response(),
        (false, None) => plain.data.to_vec().into_response(),
    };
    let headers = answer.headers_mut();
    if let Some((coding, _)) = packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    // Files under assets/ have the hash of what is in them in their names.
    let keep = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    Some(answer)
}

fn tag(file: &EmbeddedFile) -> String {
    format!("W/\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]))
}

fn end(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(_, end)| end)
}

fn media_type(path: &str) -> &'static str {
    match end(path) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn accepts(headers: &HeaderMap, name: HeaderName, what: &str) -> bool {
    let values = headers.get_all(name);
    values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next() == Some(what) && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}
