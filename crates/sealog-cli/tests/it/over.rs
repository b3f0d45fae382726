//! A result that goes to a file replaces an older one of its kind, and nothing else: not a key, not the log.

use std::fs;

use crate::golden::World;

/// Runs a command and gives its exit status and what it complains of.
fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let output = world.command().args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), complaint)
}

#[test]
fn a_result_is_written_over_an_older_one_and_over_nothing_else() {
    let world = World::new();
    assert_eq!(run(&world, &["init", "a.sealog"]).0, Some(0));
    let here = world.here();
    fs::write(here.join("notes.txt"), "mine+and+yours\n").unwrap();
    let others = [
        "a.sealog.secrets/log.key",
        "a.sealog/log/0000000000.jsonl",
        "notes.txt",
    ];
    for (command, own) in [
        (&["key", "show"][..], "log.vkey"),
        (&["checkpoint"], "kept.txt"),
        (&["receipt", "get", "0"], "0.proof"),
    ] {
        let out = |file| [command, &["--out", file]].concat();
        for other in others {
            let before = fs::read(here.join(other)).unwrap();
            let (status, complaint) = run(&world, &out(other));
            assert_eq!(status, Some(2), "{command:?} {other}");
            assert!(complaint.contains("[file_exists]"), "{complaint}");
            assert_eq!(fs::read(here.join(other)).unwrap(), before, "{other}");
        }
        assert_eq!(run(&world, &out(own)).0, Some(0), "{command:?}");
        let label = ["label", "add", "low", "--by", "jo", "--reason", "first"];
        assert_eq!(run(&world, &label).0, Some(0));
        let (status, complaint) = run(&world, &out(own));
        assert_eq!(status, Some(0), "{command:?} again: {complaint}");
    }
}

#[test]
fn the_private_key_is_not_made_and_written_over_by_its_verifier_key() {
    let world = World::new();
    let new = ["key", "new", "--origin", "example.org/x", "--out", "x.key"];
    let same = [&new[..], &["--vkey", "x.key"]].concat();
    let (status, complaint) = run(&world, &same);
    assert_eq!(status, Some(2));
    assert!(complaint.contains("--vkey"), "{complaint}");
    assert!(!world.here().join("x.key").exists());
    let apart = [&new[..], &["--vkey", "x.vkey"]].concat();
    assert_eq!(run(&world, &apart).0, Some(0));
}

#[test]
fn a_receipt_is_written_over_an_older_one_of_its_entry_and_over_no_other() {
    let world = World::new();
    for ledger in ["a.sealog", "b.sealog"] {
        assert_eq!(run(&world, &["init", ledger]).0, Some(0));
    }
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let record = ["record", "--kind", "org.example.note", "-f", "a=1"];
    let into = ["--record-id", id, "--receipts", "kept"];
    let of = |ledger| [&record[..], &into, &["--ledger", ledger]].concat();
    let kept = world.here().join("kept/1.proof");
    assert_eq!(run(&world, &of("a.sealog")).0, Some(0));
    let first = fs::read(&kept).unwrap();
    // The same record again, when the log has grown: a newer receipt of the same entry.
    let more = [&record[..], &["--ledger", "a.sealog"]].concat();
    assert_eq!(run(&world, &more).0, Some(0));
    assert_eq!(run(&world, &of("a.sealog")).0, Some(0));
    let newer = fs::read(&kept).unwrap();
    let (status, complaint) = run(&world, &of("b.sealog"));
    assert_eq!(status, Some(2));
    assert!(complaint.contains("[file_exists]"), "{complaint}");
    assert_eq!(fs::read(&kept).unwrap(), newer);
    assert_eq!(
        first.split(|byte| *byte == b'\n').nth(1),
        newer.split(|byte| *byte == b'\n').nth(1)
    );
}
