//! A making or an import that was cut off, at the command line: the next `init` finishes the one, with no half of a key
//! left, and the next `import` the other.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};

use sealog_core::hash::Hash;
use sealog_core::json::Value;

use crate::golden::World;

/// Runs the command where every write to a file ends the process: the write of the first byte is where it dies.
fn killed_at_its_first_write(world: &World, arguments: &str) -> Output {
    killed_at_a_size(world, 0, arguments)
}

/// Runs the command where the write that would bring a file above so many bytes ends the process.
fn killed_at_a_size(world: &World, bytes: usize, arguments: &str) -> Output {
    // POSIX counts what `ulimit -f` takes in blocks of 512.
    let blocks = bytes / 512;
    let sealog = world.command();
    let mut command = Command::new("sh");
    let program = sealog.get_program().to_string_lossy().into_owned();
    command.args([
        "-c",
        &format!("ulimit -f {blocks}; exec {program} {arguments}"),
    ]);
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

/// A ledger whose package, with its payload, and whose extract are both longer than any file of its own: how long a
/// file may become, so that it still works and its exports do not.
fn more_than_it_keeps(world: &World) -> usize {
    const PAYLOAD: usize = 1 << 20;
    // Opening the ledger gives its segment blank lines ahead of what is written.
    const AHEAD: usize = 320 * 1024;
    holds(world, &["init", "audit.sealog"]);
    fs::write(world.here().join("large"), "x".repeat(PAYLOAD)).unwrap();
    let line = "{\"kind\":\"org.example.note\",\"body\":{}}\n";
    fs::write(world.here().join("notes"), line.repeat(1_000)).unwrap();
    fs::write(world.here().join("note"), line).unwrap();
    let record = ["record", "--set", "index=off", "--body"];
    holds(world, &[&record[..], &["notes", "--ndjson"]].concat());
    let payload = ["note", "--payload", "large=large"];
    holds(world, &[&record[..], &payload].concat());
    holds(world, &["epoch", "seal"]);
    let log = world.here().join("audit.sealog/log/0000000000.jsonl");
    let room = usize::try_from(fs::metadata(log).unwrap().len()).unwrap() + AHEAD;
    assert!(room < PAYLOAD, "{room}");
    room
}

#[test]
fn an_export_that_is_killed_leaves_nothing_under_its_name_and_the_next_one_goes_on() {
    let world = World::new();
    let room = more_than_it_keeps(&world);
    let exports = [
        "export --set index=off --by ann --payloads --evidence out",
        "export --set index=off --out out",
    ];
    let out = world.here().join("out");
    for export in exports {
        let killed = killed_at_a_size(&world, room, export);
        assert!(!killed.status.success(), "{killed:?}");
        let hidden: Vec<String> = names(&world.here())
            .into_iter()
            .filter(|name| name.starts_with(".out."))
            .collect();
        assert_eq!(hidden.len(), 1, "it was writing: {killed:?}");
        assert!(hidden[0].ends_with(".unfinished"), "{hidden:?}");
        fs::remove_file(world.here().join(&hidden[0])).unwrap();
        assert!(!out.exists(), "half of it under its name: {export}");
        let words: Vec<&str> = export.split(' ').collect();
        holds(&world, &words);
        holds(&world, &["verify", "out"]);
        fs::remove_file(&out).unwrap();
    }
}

/// A log of llm-audit-trail, of which every third event becomes an approval.
pub(crate) fn old_log(events: usize) -> String {
    let (mut text, mut prev) = (String::new(), "GENESIS".to_owned());
    for n in 0..events {
        let (kind, details) = if n % 3 == 0 {
            (
                "Approval",
                "{\"decision\":\"approved\",\"owner\":\"ann\",\"rationale\":\"fine\"}",
            )
        } else {
            ("EpochEnd", "{}")
        };
        let head = "{\"actor\":null,";
        let tail = format!(
            "\"dataset_id\":null,\"deployment_id\":null,\"details\":{details},\"event_id\":\"e{n}\",\
             \"event_type\":\"{kind}\",\"model_id\":\"m1\",\"prev_hash\":\"{prev}\",\
             \"schema_version\":\"0.1.0\",\"system\":null,\"timestamp\":\"2026-01-01T00:00:00Z\"}}"
        );
        let hash = Hash::of(&[prev.as_bytes(), head.as_bytes(), tail.as_bytes()]).to_hex();
        let line = format!("{head}\"curr_hash\":\"{hash}\",{tail}\n");
        text.push_str(&line);
        prev = hash;
    }
    text
}

/// Ids of the events that were adopted, in the order of the log.
pub(crate) fn adopted(world: &World, ledger: &str) -> Vec<String> {
    let words = ["log", "--all", "--json", "--ledger", ledger];
    let output = world.command().args(words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let id = |line: &str| {
        let entry = Value::parse(line.as_bytes()).unwrap();
        let body = entry.member("record")?.member("body")?;
        let id = body.member("approval_id").or(body.member("original_id"));
        id?.as_str().map(str::to_owned)
    };
    text.lines().filter_map(id).collect()
}

#[test]
fn an_import_that_is_killed_goes_on_and_loses_and_doubles_nothing() {
    const EVENTS: usize = 1_500;
    let world = World::new();
    holds(&world, &["init", "audit.sealog"]);
    fs::write(world.here().join("old.jsonl"), old_log(EVENTS)).unwrap();
    let log = world.here().join("audit.sealog/log/0000000000.jsonl");
    let import = ["import", "old.jsonl", "--system", "credit", "--json"];
    let mut killed = Vec::new();
    for grown in [4_000, 300_000, 600_000] {
        let begin = fs::metadata(&log).unwrap().len();
        let mut command = world.command();
        let mut child = command
            .args(import)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if fs::metadata(&log).unwrap().len() > begin + grown {
                // SIGKILL: nothing of it runs any more.
                child.kill().unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        killed.push(child.wait().unwrap().code());
    }
    assert!(
        killed.iter().any(Option::is_none),
        "none was killed in time: {killed:?}"
    );
    let done = world.command().args(import).output().unwrap();
    let again = done.status.code() == Some(2);
    assert!(done.status.success() || again, "{done:?}");
    let expected: Vec<String> = (0..EVENTS).map(|n| format!("e{n}")).collect();
    assert_eq!(adopted(&world, "audit.sealog"), expected);
    let last = world.command().args(import).output().unwrap();
    assert_eq!(last.status.code(), Some(2));
    let text = String::from_utf8_lossy(&last.stdout);
    assert!(text.contains("imported_before"), "{text}");
    holds(&world, &["verify", "audit.sealog"]);
}
