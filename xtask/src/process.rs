//! Starting other programs: output in one stream, no standard input, a copy kept in a file.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::root;

/// A program to be started in a folder.
#[derive(Debug)]
pub(crate) struct Job {
    command: Command,
    shown: String,
}

impl Job {
    /// `program`, started in `folder`.
    pub(crate) fn new(program: impl AsRef<OsStr>, folder: &Path) -> Self {
        let shown = program.as_ref().to_string_lossy().into_owned();
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null());
        Self { command, shown }
    }

    /// The cargo that runs this program, in the repository's root.
    pub(crate) fn cargo(arguments: &[&str]) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        // Its lines are read: no colours among them, whatever the environment asks for.
        let mut job = Self::new(cargo, &root::path()?).variable("CARGO_TERM_COLOR", "never");
        "cargo".clone_into(&mut job.shown);
        Ok(job.arguments(arguments))
    }

    pub(crate) fn arguments<S: AsRef<OsStr>>(mut self, arguments: &[S]) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The command line, for people.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Runs with this program's own output.
    pub(crate) fn run_plain(mut self) -> Result<ExitStatus> {
        self.command
            .status()
            .with_context(|| format!("cannot start `{}`", self.shown))
    }

    /// Runs, gives every line of both outputs to `each`, and keeps them all in `log`.
    pub(crate) fn run_lines(
        mut self,
        log: &Path,
        mut each: impl FnMut(&str) -> Result<()>,
    ) -> Result<ExitStatus> {
        let mut kept = create(log)?;
        let (reader, writer) = std::io::pipe()?;
        self.command.stdout(writer.try_clone()?).stderr(writer);
        let shown = self.shown;
        let mut child = self
            .command
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))?;
        drop(self.command); // it holds the write ends: the pipe would never end
        let mut lines = BufReader::new(reader);
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line)? > 0 {
            kept.write_all(&line)?;
            each(String::from_utf8_lossy(&line).trim_end())?;
            line.clear();
        }
        Ok(child.wait()?)
    }

    /// Runs and returns the standard output; a failure carries what the program said.
    pub(crate) fn output(mut self) -> Result<String> {
        let shown = self.shown;
        let output = self
            .command
            .output()
            .with_context(|| format!("cannot start `{shown}`"))?;
        if !output.status.success() {
            bail!(
                "`{shown}` failed\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` wrote no text"))
    }

    /// Runs quietly and tells whether it succeeded; a program that cannot be started did not.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .output()
            .is_ok_and(|output| output.status.success())
    }
}

fn create(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(log).with_context(|| format!("cannot write {}", log.display()))
}

/// The file in which the output of a stage is kept.
pub(crate) fn log_path(stage: &str) -> Result<PathBuf> {
    Ok(root::target()?
        .join("xtask")
        .join(format!("{}.log", stage.replace(' ', "-"))))
}
