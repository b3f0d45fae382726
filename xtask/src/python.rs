//! The Python package: built as a wheel, installed into an environment of its own, tested from outside.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{Context, Result, bail};

use crate::process::{Job, log_path};
use crate::report::Outcome;
use crate::{debian, root, test_output};

const PACKAGE: &str = "crates/sealog-python";
const REQUIREMENTS: &str = "xtask/requirements.txt";
/// The environment of the tests, below the target folder.
const FOLDER: &str = "python-venv";
/// The feature of the package by which its wheel is made of what the tests of the workspace have built.
const AS_TESTED: &str = "as-tested";
/// Where the programs of this repository find what they share.
const SHARED: &str = "xtask/bench";
/// What builds the wheel; every environment has it.
const BUILDER: &str = "maturin>=1.9,<2";
const VERSION_MIN: (u32, u32) = (3, 10);

/// Names under which an interpreter may be found, the plain one first.
const INTERPRETERS: &[&str] = &[
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python",
];

/// As many tests at a time as there are processors; those of a file, which share what is made for them, in one process.
const PYTEST: &[&str] = &[
    "-q",
    "-rs",
    "--color=no",
    "-n",
    "logical",
    "--dist",
    "loadfile",
    "tests",
];

/// How the package is built.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Build {
    /// Quickly, for tests and the tour.
    Quick,
    /// As it ships, for measurements.
    Shipped,
}

impl Build {
    const fn profile(self) -> &'static str {
        match self {
            Self::Quick => "dev",
            Self::Shipped => "release",
        }
    }

    /// What is shipped has no more of other crates than it needs.
    const fn features(self) -> &'static [&'static str] {
        match self {
            Self::Quick => &["--features", AS_TESTED],
            Self::Shipped => &[],
        }
    }
}

/// Whether there is a package to test.
pub(crate) fn exists() -> Result<bool> {
    Ok(root::path()?.join(PACKAGE).join("Cargo.toml").is_file())
}

/// What the stage installs, which is to be there before it begins.
pub(crate) fn ahead() -> Result<()> {
    if exists()? {
        Environment::make(FOLDER, REQUIREMENTS)?;
    }
    Ok(())
}

/// The stage.
pub(crate) fn check() -> Result<Outcome> {
    let root = root::path()?;
    let environment = Environment::make(FOLDER, REQUIREMENTS)?;
    let mut outcome = Outcome::default();
    environment.install_package(Build::Quick, &mut outcome)?;
    if !outcome.faults.is_empty() {
        return Ok(outcome);
    }
    debian::install()?;
    let package = root.join(PACKAGE);
    let tests = environment.module(&package, "pytest", PYTEST);
    pytest(tests, &mut outcome)?;
    let strict = environment.module(&package, "mypy", &["--strict", "--package", "sealog"]);
    step(strict, "python mypy", &mut outcome)?;
    let stubs = environment.module(&package, "mypy.stubtest", &["sealog"]);
    step(stubs, "python stubtest", &mut outcome)?;
    Ok(outcome)
}

/// Runs a program of this repository with the package and what `requirements` names installed.
pub(crate) fn run_script(
    folder: &str,
    requirements: &str,
    path: &str,
    build: Build,
    arguments: &[&str],
) -> Result<ExitStatus> {
    let environment = Environment::make(folder, requirements)?;
    let mut outcome = Outcome::default();
    environment.install_package(build, &mut outcome)?;
    if let Some(fault) = outcome.faults.first() {
        bail!("{fault}");
    }
    environment.run_script(path, arguments)
}

/// A Python below the target folder that has what `requirements` names.
pub(crate) fn with(folder: &str, requirements: &str) -> Result<PathBuf> {
    Ok(Environment::make(folder, requirements)?.python)
}

/// A virtual environment below the target folder.
pub(crate) struct Environment {
    python: PathBuf,
}

