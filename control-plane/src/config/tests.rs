//! The environment's rules, each with the text that an operator would see.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Mutex, time::Duration};

use super::{variables::VARIABLES, *};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn config(pairs: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Config::from_pairs(&pairs)
}

fn errors(pairs: &[(&str, &str)]) -> String {
    config(pairs).expect_err("the environment is wrong").to_string()
}

#[test]
fn nothing_set_is_a_working_service() {
    let config = config(&[]).unwrap();
    assert_eq!(config.listen.address.to_string(), "127.0.0.1:8080");
    assert!(matches!(&config.database.location, Location::Private { data_dir, bin_dir: None }
        if data_dir.to_str() == Some("./reeve-data")));
    assert!(matches!(&config.master_key, MasterKey::InDataDirectory(path)
        if path.to_str() == Some("./reeve-data/master.key")));
    assert!(config.admin_token.is_none() && config.first_proxy.is_none());
    assert_eq!(config.limits.scan_every, Duration::from_mins(1));
    assert!(config.limits.allow_private_urls);
    assert_eq!(config.telemetry.filter, "info");
    assert_eq!(config.telemetry.format, LogFormat::Auto);
}

#[test]
fn every_variable_is_documented_and_read() {
    let asked = Mutex::new(Vec::new());
    let get = |name: &str| {
        asked.lock().unwrap().push(name.to_owned());
        None // A database URL would keep it from asking for the data directory.
    };
    Config::from_env(&get).unwrap();
    let mut asked = asked.into_inner().unwrap();
    asked.sort();
    asked.dedup();
    let mut documented: Vec<_> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
    documented.sort();
    assert_eq!(asked, documented);
}

#[test]
fn an_empty_value_counts_as_unset() {
    let config = config(&[("REEVE_LISTEN", " "), ("DATABASE_URL", ""), ("LITELLM_BASE_URL", "")]).unwrap();
    assert_eq!(config.listen.address.port(), 8080);
    assert!(config.first_proxy.is_none());
}

#[test]
fn all_errors_come_at_once_and_show_no_secret() {
    let shown = errors(&[
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("REEVE_LISTEN", "eight"),
        ("REEVE_PUBLIC_URL", "https://a.example, https://b.example/path"),
        ("REEVE_MASTER_KEY", "hunter2"),
        ("REEVE_ADMIN_TOKEN", "hunter2"),
        ("LITELLM_BASE_URL", "http://user:hunter2@litellm:4000"),
        ("REEVE_SCAN_SECONDS", "often"),
        ("REEVE_ALLOW_PRIVATE_URLS", "maybe"),
        ("REEVE_LOG", "reeve=shout"),
        ("REEVE_LOG_FORMAT", "xml"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("REEVE_LISTN", "127.0.0.1:80"),
    ]);
    let lines: Vec<_> = shown.lines().map(|line| line.trim().split(':').next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "the environment has 13 problems",
            "REEVE_LISTN",
            "DATABASE_URL",
            "REEVE_LISTEN",
            "REEVE_PUBLIC_URL",
            "REEVE_MASTER_KEY",
            "REEVE_ADMIN_TOKEN",
            "LITELLM_BASE_URL",
            "LITELLM_MASTER_KEY",
            "REEVE_ALLOW_PRIVATE_URLS",
            "REEVE_SCAN_SECONDS",
            "REEVE_LOG",
            "REEVE_LOG_FORMAT",
            "OTEL_EXPORTER_OTLP_ENDPOINT",
        ]
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("expected an IP address and port, not `eight`; for example `0.0.0.0:8080`"));
    assert!(shown.contains("did you mean REEVE_LISTEN?"));
}

#[test]
fn names_of_others_are_let_through() {
    let fine = [
        ("REEVE_URL", "http://localhost:8080"),
        ("REEVE_TOKEN", "t"),
        ("REEVE_AGENT_DIR", "/x"),
        ("REEVE_TEST_UPDATE", "1"),
        ("PATH", "/bin"),
        // Kubernetes beside services named `reeve` and `reeve-postgres`.
        ("REEVE_SERVICE_HOST", "10.0.0.1"),
        ("REEVE_SERVICE_PORT_HTTP", "8080"),
        ("REEVE_PORT", "tcp://10.0.0.1:8080"),
        ("REEVE_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("REEVE_POSTGRES_PORT_5432_TCP_ADDR", "10.0.0.2"),
    ];
    config(&fine).unwrap();
    assert!(errors(&[("REEVE_PORT", "8080")]).contains("REEVE_PORT: no such setting"));
    assert!(errors(&[("REEVE_COMPLETELY_DIFFERENT", "1")]).contains("docs/CONFIGURATION.md"));
}

#[test]
fn a_database_of_the_operators_needs_a_key_of_the_operators() {
    let url = ("DATABASE_URL", "postgres://reeve:pw@db/reeve");
    assert!(errors(&[url]).contains("REEVE_MASTER_KEY: missing"));
    assert!(matches!(config(&[url, ("REEVE_MASTER_KEY", KEY)]).unwrap().master_key, MasterKey::Given(_)));
    assert!(
        errors(&[("DATABASE_URL", "postgres://db/reeve"), ("REEVE_MASTER_KEY", KEY)]).contains("no user")
    );
    assert!(
        errors(&[("DATABASE_URL", "postgres://u@db"), ("REEVE_MASTER_KEY", KEY)]).contains("no database")
    );
    assert!(errors(&[url, ("REEVE_MASTER_KEY", "c2hvcnQ=")]).contains("decodes to 5 bytes"));

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), format!("2:{KEY},1:{KEY}\n")).unwrap();
    let by_file = ("REEVE_MASTER_KEY_FILE", file.path().to_str().unwrap());
    let MasterKey::Given(ring) = config(&[url, by_file]).unwrap().master_key else { panic!("not given") };
    assert_eq!(ring.versions(), [2, 1]);
    assert!(errors(&[url, by_file, ("REEVE_MASTER_KEY", KEY)]).contains("set together with"));
    assert!(errors(&[url, ("REEVE_MASTER_KEY_FILE", "/none")]).contains("cannot be read (entity not found)"));
}

