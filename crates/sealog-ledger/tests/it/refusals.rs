//! Append refuses whatever verification would refute, so that one bad producer cannot make an honest ledger fail; and
//! the weaknesses of the predecessors, each with its reason and its unattacked twin.

use std::path::Path;
use std::sync::Arc;

use sealog_core::config::{Bands, digest_text};
use sealog_core::json::{Number, Value};
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::vkey::KeyType;
use sealog_ledger::verify::{Report, Request, verify_ledger};
use sealog_ledger::{ConfigSet, Creation, Draft, IndexMode, Ledger, Options, Producer};
use sealog_store::disk::sim::Random;

use crate::forge::{copy, force};
use crate::ground::{Ground, decision, scored};

const ORIGIN: &str = "example.org/refusals";
const LEDGERS: u64 = 6;
const RECORDS: u64 = 14;

/// A ledger with labels and two versions of a configuration, and its key.
struct Stand {
    ground: Ground,
    signer: Arc<Ed25519Signer>,
    producer: Producer,
    /// The configuration's digest, in text.
    config: String,
}

impl Stand {
    fn new() -> Self {
        let ground = Ground::new();
        let signer = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[5; 32]).unwrap();
        let signer = Arc::new(signer);
        let options = Options {
            signer: Some(Arc::<Ed25519Signer>::clone(&signer)),
            index: IndexMode::Off,
            ..ground.options()
        };
        let creation = Creation {
            origin: Some(ORIGIN.into()),
            ..Creation::default()
        };
        let ledger = Ledger::create(&ground.path(), &creation, options).unwrap();
        for id in ["L001", "L002"] {
            ledger
                .add_label(Some(id), id, "ann", "first labels")
                .unwrap();
        }
        let set = ConfigSet {
            config_id: "threshold".into(),
            system_id: Some("credit".into()),
            tenant_id: None,
            model_id: Some("m1".into()),
            bands: Some(Bands::threshold(0.5, "L002", "L001")),
            changed_by: "ann".into(),
            reason: "first".into(),
            approval_id: None,
            effective_at: None,
        };
        ledger.set_config(set).unwrap();
        let config = ledger.active_config("threshold").unwrap().unwrap().digest;
        let producer = ledger.producer().unwrap();
        Self {
            ground,
            signer,
            producer,
            config: digest_text(&config),
        }
    }

    fn request(&self) -> Request {
        Request {
            keys: vec![self.signer.verifier_key().clone()],
            ..Request::default()
        }
    }

    fn verify(&self, path: &Path) -> Report {
        verify_ledger(path, &self.request(), &mut |_| ())
    }

    /// What verification says of a copy of the log into which this record was forced by the key's holder.
    fn forced(&self, record: &[u8]) -> Report {
        let copied = self.ground.path().with_file_name("forced.sealog");
        let _ = std::fs::remove_dir_all(&copied);
        // Its lines, without the filler that an open ledger ends in.
        copy(&self.ground.path(), &copied);
        let segment = copied.join("log/0000000000.jsonl");
        let text = std::fs::read(&segment).unwrap();
        let end = 1 + text.iter().rposition(|byte| *byte != b'\n').unwrap();
        std::fs::write(&segment, &text[..=end]).unwrap();
        assert_eq!(self.verify(&copied).exit(), 0, "the unattacked twin");
        force(&copied, &*self.signer, "local", record);
        self.verify(&copied)
    }

    /// A decision of the model under the configuration.
    fn decided(&self, score: f64, label: &str) -> Draft {
        let mut draft = scored("d", &self.config, score, label);
        draft.body.insert("model_id", "m1");
        draft
    }

    /// The append is refused for this reason, and so is the log by a verifier if the record is forced into it.
    fn refuses(&self, draft: &Draft, reason: &str) {
        // Completed before it is offered: a refused call still takes its number.
        let record = self.producer.prepare(draft.clone()).unwrap();
        let refused = self.producer.append(draft.clone()).unwrap_err();
        assert_eq!(refused.code(), reason, "{refused}");
        let report = self.forced(&record);
        assert_eq!(
            (report.exit(), report.reason()),
            (1, reason),
            "{:?}",
            report.findings()
        );
        assert_eq!(
            self.verify(&self.ground.path()).exit(),
            0,
            "and nothing of it is there"
        );
    }
}

