//! What a package holds beside entries: anchors, payload files, openings and the exporter's signature; and every
//! attack on them, by a log's own key.

use std::io::Cursor;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::Hash;
use sealog_core::dsse::Dsse;
use sealog_core::json::Value;
use sealog_core::tlog::checkpoint::Checkpoint;
use sealog_core::tlog::cosignature::cosign;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_core::values::Encoder;
use sealog_ledger::evidence::{
    ANCHORS_HELD_MAX, EvidenceOptions, Exporter, OPENING_VALUE_BYTES_MAX, OPENINGS_MAX, Opening,
    PAYLOADS_HELD_MAX,
};
use sealog_ledger::verify::{Against, Level, PackageReport, Request, verify_package};
use sealog_ledger::{Creation, Draft, Error, Ledger, Options, Payload, Query};

use crate::evidence::{said, sign_members};
use crate::ground::{Ground, decision};
use crate::zip::{self, Members};

const ORIGIN: &str = "example.org/beside";
const RECORD: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const ACTOR: &str = "auditor-1";
/// Some second of 2026.
const T: u64 = 1_780_000_000;

fn key(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[seed; 32]).unwrap()
}

fn actor(seed: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/actor", &[seed; 32]).unwrap()
}

fn witness(seed: u8) -> Ed25519Signer {
    let name = format!("w{seed}.example");
    Ed25519Signer::from_seed(KeyType::CosignatureV1, &name, &[seed; 32]).unwrap()
}

fn policy(seed: u8) -> Policy {
    let vkey = witness(seed).verifier_key().to_string();
    Policy::parse(format!("witness W {vkey}\nquorum W\n").as_bytes()).unwrap()
}

/// A letter that is too long to stand inline.
fn letter(fill: u8) -> Vec<u8> {
    vec![fill; 33 * 1024]
}

fn with_payload(id: &str, bytes: Vec<u8>) -> Draft {
    let mut draft = decision(id);
    draft.payloads = vec![Payload {
        name: "letter".into(),
        media_type: "text/plain".into(),
        bytes,
        key_id: None,
    }];
    draft
}

fn encoded(bytes: &[u8]) -> String {
    let mut encoder = Encoder::new();
    encoder.bytes(bytes).unwrap();
    String::from_utf8(encoder.finish().unwrap()).unwrap()
}

fn stream() -> Query {
    Query {
        tenant: Some("default".into()),
        stream: Some("credit".into()),
        ..Query::default()
    }
}

/// A log with all that a package can hold: three payloads, of which one stands inline, two commitments in one record,
/// an actor's key and an anchor.
struct Case {
    ground: Ground,
    ledger: Ledger,
}

impl Case {
    fn new() -> Self {
        let case = Self::begun();
        let producer = case.ledger.producer().unwrap();
        producer.append(with_payload("d1", letter(1))).unwrap();
        producer.append(with_payload("d2", letter(2))).unwrap();
        producer.append(with_payload("d3", letter(1))).unwrap();
        producer.append(with_payload("d4", vec![3; 10])).unwrap();
        let mut draft = decision("d5");
        draft.record_id = Some(RECORD.into());
        for (field, name) in [
            ("/input_digest", "input_digest"),
            ("/output_digest", "output_digest"),
        ] {
            let value = encoded(name.as_bytes());
            let commitment = case.ledger.commitment(RECORD, field, value.as_bytes());
            draft.body.insert(name, commitment.unwrap());
        }
        producer.append(draft).unwrap();
        drop(producer);
        case.anchor();
        case
    }

    /// A log with an actor's key and nothing else.
    fn begun() -> Self {
        let ground = Ground::new();
        let options = Options {
            signer: Some(Arc::new(key(1))),
            ..ground.options()
        };
        let ledger = Ledger::create(&ground.path(), &Creation::default(), options).unwrap();
        let vkey = actor(7).verifier_key().to_string();
        ledger.trust_actor_key(ACTOR, &vkey, None).unwrap();
        Self { ground, ledger }
    }

    fn anchor(&self) {
        let note = self.ledger.checkpoint().unwrap();
        let token = cosign(&note, T, &witness(9)).unwrap();
        self.ledger
            .import_checkpoint(token.as_bytes(), &policy(9))
            .unwrap();
    }

