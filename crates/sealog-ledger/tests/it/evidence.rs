//! Evidence packages: genuine ones hold, and every attack has its reason.

use std::io::Cursor;

use sealog_core::Hash;
use sealog_core::config::Bands;
use sealog_core::json::Value;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::evidence::{Asked, Evidence, EvidenceOptions, Sample, Scope};
use sealog_ledger::verify::{Against, PackageReport, Request, verify_package};
use sealog_ledger::{Access, ConfigSet, Error, Ledger, Options, Query, SystemRandom, keys};

use crate::ground::{Ground, decision, scored};
use crate::zip::{self, Members};

/// A log with two streams, a configuration that changes, labels, and an anchor of time between two halves.
struct Case {
    ground: Ground,
    ledger: Ledger,
    keys: Vec<VerifierKey>,
    /// The time of the first entry of the second half.
    half: sealog_core::time::Timestamp,
}

fn set(threshold: f64) -> ConfigSet {
    ConfigSet {
        config_id: "credit".into(),
        system_id: None,
        tenant_id: None,
        model_id: None,
        bands: Some(Bands::threshold(threshold, "L001", "L002")),
        changed_by: "ann".into(),
        reason: "a test".into(),
        approval_id: None,
        effective_at: None,
    }
}

fn decisions(ledger: &Ledger, from: u32, threshold: f64) {
    let config = ledger.active_config("credit").unwrap().unwrap();
    let digest = sealog_core::config::digest_text(&config.digest);
    let producer = ledger.producer().unwrap();
    for n in from..from + 6 {
        let score = f64::from(n % 10) / 10.0;
        let label = if score < threshold { "L001" } else { "L002" };
        let mut draft = scored(&format!("d{n}"), &digest, score, label);
        if n % 3 == 0 {
            draft = decision(&format!("other{n}"));
            draft.system_id = Some("cards".into());
        }
        producer.append(draft).unwrap();
    }
    drop(producer);
}

impl Case {
    fn new() -> Self {
        let ground = Ground::new();
        let ledger = ground.create();
        ledger.add_label(None, "approve", "ann", "a test").unwrap();
        ledger.add_label(None, "decline", "ann", "a test").unwrap();
        ledger.set_config(set(0.5)).unwrap();
        decisions(&ledger, 0, 0.5);
        ledger.set_config(set(0.3)).unwrap();
        let half = ledger.size();
        decisions(&ledger, 10, 0.3);
        let entry = ledger.entry(half).unwrap().value();
        let half = entry.member("log").unwrap().member("recorded_at").unwrap();
        let half = sealog_core::time::Timestamp::parse(half.as_str().unwrap().as_bytes()).unwrap();
        let keys = vec![VerifierKey::parse(&ledger.vkey()).unwrap()];
        Self {
            ground,
            ledger,
            keys,
            half,
        }
    }

    fn made(&self, query: &Query, options: &EvidenceOptions) -> (Vec<u8>, Evidence) {
        let mut out = Cursor::new(Vec::new());
        let made = self
            .ledger
            .export_evidence(query, options, &mut out, &mut |_| ())
            .unwrap();
        (out.into_inner(), made)
    }

    fn package(&self, query: &Query) -> Vec<u8> {
        self.made(query, &EvidenceOptions::default()).0
    }

    fn verify(&self, bytes: &[u8]) -> PackageReport {
        verify(bytes, &self.keys, &[])
    }
}

fn verify(bytes: &[u8], keys: &[VerifierKey], against: &[Against]) -> PackageReport {
    let request = Request {
        keys: keys.to_vec(),
        against: against.to_vec(),
        ..Request::default()
    };
    verify_package(Cursor::new(bytes), &request)
}

pub(crate) fn said(report: &PackageReport) -> (u8, &'static str) {
    (report.exit(), report.reason())
}

fn stream(name: &str) -> Query {
    Query {
        tenant: Some("default".into()),
        stream: Some(name.into()),
        ..Query::default()
    }
}

fn kind(name: &str) -> Query {
    Query {
        kind: Some(name.into()),
        ..Query::default()
    }
}

