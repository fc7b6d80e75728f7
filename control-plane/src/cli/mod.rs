//! The admin client: `reeve model add`, `reeve grant`, `reeve apply -f` and so on. It talks to the REST API and to nothing
//! else, so that it can do exactly what the API can; `cmd` puts its commands beside `serve` and the others.
//!
//! docs/CLI.md is its manual. It runs in a process of its own and must not touch the service's modules, `base` excepted.

mod access;
mod agent_config;
mod agents;
mod apply;
mod args;
mod audit;
mod changes;
mod client;
mod credential;
mod deployment;
mod enroll_token;
mod events;
mod explain;
mod failure;
mod freeze;
mod grant;
mod identity;
mod keys;
mod login;
mod model;
mod observe;
mod output;
mod overview;
mod people;
mod proxies;
mod realm;
mod secrets;
mod session;
mod token;

use std::process::ExitCode;

use clap::Subcommand;

use self::{
    args::{Leaf, Listing, Scoped},
    failure::Failure,
};

/// What an admin can type.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Models of the registry.
    Model(Scoped<model::Command>),
    /// Backends of a model.
    Deployment(Scoped<deployment::Command>),
    /// Provider credentials: write-only.
    Credential(Scoped<credential::Command>),
    /// Realms and their members.
    Realm(Scoped<realm::Command>),
    /// Give a realm the right to use a model.
    Grant(Leaf<grant::Grant>),
    /// Take that right away. It is done when every reachable proxy refuses it.
    Revoke(Leaf<grant::Revoke>),
    /// Agents: who they are, what they run.
    Agents(Listing<agents::Command>),
    /// How everything stands, what wants attention, and what is under way.
    Overview(Leaf<overview::Overview>),
    /// Whether an agent can call a model now, and why.
    Explain(Leaf<explain::Explain>),
    /// How one agent gets its LLM: through a realm, typed by hand, or from its own environment.
    AgentConfig(Scoped<agent_config::Command>),
    /// Tokens that let agents join without waiting for approval.
    EnrollToken(Scoped<enroll_token::Command>),
    /// A realm's virtual key.
    Keys(Scoped<keys::Command>),
    /// The fleet.
    Proxies(Listing<proxies::Command>),
    /// Whether Reeve only looks, since its database was put back to an earlier state; ending that.
    Observe(Listing<observe::Command>),
    /// Stop a realm, an agent, a model or a proxy, now and everywhere; with --wait until every proxy was proven to refuse it.
    Freeze(Leaf<freeze::Freeze>),
    /// Let it go on with exactly what it had.
    Unfreeze(Leaf<freeze::Unfreeze>),
    /// What is frozen, and how far that is.
    Freezes(Leaf<freeze::Freezes>),
    /// The newest changes, or the receipt of one: what it asked of which proxy and agent, and how far that is.
    Changes(Leaf<changes::Changes>),
    /// The newest changes; with --follow whatever happens from now on: changes, how far they are, agents, proxies.
    Events(Leaf<events::Events>),
    /// Who changed what, and when.
    Audit(Leaf<audit::Audit>),
    /// Sign in with a password; the session is kept until it ends.
    Login(Leaf<login::Login>),
    /// Sign out.
    Logout(Leaf<login::Logout>),
    /// Your sessions.
    Sessions(Listing<access::Sessions>),
    /// People who may sign in, and what they hold.
    People(Listing<people::Command>),
    /// Tokens for CI jobs and services.
    Token(Scoped<token::Command>),
    /// OpenID Connect providers that people sign in with.
    IdentityProvider(Listing<identity::Provider>),
    /// Rules by which CI jobs get a token for their own one.
    Workload(Scoped<identity::Workload>),
    /// Who you are here, and what you may do.
    Whoami(Leaf<access::Whoami>),
    /// What the installation allows: the bootstrap token, how long audit rows are kept.
    Settings(Listing<access::Command>),
    /// Bring models, realms and grants in line with a file.
    Apply(Leaf<apply::Apply>),
}

/// Runs one command to its end; prints its result, or what went wrong. The exit codes are those of `failure`.
pub fn run(command: AdminCommand) -> ExitCode {
    let done = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(dispatch(command)),
        Err(error) => Err(Failure::Unexpected(format!("the runtime cannot start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn dispatch(command: AdminCommand) -> Result<(), Failure> {
    use AdminCommand as C;
    match command {
        C::Model(c) => model::run(c.command, &c.global.session()?).await,
        C::Deployment(c) => deployment::run(c.command, &c.global.session()?).await,
        C::Credential(c) => credential::run(c.command, &c.global.session()?).await,
        C::Realm(c) => realm::run(c.command, &c.global.session()?).await,
        C::Grant(c) => grant::grant(c.args, &c.global.session()?).await,
        C::Revoke(c) => grant::revoke(c.args, &c.global.session()?).await,
        C::Agents(c) => agents::run(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::AgentConfig(c) => agent_config::run(c.command, &c.global.session()?).await,
        C::EnrollToken(c) => enroll_token::run(c.command, &c.global.session()?).await,
        C::Keys(c) => keys::run(c.command, &c.global.session()?).await,
        C::Proxies(c) => proxies::run(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::Observe(c) => observe::run(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::Freeze(c) => freeze::freeze(c.args, &c.global.session()?).await,
        C::Unfreeze(c) => freeze::unfreeze(c.args, &c.global.session()?).await,
        C::Freezes(c) => freeze::list(&c.global.session()?).await,
        C::Changes(c) => changes::run(c.args, &c.global.session()?).await,
        C::Overview(c) => overview::run(c.args, &c.global.session()?).await,
        C::Events(c) => events::run(c.args, &c.global.session()?).await,
        C::Explain(c) => explain::run(c.args, &c.global.session()?).await,
        C::Audit(c) => audit::run(c.args, &c.global.session()?).await,
        C::Login(c) => login::login(c.args, &c.global.session()?).await,
        C::Logout(c) => login::logout(c.args, &c.global.session()?).await,
        C::Sessions(c) => access::sessions(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::People(c) => people::run(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::Token(c) => token::run(c.command, &c.global.session()?).await,
        C::IdentityProvider(c) => {
            identity::provider(c.command.unwrap_or_default(), &c.global.session()?).await
        }
        C::Workload(c) => identity::workload(c.command, &c.global.session()?).await,
        C::Whoami(c) => access::whoami(c.args, &c.global.session()?).await,
        C::Settings(c) => access::settings(c.command.unwrap_or_default(), &c.global.session()?).await,
        C::Apply(c) => apply::run(c.args, &c.global.session()?).await,
    }
}

#[cfg(test)]
mod tests;
