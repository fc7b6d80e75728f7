//! The decoder takes any text without panicking, and what it reads it can write and read again. Start it from the golden
//! frames: `cargo +nightly fuzz run decode golden`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reeve_protocol::{EncodeError, Envelope, FromAgent, Message, ToAgent};

fn round_trip<M: Message + PartialEq + std::fmt::Debug>(text: &str) {
    let Ok(envelope) = Envelope::<M>::decode(text) else { return };
    match envelope.encode() {
        Ok(written) => assert!(Envelope::<M>::decode(&written).is_ok(), "{envelope:?}"),
        // Escapes can make a message longer than it came.
        Err(error) => assert!(matches!(error, EncodeError::TooLarge { .. })),
    }
}

fuzz_target!(|text: &str| {
    round_trip::<ToAgent>(text);
    round_trip::<FromAgent>(text);
});