#[test]
fn a_package_of_a_stream_of_the_log_and_of_a_selection_holds() {
    let case = Case::new();
    for (query, scope, entries) in [
        (stream("credit"), "stream", 8),
        (stream("cards"), "stream", 4),
        (Query::default(), "log", case.ledger.size() + 1),
        (kind("decision"), "selection", 12),
    ] {
        let (bytes, made) = case.made(&query, &EvidenceOptions::default());
        let report = case.verify(&bytes);
        assert_eq!(
            said(&report),
            (0, "holds"),
            "{scope} {:?}",
            report.findings()
        );
        let facts = report.facts().unwrap();
        assert_eq!((facts.scope.word(), facts.entries), (scope, entries));
        assert_eq!((made.entries, made.population), (entries, entries));
    }
}

#[test]
fn a_stream_that_never_was_is_proven_to_be_empty() {
    let case = Case::new();
    let report = case.verify(&case.package(&stream("absent")));
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(report.facts().unwrap().entries, 0);
}

#[test]
fn a_period_is_bounded_by_the_entries_beside_it() {
    let case = Case::new();
    let earlier = Query {
        to_time: Some(case.half),
        ..stream("credit")
    };
    let later = Query {
        from_time: Some(case.half),
        ..stream("credit")
    };
    for query in [earlier.clone(), later.clone()] {
        let report = case.verify(&case.package(&query));
        assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
        assert_eq!(report.facts().unwrap().entries, 4);
    }
    // One claims the other's period.
    let mut forged = zip::read(&case.package(&earlier));
    let member =
        zip::text(&forged, "completeness.json").replace("\"after\":", "\"after\":null,\"x\":");
    zip::replace(&mut forged, "completeness.json", member.as_bytes());
    assert_eq!(
        said(&case.verify(&zip::write(&forged))),
        (1, "package_member")
    );
}

#[test]
fn the_same_size_and_query_give_the_same_bytes() {
    let case = Case::new();
    let (first, made) = case.made(&stream("credit"), &EvidenceOptions::default());
    decisions(&case.ledger, 20, 0.3);
    let options = EvidenceOptions {
        at: Some(made.size),
        ..EvidenceOptions::default()
    };
    let (again, _) = case.made(&stream("credit"), &options);
    assert!(first == again);
    let path = case.ground.path();
    drop(case.ledger);
    assert!(path.exists());
    let reopened = case.ground.open();
    let mut out = Cursor::new(Vec::new());
    reopened
        .export_evidence(&stream("credit"), &options, &mut out, &mut |_| ())
        .unwrap();
    assert!(first == out.into_inner());
}

