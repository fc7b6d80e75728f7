//! What any service needs and that knows nothing of this project: time, ids, secrets, hashes.

pub mod backoff;
pub mod clock;
pub mod context;
pub mod hash;
pub mod idgen;
pub mod ids;
pub mod page;
pub mod pulse;
pub mod reach;
pub mod seal;
pub mod secret;
pub mod signals;

/// An error with all its sources in one line, for the log; what clients get is its `Display` alone.
pub fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        text.push_str(": ");
        text.push_str(&next.to_string());
        source = next.source();
    }
    text
}
