//! The search for personal data, and the policies that say what is done with it.
#![expect(
    clippy::expect_used,
    reason = "the catalogue is the target's own: without it there is nothing to hold"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use sealog_privacy::policy::{Policy, Redacted};
use sealog_privacy::scan::{Found, Scanner, Session};

use super::owned;
use crate::Answer;

/// Of so many inputs one is searched in pieces too: a stream makes its states anew.
const PIECES_EVERY: usize = 127;

fn scanner() -> &'static Scanner {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    SCANNER.get_or_init(|| Scanner::usual().expect("the catalogue"))
}

thread_local! {
    static SESSION: RefCell<Session<'static>> = RefCell::new(scanner().session());
}

/// Findings lie in the text, in order and apart; pieces give what the whole gives.
pub(super) fn scan(text: &[u8]) -> Answer {
    let found = SESSION.with_borrow_mut(|session| session.scan(text));
    let found = found.expect("a search of any bytes");
    let mut at = 0;
    for one in &found {
        assert!(one.span.start >= at && one.span.start < one.span.end);
        assert!(one.span.end <= text.len());
        at = one.span.end;
    }
    if text.len().is_multiple_of(PIECES_EVERY) {
        assert_eq!(in_pieces(text), found);
    }
    let ids: BTreeSet<&str> = found.iter().map(|found| scanner().id(found.kind)).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    format!("accepted {}", ids.join(" "))
}

fn in_pieces(text: &[u8]) -> Vec<Found> {
    let mut all = Vec::new();
    let mut out = Vec::new();
    let mut stream = sealog_privacy::scan::Stream::new(scanner());
    let mut take = |text: &[u8], found: Option<&Found>| {
        out.extend_from_slice(text);
        all.extend(found.cloned());
    };
    for piece in text.chunks(7) {
        stream.push(piece, &mut take).expect("any bytes");
    }
    stream.finish(&mut take).expect("any bytes");
    assert_eq!(out, text, "a stream gives out all of its text");
    all
}

pub(super) fn scan_seeds() -> Vec<Vec<u8>> {
    owned([
        b"mail john.doe@example.com or john [at] example [dot] com, john%40example.com",
        b"card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00, SWIFT DEUTDEFF500",
        b"call +44 20 7946 0958 or (212) 555-0123; bsn: 111222333; ssn 078-05-1121",
        "pay 4111\u{2011}1111\u{200b}1111\u{ff11}111, ИНН 300837309138".as_bytes(),
        b"password = hunter2!, key ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2, http://u:p@h.example/",
        b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----",
        b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x am9obkBleGFtcGxlLmNvbQ== j=40example.com",
        b"203.0.113.7 2001:db8::7334 00:1a:2b:3c:4d:5e v1.2.3.4 &#64; \\u0040 \x1b[1mx\x1b[0m",
    ])
}

/// A policy that is read says the same when it is read again, and can be applied to any text.
pub(super) fn policy(bytes: &[u8]) -> Answer {
    let policy = match Policy::parse(bytes, Vec::new()) {
        Ok(policy) => policy,
        Err(error) => return format!("{} {:?}", error.code(), error.kind()),
    };
    let again = Policy::parse(bytes, Vec::new()).expect("the same bytes");
    assert_eq!(policy.digest(), again.digest());
    let text = b"mail john@example.com, card 4111 1111 1111 1111, E123456";
    match (policy.redactor().text(text), policy.needs_keys()) {
        (
            Ok(Redacted {
                text: out, spans, ..
            }),
            None,
        ) => {
            assert!(!spans.is_empty() || out == text);
            format!("accepted {}", spans.len())
        }
        (Err(error), Some(mode)) => format!("{} {mode}", error.code()),
        (result, mode) => panic!("{result:?} under the mode {mode:?}"),
    }
}

/// All keep what they do not name: the automaton of the whole catalogue takes milliseconds to build.
pub(super) fn policy_seeds() -> Vec<Vec<u8>> {
    owned([
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","types":{"EMAIL":"mask"}}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","types":{"NL_BSN":{"mode":"drop","context":"not needed"}}}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","fields":[{"path":"/a/*","mode":"drop"}]}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","types":{"IPV4":"redact"},"patterns":[{"id":"STAFF_NO","pattern":"E[0-9]{6}","words":["staff"]}]}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","dictionaries":[{"id":"NAMES","words":["Jane Doe"],"mode":"drop"}]}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","types":{"EMAIL":"seal"}}"#,
        br#"{"format":"sealog/privacy-policy/v1","default":"keep","fields":[{"path":"/a","call":"shorten"}]}"#,
    ])
}
