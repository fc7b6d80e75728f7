//! What happens, for whoever watches: one task per replica reads what is new and sends it to all streams of
//! `GET /api/events`, each of which lets through what its caller may see.
//!
//! The database is the truth, so what another replica did is seen too; signals of this process only make it quicker. While
//! nobody watches, nothing is read, and a look writes nothing. Memory is bounded: looks go into a ring, and a subscriber that does not keep up
//! is told to read everything again.

mod agents;
mod event;
mod flights;
mod look;
mod proxies;
mod subscription;
mod viewer;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, broadcast, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

pub use self::{
    event::{AliveEvent, EndedEvent, Event, EventData},
    subscription::Subscription,
    viewer::Viewer,
};
use self::{
    look::{Ended, Look, Watch},
    subscription::Places,
};
use crate::{
    base::report,
    domain::error::{Error, Result},
    service::Services,
};

/// After the database failed.
const RETRY: Duration = Duration::from_secs(1);
/// Between two looks that were long.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A stream waits this long for the feed's first look.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the feed and its streams behave; the defaults are what is run.
#[derive(Clone, Copy, Debug)]
pub struct FeedOptions {
    /// Without any signal it looks this often.
    pub poll: Duration,
    /// Least time between two looks, so that a burst of signals is one look.
    pub pause: Duration,
    /// Looks that are kept for subscribers who are behind.
    pub ring: usize,
    /// A stream's caller is looked at again this often.
    pub recheck: Duration,
    /// `alive` is sent this often when nothing else is.
    pub keep_alive: Duration,
    /// Streams of one caller on this replica.
    pub per_caller: usize,
    /// Streams on this replica.
    pub in_all: usize,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(1),
            pause: Duration::from_millis(100),
            ring: 64,
            recheck: Duration::from_secs(15),
            keep_alive: Duration::from_secs(15),
            per_caller: 20,
            in_all: 1_000,
        }
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    services: Services,
    pub options: FeedOptions,
    sender: broadcast::Sender<Arc<Look>>,
    /// Somebody began to watch.
    woken: Arc<Notify>,
    /// Whether the first look was made, so that whatever happens from now on is told.
    awake: watch::Sender<bool>,
    places: Arc<Mutex<Places>>,
    /// The newest revision that a stream has read by itself; the looks may be behind it.
    seen: Arc<AtomicI64>,
}

impl Feed {
    pub fn new(services: Services, options: FeedOptions) -> Self {
        let (sender, _) = broadcast::channel(options.ring);
        let (awake, _) = watch::channel(false);
        Self {
            services,
            options,
            sender,
            woken: Arc::default(),
            awake,
            places: Arc::default(),
            seen: Arc::default(),
        }
    }

    /// Runs until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.watch() => {}
        }
    }

    async fn watch(&self) {
        let mut watch: Option<Watch> = None;
        loop {
            if self.falls_asleep() {
                watch = None;
                self.woken.notified().await;
                continue;
            }
            // Made before the look, so that a signal in between is not missed.
            let progress = self.services.signals.progress.notified();
            let began = Instant::now();
            let more = self.look(&mut watch).await;
            if more {
                tokio::time::sleep(self.options.pause).await;
                continue;
            }
            // About a fifth of the time is spent on looks, however much there is to see.
            let pause = (began.elapsed() * 4).min(LONGEST_PAUSE);
            tokio::time::sleep(self.options.pause.max(pause)).await;
            tokio::select! {
                () = progress => {}
                () = self.services.signals.feed.notified() => {}
                () = self.woken.notified() => {}
                () = tokio::time::sleep(self.options.poll) => {}
            }
        }
    }

    /// One look, sent if there is something in it. `true`: there is more to read already.
    async fn look(&self, watch: &mut Option<Watch>) -> bool {
        // Before the look, so that what it finds can only be newer, unless the database went back.
        let seen = self.seen.load(Ordering::SeqCst);
        let (look, ended) = match watch {
            Some(watch) => watch.look(&self.services, seen).await,
            None => match Watch::begin(&self.services).await {
                Ok((begun, look)) => {
                    *watch = Some(begun);
                    self.awake.send_replace(true);
                    (look, Ok(Ended::Here))
                }
                Err(error) => {
                    tracing::warn!(error = %report(&error), "the feed of events cannot begin; trying again");
                    tokio::time::sleep(RETRY).await;
                    return true;
                }
            },
        };
        if look.restored {
            self.seen.store(look.head, Ordering::SeqCst);
        }
        // Also when it broke off: what was read is not read again.
        if look.says_something() {
            // Nobody there any more is no error.
            let _ = self.sender.send(Arc::new(look));
        }
        match ended {
            Ok(ended) => ended == Ended::More,
            Err(error) => {
                tracing::warn!(error = %report(&error), "a look of the feed of events failed; trying again");
                tokio::time::sleep(RETRY).await;
                true
            }
        }
    }

    /// Nobody watches. The lock is the one under which subscribers come in, so that none takes a feed that falls asleep for
    /// one that is awake.
    fn falls_asleep(&self) -> bool {
        let places = self.places();
        let nobody = self.sender.receiver_count() == 0;
        if nobody {
            self.awake.send_replace(false);
        }
        drop(places);
        nobody
    }

    /// From the moment when this returns, whatever happens is in what is received.
    async fn subscribe(&self) -> Result<broadcast::Receiver<Arc<Look>>> {
        let looks = {
            let _places = self.places();
            self.sender.subscribe()
        };
        self.woken.notify_one();
        let mut awake = self.awake.subscribe();
        let first = tokio::time::timeout(PATIENCE, awake.wait_for(|awake| *awake)).await;
        match first {
            Ok(Ok(_)) => Ok(looks),
            _ => Err(Error::Unavailable {
                code: "database-unavailable",
                message: "the database does not answer; try again".to_owned(),
                retry_after_seconds: 1,
            }),
        }
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
