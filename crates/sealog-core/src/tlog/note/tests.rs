//! Signed notes: what is read back, and each way in which a note is refused.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use super::super::sign::Ed25519Signer;
use super::*;

const TEXT: &str = "one\n\ntwo\n";

fn signer(name: &str, seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, name, &[seed; 32]).unwrap()
}

fn key(name: &str, seed: u8) -> VerifierKey {
    signer(name, seed).verifier_key().clone()
}

fn signed() -> String {
    sign(TEXT, &[&signer("a", 1), &signer("b", 2)]).unwrap()
}

/// A signer whose answer is not its key's.
#[derive(Debug)]
struct Liar(VerifierKey);

impl Signer for Liar {
    fn verifier_key(&self) -> &VerifierKey {
        &self.0
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
        Ok([0; 64])
    }
}

#[test]
fn a_signed_note_reads_back_and_verifies_under_each_key() {
    let note = signed();
    let parsed = Note::parse(note.as_bytes()).unwrap();
    assert_eq!(parsed.text(), TEXT);
    let names: Vec<_> = parsed
        .signatures()
        .iter()
        .map(NoteSignature::name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    for known in [
        vec![key("a", 1)],
        vec![key("b", 2)],
        vec![key("b", 2), key("a", 1)],
    ] {
        let verified = verify(note.as_bytes(), &known).unwrap();
        assert_eq!(verified.text(), TEXT);
        assert_eq!(verified.signatures().len(), known.len());
        assert!(
            verified
                .signatures()
                .iter()
                .all(|line| known.contains(line.key()))
        );
    }
}

#[test]
fn the_text_is_split_from_the_signatures_at_the_last_empty_line() {
    let inner = signed();
    let note = sign(&inner, &[&signer("c", 3)]).unwrap();
    assert_eq!(Note::parse(note.as_bytes()).unwrap().text(), inner);
    assert_eq!(
        verify(note.as_bytes(), &[key("c", 3)]).unwrap().text(),
        inner
    );
    // The inner signatures are text now.
    assert_eq!(
        verify(note.as_bytes(), &[key("a", 1)]),
        Err(NoteError::NoKnownKey)
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let mut bytes = signed().into_bytes();
    bytes[2] = 0xff;
    assert_eq!(Note::parse(&bytes), Err(NoteError::NotUtf8 { offset: 2 }));
}

#[test]
fn control_characters_other_than_newline_are_refused() {
    for control in (0..0x20_u8).filter(|byte| *byte != b'\n') {
        let mut bytes = signed().into_bytes();
        bytes[1] = control;
        assert_eq!(
            Note::parse(&bytes),
            Err(NoteError::ControlCharacter { offset: 1 })
        );
        let text = format!("a{}\n", char::from(control));
        let error = sign(&text, &[&signer("a", 1)]).unwrap_err();
        assert_eq!(error, NoteError::ControlCharacter { offset: 1 });
    }
}

#[test]
fn a_note_needs_an_empty_line_before_its_signatures() {
    assert_eq!(Note::parse(b""), Err(NoteError::NoSeparator));
    assert_eq!(Note::parse(b"text\n"), Err(NoteError::NoSeparator));
    let joined = sign("x\n", &[&signer("a", 1)])
        .unwrap()
        .replace("\n\n", "\n");
    assert_eq!(Note::parse(joined.as_bytes()), Err(NoteError::NoSeparator));
}

#[test]
fn a_note_needs_a_signature_line_and_its_last_newline() {
    assert_eq!(Note::parse(b"text\n\n"), Err(NoteError::NoSignatures));
    let note = signed();
    assert_eq!(
        Note::parse(note.trim_end().as_bytes()),
        Err(NoteError::NoSignatures)
    );
    assert_eq!(sign(TEXT, &[]), Err(NoteError::NoSignatures));
}

#[test]
fn a_line_that_is_no_signature_line_is_refused() {
    let note = sign("x\n", &[&signer("a", 1)]).unwrap();
    let encoded = note.trim_end().rsplit(' ').next().unwrap();
    let with = |line: &str| Note::parse(format!("x\n\n{line}\n").as_bytes()).map(|_| ());
    assert_eq!(with(&format!("\u{2014} a {encoded}")), Ok(()));
    for line in [
        format!("- a {encoded}"),
        format!("\u{2014}a {encoded}"),
        format!("\u{2014}  a {encoded}"),
        format!("\u{2014} {encoded}"),
        format!("\u{2014}  {encoded}"),
        format!("\u{2014} a+b {encoded}"),
        format!("\u{2014} a\u{a0}b {encoded}"),
        format!("\u{2014} a {encoded} "),
        format!("\u{2014} a {encoded} b"),
        format!("\u{2014} a {}", encoded.trim_end_matches('=')),
        "\u{2014} a AAAAAA==".into(),
        "\u{2014} a ".into(),
        "\u{2014} a".into(),
        "comment".into(),
    ] {
        assert_eq!(
            with(&line),
            Err(NoteError::SignatureLine { number: 1 }),
            "{line}"
        );
    }
    assert_eq!(
        with("\u{2014} a AAAAAAA="),
        Ok(()),
        "one byte behind the id is a signature"
    );
}

#[test]
fn a_note_has_at_most_64_signature_lines() {
    let note = sign("x\n", &[&signer("a", 1)]).unwrap();
    let line = note.lines().last().unwrap();
    let with = |number| format!("x\n\n{}", format!("{line}\n").repeat(number));
    let most = with(NOTE_SIGNATURES_MAX);
    let verified = verify(most.as_bytes(), &[key("a", 1)]).unwrap();
    assert_eq!(verified.signatures().len(), 1, "one key counts once");
    let error = Note::parse(with(NOTE_SIGNATURES_MAX + 1).as_bytes()).unwrap_err();
    assert_eq!(
        error,
        NoteError::TooManySignatures {
            max: NOTE_SIGNATURES_MAX
        }
    );
    let one = signer("a", 1);
    let signers: Vec<&dyn Signer> = vec![&one; NOTE_SIGNATURES_MAX + 1];
    let error = sign("x\n", &signers).unwrap_err();
    assert_eq!(
        error,
        NoteError::TooManySignatures {
            max: NOTE_SIGNATURES_MAX
        }
    );
}

#[test]
fn a_note_has_at_most_1_mib() {
    let overhead = sign("\n", &[&signer("a", 1)]).unwrap().len() - 1;
    let longest = "a".repeat(NOTE_BYTES_MAX - overhead - 1) + "\n";
    let note = sign(&longest, &[&signer("a", 1)]).unwrap();
    assert_eq!(note.len(), NOTE_BYTES_MAX);
    assert!(Note::parse(note.as_bytes()).is_ok());
    let found = NOTE_BYTES_MAX + 1;
    let too_long = NoteError::TooLong {
        max: NOTE_BYTES_MAX,
        found,
    };
    assert_eq!(
        Note::parse(format!("a{note}").as_bytes()),
        Err(too_long.clone())
    );
    assert_eq!(
        sign(&format!("a{longest}"), &[&signer("a", 1)]),
        Err(too_long)
    );
}

#[test]
fn a_text_to_sign_ends_with_a_newline() {
    for text in ["", "a", "a\nb"] {
        assert_eq!(sign(text, &[&signer("a", 1)]), Err(NoteError::TextEnd));
    }
}

#[test]
fn unknown_keys_count_for_nothing() {
    let note = signed();
    // Same name and another key; same key and another name; a stranger.
    for stranger in [key("a", 9), key("c", 1), key("d", 4)] {
        let error = verify(note.as_bytes(), &[stranger]).unwrap_err();
        assert_eq!(error, NoteError::NoKnownKey);
        assert_eq!(error.kind(), ErrorKind::Refuted);
    }
    assert_eq!(verify(note.as_bytes(), &[]), Err(NoteError::NoKnownKey));
}

#[test]
fn one_bad_line_by_a_known_key_refuses_the_note() {
    let note = signed();
    let (_, lines) = note.rsplit_once("\n\n").unwrap();
    let other = format!("other\n\n{lines}");
    let known = [key("a", 1), key("b", 2)];
    let wrong = NoteError::WrongSignature { name: "a".into() };
    assert_eq!(verify(other.as_bytes(), &known), Err(wrong));
    // The good line of one key does not save the bad one of another, nor of the same.
    let bad_b = sign("x\n", &[&signer("b", 2)]).unwrap();
    let bad_line = bad_b.lines().last().unwrap();
    for keys in [&known[..], &known[1..]] {
        let mixed = format!("{note}{bad_line}\n");
        let error = verify(mixed.as_bytes(), keys).unwrap_err();
        assert_eq!(error, NoteError::WrongSignature { name: "b".into() });
        assert_eq!(error.kind(), ErrorKind::Refuted);
    }
    let mixed = format!("{note}{bad_line}\n");
    assert!(verify(mixed.as_bytes(), &known[..1]).is_ok());
}

#[test]
fn a_signature_of_another_length_refuses_the_note() {
    let mut line = String::new();
    push_line(&mut line, &key("a", 1), &[0; 63]);
    let error = verify(format!("x\n\n{line}").as_bytes(), &[key("a", 1)]).unwrap_err();
    assert_eq!(error, NoteError::WrongSignature { name: "a".into() });
}

#[test]
fn two_keys_that_a_line_cannot_tell_apart_are_refused() {
    let mut twin = key("a", 2);
    twin.take_id_of(&key("a", 1));
    let error = verify(signed().as_bytes(), &[key("a", 1), twin]).unwrap_err();
    assert_eq!(error, NoteError::AmbiguousKey { name: "a".into() });
    let twice = [key("a", 1), key("a", 1)];
    assert_eq!(
        verify(signed().as_bytes(), &twice)
            .unwrap()
            .signatures()
            .len(),
        1
    );
}

#[test]
fn a_cosigners_key_does_not_sign_a_note() {
    let cosigner = Ed25519Signer::from_seed(KeyType::CosignatureV1, "w", &[3; 32]).unwrap();
    let error = sign(TEXT, &[&cosigner]).unwrap_err();
    assert!(matches!(
        error,
        NoteError::KeyType {
            expected: 1,
            found: 4,
            ..
        }
    ));
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[test]
fn a_signer_that_answers_wrongly_signs_nothing() {
    let error = sign(TEXT, &[&Liar(key("a", 1))]).unwrap_err();
    assert_eq!(
        error,
        NoteError::Sign(SignError::Wrong { name: "a".into() })
    );
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn every_flipped_bit_of_a_note_is_refused_or_leaves_its_text() {
    let note = sign("one two\n", &[&signer("a", 1)]).unwrap();
    let known = [key("a", 1)];
    for bit in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(verify(&bytes, &known).is_err(), "bit {bit}");
    }
}

#[test]
fn merging_adds_each_line_once() {
    let a = sign(TEXT, &[&signer("a", 1)]).unwrap();
    let line_of = |name, seed| {
        let note = sign(TEXT, &[&signer(name, seed)]).unwrap();
        note.lines().last().unwrap().to_string()
    };
    let (own, other) = (line_of("a", 1), line_of("b", 2));
    let merged = merge(&a, [own.as_str(), &other, &other]).unwrap();
    assert_eq!(merged, signed());
    let error = merge(&a, ["text"]).unwrap_err();
    assert_eq!(error, NoteError::SignatureLine { number: 1 });
    let error = merge(&a, [format!("{other}\n").as_str()]).unwrap_err();
    assert_eq!(error, NoteError::SignatureLine { number: 1 });
}