/// A random record: right in about half of the cases, else wrong in one way.
fn any_draft(stand: &Stand, random: &mut Random) -> Draft {
    let score = [0.0, 0.25, 0.5, 0.75][random.index(4)];
    let (right, wrong) = if score < 0.5 {
        ("L002", "L001")
    } else {
        ("L001", "L002")
    };
    let mut draft = stand.decided(score, right);
    match random.below(20) {
        0 => draft = stand.decided(score, wrong),
        1 => {
            let never = format!("sha256:{}", "ab".repeat(32));
            draft.body.insert("config_digest", never);
        }
        2 => {
            draft.body.insert("unheard_of", "x");
        }
        3 => {
            draft.body.remove("decision_id");
        }
        4 => draft.kind = "epoch.sealed".into(),
        5 => draft.retention_class = Some("no identifier".into()),
        6 => {
            draft.body.insert("score", Value::Null);
        }
        7 => draft.producer_seq = Some(0),
        8 => draft.record_id = Some("018f0000-0000-4000-8000-000000000001".into()),
        9 => draft.kind = "nonsense".into(),
        10 => {
            draft.body.insert("model_id", "m2");
        }
        11 => {
            draft.body.insert("action", "perhaps");
        }
        12 => draft = decision("plain"),
        _ => {}
    }
    draft
}

#[test]
fn append_refuses_whatever_verification_would_refute_and_nothing_else_is_taken() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..LEDGERS {
        let mut random = Random::new(seed);
        let stand = Stand::new();
        // So that number 0 of the run is taken.
        stand.producer.append(decision("first")).unwrap();
        for _ in 0..RECORDS {
            let draft = any_draft(&stand, &mut random);
            let record = stand.producer.prepare(draft.clone()).unwrap();
            match stand.producer.append(draft) {
                Ok(_) => taken += 1,
                Err(error) => {
                    refused += 1;
                    let report = stand.forced(&record);
                    assert_ne!(report.exit(), 0, "refused for {}, but holds", error.code());
                }
            }
        }
        let report = stand.verify(&stand.ground.path());
        assert_eq!(report.exit(), 0, "{:?}", report.findings());
    }
    assert!(
        taken > 20 && refused > 20,
        "{taken} taken, {refused} refused"
    );
}

#[test]
fn b5_a_label_that_the_score_does_not_give_is_refused() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.7, "L001")).unwrap();
    stand.refuses(&stand.decided(0.7, "L002"), "label_not_derived");
}

#[test]
fn b6_a_configuration_of_another_model_is_refused() {
    let stand = Stand::new();
    let mut other = stand.decided(0.7, "L001");
    other.body.insert("model_id", "m2");
    stand.refuses(&other, "config_other_model");
}

#[test]
fn b6_a_score_that_is_no_number_does_not_become_a_label() {
    let stand = Stand::new();
    let mut draft = stand.decided(0.7, "L002");
    draft.body.insert("score", Value::Null);
    stand.refuses(&draft, "score_missing");
}

#[test]
fn b7_the_score_is_in_the_log_and_an_edit_of_it_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.75, "L001")).unwrap();
    attacked(
        &stand,
        &[("\"score\":0.75", "\"score\":0.76")],
        "root_mismatch",
    );
}

#[test]
fn b1_an_edited_label_model_or_time_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(stand.decided(0.75, "L001")).unwrap();
    attacked(
        &stand,
        &[(
            "\"label_id\":\"L001\",\"label_source",
            "\"label_id\":\"L002\",\"label_source",
        )],
        "label_not_derived",
    );
    attacked(
        &stand,
        &[("\"model_reason\":\"a test\"", "\"model_reason\":\"a tale\"")],
        "root_mismatch",
    );
    attacked(
        &stand,
        &[("\"occurred_at\":\"20", "\"occurred_at\":\"19")],
        "root_mismatch",
    );
}

#[test]
fn b2_an_edited_threshold_history_is_refuted() {
    let stand = Stand::new();
    attacked(
        &stand,
        &[
            ("\"from\":0.5", "\"from\":0.4"),
            ("\"to\":0.5", "\"to\":0.4"),
        ],
        "config_digest",
    );
}

#[test]
fn a14_the_same_record_twice_is_one_entry() {
    let stand = Stand::new();
    let mut draft = decision("once");
    draft.record_id = Some("018f0000-0000-7000-8000-000000000001".into());
    let record = stand.producer.prepare(draft.clone()).unwrap();
    let first = stand.producer.append(draft.clone()).unwrap();
    let again = stand.producer.append(draft).unwrap();
    assert!(again.is_repeat() && again.index() == first.index());
    let report = stand.forced(&record);
    assert_eq!((report.exit(), report.reason()), (1, "record_id_repeated"));
}

#[test]
fn a9_numbers_that_cannot_be_written_are_refused_before_they_are_signed() {
    let stand = Stand::new();
    assert!(Number::finite(f64::NAN).is_none() && Number::unsigned(1 << 60).is_none());
    let mut draft = decision("outside");
    draft
        .body
        .insert("model_reason", Value::Number(Number::finite(1.0).unwrap()));
    let refused = stand.producer.append(draft).unwrap_err();
    assert_eq!(refused.code(), "entry_schema");
    assert_eq!(stand.verify(&stand.ground.path()).exit(), 0);
}

