//! Holds the layers: which module may import which, and where SQL, HTTP types and the HTTP client may stand.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the sources cannot go on")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// `module -> what it may import`. Everything may import `base`; `lifecycle` knows nothing of the project.
const ALLOWED: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("lifecycle", &[]),
    ("config", &[]),
    ("telemetry", &["config"]),
    ("cluster", &[]),
    ("domain", &[]),
    ("store", &["domain"]),
    ("outbound", &["domain"]),
    ("oidc", &["domain", "outbound"]),
    ("proxy", &["domain", "outbound"]),
    ("push", &["store", "domain", "lifecycle"]),
    // One builder makes the document for connect, push and preview; one place checks an agent's proof.
    ("service", &["store", "domain", "push", "oidc"]),
    ("reconcile", &["store", "proxy", "outbound", "domain", "lifecycle"]),
    ("jobs", &["service", "store", "domain", "lifecycle", "outbound"]),
    // Tells what happened in the words of the use cases, as their views; it begins nothing by itself.
    ("feed", &["service", "store", "domain"]),
    // Of the reconciler only what an admin waits for: a provider's new key, tried out before anything is written.
    // The feed is what the stream of events hands on.
    ("api", &["service", "domain", "reconcile", "oidc", "feed"]),
    ("cli", &[]),
    ("start", &["cluster", "config", "domain", "store"]),
    // `app` and `cmd` may see all.
];

/// `text -> the places where it may stand`.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sqlx::query", &["store"]),
    ("reqwest::", &["outbound", "proxy", "cli"]),
    ("axum::", &["api", "push", "app"]),
    ("Utc::now", &["base"]),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// A file's production part: without comments and without what follows `#[cfg(test)]`.
fn production(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn modules() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files
        .into_iter()
        .filter(|f| {
            !f.to_string_lossy().ends_with("tests.rs") && !f.components().any(|c| c.as_os_str() == "tests")
        })
        .map(|f| {
            let inside = f.strip_prefix(&root).unwrap().to_owned();
            let module = inside.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
            (module, inside, production(&fs::read_to_string(&f).unwrap()))
        })
        .collect()
}

/// The top-level modules named after `crate::`, in paths and in `use crate::{a, b::c}` lists.
fn imports(text: &str) -> Vec<String> {
    let name = |t: &str| t.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(list) => found.extend(items(list).into_iter().map(|item| name(item.trim_start()))),
        }
    }
    found
}

/// The items of a `use` list, whose opening brace was read, split at its own commas.
fn items(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(&list[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn modules_import_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let known: Vec<String> = modules().into_iter().map(|(m, ..)| m).collect();
    let mut wrong = Vec::new();
    for (module, file, text) in modules() {
        let Some(may) = allowed.get(module.as_str()) else {
            assert!(
                ["app", "cmd", "main", "lib"].contains(&module.as_str()),
                "{module} is new: say in ALLOWED what it may import"
            );
            continue;
        };
        for import in imports(&text) {
            let fine = import == module
                || import == "base"
                || may.contains(&import.as_str())
                || !known.contains(&import);
            if !fine {
                wrong.push(format!("{} imports {import}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the layers:\n{}", wrong.join("\n"));
}

#[test]
fn sql_http_and_clocks_stand_where_they_belong() {
    let mut wrong = Vec::new();
    for (module, file, text) in modules() {
        for (needle, places) in ONLY_IN {
            if text.contains(needle) && !places.contains(&module.as_str()) {
                wrong.push(format!("{} has {needle}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "in the wrong place:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_owns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let bare: Vec<_> =
        files.iter().filter(|f| !fs::read_to_string(f).unwrap().trim_start().starts_with("//!")).collect();
    assert!(bare.is_empty(), "no //! header: {bare:?}");
}
