//! `sealog doctor --repair` and the payload files that no entry names.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, SystemTime};

use sealog_core::hash::Hash;

use crate::golden::World;

fn sealog(world: &World, arguments: &[&str]) -> Output {
    let mut command = world.command();
    command.args(arguments).env("SEALOG_TURN_WAIT", "200ms");
    command.output().unwrap()
}

/// A file that a writer left which ended before its record; that many minutes old.
fn orphan(ledger: &Path, content: &str, minutes: u64) -> PathBuf {
    let name = Hash::of(&[content.as_bytes()]).to_hex();
    let path = ledger.join("payloads").join(&name[..2]).join(&name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, content).unwrap();
    let then = SystemTime::now() - Duration::from_mins(minutes);
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(then).unwrap();
    path
}

#[test]
fn orphans_are_removed_only_under_the_log_s_lock_and_only_old_ones() {
    let world = World::new();
    let made = sealog(&world, &["init", "audit.sealog"]);
    assert!(made.status.success(), "{made:?}");
    let ledger = world.here().join("audit.sealog");
    let (old, young) = (orphan(&ledger, "old", 61), orphan(&ledger, "young", 58));
    // A writer that is at work.
    let lock = File::options()
        .write(true)
        .open(ledger.join("log/LOCK"))
        .unwrap();
    lock.lock().unwrap();
    let output = sealog(&world, &["doctor", "--repair"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("no payload file was removed"), "{said}");
    assert!(old.exists() && young.exists());
    drop(lock);
    let output = sealog(&world, &["doctor", "--repair"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("1 payload file was removed"), "{said}");
    assert!(!old.exists() && young.exists());
    let verified = sealog(&world, &["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}
