//! `reeve grant` and `reeve revoke`.

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::{
    args::{Body, moment_or_none},
    failure::Failure,
    output::text_at,
    session::{Session, path},
};

#[derive(Debug, Args)]
pub struct Grant {
    /// Id, `provider/name`, or the name alone where only one model has it.
    model: String,
    /// Slug or id.
    realm: String,
    /// The realm's budget, in US dollars a month over all its agents and models.
    #[arg(long, value_name = "USD")]
    budget: Option<f64>,
    /// When the grant ends by itself: a time, a date, from now on (24h, 30d), or `none` to lift the end that it has.
    #[arg(long, value_name = "WHEN", value_parser = moment_or_none)]
    expires: Option<Value>,
    /// Why; it is shown with the grant and in the audit.
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Revoke {
    model: String,
    realm: String,
}

pub async fn grant(grant: Grant, s: &Session) -> Result<(), Failure> {
    let body = Body::default()
        .set("realmId", grant.realm.as_str())
        .maybe("monthlyBudgetUsd", grant.budget)
        .maybe("expiresAt", grant.expires)
        .maybe("reason", grant.reason);
    let reply = s.write(Method::POST, path(["models", &grant.model, "realms"]), Some(body.into())).await?;
    s.done(&reply, &format!("{} may use {}", grant.realm, grant.model)).await
}

pub async fn revoke(Revoke { model, realm }: Revoke, s: &Session) -> Result<(), Failure> {
    let reply = s.write(Method::DELETE, path(["models", &model, "realms", &realm]), None).await?;
    let text = match text_at(&reply.body, "/state").as_str() {
        "revoking" => format!("{model} is being taken from {realm} since {}", text_at(&reply.body, "/since")),
        _ => format!("{realm} may no longer use {model}"),
    };
    s.done(&reply, &text).await
}
