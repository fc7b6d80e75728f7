//! The list of all variables: what docs/CONFIGURATION.md and `reeve serve --help` print, where the defaults stand,
//! and what a misspelt name is compared with. The sections read their defaults from here.

use super::read::ConfigError;

/// One environment variable of `reeve serve`.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub name: &'static str,
    pub meaning: &'static str,
    /// The value that stands in for an unset one, or in words what happens then.
    pub default: &'static str,
    pub example: &'static str,
    /// Its value may hold a secret (a URL may hold a password), so it is never shown.
    pub sensitive: bool,
}

const fn plain(
    name: &'static str,
    meaning: &'static str,
    default: &'static str,
    example: &'static str,
) -> Variable {
    Variable { name, meaning, default, example, sensitive: false }
}

const fn sensitive(
    name: &'static str,
    meaning: &'static str,
    default: &'static str,
    example: &'static str,
) -> Variable {
    Variable { name, meaning, default, example, sensitive: true }
}

/// Every variable that `reeve serve` reads, in the order in which the docs show them.
pub const VARIABLES: &[Variable] = &[
    sensitive(
        "DATABASE_URL",
        "Postgres (14 or newer) that keeps everything; replicas share it",
        "a private cluster in the data directory",
        "postgres://reeve:PASSWORD@db.internal:5432/reeve",
    ),
    plain("REEVE_DATABASE_CONNECTIONS", "most database connections of this process", "16", "32"),
    plain(
        "REEVE_DATA_DIR",
        "data directory: the private cluster and its generated master key",
        "./reeve-data",
        "/var/lib/reeve",
    ),
    plain(
        "REEVE_POSTGRES_BIN",
        "directory of the Postgres programs (`initdb`, `postgres`) for the private cluster",
        "searched in PATH and the usual places",
        "/usr/lib/postgresql/17/bin",
    ),
    plain("REEVE_LISTEN", "address and port to listen on", "127.0.0.1:8080", "0.0.0.0:8080"),
    plain(
        "REEVE_AUDIT_HEAD_FILE",
        "file that gets the head of the audit chain, a line for each, for `reeve audit verify --head`",
        "none",
        "/mnt/worm/reeve-audit-heads",
    ),
    sensitive(
        "REEVE_AUDIT_HEAD_URL",
        "webhook that gets the head of the audit chain as JSON `{installation, at, seq, hash, head}`",
        "none",
        "https://vault.example.org/reeve",
    ),
    plain(
        "REEVE_TRUSTED_PROXIES",
        "fronts (addresses or networks, comma-separated) whose `X-Forwarded-For` is believed: for the audit and the throttle of sign-ins",
        "none",
        "10.0.0.0/8,192.0.2.7",
    ),
    plain(
        "REEVE_PUBLIC_URL",
        "origins under which people and agents reach it, comma-separated; an agent's proof must name one of them \
         as `aud`",
        "`http://` + the listen address (and `http://localhost:PORT` on loopback)",
        "https://reeve.example.com",
    ),
    sensitive(
        "REEVE_MASTER_KEY",
        "key that seals the secrets in the database: base64 of 32 bytes; several as `version:key`, \
         comma-separated: the first one seals, all of them open",
        "with the private cluster: generated in the data directory (`master.key`, mode 0600); with \
         `DATABASE_URL`: required",
        "2:BASE64,1:BASE64 (make one with `openssl rand -base64 32`)",
    ),
    plain(
        "REEVE_MASTER_KEY_FILE",
        "a file that holds the same, instead of `REEVE_MASTER_KEY`",
        "unset",
        "/run/secrets/reeve-master-key",
    ),
    sensitive(
        "REEVE_ADMIN_TOKEN",
        "bootstrap admin token: 8 or more visible ASCII characters",
        "generated at the first start, printed once",
        "a long random text (make one with `openssl rand -hex 32`)",
    ),
    sensitive(
        "LITELLM_BASE_URL",
        "admin URL of the first proxy, named `default`",
        "unset: registry and realms work, sync is `skipped`",
        "http://litellm.internal:4000",
    ),
    sensitive(
        "LITELLM_MASTER_KEY",
        "master key of the first proxy; goes with `LITELLM_BASE_URL`",
        "unset",
        "sk-...",
    ),
    sensitive(
        "LITELLM_PUBLIC_URL",
        "URL of the first proxy that agents use",
        "the base URL",
        "https://llm.example.com",
    ),
    plain(
        "LITELLM_CACHE_LAG_SECONDS",
        "how long instances of the first proxy may go on serving what was taken away: a revocation is shown as done when it \
         was refused for longer; 0 for a proxy of one instance",
        "60",
        "0",
    ),
    plain(
        "REEVE_ALLOW_PRIVATE_URLS",
        "`false` refuses proxy and provider URLs at loopback and private addresses; link-local ones (cloud \
         metadata) are refused always",
        "true",
        "false",
    ),
    plain(
        "REEVE_SCAN_SECONDS",
        "seconds from the beginning of a full comparison of a proxy with the registry to that of the next, which waits \
         until the one before has ended",
        "60",
        "300",
    ),
    plain(
        "REEVE_PRUNE_PERCENT",
        "largest share of Reeve's objects on a proxy that is removed without asking when the registry does not know them; \
         more wait for `reeve proxies prune`",
        "20",
        "5",
    ),
    plain("REEVE_HEARTBEAT_SECONDS", "seconds between the heartbeats of a session", "30", "15"),
    plain(
        "REEVE_MAX_SESSIONS",
        "most agent sessions on this process; more are answered 503",
        "20000",
        "5000",
    ),
    plain(
        "REEVE_SHUTDOWN_SECONDS",
        "seconds that started work may take after SIGTERM before it is cut off",
        "30",
        "60",
    ),
    plain(
        "REEVE_LOG",
        "what is logged: a level, or directives per module as in `info,reeve::push=debug`",
        "info",
        "info,reeve::reconcile=debug",
    ),
    plain(
        "REEVE_LOG_FORMAT",
        "`json`, `text`, or `auto`: text on a terminal and JSON elsewhere",
        "auto",
        "json",
    ),
    sensitive(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTLP/HTTP collector that gets the traces (`/v1/traces` is added); the other `OTEL_EXPORTER_OTLP_*` \
         variables hold as OpenTelemetry defines them",
        "unset: no traces are sent",
        "http://otel-collector:4318",
    ),
];

