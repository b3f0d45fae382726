//! The stages of a run, as data, and the run itself.

use std::process::ExitCode;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::metadata::Metadata;
use crate::process::{Job, log_path};
use crate::report::{self, Done, Outcome};
use crate::test_output::CargoTests;
use crate::{debian, deny, dependencies, edges, long, no_std, python, root, tidy};

/// How much is run; each holds everything of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// What tells a slip in seconds.
    Fast,
    /// What continuous integration runs on every change.
    Short,
    /// The long runs too.
    All,
}

struct Stage {
    name: &'static str,
    /// From which reach on it runs.
    from: Reach,
    /// What it does, in a line; also how it is named where it is left out.
    does: &'static str,
    /// What it needs from elsewhere, in a thread of its own from the run's begin: it waits for a network more than it
    /// computes, so the stages before lose little by it.
    ahead: Option<fn() -> Result<()>>,
    run: fn() -> Result<Outcome>,
}

const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        from: Reach::Fast,
        does: "cargo fmt --check",
        ahead: None,
        run: format,
    },
    Stage {
        name: "tidy",
        from: Reach::Fast,
        does: "the rules of the house over every file",
        ahead: None,
        run: tidy_stage,
    },
    Stage {
        name: "lints",
        from: Reach::Fast,
        does: "cargo clippy --workspace --all-targets, warnings are errors",
        ahead: None,
        run: lints,
    },
    Stage {
        name: "dependencies",
        from: Reach::Short,
        does: "allowed edges; licences, sources, bans and duplicates of deny.toml; unused lines",
        ahead: None,
        run: dependency_rules,
    },
    Stage {
        name: "tests",
        from: Reach::Short,
        does: "cargo test --workspace",
        ahead: Some(debian::install),
        run: tests,
    },
    Stage {
        name: "core without std",
        from: Reach::Short,
        does: "core and all it uses, without std",
        ahead: None,
        run: no_std::check,
    },
    Stage {
        name: "documentation",
        from: Reach::Short,
        does: "cargo doc, warnings are errors",
        ahead: None,
        run: documentation,
    },
    Stage {
        name: "python",
        from: Reach::Short,
        does: "wheel, pytest, mypy --strict, stubtest",
        ahead: Some(python::ahead),
        run: python_stage,
    },
    Stage {
        name: "long tests",
        from: Reach::All,
        does: "long fuzzing, 3,000 simulation seeds, 1,000 kills, every bit of a log flipped",
        ahead: None,
        run: long::run,
    },
    Stage {
        name: "without openpgp",
        from: Reach::All,
        does: "what a build without the feature `openpgp` says to OpenPGP signatures",
        ahead: None,
        run: without_openpgp,
    },
    Stage {
        name: "models elsewhere",
        from: Reach::All,
        does: "a real MLflow server, the hub's real client, readers of reports, and pre-commit (large install)",
        ahead: None,
        run: models_elsewhere,
    },
    Stage {
        name: "identifiers elsewhere",
        from: Reach::All,
        does: "every check digit of sealog-privacy against python-stdnum, 20,000 numbers of each type",
        ahead: None,
        run: identifiers_elsewhere,
    },
    Stage {
        name: "libfuzzer",
        from: Reach::All,
        does: "the fuzz targets under libFuzzer build (needs a C++ compiler)",
        ahead: None,
        run: libfuzzer,
    },
    Stage {
        name: "cargo-deny",
        from: Reach::All,
        does: "cargo deny check bans licenses sources, by the program itself",
        ahead: None,
        run: deny::lists,
    },
    Stage {
        name: "advisories",
        from: Reach::All,
        does: "cargo deny check advisories: needs a network beyond the package registry",
        ahead: None,
        run: deny::advisories,
    },
];

/// Runs what belongs to `reach`.
pub(crate) fn run(reach: Reach) -> ExitCode {
    run_where(|stage| stage.from <= reach)
}

/// Runs the one stage of this name; nothing if there is none.
pub(crate) fn run_one(name: &str) -> Option<ExitCode> {
    let exists = STAGES.iter().any(|stage| stage.name == name);
    exists.then(|| run_where(|stage| stage.name == name))
}

