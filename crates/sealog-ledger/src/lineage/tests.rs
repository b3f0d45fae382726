//! Each link there and each link missing, by records alone.

use super::*;

const MODEL: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const DATA: &str = "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
const RAW: &str = "sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";

/// Records of a model that has every link, one line each.
fn whole() -> Vec<String> {
    vec![
        format!(
            r#"dataset.registered {{"dataset_id":"iris","content_digest":"{DATA}","digest_source":"computed"}}"#
        ),
        r#"training.run {"run_id":"r1","phase":"started","dataset_ids":["iris"]}"#.to_owned(),
        format!(r#"training.run {{"run_id":"r1","phase":"finished","model_digest":"{MODEL}"}}"#),
        format!(r#"model.registered {{"model_id":"m","model_digest":"{MODEL}","signer":"key-1"}}"#),
        format!(
            r#"approval {{"approval_id":"a1","subject_digest":"{MODEL}","decision":"approved"}}"#
        ),
        format!(
            r#"deployment {{"deployment_id":"d1","model_digest":"{MODEL}","approval_id":"a1"}}"#
        ),
        format!(r#"model.verified {{"model_digest":"{MODEL}","result":"match"}}"#),
        format!(r#"decision {{"model_digest":"{MODEL}","model_state":"verified"}}"#),
    ]
}

fn lineage(records: &[String]) -> Lineage {
    let digest = Hash::from_hex(MODEL.strip_prefix("sha256:").unwrap()).unwrap();
    let mut gathered = Gathered::new(&digest);
    for (index, record) in (0..).zip(records) {
        let (kind, body) = record.split_once(' ').unwrap();
        let entry = format!(r#"{{"record":{{"kind":"{kind}","body":{body}}}}}"#);
        gathered.take(index, &Value::parse(entry.as_bytes()).unwrap());
    }
    Lineage {
        digest,
        size: u64::try_from(records.len()).unwrap(),
        disposed: 0,
        full: gathered.full,
        links: judge::links(&gathered),
    }
}

fn link(lineage: &Lineage, step: Step) -> Link {
    let of_step = |link: &&Link| link.step == step;
    lineage.links().iter().find(of_step).unwrap().clone()
}

#[track_caller]
fn missing(records: &[String], step: Step, word: &str) {
    let lineage = lineage(records);
    let missing = link(&lineage, step).missing;
    assert!(missing.iter().any(|why| why.contains(word)), "{missing:?}");
    assert_eq!(
        (lineage.exit(), lineage.reason()),
        (2, "lineage_incomplete")
    );
}

#[track_caller]
fn against(records: &[String], step: Step, word: &str) {
    let lineage = lineage(records);
    let against = link(&lineage, step).against;
    assert!(against.iter().any(|why| why.contains(word)), "{against:?}");
    assert_eq!(
        (lineage.exit(), lineage.reason()),
        (1, "lineage_contradicted")
    );
}

#[test]
fn a_model_with_every_link_holds() {
    let lineage = lineage(&whole());
    assert_eq!((lineage.exit(), lineage.reason()), (0, "holds"));
    let steps: Vec<&str> = lineage
        .links()
        .iter()
        .map(|link| link.step.word())
        .collect();
    assert_eq!(
        steps,
        [
            "data set",
            "training",
            "signature",
            "registration",
            "approval",
            "deployment",
            "gate",
            "decisions"
        ]
    );
    assert!(lineage.links().iter().all(|link| !link.facts.is_empty()));
}

#[test]
fn each_record_that_is_taken_away_is_named_as_missing() {
    let without = |gone: usize| {
        let mut records = whole();
        records.remove(gone);
        records
    };
    missing(&without(0), Step::DataSet, "iris is not registered");
    missing(&without(1), Step::DataSet, "names a data set");
    missing(&without(2), Step::Training, "no training run wrote");
    missing(&without(3), Step::Registration, "not registered");
    missing(&without(3), Step::Signature, "who signed it");
    missing(&without(4), Step::Approval, "a1, which a deployment names");
    missing(&without(5), Step::Deployment, "not deployed");
    missing(&without(7), Step::Decisions, "no decision");
    // A decision that claims an admission speaks against a gate that never was.
    against(&without(6), Step::Decisions, "none had");
    missing(&without(6)[..6], Step::Gate, "no gate");
}

#[test]
fn records_of_other_models_are_no_links() {
    let other: Vec<String> = whole()
        .iter()
        .map(|record| record.replace(MODEL, RAW))
        .collect();
    let lineage = lineage(&other);
    assert_eq!((lineage.exit(), lineage.reason()), (2, "lineage_unknown"));
    assert!(lineage.links().iter().all(|link| link.facts.is_empty()));
}

#[test]
fn an_answer_that_was_taken_back_speaks_against_it() {
    for decision in ["rejected", "revoked"] {
        let mut records = whole();
        let answer = format!(
            r#"approval {{"approval_id":"a2","subject_digest":"{MODEL}","decision":"{decision}"}}"#
        );
        records.push(answer);
        against(&records, Step::Approval, decision);
    }
}

#[test]
fn what_went_live_before_it_was_approved_speaks_against_it() {
    let mut records = whole();
    records.swap(4, 5);
    against(&records, Step::Deployment, "without a standing approval");
}

#[test]
fn an_approval_of_other_bytes_speaks_against_it() {
    let mut records = whole();
    records[4] = records[4].replace(MODEL, RAW);
    against(&records, Step::Approval, "of other bytes");
}

#[test]
fn a_gate_that_refused_it_last_speaks_against_it_and_one_that_refused_others_does_not() {
    let mut records = whole();
    records.push(format!(r#"model.verified {{"model_digest":"{RAW}","expected_digest":"{MODEL}","result":"mismatch"}}"#));
    assert_eq!(lineage(&records).exit(), 0);
    records.push(format!(
        r#"model.verified {{"model_digest":"{MODEL}","result":"refused"}}"#
    ));
    against(&records, Step::Gate, "refused");
}

#[test]
fn a_decision_before_the_admission_that_it_claims_speaks_against_it() {
    let mut records = whole();
    records.swap(6, 7);
    against(&records, Step::Decisions, "none had");
}

#[test]
fn a_run_that_failed_speaks_against_it() {
    let mut records = whole();
    records.push(format!(
        r#"training.run {{"run_id":"r1","phase":"failed","model_digest":"{MODEL}"}}"#
    ));
    against(&records, Step::Training, "r1 failed");
}

#[test]
fn preparations_are_followed_back_and_a_circle_ends() {
    let mut records = whole();
    records.push(format!(r#"dataset.prepared {{"operation":"clean","input_digest":"{RAW}","output_digest":"{DATA}"}}"#));
    missing(&records, Step::DataSet, "went into a preparation");
    records.push(format!(
        r#"dataset.registered {{"dataset_id":"raw","content_digest":"{RAW}"}}"#
    ));
    records.push(format!(
        r#"dataset.prepared {{"operation":"back","input_digest":"{DATA}","output_digest":"{RAW}"}}"#
    ));
    let lineage = lineage(&records);
    assert_eq!(lineage.exit(), 0);
    assert_eq!(link(&lineage, Step::DataSet).facts.len(), 4);
}

#[test]
fn what_was_disposed_of_leaves_the_answer_open() {
    let mut lineage = lineage(&whole());
    lineage.disposed = 1;
    assert_eq!((lineage.exit(), lineage.reason()), (2, "lineage_disposed"));
}

#[test]
fn more_entries_than_are_named_are_counted() {
    let fill = |count: usize| {
        let mut records = whole();
        let more = records[6].clone();
        records.extend(std::iter::repeat_n(more, count - 1));
        link(&lineage(&records), Step::Gate)
    };
    let (whole_link, longer) = (fill(LINEAGE_FACTS_MAX), fill(LINEAGE_FACTS_MAX + 1));
    assert_eq!(
        (whole_link.facts.len(), whole_link.more),
        (LINEAGE_FACTS_MAX, 0)
    );
    assert_eq!((longer.facts.len(), longer.more), (LINEAGE_FACTS_MAX, 1));
}

#[test]
fn more_records_than_are_held_leave_the_answer_open() {
    let record = Value::parse(br#"{"record":{"kind":"approval","body":{}}}"#).unwrap();
    let digest = Hash::from_hex(MODEL.strip_prefix("sha256:").unwrap()).unwrap();
    let mut gathered = Gathered::new(&digest);
    for index in 0..LINEAGE_RECORDS_MAX {
        gathered.take(u64::try_from(index).unwrap(), &record);
    }
    assert!(!gathered.full);
    gathered.take(0, &record);
    assert!(gathered.full);
}
