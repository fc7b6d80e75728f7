//! `GET /setup`: the page that the link for a password opens. It needs nothing from elsewhere, and the link's secret, which
//! stands after `#`, never reaches a log.

use axum::{
    http::{HeaderName, header},
    response::{Html, IntoResponse},
};

const PAGE: &str = include_str!("setup.html");
/// The page's own style and script, this origin's API, and nothing else; in no frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                      form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

pub async fn page() -> impl IntoResponse {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(PAGE))
}
