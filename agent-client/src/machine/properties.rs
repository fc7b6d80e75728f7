//! What holds for the machine whatever happens, in whatever order.

use proptest::prelude::*;
use reeve_protocol::{Document, Goaway, Revoked};

use super::tests::{active, unavailable, welcome};
use super::*;

#[derive(Clone, Debug)]
enum Happening {
    /// The deadline passes.
    Tick,
    Opened,
    DialFailed,
    Welcome,
    Active(i64),
    Unavailable(i64),
    Env(i64),
    WrongHash(i64),
    Taken,
    Refused,
    Goaway,
    Closed(u16),
    Revoked,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => Just(Happening::Tick),
        6 => Just(Happening::Opened),
        2 => Just(Happening::DialFailed),
        4 => Just(Happening::Welcome),
        6 => (0..12_i64).prop_map(Happening::Active),
        3 => (0..12_i64).prop_map(Happening::Unavailable),
        1 => (0..12_i64).prop_map(Happening::Env),
        1 => (0..12_i64).prop_map(Happening::WrongHash),
        6 => Just(Happening::Taken),
        2 => Just(Happening::Refused),
        1 => Just(Happening::Goaway),
        1 => prop_oneof![Just(1001), Just(1006), Just(4408), Just(4409)].prop_map(Happening::Closed),
        1 => prop_oneof![8 => Just(Happening::Taken), 1 => Just(Happening::Revoked)],
    ]
}

fn input(happening: &Happening) -> Input {
    let document = |message| Input::Frame(ToAgent::LlmConfig(message));
    match happening {
        Happening::Tick => Input::Tick,
        Happening::Opened => Input::Opened,
        Happening::DialFailed => Input::DialFailed(DialFailure::Unreachable("no".into())),
        Happening::Welcome => Input::Frame(ToAgent::Welcome(welcome())),
        Happening::Active(version) => document(active(*version, &format!("key-{version}"))),
        Happening::Unavailable(version) => document(unavailable(*version)),
        Happening::Env(version) => document(LlmConfigMessage::new(*version, Document::Env, "mode")),
        Happening::WrongHash(version) => {
            let mut message = active(*version, "wrong");
            message.hash = "0".repeat(64);
            document(message)
        }
        Happening::Taken => Input::Handled(Ok(())),
        Happening::Refused => Input::Handled(Err(Rejection::new("no", "no"))),
        Happening::Goaway => Input::Frame(ToAgent::Goaway(Goaway { retry_after_ms: 1, spread_ms: 1 })),
        Happening::Closed(code) => Input::Closed { code: Some(*code), why: "gone".into() },
        Happening::Revoked => Input::Frame(ToAgent::Revoked(Revoked::default())),
    }
}

proptest! {
    #[test]
    fn whatever_happens(happenings in prop::collection::vec(happening(), 0..40)) {
        let facts = Facts {
            instance_id: Uuid::nil(),
            agent_version: "1".into(),
            capabilities: vec![],
            timing: Timing::default(),
            random: || 0.5,
        };
        let mut now = Instant::now();
        let mut machine = Machine::new(facts, now);
        let mut outputs = machine.step(now, Input::Start);
        let (mut asked, mut shown, mut stored) = (false, AgentConfigState::Waiting, None);
        let (mut version, mut newest) = (0, 0);
        for happening in &happenings {
            if matches!(happening, Happening::Tick) {
                now = machine.deadline().unwrap_or(now);
            }
            // The driver tells of an answer only after it was asked for one.
            if matches!(happening, Happening::Taken | Happening::Refused) && !std::mem::take(&mut asked) {
                continue;
            }
            outputs.extend(machine.step(now, input(happening)));
            for output in outputs.drain(..) {
                match output {
                    Output::Handle(_) => {
                        prop_assert!(!asked, "the program is asked about one document at a time");
                        asked = true;
                    }
                    Output::Publish(state) => {
                        if let Some(current) = state.current() {
                            prop_assert!(current.version >= version, "a version never goes back");
                            version = current.version;
                        }
                        shown = state;
                    }
                    Output::Persist(message) => stored = Some(message),
                    Output::Wipe => stored = None,
                    _ => {}
                }
            }
            // What is shown is what runs, and is what is stored.
            let running = machine.running().map(|message| message.version_hash());
            let in_hand = shown.current().map(|current| (current.version, current.hash.clone()));
            prop_assert_eq!(&in_hand, &running.map(|running| (running.version, running.hash)));
            let on_disk = stored.as_ref().map(|message| (message.version, message.hash.clone()));
            prop_assert_eq!(in_hand, on_disk);
            // Taken away is taken away at once, unless something newer came before.
            let offered = match happening {
                Happening::Active(version) | Happening::Env(version) | Happening::Unavailable(version) => *version,
                _ => -1,
            };
            if matches!(machine.phase, Phase::Open(_)) && offered >= newest {
                newest = offered;
                if matches!(happening, Happening::Unavailable(_)) {
                    prop_assert!(shown.config().is_none());
                }
            }
            // It is never stuck: finished, or something is due.
            prop_assert_eq!(machine.is_finished(), machine.deadline().is_none());
prop_assert_eq!(machine.is_finished(), shown == AgentConfigState::Revoked);
        }
    }
}