#[test]
fn a_generated_key_is_kept_and_must_be_private() {
    let dir = tempfile::tempdir().unwrap();
    let key = MasterKey::InDataDirectory(dir.path().join("master.key"));
    // What a crash in the middle of the first start leaves behind.
    fs::write(dir.path().join("master.key.new"), "1:half").unwrap();
    key.load().unwrap();
    let path = dir.path().join("master.key");
    let made = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    key.load().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), made);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let loose = key.load().unwrap_err().to_string();
    assert!(loose.contains("mode 0640") && loose.contains("chmod 600"), "{loose}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&path, "nothing").unwrap();
    let broken = key.load().unwrap_err().to_string();
    assert!(broken.contains("holds no master key") && !broken.contains("nothing"), "{broken}");
}

#[test]
fn public_origins_follow_the_bound_address() {
    let origins = |pairs: &[(&str, &str)], bound: &str| {
        let listen = config(pairs).unwrap().listen;
        listen.public_origins(bound.parse().unwrap()).iter().map(Origin::to_string).collect::<Vec<_>>()
    };
    assert_eq!(origins(&[], "127.0.0.1:9"), ["http://127.0.0.1:9", "http://localhost:9"]);
    assert_eq!(origins(&[], "[::1]:9"), ["http://[::1]:9", "http://localhost:9"]);
    assert_eq!(origins(&[], "10.1.2.3:9"), ["http://10.1.2.3:9"]);
    assert_eq!(origins(&[], "0.0.0.0:9"), ["http://localhost:9", "http://127.0.0.1:9", "http://0.0.0.0:9"]);
    let given = [("REEVE_PUBLIC_URL", "HTTPS://Reeve.Example.com:443/, http://10.0.0.1:8080")];
    assert_eq!(origins(&given, "0.0.0.0:9"), ["https://reeve.example.com", "http://10.0.0.1:8080"]);
}

#[test]
fn half_a_first_proxy_is_refused() {
    let base = ("LITELLM_BASE_URL", "http://litellm:4000");
    let key = ("LITELLM_MASTER_KEY", "sk-hunter2");
    let proxy = config(&[base, key]).unwrap().first_proxy.unwrap();
    assert_eq!(proxy.public_url, proxy.base_url);
    let public = ("LITELLM_PUBLIC_URL", "https://llm.example.com/team");
    let proxy = config(&[base, key, public]).unwrap().first_proxy.unwrap();
    assert_eq!(proxy.public_url.as_str(), "https://llm.example.com/team");
    assert!(errors(&[base]).contains("LITELLM_MASTER_KEY: missing"));
    assert!(errors(&[key]).contains("LITELLM_BASE_URL: missing"));
}

#[test]
fn debug_output_holds_no_secret() {
    let config = config(&[
        ("DATABASE_URL", "postgres://reeve:hunter2@db/reeve"),
        ("REEVE_MASTER_KEY", KEY),
        ("REEVE_ADMIN_TOKEN", "hunter2hunter2"),
        ("LITELLM_BASE_URL", "http://litellm:4000"),
        ("LITELLM_MASTER_KEY", "sk-hunter2"),
    ]);
    let shown = format!("{:?}", config.unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains(&KEY[..10]), "{shown}");
}

#[test]
fn the_docs_hold_this_very_list() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/CONFIGURATION.md");
    let page = fs::read_to_string(path).unwrap();
    let (start, end) = ("<!-- variables -->\n", "<!-- /variables -->");
    let (before, rest) = page.split_once(start).expect("the page has the opening mark");
    let (table, after) = rest.split_once(end).expect("the page has the closing mark");
    if std::env::var_os("REEVE_TEST_UPDATE").is_some() {
        fs::write(path, format!("{before}{start}{}{end}{after}", variables::markdown())).unwrap();
    } else {
        assert_eq!(table, variables::markdown(), "run the test with REEVE_TEST_UPDATE=1 to write the table");
    }
}
