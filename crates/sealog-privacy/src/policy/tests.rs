//! Policies that are taken, policies that are refused, and what they do.

use std::ops::Range;
use std::sync::Arc;

use sealog_core::json::Value;

use super::*;
use crate::Error;
use crate::limits::*;
use crate::scan::Recogniser;

fn policy(members: &str) -> Result<Policy, Error> {
    let text = format!(r#"{{"format":"{FORMAT}"{members}}}"#);
    Policy::parse(text.as_bytes(), Vec::new())
}

#[track_caller]
fn does(members: &str, text: &str, expected: &str) {
    let policy = policy(members).unwrap();
    let redacted = policy.redactor().text(text.as_bytes()).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&redacted.text),
        expected,
        "{members}"
    );
}

#[track_caller]
fn refused(members: &str, code: &str, part: &str) {
    let error = policy(members).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn each_mode_does_what_its_name_says() {
    let text = "mail john@example.com, card 4111 1111 1111 1111.";
    does("", text, "mail [EMAIL], card [CREDIT_CARD].");
    does(r#","default":"drop""#, text, "mail , card .");
    does(
        r#","default":"mask""#,
        text,
        "mail j***@example.com, card **** **** **** 1111.",
    );
    does(r#","default":"keep""#, text, text);
    does(
        r#","default":"keep","types":{"EMAIL":"mask"}"#,
        text,
        "mail j***@example.com, card 4111 1111 1111 1111.",
    );
    does(
        r#","types":{"EMAIL":{"mode":"drop"},"CREDIT_CARD":"keep"}"#,
        text,
        "mail , card 4111 1111 1111 1111.",
    );
}

#[test]
fn a_mask_leaves_at_most_half() {
    does(r#","default":"mask""#, "a@example.com", "***@example.com");
    does(
        r#","default":"mask""#,
        "DE89 3704 0044 0532 0130 00",
        "DE** **** **** **** **30 00",
    );
    does(
        r#","default":"mask""#,
        "password=hunter2!",
        "password=********",
    );
    // Hidden characters are folded before anything is left of them.
    does(
        r#","default":"mask""#,
        "jo\u{200b}hn\u{ff20}example.com",
        "j***@example.com",
    );
    for mask in [
        crate::catalogue::Mask::KeepLast(3),
        crate::catalogue::Mask::KeepEnds(2, 1),
    ] {
        assert_eq!(mask::masked(b"12345", mask), "********");
        assert_eq!(
            mask::masked(b"123456", mask)
                .bytes()
                .filter(|byte| *byte == b'*')
                .count(),
            3
        );
    }
}

#[test]
fn without_a_key_store_modes_that_need_one_are_refused() {
    for mode in ["token", "commit", "seal"] {
        for members in [
            format!(r#","default":"{mode}""#),
            format!(r#","types":{{"EMAIL":"{mode}"}}"#),
            format!(r#","fields":[{{"path":"/a","mode":"{mode}"}}]"#),
        ] {
            let policy = policy(&members).unwrap();
            assert_eq!(policy.needs_keys().map(Mode::name), Some(mode));
            let refused = policy.redactor().text(b"nothing in it").unwrap_err();
            assert_eq!(refused.code(), "privacy_needs_keys");
            let refused = policy.redactor().value(&Value::Null).unwrap_err();
            assert_eq!(refused.code(), "privacy_needs_keys");
        }
    }
    assert!(policy("").unwrap().needs_keys().is_none());
}

#[test]
fn it_asks_for_up_to_ten_approvals() {
    for (members, approvals) in [
        ("", 0),
        (r#","approvals":0"#, 0),
        (r#","approvals":10"#, 10),
    ] {
        assert_eq!(policy(members).unwrap().approvals(), approvals);
    }
    for approvals in ["11", "-1", "1.5", "\"2\"", "null"] {
        let members = format!(r#","approvals":{approvals}"#);
        refused(&members, "privacy_policy", "a number from 0 to 10");
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    refused(r#","x":1"#, "privacy_policy", "`x` is unknown");
    refused(
        r#","default":"shred""#,
        "privacy_policy",
        "a mode is one of",
    );
    refused(
        r#","types":{"E_MAIL":"drop"}"#,
        "privacy_policy",
        "no identifier type is called `E_MAIL`",
    );
    refused(
        r#","types":{"EMAIL":{"mod":"drop"}}"#,
        "privacy_policy",
        "`mod` is unknown",
    );
    refused(
        r#","types":{"EMAIL":{"context":"off"}}"#,
        "privacy_policy",
        "context is",
    );
    refused(r#","types":[]"#, "privacy_policy", "has to be an object");
    refused(
        r#","fields":[{"path":"a","mode":"drop"}]"#,
        "privacy_policy",
        "begin with `/`",
    );
    refused(
        r#","fields":[{"path":"/~2","mode":"drop"}]"#,
        "privacy_policy",
        "`~` has to be followed",
    );
    refused(
        r#","fields":[{"path":"/a","mode":"mask"}]"#,
        "privacy_policy",
        "no mask",
    );
    refused(
        r#","fields":[{"path":"/a"}]"#,
        "privacy_policy",
        "`mode` is missing",
    );
    refused(
        r#","patterns":[{"id":"EMAIL","pattern":"a"}]"#,
        "privacy_policy",
        "is taken",
    );
    refused(
        r#","patterns":[{"id":"a b","pattern":"a"}]"#,
        "privacy_policy",
        "is no id",
    );
    refused(
        r#","patterns":[{"id":"A","pattern":"a","mode":"keep"}]"#,
        "privacy_policy",
        "another mode",
    );
    refused(
        r#","dictionaries":[{"id":"A","words":[""]}]"#,
        "privacy_policy",
        "1 to",
    );
    refused(
        r#","dictionaries":[{"id":"A"}]"#,
        "privacy_policy",
        "`words` is missing",
    );
}

#[test]
fn what_is_no_policy_of_this_version_is_refused() {
    for text in ["", "[]", "{}", r#"{"format":"sealog/privacy-policy/v2"}"#] {
        let error = Policy::parse(text.as_bytes(), Vec::new()).unwrap_err();
        assert_eq!(error.code(), "privacy_policy", "{text}");
    }
}

#[test]
fn a_pattern_without_a_bound_is_refused() {
    for (pattern, part) in [
        ("(a+)+$", "anchors"),
        ("(a+)+", "write {1,20} for +"),
        ("a*", "write {1,20} for +"),
        ("a?", "1 to"),
        ("(", "no regular expression"),
        (r"\\bE[0-9]{6}", "anchors"),
        (r"(a{100}){100}", "1 to"),
    ] {
        refused(
            &format!(r#","patterns":[{{"id":"A","pattern":"{pattern}"}}]"#),
            "privacy_policy",
            part,
        );
    }
    let deep = |depth: usize| "(".repeat(depth) + "a" + &")".repeat(depth);
    let with = |pattern: String| {
        policy(&format!(
            r#","patterns":[{{"id":"A","pattern":"{pattern}"}}]"#
        ))
    };
    assert!(with(deep(usize::try_from(PATTERN_DEPTH_MAX).unwrap())).is_ok());
    assert!(with(deep(usize::try_from(PATTERN_DEPTH_MAX).unwrap() + 1)).is_err());
    assert!(with(format!("a{{{CANDIDATE_BYTES_MAX}}}")).is_ok());
    assert!(with(format!("a{{{}}}", CANDIDATE_BYTES_MAX + 1)).is_err());
    let alternatives = |bytes: usize| "a|".repeat(bytes / 2 - 1) + &"a".repeat(2 + bytes % 2);
    assert!(with(alternatives(PATTERN_BYTES_MAX)).is_ok());
    assert!(with(alternatives(PATTERN_BYTES_MAX + 1)).is_err());
}

#[test]
fn limits_hold_at_their_border() {
    let fields = |count: usize| {
        let items = vec![r#"{"path":"/a","mode":"drop"}"#; count].join(",");
        policy(&format!(r#","fields":[{items}]"#))
    };
    assert!(fields(POLICY_ITEMS_MAX).is_ok());
    assert_eq!(
        fields(POLICY_ITEMS_MAX + 1).unwrap_err().code(),
        "privacy_limit"
    );
    let path = |steps: usize| {
        policy(&format!(
            r#","fields":[{{"path":"{}","mode":"drop"}}]"#,
            "/a".repeat(steps)
        ))
    };
    assert!(path(PATH_STEPS_MAX).is_ok() && path(PATH_STEPS_MAX + 1).is_err());
    let long = |bytes: usize| {
        policy(&format!(
            r#","fields":[{{"path":"/{}","mode":"drop"}}]"#,
            "a".repeat(bytes - 1)
        ))
    };
    assert!(long(PATH_BYTES_MAX).is_ok() && long(PATH_BYTES_MAX + 1).is_err());
    let words = |count: usize| {
        policy(&format!(
            r#","dictionaries":[{{"id":"A","words":[{}]}}]"#,
            vec!["\"ab\""; count].join(",")
        ))
    };
    assert!(words(DICTIONARY_WORDS_MAX).is_ok());
    assert_eq!(
        words(DICTIONARY_WORDS_MAX + 1).unwrap_err().code(),
        "privacy_limit"
    );
    let word = |bytes: usize| {
        policy(&format!(
            r#","dictionaries":[{{"id":"A","words":["{}"]}}]"#,
            "a".repeat(bytes)
        ))
    };
    assert!(word(CANDIDATE_BYTES_MAX).is_ok() && word(CANDIDATE_BYTES_MAX + 1).is_err());
    let padded = |bytes: usize| {
        let text = format!(r#"{{"format":"{FORMAT}"}}"#);
        let text = text.clone() + &" ".repeat(bytes - text.len());
        Policy::parse(text.as_bytes(), Vec::new())
    };
    assert!(padded(POLICY_BYTES_MAX).is_ok());
    assert_eq!(
        padded(POLICY_BYTES_MAX + 1).unwrap_err().code(),
        "privacy_limit"
    );
}

#[test]
fn what_a_pattern_of_the_user_finds_is_as_long_as_it_may_be() {
    let members = r#","patterns":[{"id":"LONG","pattern":"a{159,160}"}]"#;
    for (bytes, found) in [(159, true), (160, true), (161, false)] {
        let text = "a".repeat(bytes);
        let expected = if found { "[LONG]" } else { &*text };
        does(members, &text, expected);
        does(members, &format!("x {text} x"), &format!("x {expected} x"));
    }
}

#[test]
fn patterns_and_words_of_the_user_count_as_whole_words() {
    let members = r#","patterns":[{"id":"STAFF_NO","pattern":"E[0-9]{6}"},{"id":"ROOM","pattern":"[A-Z]-[0-9]{3}","words":["room"]}],"dictionaries":[{"id":"STAFF","words":["Jane Doe","Zoë"],"mode":"drop"}]"#;
    does(
        members,
        "E123456, xE123456, E1234567",
        "[STAFF_NO], xE123456, E1234567",
    );
    does(
        members,
        "room B-101, seat B-102 or later than any window of words that would be near enough",
        "room [ROOM], seat [ROOM] or later than any window of words that would be near enough",
    );
    does(members, "seat B-102", "seat B-102");
    does(
        members,
        "jane doe and JANE DOE, Jane Does, zo\u{eb}",
        " and , Jane Does, ",
    );
    does(members, "Ja\u{200b}ne\u{a0}Doe", "");
}

#[test]
fn context_can_be_waived() {
    does("", "number 111222333", "number 111222333");
    does(
        r#","types":{"NL_BSN":{"context":"not needed"}}"#,
        "number 111222333",
        "number [NL_BSN]",
    );
    does(
        r#","types":{"UUID":"redact"}"#,
        "123e4567-e89b-12d3-a456-426614174000",
        "[UUID]",
    );
}

struct Names(&'static str);

impl Recogniser for Names {
    fn name(&self) -> &'static str {
        "PERSON"
    }
    fn version(&self) -> &str {
        self.0
    }
    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        found.extend(
            text.match_indices("Ada")
                .map(|(at, name)| at..at + name.len()),
        );
        // What is no span of the text is left out.
        found.push(text.len()..text.len() + 9);
    }
}

#[test]
fn a_recogniser_is_asked_and_its_version_is_in_the_digest() {
    let text = format!(r#"{{"format":"{FORMAT}"}}"#);
    let with = |version| Policy::parse(text.as_bytes(), vec![Arc::new(Names(version))]).unwrap();
    let (first, second) = (with("1"), with("2"));
    let redacted = first
        .redactor()
        .text("Ada wrote to ada@example.com".as_bytes())
        .unwrap();
    assert_eq!(redacted.text, b"[PERSON] wrote to [EMAIL]");
    assert_ne!(first.digest(), second.digest());
    assert_ne!(first.digest(), policy("").unwrap().digest());
    assert_eq!(first.digest(), with("1").digest());
}

/// Finds all but the first and the last four bytes.
struct Inside;

impl Recogniser for Inside {
    fn name(&self) -> &'static str {
        "INSIDE"
    }
    fn version(&self) -> &'static str {
        "1"
    }
    fn find(&self, text: &str, found: &mut Vec<Range<usize>>) {
        found.push(4..text.len() - 4);
    }
}

#[test]
fn what_a_recogniser_finds_goes_however_long_it_is() {
    let text = format!(r#"{{"format":"{FORMAT}"}}"#);
    let policy = Policy::parse(text.as_bytes(), vec![Arc::new(Inside)]).unwrap();
    let most = CANDIDATE_BYTES_MAX;
    for (inside, pieces) in [
        ("x".repeat(most), 1),
        ("x".repeat(most + 1), 2),
        ("\u{20ac}".repeat(most), 4),
    ] {
        let text = format!("keep{inside}this");
        let redacted = policy.redactor().text(text.as_bytes()).unwrap();
        let expected = format!("keep{}this", "[INSIDE]".repeat(pieces));
        assert_eq!(String::from_utf8(redacted.text).unwrap(), expected);
    }
}

#[test]
fn the_digest_is_that_of_the_canonical_form() {
    let first = policy(r#","name":"a","default":"mask""#).unwrap();
    let second = policy(r#" , "default" : "mask", "name":"\u0061" "#).unwrap();
    assert_eq!(first.digest(), second.digest());
    assert_ne!(
        first.digest(),
        policy(r#","name":"b","default":"mask""#).unwrap().digest()
    );
    // Frozen: it may change only with the version of the catalogue or the format.
    assert_eq!(
        first.digest().to_hex(),
        "24ff1df3aa7f207d195b7fa92aea27b236c6863ef18f9a73148e1a5a6190f1c7"
    );
}

#[test]
fn a_value_is_walked_whole() {
    let policy = policy(r#","fields":[{"path":"/secret","mode":"drop"},{"path":"/list/*/raw","mode":"keep"},{"path":"/list/1/all","mode":"redact"}]"#).unwrap();
    let value = Value::parse(
        br#"{"secret":"x","bsn":111222333,"n":111222333,"list":[{"raw":"a@example.com","t":"a@example.com"},{"all":[1]}],"a@example.com":true,"card":4111111111111111,"deep":{"note":"call +44 20 7946 0958"}}"#,
    )
    .unwrap();
    let (value, reported) = policy.redactor().value(&value).unwrap();
    let expected = br#"{"a@example.com":true,"bsn":"[NL_BSN]","card":"[CREDIT_CARD]","deep":{"note":"call [PHONE]"},"list":[{"raw":"a@example.com","t":"[EMAIL]"},{"all":"[FIELD]"}],"n":111222333}"#;
    assert_eq!(
        String::from_utf8_lossy(&value.to_canonical()),
        String::from_utf8_lossy(expected)
    );
    let counts: Vec<(&str, u64)> = reported
        .counts
        .iter()
        .map(|(id, count)| (&**id, *count))
        .collect();
    assert_eq!(
        counts,
        [
            ("CREDIT_CARD", 1),
            ("EMAIL", 1),
            ("NL_BSN", 1),
            ("PHONE", 1)
        ]
    );
    assert_eq!(reported.in_names.get("EMAIL"), Some(&1));
    assert_eq!(reported.fields, 2);
}

#[test]
fn a_value_that_nests_too_deeply_is_refused() {
    let nested =
        |levels: usize| (0..levels).fold(Value::Null, |value, _| Value::Array(vec![value]));
    let policy = policy("").unwrap();
    let most = sealog_core::limits::JSON_DEPTH_MAX;
    assert!(policy.redactor().value(&nested(most)).is_ok());
    assert_eq!(
        policy
            .redactor()
            .value(&nested(most + 1))
            .unwrap_err()
            .code(),
        "privacy_limit"
    );
}

/// A key store that says what it was asked for.
#[derive(Default)]
struct Asked(Vec<String>);

impl Vault for Asked {
    fn token(&mut self, kind: &str, value: &[u8]) -> Result<String, VaultError> {
        let value = String::from_utf8_lossy(value);
        self.0.push(format!("token {kind} {value}"));
        Ok("0f".repeat(16))
    }

    fn commit(&mut self, path: &str, value: &Value) -> Result<String, VaultError> {
        self.0
            .push(format!("commit {path} {}", value.as_str().unwrap()));
        Ok("hmac".into())
    }

    fn seal(&mut self, path: &str, value: &Value) -> Result<(), VaultError> {
        self.0
            .push(format!("seal {path} {}", value.as_str().unwrap()));
        Ok(())
    }
}

struct Only(&'static str);

impl Search for Only {
    fn searches(&self, path: &[String]) -> bool {
        path.last().is_some_and(|last| last == self.0)
    }
}

#[test]
fn with_a_key_store_each_mode_asks_for_what_it_needs() {
    let policy = policy(
        r#","types":{"EMAIL":"token","IPV4":"commit","IBAN":"seal"},
            "fields":[{"path":"/body/whole","mode":"commit"},{"path":"/body/kept","mode":"seal"},
                      {"path":"/body/name","mode":"token"}]"#,
    )
    .unwrap();
    let value = Value::parse(
        br#"{"a/b":"ask john@example.com","addr":"from 192.0.2.7 now","kept":"k","list":["GB82 WEST 1234 5698 7654 32"],
            "name":"Ada","whole":"w"}"#,
    )
    .unwrap();
    let mut asked = Asked::default();
    let (value, reported) = policy
        .redactor()
        .value_with(&value, &["body"], &Everything, &mut asked)
        .unwrap();
    let token = "0f".repeat(16);
    let expected = format!(
        r#"{{"a/b":"ask [EMAIL:{token}]","addr":"hmac","kept":"[FIELD]","list":["[IBAN]"],"name":"{token}","whole":"hmac"}}"#
    );
    assert_eq!(String::from_utf8(value.to_canonical()).unwrap(), expected);
    assert_eq!(
        asked.0,
        [
            "token EMAIL john@example.com",
            "commit /body/addr from 192.0.2.7 now",
            "seal /body/kept k",
            "seal /body/list/0 GB82 WEST 1234 5698 7654 32",
            "token FIELD Ada",
            "commit /body/whole w",
        ]
    );
    assert_eq!(reported.fields, 3);
    assert_eq!(reported.counts.len(), 3);
}

#[test]
fn what_is_not_to_be_searched_is_left_but_for_rules_about_it() {
    let policy = policy(r#","fields":[{"path":"/gone","mode":"drop"}]"#).unwrap();
    let value = Value::parse(br#"{"gone":"x","id":"a@b.example","text":"a@b.example"}"#).unwrap();
    let (value, _) = policy
        .redactor()
        .value_with(&value, &[], &Only("text"), &mut Asked::default())
        .unwrap();
    assert_eq!(
        value.to_canonical(),
        br#"{"id":"a@b.example","text":"[EMAIL]"}"#
    );
}

#[test]
fn a_failing_key_store_fails_the_record() {
    struct Broken;
    impl Vault for Broken {
        fn token(&mut self, _: &str, _: &[u8]) -> Result<String, VaultError> {
            Err("gone".into())
        }
        fn commit(&mut self, _: &str, _: &Value) -> Result<String, VaultError> {
            Err("gone".into())
        }
        fn seal(&mut self, _: &str, _: &Value) -> Result<(), VaultError> {
            Err("gone".into())
        }
    }
    for mode in ["token", "commit", "seal"] {
        let policy = policy(&format!(r#","default":"{mode}""#)).unwrap();
        let failed = policy.redactor().value_with(
            &Value::from("a@b.example"),
            &[],
            &Everything,
            &mut Broken,
        );
        assert_eq!(failed.unwrap_err().code(), "key_store", "{mode}");
    }
}
