//! Known answers, and the lanes against hashing one message after the other.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Sha256Stream, one_by_one, sha256_all};

fn hex(digest: &[u8; 32]) -> String {
    use std::fmt::Write;
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// FIPS 180-4's examples, and the empty message.
#[test]
fn known_answers() {
    let million = vec![b'a'; 1_000_000];
    let messages: [&[u8]; 4] = [
        b"",
        b"abc",
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        &million,
    ];
    let expected = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
    ];
    let found: Vec<String> = sha256_all(b"", &messages).iter().map(hex).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_length_around_the_borders_of_blocks_is_hashed_as_by_itself() {
    let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
    let messages: Vec<&[u8]> = (0..bytes.len()).map(|length| &bytes[..length]).collect();
    for prefix in [
        &b""[..],
        b"\0",
        b"\x01",
        b"prefix",
        &[7; 63],
        &[7; 64],
        &[7; 200],
    ] {
        assert_eq!(
            sha256_all(prefix, &messages),
            one_by_one(prefix, &messages),
            "{} bytes before",
            prefix.len()
        );
    }
}

#[test]
fn no_message_and_one_message() {
    assert_eq!(sha256_all(b"", &[]), Vec::<[u8; 32]>::new());
    for length in [0, 1, 55, 56, 63, 64, 65, 1_000] {
        let message = vec![9; length];
        let alone: [&[u8]; 1] = [&message];
        assert_eq!(sha256_all(b"\0", &alone), one_by_one(b"\0", &alone));
    }
}

/// Hashes two messages in step, each cut into parts of its own length.
fn in_step(messages: [&[u8]; 2], parts: [usize; 2]) -> Vec<[u8; 32]> {
    let [mut one, mut other] = [Sha256Stream::new(), Sha256Stream::new()];
    let mut chunks = messages[0].chunks(parts[0]);
    let mut other_chunks = messages[1].chunks(parts[1]);
    loop {
        match (chunks.next(), other_chunks.next()) {
            (None, None) => return vec![one.finish(), other.finish()],
            (bytes, other_bytes) => one.update_both(
                bytes.unwrap_or_default(),
                &mut other,
                other_bytes.unwrap_or_default(),
            ),
        }
    }
}

#[test]
fn messages_in_parts_hash_as_whole_ones_at_every_length_around_the_borders_of_blocks() {
    let bytes: Vec<u8> = (0..=255).cycle().take(400).collect();
    for length in 0..bytes.len() {
        let messages = [&bytes[..length], &bytes[..bytes.len() - length]];
        let expected = one_by_one(b"", &messages);
        for parts in [[1, 1], [63, 64], [64, 65], [7, 200], [400, 400]] {
            assert_eq!(in_step(messages, parts), expected, "{length}, {parts:?}");
        }
        let mut alone = Sha256Stream::new();
        messages[0].chunks(61).for_each(|part| alone.update(part));
        assert_eq!(alone.finish(), expected[0], "{length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_of_any_lengths_do_not_disturb_one_another(
        prefix in vec(any::<u8>(), 0..70),
        messages in vec(vec(any::<u8>(), 0..700), 0..12),
    ) {
        let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(sha256_all(&prefix, &messages), one_by_one(&prefix, &messages));
    }

    #[test]
    fn two_messages_in_step_do_not_disturb_one_another(
        one in vec(any::<u8>(), 0..2_000),
        other in vec(any::<u8>(), 0..2_000),
        parts in [1_usize..300, 1_usize..300],
    ) {
        let messages = [one.as_slice(), other.as_slice()];
        prop_assert_eq!(in_step(messages, parts), one_by_one(b"", &messages));
    }
}
