//! Ledgers of each format version that was ever declared final, kept as they were made: they open, verify, and go on.
//!
//! With `SEALOG_BLESS=1` the one of the newest version is made where none is. One that is there is never made anew.
//! Their keys are in the repository and good for nothing else.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sealog_core::config::{Bands, digest_text};
use sealog_core::state::FORMAT_VERSION;
use sealog_core::tlog::cosignature::cosign;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::evidence::{Asked, EvidenceOptions};
use sealog_ledger::verify::{
    Against, Level, Report, Request, verify_extract, verify_ledger, verify_package, verify_receipt,
};
use sealog_ledger::{
    ConfigSet, Creation, Ledger, Options, Payload, Query, RecordSignature, RetentionSet,
    SystemRandom, keys,
};

use crate::erase::person;
use crate::forge::copy;
use crate::ground::{decision, scored};
use crate::privacy::{access, message, policy};

const ORIGIN: &str = "example.org/kept";
/// When the witness of the kept ledgers saw them.
const SEEN: u64 = 1_780_000_000;
const POLICY: &str = r#","types":{"EMAIL":"seal","IPV4":"token"}"#;

fn place(version: u64) -> PathBuf {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kept");
    kept.join(version.to_string())
}

fn actor() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/actor", &[3; 32]).unwrap()
}

fn witness() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::CosignatureV1, "w.example", &[9; 32]).unwrap()
}

fn witness_policy() -> Policy {
    let vkey = witness().verifier_key().to_string();
    Policy::parse(format!("witness W {vkey}\nquorum W\n").as_bytes()).unwrap()
}

