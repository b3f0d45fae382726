//! Policies: what they accept, and each way in which a file or a checkpoint is refused.

#![allow(clippy::format_push_string)]

use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use super::super::checkpoint::{CheckpointError, sign_checkpoint};
use super::super::cosignature;
use super::super::sign::{Ed25519Signer, Signer as _};
use super::super::vkey::{KeyType, VkeyError};
use super::*;
use crate::limits::{POLICY_BYTES_MAX, POLICY_ITEMS_MAX};
use crate::{ErrorKind, Hash};

const ORIGIN: &str = "example.com/log";

fn log(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[seed; 32]).unwrap()
}

fn witness(seed: u8) -> Ed25519Signer {
    let name = format!("w{seed}.example");
    Ed25519Signer::from_seed(KeyType::CosignatureV1, &name, &[seed; 32]).unwrap()
}

fn vkey(signer: &Ed25519Signer) -> String {
    signer.verifier_key().to_string()
}

/// The key line of the log and of each witness named `W<seed>`, then `rest`.
fn policy(seeds: &[u8], rest: &str) -> String {
    let mut text = format!("log {}\n", vkey(&log(1)));
    for &seed in seeds {
        text += &format!("witness W{seed} {}\n", vkey(&witness(seed)));
    }
    text + rest
}

fn read(seeds: &[u8], rest: &str) -> Result<Policy, PolicyError> {
    Policy::parse(policy(seeds, rest).as_bytes())
}

fn note(cosigners: &[u8]) -> String {
    let note = sign_checkpoint(ORIGIN, 7, Hash::new([5; 32]), &[&log(1)]).unwrap();
    cosigners.iter().fold(note, |note, &seed| {
        cosignature::cosign(&note, 1_700_000_000 + u64::from(seed), &witness(seed)).unwrap()
    })
}

