//! What the service's commands print for people; logs are `telemetry`'s.

use owo_colors::OwoColorize as _;

/// A line on standard output.
pub fn line(text: &str) {
    anstream::println!("{text}");
}

/// A word beside the result, on standard error.
pub fn note(text: &str) {
    anstream::eprintln!("{text}");
}

/// What went wrong, on standard error.
pub fn problem(text: &str) {
    anstream::eprintln!("{} {text}", "error:".red().bold());
}

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    /// Works, but a person should look.
    Doubtful,
    Bad,
}

/// One line of a checklist.
pub fn check(mark: Mark, what: &str, text: &str) {
    match mark {
        Mark::Good => anstream::println!("{} {what:<14} {text}", "ok  ".green()),
        Mark::Doubtful => anstream::println!("{} {what:<14} {text}", "warn".yellow()),
        Mark::Bad => anstream::println!("{} {what:<14} {text}", "fail".red().bold()),
    }
}
