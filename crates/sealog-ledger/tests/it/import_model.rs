//! Documents about models, as a shell hands them over when they were verified: what stands in the log then.

use std::fs;
use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::finding::Weight;
use sealog_core::json::Value;
use sealog_core::limits::PAYLOAD_INLINE_BYTES_MAX;
use sealog_core::time::Timestamp;
use sealog_core::tlog::vkey::VerifierKey;
use sealog_ledger::import::{
    Adoption, DocumentFile, Format, ModelDocument, ModelFacts, Pins, Source, SourceVerdict,
    Weakness,
};
use sealog_ledger::verify::{Request, verify_ledger};

use crate::import::{Case, against, how, imported};

fn file(kind: &'static str, bytes: &[u8]) -> DocumentFile {
    DocumentFile {
        kind,
        media_type: "application/octet-stream",
        bytes: bytes.to_vec(),
    }
}

/// A manifest and its signature, of a model that was there.
fn document() -> ModelDocument {
    ModelDocument {
        format: Format::HashTraceAi,
        version: Some("B".into()),
        files: vec![file("manifest", b"{..}"), file("signature", b"\x01\x02")],
        findings: vec![(Weakness::SizeNotStated, None)],
        verified_with: Some("rsa:00".into()),
        made_at: Some(Timestamp::parse(b"2025-07-20T00:00:00Z").unwrap()),
        model: Some(ModelFacts {
            digest: Hash::of(&[b"the model"]),
            name: Some("iris".into()),
            version: Some("1.0".into()),
            signer: Some("key-1".into()),
        }),
    }
}

fn source(document: ModelDocument) -> Source {
    Source::of_model(document).unwrap()
}

fn record(entry: &Value) -> &Value {
    entry.member("record").unwrap()
}

fn body<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    record(entry).member("body")?.member(name)?.as_str()
}

fn files_below(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let count = |path: PathBuf| {
        if path.is_dir() { files_below(&path) } else { 1 }
    };
    paths.map(count).sum()
}

fn accepting() -> Adoption {
    Adoption {
        accept_findings: true,
        ..how()
    }
}

