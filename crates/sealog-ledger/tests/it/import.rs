//! Logs of older systems: whole ones are adopted, and every damage has its code.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::import::{Adoption, Format, Pins, Source, SourceVerdict, Weakness};
use sealog_ledger::{Ledger, Query};

use crate::ground::Ground;
use crate::zip;

pub(crate) struct Case {
    pub(crate) ground: Ground,
    pub(crate) directory: tempfile::TempDir,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            ground: Ground::new(),
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.directory.path().join("source");
        fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn open(&self, bytes: &[u8], key: Option<[u8; 32]>) -> Source {
        Source::open(&self.file(bytes), None, pinned(key)).unwrap()
    }

    /// The codes that speak against a source, and its verdict.
    fn against(&self, bytes: &[u8]) -> (Vec<&'static str>, SourceVerdict) {
        let source = self.open(bytes, Some(key()));
        (against(&source), source.verdict())
    }
}

pub(crate) fn against(source: &Source) -> Vec<&'static str> {
    let counts = source.findings().counts();
    let heavy =
        counts.filter(|(weakness, _)| weakness.weight() > sealog_core::finding::Weight::Note);
    heavy.map(|(weakness, _)| weakness.id()).collect()
}

pub(crate) fn how() -> Adoption {
    Adoption {
        system_id: "credit".into(),
        accept_findings: false,
    }
}

fn pinned(key: Option<[u8; 32]>) -> Pins {
    Pins {
        key,
        ..Pins::default()
    }
}

fn signer() -> Ed25519Signer {
    Ed25519Signer::from_seed(KeyType::Ed25519, "example.org/old", &[7; 32]).unwrap()
}

fn key() -> [u8; 32] {
    // The public half, by way of the verifier key's own text.
    let text = signer().verifier_key().to_string();
    let bytes = sealog_core::tlog::base64::decode(text.splitn(3, '+').nth(2).unwrap()).unwrap();
    bytes[1..].try_into().unwrap()
}

/// The members of a receipt in the order of its hash.
fn sealed(n: u32, prev: &str) -> String {
    format!(
        "{{\"action\":\"allow\",\"checks\":[],\"config_digest\":\"\",\"input_c14n\":\"\",\
         \"model_id\":\"m1\",\"nist_tags\":[],\"output_hash\":\"\",\"prev_receipt_hash\":\"{prev}\",\
         \"reason_codes\":[\"R1\"],\"receipt_id\":\"r{n}\",\"receipt_version\":\"1.0\",\
         \"session_id\":\"s1\",\"state_digest\":\"\",\"tenant_id\":\"acme\",\
         \"timestamp\":\"2026-01-01T00:00:0{n}Z\",\"trace_id\":\"t{n}\"}}"
    )
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    sealog_core::hash::push_hex(&mut text, bytes);
    text
}

/// A receipt, and its hash.
fn receipt(n: u32, prev: &str) -> (String, String) {
    let sealed = sealed(n, prev);
    let hash = Hash::of(&[sealed.as_bytes()]).to_hex();
    let signature = hex(&signer().sign(sealed.as_bytes()).unwrap());
    let head = sealed.strip_suffix('}').unwrap();
    let line = format!("{head},\"receipt_hash\":\"{hash}\",\"signature\":\"{signature}\"}}");
    (line, hash)
}

fn receipts(count: u32) -> Vec<String> {
    let mut prev = String::new();
    let mut lines = Vec::new();
    for n in 0..count {
        let (line, hash) = receipt(n, &prev);
        lines.push(line);
        prev = hash;
    }
    lines
}

pub(crate) fn jsonl(lines: &[String]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| format!("{line}\n").into_bytes())
        .collect()
}

pub(crate) fn imported(ledger: &Ledger, kind: &str) -> Vec<Value> {
    let entries = ledger.entries(0..u64::MAX).unwrap();
    let values = entries.map(|entry| entry.unwrap().value());
    let of_kind = |value: &Value| {
        let record = value.member("record").unwrap();
        record.member("kind").and_then(Value::as_str) == Some(kind)
    };
    values.filter(of_kind).collect()
}

#[test]
fn under_a_policy_nothing_is_adopted_since_originals_are_kept_as_they_are() {
    let case = Case::new();
    let mut source = case.open(&jsonl(&receipts(3)), Some(key()));
    let ledger = crate::privacy::with_policy(&case.ground, "");
    let size = ledger.size();
    let error = ledger.adopt(&mut source, &how()).unwrap_err();
    assert_eq!(error.code(), "import_under_policy", "{error}");
    assert_eq!(error.kind(), sealog_core::ErrorKind::Refused);
    ledger.refresh().unwrap();
    assert_eq!(ledger.size(), size);
}

