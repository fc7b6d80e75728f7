//! When a scan does not act on what it found: a proxy whose contents are gone, and many objects to be removed. Pure.

use chrono::{DateTime, TimeDelta, Utc};

/// Between the scan that first finds a proxy wiped and the one that confirms it: LiteLLM's key cache answers that long, and a
/// database that is just being put in place is there by then.
pub(super) const CONFIRM: TimeDelta = TimeDelta::seconds(60);
/// So many objects are removed without asking, whatever share they are.
const FEW: usize = 5;

/// What to do about objects of ours that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rebuild {
    /// Make again what is missing.
    Now,
    /// Most is missing: look again at this time before anything is made.
    Confirm { since: DateTime<Utc>, again: DateTime<Utc> },
}

/// `known` is what we made true there, `missing` how much of that is not listed, `since` when a scan first said so.
pub(super) fn rebuild(
    known: usize,
    missing: usize,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> (Rebuild, Option<DateTime<Utc>>) {
    if missing < 2 || missing * 2 <= known {
        return (Rebuild::Now, None);
    }
    let since = since.unwrap_or(now);
    let again = since + CONFIRM;
    if now < again { (Rebuild::Confirm { since, again }, Some(since)) } else { (Rebuild::Now, Some(since)) }
}

/// Whether `strangers` of `ours` (marked as ours, of which the registry knows the others) are too many to be removed without
/// being asked to. `percent` is the largest share that is not.
pub(super) fn too_many(strangers: usize, ours: usize, percent: usize) -> bool {
    strangers > FEW && strangers * 100 > ours * percent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiped_proxy_is_confirmed_by_a_second_scan() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(rebuild(10, 0, None, now), (Rebuild::Now, None));
        assert_eq!(rebuild(1, 1, None, now), (Rebuild::Now, None), "one object says nothing of a proxy");
        assert_eq!(rebuild(10, 5, None, now), (Rebuild::Now, None), "half of it may be repaired at once");
        let (first, since) = rebuild(10, 6, None, now);
        assert_eq!((first, since), (Rebuild::Confirm { since: now, again: now + CONFIRM }, Some(now)));
        let early = now + TimeDelta::seconds(59);
        assert_eq!(rebuild(10, 10, since, early).0, Rebuild::Confirm { since: now, again: now + CONFIRM });
        assert_eq!(rebuild(10, 10, since, now + CONFIRM), (Rebuild::Now, since));
        assert_eq!(rebuild(10, 0, since, early), (Rebuild::Now, None), "it was back in between");
    }

    #[test]
    fn many_removals_are_asked_for() {
        assert!(!too_many(5, 5, 20), "few are removed whatever they are");
        assert!(too_many(6, 29, 20));
        assert!(!too_many(6, 30, 20));
        assert!(too_many(6, 6, 0) && !too_many(1000, 1000, 100));
    }
}
