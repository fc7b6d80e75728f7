//! Which proxies serve a realm, in order of preference.

use std::collections::BTreeMap;

use super::error::{Error, Result};

/// Labels that a proxy must have; its name counts as the label [`NAME`]. Empty: every proxy has them.
pub type Selector = BTreeMap<String, String>;

/// Selectors, best first; a proxy that none chooses does not serve the realm. Empty: every proxy does, by name.
pub type Placement = Vec<Selector>;

/// The label that every proxy has by itself.
pub const NAME: &str = "name";

const MAX_SELECTORS: usize = 16;

pub fn check(placement: &Placement) -> Result<()> {
    if placement.len() > MAX_SELECTORS {
        return Err(Error::invalid("placement", format!("expected at most {MAX_SELECTORS} selectors")));
    }
    if !placement.iter().all(are_labels) {
        return Err(Error::invalid(
            "placement",
            "expected a list of objects of labels, such as [{\"region\": \"eu\"}, {\"name\": \"us-1\"}]; \
             at most 32 labels each, names and values of at most 63 characters",
        ));
    }
    Ok(())
}

/// Labels are for choosing proxies (`region`): few, short, printable.
pub fn are_labels(labels: &Selector) -> bool {
    let fine = |text: &str, min: usize| {
        (min..=63).contains(&text.chars().count()) && !text.chars().any(char::is_control)
    };
    labels.len() <= 32 && labels.iter().all(|(name, value)| fine(name, 1) && fine(value, 0))
}
