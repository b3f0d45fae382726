//! Events of llm-audit-trail: whole logs of both schemas are adopted, with a secret and without, and every damage has
//! its code.

use hmac::{Hmac, KeyInit, Mac};
use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_ledger::Query;
use sealog_ledger::import::{Adoption, Anchor, Format, HmacKey, Pins, Source, SourceVerdict};

use crate::import::{Case, against, hex, how, imported, jsonl};

const SECRET: &[u8] = b"correct horse battery staple";

/// The digest of an event's bytes, by the secret or by none.
fn digest(prev: &str, body: &str, secret: Option<&[u8]>) -> String {
    let bytes = format!("{prev}{body}");
    let Some(secret) = secret else {
        return Hash::of(&[bytes.as_bytes()]).to_hex();
    };
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(bytes.as_bytes());
    hex(&mac.finalize().into_bytes())
}

/// Puts an event's hash where the order of its members has it.
fn sealed(body: &str, hash: &str) -> String {
    body.replacen(
        ",\"dataset_id\"",
        &format!(",\"curr_hash\":\"{hash}\",\"dataset_id\""),
        1,
    )
}

/// Event `n` of schema 0.2 behind the one of hash `prev`, with these details; and its hash.
fn event_of(
    n: u32,
    prev: &str,
    secret: Option<&[u8]>,
    kind: &str,
    details: &str,
) -> (String, String) {
    let algorithm = secret.map_or("sha256", |_| "hmac-sha256");
    let body = format!(
        "{{\"actor\":\"ops\",\"dataset_id\":\"d{n}\",\"deployment_id\":null,\"details\":{details},\
         \"event_id\":\"e{n}\",\"event_type\":\"{kind}\",\"hash_alg\":\"{algorithm}\",\"model_id\":\"m1\",\
         \"prev_hash\":\"{prev}\",\"schema_version\":\"0.2.0\",\"seq\":{n},\"system\":null,\
         \"timestamp\":\"2026-01-01T00:00:00.{n:06}Z\"}}"
    );
    let hash = digest(prev, &body, secret);
    (sealed(&body, &hash), hash)
}

fn event(n: u32, prev: &str, secret: Option<&[u8]>) -> (String, String) {
    event_of(
        n,
        prev,
        secret,
        "Evaluation",
        "{\"loss\":1e-07,\"name\":\"gr\\u00fc\\u00df\\ud83d\\ude00\"}",
    )
}

/// A log of which the first `plain` events have no secret, and its hashes.
fn log(plain: u32, count: u32) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut hashes) = (Vec::new(), Vec::new());
    let mut prev = "GENESIS".to_owned();
    for n in 0..count {
        let (line, hash) = event(n, &prev, (n >= plain).then_some(SECRET));
        lines.push(line);
        prev.clone_from(&hash);
        hashes.push(hash);
    }
    (lines, hashes)
}

fn keyed(count: u32) -> Vec<String> {
    log(0, count).0
}

fn plain(count: u32) -> Vec<String> {
    log(count, count).0
}

fn secret() -> Pins {
    Pins {
        secret: Some(HmacKey::new(SECRET).unwrap()),
        ..Pins::default()
    }
}

fn anchor(seq: Option<u32>, hash: &str) -> Pins {
    let seq = seq.map_or("null".into(), |seq| seq.to_string());
    let text =
        format!("{{\"anchored_at\":\"x\",\"hash\":\"{hash}\",\"path\":\"/x\",\"seq\":{seq}}}");
    Pins {
        anchor: Some(Anchor::parse(text.as_bytes()).unwrap()),
        ..Pins::default()
    }
}

impl Case {
    fn log(&self, lines: &[String], pins: Pins) -> Source {
        let format = Some(Format::LlmAuditTrail);
        Source::open(&self.file(&jsonl(lines)), format, pins).unwrap()
    }

    /// The codes that speak against a log, and its verdict.
    fn judged(&self, lines: &[String], pins: Pins) -> (Vec<&'static str>, SourceVerdict) {
        let source = self.log(lines, pins);
        (against(&source), source.verdict())
    }
}

fn codes(source: &Source) -> Vec<&'static str> {
    let counts = source.findings().counts();
    counts.map(|(weakness, _)| weakness.id()).collect()
}

fn body(entry: &Value) -> &Value {
    entry.member("record").unwrap().member("body").unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.member(name).and_then(Value::as_str)
}

