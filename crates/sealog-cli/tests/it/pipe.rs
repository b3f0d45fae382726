//! A reader that goes away is no error; a disk that is full is one.

use std::process::Stdio;

use crate::golden::World;

#[test]
fn a_closed_pipe_is_no_error() {
    let world = World::new();
    let made = world
        .command()
        .args(["init", "a.sealog", "--json"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    for arguments in [
        &["completions", "bash"][..],
        &["log", "--all"],
        &["--help"],
        &["log", "--json"],
    ] {
        let mut command = world.command();
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_follower_whose_reader_goes_away_ends() {
    let world = World::new();
    let made = world.command().args(["init", "a.sealog"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let mut command = world.command();
    command
        .args(["tail", "--follow"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    // It notices at the next entry that it shows.
    let label = ["label", "add", "low", "--by", "jo", "--reason", "first"];
    loop {
        let added = world.command().args(label).output().unwrap();
        assert!(added.status.success(), "{added:?}");
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error() {
    let world = World::new();
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = world.command();
    let output = command
        .args(["completions", "bash"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("[output]") && complaint.contains("No space left"),
        "{complaint}"
    );
}

/// The receipt is lost and the record is not: whoever takes the error for a refusal would record it twice.
#[cfg(target_os = "linux")]
#[test]
fn a_record_whose_receipt_cannot_be_written_is_said_to_stand() {
    let world = World::new();
    let made = world.command().args(["init", "a.sealog"]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let record = [
        "record",
        "--kind",
        "decision",
        "-f",
        "decision_id=d1",
        "-f",
        "model_state=hosted",
        "-f",
        "model_reason=elsewhere",
    ];
    let output = world.command().args(record).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("stands in the log"), "{complaint}");
    let log = world.command().args(["log", "--all"]).output().unwrap();
    let log = String::from_utf8(log.stdout).unwrap();
    assert!(log.contains("decision_id=d1"), "{log}");
}

/// What a reading command says of a file is no advice to somebody who records.
#[cfg(target_os = "linux")]
#[test]
fn a_file_without_an_end_is_refused_as_a_file() {
    let world = World::new();
    let verify = ["receipt", "verify", "/dev/zero"];
    let output = world.command().args(verify).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.contains("/dev/zero is longer than") && !complaint.contains("recorded"),
        "{complaint}"
    );
}