    fn all() -> EvidenceOptions {
        EvidenceOptions {
            payloads: true,
            openings: vec![opening("/input_digest", b"input_digest")],
            exporter: Some(Exporter {
                actor: ACTOR.into(),
                signer: Arc::new(actor(7)),
            }),
            ..EvidenceOptions::default()
        }
    }

    fn export(&self, query: &Query, options: &EvidenceOptions) -> Result<Vec<u8>, Error> {
        let mut out = Cursor::new(Vec::new());
        self.ledger
            .export_evidence(query, options, &mut out, &mut |_| ())?;
        Ok(out.into_inner())
    }

    fn package(&self) -> Vec<u8> {
        self.export(&stream(), &Self::all()).unwrap()
    }
}

fn opening(field: &str, bytes: &[u8]) -> Opening {
    Opening {
        record_id: RECORD.into(),
        field: field.into(),
        value: encoded(bytes),
    }
}

fn request(policy: Option<Policy>) -> Request {
    Request {
        keys: vec![key(1).verifier_key().clone()],
        policy,
        ..Request::default()
    }
}

fn verify(bytes: &[u8]) -> PackageReport {
    verify_package(Cursor::new(bytes), &request(None))
}

/// What a package says after its members and manifest were edited, and both keys signed it again.
fn attacked(
    bytes: &[u8],
    members: impl FnOnce(&mut Members),
    manifest: impl FnOnce(String) -> String,
) -> (u8, &'static str) {
    let mut all = zip::read(bytes);
    members(&mut all);
    sign_members(&mut all, manifest, &[&key(1), &actor(7)]);
    said(&verify(&zip::write(&all)))
}

fn same(manifest: String) -> String {
    manifest
}

fn edit(members: &mut Members, name: &str, from: &str, to: &str) {
    let text = zip::text(members, name);
    assert!(text.contains(from), "{from} in {text}");
    zip::replace(members, name, text.replacen(from, to, 1).as_bytes());
}