#[test]
fn receipts_that_hold_under_the_pinned_key_are_adopted_once_and_found() {
    let case = Case::new();
    let bytes = jsonl(&receipts(3));
    let mut source = case.open(&bytes, Some(key()));
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    let ledger = case.ground.create();
    let adopted = ledger.adopt(&mut source, &how()).unwrap();
    assert_eq!((adopted.records, adopted.before), (3, 0));
    for entry in imported(&ledger, "decision") {
        let record = entry.member("record").unwrap();
        let mode = record.member("capture_mode").and_then(Value::as_str);
        assert_eq!(mode, Some("imported"));
        let payload = &record.member("payloads").unwrap().as_array().unwrap()[0];
        assert!(payload.member("digest").is_some() && payload.member("inline").is_some());
    }
    let query = Query {
        session: Some("s1".into()),
        model: Some("m1".into()),
        limit: 10,
        ..Query::default()
    };
    assert_eq!(ledger.search(&query).unwrap().hits().len(), 3);
    let mut again = case.open(&bytes, Some(key()));
    let error = ledger.adopt(&mut again, &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
    let file = imported(&ledger, "import.adopted");
    let body = file[0].member("record").unwrap().member("body").unwrap();
    let text = |name| body.member(name).and_then(Value::as_str);
    assert_eq!(text("verification"), Some("holds"));
    assert_eq!(text("source_format"), Some("ai-audit-trail"));
    let pinned = format!("ed25519:{}", hex(&key()));
    assert_eq!(text("verified_with"), Some(&*pinned));
}

#[test]
fn a_system_that_is_no_identifier_is_refused_before_anything_is_added() {
    let case = Case::new();
    let ledger = case.ground.create();
    let size = ledger.size();
    for system in ["two words", ""] {
        let mut source = case.open(&jsonl(&receipts(2)), Some(key()));
        let how = Adoption {
            system_id: system.into(),
            ..how()
        };
        let error = ledger.adopt(&mut source, &how).unwrap_err();
        assert_eq!(error.code(), "argument", "{system:?}");
        assert_eq!(ledger.size(), size, "{system:?}");
    }
}

#[test]
fn receipts_without_a_key_are_undecided_and_adopted_only_where_that_is_accepted() {
    let case = Case::new();
    let mut source = case.open(&jsonl(&receipts(2)), None);
    assert_eq!(source.verdict(), SourceVerdict::Undecided);
    let ledger = case.ground.create();
    let size = ledger.size();
    let error = ledger.adopt(&mut source, &how()).unwrap_err();
    assert_eq!(error.code(), "import.key_not_pinned");
    assert_eq!(ledger.size(), size);
    let accept = Adoption {
        accept_findings: true,
        ..how()
    };
    assert_eq!(ledger.adopt(&mut source, &accept).unwrap().records, 2);
    let file = imported(&ledger, "import.adopted");
    let body = file[0].member("record").unwrap().member("body").unwrap();
    let verdict = body.member("verification").and_then(Value::as_str);
    assert_eq!(verdict, Some("undecided"));
}

#[test]
fn each_damage_to_receipts_has_its_code() {
    let case = Case::new();
    let whole = receipts(4);
    let edited = |from: &str, to: &str| {
        let mut lines = whole.clone();
        lines[1] = lines[1].replace(from, to);
        jsonl(&lines)
    };
    let mut torn = jsonl(&whole);
    torn.truncate(torn.len() - 20);
    let mut forked = whole.clone();
    let prev = Hash::of(&[sealed(0, "").as_bytes()]).to_hex();
    forked.push(receipt(9, &prev).0);
    let without = |at: usize| {
        let mut lines = whole.clone();
        lines.remove(at);
        jsonl(&lines)
    };
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("import.torn_line", torn),
        (
            "import.duplicate_member",
            edited("\"model_id\"", "\"action\":\"allow\",\"model_id\""),
        ),
        ("import.record_hash", edited("\"m1\"", "\"m2\"")),
        ("import.signature", edited("\"m1\"", "\"m2\"")),
        ("import.forked_chain", jsonl(&forked)),
        ("import.broken_link", without(1)),
        (
            "import.not_json",
            edited("\"checks\":[]", "\"checks\":[NaN]"),
        ),
        (
            "import.not_a_record",
            edited("\"receipt_id\"", "\"receipt_name\""),
        ),
    ];
    for (code, bytes) in cases {
        let (codes, verdict) = case.against(&bytes);
        assert!(codes.contains(&code), "{code}: {codes:?}");
        assert_eq!(verdict, SourceVerdict::Refuted, "{code}");
    }
    let (codes, verdict) = case.against(&without(0));
    assert_eq!(codes, ["import.chain_head_missing"]);
    assert_eq!(verdict, SourceVerdict::Undecided);
    let other = case.open(&jsonl(&whole), Some([9; 32]));
    assert_eq!(against(&other), ["import.signature"]);
    assert_eq!(
        case.against(b"{").0,
        ["import.not_json", "import.torn_line"]
    );
}

