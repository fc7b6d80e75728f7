//! What sealing promises: it opens only with its key, at its place, and never panics.

use proptest::prelude::*;

use super::*;

fn sealer(text: &str) -> Sealer {
    Sealer::new(KeyRing::parse(&Secret::new(text)).unwrap())
}

fn key(version: u32) -> String {
    KeyRing::generate(version).expose().to_owned()
}

fn place() -> SealedAt {
    SealedAt::new("credentials", "0190", "api_key")
}

#[test]
fn opens_what_it_sealed() {
    let sealer = sealer(&key(1));
    let sealed = sealer.seal(&place(), 3, &Secret::new("sk-provider"));
    assert_eq!(sealer.open(&place(), 3, &sealed).unwrap().expose(), "sk-provider");
    assert_eq!(kek_version(&sealed), Some(1));
    assert_ne!(sealed, sealer.seal(&place(), 3, &Secret::new("sk-provider")), "a fresh data key each time");
    assert!(!sealed.windows(5).any(|w| w == b"sk-pr"));
}

#[test]
fn does_not_open_elsewhere() {
    let sealer = sealer(&key(1));
    let sealed = sealer.seal(&place(), 3, &Secret::new("sk"));
    let elsewhere = [
        (SealedAt::new("proxies", "0190", "api_key"), 3),
        (SealedAt::new("credentials", "0191", "api_key"), 3),
        (SealedAt::new("credentials", "0190", "token"), 3),
        // The same letters, cut differently.
        (SealedAt::new("credentials", "0190a", "pi_key"), 3),
        (place(), 4),
    ];
    for (at, generation) in elsewhere {
        assert_eq!(sealer.open(&at, generation, &sealed), Err(SealError::Malformed), "{at:?}");
    }
}

#[test]
fn several_keys_open_and_the_first_seals() {
    let (one, two) = (key(1), key(2));
    let old = sealer(&one);
    let both = sealer(&format!(" {two} ,{one}\n"));
    let new = sealer(&two);
    // While replicas learn of the next key one after the other, none seals with it yet.
    let prepared = sealer(&format!("{one},{two}"));
    let sealed = old.seal(&place(), 0, &Secret::new("sk"));

    assert_eq!(both.open(&place(), 0, &sealed).unwrap().expose(), "sk");
    assert!(both.is_outdated(&sealed) && !old.is_outdated(&sealed));
    let again = both.seal(&place(), 0, &Secret::new("sk"));
    assert_eq!(kek_version(&again), Some(2));
    assert!(!both.is_outdated(&again));
    assert_eq!(prepared.open(&place(), 0, &again).unwrap().expose(), "sk");
    assert_eq!(kek_version(&prepared.seal(&place(), 0, &Secret::new("sk"))), Some(1));
    assert_eq!(new.open(&place(), 0, &again).unwrap().expose(), "sk");
    assert_eq!(new.open(&place(), 0, &sealed), Err(SealError::UnknownKekVersion { have: vec![2], needs: 1 }));
}

#[test]
fn the_canary_tells_a_wrong_key() {
    let right = sealer(&key(1));
    let canary = right.make_canary();
    assert_eq!(right.check_canary(&canary), Ok(()));
    assert_eq!(sealer(&key(1)).check_canary(&canary), Err(SealError::WrongKey { version: 1 }));
    let missing = sealer(&key(7)).check_canary(&canary).unwrap_err().to_string();
    assert!(missing.contains("version 1") && missing.contains('7') && missing.contains("REEVE_MASTER_KEY"));
}

#[test]
fn a_sealed_value_stays_readable_by_later_releases() {
    // Made with another implementation (Python's `cryptography`) from the description in `seal.rs`: the format
    // is a promise to every database out there.
    let bytes = hex::decode(FROZEN).unwrap();
    let sealer = sealer("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    assert_eq!(sealer.open(&place(), 3, &bytes).unwrap().expose(), "frozen");
}

const FROZEN: &str = concat!(
    "0100000001000102030405060708090a0b2367b07cad8ca870e12cf9e4c1980a1ef7a3f14388022507441a9bfa9de8823135",
    "b844949fdb13377d96996f825735451415161718191a1b1c1d1e1ff44664c5195ca7bef37852d56804d881e9079cdc8ddf",
);

#[test]
fn key_rings_are_checked_and_never_echoed() {
    let parse = |text: &str| KeyRing::parse(&Secret::new(text)).map(|ring| ring.versions());
    let good = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    assert_eq!(parse(good), Ok(vec![1]));
    assert_eq!(parse(&format!("{good}=\n")), Ok(vec![1]));
    assert_eq!(parse(&format!("9:{good},2:{good}")), Ok(vec![9, 2]));
    assert_eq!(parse(&"_-".repeat(22)[..43]).unwrap_err(), KeyRingError::Base64 { entry: 1 });
    assert_eq!(parse(&format!("{}8", "_-".repeat(21))), Ok(vec![1]));
    assert_eq!(parse(""), Err(KeyRingError::Length { entry: 1, bytes: 0 }));
    assert_eq!(parse("c2hvcnQ="), Err(KeyRingError::Length { entry: 1, bytes: 5 }));
    assert_eq!(parse("not base64!"), Err(KeyRingError::Base64 { entry: 1 }));
    assert_eq!(parse(&format!("{good},x:{good}")), Err(KeyRingError::Version { entry: 2 }));
    assert_eq!(parse(&format!("0:{good}")), Err(KeyRingError::Version { entry: 1 }));
    assert_eq!(parse(&format!("2:{good},1:{good},2:{good}")), Err(KeyRingError::Twice { entry: 3 }));
    let ring = KeyRing::parse(&Secret::new(good)).unwrap();
    assert_eq!(format!("{ring:?}"), "KeyRing { versions: [1], .. }");
}

proptest! {
    #[test]
    fn any_text_survives(text: String, generation: i64, row: String) {
        let sealer = sealer(&key(1));
        let at = SealedAt::new("t", row, "c");
        let sealed = sealer.seal(&at, generation, &Secret::new(text.clone()));
        let opened = sealer.open(&at, generation, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), text);
    }

    #[test]
    fn garbage_is_an_error(bytes: Vec<u8>) {
        prop_assert!(sealer(&key(1)).open(&place(), 0, &bytes).is_err());
        let _ = kek_version(&bytes);
    }

    #[test]
    fn any_changed_byte_is_noticed(at in 0usize..97, flip in 1u8..) {
        let sealer = sealer(&key(1));
        let mut sealed = sealer.seal(&place(), 0, &Secret::new("abcd"));
        prop_assert_eq!(sealed.len(), 97);
        sealed[at] ^= flip;
        prop_assert!(sealer.open(&place(), 0, &sealed).is_err());
    }

    #[test]
    fn any_cut_is_noticed(keep in 0usize..97) {
        let sealer = sealer(&key(1));
        let sealed = sealer.seal(&place(), 0, &Secret::new("abcd"));
        prop_assert!(sealer.open(&place(), 0, &sealed[..keep]).is_err());
    }
}