/// Lines, each with its end.
fn ended(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

fn payload_name(fill: u8) -> String {
    format!("payloads/{}", Hash::of(&[&letter(fill)]).to_hex())
}

fn json(report: &PackageReport, name: &str) -> String {
    let value = report.to_json();
    let value = value.member(name).unwrap().to_canonical();
    String::from_utf8(value).unwrap()
}

#[test]
fn a_package_with_all_members_holds_and_says_what_it_holds() {
    let case = Case::new();
    let bytes = case.package();
    let report = verify(&bytes);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "payloads"), r#"{"files":2,"left_out":0}"#);
    assert_eq!(json(&report, "commitments"), r#"{"closed":1,"opened":1}"#);
    assert_eq!(json(&report, "anchors"), r#"{"held":1,"left_out":0}"#);
    assert_eq!(json(&report, "notes"), "{}");
    assert_eq!(json(&report, "witnessed"), "null");
    let fingerprint = actor(7).verifier_key().fingerprint();
    let exporter = format!(r#"{{"actor":"{ACTOR}","fingerprint":"{fingerprint}"}}"#);
    assert_eq!(json(&report, "exporter"), exporter);
    let names: Vec<String> = zip::read(&bytes)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names.len(), 11);
    assert!(names.is_sorted_by(|one, next| !one.starts_with("payloads/")
        || !next.starts_with("payloads/")
        || one < next));
}

#[test]
fn nothing_comes_with_a_package_that_was_not_asked_for() {
    let case = Case::new();
    let bytes = case.export(&stream(), &EvidenceOptions::default()).unwrap();
    let report = verify(&bytes);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "payloads"), r#"{"files":0,"left_out":3}"#);
    assert_eq!(json(&report, "commitments"), r#"{"closed":2,"opened":0}"#);
    assert_eq!(json(&report, "exporter"), "null");
    let members = zip::read(&bytes);
    assert_eq!(zip::text(&members, "openings.jsonl"), "");
    assert!(
        !members
            .iter()
            .any(|(name, _)| name.starts_with("payloads/"))
    );
    // What a commitment hides is nowhere in it, nor the salt.
    let hidden = encoded(b"input_digest");
    assert!(
        !bytes
            .windows(hidden.len())
            .any(|part| part == hidden.as_bytes())
    );
}

#[test]
fn the_same_size_and_options_give_the_same_bytes() {
    let case = Case::new();
    let bytes = case.package();
    let size: u64 = {
        let report = verify(&bytes);
        report.facts().unwrap().checkpoint.size()
    };
    case.ledger
        .producer()
        .unwrap()
        .append(decision("later"))
        .unwrap();
    case.anchor();
    let options = EvidenceOptions {
        at: Some(size),
        ..Case::all()
    };
    assert!(case.export(&stream(), &options).unwrap() == bytes);
    // A payload that was taken away meanwhile is said to be left out.
    let name = Hash::of(&[&letter(1)]).to_hex();
    let path = case
        .ground
        .path()
        .join("payloads")
        .join(&name[..2])
        .join(&name);
    std::fs::remove_file(path).unwrap();
    let bytes = case.export(&stream(), &options).unwrap();
    let report = verify(&bytes);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "payloads"), r#"{"files":1,"left_out":2}"#);
}

#[test]
fn a_payload_that_is_altered_missing_renamed_or_added_shows() {
    let case = Case::new();
    let bytes = case.package();
    let altered = |members: &mut Members| {
        let at = members
            .iter()
            .position(|(name, _)| *name == payload_name(1));
        members[at.unwrap()].1[0] ^= 1;
    };
    let mut members = zip::read(&bytes);
    altered(&mut members);
    assert_eq!(said(&verify(&zip::write(&members))), (1, "package_member"));
    // By the log's own key.
    assert_eq!(attacked(&bytes, altered, same), (1, "payload_mismatch"));
    let longer = |members: &mut Members| {
        let at = members
            .iter()
            .position(|(name, _)| *name == payload_name(1));
        members[at.unwrap()].1.push(1);
    };
    assert_eq!(attacked(&bytes, longer, same), (1, "payload_mismatch"));
    let gone = |members: &mut Members| members.retain(|(name, _)| *name != payload_name(1));
    let mut members = zip::read(&bytes);
    gone(&mut members);
    assert_eq!(
        said(&verify(&zip::write(&members))),
        (2, "package_malformed")
    );
    let digest = Hash::of(&[&letter(1)]).to_hex();
    let file = format!(r#"{{"digest":{{"sha256":"{digest}"}},"name":"payloads/{digest}"}}"#);
    let unnamed = |manifest: String| {
        let manifest = manifest
            .replace(&file, "")
            .replace("[,", "[")
            .replace(",,", ",")
            .replace(",]", "]");
        manifest.replace("\"files\":2", "\"files\":1")
    };
    assert_eq!(attacked(&bytes, gone, unnamed), (1, "payload_missing"));
    let admitted = |manifest: String| {
        unnamed(manifest).replace("\"left_out\":0},\"query\"", "\"left_out\":2},\"query\"")
    };
    assert_eq!(
        attacked(&bytes, gone, admitted),
        (0, "holds"),
        "the honest twin"
    );
    // One that no entry names, under its right digest.
    let other = Hash::of(&[b"other"]).to_hex();
    let added = |members: &mut Members| {
        gone(members);
        let at = members
            .iter()
            .position(|(name, _)| name.starts_with("payloads/"))
            .unwrap();
        members.insert(at, (format!("payloads/{other}"), b"other".to_vec()));
        members[at..at + 2].sort();
    };
    let renamed = |manifest: String| {
        let first = manifest.find("payloads/").unwrap()
            - "{\"digest\":{\"sha256\":\"\"},\"name\":\"".len()
            - 64;
        let (head, _) = manifest.split_at(first);
        let mut names = [other.clone(), Hash::of(&[&letter(2)]).to_hex()];
        names.sort();
        let files = names
            .map(|name| format!(r#"{{"digest":{{"sha256":"{name}"}},"name":"payloads/{name}"}}"#));
        format!("{head}{}]}}", files.join(","))
            .replace("\"left_out\":0},\"query\"", "\"left_out\":2},\"query\"")
    };
    assert_eq!(attacked(&bytes, added, renamed), (1, "payload_mismatch"));
}

#[test]
fn a_member_that_the_manifest_does_not_name_or_that_stands_elsewhere_is_no_package() {
    let case = Case::new();
    let bytes = case.package();
    let malformed = (2, "package_malformed");
    let other = Hash::of(&[b"other"]).to_hex();
    let more = ("payloads/".to_owned() + &other, b"other".to_vec());
    let first = payload_name(1).min(payload_name(2));
    let at = zip::read(&bytes)
        .iter()
        .position(|(name, _)| *name == first)
        .unwrap();
    let edits: [&dyn Fn(&mut Members); 8] = [
        &|members| members.insert(at, more.clone()),
        &|members| members.swap(at, at + 1),
        &|members| members.insert(at, members[at].clone()),
        &|members| members.swap(6, 7),
        &|members| drop(members.remove(6)),
        &|members| drop(members.remove(7)),
        &|members| members[at].0 = members[at].0.to_uppercase(),
        &|members| members[at].0 = members[at].0.replace("payloads/", "payloads/../"),
    ];
    for (number, edit) in edits.iter().enumerate() {
        assert_eq!(
            attacked(&bytes, |members| edit(members), same),
            malformed,
            "{number}"
        );
    }
}

#[test]
fn an_opening_of_another_value_salt_field_record_or_entry_is_refuted() {
    let case = Case::new();
    let bytes = case.package();
    let wrong = |from: &str, to: &str| {
        attacked(
            &bytes,
            |members| edit(members, "openings.jsonl", from, to),
            same,
        )
    };
    let line = zip::text(&zip::read(&bytes), "openings.jsonl");
    let line = Value::parse(line.trim_end().as_bytes()).unwrap();
    let salt = line.member("salt").unwrap().as_str().unwrap();
    let other = format!(
        "{}{}",
        if salt.starts_with('0') { "1" } else { "0" },
        &salt[1..]
    );
    let refuted = (1, "package_opening");
    assert_eq!(wrong(salt, &other), refuted);
    assert_eq!(wrong("aW5wdX", "aW5wdY"), refuted, "another value");
    assert_eq!(wrong("/input_digest", "/output_digest"), refuted);
    assert_eq!(wrong("/input_digest", "/decision_id"), refuted);
    assert_eq!(wrong("/input_digest", "/nothing"), refuted);
    assert_eq!(wrong("/input_digest", ""), refuted);
    assert_eq!(wrong(RECORD, &RECORD.replace('8', "9")), refuted);
    let index = line.member("index").and_then(Value::as_u64).unwrap();
    let at = format!("\"index\":{index}");
    for other in [index - 1, index + 1, 0, 1_000_000] {
        assert_eq!(
            wrong(&at, &format!("\"index\":{other}")),
            refuted,
            "{other}"
        );
    }
    assert_eq!(wrong("{", "{ "), (2, "package_malformed"));
    assert_eq!(wrong(salt, &salt.to_uppercase()), (2, "package_malformed"));
}

#[test]
fn openings_are_counted_and_ordered() {
    let case = Case::new();
    let bytes = case.package();
    let options = EvidenceOptions {
        openings: vec![
            opening("/output_digest", b"output_digest"),
            opening("/input_digest", b"input_digest"),
        ],
        ..Case::all()
    };
    let both = case.export(&stream(), &options).unwrap();
    let report = verify(&both);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "commitments"), r#"{"closed":0,"opened":2}"#);
    let lines = |edit: fn(&mut Vec<&str>), counted: &str| {
        let members = |members: &mut Members| {
            let text = zip::text(members, "openings.jsonl");
            let mut lines: Vec<&str> = text.lines().collect();
            edit(&mut lines);
            zip::replace(members, "openings.jsonl", ended(&lines).as_bytes());
        };
        attacked(&both, members, |manifest| {
            manifest.replace("{\"closed\":0,\"opened\":2}", counted)
        })
    };
    let two = "{\"closed\":0,\"opened\":2}";
    assert_eq!(lines(|_| (), two), (0, "holds"));
    assert_eq!(
        lines(|lines| lines.swap(0, 1), two),
        (2, "package_malformed")
    );
    assert_eq!(
        lines(|lines| lines[1] = lines[0], two),
        (2, "package_malformed")
    );
    assert_eq!(
        lines(|lines| lines.truncate(1), two),
        (2, "package_malformed")
    );
    let one = "{\"closed\":1,\"opened\":1}";
    assert_eq!(lines(|lines| lines.truncate(1), one), (0, "holds"));
    assert_eq!(lines(|_| (), one), (2, "package_malformed"));
    let hidden = attacked(
        &bytes,
        |_| (),
        |manifest| manifest.replace("{\"closed\":1,\"opened\":1}", "{\"closed\":0,\"opened\":1}"),
    );
    assert_eq!(
        hidden,
        (1, "package_population"),
        "one that stays closed is not counted"
    );
}

#[test]
fn only_what_was_committed_to_is_opened() {
    let case = Case::new();
    let refused = |openings: Vec<Opening>, query: &Query| {
        let options = EvidenceOptions {
            openings,
            ..EvidenceOptions::default()
        };
        matches!(case.export(query, &options), Err(Error::Argument { .. }))
    };
    assert!(!refused(
        vec![opening("/input_digest", b"input_digest")],
        &stream()
    ));
    assert!(refused(vec![opening("/input_digest", b"other")], &stream()));
    assert!(refused(
        vec![opening("/output_digest", b"input_digest")],
        &stream()
    ));
    assert!(refused(vec![opening("/decision_id", b"d5")], &stream()));
    let twice = vec![opening("/input_digest", b"input_digest"); 2];
    assert!(refused(twice, &stream()));
    let elsewhere = Query {
        kind: Some("log.state".into()),
        ..Query::default()
    };
    assert!(refused(
        vec![opening("/input_digest", b"input_digest")],
        &elsewhere
    ));
    let long = Opening {
        value: "v".repeat(OPENING_VALUE_BYTES_MAX + 1),
        ..opening("/input_digest", b"")
    };
    assert!(refused(vec![long], &stream()));
    let many = (0..=OPENINGS_MAX).map(|n| opening(&format!("/f{n}"), b""));
    assert!(refused(many.collect(), &stream()));
}

#[test]
fn an_anchor_of_another_root_or_size_is_refuted_and_one_without_its_proof_is_noted() {
    let case = Case::new();
    let bytes = case.package();
    let line = zip::text(&zip::read(&bytes), "anchors.jsonl");
    let line = Value::parse(line.trim_end().as_bytes()).unwrap();
    let node = line.member("proof").unwrap().as_array().unwrap()[0]
        .as_str()
        .unwrap();
    let token = line.member("token").unwrap().as_str().unwrap();
    let index = line.member("index").and_then(Value::as_u64).unwrap();
    let edited = |from: &str, to: &str| {
        let mut members = zip::read(&bytes);
        edit(&mut members, "anchors.jsonl", from, to);
        sign_members(&mut members, same, &[&key(1), &actor(7)]);
        verify(&zip::write(&members))
    };
    let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(said(&edited(node, zeros)), (1, "anchor_wrong"));
    for (from, to) in [
        (
            format!("\"index\":{index}"),
            format!("\"index\":{}", index + 1),
        ),
        (format!("\"index\":{index}"), "\"index\":0".into()),
        (format!("\"{token}\""), "7".into()),
        ("{".into(), " {".into()),
    ] {
        assert_eq!(said(&edited(&from, &to)), (2, "package_malformed"), "{to}");
    }
    for other in ["null".to_owned(), "\"AAAA\"".into()] {
        let report = edited(&format!("\"{token}\""), &other);
        assert_eq!(said(&report), (0, "holds"));
        assert_eq!(json(&report, "notes"), r#"{"anchor_missing":1}"#);
    }
    let dropped = |manifest: fn(String) -> String| {
        attacked(
            &bytes,
            |members| zip::replace(members, "anchors.jsonl", b""),
            manifest,
        )
    };
    assert_eq!(dropped(same), (2, "package_malformed"));
    assert_eq!(
        dropped(|manifest| manifest.replace("\"held\":1", "\"held\":0")),
        (0, "holds")
    );
}

#[test]
fn what_is_left_out_of_the_anchors_is_what_there_is_no_room_for() {
    let case = Case::new();
    let bytes = case.package();
    let line = zip::text(&zip::read(&bytes), "anchors.jsonl");
    let said = |held: usize, left: u64, lines: usize| {
        let text = line.repeat(lines);
        attacked(
            &bytes,
            |members| zip::replace(members, "anchors.jsonl", text.as_bytes()),
            |manifest| {
                let to = format!("{{\"held\":{held},\"left_out\":{left}}}");
                manifest.replace("{\"held\":1,\"left_out\":0}", &to)
            },
        )
    };
    assert_eq!(said(1, 0, 1), (0, "holds"));
    assert_eq!(said(1, 1, 1), (2, "package_malformed"));
    assert_eq!(said(2, 0, 2), (2, "package_malformed"), "one twice");
    assert_eq!(said(ANCHORS_HELD_MAX + 1, 0, 1), (2, "package_malformed"));
}

#[test]
fn witnesses_vouch_for_a_package_up_to_what_they_saw() {
    let case = Case::new();
    let bytes = case.package();
    let verify =
        |bytes: &[u8], seed: u8| verify_package(Cursor::new(bytes), &request(Some(policy(seed))));
    let report = verify(&bytes, 9);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(report.level(), Level::Witnessed);
    let witnessed = report.facts().unwrap().witnessed.unwrap();
    let anchored = case.ledger.entry(witnessed.size).unwrap().value();
    let kind = anchored.member("record").unwrap().member("kind").unwrap();
    assert_eq!(
        kind.as_str(),
        Some("chain.anchored"),
        "right behind the size that was cosigned"
    );
    let seconds = witnessed.existed_by.unwrap().seconds();
    assert_eq!(seconds, i64::try_from(T).unwrap());
    // Another witness.
    let report = verify(&bytes, 8);
    assert_eq!(said(&report), (2, "witness_quorum"));
    // A record after what they saw.
    case.ledger
        .producer()
        .unwrap()
        .append(decision("later"))
        .unwrap();
    assert_eq!(said(&verify(&case.package(), 9)), (2, "witness_quorum"));
    case.anchor();
    assert_eq!(said(&verify(&case.package(), 9)), (0, "holds"));
}

#[test]
fn what_was_anchored_is_compared_with_what_was_kept() {
    let case = Case::new();
    let bytes = case.package();
    let size = verify_package(Cursor::new(&bytes), &request(Some(policy(9))));
    let size = size.facts().unwrap().witnessed.unwrap().size;
    let line = zip::text(&zip::read(&bytes), "anchors.jsonl");
    let line = Value::parse(line.trim_end().as_bytes()).unwrap();
    let token = line.member("token").unwrap().as_str().unwrap();
    let against = |bytes_kept: Vec<u8>| {
        let request = Request {
            against: vec![Against {
                name: "kept".into(),
                bytes: bytes_kept,
            }],
            ..request(None)
        };
        said(&verify_package(Cursor::new(&bytes), &request))
    };
    let token = STANDARD.decode(token).unwrap();
    assert_eq!(against(token), (0, "holds"));
    let other = Checkpoint::new(ORIGIN, size, Hash::new([0; 32])).unwrap();
    let other = other.sign(&[&key(1)]).unwrap();
    assert_eq!(against(other.into_bytes()), (1, "against_mismatch"));
}

#[test]
fn whoever_exported_has_to_be_known_to_the_log_and_to_have_signed() {
    let case = Case::new();
    let bytes = case.package();
    let signed = |manifest: fn(String) -> String, signers: &[&dyn Signer]| {
        let mut members = zip::read(&bytes);
        sign_members(&mut members, manifest, signers);
        said(&verify(&zip::write(&members)))
    };
    let (log, own, other) = (key(1), actor(7), actor(8));
    assert_eq!(signed(same, &[&log, &own]), (0, "holds"));
    assert_eq!(
        signed(same, &[&log]),
        (2, "package_malformed"),
        "taken away"
    );
    assert_eq!(signed(same, &[&log, &own, &own]), (2, "package_malformed"));
    assert_eq!(signed(same, &[&own, &log]), (1, "key_not_pinned"));
    assert_eq!(signed(same, &[&log, &other]), (1, "package_signer"));
    assert_eq!(signed(same, &[&log, &log]), (1, "package_signer"));
    let nobody = |manifest: String| {
        manifest.replace("\"exporter\":\"auditor-1\"", "\"exporter\":\"auditor-2\"")
    };
    assert_eq!(signed(nobody, &[&log, &own]), (1, "package_signer"));
    let log_itself =
        |manifest: String| manifest.replace("\"exporter\":\"auditor-1\"", "\"exporter\":\"log\"");
    assert_eq!(signed(log_itself, &[&log, &log]), (1, "package_signer"));
    let none =
        |manifest: String| manifest.replace("\"exporter\":\"auditor-1\"", "\"exporter\":null");
    assert_eq!(signed(none, &[&log, &own]), (2, "package_malformed"));
    assert_eq!(
        signed(none, &[&log]),
        (0, "holds"),
        "the twin without an exporter"
    );
    // The right key's name under another key's signature.
    let mut members = zip::read(&bytes);
    let text = zip::text(&members, "manifest.json");
    let mut envelope = Dsse::from_json(&Value::parse(text.trim_end().as_bytes()).unwrap()).unwrap();
    envelope.signatures[1].value = other.sign(&envelope.signed_bytes()).unwrap();
    let mut text = envelope.to_json().to_canonical();
    text.push(b'\n');
    zip::replace(&mut members, "manifest.json", &text);
    assert_eq!(
        said(&verify(&zip::write(&members))),
        (1, "package_signature")
    );
}

#[test]
fn a_key_that_was_revoked_or_replaced_signs_no_package() {
    let case = Case::new();
    let export = |seed: u8, name: &str| {
        let options = EvidenceOptions {
            exporter: Some(Exporter {
                actor: name.into(),
                signer: Arc::new(actor(seed)),
            }),
            ..EvidenceOptions::default()
        };
        case.export(&Query::default(), &options)
    };
    let refused = |seed: u8, name: &str| matches!(export(seed, name), Err(Error::Argument { .. }));
    assert!(!refused(7, ACTOR));
    assert!(refused(8, ACTOR));
    assert!(refused(7, "nobody"));
    assert!(refused(7, "log"));
    case.ledger.revoke_actor_key(ACTOR).unwrap();
    assert!(refused(7, ACTOR));
    let vkey = actor(8).verifier_key().to_string();
    case.ledger.trust_actor_key(ACTOR, &vkey, None).unwrap();
    assert!(refused(7, ACTOR));
    let bytes = export(8, ACTOR).unwrap();
    assert_eq!(said(&verify(&bytes)), (0, "holds"));
    // Signed with the old key all the same; and with the revocation left out of the context.
    let mut members = zip::read(&bytes);
    sign_members(&mut members, same, &[&key(1), &actor(7)]);
    assert_eq!(said(&verify(&zip::write(&members))), (1, "package_signer"));
    let context = zip::text(&members, "context.jsonl");
    let kept = context
        .lines()
        .filter(|line| !line.contains("\"event\":\"revoked\""));
    let kept = kept.filter(|line| !line.contains(&vkey));
    let kept = ended(&kept.collect::<Vec<_>>());
    zip::replace(&mut members, "context.jsonl", kept.as_bytes());
    sign_members(&mut members, same, &[&key(1), &actor(7)]);
    let report = verify(&zip::write(&members));
    assert_eq!(
        said(&report),
        (1, "package_incomplete"),
        "the whole log holds it"
    );
}

#[test]
fn payloads_up_to_the_limit_are_held_and_one_more_is_refused() {
    let case = Case::begun();
    let producer = case.ledger.producer().unwrap();
    // Each has other bytes, and all are as short as a file can be.
    let payload = |n: usize| {
        let mut bytes = letter(0);
        bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
        with_payload(&format!("d{n}"), bytes)
    };
    for n in 0..PAYLOADS_HELD_MAX {
        producer.append(payload(n)).unwrap();
    }
    let options = EvidenceOptions {
        payloads: true,
        ..EvidenceOptions::default()
    };
    let report = verify(&case.export(&stream(), &options).unwrap());
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "payloads"), r#"{"files":1000,"left_out":0}"#);
    producer.append(payload(PAYLOADS_HELD_MAX)).unwrap();
    let refused = case.export(&stream(), &options).unwrap_err();
    assert!(matches!(refused, Error::Argument { .. }), "{refused}");
}

#[test]
fn a_payload_that_is_not_what_its_entry_names_does_not_leave() {
    let case = Case::new();
    let name = Hash::of(&[&letter(1)]).to_hex();
    let path = case
        .ground
        .path()
        .join("payloads")
        .join(&name[..2])
        .join(&name);
    for wrong in [letter(4), vec![1; 5]] {
        std::fs::write(&path, wrong).unwrap();
        let refused = case.export(&stream(), &Case::all()).unwrap_err();
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    }
}

#[test]
fn no_flipped_bit_of_a_package_with_all_members_is_verified() {
    let case = Case::new();
    let mut bytes = case.package();
    let request = request(Some(policy(9)));
    let exit = |bytes: &[u8]| verify_package(Cursor::new(bytes), &request).exit();
    assert_eq!(exit(&bytes), 0);
    let mut bit = 0;
    for at in 0..bytes.len() {
        // Of the letters, which are long and all one byte, some.
        let inside = at > 64
            && bytes[at - 64..(at + 64).min(bytes.len())]
                .iter()
                .all(|byte| *byte == bytes[at]);
        if inside && at % 512 != 0 {
            continue;
        }
        bit = (bit + 1) % 8;
        bytes[at] ^= 1 << bit;
        assert_ne!(exit(&bytes), 0, "bit {bit} of byte {at}");
        bytes[at] ^= 1 << bit;
    }
}

#[test]
fn the_last_anchors_are_held_up_to_the_limit_and_those_before_them_are_counted() {
    let case = Case::begun();
    case.ledger
        .producer()
        .unwrap()
        .append(decision("d1"))
        .unwrap();
    let note = case.ledger.checkpoint().unwrap();
    let text = note.split("\n\n").next().unwrap().to_owned() + "\n";
    let checkpoint = Checkpoint::parse(&text).unwrap();
    let (size, root) = (checkpoint.size(), checkpoint.root().to_hex());
    let anchor = || {
        let mut body = sealog_core::json::Object::new();
        body.insert("anchor_time", "2026-05-28T20:26:40.000000Z");
        body.insert("anchor_type", "rfc3161");
        body.insert("authority", "a time stamper");
        body.insert("root_hash", root.as_str());
        body.insert("token_ref", format!("sha256:{}", "00".repeat(32)));
        let number = sealog_core::json::Number::unsigned(size).unwrap();
        body.insert("tree_size", Value::Number(number));
        case.ledger
            .append_own(Draft::new("chain.anchored", body))
            .unwrap();
    };
    for _ in 0..ANCHORS_HELD_MAX {
        anchor();
    }
    for (held, left) in [(ANCHORS_HELD_MAX, 0), (ANCHORS_HELD_MAX, 1)] {
        let bytes = case.export(&stream(), &EvidenceOptions::default()).unwrap();
        let report = verify(&bytes);
        assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
        let counted = format!("{{\"held\":{held},\"left_out\":{left}}}");
        assert_eq!(json(&report, "anchors"), counted);
        let noted = format!("{{\"anchor_missing\":{held}}}");
        assert_eq!(json(&report, "notes"), noted);
        anchor();
    }
}

#[test]
fn an_anchor_that_an_earlier_key_of_the_log_signed_counts() {
    let case = Case::new();
    case.ledger.rotate_key(Arc::new(key(2))).unwrap();
    let bytes = case.package();
    let request = Request {
        keys: vec![key(2).verifier_key().clone()],
        ..request(Some(policy(9)))
    };
    let report = verify_package(Cursor::new(&bytes), &request);
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    assert_eq!(json(&report, "notes"), "{}");
    assert_eq!(report.level(), Level::Witnessed);
}

#[test]
fn the_packages_own_checkpoint_is_witnessed_where_it_is_cosigned_and_only_there() {
    let case = Case::new();
    let bytes = case.package();
    let with = |cosigned: &str| {
        let mut members = zip::read(&bytes);
        for name in ["entries.jsonl", "context.jsonl"] {
            let text = zip::text(&members, name);
            let (head, rest) = text.split_once('\n').unwrap();
            let head = Value::parse(head.as_bytes()).unwrap();
            let note = head.member("checkpoint").unwrap().as_str().unwrap();
            let note = match cosigned {
                "well" => cosign(note, T + 5, &witness(8)).unwrap(),
                "of another" => {
                    let other = cosign(&case.ledger.checkpoint().unwrap(), T, &witness(8));
                    let other = other.unwrap();
                    note.to_owned() + other.lines().last().unwrap() + "\n"
                }
                _ => note.to_owned(),
            };
            let mut changed = head.clone();
            if let Value::Object(object) = &mut changed {
                object.insert("checkpoint", note);
            }
            let line = String::from_utf8(changed.to_canonical()).unwrap();
            zip::replace(&mut members, name, format!("{line}\n{rest}").as_bytes());
        }
        sign_members(&mut members, same, &[&key(1), &actor(7)]);
        let request = request(Some(policy(8)));
        verify_package(Cursor::new(zip::write(&members)), &request)
    };
    assert_eq!(said(&with("not")), (2, "witness_quorum"));
    let report = with("well");
    assert_eq!(said(&report), (0, "holds"), "{:?}", report.findings());
    let witnessed = report.facts().unwrap().witnessed.unwrap();
    assert_eq!(witnessed.size, report.facts().unwrap().checkpoint.size());
    assert_eq!(json(&report, "notes"), r#"{"anchor_unproven":1}"#);
    // Of other bytes the line of a witness is no signature.
    case.ledger
        .producer()
        .unwrap()
        .append(decision("later"))
        .unwrap();
    assert_eq!(said(&with("of another")), (1, "checkpoint_signature"));
}
