//! Agents that are to be looked at, and when: at once on connect and when a right was taken away, else when the burst
//! is over. Pure; only the relay uses it.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use reeve_protocol::reason;

use crate::store::changes::Notice;

/// Why an agent is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// What the document's `reason` says; a fixed word, because it is a metric's label too.
    pub reason: &'static str,
    /// When the oldest change was made that is not served yet; `None` on connect.
    pub changed_at: Option<DateTime<Utc>>,
    /// Not to wait for the end of a burst.
    pub urgent: bool,
}

impl Mark {
    /// The agent connected, or reported something that was not expected.
    pub fn connect() -> Self {
        Self { reason: reason::CONNECT, changed_at: None, urgent: true }
    }

    pub fn change(notice: &Notice) -> Self {
        Self { reason: reason_of(notice), changed_at: Some(notice.at), urgent: notice.urgent }
    }

    /// The same, at the end of a burst.
    pub fn relaxed(self) -> Self {
        Self { urgent: false, ..self }
    }

    /// Both in one: a lost right is the reason that counts, then that the agent came, then the newer one.
    fn and(&self, newer: &Self) -> Self {
        let reason = match (self.reason, newer.reason) {
            (reason::REVOKE, _) | (_, reason::REVOKE) => reason::REVOKE,
            (reason::CONNECT, _) | (_, reason::CONNECT) => reason::CONNECT,
            (_, newer) => newer,
        };
        Self {
            reason,
            changed_at: self.changed_at.into_iter().chain(newer.changed_at).min(),
            urgent: self.urgent || newer.urgent,
        }
    }
}

/// What a kind of change is called in a document. A proxy's write-back is how a grant or a rotation comes true.
fn reason_of(notice: &Notice) -> &'static str {
    match notice.kind.as_str() {
        "rotate" | "key.close" | "key.retire" => reason::ROTATE,
        "revoke" => reason::REVOKE,
        _ if notice.urgent => reason::REVOKE,
        "grant" => reason::GRANT,
        "mode" => reason::MODE,
        "retry" => reason::RESEND,
        "proxy.applied" => "converged",
        _ => "change",
    }
}

/// The marked agents.
#[derive(Debug)]
pub(super) struct Marks {
    quiet: Duration,
    at_most: Duration,
    marked: HashMap<Arc<str>, Mark>,
    urgent: usize,
    /// First and last mark of the burst that is waited out.
    burst: Option<(Instant, Instant)>,
    /// Nothing before this.
    not_before: Option<Instant>,
}

impl Marks {
    pub fn new(quiet: Duration, at_most: Duration) -> Self {
        Self { quiet, at_most, marked: HashMap::new(), urgent: 0, burst: None, not_before: None }
    }

    pub fn add(&mut self, did: Arc<str>, mark: Mark, now: Instant) {
        if !mark.urgent {
            let first = self.burst.map_or(now, |(first, _)| first);
            self.burst = Some((first, now));
        }
        let before = self.marked.remove(&did);
        let was_urgent = before.as_ref().is_some_and(|m| m.urgent);
        let mark = match before {
            Some(before) => before.and(&mark),
            None => mark,
        };
        if mark.urgent && !was_urgent {
            self.urgent += 1;
        }
        self.marked.insert(did, mark);
    }

    /// Those that could not be served.
    pub fn put_back(&mut self, marks: Vec<(Arc<str>, Mark)>) {
        let now = Instant::now();
        for (did, mark) in marks {
            self.add(did, mark, now);
        }
    }

    /// Serves nobody before `at`.
    pub fn later(&mut self, at: Instant) {
        self.not_before = Some(at);
    }

    /// When somebody is due.
    pub fn due(&self) -> Option<Instant> {
        let due = if self.urgent > 0 {
            // Long past.
            self.burst.map_or_else(Instant::now, |(first, _)| first)
        } else {
            let (first, last) = self.burst.filter(|_| !self.marked.is_empty())?;
            (last + self.quiet).min(first + self.at_most)
        };
        Some(self.not_before.map_or(due, |at| at.max(due)))
    }

