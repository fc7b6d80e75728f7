//! From revisions to documents: reads the change log, finds out whom it concerns here, waits out bursts, compiles in
//! batches, records each offer and only then leaves it in the session's mailbox.
//!
//! One task per replica, level-triggered: what is marked is an agent, never a document, so a lost hint or a failed
//! round costs time and nothing else.

mod batch;
mod marks;
mod moves;

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::{
    marks::{Mark, Marks},
    moves::Moves,
};
use super::{Inner, session::Verdict};
use crate::{
    base::report,
    domain::{
        change::Revision,
        error::{Error, Result},
    },
    store::{changes, listener, sessions},
};

/// Agents in one snapshot.
const BATCH: usize = 256;
/// Revisions read at once.
const CHANGES: i64 = 1_000;
/// Sessions whose epoch is compared with the database's per poll: all of them on a small replica, a share on a big one.
const EPOCHS: usize = 2_000;
/// After the database failed.
const RETRY: Duration = Duration::from_secs(1);

pub(super) struct Relay {
    push: Arc<Inner>,
    /// The newest revision that was read; `None` before the first.
    read: Option<Revision>,
    marks: Marks,
    moves: Moves,
    next_poll: Instant,
    /// Where the next check of epochs goes on.
    cursor: usize,
}

impl Relay {
    pub fn new(push: Arc<Inner>) -> Self {
        let marks = Marks::new(push.options.quiet, push.options.at_most);
        let now = Instant::now();
        let moves = Moves::new(push.options.moves_per_second, now);
        Self { push, read: None, marks, moves, next_poll: now, cursor: 0 }
    }

