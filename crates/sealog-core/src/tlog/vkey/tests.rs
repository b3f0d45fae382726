//! The text form of keys and each way in which a text is none.

use alloc::format;
use alloc::string::{String, ToString};

use super::*;

const NAME: &str = "example.com/log";

fn public() -> [u8; 32] {
    *ed25519_dalek::SigningKey::from_bytes(&[7; 32])
        .verifying_key()
        .as_bytes()
}

fn key() -> VerifierKey {
    VerifierKey::new(KeyType::Ed25519, NAME, &public()).unwrap()
}

/// A text with a right id for whatever is in it.
fn text(name: &str, type_byte: u8, key: &[u8]) -> String {
    let mut id = String::new();
    push_hex(&mut id, &key_id(name, type_byte, key));
    format!(
        "{name}+{id}+{}",
        base64::encode(&[&[type_byte], key].concat())
    )
}

#[test]
fn a_key_reads_back_from_its_text() {
    for key_type in [KeyType::Ed25519, KeyType::CosignatureV1] {
        let key = VerifierKey::new(key_type, NAME, &public()).unwrap();
        let written = key.to_string();
        assert_eq!(written, text(NAME, key_type.byte(), &public()));
        assert_eq!(VerifierKey::parse(&written), Ok(key.clone()));
        assert_eq!(written.parse(), Ok(key.clone()));
        assert_eq!(key.fingerprint(), Hash::of(&[written.as_bytes()]).to_hex());
        assert_eq!((key.name(), key.key_type()), (NAME, key_type));
    }
}

#[test]
fn the_id_depends_on_name_and_type() {
    let other_type = VerifierKey::new(KeyType::CosignatureV1, NAME, &public()).unwrap();
    let other_name = VerifierKey::new(KeyType::Ed25519, "example.com/other", &public()).unwrap();
    assert_ne!(key().id(), other_type.id());
    assert_ne!(key().id(), other_name.id());
}

#[test]
fn base64_may_contain_a_plus() {
    let with_plus = (0..=255_u8)
        .map(|seed| {
            *ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
                .verifying_key()
                .as_bytes()
        })
        .map(|public| VerifierKey::new(KeyType::Ed25519, NAME, &public).unwrap())
        .find(|key| key.to_string().matches('+').count() > 2)
        .unwrap();
    assert_eq!(VerifierKey::parse(&with_plus.to_string()), Ok(with_plus));
}

#[test]
fn a_text_without_three_parts_is_refused() {
    for text in ["", "a", "a+00000000", "a b"] {
        assert_eq!(VerifierKey::parse(text), Err(VkeyError::Shape));
    }
}

#[test]
fn a_name_that_is_empty_or_has_spaces_or_control_characters_is_refused() {
    for name in [
        "",
        "a b",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\u{85}b",
        "a\tb",
        "a\nb",
        "a\u{1}b",
    ] {
        assert_eq!(
            VerifierKey::parse(&text(name, 1, &public())),
            Err(VkeyError::Name),
            "{name:?}"
        );
    }
    let plus = VerifierKey::new(KeyType::Ed25519, "a+b", &public());
    assert_eq!(plus, Err(VkeyError::Name));
}

#[test]
fn a_name_has_at_most_255_bytes() {
    let longest = "a".repeat(KEY_NAME_BYTES_MAX);
    let read = VerifierKey::parse(&text(&longest, 1, &public())).unwrap();
    assert_eq!(read.name(), longest);
    let error = VerifierKey::parse(&text(&(longest + "a"), 1, &public())).unwrap_err();
    assert_eq!(
        error,
        VkeyError::NameLength {
            max: 255,
            found: 256
        }
    );
}

#[test]
fn a_text_has_at_most_4_kib() {
    let at = |length| VerifierKey::parse(&"+".repeat(length)).unwrap_err();
    assert_eq!(at(VKEY_BYTES_MAX), VkeyError::Name);
    let found = VKEY_BYTES_MAX + 1;
    assert_eq!(
        at(found),
        VkeyError::TooLong {
            max: VKEY_BYTES_MAX,
            found
        }
    );
}

#[test]
fn an_id_that_is_not_eight_lowercase_hex_digits_is_refused() {
    let good = key().to_string();
    let (_, rest) = good.split_once('+').unwrap();
    let (id, encoded) = rest.split_once('+').unwrap();
    for id in [
        &id[1..],
        &format!("{id}0"),
        "0000000g",
        "+0000000",
        "",
        "ABCDEF01",
    ] {
        let error = VerifierKey::parse(&format!("{NAME}+{id}+{encoded}")).unwrap_err();
        assert_eq!(error, VkeyError::Id, "{id}");
    }
}

#[test]
fn an_id_that_does_not_belong_to_name_and_key_is_refused() {
    let renamed = key().to_string().replacen(NAME, "example.com/eve", 1);
    let error = VerifierKey::parse(&renamed).unwrap_err();
    assert!(matches!(error, VkeyError::IdMismatch { found, .. } if found == key().id()));
}

#[test]
fn a_key_in_another_spelling_of_base64_is_refused() {
    let good = key().to_string();
    let short = good[..good.len() - 1].to_string();
    for bad in [short, good.clone() + "=", good + "\n"] {
        assert_eq!(VerifierKey::parse(&bad), Err(VkeyError::Base64));
    }
    assert_eq!(VerifierKey::parse("a+00000000+"), Err(VkeyError::Base64));
}

#[test]
fn a_type_that_is_not_verified_here_is_an_error_of_its_own() {
    for found in [0x00, 0x02, 0x03, 0x05, 0x06, 0xff] {
        let error = VerifierKey::parse(&text(NAME, found, &[1; 1_312])).unwrap_err();
        assert_eq!(error, VkeyError::UnknownType { found });
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}

#[test]
fn a_key_of_another_length_is_refused() {
    for found in [0, 31, 33] {
        let error = VerifierKey::parse(&text(NAME, 1, &[1; 33][..found])).unwrap_err();
        assert_eq!(
            error,
            VkeyError::KeyLength {
                expected: 32,
                found
            }
        );
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

#[test]
fn a_key_of_small_order_is_refused() {
    assert_eq!(
        VerifierKey::parse(&text(NAME, 1, &[0; 32])),
        Err(VkeyError::Point)
    );
}

#[test]
fn a_fingerprint_is_sixty_four_hex_digits_of_either_case_and_nothing_else() {
    let text = key().fingerprint();
    let hash = Hash::of(&[key().to_string().as_bytes()]);
    assert_eq!(parse_fingerprint(&text), Some(hash));
    assert_eq!(parse_fingerprint(&text.to_uppercase()), Some(hash));
    let pairs = |between: &str| {
        let pairs = text.as_bytes().chunks(2);
        let pairs = pairs.map(|pair| String::from_utf8(pair.to_vec()).unwrap());
        pairs.collect::<Vec<_>>().join(between)
    };
    let refused = [
        pairs(":"),
        pairs(" "),
        format!(" {text}"),
        format!("{text}\n"),
        format!("sha256:{text}"),
        format!("{text}0"),
        text.replacen(|_| true, "", 1),
        text.replacen(|_| true, "g", 1),
        // A digit of another script, and one that becomes ASCII in lower case.
        text.replacen(|_| true, "\u{ff11}", 1),
        text.replacen(|_| true, "\u{212a}", 1),
        String::new(),
        key().to_string(),
    ];
    for text in refused {
        assert_eq!(parse_fingerprint(&text), None, "{text}");
    }
}