/// An evidence package of these receipts; `tamper` changes its members before the manifest is signed.
fn package(
    lines: &[String],
    tamper: impl Fn(&mut zip::Members),
    after: impl Fn(&mut zip::Members),
) -> Vec<u8> {
    let metadata = format!(
        "{{\"last_receipt_id\":\"r{}\",\"total_receipts\":{}}}",
        lines.len() - 1,
        lines.len()
    );
    let mut members: zip::Members = vec![
        ("receipts.jsonl".into(), jsonl(lines)),
        ("chain_metadata.json".into(), metadata.into_bytes()),
        ("public_key.hex".into(), hex(&key()).into_bytes()),
    ];
    tamper(&mut members);
    let mut sums: Vec<String> = members
        .iter()
        .map(|(name, bytes)| format!("\"{name}\": \"{}\"", Hash::of(&[bytes]).to_hex()))
        .collect();
    sums.sort();
    let sums = sums.join(", ");
    let manifest = format!(
        "{{\"checksums\": {{{sums}}}, \"format\": \"ai-audit-evidence-package\", \"version\": \"1.0\"}}"
    );
    let signature = hex(&signer().sign(manifest.as_bytes()).unwrap());
    let head = manifest.strip_suffix('}').unwrap();
    let manifest = format!("{head}, \"signature\": \"{signature}\"}}");
    members.push(("manifest.json".into(), manifest.into_bytes()));
    after(&mut members);
    zip::write(&members)
}

#[test]
fn a_package_is_a_closed_set_and_its_own_key_is_never_enough() {
    let case = Case::new();
    let lines = receipts(3);
    let keep = |_: &mut zip::Members| {};
    let whole = package(&lines, keep, keep);
    assert!(case.against(&whole).0.is_empty());
    assert_eq!(against(&case.open(&whole, None)), ["import.key_not_pinned"]);
    let added = package(&lines, keep, |members| {
        members.push(("../evil".into(), b"x".to_vec()));
    });
    assert_eq!(case.against(&added).0, ["import.zip_member"]);
    let gone = package(&lines, keep, |members| drop(members.remove(2)));
    assert_eq!(case.against(&gone).0, ["import.zip_member"]);
    let replaced = package(&lines, keep, |members| members[2].1 = b"00".to_vec());
    assert_eq!(case.against(&replaced).0, ["import.zip_digest"]);
    let cut = package(&lines, |members| members[0].1 = jsonl(&lines[..2]), keep);
    assert_eq!(case.against(&cut).0, ["import.metadata_mismatch"]);
    let unsigned = package(&lines, keep, |members| {
        let text = String::from_utf8(members[3].1.clone()).unwrap();
        members[3].1 = text.replace("\"1.0\"", "\"1.1\"").into_bytes();
    });
    assert_eq!(case.against(&unsigned).0, ["import.signature"]);
    let none = package(&lines, keep, |members| drop(members.remove(3)));
    assert!(case.against(&none).0.contains(&"import.zip_manifest"));
}

