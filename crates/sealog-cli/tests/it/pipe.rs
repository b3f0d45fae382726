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
