//! What agents said, written in batches: the last word per agent wins, however often it spoke in between.
//!
//! Sessions add to it without waiting; it never holds more than one report per agent. When the database is away, what
//! was said waits here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    base::report,
    domain::error::{Error, Result},
    store::{
        Store,
        sessions::{self, Report},
    },
};

/// How long a report waits for others.
const EVERY: Duration = Duration::from_millis(200);
/// How many go at once.
const BATCH: usize = 500;
/// Between two tries when the database does not take them.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Acks {
    waiting: Mutex<Waiting>,
    some: Notify,
    full: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    reports: HashMap<Arc<str>, Report>,
    /// Sessions that ended: DID and epoch.
    ended: Vec<(String, i64)>,
}

impl Acks {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn report(&self, did: &Arc<str>, report: Report) {
        let mut waiting = self.waiting();
        match waiting.reports.get_mut(did) {
            Some(older) => merge(older, report),
            None => {
                waiting.reports.insert(Arc::clone(did), report);
            }
        }
        self.wake(&waiting);
    }

    pub fn ended(&self, did: &str, epoch: i64) {
        let mut waiting = self.waiting();
        waiting.ended.push((did.to_owned(), epoch));
        self.wake(&waiting);
    }

    fn wake(&self, waiting: &Waiting) {
        self.some.notify_one();
        if waiting.reports.len() + waiting.ended.len() >= BATCH {
            self.full.notify_one();
        }
    }

    /// Writes until `stop`; `progress` wakes whoever waits for an agent to have applied something.
    pub async fn run(&self, store: &Store, progress: &Notify, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.some.notified() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.full.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            if let Err(error) = self.flush(store, progress).await {
                tracing::warn!(error = %report(&error), "reports of agents could not be written; trying again");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
            }
        }
    }

    /// Writes all that waits. What could not be written waits on.
    pub async fn flush(&self, store: &Store, progress: &Notify) -> Result<()> {
        loop {
            let (reports, ended) = self.take();
            if reports.is_empty() && ended.is_empty() {
                return Ok(());
            }
            let written = write(store, &reports, &ended).await;
            if let Err(error) = written {
                self.put_back(reports, ended);
                return Err(error);
            }
            progress.notify_waiters();
        }
    }

    fn take(&self) -> (Vec<Report>, Vec<(String, i64)>) {
        let mut waiting = self.waiting();
        let dids: Vec<Arc<str>> = waiting.reports.keys().take(BATCH).cloned().collect();
        let reports = dids.iter().filter_map(|did| waiting.reports.remove(did)).collect();
        let from = waiting.ended.len().saturating_sub(BATCH);
        (reports, waiting.ended.split_off(from))
    }

    fn put_back(&self, reports: Vec<Report>, ended: Vec<(String, i64)>) {
        let mut waiting = self.waiting();
        for mut older in reports {
            let did: Arc<str> = Arc::from(older.did.as_str());
            if let Some(newer) = waiting.reports.remove(&did) {
                merge(&mut older, newer);
            }
            waiting.reports.insert(did, older);
        }
        waiting.ended.extend(ended);
        self.some.notify_one();
    }
}

/// One report that says what both said, in their order.
fn merge(older: &mut Report, newer: Report) {
    if newer.epoch > older.epoch {
        *older = newer;
        return;
    }
    if newer.epoch < older.epoch {
        return;
    }
    older.seen_at = older.seen_at.max(newer.seen_at);
    older.agent_version = newer.agent_version.or_else(|| older.agent_version.take());
    if newer.rejected.is_some() {
        older.rejected = newer.rejected;
    } else if newer.applied.is_some() {
        // What is applied after a refusal ends it.
        older.rejected = None;
    }
    if let Some(applied) = newer.applied {
        let same = older.applied.as_ref().filter(|before| before.1 == applied.1);
        let generation = applied.2.or_else(|| same.and_then(|before| before.2));
        older.applied = Some((applied.0, applied.1, generation));
    }
}

async fn write(store: &Store, reports: &[Report], ended: &[(String, i64)]) -> Result<()> {
    let now = store.clock.now();
    let mut conn = store.conn().await?;
    if !reports.is_empty() {
        match sessions::record(&mut conn, reports).await {
            Ok(_) => {}
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            // One that the database refuses must not hold up the others.
            Err(_) => {
                for one in reports {
                    match sessions::record(&mut conn, std::slice::from_ref(one)).await {
                        Ok(_) => {}
                        Err(error @ Error::Unavailable { .. }) => return Err(error),
                        Err(error) => {
                            let error = report(&error);
                            tracing::error!(agent.did = one.did, error, "a report was dropped");
                        }
                    }
                }
            }
        }
    }
    if !ended.is_empty() {
        sessions::close_many(&mut conn, ended, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::store::sessions::Rejection;

    fn said(epoch: i64, applied: Option<(i64, &str, Option<i64>)>, rejected: Option<&str>) -> Report {
        Report {
            did: "did:key:z6Mk".to_owned(),
            epoch,
            seen_at: DateTime::UNIX_EPOCH,
            agent_version: None,
            applied: applied.map(|(v, h, g)| (v, h.to_owned(), g)),
            rejected: rejected.map(|hash| Rejection {
                version: 1,
                hash: hash.to_owned(),
                code: "no".to_owned(),
                message: String::new(),
                field: None,
            }),
        }
    }

    fn merged(reports: Vec<Report>) -> Report {
        let acks = Acks::default();
        let did: Arc<str> = "did:key:z6Mk".into();
        for report in reports {
            acks.report(&did, report);
        }
        acks.take().0.pop().unwrap()
    }

    #[test]
    fn the_last_word_counts() {
        let both =
            merged(vec![said(1, None, Some("b")), said(1, None, None), said(1, Some((3, "c", None)), None)]);
        assert_eq!((both.applied, both.rejected), (Some((3, "c".to_owned(), None)), None));
        let both = merged(vec![said(1, Some((3, "c", Some(2))), None), said(1, None, Some("d"))]);
        assert_eq!(both.applied, Some((3, "c".to_owned(), Some(2))));
        assert_eq!(both.rejected.unwrap().hash, "d");
        let both = merged(vec![said(1, Some((3, "c", Some(2))), None), said(1, Some((3, "c", None)), None)]);
        assert_eq!(both.applied, Some((3, "c".to_owned(), Some(2))), "the generation is kept");
    }

    #[test]
    fn an_older_session_says_nothing_after_a_newer() {
        let both = merged(vec![said(2, Some((3, "c", None)), None), said(1, Some((2, "b", None)), None)]);
        assert_eq!((both.epoch, both.applied.unwrap().0), (2, 3));
        let both = merged(vec![said(1, Some((2, "b", None)), None), said(2, None, None)]);
        assert_eq!((both.epoch, both.applied), (2, None));
    }

    #[test]
    fn what_was_not_written_waits_on() {
        let acks = Acks::default();
        let did: Arc<str> = "did:key:z6Mk".into();
        acks.report(&did, said(1, Some((1, "a", None)), None));
        acks.ended("did:key:z6Mk", 1);
        let (reports, ended) = acks.take();
        acks.report(&did, said(1, None, Some("b")));
        acks.put_back(reports, ended);
        let (reports, ended) = acks.take();
        assert_eq!(ended.len(), 1);
        assert_eq!(reports[0].applied.as_ref().unwrap().1, "a");
        assert_eq!(reports[0].rejected.as_ref().unwrap().hash, "b");
    }
}