    /// At most `max` of those who are due: everybody at the end of a burst, else the urgent ones.
    pub fn take_due(&mut self, now: Instant, max: usize) -> Vec<(Arc<str>, Mark)> {
        if self.not_before.is_some_and(|at| now < at) {
            return Vec::new();
        }
        self.not_before = None;
        let over =
            self.burst.is_some_and(|(first, last)| now >= (last + self.quiet).min(first + self.at_most));
        if self.urgent == 0 && !over {
            return Vec::new();
        }
        let mut dids: Vec<Arc<str>> =
            self.marked.iter().filter(|(_, m)| m.urgent).map(|(did, _)| Arc::clone(did)).take(max).collect();
        if over && dids.len() < max {
            let rest = self.marked.iter().filter(|(_, m)| !m.urgent).map(|(did, _)| Arc::clone(did));
            let room = max - dids.len();
            dids.extend(rest.take(room));
        }
        let taken: Vec<(Arc<str>, Mark)> =
            dids.into_iter().filter_map(|did| self.marked.remove_entry(&did)).collect();
        self.urgent = self.urgent.saturating_sub(taken.iter().filter(|(_, m)| m.urgent).count());
        if self.marked.len() == self.urgent {
            self.burst = None;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_millis(100);
    const AT_MOST: Duration = Duration::from_secs(2);

    fn grant(at: i64) -> Mark {
        Mark { reason: reason::GRANT, changed_at: DateTime::from_timestamp(at, 0), urgent: false }
    }

    fn revoke() -> Mark {
        Mark { reason: reason::REVOKE, changed_at: DateTime::from_timestamp(9, 0), urgent: true }
    }

    fn names(taken: &[(Arc<str>, Mark)]) -> String {
        let mut names: Vec<&str> = taken.iter().map(|(did, _)| did.as_ref()).collect();
        names.sort_unstable();
        names.concat()
    }

    #[test]
    fn a_burst_waits_until_it_is_quiet() {
        let (mut marks, start) = (Marks::new(QUIET, AT_MOST), Instant::now());
        let at = |ms: u64| start + Duration::from_millis(ms);
        assert_eq!(marks.due(), None);
        marks.add("a".into(), grant(1), at(0));
        marks.add("b".into(), grant(2), at(60));
        assert_eq!(marks.due(), Some(at(160)));
        assert!(marks.take_due(at(159), 9).is_empty());
        assert_eq!(names(&marks.take_due(at(160), 9)), "ab");
        assert_eq!(marks.due(), None);
    }

    #[test]
    fn an_agent_that_comes_in_a_burst_is_told_that_it_came() {
        for (one, other) in [(grant(1), Mark::connect()), (Mark::connect(), grant(1))] {
            let both = one.and(&other);
            assert_eq!((both.reason, both.changed_at), (reason::CONNECT, grant(1).changed_at));
        }
        assert_eq!(revoke().and(&Mark::connect()).reason, reason::REVOKE);
    }

    #[test]
    fn a_burst_that_does_not_end_is_cut() {
        let (mut marks, start) = (Marks::new(QUIET, AT_MOST), Instant::now());
        for ms in (0..=2_000).step_by(50) {
            marks.add("a".into(), grant(1), start + Duration::from_millis(ms));
        }
        assert_eq!(marks.due(), Some(start + AT_MOST));
    }

    #[test]
    fn what_is_urgent_does_not_wait_nor_takes_others_along() {
        let (mut marks, start) = (Marks::new(QUIET, AT_MOST), Instant::now());
        marks.add("a".into(), grant(1), start);
        marks.add("b".into(), grant(1), start);
        marks.add("b".into(), revoke(), start);
        assert!(marks.due() <= Some(start));
        let taken = marks.take_due(start, 9);
        assert_eq!(names(&taken), "b");
        assert_eq!((taken[0].1.reason, taken[0].1.changed_at), (reason::REVOKE, grant(1).changed_at));
        assert_eq!(marks.due(), Some(start + QUIET));
        assert_eq!(names(&marks.take_due(start + QUIET, 9)), "a");
    }

    #[test]
    fn batches_are_small_and_nobody_is_forgotten() {
        let (mut marks, start) = (Marks::new(QUIET, AT_MOST), Instant::now());
        for n in 0..10 {
            let mark = if n % 2 == 0 { grant(1) } else { revoke() };
            marks.add(n.to_string().into(), mark, start);
        }
        let mut all = Vec::new();
        loop {
            let taken = marks.take_due(start + QUIET, 3);
            assert!(taken.len() <= 3);
            if taken.is_empty() {
                break;
            }
            all.extend(taken);
        }
        assert_eq!(names(&all), "0123456789");
    }

    #[test]
    fn after_a_failure_nothing_is_done_for_a_while() {
        let (mut marks, start) = (Marks::new(QUIET, AT_MOST), Instant::now());
        marks.add("a".into(), revoke(), start);
        marks.later(start + AT_MOST);
        assert!(marks.take_due(start + QUIET, 9).is_empty());
        assert_eq!(marks.due(), Some(start + AT_MOST));
        assert_eq!(names(&marks.take_due(start + AT_MOST, 9)), "a");
    }
}