#[test]
fn l6_other_spelling_of_the_same_values_is_refuted() {
    let stand = Stand::new();
    stand.producer.append(decision("d")).unwrap();
    for (from, to) in [
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\": \"a test\"",
        ),
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\":\"a test\",\"model_reason\":\"a test\"",
        ),
        (
            "\"model_reason\":\"a test\"",
            "\"model_reason\":\"a te\\u0073t\"",
        ),
    ] {
        attacked(&stand, &[(from, to)], "line_malformed");
    }
}

#[test]
fn b3_a_log_of_which_all_rows_are_gone_is_no_success() {
    let stand = Stand::new();
    let empty = stand.ground.path().with_file_name("empty.sealog");
    copy(&stand.ground.path(), &empty);
    assert_eq!(stand.verify(&empty).exit(), 0);
    std::fs::write(empty.join("log/0000000000.jsonl"), "").unwrap();
    let report = stand.verify(&empty);
    assert_eq!((report.exit(), report.reason()), (2, "empty_ledger"));
}

/// Changes a copy of the log as text: this is what verification says of it.
fn changed(stand: &Stand, change: impl FnOnce(String) -> String) -> Report {
    let copied = stand.ground.path().with_file_name("changed.sealog");
    let _ = std::fs::remove_dir_all(&copied);
    copy(&stand.ground.path(), &copied);
    assert_eq!(stand.verify(&copied).exit(), 0, "the unattacked twin");
    let segment = copied.join("log/0000000000.jsonl");
    let text = std::fs::read_to_string(&segment).unwrap();
    std::fs::write(&segment, change(text)).unwrap();
    stand.verify(&copied)
}

#[test]
fn a2_a_log_without_its_head_or_of_one_entry_only_is_refuted() {
    let stand = Stand::new();
    let appended = stand.producer.append(decision("d")).unwrap();
    let headless = changed(&stand, |text| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        lines[2..].concat()
    });
    assert_eq!((headless.exit(), headless.reason()), (1, "index_wrong"));
    let line = String::from_utf8(appended.entry_bytes().unwrap().to_vec()).unwrap();
    let remnant = changed(&stand, |text| {
        let at = text.find(&line).unwrap();
        text[at..].to_owned()
    });
    assert_eq!((remnant.exit(), remnant.reason()), (1, "index_wrong"));
}

#[test]
fn l1_a_checkpoint_whose_signature_is_stripped_or_of_another_kind_covers_nothing() {
    let stand = Stand::new();
    stand.producer.append(decision("d")).unwrap();
    let stripped = changed(&stand, |text| {
        let at = text.rfind("\\n\\n").unwrap();
        let end = at + text[at..].find("\"}").unwrap();
        format!("{}{}", &text[..at + 4], &text[end..])
    });
    assert_ne!(stripped.exit(), 0, "{:?}", stripped.findings());
    let other = changed(&stand, |text| {
        // The key id of the signature: the same key under another type would have another.
        let at = text.rfind("example.org/refusals ").unwrap() + "example.org/refusals ".len();
        let kind = if &text[at..=at] == "A" { "B" } else { "A" };
        format!("{}{kind}{}", &text[..at], &text[at + 1..])
    });
    assert_ne!(other.exit(), 0, "{:?}", other.findings());
}

#[test]
fn a3_a_key_beside_the_data_is_not_trusted() {
    let stand = Stand::new();
    let nobody = verify_ledger(&stand.ground.path(), &Request::default(), &mut |_| ());
    assert_eq!((nobody.exit(), nobody.reason()), (2, "unpinned"));
    let other = Ed25519Signer::from_seed(KeyType::Ed25519, ORIGIN, &[6; 32]).unwrap();
    let request = Request {
        keys: vec![other.verifier_key().clone()],
        ..Request::default()
    };
    let report = verify_ledger(&stand.ground.path(), &request, &mut |_| ());
    assert_eq!((report.exit(), report.reason()), (1, "key_not_pinned"));
    assert_eq!(stand.verify(&stand.ground.path()).exit(), 0);
}

/// Edits a copy of the log: it is refuted, and this reason is among the findings.
fn attacked(stand: &Stand, edits: &[(&str, &str)], reason: &str) {
    let copied = stand.ground.path().with_file_name("attacked.sealog");
    let _ = std::fs::remove_dir_all(&copied);
    copy(&stand.ground.path(), &copied);
    assert_eq!(stand.verify(&copied).exit(), 0, "the unattacked twin");
    let segment = copied.join("log/0000000000.jsonl");
    let mut text = std::fs::read_to_string(&segment).unwrap();
    // The last: entry 0 and the labels stay.
    for (from, to) in edits {
        let at = text
            .rfind(from)
            .unwrap_or_else(|| panic!("{from} is not there"));
        text.replace_range(at..at + from.len(), to);
    }
    std::fs::write(&segment, text).unwrap();
    let report = stand.verify(&copied);
    assert_eq!(report.exit(), 1, "{:?}", report.findings());
    assert!(
        report.counts().contains_key(reason),
        "{reason}: {:?}",
        report.counts()
    );
}