#[test]
fn a_log_under_its_secret_holds_and_is_adopted_once() {
    let case = Case::new();
    let mut source = case.log(&keyed(300), secret());
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    assert_eq!(codes(&source), ["import.tail_not_provable"]);
    assert_eq!(source.version().as_deref(), Some("0.2.0"));
    let ledger = case.ground.create();
    assert_eq!(ledger.adopt(&mut source, &how()).unwrap().records, 300);
    let adopted = imported(&ledger, "import.adopted");
    assert_eq!(adopted.len(), 301);
    let file = body(&adopted[0]);
    assert_eq!(text(file, "source_format"), Some("llm-audit-trail"));
    assert_eq!(text(file, "verified_with"), Some("hmac-sha256"));
    assert_eq!(text(file, "verification"), Some("holds"));
    let event = body(&adopted[8]);
    assert_eq!(text(event, "original_kind"), Some("Evaluation"));
    assert_eq!(text(event, "original_id"), Some("e7"));
    assert_eq!(
        text(event, "original_time"),
        Some("2026-01-01T00:00:00.000007Z")
    );
    let mode = text(adopted[8].member("record").unwrap(), "capture_mode");
    assert_eq!(mode, Some("imported"));
    let mut again = case.log(&keyed(300), secret());
    let error = ledger.adopt(&mut again, &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
    for entry in ledger.entries(0..ledger.size()).unwrap() {
        let entry = entry.unwrap();
        assert!(memchr::memmem::find(entry.bytes(), SECRET).is_none());
    }
}

#[test]
fn a_keyed_log_without_its_secret_is_undecided_and_with_another_refuted() {
    let case = Case::new();
    let (codes, verdict) = case.judged(&keyed(3), Pins::default());
    assert_eq!(codes, ["import.key_required"]);
    assert_eq!(verdict, SourceVerdict::Undecided);
    let ledger = case.ground.create();
    let mut source = case.log(&keyed(3), Pins::default());
    let error = ledger.adopt(&mut source, &how()).unwrap_err();
    assert_eq!(error.code(), "import.key_required");
    let accept = Adoption {
        accept_findings: true,
        ..how()
    };
    assert_eq!(ledger.adopt(&mut source, &accept).unwrap().records, 3);
    let other = Pins {
        secret: Some(HmacKey::new(b"another").unwrap()),
        ..Pins::default()
    };
    let (codes, verdict) = case.judged(&keyed(3), other);
    assert_eq!(codes, ["import.record_hash"]);
    assert_eq!(verdict, SourceVerdict::Refuted);
}

#[test]
fn a_log_without_a_secret_holds_as_one_that_anybody_can_have_made() {
    let case = Case::new();
    let source = case.log(&plain(3), Pins::default());
    assert_eq!(source.verdict(), SourceVerdict::Holds);
    assert_eq!(
        codes(&source),
        ["import.tail_not_provable", "import.unkeyed"]
    );
}

#[test]
fn a_log_whose_secret_was_stripped_is_refuted() {
    let case = Case::new();
    // Made anew without the secret, which the tool's own verifier passes with the secret given.
    let (codes, verdict) = case.judged(&plain(3), secret());
    assert_eq!(codes, ["import.hmac_downgraded"]);
    assert_eq!(verdict, SourceVerdict::Refuted);
    // An event without it behind one with it, whoever looks.
    let (mut lines, hashes) = log(0, 3);
    lines.push(event(3, &hashes[2], None).0);
    for pins in [secret(), Pins::default()] {
        let (codes, verdict) = case.judged(&lines, pins);
        assert!(codes.contains(&"import.hmac_downgraded"), "{codes:?}");
        assert_eq!(verdict, SourceVerdict::Refuted);
    }
    // The other way round the first event with it vouches for those before it.
    let source = case.log(&log(2, 4).0, secret());
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    assert!(self::codes(&source).contains(&"import.keyed_later"));
}

/// A log of schema 0.1, which has neither numbers nor algorithms.
fn old(count: u32) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut hashes) = (Vec::new(), Vec::new());
    let mut prev = "GENESIS".to_owned();
    for n in 0..count {
        let body = format!(
            "{{\"actor\":null,\"dataset_id\":null,\"deployment_id\":null,\"details\":{{}},\"event_id\":\"e{n}\",\
             \"event_type\":\"EpochEnd\",\"model_id\":\"m1\",\"prev_hash\":\"{prev}\",\
             \"schema_version\":\"0.1.0\",\"system\":\"hf\",\"timestamp\":\"2025-10-02T18:33:11Z\"}}"
        );
        prev = digest(&prev, &body, None);
        lines.push(sealed(&body, &prev));
        hashes.push(prev.clone());
    }
    (lines, hashes)
}

