//! The repository's own chores: `cargo xtask COMMAND`.
//!
//! `test` is what continuous integration runs, `check` its fast part; the list of stages is data in `stages`.
//! **What is absent**: anything that a user of Sealog needs, and any reading of standard input.
#![expect(clippy::print_stdout, reason = "a chore reports to whoever started it")]
#![expect(clippy::print_stderr, reason = "errors of a chore go where errors go")]

mod debian;
mod deny;
mod dependencies;
mod edges;
mod licence;
mod long;
mod metadata;
mod no_std;
mod process;
mod python;
mod report;
mod root;
mod stages;
mod test_output;
mod tidy;

use std::path::Path;
use std::process::{ExitCode, ExitStatus};

use anyhow::{Context, Result, bail};

use python::Build;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--all]          everything that continuous integration runs; --all adds the long runs
  stage NAME            one stage of test, by its name
  check                 the fast part of test: format, lints, tidy
  tidy                  the rules of the house over every file of the tree
  bless                 rewrite golden and generated files from what the code says now
  bench NAME            measure ledger, python, model, evidence or privacy beside peers
  demo                  the tour of the README
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => Ok(stages::run(stages::Reach::Short)),
        ["test", "--all"] => Ok(stages::run(stages::Reach::All)),
        ["stage", name] => stages::run_one(name)
            .with_context(|| format!("no stage `{name}`; there are {}", stages::names())),
        ["check"] => Ok(stages::run(stages::Reach::Fast)),
        ["tidy"] => tidy_command(),
        ["bless"] => bless(),
        ["bench", name @ ("ledger" | "python"), rest @ ..] => bench(name, rest),
        [
            "bench",
            name @ ("model" | "evidence"),
            "--profile",
            profile,
            rest @ ..,
        ] => bench_command(name, profile, rest),
        ["bench", name @ ("model" | "evidence"), rest @ ..] => bench_command(name, "release", rest),
        ["bench", "privacy", "--profile", profile, rest @ ..] => bench_privacy(profile, rest),
        ["bench", "privacy", rest @ ..] => bench_privacy("release", rest),
        ["demo", rest @ ..] => python_chore("demo", "demo", "demo-venv", Build::Quick, rest),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprint!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    }
}

fn tidy_command() -> Result<ExitCode> {
    let found = tidy::over_tree(&root::path()?)?;
    print!("{found}");
    Ok(if found.holds() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs the tests with leave to rewrite what they compare against; the diff is then read by a person.
fn bless() -> Result<ExitCode> {
    let status = process::Job::cargo(&["test", "--workspace", "--no-fail-fast"])?
        .variable("SEALOG_BLESS", "1")
        .run_plain()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Measures the ledger by a benchmark of its crate, the package by a program in Python.
fn bench(name: &str, rest: &[&str]) -> Result<ExitCode> {
    if name == "python" {
        return python_chore(
            "bench python",
            "crates/sealog-python/bench",
            "bench-venv",
            Build::Shipped,
            rest,
        );
    }
    let root = root::path()?;
    needs(
        "bench ledger",
        &root.join("crates/sealog-ledger/benches/ledger/main.rs"),
    )?;
    let arguments = [
        "bench",
        "--locked",
        "--profile",
        "release",
        "--package",
        "sealog-ledger",
        "--bench",
        "ledger",
        "--",
    ];
    Ok(exit_code(
        process::Job::cargo(&arguments)?
            .arguments(rest)
            .run_plain()?,
    ))
}

/// Measures the command over models or evidence packages, built here with a profile of this workspace.
fn bench_command(name: &str, profile: &str, rest: &[&str]) -> Result<ExitCode> {
    let folder = match name {
        "model" => "crates/sealog-model/bench",
        _ => "verifiers/bench",
    };
    let (script, requirements) = (
        format!("{folder}/run.py"),
        format!("{folder}/requirements.txt"),
    );
    let words = ["build", "--locked", "--package", "sealog-cli", "--profile"];
    let built = process::Job::cargo(&words)?
        .arguments(&[profile])
        .run_plain()?;
    if !built.success() {
        bail!("`sealog` could not be built with the profile `{profile}`");
    }
    let target = root::target()?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let program = format!("sealog{}", std::env::consts::EXE_SUFFIX);
    let program = target.join(folder).join(program).display().to_string();
    let data = target.join("bench").display().to_string();
    let mut arguments = vec!["--sealog", &program, "--dir", &data, "--profile", profile];
    arguments.extend(rest);
    let environment = python::Environment::make(&format!("bench-{name}-venv"), &requirements)?;
    Ok(exit_code(environment.run_script(&script, &arguments)?))
}

/// Measures detection by an example of its crate, beside a peer that is a workspace of its own.
fn bench_privacy(profile: &str, rest: &[&str]) -> Result<ExitCode> {
    let folder = "crates/sealog-privacy/bench";
    let words = ["build", "--locked", "--package", "sealog-privacy"];
    let ours = ["--example", "scan_speed", "--profile", profile];
    let built = process::Job::cargo(&words)?.arguments(&ours).run_plain()?;
    let target = root::target()?;
    let peers = target.join("privacy-peer");
    let words = ["build", "--release", "--manifest-path"];
    let manifest = format!("{folder}/peer/Cargo.toml");
    let peer = process::Job::cargo(&words)?
        .arguments(&[&manifest])
        .variable("CARGO_TARGET_DIR", &peers)
        .run_plain()?;
    if !built.success() || !peer.success() {
        bail!("what is measured could not be built with the profile `{profile}`");
    }
    let suffix = std::env::consts::EXE_SUFFIX;
    let built = if profile == "dev" { "debug" } else { profile };
    let [ours, peer, data] = [
        target
            .join(built)
            .join(format!("examples/scan_speed{suffix}")),
        peers.join(format!("release/redact-core-speed{suffix}")),
        target.join("bench"),
    ]
    .map(|path| path.display().to_string());
    let mut arguments = vec![
        "--ours",
        &ours,
        "--peer",
        &peer,
        "--dir",
        &data,
        "--profile",
        profile,
    ];
    arguments.extend(rest);
    let requirements = format!("{folder}/requirements.txt");
    let environment = python::Environment::make("bench-privacy-venv", &requirements)?;
    let script = format!("{folder}/run.py");
    Ok(exit_code(environment.run_script(&script, &arguments)?))
}

/// Runs `run.py` of a folder in an environment with the package and the folder's `requirements.txt`.
fn python_chore(
    name: &str,
    folder: &str,
    environment: &str,
    build: Build,
    rest: &[&str],
) -> Result<ExitCode> {
    let (script, requirements) = (
        format!("{folder}/run.py"),
        format!("{folder}/requirements.txt"),
    );
    let root = root::path()?;
    needs(name, &root.join(&script))?;
    needs(name, &root.join(&requirements))?;
    Ok(exit_code(python::run_script(
        environment,
        &requirements,
        &script,
        build,
        rest,
    )?))
}

fn needs(name: &str, file: &Path) -> Result<()> {
    if !file.is_file() {
        bail!(
            "`{name}` is not built yet: {} does not exist",
            file.display()
        );
    }
    Ok(())
}

/// The program's own exit code; a program that a signal ended has failed.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
