//! Injected trouble: which request meets which fault. Set by tests (library or `/_sim/faults`), asked by `serve`
//! for each request. It decides; `serve` does the deed.

use serde::{Deserialize, Serialize};

/// One kind of trouble. "Done" means that the simulator has acted on the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Fault {
    /// Waits, then goes on as usual.
    Latency { ms: u64 },
    /// Done, then 500 in LiteLLM's shape ("saved but not live").
    SavedBut500,
    /// Not done: this status, with LiteLLM's shape and optionally a `retry-after` in seconds.
    Refused { status: u16, retry_after: Option<u32> },
    /// Not done: the connection is closed without an answer.
    RequestLost,
    /// Done, then the connection is closed without an answer.
    ResponseLost,
    /// Not done: the connection is reset (TCP RST).
    Reset,
    /// Not done: a load balancer's HTML page (502).
    HtmlPage,
    /// Not done: 302 to this location.
    Redirect { location: String },
    /// Accepted and never answered.
    Paused,
    /// Waits until a test releases it: before it is done, or done and before the answer.
    Hold { after: bool },
}

/// A fault and the requests that meet it. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    pub fault: Fault,
    /// HTTP method; absent: any.
    #[serde(default)]
    pub method: Option<String>,
    /// Path without query; `*` stands for any run of characters. Absent: any.
    #[serde(default)]
    pub path: Option<String>,
    /// Only management writes.
    #[serde(default)]
    pub writes_only: bool,
    /// Only this instance (0 is the first); absent: any.
    #[serde(default)]
    pub instance: Option<usize>,
    /// Lets so many matching requests pass first: 2 hits the third.
    #[serde(default)]
    pub skip: u32,
    /// Hits so many requests, then is over; absent: always.
    #[serde(default)]
    pub count: Option<u32>,
}

impl Rule {
    /// Hits every request, always, until narrowed with the methods below.
    pub fn new(fault: Fault) -> Self {
        Self { fault, method: None, path: None, writes_only: false, instance: None, skip: 0, count: None }
    }

    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = (method != "*").then(|| method.to_owned());
        self.path = Some(path.to_owned());
        self
    }

    #[must_use]
    pub fn writes(mut self) -> Self {
        self.writes_only = true;
        self
    }

    #[must_use]
    pub fn instance(mut self, instance: usize) -> Self {
        self.instance = Some(instance);
        self
    }

    #[must_use]
    pub fn skip(mut self, n: u32) -> Self {
        self.skip = n;
        self
    }

    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.count = Some(n);
        self
    }

    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    fn matches(&self, request: &Target<'_>) -> bool {
        self.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(request.method))
            && self.path.as_deref().is_none_or(|p| glob(p, request.path))
            && (!self.writes_only || request.write)
            && self.instance.is_none_or(|i| i == request.instance)
    }
}

/// What a rule looks at.
pub(crate) struct Target<'a> {
    pub(crate) instance: usize,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) write: bool,
}

/// The rules in force, in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(u64, Rule)>,
    next_id: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: Rule) -> u64 {
        self.next_id += 1;
        self.rules.push((self.next_id, rule));
        self.next_id
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.rules.retain(|(i, _)| *i != id);
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    pub(crate) fn rules(&self) -> Vec<(u64, Rule)> {
        self.rules.clone()
    }

    /// Every fault this request meets, in order (a latency and then a loss, for example); counts them down.
    pub(crate) fn hit(&mut self, request: &Target<'_>) -> Vec<Fault> {
        let mut hits = Vec::new();
        for (_, rule) in &mut self.rules {
            if rule.count == Some(0) || !rule.matches(request) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.count = rule.count.map(|n| n - 1);
            hits.push(rule.fault.clone());
        }
        self.rules.retain(|(_, rule)| rule.count != Some(0));
        hits
    }
}

fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && glob(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &str) -> Target<'_> {
        Target { instance: 0, method: "POST", path, write: true }
    }

    #[test]
    fn a_rule_skips_then_hits_then_ends() {
        let mut faults = Faults::default();
        faults.add(Rule::new(Fault::RequestLost).on("POST", "/key/*").skip(1).times(2));
        let hits: Vec<usize> = (0..5).map(|_| faults.hit(&write("/key/update")).len()).collect();
        assert_eq!(hits, [0, 1, 1, 0, 0]);
        assert!(faults.rules().is_empty());
    }

    #[test]
    fn a_pattern_may_hold_a_star_anywhere() {
        assert!(glob("/model/*/update", "/model/a/b/update"));
        assert!(glob("*", "/x") && glob("/x*", "/x"));
        assert!(!glob("/model/*/update", "/model/a/delete"));
    }
}