#[test]
fn a_size_without_a_checkpoint_a_sample_of_a_selection_and_a_reader_are_refused() {
    let case = Case::new();
    let export = |ledger: &Ledger, query: &Query, options: &EvidenceOptions| {
        let mut out = Cursor::new(Vec::new());
        ledger
            .export_evidence(query, options, &mut out, &mut |_| ())
            .unwrap_err()
    };
    let at = EvidenceOptions {
        at: Some(u64::from(u32::MAX)),
        ..EvidenceOptions::default()
    };
    let sample = EvidenceOptions {
        sample: Some(Sample {
            count: 1,
            seed: String::new(),
            by_auditor: false,
        }),
        ..EvidenceOptions::default()
    };
    for (query, options) in [(stream("credit"), at), (kind("decision"), sample)] {
        let error = export(&case.ledger, &query, &options);
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    let read = Ledger::open(
        &case.ground.path(),
        Options {
            access: Access::Read,
            ..case.ground.options()
        },
    )
    .unwrap();
    let error = export(&read, &Query::default(), &EvidenceOptions::default());
    assert!(matches!(error, Error::Argument { .. }), "{error}");
}

#[test]
fn a_sample_is_drawn_from_the_root_and_the_seed_and_from_nothing_else() {
    let case = Case::new();
    let options = EvidenceOptions {
        sample: Some(Sample {
            count: 3,
            seed: "auditor 7".into(),
            by_auditor: false,
        }),
        ..EvidenceOptions::default()
    };
    let (bytes, made) = case.made(&stream("credit"), &options);
    assert_eq!((made.entries, made.population), (3, 8));
    assert_eq!(said(&case.verify(&bytes)), (0, "holds"));
    // An operator who signs what he likes still cannot choose what is drawn.
    for (from, to) in [("auditor 7", "auditor 8"), ("\"count\":3", "\"count\":2")] {
        let forged = resigned(&case, &bytes, |manifest| manifest.replace(from, to));
        let report = case.verify(&forged);
        assert_eq!(said(&report), (1, "package_incomplete"), "{from}");
    }
}

#[test]
fn what_was_kept_from_before_is_compared() {
    let case = Case::new();
    let kept = case.ledger.checkpoint().unwrap();
    decisions(&case.ledger, 20, 0.3);
    let against = |note: &str| {
        vec![Against {
            name: "kept".into(),
            bytes: note.as_bytes().to_vec(),
        }]
    };
    let options = EvidenceOptions {
        previous: Some(kept.clone()),
        ..EvidenceOptions::default()
    };
    let (with, _) = case.made(&stream("credit"), &options);
    let without = case.package(&stream("credit"));
    let report = verify(&with, &case.keys, &against(&kept));
    assert_eq!(
        (said(&report), report.level().id()),
        ((0, "holds"), "remembered")
    );
    let report = verify(&without, &case.keys, &against(&kept));
    assert_eq!(said(&report), (2, "against_unusable"));
    // Another history of the same size, which the log's own key signed; and one that it did not.
    let other = forged_root(&case, &kept);
    let report = verify(&with, &case.keys, &against(&other));
    assert_eq!(said(&report), (1, "against_mismatch"));
    let torn = other.replacen("AAAA", "AAAB", 1);
    let report = verify(&with, &case.keys, &against(&torn));
    assert_eq!(said(&report), (2, "against_unusable"));
    let options = EvidenceOptions {
        previous: Some(other),
        ..EvidenceOptions::default()
    };
    let mut out = Cursor::new(Vec::new());
    let refused = case
        .ledger
        .export_evidence(&stream("credit"), &options, &mut out, &mut |_| ());
    assert!(matches!(refused, Err(Error::Argument { .. })));
}

/// A checkpoint of the same size and another root, signed by the log's own key.
fn forged_root(case: &Case, note: &str) -> String {
    let size = note.split('\n').nth(1).unwrap().parse().unwrap();
    let other = Checkpoint::new(case.ledger.origin(), size, Hash::new([0; 32])).unwrap();
    other.sign(&[&signer(case)]).unwrap()
}

fn signer(case: &Case) -> Ed25519Signer {
    let secrets = case.ledger.secrets().unwrap();
    keys::read_log_key(&secrets.join(keys::LOG_KEY_FILE)).unwrap()
}

#[test]
fn without_a_key_or_with_another_one_nothing_is_vouched_for() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    assert_eq!(said(&verify(&bytes, &[], &[])), (2, "unpinned"));
    let other = Ground::new();
    let other = VerifierKey::parse(&other.create().vkey()).unwrap();
    assert_eq!(said(&verify(&bytes, &[other], &[])), (2, "origin_other"));
    // The same name, another key.
    let stranger = keys::ephemeral(case.keys[0].name(), &SystemRandom).unwrap();
    let stranger = stranger.verifier_key().clone();
    assert_eq!(
        said(&verify(&bytes, &[stranger], &[])),
        (1, "key_not_pinned")
    );
    // The log's own key, as one that cosigns: no checkpoint of a log is signed by such a key, and no package.
    let own = &case.keys[0];
    let cosigns = VerifierKey::new(
        KeyType::CosignatureV1,
        own.name(),
        own.public_key().as_bytes(),
    )
    .unwrap();
    let name = format!("\"keyid\":\"{}\"", own.fingerprint());
    let claimed = format!("\"keyid\":\"{}\"", cosigns.fingerprint());
    let mut members = zip::read(&bytes);
    let (member, manifest) = members.last_mut().unwrap();
    assert_eq!(member, "manifest.json");
    let text = String::from_utf8(manifest.clone()).unwrap();
    assert_eq!(text.matches(&name).count(), 1);
    *manifest = text.replace(&name, &claimed).into_bytes();
    assert_eq!(
        said(&verify(&zip::write(&members), &[cosigns], &[])),
        (1, "key_not_pinned")
    );
}

/// The manifest edited and signed again with the log's own key, as a dishonest operator can.
fn resigned(case: &Case, bytes: &[u8], edit: impl FnOnce(String) -> String) -> Vec<u8> {
    let mut members = zip::read(bytes);
    sign_again(case, &mut members, edit);
    zip::write(&members)
}

fn sign_again(case: &Case, members: &mut Members, edit: impl FnOnce(String) -> String) {
    sign_members(members, edit, &[&signer(case)]);
}

