//! The log of requests a simulator was sent. Written by `serve`, read by tests. Bodies hold secrets, so they are
//! kept apart: a test in the same process can ask for one, HTTP never shows them.

use serde::Serialize;

/// One request, in order of arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Number of the request, from 1.
    pub seq: u64,
    /// The instance that got it; 0 is the first.
    pub instance: usize,
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: Option<String>,
    /// A management call that changes something (whether or not it succeeded).
    pub write: bool,
    /// The HTTP status sent; absent while unanswered, and for good if the answer was lost.
    pub status: Option<u16>,
    /// Whether the simulator acted on it (false: lost, refused or held before).
    pub done: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<(Recorded, Vec<u8>)>,
    next_seq: u64,
}

impl Log {
    pub(crate) fn add(&mut self, mut entry: Recorded, body: Vec<u8>) -> u64 {
        self.next_seq += 1;
        entry.seq = self.next_seq;
        self.entries.push((entry, body));
        self.next_seq
    }

    pub(crate) fn update(&mut self, seq: u64, change: impl FnOnce(&mut Recorded)) {
        // The latest requests are at the end.
        if let Some((entry, _)) = self.entries.iter_mut().rev().find(|(e, _)| e.seq == seq) {
            change(entry);
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Recorded> {
        self.entries.iter().map(|(entry, _)| entry)
    }

    pub(crate) fn body(&self, seq: u64) -> Option<&[u8]> {
        self.entries.iter().find(|(e, _)| e.seq == seq).map(|(_, body)| body.as_slice())
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