#[test]
fn a_document_that_holds_is_adopted_once_with_its_model_and_says_imported() {
    let case = Case::new();
    let ledger = case.ground.create();
    let mut given = source(document());
    assert_eq!(given.verdict(), SourceVerdict::Holds);
    let adopted = ledger.adopt(&mut given, &how()).unwrap();
    assert_eq!(adopted.records, 2);
    let files = imported(&ledger, "import.adopted");
    assert_eq!(files.len(), 2, "of the document, and of its signature");
    let digest = format!("sha256:{}", Hash::of(&[b"{..}"]).to_hex());
    assert_eq!(body(&files[0], "source_digest"), Some(&*digest));
    assert_eq!(body(&files[0], "source_format"), Some("hashtraceai"));
    assert_eq!(body(&files[0], "source_version"), Some("B"));
    assert_eq!(body(&files[0], "verification"), Some("holds"));
    assert_eq!(body(&files[0], "verified_with"), Some("rsa:00"));
    assert_eq!(body(&files[1], "original_kind"), Some("signature"));
    let models = imported(&ledger, "model.registered");
    assert_eq!(models.len(), 1);
    let model = &models[0];
    let expected = format!("sha256:{}", Hash::of(&[b"the model"]).to_hex());
    assert_eq!(body(model, "model_digest"), Some(&*expected));
    assert_eq!(body(model, "model_id"), Some("iris"));
    assert_eq!(body(model, "model_version"), Some("1.0"));
    assert_eq!(body(model, "envelope_digest"), Some(&*digest));
    assert_eq!(body(model, "signature_ref"), Some("original"));
    assert_eq!(body(model, "signer"), Some("key-1"));
    for entry in files.iter().chain(&models) {
        let mode = record(entry).member("capture_mode").and_then(Value::as_str);
        assert_eq!(mode, Some("imported"));
        let payloads = record(entry).member("payloads").unwrap();
        assert_eq!(payloads.as_array().unwrap().len(), 1);
    }
    let at = record(model).member("occurred_at").and_then(Value::as_str);
    assert_eq!(at, Some("2025-07-20T00:00:00.000000Z"));
    let error = ledger.adopt(&mut source(document()), &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
    ledger.close().unwrap();
}

#[test]
fn what_does_not_hold_is_adopted_only_where_that_is_accepted_and_what_is_refuted_names_no_model() {
    for (weakness, code, names_model) in [
        (Weakness::Signature, "import.signature", false),
        (Weakness::ModelDiffers, "import.model_differs", false),
        (Weakness::Unsigned, "import.unsigned", true),
    ] {
        let case = Case::new();
        let ledger = case.ground.create();
        let mut damaged = document();
        damaged.findings.push((weakness, Some("why".into())));
        let mut given = source(damaged);
        assert_eq!(against(&given), [code]);
        let refutes = weakness.weight() == Weight::Refutes;
        assert_eq!(given.verdict() == SourceVerdict::Refuted, refutes, "{code}");
        let size = ledger.size();
        let error = ledger.adopt(&mut given, &how()).unwrap_err();
        assert_eq!((error.code(), ledger.size()), (code, size));
        ledger.adopt(&mut given, &accepting()).unwrap();
        let models = imported(&ledger, "model.registered").len();
        assert_eq!(models, usize::from(names_model), "{code}");
        let files = imported(&ledger, "import.adopted").len();
        assert_eq!(files, 3 - models, "{code}: all bytes are there");
    }
}

#[test]
fn a_model_without_a_name_or_a_version_or_with_one_that_is_none_is_not_registered() {
    type Change = fn(&mut ModelFacts);
    let changes: [Change; 4] = [
        |model| model.name = None,
        |model| model.version = None,
        |model| model.name = Some("two words".into()),
        |model| model.version = Some("x".repeat(5_000)),
    ];
    for change in changes {
        let case = Case::new();
        let ledger = case.ground.create();
        let mut unnamed = document();
        change(unnamed.model.as_mut().unwrap());
        let mut given = source(unnamed);
        assert!(given.findings().has(Weakness::ModelNotNamed));
        assert_eq!(given.verdict(), SourceVerdict::Holds);
        ledger.adopt(&mut given, &how()).unwrap();
        assert!(imported(&ledger, "model.registered").is_empty());
        assert_eq!(imported(&ledger, "import.adopted").len(), 3);
    }
}

#[test]
fn a_document_that_is_longer_than_an_entry_is_kept_beside_the_log() {
    let case = Case::new();
    let ledger = case.ground.create();
    for length in [PAYLOAD_INLINE_BYTES_MAX, PAYLOAD_INLINE_BYTES_MAX + 1] {
        let mut long = document();
        long.files[0].bytes = vec![b' '; length];
        long.files[1].bytes = vec![7; length];
        ledger.adopt(&mut source(long), &how()).unwrap();
    }
    let request = Request {
        keys: vec![VerifierKey::parse(&ledger.vkey()).unwrap()],
        ..Request::default()
    };
    let report = verify_ledger(&case.ground.path(), &request, &mut |_| ());
    assert_eq!(report.exit(), 0, "{report:?}");
    // One of each length that is too long, and no more.
    assert_eq!(files_below(&case.ground.path().join("payloads")), 2);
}

#[test]
fn what_is_no_document_about_a_model_is_refused_and_no_file_of_a_log_is_taken_for_one() {
    let log = ModelDocument {
        format: Format::LlmAuditTrail,
        ..document()
    };
    let empty = ModelDocument {
        files: Vec::new(),
        ..document()
    };
    for wrong in [log, empty] {
        let error = Source::of_model(wrong).unwrap_err();
        assert_eq!(error.code(), "model_document");
    }
    let case = Case::new();
    for format in [Format::HashTraceAi, Format::MlsecopsIntegrity] {
        let error = Source::open(&case.file(b"{}"), Some(format), Pins::default()).unwrap_err();
        assert_eq!(error.code(), "model_document");
    }
}

/// The document alone, as it comes where its model is not there.
fn without_model() -> ModelDocument {
    ModelDocument {
        findings: vec![(Weakness::ModelAbsent, None)],
        model: None,
        ..document()
    }
}

#[test]
fn a_document_that_was_adopted_without_its_model_has_the_model_registered_when_it_comes_with_it() {
    let case = Case::new();
    let ledger = case.ground.create();
    let first = ledger
        .adopt(&mut source(without_model()), &accepting())
        .unwrap();
    assert_eq!((first.records, first.before), (2, 0));
    assert!(imported(&ledger, "model.registered").is_empty());
    // Without it again, and with one that nothing says the name of, it says no more than before.
    let mut unnamed = document();
    unnamed.model.as_mut().unwrap().name = None;
    let mut refuted = document();
    refuted.findings.push((Weakness::ModelDiffers, None));
    for same in [without_model(), unnamed, refuted] {
        let size = ledger.size();
        let error = ledger.adopt(&mut source(same), &accepting()).unwrap_err();
        assert_eq!((error.code(), ledger.size()), ("imported_before", size));
    }
    let second = ledger.adopt(&mut source(document()), &how()).unwrap();
    assert_eq!((second.records, second.before), (1, 2));
    let models = imported(&ledger, "model.registered");
    assert_eq!(models.len(), 1);
    let digest = format!("sha256:{}", Hash::of(&[b"{..}"]).to_hex());
    assert_eq!(body(&models[0], "envelope_digest"), Some(&*digest));
    let run = record(&models[0])
        .member("producer_run")
        .and_then(Value::as_str);
    assert_eq!(run, Some(&*second.import_id));
    // Each import has its own record, with the verdict of its day.
    let files = imported(&ledger, "import.adopted");
    let verdicts: Vec<_> = files
        .iter()
        .filter(|file| body(file, "original_kind").is_none())
        .map(|file| body(file, "verification"))
        .collect();
    assert_eq!(verdicts, [Some("undecided"), Some("holds")]);
    assert_eq!(files.len(), 4, "no file is adopted twice");
    for again in [document(), without_model()] {
        let error = ledger.adopt(&mut source(again), &accepting()).unwrap_err();
        assert_eq!(error.code(), "imported_before");
    }
}

#[test]
fn a_signature_that_comes_after_document_and_model_is_still_adopted() {
    let case = Case::new();
    let ledger = case.ground.create();
    let alone = |mut document: ModelDocument| {
        document.files.truncate(1);
        source(document)
    };
    ledger
        .adopt(&mut alone(without_model()), &accepting())
        .unwrap();
    ledger.adopt(&mut alone(document()), &accepting()).unwrap();
    let third = ledger.adopt(&mut source(document()), &how()).unwrap();
    assert_eq!((third.records, third.before), (1, 1));
    assert_eq!(imported(&ledger, "model.registered").len(), 1);
    let files = imported(&ledger, "import.adopted");
    let kinds = files.iter().filter_map(|file| body(file, "original_kind"));
    assert_eq!(kinds.collect::<Vec<_>>(), ["manifest", "signature"]);
    let error = ledger.adopt(&mut source(document()), &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
}

#[test]
fn a_ledger_that_was_open_before_knows_of_an_import_by_another() {
    let case = Case::new();
    let ledger = case.ground.create();
    let other = case.ground.open();
    ledger.adopt(&mut source(document()), &how()).unwrap();
    let error = other.adopt(&mut source(document()), &how()).unwrap_err();
    assert_eq!(error.code(), "imported_before");
}

#[test]
fn one_import_goes_on_at_a_time() {
    let case = Case::new();
    let ledger = case.ground.create();
    let other = case.ground.open();
    std::thread::scope(|scope| {
        let all: Vec<_> = [&ledger, &other, &ledger, &other]
            .into_iter()
            .map(|ledger| scope.spawn(|| ledger.adopt(&mut source(document()), &how())))
            .collect();
        let mut won = 0;
        for one in all {
            match one.join().unwrap() {
                Ok(_) => won += 1,
                Err(error) => {
                    let code = error.code();
                    assert!(["import_busy", "imported_before"].contains(&code), "{code}");
                }
            }
        }
        assert_eq!(won, 1);
    });
    assert_eq!(imported(&ledger, "model.registered").len(), 1);
    assert_eq!(imported(&ledger, "import.adopted").len(), 2);
}