/// Signs what the members are now, as whoever has these keys can.
pub(crate) fn sign_members(
    members: &mut Members,
    edit: impl FnOnce(String) -> String,
    signers: &[&dyn Signer],
) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let envelope = Value::parse(zip::text(members, "manifest.json").trim_end().as_bytes()).unwrap();
    let payload = envelope.member("payload").unwrap().as_str().unwrap();
    let mut payload = edit(String::from_utf8(STANDARD.decode(payload).unwrap()).unwrap());
    for (name, bytes) in members.iter().filter(|(name, _)| name != "manifest.json") {
        let digest = Hash::of(&[bytes]).to_hex();
        let end = format!("\"}},\"name\":\"{name}\"");
        // A member that the manifest does not name is one of the attacks.
        if let Some(at) = payload.find(&end) {
            payload.replace_range(at - 64..at, &digest);
        }
    }
    let kind = "application/vnd.in-toto+json";
    let message = sealog_core::dsse::pre_authentication(kind, payload.as_bytes());
    let signatures = signers
        .iter()
        .map(|signer| sealog_core::dsse::DsseSignature {
            key_id: signer.verifier_key().fingerprint(),
            value: signer.sign(&message).unwrap(),
        });
    let envelope = sealog_core::dsse::Dsse {
        payload_type: kind.into(),
        payload: payload.into_bytes(),
        signatures: signatures.collect(),
    };
    let mut text = envelope.to_json().to_canonical();
    text.push(b'\n');
    zip::replace(members, "manifest.json", &text);
}

/// A member edited line by line and everything signed again.
fn forged(case: &Case, bytes: &[u8], name: &str, edit: impl FnOnce(&mut Vec<String>)) -> Vec<u8> {
    let mut members = zip::read(bytes);
    let mut lines: Vec<String> = zip::text(&members, name).lines().map(Into::into).collect();
    let before = lines.len();
    edit(&mut lines);
    let text = lines.join("\n") + "\n";
    zip::replace(&mut members, name, text.as_bytes());
    let (was, is) = (before - 1, lines.len() - 1);
    sign_again(case, &mut members, |manifest| {
        if name == "entries.jsonl" {
            manifest.replace(
                &format!("\"entries\":{was},"),
                &format!("\"entries\":{is},"),
            )
        } else {
            manifest
        }
    });
    zip::write(&members)
}

#[test]
fn an_operator_who_signs_everything_again_cannot_leave_out_repeat_or_reorder() {
    let case = Case::new();
    for query in [stream("credit"), Query::default()] {
        let bytes = case.package(&query);
        let twin = forged(&case, &bytes, "entries.jsonl", |_| ());
        assert_eq!(said(&case.verify(&twin)), (0, "holds"));
        let dropped = |at: fn(usize) -> usize| {
            let bytes = forged(&case, &bytes, "entries.jsonl", |lines| {
                lines.remove(at(lines.len()));
            });
            said(&case.verify(&bytes))
        };
        assert_eq!(dropped(|_| 1), (1, "package_incomplete"), "the first");
        assert_eq!(
            dropped(|lines| lines / 2),
            (1, "package_incomplete"),
            "one in the middle"
        );
        assert_eq!(
            dropped(|lines| lines - 1),
            (1, "package_incomplete"),
            "the last"
        );
        let doubled = forged(&case, &bytes, "entries.jsonl", |lines| {
            lines.insert(1, lines[1].clone());
        });
        assert_eq!(said(&case.verify(&doubled)), (2, "extract_malformed"));
        let swapped = forged(&case, &bytes, "entries.jsonl", |lines| lines.swap(1, 2));
        assert_eq!(case.verify(&swapped).exit(), 1);
    }
}

#[test]
fn an_entry_that_the_query_does_not_ask_for_and_one_that_was_edited_are_refuted() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let whole = zip::read(&case.package(&Query::default()));
    let other = zip::text(&whole, "entries.jsonl");
    let other = other
        .lines()
        .find(|line| line.contains("\"system_id\":\"cards\""))
        .unwrap()
        .to_owned();
    // Both packages stand on one checkpoint only if nothing came between them, so the proof may fail as well.
    let added = forged(&case, &bytes, "entries.jsonl", |lines| {
        lines.insert(1, other);
    });
    assert_eq!(case.verify(&added).exit(), 1);
    let edited = forged(&case, &bytes, "entries.jsonl", |lines| {
        lines[1] = lines[1].replace("\"score\":0.1", "\"score\":0.2");
    });
    assert_eq!(said(&case.verify(&edited)), (1, "receipt_inclusion"));
}

