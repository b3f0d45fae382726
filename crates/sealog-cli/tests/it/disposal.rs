//! `sealog retention dispose` beside other processes, and what leaves the ledger afterwards.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use sealog_core::json::Value;

use crate::golden::World;

const RECORDS: u64 = 20;

fn sealog(world: &World, arguments: &[&str]) -> Output {
    world.command().args(arguments).output().unwrap()
}

/// Runs a command, which has to end with status 0, and returns what it printed.
fn holds(world: &World, arguments: &[&str]) -> String {
    let output = sealog(world, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn record(world: &World, id: &str) -> Command {
    let mut command = world.command();
    let id = format!("decision_id={id}");
    let fields = [
        "-f",
        &id,
        "-f",
        "model_state=hosted",
        "-f",
        "model_reason=remote",
    ];
    command.args(["record", "--kind", "decision"]).args(fields);
    command
}

fn ledger_with_old_entries(world: &World) {
    holds(
        world,
        &["init", "audit.sealog", "--origin", "log.example/audit"],
    );
    for n in 0..4 {
        let output = record(world, &format!("old-{n}")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let basis = ["--min-days", "0", "--basis", "a test", "--by", "dpo"];
    holds(
        world,
        &[&["retention", "set", "default"], &basis[..]].concat(),
    );
}

#[test]
fn processes_that_append_meanwhile_lose_nothing() {
    let world = World::new();
    ledger_with_old_entries(&world);
    let appending = (0..RECORDS).map(|n| {
        let mut command = record(&world, &format!("new-{n}"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    });
    let appending: Vec<_> = appending.collect();
    let mut gone = 0;
    for _ in 0..5 {
        let printed = holds(
            &world,
            &["retention", "dispose", "default", "--by", "dpo", "--json"],
        );
        let json = Value::parse(printed.trim().as_bytes()).unwrap();
        gone += json.member("due").and_then(Value::as_u64).unwrap();
    }
    for child in appending {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert!(gone >= 4, "{gone}");
    let report = holds(&world, &["verify", "--json"]);
    let report = Value::parse(report.trim().as_bytes()).unwrap();
    let number = |name: &str| report.member(name).and_then(Value::as_u64).unwrap();
    let kinds = report.member("kinds").unwrap();
    let standing = kinds
        .member("decision")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    assert_eq!(number("disposed"), gone);
    assert_eq!(
        standing + gone,
        4 + RECORDS,
        "each record is there or was disposed of"
    );
}

#[test]
fn what_leaves_the_ledger_after_a_disposal_holds_for_the_script_too() {
    let world = World::new();
    ledger_with_old_entries(&world);
    holds(&world, &["retention", "dispose", "default", "--by", "dpo"]);
    let output = record(&world, "young").arg("--json").output().unwrap();
    let recorded = Value::parse(output.stdout.trim_ascii()).unwrap();
    let index = recorded.member("index").and_then(Value::as_u64).unwrap();
    holds(&world, &["epoch", "seal"]);
    let index = index.to_string();
    holds(
        &world,
        &["receipt", "get", &index, "--out", "young.receipt"],
    );
    holds(&world, &["export", "--out", "all.jsonl"]);
    holds(
        &world,
        &[
            "export",
            "--evidence",
            "general.zip",
            "--stream",
            "general",
            "--by",
            "auditor",
        ],
    );
    let key = holds(&world, &["key", "show", "--json"]);
    let key = Value::parse(key.trim().as_bytes()).unwrap();
    let vkey = key.member("vkey").and_then(Value::as_str).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verifiers/verify.py");
    for file in ["young.receipt", "all.jsonl", "general.zip"] {
        let own = holds(&world, &["verify", file, "--key", vkey, "--json"]);
        let mut python = world.of("python3");
        python
            .arg("-I")
            .arg(&script)
            .args([file, "--key", vkey, "--json"]);
        let other = python.output().unwrap();
        assert_eq!(other.status.code(), Some(0), "{file}: {other:?}");
        for text in [own.as_bytes(), &other.stdout] {
            let json = Value::parse(String::from_utf8_lossy(text).trim().as_bytes()).unwrap();
            let reason = json.member("reason").and_then(Value::as_str);
            assert_eq!(reason, Some("holds"), "{file}");
            if file == "general.zip" {
                assert_eq!(json.member("disposed").and_then(Value::as_u64), Some(4));
            }
        }
    }
}
