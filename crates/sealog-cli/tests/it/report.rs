//! Reports of `verify` and `gate` over models whose names are an attack on who reads the report, and where they go.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use sealog_core::json::Value;

use crate::golden::World;

/// A name that ends a line, a workflow command, an attribute and an element.
const HOSTILE: &str = "x\n::error file=a,title=b::c\r<\"&>%0A\u{1b}[2J";
const KEYS: &str = "--manifest iris.json --key release.key.pub";

fn world() -> World {
    let world = World::new();
    fs::create_dir(world.here().join("iris")).unwrap();
    fs::write(world.here().join("iris/model.txt"), "weights").unwrap();
    for line in [
        "model key new release.key",
        "model sign iris --key release.key --created-by jo --out iris.json",
    ] {
        let done = run(&world, line);
        assert!(done.status.success(), "{done:?}");
    }
    world
}

fn run(world: &World, line: &str) -> Output {
    world.command().args(line.split(' ')).output().unwrap()
}

fn read(world: &World, path: &str) -> String {
    fs::read_to_string(world.here().join(path)).unwrap()
}

#[test]
fn a_hostile_name_ends_no_line_and_no_element() {
    let world = world();
    fs::write(world.here().join("iris").join(HOSTILE), "x").unwrap();
    for verb in ["verify", "gate"] {
        let done = |format: &str| {
            let done = run(
                &world,
                &format!("model {verb} iris {KEYS} --format {format}"),
            );
            assert_eq!(done.status.code(), Some(1), "{done:?}");
            String::from_utf8(done.stdout).unwrap()
        };
        let github = done("github");
        assert_eq!(github.lines().count(), 1, "{github}");
        assert!(!github.trim_end().contains(['\r', '\n']), "{github}");
        let junit = done("junit");
        assert_eq!(junit.matches("<testcase ").count(), 2, "{junit}");
        assert!(!junit.contains(['\u{1b}', '\r']), "{junit}");
        let sarif = Value::parse(done("sarif").trim_end().as_bytes()).unwrap();
        let runs = sarif.member("runs").unwrap().as_array().unwrap();
        let results = runs[0].member("results").unwrap().as_array().unwrap();
        let message = results[0].member("message").unwrap().member("text");
        assert_eq!(
            message.unwrap().as_str(),
            Some(&*format!("added {HOSTILE}"))
        );
    }
}

#[test]
fn a_report_takes_the_place_of_a_link_and_does_not_follow_it() {
    let world = world();
    fs::write(world.here().join("kept"), "kept").unwrap();
    symlink("kept", world.here().join("report.json")).unwrap();
    let line = format!("model verify iris {KEYS} --format json --report report.json");
    let done = run(&world, &line);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(done.stdout.starts_with(b"HOLDS"), "{done:?}");
    assert_eq!(read(&world, "kept"), "kept");
    assert!(read(&world, "report.json").contains("\"verdict\":\"holds\""));
    // And of an old report: a reader never finds that of another run.
    fs::write(world.here().join("iris/model.txt"), "other").unwrap();
    assert_eq!(run(&world, &line).status.code(), Some(1));
    assert!(read(&world, "report.json").contains("\"reason\":\"model_differs\""));
}

#[test]
fn a_report_that_cannot_be_written_is_no_0_and_a_refutation_stays_one() {
    let world = world();
    let verify = format!("model verify iris {KEYS} --format sarif --report no/report.sarif");
    let gate = format!("model gate iris {KEYS} --format sarif --report no/report.sarif");
    for line in [
        verify.clone(),
        gate.clone(),
        format!("{gate} -- /usr/bin/touch ran"),
    ] {
        assert_eq!(run(&world, &line).status.code(), Some(2), "{line}");
        assert!(!world.here().join("ran").exists());
    }
    fs::write(world.here().join("iris/model.txt"), "other").unwrap();
    for line in [verify, gate] {
        let done = run(&world, &line);
        assert_eq!(done.status.code(), Some(1), "{done:?}");
        assert!(String::from_utf8_lossy(&done.stderr).contains("cannot write the report"));
    }
}

/// The command's status is the gate's, and the report says what the gate said: admitted.
#[test]
fn a_command_that_fails_does_not_change_what_the_gate_reports() {
    let world = world();
    let line = format!("model gate iris {KEYS} --format json --report gate.json -- /bin/sh -c");
    let mut command = world.command();
    let done = command
        .args(line.split(' '))
        .arg("echo out; exit 3")
        .output()
        .unwrap();
    assert_eq!(done.status.code(), Some(3), "{done:?}");
    assert_eq!(done.stdout, b"out\n");
    assert!(read(&world, "gate.json").contains("\"verdict\":\"admitted\""));
}

/// What is held and was written to while the command ran: the report that admitted it is replaced.
#[test]
#[cfg(target_os = "linux")]
fn a_held_model_that_is_written_to_is_reported_as_refuted() {
    let world = world();
    let line =
        format!("model gate iris {KEYS} --means held --format json --report g.json -- /bin/sh -c");
    let mut command = world.command();
    command
        .args(line.split(' '))
        .arg("cp g.json before.json; printf x >> iris/model.txt");
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(read(&world, "before.json").contains("\"verdict\":\"admitted\""));
    assert!(read(&world, "g.json").contains("\"verdict\":\"refused\""));
}

/// Readers that we did not write: a model of SARIF 2.1.0, a tool that counts its results, and a parser of XML.
#[test]
#[ignore = "needs readers of reports in a Python of their own: the stage `models elsewhere`"]
fn real_readers_take_the_reports() {
    let python = std::env::var_os("SEALOG_SOURCES_PYTHON").unwrap();
    let world = world();
    fs::write(
        world.here().join("iris").join(HOSTILE),
        "cos\nsystem\n(S'id'\ntR.",
    )
    .unwrap();
    let sign = "model sign iris --key release.key --created-by jo --out evil.json";
    for (verb, keys, results) in [
        ("verify", KEYS, 1),
        ("gate", KEYS, 1),
        ("gate", "--manifest none.json", 1),
    ] {
        for format in ["sarif", "junit"] {
            let report = format!("{verb}.{format}");
            let line = format!("model {verb} iris {keys} --format {format} --report {report}");
            assert_ne!(run(&world, &line).status.code(), Some(0), "{line}");
        }
        let script = format!(
            "import json, xml.etree.ElementTree as tree\n\
             from sarif_pydantic import Sarif\n\
             from sarif.loader import load_sarif_file\n\
             Sarif.model_validate(json.load(open('{verb}.sarif')))\n\
             assert load_sarif_file('{verb}.sarif').get_result_count() == {results}\n\
             root = tree.parse('{verb}.junit').getroot()\n\
             suite = root.find('testsuite')\n\
             assert int(suite.get('failures')) == len(suite.findall('testcase/failure')) == {results}\n"
        );
        let mut check = Command::new(&python);
        let done = check
            .args(["-c", &script])
            .current_dir(world.here())
            .output();
        let done = done.unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    // No model can have a file of that name: it cannot even be signed.
    assert_eq!(run(&world, sign).status.code(), Some(2));
}