#[test]
fn a_query_that_asks_for_less_than_the_package_holds_is_refuted() {
    let case = Case::new();
    let bytes = case.package(&kind("decision"));
    let forged = resigned(&case, &bytes, |manifest| {
        manifest.replace("{\"kind\":\"decision\"}", "{\"kind\":\"log.state\"}")
    });
    assert_eq!(said(&case.verify(&forged)), (1, "package_query"));
}

#[test]
fn a_claim_that_is_not_the_maps_is_refuted() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    for (from, to, reason) in [
        ("\"next_seq\":8", "\"next_seq\":7", "package_map"),
        ("\"ranks\":[0,8]", "\"ranks\":[0,7]", "package_incomplete"),
        ("\"ranks\":[0,8]", "\"ranks\":[1,8]", "package_incomplete"),
    ] {
        let forged = forged(&case, &bytes, "completeness.json", |lines| {
            assert!(lines[0].contains(from), "{}", lines[0]);
            lines[0] = lines[0].replace(from, to);
        });
        assert_eq!(said(&case.verify(&forged)), (1, reason), "{to}");
    }
    let other = forged(&case, &bytes, "completeness.json", |lines| {
        lines[0] =
            "{\"after\":null,\"before\":null,\"disposed\":[],\"ranks\":null,\"stream_end\":null}"
                .into();
    });
    assert_eq!(said(&case.verify(&other)), (2, "package_malformed"));
}

#[test]
fn counts_that_are_not_those_of_the_entries_are_refuted() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let forged = forged(&case, &bytes, "population.json", |lines| {
        lines[0] = lines[0].replace("\"entries\":8", "\"entries\":9");
    });
    assert_eq!(said(&case.verify(&forged)), (1, "package_population"));
}

#[test]
fn a_configuration_that_is_left_out_shows() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let forged = forged(&case, &bytes, "context.jsonl", |lines| {
        lines.retain(|line| !line.contains("\"kind\":\"config.changed\""));
    });
    assert_eq!(said(&case.verify(&forged)), (1, "config_never_active"));
    let bytes = case.package(&Query::default());
    let forged = self::forged(&case, &bytes, "context.jsonl", |lines| {
        lines.retain(|line| !line.contains("\"kind\":\"label.registered\""));
    });
    assert_eq!(said(&case.verify(&forged)), (1, "package_incomplete"));
}

#[test]
fn a_checkpoint_of_another_history_is_refuted() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let forged = forged(&case, &bytes, "consistency.jsonl", |lines| {
        let json = Value::parse(lines[0].as_bytes()).unwrap();
        let note = json.member("checkpoint").unwrap().as_str().unwrap();
        let root = note.split('\n').nth(2).unwrap();
        lines[0] = lines[0].replace(root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    });
    assert_eq!(said(&case.verify(&forged)), (1, "package_consistency"));
}

#[test]
fn a_file_that_is_added_replaced_renamed_doubled_or_missing_is_no_package() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let members = zip::read(&bytes);
    assert!(
        zip::write(&members) == bytes,
        "the helper writes what the library writes"
    );
    let edited = |edit: &dyn Fn(&mut Members)| {
        let mut members = members.clone();
        edit(&mut members);
        said(&case.verify(&zip::write(&members)))
    };
    let more = ("more.txt".to_owned(), b"more".to_vec());
    assert_eq!(edited(&|m| m.push(more.clone())), (2, "package_malformed"));
    assert_eq!(edited(&|m| m.push(m[0].clone())), (2, "package_malformed"));
    assert_eq!(edited(&|m| drop(m.remove(4))), (2, "package_malformed"));
    assert_eq!(edited(&|m| m.swap(0, 1)), (2, "package_malformed"));
    assert_eq!(
        edited(&|m| m[0].0 = "../../README".into()),
        (2, "package_malformed")
    );
    for at in 0..8 {
        assert_eq!(
            edited(&|m| m[at].1.push(b'\n')),
            (1, "package_member"),
            "{at}"
        );
    }
    assert_eq!(edited(&|m| m[8].1.push(b'\n')), (2, "package_malformed"));
    let newer = resigned(&case, &bytes, |manifest| {
        manifest.replace("sealog-evidence/v1", "sealog-evidence/v9")
    });
    assert_eq!(said(&case.verify(&newer)), (2, "package_newer"));
    for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        assert_eq!(
            said(&case.verify(&bytes[..length])),
            (2, "package_malformed")
        );
    }
}

