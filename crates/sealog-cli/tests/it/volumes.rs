//! A ledger on a volume that fills up, turns read-only, or is not there. Real file systems, where one may be mounted;
//! else the tests are skipped by name.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::golden::World;

/// A file system of one mebibyte, unmounted when dropped.
struct Volume(PathBuf);

impl Volume {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir(at).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=1m", "tmpfs"], at).then(|| Self(at.to_path_buf()))
    }

    fn remount(&self, option: &str) -> bool {
        mount(&["-o", &format!("remount,{option}")], &self.0)
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let mut command = Command::new("mount");
    command.args(arguments).arg(at).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A world with a ledger on a small volume.
fn ledger_on_a_volume(what: &str) -> Option<(World, Volume)> {
    let world = World::new();
    let Some(volume) = Volume::mount(&world.here().join("volume")) else {
        let text = format!("skipped: {what}: no file system can be mounted here\n");
        std::io::stdout().lock().write_all(text.as_bytes()).unwrap();
        return None;
    };
    let made = sealog(&world, &["init", LEDGER, "--secrets", "secrets"]);
    assert_eq!(made.status.code(), Some(0), "{}", errors(&made));
    Some((world, volume))
}

const LEDGER: &str = "volume/audit.sealog";

fn sealog(world: &World, arguments: &[&str]) -> Output {
    let mut command = world.command();
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

fn record(world: &World, reason: &str) -> Output {
    let reason = format!("model_reason={reason}");
    let fields = [
        "-f",
        "decision_id=d",
        "-f",
        "model_state=hosted",
        "-f",
        &reason,
    ];
    let mut arguments = vec!["record", "--ledger", LEDGER, "--secrets", "secrets"];
    arguments.extend(["--kind", "decision"].iter().chain(&fields));
    sealog(world, &arguments)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// It exits with 2 and says this.
fn refused(output: &Output, says: &[&str]) {
    let text = errors(output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for part in says {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn decisions(world: &World) -> usize {
    let holds = sealog(world, &["verify", LEDGER]);
    assert_eq!(holds.status.code(), Some(0), "{}", errors(&holds));
    let log = sealog(world, &["log", "--ledger", LEDGER, "--all", "--json"]);
    assert_eq!(log.status.code(), Some(0), "{}", errors(&log));
    let text = String::from_utf8(log.stdout).unwrap();
    text.matches("\"kind\":\"decision\"").count()
}

#[test]
fn a_full_volume_refuses_says_to_make_room_and_loses_nothing() {
    let Some((world, _volume)) = ledger_on_a_volume("a full volume") else {
        return;
    };
    assert_eq!(record(&world, "before").status.code(), Some(0));
    let ballast = world.here().join("volume/ballast");
    let filled = fs::write(&ballast, vec![1; 2 << 20]);
    assert!(filled.is_err(), "the volume is larger than it should be");
    let mut recorded = 1;
    // Filler that is there already may still take some.
    let full = loop {
        let output = record(&world, &"x".repeat(1_000));
        if output.status.code() != Some(0) {
            break output;
        }
        recorded += 1;
        assert!(recorded < 400, "it is never full");
    };
    refused(&full, &["free some space"]);
    assert_eq!(decisions(&world), recorded);
    fs::remove_file(ballast).unwrap();
    let again = record(&world, "after");
    assert_eq!(again.status.code(), Some(0), "{}", errors(&again));
    assert_eq!(decisions(&world), recorded + 1);
}

#[test]
fn a_read_only_volume_refuses_writers_and_serves_readers() {
    let Some((world, volume)) = ledger_on_a_volume("a read-only volume") else {
        return;
    };
    assert_eq!(record(&world, "before").status.code(), Some(0));
    assert!(
        volume.remount("ro"),
        "a small file system can be made read-only"
    );
    refused(&record(&world, "during"), &["mount it for writing"]);
    assert_eq!(decisions(&world), 1);
    assert!(volume.remount("rw"));
    assert_eq!(record(&world, "after").status.code(), Some(0));
    assert_eq!(decisions(&world), 2);
}

#[test]
fn a_volume_that_is_not_mounted_is_asked_for_and_nothing_is_made_in_its_place() {
    let Some((world, volume)) = ledger_on_a_volume("a volume that is not mounted") else {
        return;
    };
    assert_eq!(record(&world, "before").status.code(), Some(0));
    drop(volume);
    let place = world.here().join("volume");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0, "it is unmounted");
    refused(&record(&world, "during"), &["is the volume mounted?"]);
    refused(&sealog(&world, &["verify", LEDGER]), &["mounted"]);
    refused(
        &sealog(&world, &["init", LEDGER, "--secrets", "secrets"]),
        &["is the volume mounted?"],
    );
    assert_eq!(
        fs::read_dir(&place).unwrap().count(),
        0,
        "and nothing was made"
    );
}
