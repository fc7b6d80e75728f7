//! Rule 8, as numbers: when to send a heartbeat, and when silence means that nobody is there.

use std::time::{Duration, Instant};

use reeve_protocol::MISSED_HEARTBEATS;

#[derive(Debug)]
pub(super) struct Heartbeat {
    every: Duration,
    next: Instant,
    unanswered: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    NotYet,
    Send,
    /// Too many went unanswered.
    Dead,
}

impl Heartbeat {
    pub fn new(every: Duration, now: Instant) -> Self {
        Self { every, next: now + every, unanswered: 0 }
    }

    /// Anything at all came from the other end.
    pub fn heard(&mut self) {
        self.unanswered = 0;
    }

    pub fn next(&self) -> Instant {
        self.next
    }

    pub fn tick(&mut self, now: Instant) -> Beat {
        if now < self.next {
            return Beat::NotYet;
        }
        if self.unanswered >= MISSED_HEARTBEATS {
            return Beat::Dead;
        }
        self.unanswered += 1;
        self.next = now + self.every;
        Beat::Send
    }
}
