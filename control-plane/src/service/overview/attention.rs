//! What wants somebody's attention: one line for each thing that is wrong or will be, with what to do.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Fleet, Sees};
use crate::{
    domain::{
        enforcement::EnforcementPolicy,
        error::Result,
        freeze::FreezeKind,
        proxy::{CACHE_LAG_SECONDS, Proxy, ProxyState, ProxyStatus},
        role::Role,
    },
    store::{
        Conn,
        freezes::{self, Named},
        overview::{self as store, AgentCounts, OnProxy, Revoking},
        people, settings,
    },
};

/// Most lines of an answer.
const LINES: usize = 50;
/// Grants that end sooner are told of.
const ENDING: TimeDelta = TimeDelta::days(7);
/// Grants that end sooner are a warning.
const ENDING_SOON: TimeDelta = TimeDelta::days(1);
/// How long a proof may take beyond what a proxy's instances keep in memory.
const UNPROVEN: TimeDelta = TimeDelta::minutes(1);

/// `critical`: it does not do what it should. `warning`: it will not, or not as somebody meant. `info`: to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Critical,
    Warning,
    Info,
}

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attention {
    pub severity: Severity,
    /// Which kind of line: stable.
    pub kind: &'static str,
    /// Such as `proxy/<id>`, `agent/<did>`, `realm/<id>`; `agents` when it is about several, `installation` about the whole.
    pub subject: String,
    /// What people call that.
    pub name: String,
    pub text: String,
    pub since: Option<DateTime<Utc>>,
    pub todo: String,
}

/// What it is about.
struct About {
    subject: String,
    name: String,
}

impl About {
    fn new(subject: impl Into<String>, name: impl Into<String>) -> Self {
        Self { subject: subject.into(), name: name.into() }
    }

    fn line(
        &self,
        severity: Severity,
        kind: &'static str,
        since: Option<DateTime<Utc>>,
        text: impl Into<String>,
        todo: impl Into<String>,
    ) -> Attention {
        let (subject, name) = (self.subject.clone(), self.name.clone());
        Attention { severity, kind, subject, name, text: text.into(), since, todo: todo.into() }
    }
}

/// The gravest first, then the oldest.
pub(super) async fn list(
    conn: &mut Conn,
    sees: &Sees,
    fleet: Option<&Fleet>,
    agents: Option<&AgentCounts>,
    revoking: &[Revoking],
    now: DateTime<Utc>,
) -> Result<Vec<Attention>> {
    let most = i64::try_from(LINES).unwrap_or(i64::MAX);
    let mut lines = Vec::new();
    if let Some(fleet) = fleet {
        of_fleet(fleet, &mut lines);
    }
    if let Some(agents) = agents {
        of_agents(agents, &mut lines);
    }
    if let Some(reach) = &sees.grants {
        // As the caller may not see the fleet, what LiteLLM keeps by itself.
        let lag = fleet.and_then(|f| f.proxies.iter().map(|p| p.cache_lag_seconds).max());
        let patience = UNPROVEN + TimeDelta::seconds(lag.unwrap_or(CACHE_LAG_SECONDS).into());
        of_revocations(revoking, now - patience, &mut lines);
        let ending = store::ending(conn, reach.may.filter().as_deref(), now + ENDING, most).await?;
        lines.extend(ending.into_iter().map(|g| {
            let severity = if g.expires_at < now + ENDING_SOON { Severity::Warning } else { Severity::Info };
            About::new(format!("realm/{}", g.realm_id), &g.realm_slug).line(
                severity,
                "grant-ends",
                None,
                format!(
                    "the grant of {} ends at {}",
                    g.litellm_model_name,
                    g.expires_at.format("%F %H:%M UTC")
                ),
                format!(
                    "reeve grant {} {} --expires WHEN, if it is to go on",
                    g.litellm_model_name, g.realm_slug
                ),
            )
        }));
    }
    if let Some(reach) = &sees.freezes {
        for Named { freeze: f, name } in
            freezes::named(conn, None, reach.may.filter().as_deref(), most).await?
        {
            let kind = f.kind.as_str();
            let named = if f.kind == FreezeKind::Agent { &f.object_id } else { &name };
            let todo = format!("reeve unfreeze {kind} {named}, when it may go on");
            let about = About::new(format!("{kind}/{}", f.object_id), name);
            let text = format!("the {kind} is frozen: {}", f.reason);
            lines.push(about.line(Severity::Info, "frozen", Some(f.frozen_at), text, todo));
        }
    }
    if sees.access
        && settings::get(conn).await?.bootstrap_token_enabled
        && people::has_role(conn, Role::Owner, None).await?
    {
        lines.push(About::new("installation", "bootstrap token").line(
            Severity::Warning,
            "bootstrap-token",
            None,
            "the bootstrap token still counts, although there is an owner",
            "reeve settings edit --bootstrap-token false",
        ));
    }
    lines.sort_by_key(|line| (line.severity, line.since.unwrap_or(now)));
    lines.truncate(LINES);
    Ok(lines)
}

