//! One table of cases that every LiteLLM must answer alike: the simulator always, a real one where there is one.
//!
//! A case is a list of steps: a call, and what of its answer is observed. The expected observation stands in the
//! case, so the two proxies are equal by both matching it. `run` plays a case against any base URL and master key;
//! ids are unique per run, and what a case made is removed after it. The areas' cases are in the modules beside.

#![expect(clippy::needless_pass_by_value, reason = "the cases' `json!` literals read better without a `&`")]

mod admin;
mod budgets;
mod credentials;
mod health;
mod keys;
mod models;
mod rights;
mod run;
mod step;
mod teams;

pub use self::run::{Subject, run};
pub use self::step::{Case, Step};

/// Every case, by area.
pub fn cases() -> Vec<Case> {
    [
        health::cases(),
        models::cases(),
        credentials::cases(),
        keys::cases(),
        teams::cases(),
        rights::cases(),
        budgets::cases(),
        admin::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