#[test]
fn a_log_of_the_older_schema_holds_and_may_go_on_in_the_newer() {
    let case = Case::new();
    let (mut lines, hashes) = old(4);
    let source = case.log(&lines, Pins::default());
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    assert_eq!(source.version().as_deref(), Some("0.1.0"));
    // The newer tool numbers from 0 behind it.
    lines.push(event(0, &hashes[3], None).0);
    assert_eq!(case.judged(&lines, Pins::default()).1, SourceVerdict::Holds);
    let (codes, verdict) = case.judged(&lines, anchor(None, &hashes[3]));
    assert_eq!((codes, verdict), (vec![], SourceVerdict::Holds));
    let (codes, _) = case.judged(&lines[..3], anchor(None, &hashes[3]));
    assert_eq!(codes, ["import.anchor_missing"]);
}

#[test]
fn an_anchor_shows_a_cut_tail_and_a_log_that_was_made_anew() {
    let case = Case::new();
    let (lines, hashes) = log(5, 5);
    let whole = case.log(&lines, anchor(Some(4), &hashes[4]));
    assert_eq!(codes(&whole), Vec::<&str>::new());
    let ledger = case.ground.create();
    let mut whole = whole;
    ledger.adopt(&mut whole, &how()).unwrap();
    let adopted = imported(&ledger, "import.adopted");
    let with = format!("anchor:sha256:{}", hashes[4]);
    assert_eq!(text(body(&adopted[0]), "verified_with"), Some(&*with));
    // What came behind the anchor is as unproven as before.
    let longer = case.log(&lines, anchor(Some(2), &hashes[2]));
    assert_eq!(
        codes(&longer),
        ["import.tail_not_provable", "import.unkeyed"]
    );
    for cut in 0..5 {
        let (codes, verdict) = case.judged(&lines[..cut], anchor(Some(4), &hashes[4]));
        assert!(codes.contains(&"import.anchor_missing"), "{cut}: {codes:?}");
        assert_eq!(verdict, SourceVerdict::Refuted);
    }
    let other = anchor(Some(4), &hashes[3]);
    let (codes, verdict) = case.judged(&lines, other);
    assert_eq!(codes, ["import.anchor_mismatch"]);
    assert_eq!(verdict, SourceVerdict::Refuted);
}

#[test]
fn each_damage_to_a_log_has_its_code() {
    let case = Case::new();
    let (whole, hashes) = log(0, 5);
    let with = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        edit(&mut lines);
        lines
    };
    let (restarted, _) = event_of(0, "GENESIS", Some(SECRET), "EpochEnd", "{}");
    let fork = event(9, &hashes[1], Some(SECRET)).0;
    let cases: Vec<(&[&str], Vec<String>)> = vec![
        (
            &["import.record_hash"],
            with(&|lines| lines[2] = lines[2].replace("\"m1\"", "\"m2\"")),
        ),
        (
            &["import.broken_link", "import.sequence_gap"],
            with(&|lines| drop(lines.remove(2))),
        ),
        (
            &[
                "import.broken_link",
                "import.chain_head_missing",
                "import.sequence_gap",
            ],
            with(&|lines| drop(lines.remove(0))),
        ),
        (
            &["import.out_of_order", "import.sequence_gap"],
            with(&|lines| lines.swap(2, 3)),
        ),
        (
            &["import.duplicate_record", "import.sequence_gap"],
            with(&|lines| lines.insert(2, lines[1].clone())),
        ),
        (
            &["import.forked_chain", "import.sequence_gap"],
            with(&|lines| lines.push(fork.clone())),
        ),
        (
            &[
                "import.broken_link",
                "import.chain_restarted",
                "import.sequence_gap",
            ],
            with(&|lines| lines.push(restarted.clone())),
        ),
        (
            &["import.duplicate_member"],
            with(&|lines| lines[4] = lines[4].replacen('{', "{\"actor\":\"eve\",", 1)),
        ),
        (
            &["import.not_json"],
            with(&|lines| lines[4] = lines[4].replace("1e-07", "nan")),
        ),
        (
            &["import.not_a_record"],
            with(&|lines| lines[4] = lines[4].replace("\"event_type\"", "\"event_name\"")),
        ),
    ];
    for (expected, lines) in cases {
        let (codes, verdict) = case.judged(&lines, secret());
        for code in expected {
            assert!(codes.contains(code), "{code}: {codes:?}");
        }
        assert_eq!(verdict, SourceVerdict::Refuted, "{codes:?}");
    }
}

