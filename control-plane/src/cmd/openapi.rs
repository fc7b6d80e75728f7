//! `reeve openapi`: the API document, from the code.

use std::process::ExitCode;

use super::out;

pub fn run() -> ExitCode {
    match crate::api::openapi().to_pretty_json() {
        Ok(json) => {
            out::line(&json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            out::problem(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
