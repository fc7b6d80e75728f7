//! `reeve identity-provider`, `reeve workload`: by whose word people and CI jobs come in.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    args::Body,
    failure::Failure,
    output::{self, Column, text_at},
    secrets::{self, ClientSecret},
    session::{Session, path},
};

#[derive(Debug, Default, Subcommand)]
pub enum Provider {
    /// All of them.
    #[default]
    List,
    /// One of them.
    Show(Named),
    /// Add an OpenID Connect provider that people sign in with.
    Add(AddProvider),
    /// Change it. Roles of groups count from each person's next sign-in on.
    Edit(EditProvider),
    /// Remove it, with what its groups gave.
    Rm(Named),
}

#[derive(Debug, Args)]
pub struct AddProvider {
    /// As it stands in URLs. The provider must send browsers back to REEVE_PUBLIC_URL/api/auth/oidc/NAME/callback.
    name: String,
    /// Its URL, as its tokens name it.
    #[arg(long)]
    issuer: String,
    #[arg(long)]
    client_id: String,
    #[command(flatten)]
    secret: ClientSecret,
    #[command(flatten)]
    rest: ProviderOptions,
}

#[derive(Debug, Args)]
pub struct EditProvider {
    /// Id or name.
    name: String,
    #[arg(long)]
    client_id: Option<String>,
    #[command(flatten)]
    secret: ClientSecret,
    #[command(flatten)]
    rest: ProviderOptions,
}

#[derive(Debug, Args)]
struct ProviderOptions {
    /// Asked for beside openid; repeatable. Default: email and profile.
    #[arg(long = "scope")]
    scopes: Vec<String>,
    /// The claim that lists a person's groups. Default: groups.
    #[arg(long)]
    groups_claim: Option<String>,
    /// What a group gives: GROUP=ROLE, or GROUP=ROLE@REALM; repeatable.
    #[arg(long = "group", value_name = "GROUP=ROLE[@REALM]", value_parser = group)]
    groups: Vec<Value>,
    /// A verified email of it is the person of that email here.
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    trusts_email: Option<bool>,
}

impl ProviderOptions {
    fn body(self, client_id: Option<String>, secret: ClientSecret) -> Result<Body, Failure> {
        let list = |items: Vec<Value>| (!items.is_empty()).then_some(items);
        Ok(Body::default()
            .maybe("clientId", client_id)
            .maybe("clientSecret", secret.read()?.map(|s| s.expose().to_owned()))
            .maybe("scopes", list(self.scopes.into_iter().map(Value::from).collect()))
            .maybe("groupsClaim", self.groups_claim)
            .maybe("groupRoles", list(self.groups))
            .maybe("trustsEmail", self.trusts_email))
    }
}

fn group(text: &str) -> Result<Value, String> {
    let (group, role) = text.rsplit_once('=').ok_or("expected GROUP=ROLE, or GROUP=ROLE@REALM")?;
    Ok(match role.split_once('@') {
        Some((role, realm)) => json!({ "group": group, "role": role, "realmId": realm }),
        None => json!({ "group": group, "role": role }),
    })
}

#[derive(Debug, Args)]
pub struct Named {
    /// Id or name.
    name: String,
}

const PROVIDERS: &[Column] = &[
    ("NAME", |p| text_at(p, "/name")),
    ("ISSUER", |p| text_at(p, "/issuer")),
    ("CLIENT", |p| text_at(p, "/clientId")),
    ("GROUPS", |p| p["groupRoles"].as_array().map_or(0, Vec::len).to_string()),
];

const GROUPS: &[Column] = &[
    ("GROUP", |g| text_at(g, "/group")),
    ("ROLE", |g| text_at(g, "/role")),
    ("REALM", |g| text_at(g, "/realmId")),
];

