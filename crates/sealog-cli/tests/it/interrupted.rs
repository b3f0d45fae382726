//! A making that was cut off, at the command line: the next `init` finishes it, and no half of a key is left.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use crate::golden::World;

/// Runs the command where every write to a file ends the process: the write of the first byte is where it dies.
fn killed_at_its_first_write(world: &World, arguments: &str) -> Output {
    let sealog = world.command();
    let mut command = Command::new("sh");
    let program = sealog.get_program().to_string_lossy().into_owned();
    command.args(["-c", &format!("ulimit -f 0; exec {program} {arguments}")]);
    command.env_clear().current_dir(world.here());
    for (name, value) in sealog.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.output().unwrap()
}

fn private_dir(path: &Path) {
    fs::DirBuilder::new().mode(0o700).create(path).unwrap();
    // What `init` writes first; with it there, the key is what the limit strikes.
    fs::write(path.join(".gitignore"), "*\n").unwrap();
}

/// Runs a command, which has to end with status 0.
fn holds(world: &World, arguments: &[&str]) {
    let output = world.command().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_crash_while_the_key_is_written_leaves_no_part_of_it_and_the_next_init_goes_on() {
    let world = World::new();
    let secrets = world.here().join("audit.sealog.secrets");
    private_dir(&secrets);
    let killed = killed_at_its_first_write(&world, "init audit.sealog");
    assert!(!killed.status.success(), "{killed:?}");
    assert!(
        !secrets.join("log.key").exists(),
        "half of a key: {:?}",
        names(&secrets)
    );
    holds(&world, &["init", "audit.sealog"]);
    let permissions = fs::metadata(secrets.join("log.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(permissions & 0o777, 0o600);
    holds(&world, &["verify", "audit.sealog"]);
}

#[test]
fn a_crash_before_anything_is_written_leaves_a_place_that_init_takes() {
    let world = World::new();
    let killed = killed_at_its_first_write(&world, "init audit.sealog");
    assert!(!killed.status.success(), "{killed:?}");
    holds(&world, &["init", "audit.sealog"]);
    // The directory was there already, but what keeps the key out of version control was not.
    let ignored = world.here().join("audit.sealog.secrets/.gitignore");
    assert_eq!(fs::read_to_string(ignored).unwrap(), "*\n");
}

#[test]
fn a_making_that_ended_with_the_key_is_finished_by_the_command() {
    let world = World::new();
    let secrets = world.here().join("audit.sealog.secrets");
    private_dir(&secrets);
    let out = "audit.sealog.secrets/log.key";
    holds(
        &world,
        &["key", "new", "--origin", "example.org/cut", "--out", out],
    );
    let key = fs::read(secrets.join("log.key")).unwrap();
    // As `init` leaves it where the power goes in the middle of entry 0.
    fs::create_dir_all(world.here().join("audit.sealog/log")).unwrap();
    fs::create_dir(world.here().join("audit.sealog/payloads")).unwrap();
    fs::write(
        world.here().join("audit.sealog/log/0000000000.jsonl"),
        b"{\"log\":",
    )
    .unwrap();
    holds(&world, &["init", "audit.sealog"]);
    assert_eq!(fs::read(secrets.join("log.key")).unwrap(), key);
    holds(&world, &["verify", "audit.sealog"]);
}