#[test]
fn no_flipped_bit_of_a_package_is_verified() {
    let ground = Ground::new();
    let ledger = ground.create();
    ledger.producer().unwrap().append(decision("d0")).unwrap();
    let keys = vec![VerifierKey::parse(&ledger.vkey()).unwrap()];
    let mut out = Cursor::new(Vec::new());
    ledger
        .export_evidence(
            &stream("credit"),
            &EvidenceOptions::default(),
            &mut out,
            &mut |_| (),
        )
        .unwrap();
    let mut bytes = out.into_inner();
    assert_eq!(said(&verify(&bytes, &keys, &[])), (0, "holds"));
    for at in 0..bytes.len() * 8 {
        bytes[at / 8] ^= 1 << (at % 8);
        assert_ne!(verify(&bytes, &keys, &[]).exit(), 0, "bit {at}");
        bytes[at / 8] ^= 1 << (at % 8);
    }
}

#[test]
fn a_thousand_earlier_checkpoints_are_read_and_one_more_is_not() {
    let case = Case::new();
    let bytes = case.package(&stream("credit"));
    let with = |count: usize| {
        let bytes = forged(&case, &bytes, "consistency.jsonl", |lines| {
            *lines = vec![lines[0].clone(); count];
        });
        said(&case.verify(&bytes))
    };
    assert_eq!(with(1_000), (0, "holds"));
    assert_eq!(with(1_001), (2, "package_malformed"));
}

#[test]
fn a_package_that_leaves_is_recorded_and_one_that_is_not_recorded_does_not_leave() {
    let case = Case::new();
    let path = case.ground.path().join("../package.zip");
    let asked = |by: &str| Asked {
        by: by.into(),
        recipient: Some("auditor".into()),
    };
    let give = |query: &Query, by: &str| {
        let options = EvidenceOptions::default();
        case.ledger
            .hand_over_evidence(&path, query, &options, &asked(by), &mut |_| ())
    };
    // No id: the record is refused, and the file goes.
    let size = case.ledger.size();
    let refused = give(&Query::default(), "two words").unwrap_err();
    assert!(matches!(refused, Error::Record { .. }), "{refused:?}");
    assert!(!path.exists());
    let handed = give(&stream("cards"), "jo").unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(handed.digest, Hash::of(&[&bytes]));
    assert_eq!(said(&case.verify(&bytes)), (0, "holds"));
    assert!(matches!(&handed.evidence.scope, Scope::Stream { tenant, .. } if tenant == "default"));
    let last = case.ledger.entry(case.ledger.size() - 1).unwrap().value();
    let body = last.member("record").unwrap().member("body").unwrap();
    let text = |name: &str| body.member(name).and_then(Value::as_str).unwrap();
    let digest = format!("sha256:{}", handed.digest.to_hex());
    assert_eq!(text("package_digest"), digest);
    assert_eq!((text("requested_by"), text("recipient")), ("jo", "auditor"));
    assert!(case.ledger.size() > size);
    // Something comes to be there while the package is made: nothing is recorded either.
    let leavings = || {
        let all = (0..case.ledger.size()).map(|index| case.ledger.entry(index).unwrap().value());
        let kinds = all.map(|entry| {
            entry
                .member("record")
                .and_then(|record| record.member("kind")?.as_str().map(str::to_owned))
        });
        kinds
            .flatten()
            .filter(|kind| kind == "export.created")
            .count()
    };
    let before = leavings();
    assert!(before > 0);
    let other = path.with_file_name("other.zip");
    let taken = case.ledger.hand_over_evidence(
        &other,
        &stream("cards"),
        &EvidenceOptions::default(),
        &asked("jo"),
        &mut |_| std::fs::write(&other, "theirs").unwrap(),
    );
    assert_eq!(taken.unwrap_err().code(), "file_exists");
    assert_eq!(leavings(), before);
    assert_eq!(std::fs::read(&other).unwrap(), b"theirs");
    // The file is there already: nothing is recorded, and it stays as it is.
    let size = case.ledger.size();
    let refused = give(&stream("cards"), "jo").unwrap_err();
    assert!(matches!(refused, Error::FileExists { .. }), "{refused:?}");
    assert_eq!(case.ledger.size(), size);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}