#[test]
fn a_log_that_was_torn_is_refuted() {
    let case = Case::new();
    let mut torn = jsonl(&keyed(5));
    torn.truncate(torn.len() - 20);
    let source = Source::open(&case.file(&torn), None, secret()).unwrap();
    assert_eq!(against(&source), ["import.not_json", "import.torn_line"]);
    assert_eq!(source.verdict(), SourceVerdict::Refuted);
}

#[test]
fn what_the_tool_passes_over_is_found() {
    let case = Case::new();
    let whole = keyed(3);
    // Spelt anew, which leaves the hash as it was.
    let mut spaced = whole.clone();
    spaced[1] = spaced[1].replace("\"seq\":1", "\"seq\": 1");
    let (codes, verdict) = case.judged(&spaced, secret());
    assert_eq!(
        (codes, verdict),
        (vec!["import.rewritten"], SourceVerdict::Undecided)
    );
    let mut blank = whole.clone();
    blank.insert(1, " ".into());
    let source = case.log(&blank, secret());
    assert_eq!(against(&source), ["import.rewritten"]);
    assert_eq!(source.records(), 3);
    // Line breaks of the older tool under Windows are its own.
    let breaks: Vec<String> = whole.iter().map(|line| format!("{line}\r")).collect();
    assert_eq!(case.judged(&breaks, secret()).1, SourceVerdict::Holds);
    // An algorithm of a version to come decides nothing.
    let mut other = plain(1);
    other[0] = other[0].replace("\"sha256\"", "\"sha512\"");
    let (codes, verdict) = case.judged(&other, Pins::default());
    assert_eq!(
        (codes, verdict),
        (vec!["import.unknown_algorithm"], SourceVerdict::Undecided)
    );
    let (line, _) = event_of(
        0,
        "GENESIS",
        None,
        "Evaluation",
        "{\"loss\":NaN,\"x\":-Infinity}",
    );
    let source = case.log(&[line], Pins::default());
    assert_eq!(source.verdict(), SourceVerdict::Holds);
    assert!(self::codes(&source).contains(&"import.bare_number"));
    let (codes, verdict) = case.judged(&[], Pins::default());
    assert_eq!(
        (codes, verdict),
        (vec!["import.empty_source"], SourceVerdict::Undecided)
    );
    // The first line tells which tool wrote it.
    let path = case.file(&jsonl(&whole));
    let found = Source::open(&path, None, secret()).unwrap();
    assert_eq!(found.format(), Format::LlmAuditTrail);
}

#[test]
fn what_is_pinned_and_not_looked_at_is_refused() {
    let case = Case::new();
    let refused = |lines: &[String], pins| {
        let error = Source::open(&case.file(&jsonl(lines)), None, pins);
        error.unwrap_err().code()
    };
    let key = Pins {
        key: Some([7; 32]),
        ..Pins::default()
    };
    assert_eq!(refused(&plain(1), key), "pin_unused");
    let receipt = ["{\"receipt_id\":\"r\"}".to_owned()];
    assert_eq!(refused(&receipt, secret()), "pin_unused");
    assert_eq!(
        refused(&receipt, anchor(None, &"0".repeat(64))),
        "pin_unused"
    );
}

/// The kind of an adopted event, by what its type and details are.
fn becomes(case: &Case, kind: &str, details: &str) -> Value {
    let (line, _) = event_of(0, "GENESIS", None, kind, details);
    let mut source = case.log(&[line], Pins::default());
    assert_eq!(
        source.verdict(),
        SourceVerdict::Holds,
        "{:?}",
        source.findings()
    );
    let ground = crate::ground::Ground::new();
    let ledger = ground.create();
    ledger.adopt(&mut source, &how()).unwrap();
    let entries = ledger.entries(0..ledger.size()).unwrap();
    let of_source = |value: &Value| {
        let record = value.member("record").unwrap();
        text(record, "capture_mode") == Some("imported")
            && body(value).member("record_count").is_none()
    };
    let mut found = entries
        .map(|entry| entry.unwrap().value())
        .filter(of_source);
    let entry = found.next().unwrap();
    assert!(found.next().is_none());
    entry.member("record").unwrap().clone()
}