/// `REEVE_*` names of the clients (`reeve` as admin client, `reeve-agent`), which may share an environment.
const OF_CLIENTS: [&str; 3] = ["REEVE_URL", "REEVE_TOKEN", "REEVE_AGENT_DIR"];

pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

/// An error when `name` begins with `REEVE_` and means nothing; it suggests the nearest name.
pub(super) fn unknown(name: &str, value: &str) -> Option<ConfigError> {
    let ours = !name.starts_with("REEVE_")
        || name.starts_with("REEVE_TEST_")
        || OF_CLIENTS.contains(&name)
        || find(name).is_some();
    if ours || is_service_link(name, value) {
        return None;
    }
    let near = VARIABLES
        .iter()
        .map(|variable| (strsim::damerau_levenshtein(name, variable.name), variable.name))
        .min()
        .filter(|(distance, _)| *distance <= name.len() / 3)
        .map(|(_, near)| format!("did you mean {near}?"));
    let advice = near.unwrap_or_else(|| "remove it; docs/CONFIGURATION.md lists what there is".to_owned());
    Some(ConfigError { variable: name.to_owned(), message: format!("no such setting; {advice}") })
}

/// What Kubernetes and Docker put into every container beside a service named `reeve` or `reeve-...`:
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>
fn is_service_link(name: &str, value: &str) -> bool {
    let address = value.starts_with("tcp://") || value.starts_with("udp://");
    let of_port = ["_TCP", "_UDP"].iter().any(|protocol| {
        name.ends_with(protocol)
            || ["_PROTO", "_PORT", "_ADDR"].iter().any(|part| name.ends_with(&format!("{protocol}{part}")))
    });
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && address)
        || (name.contains("_PORT_") && of_port)
}

/// The list as a Markdown table.
pub fn markdown() -> String {
    let row = |Variable { name, meaning, default, example, .. }: &Variable| {
        let default = if is_words(default) { (*default).to_owned() } else { format!("`{default}`") };
        let example = if example.contains('`') { (*example).to_owned() } else { format!("`{example}`") };
        format!("| `{name}` | {meaning} | {default} | {example} |\n")
    };
    let head = "| variable | meaning | default | example |\n| --- | --- | --- | --- |\n";
    std::iter::once(head.to_owned()).chain(VARIABLES.iter().map(row)).collect()
}

/// The list as plain text for `--help`.
pub fn help() -> String {
    let entry = |Variable { name, meaning, default, .. }: &Variable| {
        format!("  {name}\n      {meaning}\n      [default: {default}]\n").replace('`', "")
    };
    std::iter::once("Environment:\n".to_owned()).chain(VARIABLES.iter().map(entry)).collect()
}

fn is_words(default: &str) -> bool {
    default.contains(' ') || default.contains('`') || default == "unset"
}
