//! The committed API document and the page of conventions are held to the code.

use std::{fs, path::Path};

use crate::{
    api::{
        authz::{Need, OPERATIONS},
        openapi,
    },
    domain::{
        permission::{Area, Level},
        role::Role,
    },
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// `UPDATE_OPENAPI=1` rewrites the file.
#[test]
fn the_committed_document_is_what_the_code_says() {
    let path = root().join("openapi/reeve.json");
    let now = openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, now).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "openapi/reeve.json is not what the code says: run this test with UPDATE_OPENAPI=1"
    );
}

/// The tables of docs/SECURITY.md are those of the code; `UPDATE_OPENAPI=1` rewrites them.
#[test]
fn the_printed_permissions_are_those_of_the_code() {
    let path = root().join("docs/SECURITY.md");
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- permissions: from the code -->\n", "<!-- end of permissions -->\n");
    let (head, rest) = page.split_once(start).unwrap();
    let (_, tail) = rest.split_once(end).unwrap();
    let now = format!("{head}{start}{}{end}{tail}", permissions());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(&path, now).unwrap();
        return;
    }
    assert!(page == now, "docs/SECURITY.md is not what the code says: run this test with UPDATE_OPENAPI=1");
}

/// The console says in words what a role holds, and has the levels as a letter for each role.
#[test]
fn the_roles_of_the_console_are_those_of_the_code() {
    let page = fs::read_to_string(root().join("dashboard/src/pages/access/roles.ts")).unwrap();
    for area in Area::ALL {
        let line = page.lines().find(|line| line.contains(&format!("{{ area: '{}',", area.as_str())));
        let letter = |role: &Role| match role.level(*area) {
            None => '-',
            Some(Level::Read) => 'r',
            Some(Level::Write) => 'w',
        };
        let held: String = Role::ALL.iter().map(letter).collect();
        let said = line.is_some_and(|line| line.contains(&format!("held: '{held}'")));
        assert!(said, "{}: held: '{held}' in {line:?}", area.as_str());
    }
}

fn permissions() -> String {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let names = Role::ALL.iter().map(|role| role.as_str().to_owned());
    let head: Vec<String> = ["area".into()].into_iter().chain(names).chain(["what it is".into()]).collect();
    let mut text = row(head.clone()) + &row(vec!["---".to_owned(); head.len()]);
    for area in Area::ALL {
        let levels = Role::ALL.iter().map(|role| match role.level(*area) {
            None => String::new(),
            Some(Level::Read) => "read".to_owned(),
            Some(Level::Write) => "write".to_owned(),
        });
        let name = [format!("`{}`", area.as_str())];
        text += &row(name.into_iter().chain(levels).chain([area.about().to_owned()]).collect());
    }
    text += "\n| operation | permission | where |\n| --- | --- | --- |\n";
    for (method, path, need) in OPERATIONS {
        let permission = need.permission().map_or("any caller".to_owned(), |p| format!("`{}`", p.as_str()));
        let place = match need {
            Need::SignedIn => "",
            Need::Everywhere(..) => "everywhere",
            Need::InRealm(..) => "in the realm",
            Need::OwnOrInRealm(..) => "in the realm; one's own always",
        };
        text += &row(vec![format!("`{method} {path}`"), permission, place.to_owned()]);
    }
    text
}

#[test]
fn operations_have_unique_names_and_every_error_is_a_problem() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut names = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            names.push(operation["operationId"].as_str().unwrap().to_owned());
            let problem =
                &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(openapi()).unwrap();
    let text = document.to_string();
    let references: Vec<&str> =
        text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(references.len() > 50);
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

/// Codes stand after `conflict(`, `code: "` and the like; every one of them must be on the page.
#[test]
fn every_error_code_is_documented() {
    let mut files = Vec::new();
    for module in ["api", "service", "store", "push", "domain"] {
        sources(&root().join("control-plane/src").join(module), &mut files);
    }
    let page = fs::read_to_string(root().join("docs/API-DESIGN.md")).unwrap_or_default();
    let mut codes: Vec<String> = files.iter().flat_map(|text| codes(text)).collect();
    codes.sort();
    codes.dedup();
    assert!(codes.len() > 30, "{codes:?}");
    let missing: Vec<_> = codes.iter().filter(|code| !page.contains(&format!("`{code}`"))).collect();
    assert!(missing.is_empty(), "not in docs/API-DESIGN.md: {missing:?}");
}

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !name.ends_with("tests.rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push(text.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
}

fn codes(text: &str) -> Vec<String> {
    const BEFORE: [&str; 9] = [
        "conflict(",
        "code: ",
        "problem(StatusCode",
        "Problem::new(",
        "Problem::in_field(",
        "unready(",
        "unauthenticated(",
        "=> (StatusCode",
        "=> (",
    ];
    let mut found = Vec::new();
    for before in BEFORE {
        for (at, _) in text.match_indices(before) {
            // The first literal of the call that looks like a code; a call is short.
            let call = &text[at + before.len()..];
            let Some(start) = call.find('"').filter(|start| *start < 160) else { continue };
            let literal = call[start + 1..].split('"').next().unwrap_or_default();
            let looks = literal.len() > 3 && literal.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            let next = matches!(before, "code: " | "=> (");
            if looks && (!next || start == 0) {
                found.push(literal.to_owned());
            }
        }
    }
    found
}
