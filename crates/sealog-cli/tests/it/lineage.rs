//! What is said of a model is said on the word of a ledger that verifies.

use std::fs;
use std::process::Output;

use crate::golden::World;

const MODEL: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn run(world: &World, arguments: &[&str]) -> Output {
    world.command().args(arguments).output().unwrap()
}

/// The way of the model: status, and the reason that stands in the answer.
fn lineage(world: &World) -> (Option<i32>, String) {
    let output = run(world, &["model", "lineage", MODEL, "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let reason = text
        .split("\"reason\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    (output.status.code(), reason.unwrap_or(&text).to_owned())
}

#[test]
fn nothing_is_said_of_a_model_by_a_ledger_in_which_a_byte_was_changed() {
    let world = World::new();
    assert!(run(&world, &["init", "audit.sealog"]).status.success());
    let digest = format!("model_digest={MODEL}");
    let decision = ["record", "--kind", "decision", "-f", "decision_id=d1", "-f"];
    let model = [
        "model_state=verified",
        "-f",
        &digest,
        "-f",
        "model_id=fraud",
    ];
    let recorded = run(&world, &[&decision[..], &model].concat());
    assert!(recorded.status.success(), "{recorded:?}");
    // A decision that says a gate admitted the model, of which no gate is on record.
    let honest = (Some(1), "lineage_contradicted".to_owned());
    assert_eq!(lineage(&world), honest);
    let segment = world.here().join("audit.sealog/log/0000000000.jsonl");
    let before = fs::read_to_string(&segment).unwrap();
    // Another digest of the same length: the model would not have decided anything.
    for (from, to) in [("sha256:aaaa", "sha256:baaa"), ("\"fraud\"", "\"freud\"")] {
        assert!(before.contains(from), "{before}");
        fs::write(&segment, before.replace(from, to)).unwrap();
        let (status, reason) = lineage(&world);
        assert_eq!(status, Some(1), "{reason}");
        assert!(!reason.starts_with("lineage"), "{reason}");
    }
    fs::write(&segment, before).unwrap();
    assert_eq!(lineage(&world), honest);
}