#[test]
fn events_become_records_of_a_kind_where_all_that_it_asks_for_is_there() {
    let case = Case::new();
    let digest = format!("sha256:{}", "ab".repeat(32));
    let data_set = format!(
        "{{\"content_hash\":\"{digest}\",\"license\":\"MIT\",\"owner\":\"ann\",\"rows\":50000,\"version\":\"1\"}}"
    );
    let placeholder = data_set.replace(&digest, "sha256:PLACEHOLDER");
    let long = format!(
        "{{\"owner\":\"ann\",\"references\":[],\"statement\":\"{}\"}}",
        "x".repeat(2048)
    );
    let waiver = "{\"decision\":\"waived\",\"owner\":\"ann\",\"rationale\":\"pilot\",\"references\":[],\
                  \"time_bound_until\":\"2027-01-01T00:00:00Z\",\"waived_controls\":[\"SLO:p95\"]}";
    let approval = "{\"constraints\":{},\"decision\":\"approved\",\"owner\":\"ann\",\
                    \"rationale\":\"meets thresholds\",\"references\":[\"T-1\",\"not an id\"]}";
    let attestation = "{\"owner\":\"ann\",\"references\":[],\"statement\":\"no personal data\"}";
    for (event, details, kind) in [
        ("Approval", approval, "approval"),
        ("RiskWaiver", waiver, "waiver"),
        ("Attestation", attestation, "attestation"),
        ("DatasetAttestation", attestation, "attestation"),
        ("DatasetRegistered", &data_set, "dataset.registered"),
        // Nothing is filled in.
        (
            "Approval",
            &approval.replace("\"ann\"", "\"Model Risk Committee\""),
            "import.adopted",
        ),
        (
            "Approval",
            &approval.replace("\"approved\"", "\"maybe\""),
            "import.adopted",
        ),
        (
            "RiskWaiver",
            &waiver.replace("\"2027-01-01T00:00:00Z\"", "null"),
            "import.adopted",
        ),
        (
            "RiskWaiver",
            &waiver.replace("[\"SLO:p95\"]", "[1]"),
            "import.adopted",
        ),
        ("Attestation", &long, "import.adopted"),
        ("DatasetRegistered", &placeholder, "import.adopted"),
        ("InferenceRequest", "{}", "import.adopted"),
    ] {
        let record = becomes(&case, event, details);
        assert_eq!(text(&record, "kind"), Some(kind), "{event} {details}");
        let payload = &record.member("payloads").unwrap().as_array().unwrap()[0];
        assert_eq!(text(payload, "name"), Some("original"));
    }
    let record = becomes(&case, "Approval", approval);
    let approved = record.member("body").unwrap();
    assert_eq!(text(approved, "approver_id"), Some("ann"));
    assert_eq!(text(approved, "subject_id"), Some("m1"));
    let references = approved
        .member("reference_ids")
        .unwrap()
        .as_array()
        .unwrap();
    let references: Vec<_> = references.iter().filter_map(Value::as_str).collect();
    assert_eq!(references, ["d0", "T-1"]);
    let record = becomes(&case, "DatasetRegistered", &data_set);
    assert_eq!(
        text(record.member("body").unwrap(), "digest_source"),
        Some("declared")
    );
}

#[test]
fn approvals_are_found_by_the_run_of_the_import() {
    let case = Case::new();
    let details = "{\"decision\":\"approved\",\"owner\":\"ann\",\"rationale\":\"fine\"}";
    let (first, hash) = event_of(0, "GENESIS", None, "Approval", details);
    let (second, hash) = event_of(1, &hash, None, "EpochEnd", "{}");
    let (third, _) = event_of(2, &hash, None, "Approval", details);
    let mut source = case.log(&[first, second, third], Pins::default());
    let ledger = case.ground.create();
    let adopted = ledger.adopt(&mut source, &how()).unwrap();
    let query = Query {
        run: Some(adopted.import_id),
        kind: Some("approval".into()),
        limit: 10,
        ..Query::default()
    };
    assert_eq!(ledger.search(&query).unwrap().hits().len(), 2);
}
