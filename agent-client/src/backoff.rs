//! How long the agent waits, and for what.

use std::time::Duration;

/// The times of a session. The defaults are the protocol's; tests and odd networks choose others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The upper end of the first wait before a reconnect; it doubles with every failure.
    pub backoff_base: Duration,
    /// The upper end that it never passes.
    pub backoff_cap: Duration,
    /// A session must have been healthy this long before the waits start again at the base.
    pub healthy_after: Duration,
    /// From the first byte of a dial to an open socket, and again from there to `welcome`.
    pub dial: Duration,
    /// What a program may take to accept or refuse a document. The control plane gives up on a status after 30 s.
    pub handler: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_secs(1),
            backoff_cap: Duration::from_mins(1),
            healthy_after: Duration::from_mins(1),
            dial: Duration::from_secs(20),
            handler: Duration::from_secs(25),
        }
    }
}

/// Full-jitter exponential backoff: each wait is a random part of an upper end that doubles.
#[derive(Debug)]
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
    /// A number from 0 up to 1.
    random: fn() -> f64,
}

impl Backoff {
    pub(crate) fn new(timing: Timing, random: fn() -> f64) -> Self {
        Self { base: timing.backoff_base, cap: timing.backoff_cap, failures: 0, random }
    }

    /// The next wait; counts a failure.
    pub(crate) fn next(&mut self) -> Duration {
        let end =
            self.base.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        self.part_of(end)
    }

    /// The longest wait there is, less up to a tenth: for an agent that should stay away.
    pub(crate) fn at_the_end(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.cap.saturating_sub(self.part_of(self.cap / 10))
    }

    /// A random part of `span`.
    pub(crate) fn part_of(&self, span: Duration) -> Duration {
        span.mul_f64((self.random)().clamp(0.0, 1.0))
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_end_doubles_up_to_the_cap() {
        let mut backoff = Backoff::new(Timing::default(), || 1.0);
        let ends: Vec<u64> = (0..9).map(|_| backoff.next().as_secs()).collect();
        assert_eq!(ends, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        for _ in 0..100 {
            backoff.next();
        }
        assert_eq!(backoff.next().as_secs(), 60);
        backoff.reset();
        assert_eq!(backoff.next().as_secs(), 1);
    }

    #[test]
    fn the_whole_span_is_used() {
        let mut low = Backoff::new(Timing::default(), || 0.0);
        assert_eq!(low.next(), Duration::ZERO);
        assert_eq!(low.at_the_end().as_secs(), 60);
        assert_eq!(Backoff::new(Timing::default(), || 1.0).at_the_end().as_secs(), 54);
        assert_eq!(Backoff::new(Timing::default(), || 0.5).next(), Duration::from_millis(500));
    }
}
