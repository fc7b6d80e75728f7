//! Agents that a change of the fleet concerns: all of them at once, so they are looked at by and by. Ten thousand agents that
//! move to another proxy in one second would be the next outage. Pure; only the relay uses it.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::marks::Mark;

/// Between two groups of agents.
const EVERY: Duration = Duration::from_millis(100);

pub(super) struct Moves {
    waiting: HashMap<Arc<str>, Mark>,
    /// Agents in a group.
    group: usize,
    /// The next group's turn.
    next: Instant,
}

impl Moves {
    pub fn new(per_second: usize, now: Instant) -> Self {
        Self { waiting: HashMap::new(), group: (per_second / 10).max(1), next: now }
    }

    /// The older reason and time of an agent that waits already stand.
    pub fn add(&mut self, did: Arc<str>, mark: Mark) {
        self.waiting.entry(did).or_insert(mark);
    }

    /// When a group is due.
    pub fn due(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then_some(self.next)
    }

    /// The group that is due.
    pub fn take_due(&mut self, now: Instant) -> Vec<(Arc<str>, Mark)> {
        if self.waiting.is_empty() || now < self.next {
            return Vec::new();
        }
        self.next = now + EVERY;
        let dids: Vec<Arc<str>> = self.waiting.keys().take(self.group).map(Arc::clone).collect();
        dids.into_iter().filter_map(|did| self.waiting.remove_entry(&did)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_turn_at_a_bounded_pace() {
        let start = Instant::now();
        let mut moves = Moves::new(100, start);
        for n in 0..25 {
            moves.add(n.to_string().into(), Mark::connect());
            moves.add(n.to_string().into(), Mark::connect());
        }
        let taken: Vec<usize> =
            (0..4).map(|n| moves.take_due(start + Duration::from_millis(100 * n)).len()).collect();
        assert_eq!(taken, [10, 10, 5, 0]);
        assert_eq!(moves.due(), None);
    }

    #[test]
    fn a_group_waits_for_the_one_before() {
        let start = Instant::now();
        let mut moves = Moves::new(10, start);
        moves.add("a".into(), Mark::connect());
        moves.add("b".into(), Mark::connect());
        assert_eq!(moves.take_due(start).len(), 1);
        assert_eq!(moves.due(), Some(start + EVERY));
        assert!(moves.take_due(start + EVERY / 2).is_empty());
        assert_eq!(moves.take_due(start + EVERY).len(), 1);
    }
}
