//! Programs that tests start and that no package registry of a language has: from Debian, where a run may install them.

use anyhow::Result;

use crate::process::{Job, log_path};
use crate::root;

/// What is installed where it is missing: the program that tests look for, the package, and what needs it.
const PROGRAMS: &[(&str, &str, &str)] = &[
    ("node", "nodejs", "runs the script of verifiers/verify.html"),
    ("gpg", "gnupg", "makes OpenPGP signatures and keys"),
    ("chromium", "chromium", "opens verifiers/verify.html"),
];

/// Installs what is missing, as root on Debian; elsewhere the tests that need it say that they are skipped.
///
/// Tests run without it too, so nothing that goes wrong here is a fault.
pub(crate) fn install() -> Result<()> {
    let root = root::path()?;
    let runs = |program: &str| {
        Job::new(program, &root)
            .arguments(&["--version"])
            .succeeds()
    };
    let missing: Vec<_> = PROGRAMS
        .iter()
        .filter(|(program, _, _)| !runs(program))
        .collect();
    let is_root = Job::new("id", &root)
        .arguments(&["-u"])
        .output()
        .is_ok_and(|id| id.trim() == "0");
    if missing.is_empty() || !is_root || !runs("apt-get") {
        return Ok(());
    }
    for (_, package, does) in &missing {
        println!("installing Debian's {package}: {does}");
    }
    let mut words = vec!["install", "--yes", "--no-install-recommends"];
    words.extend(missing.iter().map(|(_, package, _)| *package));
    if !apt_get("install", &words)? {
        // The lists of packages may be old, or not there at all, as in a fresh image.
        apt_get("update", &["update"])?;
        if !apt_get("install again", &words)? {
            println!("that failed (see target/xtask): tests that need it are skipped");
        }
    }
    Ok(())
}

fn apt_get(name: &str, words: &[&str]) -> Result<bool> {
    let job = Job::new("apt-get", &root::path()?)
        .arguments(words)
        .variable("DEBIAN_FRONTEND", "noninteractive");
    let log = log_path(&format!("apt-get {name}"))?;
    Ok(job.run_lines(&log, |_| Ok(()))?.success())
}