/// A copy of secrets is nobody else's to read.
fn copy_secrets(from: &Path, to: &Path) {
    copy(from, to);
    #[cfg(unix)]
    for entry in fs::read_dir(to).unwrap() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn options(ground: &Path) -> Options {
    Options {
        state_dir: Some(ground.join("state")),
        config_dir: Some(ground.join("config")),
        privacy: Some(policy(POLICY)),
        segment_bytes: 12_000,
        ..Options::default()
    }
}

/// Labels, two versions of a configuration, decisions under both.
fn decide(ledger: &Ledger) {
    for id in ["L001", "L002"] {
        ledger.add_label(Some(id), id, "ann", "first").unwrap();
    }
    for (cut, score) in [(0.5, 0.6), (0.7, 0.6)] {
        let set = ConfigSet {
            config_id: "threshold".into(),
            system_id: None,
            tenant_id: None,
            model_id: None,
            bands: Some(Bands::threshold(cut, "L001", "L002")),
            changed_by: "ann".into(),
            reason: "limits".into(),
            approval_id: None,
            effective_at: None,
        };
        ledger.set_config(set).unwrap();
        let config = ledger.configs().unwrap().pop().unwrap();
        let digest = digest_text(&config.digest);
        let label = if score < cut { "L001" } else { "L002" };
        let draft = scored(&format!("d{cut}"), &digest, score, label);
        ledger.producer().unwrap().append(draft).unwrap();
    }
}

/// An actor's signature, a hand-over of the log's key, and what a witness saw.
fn hand_over(ledger: &Ledger) {
    let producer = ledger.producer().unwrap();
    let vkey = actor().verifier_key().to_string();
    ledger.trust_actor_key("actor", &vkey, None).unwrap();
    let record = producer.prepare(decision("signed")).unwrap();
    let message = sealog_core::entry::record_signature_message(ORIGIN, &record);
    let signature = RecordSignature {
        key_id: "actor".into(),
        value: actor().sign(&message).unwrap(),
    };
    producer.append_signed(record, signature).unwrap();
    ledger.seal_epoch().unwrap();
    let note = ledger.checkpoint().unwrap();
    let seen = cosign(&note, SEEN, &witness()).unwrap();
    ledger
        .import_checkpoint(seen.as_bytes(), &witness_policy())
        .unwrap();
}

/// Persons, of whom one is erased, and entries whose period has passed.
fn let_go(ledger: &Ledger) {
    let producer = ledger.producer().unwrap();
    for name in ["john", "jane"] {
        let mut draft = message(name, &format!("{name}@example.com at 192.0.2.7"));
        draft.payloads.push(Payload {
            name: "scan".into(),
            media_type: "image/png".into(),
            bytes: name.bytes().cycle().take(33 * 1024).collect(),
            key_id: None,
        });
        producer.append(draft).unwrap();
    }
    let set = RetentionSet {
        policy_id: None,
        class: "short".into(),
        min_days: 0,
        max_days: None,
        legal_basis: "a test".into(),
        approved_by: "ann".into(),
    };
    ledger.set_retention(&set).unwrap();
    let mut short = decision("short");
    short.retention_class = Some("short".into());
    producer.append(short).unwrap();
    assert!(ledger.erase(&person("john")).unwrap().residue.is_empty());
    assert_eq!(ledger.dispose("short", "ann").unwrap().done.entries, 1);
    producer.stop().unwrap();
}

/// Makes the ledger of the newest version, with what left it.
fn make(kept: &Path) {
    let ground = tempfile::tempdir().unwrap();
    let path = ground.path().join("ledger");
    let creation = Creation {
        origin: Some(ORIGIN.into()),
        operator: Some("Example".into()),
        purpose: Some("to be kept".into()),
        ..Creation::default()
    };
    let ledger = Ledger::create(&path, &creation, options(ground.path())).unwrap();
    decide(&ledger);
    hand_over(&ledger);
    let secrets = ledger.secrets().unwrap();
    let next = secrets.join("log.key.next");
    let successor = keys::create_log_key(&next, ORIGIN, &SystemRandom).unwrap();
    ledger.rotate_key(Arc::new(successor)).unwrap();
    fs::rename(next, secrets.join("log.key")).unwrap();
    let_go(&ledger);
    let out = |name: &str| ground.path().join(name);
    let receipt = ledger.receipt(2).unwrap();
    fs::write(out("receipt.proof"), receipt.to_string()).unwrap();
    let asked = Asked {
        by: "ann".into(),
        recipient: None,
    };
    let (query, evidence) = (Query::default(), EvidenceOptions::default());
    let package = out("package.zip");
    ledger
        .hand_over_evidence(&package, &query, &evidence, &asked, &mut |_| ())
        .unwrap();
    let mut extract = Vec::new();
    ledger
        .export_jsonl(&query, &mut extract, &mut |_| ())
        .unwrap();
    fs::write(out("extract.jsonl"), extract).unwrap();
    fs::write(out("log.vkey"), ledger.vkey() + "\n").unwrap();
    ledger.close().unwrap();
    drop(ledger);
    let _ = fs::remove_dir_all(path.join("derived"));
    copy(&path, &kept.join("ledger"));
    copy(&secrets, &kept.join("secrets"));
    for name in ["receipt.proof", "package.zip", "extract.jsonl", "log.vkey"] {
        fs::copy(out(name), kept.join(name)).unwrap();
    }
}

/// A copy of a kept ledger, and who vouches for it.
struct Copy {
    ground: tempfile::TempDir,
    kept: PathBuf,
    vkey: VerifierKey,
}

impl Copy {
    fn of(kept: PathBuf) -> Self {
        let ground = tempfile::tempdir().unwrap();
        copy(&kept.join("ledger"), &ground.path().join("ledger"));
        copy_secrets(&kept.join("secrets"), &ground.path().join("ledger.secrets"));
        let vkey = fs::read_to_string(kept.join("log.vkey")).unwrap();
        let vkey = VerifierKey::parse(vkey.trim_end()).unwrap();
        Self { ground, kept, vkey }
    }

    fn path(&self) -> PathBuf {
        self.ground.path().join("ledger")
    }

    fn request(&self) -> Request {
        Request {
            keys: vec![self.vkey.clone()],
            all_signatures: true,
            ..Request::default()
        }
    }

    fn verify(&self, request: &Request) -> Report {
        verify_ledger(&self.path(), request, &mut |_| ())
    }
}

/// What left a kept ledger holds: a receipt, an extract, a package.
fn check_what_left(copy: &Copy) {
    let request = copy.request();
    let file = |name: &str| fs::read(copy.kept.join(name)).unwrap();
    assert_eq!(verify_receipt(&file("receipt.proof"), &request).exit(), 0);
    let mut entries = 0;
    let keys = [copy.vkey.clone()];
    verify_extract(&mut &*file("extract.jsonl"), &keys, &mut |_| entries += 1).unwrap();
    assert!(entries > 10, "{entries}");
    let package = fs::File::open(copy.kept.join("package.zip")).unwrap();
    let report = verify_package(package, &request);
    assert_eq!(report.exit(), 0, "{:?}", report.findings());
    let against = Request {
        against: vec![Against {
            name: "receipt.proof".into(),
            bytes: file("receipt.proof"),
        }],
        ..request
    };
    let report = copy.verify(&against);
    assert_eq!((report.exit(), report.level()), (0, Level::Remembered));
}

/// The entries of a kept ledger whose sealed values can still be shown: those of the person who was not erased.
fn revealed(ledger: &Ledger) -> Vec<String> {
    let mut shown = Vec::new();
    for index in 0..ledger.size() {
        let Ok(sealed) = ledger.sealed_payloads(index) else {
            continue;
        };
        for (name, _) in sealed {
            match ledger.reveal(index, &name, &access()) {
                Ok(value) if name == "/text" => {
                    shown.push(String::from_utf8(value.bytes.to_vec()).unwrap());
                }
                Ok(value) => assert_eq!(value.bytes.len(), 33 * 1024),
                Err(error) => assert!(["data_key", "argument"].contains(&error.code()), "{error}"),
            }
        }
    }
    shown
}

#[test]
fn ledgers_of_every_version_verify_open_and_go_on() {
    let newest = place(FORMAT_VERSION);
    if std::env::var_os("SEALOG_BLESS").is_some() && !newest.exists() {
        make(&newest);
    }
    for version in 1..=FORMAT_VERSION {
        let copy = Copy::of(place(version));
        let report = copy.verify(&copy.request());
        assert_eq!(report.exit(), 0, "{version}: {:?}", report.findings());
        assert!(report.disposed() > 0);
        check_what_left(&copy);
        let ledger = Ledger::open(&copy.path(), options(copy.ground.path())).unwrap();
        let created = ledger.entry(0).unwrap().value();
        let stated = created
            .member("record")
            .and_then(|record| record.member("body")?.member("format_version")?.as_u64());
        assert_eq!(stated, Some(version));
        assert_eq!(revealed(&ledger), ["jane@example.com at 192.0.2.7"]);
        let size = ledger.size();
        let producer = ledger.producer().unwrap();
        producer.append(decision("new")).unwrap();
        producer.append(message("jane", "more of her")).unwrap();
        producer.stop().unwrap();
        ledger.rotate_kek().unwrap();
        ledger.seal_epoch().unwrap();
        assert!(ledger.erase(&person("jane")).unwrap().residue.is_empty());
        assert!(ledger.size() > size + 3);
        assert!(revealed(&ledger).is_empty());
        ledger.close().unwrap();
        let report = copy.verify(&copy.request());
        assert_eq!(report.exit(), 0, "{version}: {:?}", report.findings());
    }
}
