//! What this process did since it was last asked: counted where the metrics are, and written once a minute by a job, so
//! that the console shows the last hour without a metrics server. Nothing here knows a clock or a database.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// When the minute of this instant began.
pub fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// Upper bounds of the buckets of a latency, in milliseconds, about half as much again from one to the next; a last bucket
/// holds what took longer.
pub const BOUNDS_MS: [u32; 28] = [
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 5_000,
    7_000, 10_000, 15_000, 20_000, 30_000, 60_000,
];

/// The last bucket included.
pub const BUCKETS: usize = BOUNDS_MS.len() + 1;

/// Cheap to clone; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<Mutex<Counts>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Documents that agents answered, by how long that took.
    pub latency: [i32; BUCKETS],
    /// Calls that change something on a proxy.
    pub calls: i32,
    /// Those of them that did not succeed.
    pub failed_calls: i32,
}

impl Pulse {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An agent answered a document.
    pub fn pushed(&self, took: Duration) {
        let bucket = BOUNDS_MS.partition_point(|bound| took.as_millis() > u128::from(*bound));
        let mut counts = self.counts();
        counts.latency[bucket] = counts.latency[bucket].saturating_add(1);
    }

    /// A proxy was asked to change something.
    pub fn called(&self, succeeded: bool) {
        let mut counts = self.counts();
        counts.calls = counts.calls.saturating_add(1);
        counts.failed_calls = counts.failed_calls.saturating_add(i32::from(!succeeded));
    }

    /// What was counted since the last time.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts())
    }

    /// Counts again what could not be written.
    pub fn put_back(&self, earlier: &Counts) {
        self.counts().add(earlier);
    }
}

impl Counts {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn pushes(&self) -> i64 {
        self.latency.iter().copied().map(i64::from).sum()
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.latency.iter_mut().zip(other.latency) {
            *mine = mine.saturating_add(theirs);
        }
        self.calls = self.calls.saturating_add(other.calls);
        self.failed_calls = self.failed_calls.saturating_add(other.failed_calls);
    }

    /// A bound that this share (0 to 100) of the pushes did not exceed; `None` without pushes. What took longer than the
    /// greatest bound shows as that.
    pub fn percentile_ms(&self, percent: i64) -> Option<u32> {
        let pushes = self.pushes();
        let mut below = 0;
        let bucket = self.latency.iter().position(|count| {
            below += i64::from(*count);
            pushes > 0 && below * 100 >= pushes * percent
        })?;
        BOUNDS_MS.get(bucket).or(BOUNDS_MS.last()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_bounds_that_are_not_exceeded() {
        let pulse = Pulse::default();
        assert_eq!(pulse.take().percentile_ms(50), None);
        for ms in [1, 4, 4, 40, 90_000] {
            pulse.pushed(Duration::from_millis(ms));
        }
        let counts = pulse.take();
        assert_eq!(counts.pushes(), 5);
        assert_eq!(
            [20, 50, 80, 95, 100].map(|percent| counts.percentile_ms(percent)),
            [Some(1), Some(5), Some(50), Some(60_000), Some(60_000)]
        );
    }

    #[test]
    fn what_is_put_back_is_counted_once_more() {
        let pulse = Pulse::default();
        assert!(pulse.take().is_empty());
        pulse.called(true);
        pulse.called(false);
        let earlier = pulse.take();
        assert!(pulse.take().is_empty());
        pulse.called(true);
        pulse.put_back(&earlier);
        let both = pulse.take();
        assert_eq!((both.calls, both.failed_calls), (3, 1));
    }
}