pub async fn provider(command: Provider, s: &Session) -> Result<(), Failure> {
    const AT: &str = "identity-providers";
    match command {
        Provider::List => {
            let items = s.list(path([AT]), Vec::new(), 1000).await?;
            output::list(s.format, &items, PROVIDERS, "No identity providers.");
            Ok(())
        }
        Provider::Show(Named { name }) => {
            let p = s.get(path([AT, &name])).await?;
            if s.is_json() {
                output::json(&p);
                return Ok(());
            }
            output::facts(&[
                ("name", text_at(&p, "/name")),
                ("issuer", text_at(&p, "/issuer")),
                ("client", text_at(&p, "/clientId")),
                ("callback", text_at(&p, "/callbackUrl")),
                ("scopes", text_at(&p, "/scopes")),
                ("groups in", text_at(&p, "/groupsClaim")),
                ("trusted with emails", text_at(&p, "/trustsEmail")),
            ]);
            output::section(&p, "/groupRoles", GROUPS);
            Ok(())
        }
        Provider::Add(add) => {
            let body = add.rest.body(Some(add.client_id), add.secret)?;
            let body = body.set("name", add.name.clone()).set("issuer", add.issuer);
            let reply = s.write(Method::POST, path([AT]), Some(body.into())).await?;
            let callback = text_at(&reply.body, "/callbackUrl");
            s.done(&reply, &format!("Added {}. To be registered there: {callback}", add.name)).await
        }
        Provider::Edit(edit) => {
            let body = edit.rest.body(edit.client_id, edit.secret)?;
            let reply = s.write(Method::PATCH, path([AT, &edit.name]), Some(body.some()?)).await?;
            s.done(&reply, &format!("Changed {}", edit.name)).await
        }
        Provider::Rm(Named { name }) => {
            let reply = s.write(Method::DELETE, path([AT, &name]), None).await?;
            s.done(&reply, &format!("Removed {name}")).await
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Workload {
    /// All rules.
    List,
    /// One rule.
    Show(Named),
    /// Make a rule: jobs whose own token fits it get one of ours for it.
    Add(AddRule),
    /// Remove a rule. The tokens that it gave end with it.
    Rm(Named),
    /// In a job: exchange its own token, and print the one that it gets.
    Exchange(Exchange),
}

#[derive(Debug, Args)]
pub struct AddRule {
    /// What the audit calls the jobs.
    name: String,
    /// <https://token.actions.githubusercontent.com>, <https://gitlab.com>, ...
    #[arg(long)]
    issuer: String,
    /// That the jobs ask their tokens for, such as the URL of this control plane.
    #[arg(long)]
    audience: String,
    /// What a claim must be: repository=acme/app, environment=prod; a * at the end stands for any rest; repeatable.
    #[arg(long = "claim", value_name = "CLAIM=VALUE", required = true, value_parser = claim)]
    claims: Vec<(String, String)>,
    /// A named set of permissions.
    #[arg(long, required_unless_present = "can", conflicts_with = "can")]
    role: Option<String>,
    /// A single permission, such as grants:write; repeatable.
    #[arg(long, value_name = "PERMISSION")]
    can: Vec<String>,
    /// A realm where; repeatable. Default: everywhere.
    #[arg(long = "realm")]
    realms: Vec<String>,
    /// How long a token counts. Default: 900.
    #[arg(long, value_name = "SECONDS")]
    lifetime: Option<u32>,
}

fn claim(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected CLAIM=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Args)]
pub struct Exchange {
    /// Only by this rule.
    #[arg(long)]
    rule: Option<String>,
    /// The environment variable that holds the job's own token (GitLab: `id_tokens`).
    #[arg(long, value_name = "NAME", conflicts_with = "id_token_file")]
    id_token_env: Option<String>,
    /// The file that holds it.
    #[arg(long, value_name = "FILE")]
    id_token_file: Option<PathBuf>,
}

const RULES: &[Column] = &[
    ("NAME", |r| text_at(r, "/name")),
    ("ISSUER", |r| text_at(r, "/issuer")),
    ("CLAIMS", |r| claims(r)),
    ("MAY", super::token::may),
    ("SECONDS", |r| text_at(r, "/lifetimeSeconds")),
];

fn claims(rule: &Value) -> String {
    let claims = rule["claims"].as_object().into_iter().flatten();
    claims
        .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
        .collect::<Vec<_>>()
        .join(", ")
}

pub async fn workload(command: Workload, s: &Session) -> Result<(), Failure> {
    const AT: &str = "workload-rules";
    match command {
        Workload::List => {
            let items = s.list(path([AT]), Vec::new(), 1000).await?;
            output::list(s.format, &items, RULES, "No rules for CI jobs.");
            Ok(())
        }
        Workload::Show(Named { name }) => {
            let r = s.get(path([AT, &name])).await?;
            if s.is_json() {
                output::json(&r);
                return Ok(());
            }
            output::facts(&[
                ("name", text_at(&r, "/name")),
                ("issuer", text_at(&r, "/issuer")),
                ("audience", text_at(&r, "/audience")),
                ("claims", claims(&r)),
                ("may", super::token::may(&r)),
                ("realms", text_at(&r, "/realmIds")),
                ("seconds", text_at(&r, "/lifetimeSeconds")),
                ("made", text_at(&r, "/createdAt")),
                ("by", text_at(&r, "/createdBy")),
            ]);
            Ok(())
        }
        Workload::Add(add) => {
            let list = |items: Vec<String>| (!items.is_empty()).then_some(items);
            let claims: Map<String, Value> = add.claims.into_iter().map(|(k, v)| (k, v.into())).collect();
            let body = Body::default()
                .set("name", add.name.clone())
                .set("issuer", add.issuer)
                .set("audience", add.audience)
                .set("claims", claims)
                .maybe("role", add.role)
                .maybe("permissions", list(add.can))
                .maybe("realmIds", list(add.realms))
                .maybe("lifetimeSeconds", add.lifetime);
            let reply = s.write(Method::POST, path([AT]), Some(body.into())).await?;
            s.done(&reply, &format!("Added {}", add.name)).await
        }
        Workload::Rm(Named { name }) => {
            let reply = s.write(Method::DELETE, path([AT, &name]), None).await?;
            s.done(&reply, &format!("Removed {name}")).await
        }
        Workload::Exchange(exchange) => {
            let token = match (&exchange.id_token_file, &exchange.id_token_env) {
                (Some(file), _) => secrets::from_file("--id-token-file", file)?,
                (None, Some(name)) => secrets::from_env("--id-token-env", name)?,
                (None, None) => {
                    let text = "the job's own token is needed: --id-token-env NAME or --id-token-file FILE";
                    return Err(Failure::Usage(text.to_owned()));
                }
            };
            let body = Body::default().set("token", token.expose()).maybe("rule", exchange.rule);
            let reply = s.write(Method::POST, path(["auth", "workload"]), Some(body.into())).await?;
            // A job puts it into a variable, so it is the token alone, whatever the format.
            output::line(&text_at(&reply.body, "/token"));
            Ok(())
        }
    }
}