impl Environment {
    /// Makes it where it is missing and installs what the requirements name.
    pub(crate) fn make(name: &str, requirements: &str) -> Result<Self> {
        let root = root::path()?;
        let folder = root::target()?.join(name);
        let python = folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        });
        let environment = Self { python };
        if !environment.module(&root, "pip", &["--version"]).succeeds() {
            let made = Job::new(interpreter(&root)?, &root)
                .arguments(&["-m", "venv", "--clear"])
                .arguments(&[&folder]);
            made.output().context(
                "cannot make a virtual environment (on Debian: apt-get install python3-venv)",
            )?;
        }
        println!("installing what {requirements} names");
        let install = [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            // Most of what is installed is never imported; what is, Python compiles then.
            "--no-compile",
            BUILDER,
            "-r",
            requirements,
        ];
        let installed = environment.module(&root, "pip", &install).output();
        installed.with_context(|| format!("cannot install what {requirements} names"))?;
        Ok(environment)
    }

    /// Runs a program of this repository with this program's own output.
    pub(crate) fn run_script(&self, path: &str, arguments: &[&str]) -> Result<ExitStatus> {
        let root = root::path()?;
        let script = Job::new(&self.python, &root)
            .arguments(&[path])
            .variable("PYTHONPATH", root.join(SHARED));
        self.around(script.arguments(arguments)).run_plain()
    }

    /// Builds the package's wheel and installs it.
    fn install_package(&self, build: Build, outcome: &mut Outcome) -> Result<()> {
        let root = root::path()?;
        let wheels = root::target()?.join("wheels");
        if wheels.is_dir() {
            std::fs::remove_dir_all(&wheels)?;
        }
        let words = ["build", "--locked", "--profile", build.profile()];
        let build = self
            .module(&root, "maturin", &words)
            .arguments(build.features())
            .arguments(&["--manifest-path"])
            .arguments(&[root.join(PACKAGE).join("Cargo.toml")])
            .arguments(&["--out"])
            .arguments(&[&wheels]);
        step(build, "python build", outcome)?;
        if !outcome.faults.is_empty() {
            return Ok(());
        }
        let install = ["install", "--quiet", "--force-reinstall", "--no-deps"];
        let install = self
            .module(&root, "pip", &install)
            .arguments(&[only_file(&wheels)?]);
        step(install, "python install", outcome)
    }

    fn module(&self, folder: &Path, module: &str, arguments: &[&str]) -> Job {
        self.around(
            Job::new(&self.python, folder)
                .arguments(&["-m", module])
                .arguments(arguments),
        )
    }

    /// As if the environment were activated.
    fn around(&self, job: Job) -> Job {
        let mut path = self
            .python
            .parent()
            .map(Path::as_os_str)
            .unwrap_or_default()
            .to_owned();
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(std::env::var_os("PATH").unwrap_or_default());
        job.variable("PATH", path).variable("PYTHONNOUSERSITE", "1")
    }
}

fn interpreter(root: &Path) -> Result<&'static str> {
    let script = format!("import sys; sys.exit(sys.version_info < {VERSION_MIN:?})");
    let works = |name: &&&str| Job::new(name, root).arguments(&["-c", &script]).succeeds();
    match INTERPRETERS.iter().find(works) {
        Some(name) => Ok(name),
        None => bail!(
            "no Python of at least {}.{} was found",
            VERSION_MIN.0,
            VERSION_MIN.1
        ),
    }
}

/// Runs one part of the stage; a failure is a fault, and the parts after it still run.
fn step(job: Job, name: &str, outcome: &mut Outcome) -> Result<()> {
    let shown = job.shown().to_owned();
    let status = job.run_lines(&log_path(name)?, |line| {
        crate::stages::show(line);
        Ok(())
    })?;
    if !status.success() {
        outcome.faults.push(format!("{name}: `{shown}` failed"));
    }
    Ok(())
}

fn pytest(job: Job, outcome: &mut Outcome) -> Result<()> {
    let mut counts = None;
    let status = job.run_lines(&log_path("python tests")?, |line| {
        crate::stages::show(line);
        counts = test_output::pytest(line).or(counts);
        if let Some(skip) = line.strip_prefix("SKIPPED ") {
            outcome.skips.push(format!("pytest {skip}"));
        }
        Ok(())
    })?;
    match counts {
        Some(counts) => outcome.counts.add(counts),
        None => outcome
            .faults
            .push("pytest ended without counting its tests".to_owned()),
    }
    if !status.success() {
        outcome.faults.push("pytest failed".to_owned());
    }
    Ok(())
}

fn only_file(folder: &Path) -> Result<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    match entries.as_slice() {
        [wheel] => Ok(wheel.path()),
        other => bail!(
            "expected one wheel in {}, found {}",
            folder.display(),
            other.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Packages with their features, as they are built for `words`; without those of this workspace.
    fn built(words: &[&str]) -> BTreeSet<String> {
        let shape = [
            "tree",
            "--locked",
            "--prefix",
            "none",
            "--format",
            "{p} [{f}]",
        ];
        let told = Job::cargo(&shape)
            .unwrap()
            .arguments(words)
            .output()
            .unwrap();
        told.lines()
            .map(|line| line.trim_end_matches(" (*)").to_owned())
            .filter(|line| !line.is_empty() && !line.contains(" (/"))
            .collect()
    }

    #[test]
    fn the_wheel_of_the_tests_is_made_of_what_they_built() {
        let tests = built(&["--workspace", "--edges", "normal,build,dev"]);
        let package = ["--package", "sealog-python", "--edges", "normal,build"];
        let bare = built(&package);
        assert!(!bare.is_subset(&tests), "`{AS_TESTED}` is not needed");
        let wheel = built(&[&package[..], Build::Quick.features()].concat());
        let anew: Vec<_> = wheel.difference(&tests).collect();
        assert!(
            anew.is_empty(),
            "built anew for the wheel; give `{AS_TESTED}` of {PACKAGE}/Cargo.toml their features: {anew:#?}"
        );
    }
}