/// The names of the stages, in order.
pub(crate) fn names() -> String {
    STAGES
        .iter()
        .map(|stage| stage.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Runs stages to the end even if one fails, and says what came of them and which were left out.
fn run_where(belongs: impl Fn(&Stage) -> bool) -> ExitCode {
    let mut done = Vec::new();
    let begun: Vec<_> = STAGES
        .iter()
        .filter(|stage| belongs(stage))
        .map(|stage| (stage, stage.ahead.map(thread::spawn)))
        .collect();
    for (stage, ahead) in begun {
        println!("\n== {}: {}", stage.name, stage.does);
        let start = Instant::now();
        let outcome = ready(ahead)
            .and_then(|()| (stage.run)())
            .unwrap_or_else(|error| Outcome::fault(format!("{error:#}")));
        for fault in &outcome.faults {
            println!("{}: {fault}", stage.name);
        }
        done.push(Done {
            name: stage.name,
            took: start.elapsed(),
            outcome,
        });
    }
    let left_out: Vec<String> = STAGES
        .iter()
        .filter(|stage| !belongs(stage))
        .map(|stage| format!("{}: {}", stage.name, stage.does))
        .collect();
    let (text, held) = report::summary(&done, &left_out);
    print!("{text}");
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Waits for what a stage needs from elsewhere.
fn ready(ahead: Option<JoinHandle<Result<()>>>) -> Result<()> {
    match ahead.map(JoinHandle::join) {
        None => Ok(()),
        Some(Ok(result)) => result,
        Some(Err(_)) => bail!("what prepares the stage panicked, as it says above"),
    }
}

/// A line of a program that a stage runs.
pub(crate) fn show(line: &str) {
    println!("{line}");
}

fn cargo(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Result<Outcome> {
    let mut job = Job::cargo(arguments)?;
    for (name, value) in variables {
        job = job.variable(name, value);
    }
    run_job(name, job)
}

/// Runs a program that holds if it succeeds; what it says is kept under the name of the stage.
pub(crate) fn run_job(name: &str, job: Job) -> Result<Outcome> {
    let shown = job.shown().to_owned();
    let status = job.run_lines(&log_path(name)?, |line| {
        show(line);
        Ok(())
    })?;
    Ok(if status.success() {
        Outcome::default()
    } else {
        Outcome::fault(format!("`{shown}` failed"))
    })
}

fn format() -> Result<Outcome> {
    cargo("format", &["fmt", "--all", "--check"], &[])
}

fn lints() -> Result<Outcome> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    cargo("lints", &arguments, &[])
}

fn documentation() -> Result<Outcome> {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--locked",
    ];
    cargo(
        "documentation",
        &arguments,
        &[("RUSTDOCFLAGS", "-D warnings")],
    )
}

fn tidy_stage() -> Result<Outcome> {
    let found = tidy::over_tree(&root::path()?)?;
    print!("{found}");
    let note = format!("tidy read {} files", found.files_read());
    Ok(Outcome {
        faults: found.into_errors(),
        notes: vec![note],
        ..Outcome::default()
    })
}

fn dependency_rules() -> Result<Outcome> {
    let metadata = Metadata::read()?;
    let lists = dependencies::Lists::read(&root::path()?)?;
    let mut faults = edges::violations(&metadata);
    faults.extend(dependencies::refused(&metadata, &lists));
    faults.extend(dependencies::unused(&metadata)?);
    let note = format!(
        "{} foreign packages by the lists of deny.toml",
        metadata.foreign().count()
    );
    Ok(Outcome {
        notes: vec![note],
        ..Outcome::of_faults(faults)
    })
}

fn tests() -> Result<Outcome> {
    cargo_tests(
        "tests",
        &[
            "test",
            "--workspace",
            "--locked",
            "--no-fail-fast",
            "--",
            "--show-output",
        ],
    )
}

/// A build of its own: the workspace's has the feature, because the command has it.
fn without_openpgp() -> Result<Outcome> {
    let check = ["check", "--locked", "--package", "sealog-cli"];
    let job = Job::cargo(&check)?.arguments(&["--no-default-features", "--all-targets"]);
    if !job.run_plain()?.success() {
        return Ok(Outcome::fault("the command does not build without it"));
    }
    let arguments = ["test", "--locked", "--package", "sealog-model", "--lib"];
    let wanted = ["openpgp", "--", "--show-output"];
    run_tests(
        "without-openpgp",
        Job::cargo(&arguments)?.arguments(&wanted),
    )
}

fn models_elsewhere() -> Result<Outcome> {
    let python = python::with("sources-venv", "xtask/sources-requirements.txt")?;
    let arguments = [
        "test",
        "--package",
        "sealog-cli",
        "--locked",
        "--test",
        "it",
        "--",
        "--show-output",
        "--ignored",
        "real_",
    ];
    let job = Job::cargo(&arguments)?.variable("SEALOG_SOURCES_PYTHON", python);
    run_tests("models-elsewhere", job)
}

fn identifiers_elsewhere() -> Result<Outcome> {
    let python = python::with("identifiers-venv", "xtask/identifiers-requirements.txt")?;
    let arguments = [
        "test",
        "--package",
        "sealog-privacy",
        "--locked",
        "--profile",
        "ci",
        "--test",
        "it",
        "--",
        "--show-output",
        "--ignored",
        "real_",
    ];
    let job = Job::cargo(&arguments)?.variable("SEALOG_PRIVACY_PYTHON", python);
    run_tests("identifiers-elsewhere", job)
}

fn cargo_tests(name: &str, arguments: &[&str]) -> Result<Outcome> {
    run_tests(name, Job::cargo(arguments)?)
}

pub(crate) fn run_tests(name: &str, job: Job) -> Result<Outcome> {
    let shown = job.shown().to_owned();
    let mut tests = CargoTests::default();
    let status = job.run_lines(&log_path(name)?, |line| {
        if tests.line(line) {
            show(line);
        }
        Ok(())
    })?;
    let mut outcome = tests.finish();
    if !status.success() {
        outcome.faults.push(format!("`{shown}` failed"));
    }
    Ok(outcome)
}

fn python_stage() -> Result<Outcome> {
    if python::exists()? {
        return python::check();
    }
    Ok(Outcome::note(
        "there is no Python package in this tree yet, so nothing of it was checked",
    ))
}

fn libfuzzer() -> Result<Outcome> {
    let manifest = "fuzz/libfuzzer/Cargo.toml";
    cargo("libfuzzer", &["build", "--manifest-path", manifest], &[])
}