/// Whether a checkpoint with these cosigners fulfils the policy; any other refusal than a missed quorum is a failure.
fn holds(policy: &Policy, cosigners: &[u8]) -> bool {
    match policy.verify(note(cosigners).as_bytes(), &[]) {
        Ok(verified) => {
            assert_eq!(verified.size(), 7);
            true
        }
        Err(PolicyError::QuorumMissed { .. }) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_quorum_of_one_witness_none_any_all_and_a_number() {
    let one = read(&[3, 4], "quorum W3\n").unwrap();
    assert!(holds(&one, &[3]) && holds(&one, &[4, 3]) && !holds(&one, &[4]) && !holds(&one, &[]));
    let none = read(&[3], "quorum none\n").unwrap();
    assert!(holds(&none, &[]) && holds(&none, &[3]));
    assert!(!none.asks_for_witnesses() && one.asks_for_witnesses());
    let any = read(&[3, 4], "group G any W3 W4\nquorum G\n").unwrap();
    assert!(holds(&any, &[3]) && holds(&any, &[4]) && !holds(&any, &[]));
    let all = read(&[3, 4], "group G all W3 W4\nquorum G\n").unwrap();
    assert!(holds(&all, &[3, 4]) && !holds(&all, &[3]) && !holds(&all, &[4]));
    let two = read(&[3, 4, 5], "group G 2 W3 W4 W5\nquorum G\n").unwrap();
    assert!(holds(&two, &[3, 5]) && holds(&two, &[3, 4, 5]) && !holds(&two, &[5]));
}

#[test]
fn groups_of_groups_count_as_one_member_each() {
    let rest = "group X 2 W3 W4 W5\ngroup Y any W6 W7\ngroup XY all X Y\nquorum XY\n";
    let nested = read(&[3, 4, 5, 6, 7], rest).unwrap();
    assert!(holds(&nested, &[3, 4, 6]) && holds(&nested, &[4, 5, 7]));
    assert!(!holds(&nested, &[3, 4, 5]) && !holds(&nested, &[3, 6, 7]) && !holds(&nested, &[6]));
}

#[test]
fn space_tabs_comments_and_bytes_beyond_ascii_are_read_as_the_format_says() {
    let text = format!(
        "\n \t\n# comment \u{fc}\n\t # another\n  log\t {}  https://log.example/ \n\
         witness \u{212a} {} https://w.example/\u{fc}\nquorum \u{212a}\n",
        vkey(&log(1)),
        vkey(&witness(3))
    );
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert!(holds(&policy, &[3]) && !holds(&policy, &[]));
    assert_eq!(policy.logs()[0].url(), Some(&b"https://log.example/"[..]));
    assert_eq!(policy.witnesses()[0].name(), "\u{212a}".as_bytes());
    let latin = text.replace('\u{212a}', "?").into_bytes();
    let latin: Vec<u8> = latin
        .iter()
        .map(|&byte| if byte == b'?' { 0xff } else { byte })
        .collect();
    assert_eq!(
        Policy::parse(&latin).unwrap().witnesses()[0].name(),
        b"\xff"
    );
}

#[test]
fn names_are_bytes_so_the_kelvin_sign_is_not_k() {
    let text = policy(
        &[],
        &format!("witness \u{212a} {}\nquorum K\n", vkey(&witness(3))),
    );
    assert_eq!(
        Policy::parse(text.as_bytes()),
        Err(PolicyError::Undefined { line: 3 })
    );
}

#[test]
fn any_of_the_logs_is_accepted() {
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, "other.example", &[2; 32]).unwrap();
    let text = format!("log {}\nlog {}\nquorum none\n", vkey(&other), vkey(&log(1)));
    assert!(holds(&Policy::parse(text.as_bytes()).unwrap(), &[]));
}

#[test]
fn without_logs_the_caller_brings_the_key() {
    let policy = Policy::parse(b"quorum none\n").unwrap();
    assert!(policy.logs().is_empty());
    let error = policy.verify(note(&[]).as_bytes(), &[]).unwrap_err();
    assert_eq!(
        error,
        PolicyError::UnknownLog {
            origin: ORIGIN.into()
        }
    );
    assert_eq!(error.kind(), ErrorKind::Refused);
    let key = log(1).verifier_key().clone();
    assert!(policy.verify(note(&[]).as_bytes(), &[key]).is_ok());
}

#[test]
fn a_checkpoint_that_the_log_did_not_sign_is_refuted() {
    let policy = read(&[3], "quorum W3\n").unwrap();
    let forged = sign_checkpoint(ORIGIN, 7, Hash::new([5; 32]), &[&log(9)]).unwrap();
    let forged = cosignature::cosign(&forged, 5, &witness(3)).unwrap();
    let error = policy.verify(forged.as_bytes(), &[]).unwrap_err();
    assert!(matches!(
        error,
        PolicyError::Checkpoint(CheckpointError::Note(_))
    ));
    assert_eq!(error.kind(), ErrorKind::Refuted);
}

#[test]
fn one_bad_cosignature_of_the_policy_refuses_the_checkpoint() {
    let policy = read(&[3, 4], "group G any W3 W4\nquorum G\n").unwrap();
    let good = note(&[3, 4]);
    let (head, _) = good.trim_end().rsplit_once('\n').unwrap();
    let other = sign_checkpoint(ORIGIN, 8, Hash::new([5; 32]), &[&log(1)]).unwrap();
    let other = cosignature::cosign(&other, 5, &witness(4)).unwrap();
    let bad = format!("{head}\n{}\n", other.lines().last().unwrap());
    let error = policy.verify(bad.as_bytes(), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
}

/// The times that the quorum stands for, of witnesses that cosigned at these times.
fn outside(policy: &Policy, lines: &[(u8, u64)]) -> Option<(u64, u64)> {
    let note = lines.iter().fold(note(&[]), |note, (seed, time)| {
        cosignature::cosign(&note, *time, &witness(*seed)).unwrap()
    });
    let witnesses = [3, 4, 5, 6].map(witness);
    let keys = witnesses.iter().map(Ed25519Signer::verifier_key);
    let log = log(1);
    let keys = keys.chain([log.verifier_key()]);
    let verified = checkpoint::verify(note.as_bytes(), ORIGIN, keys).unwrap();
    let time = policy.outside_time(verified.cosignatures())?;
    Some((time.made_from, time.existed_by))
}

#[test]
fn a_time_is_one_for_which_a_whole_quorum_stands() {
    let one = read(&[3, 4, 5], "group G any W3 W4 W5\nquorum G\n").unwrap();
    assert_eq!(outside(&one, &[(3, 10)]), Some((10, 10)));
    // Any one is enough: the first has seen it, the last has made its line.
    assert_eq!(outside(&one, &[(3, 10), (4, 30), (5, 20)]), Some((30, 10)));
    let two = read(&[3, 4, 5], "group G 2 W3 W4 W5\nquorum G\n").unwrap();
    assert_eq!(outside(&two, &[(3, 10), (4, 30), (5, 20)]), Some((20, 20)));
    assert_eq!(outside(&two, &[(3, 10), (4, 30)]), Some((10, 30)));
    // One that lies about its time, either way, moves nothing beyond an honest one.
    assert_eq!(outside(&two, &[(3, 1), (4, 21), (5, 20)]), Some((20, 20)));
    assert_eq!(outside(&two, &[(3, 99), (4, 21), (5, 20)]), Some((21, 21)));
    let all = read(&[3, 4, 5], "group G all W3 W4 W5\nquorum G\n").unwrap();
    assert_eq!(outside(&all, &[(3, 10), (4, 30), (5, 20)]), Some((10, 30)));
}

#[test]
fn no_time_comes_from_a_missed_quorum_a_stranger_or_nobody() {
    let two = read(&[3, 4, 5], "group G 2 W3 W4 W5\nquorum G\n").unwrap();
    assert_eq!(outside(&two, &[]), None);
    assert_eq!(outside(&two, &[(3, 10)]), None);
    assert_eq!(outside(&two, &[(3, 10), (6, 20)]), None);
    assert_eq!(outside(&two, &[(3, 10), (6, 1), (4, 30)]), Some((10, 30)));
    // The same one twice is one: the earlier of its times.
    assert_eq!(outside(&two, &[(3, 10), (3, 5)]), None);
    let nobody = read(&[3], "quorum none\n").unwrap();
    assert_eq!(outside(&nobody, &[(3, 10)]), None);
}

#[test]
fn several_lines_by_one_key_count_once() {
    let policy = read(&[3, 4], "group G 2 W3 W4\nquorum G\n").unwrap();
    let mut twice = note(&[3]);
    for time in 0..5 {
        twice = cosignature::cosign(&twice, time, &witness(3)).unwrap();
    }
    let error = policy.verify(twice.as_bytes(), &[]).unwrap_err();
    assert_eq!(
        error,
        PolicyError::QuorumMissed {
            quorum: "G".into(),
            found: 1
        }
    );
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        "1 good cosignatures do not fulfil the quorum G"
    );
}

#[test]
fn the_same_key_under_two_names_is_refused() {
    let key = *witness(3).verifier_key().public_key().as_bytes();
    let alias = VerifierKey::new(KeyType::CosignatureV1, "alias", &key).unwrap();
    let error = read(&[3], &format!("witness A {alias}\nquorum A\n")).unwrap_err();
    assert_eq!(error, PolicyError::DuplicateKey { line: 3 });
    let key = *log(1).verifier_key().public_key().as_bytes();
    let alias = VerifierKey::new(KeyType::Ed25519, "alias", &key).unwrap();
    let error = read(&[], &format!("log {alias}\nquorum none\n")).unwrap_err();
    assert_eq!(error, PolicyError::DuplicateKey { line: 2 });
}

#[test]
fn control_characters_are_refused() {
    for byte in (0..0x20_u8)
        .chain([0x7f])
        .filter(|byte| !b"\t\n".contains(byte))
    {
        let text = [b"# ", &[byte][..], b"\nquorum none\n"].concat();
        assert_eq!(
            Policy::parse(&text),
            Err(PolicyError::Byte { line: 1, byte })
        );
    }
}

#[test]
fn every_line_ends_with_a_newline() {
    assert_eq!(Policy::parse(b"quorum none"), Err(PolicyError::End));
    assert_eq!(Policy::parse(b"quorum none\n#"), Err(PolicyError::End));
}

#[test]
fn a_line_begins_with_one_of_four_words() {
    for line in ["logs a", "Log a", "witnesses a", "quorum# none", "policy"] {
        let error = read(&[], &format!("{line}\nquorum none\n")).unwrap_err();
        assert_eq!(error, PolicyError::Keyword { line: 2 }, "{line}");
    }
}

#[test]
fn a_line_has_as_many_items_as_its_word_asks_for() {
    let key = vkey(&witness(3));
    for line in [
        "log".into(),
        format!("log {key} url more"),
        "witness".into(),
        "witness name".into(),
        format!("witness name {key} url more"),
        "group".into(),
        "group name".into(),
        "group name any".into(),
        "quorum".into(),
        "quorum none none".into(),
        "quorum none # comment".into(),
    ] {
        let error = read(&[], &format!("{line}\nquorum none\n")).unwrap_err();
        assert_eq!(error, PolicyError::Items { line: 2 }, "{line}");
    }
}

#[test]
fn a_key_that_cannot_be_read_is_refused() {
    // The first is how Sigsum's dialect writes keys.
    let hex = "4644af2abd40f4895a003bca350f9d5912ab301a49c77f13e5b6d905c20a5fe6";
    for (key, source) in [(hex, VkeyError::Shape), ("a+0+a", VkeyError::Id)] {
        for line in [format!("log {key}"), format!("witness W {key}")] {
            let error = read(&[], &format!("{line}\nquorum none\n")).unwrap_err();
            assert_eq!(
                error,
                PolicyError::Key {
                    line: 2,
                    source: source.clone()
                }
            );
            assert_eq!(error.kind(), ErrorKind::Malformed);
        }
    }
    let bytes = [&b"log \xff+00000000+AA==\nquorum none\n"[..]].concat();
    assert!(matches!(
        Policy::parse(&bytes),
        Err(PolicyError::Key { line: 1, .. })
    ));
}

#[test]
fn a_log_has_a_logs_key_and_a_witness_a_witnesss() {
    let error = read(&[], &format!("log {}\nquorum none\n", vkey(&witness(3)))).unwrap_err();
    assert_eq!(
        error,
        PolicyError::KeyType {
            line: 2,
            expected: 1,
            found: 4
        }
    );
    let error = read(&[], &format!("witness W {}\nquorum none\n", vkey(&log(2)))).unwrap_err();
    assert_eq!(
        error,
        PolicyError::KeyType {
            line: 2,
            expected: 4,
            found: 1
        }
    );
}

#[test]
fn a_name_is_defined_once_and_none_is_taken() {
    let four = vkey(&witness(4));
    for (line, number) in [
        (format!("witness W3 {four}\n"), 3),
        (format!("witness none {four}\n"), 3),
        ("group W3 any W3\n".into(), 3),
        ("group none any W3\n".into(), 3),
        (format!("group G any W3\nwitness G {four}\n"), 4),
        (
            format!("group G any W3\nwitness W4 {four}\ngroup G any W4\n"),
            5,
        ),
    ] {
        let error = read(&[3], &format!("{line}quorum none\n")).unwrap_err();
        assert_eq!(error, PolicyError::NameTaken { line: number }, "{line}");
    }
}

#[test]
fn names_are_defined_before_use() {
    for (rest, line) in [
        ("quorum W4\n", 3),
        ("group G any W4\nquorum G\n", 3),
        ("group G any G\nquorum G\n", 3),
        ("group G any none\nquorum G\n", 3),
        ("quorum G\ngroup G any W3\n", 3),
        ("group G any W3\nquorum g\n", 4),
    ] {
        assert_eq!(
            read(&[3], rest),
            Err(PolicyError::Undefined { line }),
            "{rest}"
        );
    }
}

#[test]
fn a_name_is_a_member_of_at_most_one_group_and_once() {
    for (rest, line) in [
        ("group G 2 W3 W3\nquorum G\n", 3 + 1),
        ("group G any W3\ngroup H any W3 W4\nquorum H\n", 5),
        (
            "group G any W3\ngroup H any G\ngroup I all G W4\nquorum I\n",
            6,
        ),
    ] {
        assert_eq!(
            read(&[3, 4], rest),
            Err(PolicyError::MemberTwice { line }),
            "{rest}"
        );
    }
}

#[test]
fn a_threshold_is_1_to_the_number_of_members() {
    for threshold in [
        "0",
        "3",
        "01",
        "-1",
        "1.0",
        "ALL",
        "some",
        "99999999999999999999",
    ] {
        let error = read(&[3, 4], &format!("group G {threshold} W3 W4\nquorum G\n")).unwrap_err();
        assert_eq!(
            error,
            PolicyError::Threshold {
                line: 4,
                members: 2
            },
            "{threshold}"
        );
    }
}

#[test]
fn there_is_exactly_one_quorum_line() {
    assert_eq!(read(&[3], ""), Err(PolicyError::NoQuorum));
    assert_eq!(Policy::parse(b""), Err(PolicyError::NoQuorum));
    let twice = read(&[3], "quorum W3\nquorum none\n");
    assert_eq!(twice, Err(PolicyError::SecondQuorum { line: 4 }));
}

#[test]
fn a_policy_has_at_most_256_kib() {
    let fill = |length: usize| {
        let end = "\nquorum none\n";
        format!("#{}{end}", "x".repeat(length - end.len() - 1))
    };
    assert!(Policy::parse(fill(POLICY_BYTES_MAX).as_bytes()).is_ok());
    let found = POLICY_BYTES_MAX + 1;
    let error = Policy::parse(fill(found).as_bytes()).unwrap_err();
    assert_eq!(
        error,
        PolicyError::TooLong {
            max: POLICY_BYTES_MAX,
            found
        }
    );
}

#[test]
fn a_policy_has_at_most_64_logs_witnesses_and_groups() {
    let max = POLICY_ITEMS_MAX;
    let seeds = |number: usize| (100..).take(number).collect::<Vec<u8>>();
    let text = |logs: usize, witnesses: usize, groups: usize| {
        let mut text = String::new();
        for seed in seeds(logs) {
            text += &format!("log {}\n", vkey(&log(seed)));
        }
        for seed in seeds(witnesses) {
            text += &format!("witness W{seed} {}\n", vkey(&witness(seed)));
        }
        for group in 0..groups {
            let member = if group == 0 {
                "W100".into()
            } else {
                format!("G{}", group - 1)
            };
            text += &format!("group G{group} any {member}\n");
        }
        Policy::parse((text + "quorum none\n").as_bytes())
    };
    assert!(text(max, max, max).is_ok());
    for (logs, witnesses, groups, what) in [
        (max + 1, 1, 1, "logs"),
        (1, max + 1, 1, "witnesses"),
        (1, 1, max + 1, "groups"),
    ] {
        assert_eq!(
            text(logs, witnesses, groups),
            Err(PolicyError::TooMany { what, max })
        );
    }
}

#[test]
fn a_quorum_of_every_witness_that_a_policy_can_name_can_be_met() {
    let seeds: Vec<u8> = (100..132).collect();
    let names: Vec<String> = seeds.iter().map(|seed| format!("W{seed}")).collect();
    let policy = read(
        &seeds,
        &format!("group G all {}\nquorum G\n", names.join(" ")),
    )
    .unwrap();
    assert!(holds(&policy, &seeds));
    assert!(!holds(&policy, &seeds[1..]));
    assert_eq!(vec![policy.witnesses().len()], [32]);
}