#[test]
fn archives_that_attack_their_reader_are_refused() {
    let case = Case::new();
    let keep = |_: &mut zip::Members| {};
    let whole = package(&receipts(2), keep, keep);
    let refused = |bytes: &[u8]| {
        let error = Source::open(&case.file(bytes), Some(Format::AiAuditTrail), pinned(None));
        error.unwrap_err().code()
    };
    let twice = package(&receipts(2), keep, |members| {
        members.push(members[0].clone());
    });
    assert_eq!(refused(&twice), "zip_layout");
    assert_eq!(refused(&whole[..whole.len() - 1]), "zip_layout");
    let many = package(&receipts(2), keep, |members| {
        members.extend((0..64).map(|n| (format!("m{n}"), Vec::new())));
    });
    assert_eq!(refused(&many), "zip_layout");
    // A directory that says that a member is larger than its packed bytes can be.
    let at = whole
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    let mut bomb = whole.clone();
    bomb[at + 24..at + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert_eq!(refused(&bomb), "zip_bomb");
}

/// A database of schema 1.0 with one model, two labels and these many records.
fn database(case: &Case, count: u32) -> PathBuf {
    let path = case.directory.path().join("old.db");
    let _ = fs::remove_file(&path);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE records(seq INTEGER PRIMARY KEY AUTOINCREMENT,record_id TEXT,session_id TEXT,
           timestamp_iso TEXT,model_id TEXT,model_version TEXT,label_id TEXT,label_display TEXT,
           config_id TEXT,record_hash TEXT,prev_root TEXT,chain_root TEXT,full_json TEXT);
         CREATE TABLE chain_meta(id INTEGER PRIMARY KEY,current_root TEXT,record_count INTEGER);
         CREATE TABLE label_registry(label_id TEXT,display TEXT,version INTEGER,registered_at TEXT,
           registry_hash TEXT);
         CREATE TABLE config_records(seq INTEGER PRIMARY KEY AUTOINCREMENT,config_id TEXT,model_id TEXT,
           config_version TEXT,threshold REAL,threshold_label_id TEXT,effective_from TEXT,
           changed_by TEXT,change_reason TEXT,prev_config_id TEXT,config_hash TEXT,full_json TEXT);
         INSERT INTO label_registry VALUES('L001','approved',1,'',''),('L002','denied',1,'','');",
    )
    .unwrap();
    let sha = |text: &str| Hash::of(&[text.as_bytes()]).to_hex();
    let config = "{\"change_reason\":\"x\",\"changed_by\":\"ann\",\"config_id\":\"c1\",\
                  \"config_version\":\"cfg-1\",\"effective_from\":\"2026-01-01T00:00:00.000Z\",\
                  \"model_id\":\"m1\",\"prev_config_id\":\"CONFIG_GENESIS\",\"threshold\":0.5,\
                  \"threshold_label_id\":\"L001\"}";
    let full = config.replacen('{', &format!("{{\"config_hash\":\"{}\",", sha(config)), 1);
    db.execute(
        "INSERT INTO config_records VALUES(1,'c1','m1','cfg-1',0.5,'L001','2026-01-01T00:00:00.000Z',
         'ann','x','CONFIG_GENESIS',?1,?2)",
        (sha(config), full),
    )
    .unwrap();
    let mut root = "0".repeat(64);
    for n in 0..count {
        let hashed = format!(
            "{{\"config_id\":\"c1\",\"input_hash\":\"\",\"input_schema_version\":\"1.0\",\"label_id\":\"L001\",\
             \"model_hash\":\"\",\"model_id\":\"m1\",\"model_version\":\"1\",\"output_hash\":\"\",\
             \"record_id\":\"r{n}\",\"session_id\":\"s{n}\",\"timestamp_utc\":1767225600.25}}"
        );
        let hash = sha(&hashed);
        let more = format!(
            "{{\"label_display\":\"approved\",\"prev_root\":\"{root}\",\"record_hash\":\"{hash}\",\
             \"timestamp_iso\":\"2026-01-01T00:00:00Z\","
        );
        let next = sha(&format!("{root}{hash}"));
        db.execute(
            "INSERT INTO records VALUES(NULL,?1,?2,'2026-01-01T00:00:00Z','m1','1','L001','approved',
             'c1',?3,?4,?5,?6)",
            (format!("r{n}"), format!("s{n}"), &hash, &root, &next, hashed.replacen('{', &more, 1)),
        )
        .unwrap();
        root = next;
    }
    db.execute("INSERT INTO chain_meta VALUES(1,?1,?2)", (root, count))
        .unwrap();
    path
}

