//! Metrics of the calls to proxies. Labels: the proxy's name, the call's name, and `ok` or the error's code.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

const SECONDS: &str = "reeve_proxy_call_seconds";
const CALLS: &str = "reeve_proxy_calls_total";

/// Registers help and units; called once at start.
pub fn describe() {
    describe_histogram!(
        SECONDS,
        Unit::Seconds,
        "Time of one call to a proxy's admin API, waiting for a turn left out."
    );
    describe_counter!(CALLS, Unit::Count, "Calls to proxies' admin APIs, by call and outcome.");
}

pub(super) fn record(proxy: &str, call: &'static str, outcome: &'static str, took: Duration) {
    histogram!(SECONDS, "proxy" => proxy.to_owned(), "call" => call, "outcome" => outcome).record(took);
    counter!(CALLS, "proxy" => proxy.to_owned(), "call" => call, "outcome" => outcome).increment(1);
}
