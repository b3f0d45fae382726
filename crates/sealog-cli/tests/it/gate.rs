//! A gate that is asked to end: its command ends, and nothing is left.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::golden::World;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn world() -> World {
    let world = World::new();
    fs::create_dir(world.here().join("iris")).unwrap();
    fs::create_dir(world.here().join("copies")).unwrap();
    fs::write(world.here().join("iris/model.txt"), "weights").unwrap();
    for line in [
        "model key new release.key",
        "model sign iris --key release.key --created-by jo --out iris.json",
    ] {
        let done = world.command().args(line.split(' ')).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    world
}

/// A gate whose command runs, and says so by a file.
fn gate(world: &World, script: &str) -> Child {
    let words = "model gate iris --manifest iris.json --key release.key.pub --copies-in copies --";
    let mut command = world.command();
    command.args(words.split(' '));
    command.args(["/bin/sh", "-c", script]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let begun = Instant::now();
    while !world.here().join("runs").exists() {
        assert!(begun.elapsed() < PATIENCE, "the command never ran");
        thread::sleep(Duration::from_millis(10));
    }
    child
}

fn signal(name: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("/bin/sh")
        .args(["-c", "kill -$0 $1", name, &id])
        .status();
    assert!(sent.unwrap().success());
}

fn left(world: &World) -> usize {
    fs::read_dir(world.here().join("copies")).unwrap().count()
}

#[test]
fn a_request_to_end_is_handed_on_and_nothing_is_left() {
    for (name, status) in [("TERM", 143), ("HUP", 129)] {
        let world = world();
        let child = gate(&world, "touch runs; exec sleep 600");
        assert_eq!(left(&world), 1);
        signal(name, &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert_eq!(left(&world), 0);
    }
}

#[test]
fn what_the_keyboard_sends_is_left_to_the_command() {
    let world = world();
    // The command goes on where it does not mind, and the gate with it.
    let script = "touch runs; while ! [ -e go ]; do sleep 0.05; done; cat $SEALOG_MODEL/model.txt";
    let child = gate(&world, script);
    signal("INT", &child);
    thread::sleep(Duration::from_millis(200));
    fs::write(world.here().join("go"), "").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stdout, b"weights");
    assert_eq!(left(&world), 0);
}

#[test]
fn a_killed_gate_leaves_a_copy_that_its_command_still_has() {
    let world = world();
    let script = "touch runs; while ! [ -e go ]; do sleep 0.05; done; cat $SEALOG_MODEL/model.txt > out; touch done";
    let mut child = gate(&world, script);
    signal("KILL", &child);
    assert_eq!(child.wait().unwrap().code(), None);
    assert_eq!(left(&world), 1, "nothing of that process can remove it");
    fs::write(world.here().join("go"), "").unwrap();
    let begun = Instant::now();
    while !world.here().join("done").exists() {
        assert!(begun.elapsed() < PATIENCE, "the command never ended");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read(world.here().join("out")).unwrap(), b"weights");
}