#[test]
fn a_database_that_holds_is_adopted_and_found() {
    let case = Case::new();
    let path = database(&case, 5);
    let mut source = Source::open(&path, None, pinned(None)).unwrap();
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    assert_eq!(source.version().as_deref(), Some("1.0"));
    let ledger = case.ground.create();
    // Five records and one configuration.
    assert_eq!(ledger.adopt(&mut source, &how()).unwrap().records, 6);
    let query = Query {
        session: Some("s3".into()),
        limit: 10,
        ..Query::default()
    };
    assert_eq!(ledger.search(&query).unwrap().hits().len(), 1);
    assert_eq!(imported(&ledger, "import.adopted").len(), 2);
    let mut again = Source::open(&path, None, pinned(None)).unwrap();
    let error = ledger.adopt(&mut again, &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
}

#[test]
fn each_damage_to_a_database_has_its_code() {
    let case = Case::new();
    let cases = [
        (
            "UPDATE records SET label_id='L002' WHERE seq=2",
            "import.column_mismatch",
        ),
        (
            "UPDATE records SET full_json=replace(full_json,'m1','m2'),model_id='m2' WHERE seq=2",
            "import.record_hash",
        ),
        (
            "UPDATE records SET full_json=replace(full_json,'approved','denied'),label_display='denied' WHERE seq=2",
            "import.label_changed",
        ),
        (
            "UPDATE records SET full_json=replace(full_json,'00:00:00Z','00:00:01Z'),timestamp_iso='2026-01-01T00:00:01Z' WHERE seq=2",
            "import.time_mismatch",
        ),
        (
            "UPDATE config_records SET threshold=0.9",
            "import.column_mismatch",
        ),
        (
            "UPDATE config_records SET threshold=0.9,full_json=replace(full_json,'0.5','0.9')",
            "import.config_hash",
        ),
        ("DELETE FROM config_records", "import.config_unknown"),
        ("DELETE FROM records WHERE seq=2", "import.broken_link"),
        ("DELETE FROM records WHERE seq>3", "import.head_mismatch"),
        ("DELETE FROM records", "import.head_mismatch"),
        ("DELETE FROM chain_meta", "import.head_mismatch"),
        (
            "UPDATE records SET full_json='{\"a\":1,\"a\":2}' WHERE seq=2",
            "import.duplicate_member",
        ),
        (
            "INSERT INTO records SELECT 9,record_id,session_id,timestamp_iso,model_id,model_version,label_id,label_display,config_id,record_hash,prev_root,chain_root,full_json FROM records WHERE seq=2",
            "import.forked_chain",
        ),
    ];
    for (edit, code) in cases {
        let path = database(&case, 5);
        Connection::open(&path)
            .unwrap()
            .execute_batch(edit)
            .unwrap();
        let mut source = Source::open(&path, None, pinned(None)).unwrap();
        assert_eq!(source.verdict(), SourceVerdict::Refuted, "{edit}");
        assert!(
            against(&source).contains(&code),
            "{edit}: {:?}",
            against(&source)
        );
        let ground = Ground::new();
        let ledger = ground.create();
        assert!(ledger.adopt(&mut source, &how()).is_err(), "{edit}");
    }
}

#[test]
fn databases_that_attack_their_reader_are_refused() {
    let case = Case::new();
    let refused = |edit: &str| {
        let path = database(&case, 2);
        Connection::open(&path)
            .unwrap()
            .execute_batch(edit)
            .unwrap();
        Source::open(&path, None, pinned(None)).unwrap_err().code()
    };
    for edit in [
        "ALTER TABLE records RENAME TO r; CREATE VIEW records AS SELECT * FROM r",
        "CREATE TRIGGER t AFTER INSERT ON records BEGIN DELETE FROM records; END",
        "DROP TABLE chain_meta",
        "CREATE TABLE more(a)",
    ] {
        assert_eq!(refused(edit), "foreign_schema", "{edit}");
    }
    let long = "UPDATE records SET full_json=printf('%.*c',1048577,'a') WHERE seq=1";
    assert_eq!(refused(long), "database");
    let cut = case.file(b"SQLite format 3\0");
    assert_eq!(
        Source::open(&cut, None, pinned(None)).unwrap_err().code(),
        "database"
    );
    let path = database(&case, 1);
    fs::write(path.with_file_name("old.db-wal"), b"rows").unwrap();
    assert_eq!(
        Source::open(&path, None, pinned(None)).unwrap_err().code(),
        "journal_pending"
    );
    let nothing = case.file(b"what is this");
    assert_eq!(
        Source::open(&nothing, None, pinned(None))
            .unwrap_err()
            .code(),
        "unknown_format"
    );
}

#[test]
fn every_code_stands_in_the_documentation_with_its_meaning() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/import.md");
    let text = fs::read_to_string(path).unwrap();
    for weakness in Weakness::ALL {
        let row = format!("| `{}` | ", weakness.id());
        let line = text.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("{row}"));
        assert!(line.contains(weakness.meaning()), "{line}");
    }
    assert_eq!(text.matches("| `import.").count(), Weakness::ALL.len());
}
