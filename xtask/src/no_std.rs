//! Does core build without the standard library, its dependencies included?
//!
//! Where a target without one is installed, core is built for it. Elsewhere a probe crate is made in the target
//! folder that uses core and brings its own panic handler: the compiler refuses a second one, so the probe compiles
//! only if nothing in core's tree links `std`. The probe is then given `std` on purpose and must be refused.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::{Job, log_path};
use crate::report::Outcome;
use crate::root;

/// Targets without a standard library, in the order in which they are tried.
const BARE_TARGETS: &[&str] = &[
    "thumbv7em-none-eabi",
    "thumbv7m-none-eabi",
    "x86_64-unknown-none",
];

const PROBE_MANIFEST: &str = r#"[package]
name = "no-std-probe"
version = "0.0.0"
edition = "2024"
[dependencies]
sealog-core = { path = "CORE", default-features = false }
[workspace]
"#;

const PROBE_SOURCE: &str = r"#![no_std]
extern crate sealog_core;
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";

/// The stage.
pub(crate) fn check() -> Result<Outcome> {
    if let Some(target) = installed_bare_target()? {
        let arguments = [
            "build",
            "-p",
            "sealog-core",
            "--no-default-features",
            "--target",
            target,
        ];
        let status = Job::cargo(&arguments)?.run_lines(&log_path("no-std")?, |line| {
            crate::stages::show(line);
            Ok(())
        })?;
        return Ok(if status.success() {
            Outcome::note(format!("core was built for {target}"))
        } else {
            Outcome::fault(format!("core does not build for {target}"))
        });
    }
    probe()
}

fn installed_bare_target() -> Result<Option<&'static str>> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Job::new(rustc, &root::path()?)
        .arguments(&["--print", "sysroot"])
        .output()?;
    let libraries = Path::new(sysroot.trim()).join("lib/rustlib");
    Ok(BARE_TARGETS
        .iter()
        .copied()
        .find(|target| libraries.join(target).join("lib").is_dir()))
}

fn probe() -> Result<Outcome> {
    let root = root::path()?;
    let folder = root::target()?.join("xtask/no-std-probe");
    fs::create_dir_all(folder.join("src"))?;
    let core = root.join("crates/sealog-core");
    let core = core
        .to_str()
        .context("the path of the repository is not UTF-8")?;
    fs::write(
        folder.join("Cargo.toml"),
        PROBE_MANIFEST.replace("CORE", &core.replace('\\', "/")),
    )?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("src/lib.rs"), PROBE_SOURCE)?;
    let compiled = compile(&folder, "no-std")?;
    if !compiled.0 {
        return Ok(Outcome::fault(format!(
            "core's tree links std:\n{}",
            compiled.1
        )));
    }
    fs::write(
        folder.join("src/lib.rs"),
        format!("{PROBE_SOURCE}extern crate std;\n"),
    )?;
    let refused = compile(&folder, "no-std-with-std")?;
    if refused.0 || !refused.1.contains("panic_impl") {
        return Ok(Outcome::fault(
            "the probe did not notice std: this check proves nothing",
        ));
    }
    Ok(Outcome::note(
        "core and its dependencies compile beside a foreign panic handler, so none of them links std \
         (no target without std is installed here, so none was built for)",
    ))
}

fn compile(folder: &Path, log: &str) -> Result<(bool, String)> {
    let mut said = String::new();
    let job = Job::cargo(&["check", "--offline", "--manifest-path"])?
        .arguments(&[folder.join("Cargo.toml")])
        .variable("CARGO_TARGET_DIR", folder.join("target"));
    let status = job.run_lines(&log_path(log)?, |line| {
        said.push_str(line);
        said.push('\n');
        Ok(())
    })?;
    Ok((status.success(), said))
}
