//! The command line itself: what parses, what is refused, and the exit codes.

use clap::{CommandFactory as _, Parser};

use super::{AdminCommand, args, failure::*};

#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    command: AdminCommand,
}

#[test]
fn the_command_line_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn secrets_do_not_show_in_the_parsed_command() {
    let typed =
        ["reeve", "--", "credential", "add", "main", "--provider", "openai", "--api-key", "sk-typed-secret"];
    let typed = typed.iter().filter(|word| **word != "--");
    let cli = Cli::try_parse_from(typed.chain(&["--token", "token-typed-secret"])).unwrap();
    assert!(!format!("{cli:?}").contains("typed-secret"), "{cli:?}");
}

#[test]
fn waiting_takes_its_seconds_after_an_equals_sign() {
    let parse = |words: &[&str]| Cli::try_parse_from([&["reeve"], words].concat());
    assert!(parse(&["grant", "openai/a", "team", "--wait"]).is_ok());
    assert!(parse(&["grant", "--wait", "openai/a", "team"]).is_ok());
    assert!(parse(&["grant", "openai/a", "team", "--wait=5"]).is_ok());
    assert!(parse(&["grant", "openai/a", "team", "--wait=0"]).is_err());
    assert!(parse(&["agents"]).is_ok() && parse(&["agents", "list"]).is_ok());
    assert!(parse(&["agent-config", "set", "did:key:z", "--realm", "a"]).is_err());
    assert!(parse(&["agent-config", "set", "did:key:z", "--by-rule"]).is_ok());
    assert!(parse(&["sessions", "end"]).is_err() && parse(&["sessions", "end", "x", "--others"]).is_err());
    assert!(parse(&["sessions", "end", "x"]).is_ok() && parse(&["sessions", "end", "--others"]).is_ok());
    assert!(parse(&["agent-config", "set", "did:key:z", "--by-rule", "--env"]).is_err());
}

#[test]
fn exit_codes_are_what_the_manual_says() {
    let refused = |status| Failure::Refused(Box::new(Problem { status, ..Problem::default() }));
    let cases = [
        (Failure::Unexpected(String::new()), 1),
        (refused(500), 1),
        (Failure::Usage(String::new()), 2),
        (refused(404), 3),
        (refused(422), 4),
        (refused(400), 4),
        (refused(409), 5),
        (refused(412), 5),
        (Failure::NotConverged(String::new()), 6),
        (Failure::Unreachable(String::new()), 7),
        (refused(503), 7),
        (refused(401), 8),
        (refused(403), 8),
    ];
    let manual = include_str!("../../../docs/CLI.md");
    for (failure, code) in cases {
        assert_eq!(failure.exit_code(), code, "{failure:?}");
        assert!(manual.contains(&format!("| {code} |")), "docs/CLI.md lacks code {code}");
    }
}

#[test]
fn every_command_is_in_the_manual() {
    let manual = include_str!("../../../docs/CLI.md");
    for command in Cli::command().get_subcommands() {
        let subcommands: Vec<_> = command.get_subcommands().collect();
        if subcommands.is_empty() {
            assert!(manual.contains(&format!("`reeve {}", command.get_name())), "{}", command.get_name());
        }
        for sub in subcommands {
            let name = format!("`reeve {} {}", command.get_name(), sub.get_name());
            assert!(manual.contains(&name), "docs/CLI.md lacks {name}");
        }
    }
}

#[test]
fn problems_show_what_a_person_needs() {
    let body = serde_json::json!({
        "title": "Unprocessable", "status": 422, "code": "invalid-field", "detail": "name: too long",
        "field": "name", "requestId": "r-1",
    });
    let text = Problem::read(422, &body, None).to_string();
    assert_eq!(text, "name: too long\n(HTTP 422, invalid-field, field name, request r-1)");
    let text = Problem::read(502, &serde_json::Value::Null, Some("r-2".to_owned())).to_string();
    assert!(text.contains("REEVE_URL") && text.contains("r-2"), "{text}");
}

#[test]
fn times_can_be_typed_in_three_ways() {
    assert_eq!(args::moment("2027-01-31T12:00:00+02:00").unwrap(), "2027-01-31T10:00:00Z");
    assert_eq!(args::moment("2027-01-31").unwrap(), "2027-01-31T00:00:00Z");
    let later = args::moment("24h").unwrap();
    let earlier = args::past("24h").unwrap();
    assert!(earlier < later, "{earlier} {later}");
    assert_eq!(args::moment_or_none("none").unwrap(), serde_json::Value::Null);
    assert_eq!(args::moment_or_none("2027-01-31").unwrap(), "2027-01-31T00:00:00Z");
    assert!(args::moment_or_none("never").is_err());
    for wrong in ["", "h", "-3h", "3w", "soon", "9999999999999999d"] {
        assert!(args::moment(wrong).is_err(), "{wrong}");
    }
}
