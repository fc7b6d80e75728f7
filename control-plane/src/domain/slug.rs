//! Slugs: how realms and proxies are named in URLs, key aliases and commands.

use super::error::{Error, Result};

/// Longest slug; LiteLLM's key aliases hold 255 characters and ours have more parts.
pub const MAX_SLUG: usize = 63;

/// Checks a slug that somebody typed: 1 to 63 of `a-z 0-9 -`, letter or digit at both ends, and not a UUID, since
/// a realm, model or proxy may be addressed by either.
pub fn check(field: &str, slug: &str) -> Result<()> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let fine = slug.len() <= MAX_SLUG
        && slug.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && edge(slug.chars().next())
        && edge(slug.chars().last());
    if !fine {
        return Err(Error::invalid(
            field,
            format!(
                "expected 1 to {MAX_SLUG} of a-z, 0-9 and '-', with a letter or digit at both ends, such as \"team-a\""
            ),
        ));
    }
    if uuid::Uuid::try_parse(slug).is_ok() {
        return Err(Error::invalid(field, "must not look like an id; choose a readable word"));
    }
    Ok(())
}

/// A slug made from a display name: `Data Science (EU)` becomes `data-science-eu`. Empty when nothing is left.
pub fn from_name(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= MAX_SLUG {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// Checks a display name: 1 to 200 characters, no control characters, not only spaces.
pub fn check_name(field: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(Error::invalid(field, "expected 1 to 200 characters without control characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_made_and_checked() {
        assert_eq!(from_name("  Data Science (EU) "), "data-science-eu");
        assert_eq!(from_name("日本"), "");
        assert!(check("slug", "data-science-eu").is_ok());
        for bad in ["", "-a", "a-", "A", "a b", "0190b3a0-0000-7000-8000-000000000000", &"a".repeat(64)] {
            assert!(check("slug", bad).is_err(), "{bad}");
        }
    }
}