fn of_fleet(fleet: &Fleet, lines: &mut Vec<Attention>) {
    if let Some(observing) = fleet.observing {
        lines.push(About::new("installation", "observe mode").line(
            Severity::Critical,
            "observe-mode",
            Some(observing.since),
            "the registry is older than what the proxies show, as after a restored backup; nothing is changed on any proxy",
            "revoke again what must not come back, then reeve observe end",
        ));
    }
    for proxy in &fleet.proxies {
        of_proxy(proxy, &About::new(format!("proxy/{}", proxy.id), &proxy.name), lines);
    }
    let of = |all: &[OnProxy], line: &dyn Fn(&About, &OnProxy) -> Attention| -> Vec<Attention> {
        let known = |on: &OnProxy| fleet.proxies.iter().find(|p| p.id == on.proxy_id);
        all.iter()
            .filter_map(|on| known(on).map(|p| line(&About::new(format!("proxy/{}", p.id), &p.name), on)))
            .collect()
    };
    lines.extend(of(&fleet.parked, &|about, on| {
        let text = format!("{} given up on this proxy", things(on.count, "object was", "objects were"));
        let todo =
            format!("put right what reeve proxies show {0} says, then reeve proxies check {0}", about.name);
        about.line(Severity::Warning, "work-parked", on.since, text, todo)
    }));
    lines.extend(of(&fleet.drift, &|about, on| {
        let text = format!(
            "the last scan found {} that differ from the registry",
            things(on.count, "object of ours", "objects of ours")
        );
        let todo =
            format!("reeve proxies drift {} names them; what is ours is put right by itself", about.name);
        about.line(Severity::Warning, "drift", on.since, text, todo)
    }));
}

fn of_proxy(p: &Proxy, about: &About, lines: &mut Vec<Attention>) {
    use Severity::{Critical, Info, Warning};
    let why = p.status_message.clone().unwrap_or_default();
    let check = format!("reeve proxies check {} looks again", p.name);
    // One that is disabled is nobody's concern.
    if p.state != ProxyState::Disabled {
        match p.status {
            ProxyStatus::Unreachable => {
                let text = format!("the proxy does not answer: {why}");
                lines.push(about.line(Critical, "proxy-unreachable", Some(p.status_since), text, check));
            }
            ProxyStatus::Unsupported => {
                let text = format!("the proxy cannot be managed: {why}");
                lines.push(about.line(Critical, "proxy-unsupported", Some(p.status_since), text, check));
            }
            ProxyStatus::Ready | ProxyStatus::Unknown if p.avoided => {
                let text = "agents are sent elsewhere until the proxy has answered for a minute with all that was made there";
                lines.push(about.line(
                    Warning,
                    "proxy-avoided",
                    Some(p.status_since),
                    text,
                    "nothing, if it stays up",
                ));
            }
            ProxyStatus::Ready | ProxyStatus::Unknown => {}
        }
    }
    if p.wiped_since.is_some() {
        let text =
            "most of what was made on the proxy is missing, as after a wiped database; it is made again";
        let todo = "find out who wiped it, and whether keys of others were lost with it";
        lines.push(about.line(Critical, "proxy-wiped", p.wiped_since, text, todo));
    }
    if p.enforced == Some(false) {
        let failed: Vec<String> = p
            .enforcement
            .iter()
            .filter(|c| c.held == Some(false))
            .filter_map(|c| serde_json::to_value(c.check).ok()?.as_str().map(str::to_owned))
            .collect();
        let failed = failed.join(", ");
        let (severity, follows) = match p.enforcement_policy {
            EnforcementPolicy::Require => (Critical, "nobody may use anything on it"),
            EnforcementPolicy::Warn => (Warning, "a key may reach more than it was granted"),
        };
        let text = format!("the proxy does not enforce what it is told ({failed}); {follows}");
        let todo = "see the proxy's enforcement, and SECURITY on what closes it";
        lines.push(about.line(severity, "enforcement-failed", p.enforcement_at, text, todo));
    }
    if p.prune_held > 0 {
        let text = format!(
            "a scan found {} that the registry does not know: too many to be removed unasked",
            things(p.prune_held, "object of ours", "objects of ours")
        );
        let todo = format!("look at reeve proxies drift {0}, then reeve proxies prune {0}", p.name);
        lines.push(about.line(Warning, "prune-held", p.scanned_at, text, todo));
    }
    if p.deleting && p.status != ProxyStatus::Ready {
        let todo = format!("reeve proxies rm {} --force forgets it and leaves on it what is there", p.name);
        lines.push(about.line(
            Info,
            "removal-waits",
            Some(p.updated_at),
            "the proxy is removed when it answers",
            todo,
        ));
    }
}

fn of_agents(a: &AgentCounts, lines: &mut Vec<Attention>) {
    let about = |count, did: &Option<String>, name: &Option<String>| match (did, name) {
        (Some(did), Some(name)) if count == 1 => About::new(format!("agent/{did}"), name),
        _ => About::new("agents", format!("{count} agents")),
    };
    if a.rejecting > 0 {
        let text =
            format!("{} refused the document offered last", things(a.rejecting, "agent has", "agents have"));
        let todo = "reeve agents show DID says why; reeve agent-config retry DID offers it again";
        let about = about(a.rejecting, &a.a_rejecting, &a.rejecting_name);
        lines.push(about.line(Severity::Warning, "documents-rejected", a.rejecting_since, text, todo));
    }
    if a.pending > 0 {
        let text = format!("{} for approval", things(a.pending, "agent waits", "agents wait"));
        let about = about(a.pending, &a.a_pending, &a.pending_name);
        let todo = "reeve agents approve DID, or reeve agents revoke DID";
        lines.push(about.line(Severity::Info, "agents-waiting", a.pending_since, text, todo));
    }
}

fn of_revocations(revoking: &[Revoking], before: DateTime<Utc>, lines: &mut Vec<Attention>) {
    for r in revoking.iter().filter(|r| r.since < before) {
        let waiting = r.waiting_for.join(", ");
        lines.push(About::new(format!("realm/{}", r.realm_id), &r.realm_slug).line(
            Severity::Critical,
            "revocation-unproven",
            Some(r.since),
            format!("{} was revoked, and is not proven to be refused by {waiting}", r.litellm_model_name),
            r.revision.map_or_else(String::new, |revision| {
                format!("reeve changes {revision} says what is in the way")
            }),
        ));
    }
}

fn things(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
