//! cargo-deny itself, which a long run installs beside its other artefacts. The short run applies the same lists
//! without it (`dependencies`).

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::process::Job;
use crate::report::Outcome;
use crate::root;
use crate::stages::run_job;

/// The release that is installed; another may read `deny.toml` differently.
const VERSION: &str = "0.20.2";

/// Licences, sources, bans and duplicates, as cargo-deny reads the lists.
pub(crate) fn lists() -> Result<Outcome> {
    check("cargo-deny", &["bans", "licenses", "sources"])
}

/// Security advisories. Their database is no part of a package registry: where it cannot be had, that is said.
pub(crate) fn advisories() -> Result<Outcome> {
    install()?;
    if !deny(&["fetch", "db"])?.succeeds() {
        return Ok(Outcome::skip(
            "advisories: the database of security advisories could not be fetched",
        ));
    }
    check("advisories", &["--disable-fetch", "advisories"])
}

fn check(stage: &str, what: &[&str]) -> Result<Outcome> {
    install()?;
    let mut arguments = vec!["check"];
    arguments.extend(what);
    run_job(stage, deny(&arguments)?)
}

/// Builds the program, unless an earlier run did.
fn install() -> Result<()> {
    let folder = folder()?;
    if deny(&["--version"])?.succeeds() {
        return Ok(());
    }
    let package = format!("cargo-deny@{VERSION}");
    let place = folder.display().to_string();
    let arguments = ["install", "--locked", "--force", &package, "--root", &place];
    if !Job::cargo(&arguments)?.run_plain()?.success() {
        bail!("cargo-deny {VERSION} could not be installed");
    }
    Ok(())
}

fn deny(arguments: &[&str]) -> Result<Job> {
    let program = folder()?.join("bin").join("cargo-deny");
    Ok(Job::new(program, &root::path()?).arguments(arguments))
}

/// Where it is installed: a folder for each version, so that another takes the place of none.
fn folder() -> Result<PathBuf> {
    Ok(root::target()?
        .join("tools")
        .join(format!("cargo-deny-{VERSION}")))
}
