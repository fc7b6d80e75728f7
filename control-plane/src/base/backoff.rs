//! Full-jitter exponential backoff as a pure function. The reconciler calls it to set `next_attempt_at`; it must
//! not sleep or draw its own randomness.

use std::time::Duration;

/// How long to wait before the next try after `attempt` failures (1 for the first).
///
/// The wait is `sample` (0.0 up to 1.0, drawn evenly by the caller) of `base * 2^(attempt - 1)`, which is held
/// at `cap`. Spreading over the whole span ("full jitter") is what keeps many waiters from coming back together:
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>. Attempt 0 waits nothing; a
/// sample outside 0.0..=1.0 is held within it.
pub fn full_jitter(attempt: u32, base: Duration, cap: Duration, sample: f64) -> Duration {
    if attempt == 0 {
        return Duration::ZERO;
    }
    let factor = 1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX);
    let span = base.saturating_mul(factor).min(cap);
    let sample = if sample.is_nan() { 1.0 } else { sample.clamp(0.0, 1.0) };
    span.mul_f64(sample).min(cap)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: Duration = Duration::from_secs(1);
    const CAP: Duration = Duration::from_mins(1);

    #[test]
    fn doubles_until_the_cap() {
        let longest = |attempt| full_jitter(attempt, BASE, CAP, 1.0).as_secs();
        assert_eq!([0, 1, 2, 3, 6, 7, 40, u32::MAX].map(longest), [0, 1, 2, 4, 32, 60, 60, 60]);
        assert_eq!(full_jitter(3, BASE, CAP, 0.5), Duration::from_secs(2));
        assert_eq!(full_jitter(3, BASE, CAP, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn never_above_the_cap_and_never_panics(attempt: u32, base_ms: u32, cap_ms: u32, sample: f64) {
            let cap = Duration::from_millis(cap_ms.into());
            prop_assert!(full_jitter(attempt, Duration::from_millis(base_ms.into()), cap, sample) <= cap);
        }
    }
}