    /// Runs until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let hint = Notify::new();
        let push = Arc::clone(&self.push);
        let rounds = async {
            while !stop.is_cancelled() {
                if let Err(error) = self.round().await {
                    tracing::warn!(error = %report(&error), "a push round failed; trying again");
                    self.marks.later(Instant::now() + RETRY);
                }
                let due = self.marks.due().into_iter().chain(self.moves.due()).min();
                let until = due.map_or(self.next_poll, |due| due.min(self.next_poll));
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = hint.notified() => self.next_poll = Instant::now(),
                    () = push.signals.relay.notified() => self.next_poll = Instant::now(),
                    () = push.hub.asked.notified() => {}
                    () = tokio::time::sleep_until(until.into()) => {}
                }
            }
        };
        tokio::join!(rounds, listen(&push, &hint, &stop));
    }

    /// Reads what is new, marks whom it concerns, and serves those who are due.
    async fn round(&mut self) -> Result<()> {
        for did in self.push.hub.take_asking() {
            self.marks.add(did, Mark::connect(), Instant::now());
        }
        let now = Instant::now();
        if now >= self.next_poll {
            self.next_poll = now + self.push.options.poll;
            self.read_changes().await?;
            self.check_epochs().await?;
        }
        for (did, mark) in self.moves.take_due(Instant::now()) {
            self.marks.add(did, mark, Instant::now());
        }
        loop {
            let due = self.marks.take_due(Instant::now(), BATCH);
            if due.is_empty() {
                return Ok(());
            }
            match batch::serve(&self.push, &due).await {
                Ok(again) => self.mark_again(due, &again),
                Err(error @ Error::Unavailable { .. }) => {
                    self.marks.put_back(due);
                    return Err(error);
                }
                // One agent that cannot be served, such as one whose key cannot be opened, must not hold up the others.
                Err(_) => self.one_by_one(due).await?,
            }
        }
    }

    /// A newer revision was offered to these, by another replica: the next snapshot has it too.
    fn mark_again(&mut self, served: Vec<(Arc<str>, Mark)>, again: &HashSet<String>) {
        let now = Instant::now();
        for (did, mark) in served.into_iter().filter(|(did, _)| again.contains(did.as_ref())) {
            self.marks.add(did, mark.relaxed(), now);
        }
    }

    async fn one_by_one(&mut self, marks: Vec<(Arc<str>, Mark)>) -> Result<()> {
        let (mut failed, mut last) = (Vec::new(), Ok(()));
        for one in marks {
            match batch::serve(&self.push, std::slice::from_ref(&one)).await {
                Ok(again) => self.mark_again(vec![one], &again),
                Err(error) => {
                    tracing::error!(agent.did = %one.0, error = %report(&error), "an agent cannot be told its document");
                    failed.push(one);
                    last = Err(error);
                }
            }
        }
        self.marks.put_back(failed);
        last
    }

    async fn read_changes(&mut self) -> Result<()> {
        let mut conn = self.push.store.conn().await?;
        let mut read = match self.read {
            Some(read) => read,
            // Sessions that opened before get their documents from a snapshot that is taken after this.
            None => listener::head(&mut conn).await?,
        };
        loop {
            let notices = changes::since(&mut conn, read, CHANGES).await?;
            let now = Instant::now();
            for notice in &notices {
                for did in self.push.hub.concerned(notice) {
                    if notice.everyone && !notice.urgent {
                        self.moves.add(did, Mark::change(notice));
                    } else {
                        self.marks.add(did, Mark::change(notice), now);
                    }
                }
                read = notice.revision;
            }
            self.read = Some(read);
            metrics::gauge!("reeve_revision").set(as_f64(read));
            if notices.len() < usize::try_from(CHANGES).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    /// Ends sessions that were taken over by a newer one on another replica, and shows those again that were taken for lost: a
    /// replica that could not say for a while that it lives is gone for the others, its sessions need not be.
    async fn check_epochs(&mut self) -> Result<()> {
        let mut all = self.push.hub.epochs();
        if all.is_empty() {
            return Ok(());
        }
        all.sort_unstable();
        let count = all.len().min(EPOCHS);
        let start = if self.cursor >= all.len() { 0 } else { self.cursor };
        self.cursor = start + count;
        let (dids, epochs): (Vec<String>, Vec<i64>) =
            all.iter().cycle().skip(start).take(count).map(|(did, epoch)| (did.to_string(), *epoch)).unzip();
        let mut conn = self.push.store.conn().await?;
        let mut lost = Vec::new();
        for (did, newest) in sessions::not_shown(&mut conn, &dids, &epochs).await? {
            if let Some(entry) = self.push.hub.older(&did, newest) {
                self.push.give_way(&entry);
            } else if self.push.hub.holds(&did, newest) {
                lost.push((did, newest));
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let back = sessions::reopen_many(&mut conn, &lost, self.push.replica).await?;
        tracing::warn!(sessions = back.len(), "sessions that live were taken for lost; they are shown again");
        // One that ended meanwhile had its end written before this, or will have it now.
        for (did, epoch) in lost.iter().filter(|(did, epoch)| !self.push.hub.holds(did, *epoch)) {
            self.push.acks.ended(did, *epoch);
        }
        Ok(())
    }
}

impl Inner {
    /// Ends a session for a newer one of the same agent.
    pub(super) fn give_way(&self, entry: &super::hub::Entry) {
        if entry.mailbox.decide(Verdict::Superseded) && self.hub.count_takeover(&entry.did, Instant::now()) {
            tracing::warn!(
                agent.did = %entry.did,
                "an agent's sessions take over from each other again and again; two programs may use one identity"
            );
        }
    }
}

/// Turns notifications of the database into hints. The poll covers for the time without a connection.
async fn listen(push: &Inner, hint: &Notify, stop: &CancellationToken) {
    let hear = async {
        loop {
            let error = hear(push, hint).await.err();
            let error = error.map(|error| report(&error));
            tracing::warn!(error, "the database's notifications are not heard; polling");
            tokio::time::sleep(RETRY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = hear => {}
    }
}

async fn hear(push: &Inner, hint: &Notify) -> Result<()> {
    let mut listener = listener::listen(&push.store).await?;
    loop {
        // First of all for what was committed before it listened.
        hint.notify_one();
        push.signals.feed.notify_one();
        listener.recv().await?;
    }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge; revisions stay far below 2^53")]
fn as_f64(revision: Revision) -> f64 {
    revision as f64
}
