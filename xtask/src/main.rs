//! The repository's own chores: `cargo xtask COMMAND`.
//!
//! `test` is what continuous integration runs, `check` its fast part; the list of stages is data in `stages`.
//! **What is absent**: anything that a user of Sealog needs, and any reading of standard input.
#![expect(clippy::print_stdout, reason = "a chore reports to whoever started it")]
#![expect(clippy::print_stderr, reason = "errors of a chore go where errors go")]

mod dependencies;
mod edges;
mod licence;
mod metadata;
mod no_std;
mod process;
mod python;
mod report;
mod root;
mod stages;
mod test_output;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--all]          everything that continuous integration runs; --all adds the long runs
  check                 the fast part of test: format, lints, tidy
  tidy                  the rules of the house over every file of the tree
  bless                 rewrite golden and generated files from what the code says now
  bench ledger|python   measure against peers in one interleaved run
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
        ["check"] => Ok(stages::run(stages::Reach::Fast)),
        ["tidy"] => tidy_command(),
        ["bless"] => bless(),
        ["bench", name @ ("ledger" | "python")] => script(&format!("bench {name}"), &bench(name)),
        ["demo", rest @ ..] => script("demo", &demo(rest)),
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

/// A chore that is a program of its own: which file must exist, and how it is started.
struct Script {
    needs: String,
    command: Vec<String>,
}

fn bench(name: &str) -> Script {
    if name == "python" {
        return python_script("crates/sealog-python/bench/run.py", &[]);
    }
    let command = [
        "bench",
        "--profile",
        "ci",
        "--package",
        "sealog-ledger",
        "--bench",
        name,
    ];
    Script {
        needs: format!("crates/sealog-ledger/benches/{name}.rs"),
        command: std::iter::once("cargo")
            .chain(command)
            .map(str::to_owned)
            .collect(),
    }
}

fn demo(rest: &[&str]) -> Script {
    python_script("demo/run.py", rest)
}

fn python_script(path: &str, rest: &[&str]) -> Script {
    Script {
        needs: path.to_owned(),
        command: ["python3", path]
            .iter()
            .chain(rest)
            .map(|word| (*word).to_owned())
            .collect(),
    }
}

fn script(name: &str, script: &Script) -> Result<ExitCode> {
    let root = root::path()?;
    if !root.join(&script.needs).is_file() {
        bail!("`{name}` is not built yet: {} does not exist", script.needs);
    }
    let Some((program, rest)) = script.command.split_first() else {
        bail!("`{name}` names no program");
    };
    let status = process::Job::new(program, &root)
        .arguments(rest)
        .run_plain()?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from))
}
