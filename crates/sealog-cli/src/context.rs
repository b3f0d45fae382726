//! What every command has at hand: settings, output, and the ledger they name.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Error;
use crate::output::{Format, Output};
use crate::settings::Settings;

/// Settings and output of one command.
#[derive(Debug)]
pub struct Context {
    /// The settings.
    pub settings: Settings,
    /// Standard output.
    pub out: Output,
}

impl Context {
    /// Whether machines read the output.
    pub fn json(&self) -> bool {
        self.out.format() == Format::Json
    }

    /// The ledger that is meant: the argument, else the setting, else the only one here.
    pub fn ledger_path(&self, argument: Option<&Path>) -> Result<PathBuf, Error> {
        if let Some(path) = argument {
            return Ok(self.settings.environment().directory().join(path));
        }
        if let Some(path) = self.settings.path("ledger") {
            return Ok(path);
        }
        let directory = self.settings.environment().directory();
        let mut found = ledgers_in(directory)?;
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(Error::NoLedger {
                directory: directory.to_owned(),
            }),
            (Some(path), true) => Ok(path),
            (Some(path), false) => {
                found.push(path);
                found.sort();
                let name = |path: &PathBuf| path.file_name().map(|name| name.display().to_string());
                Err(Error::SeveralLedgers {
                    names: found.iter().filter_map(name).collect(),
                })
            }
        }
    }

    /// A bar for `total` bytes on standard error; hidden unless a person watches.
    pub fn progress(&self, total: u64) -> Result<ProgressBar, Error> {
        let never = [("auto", false), ("never", true)];
        let hidden = self.settings.choice("progress", &never)?.unwrap_or(false);
        if hidden || self.json() || !io::stderr().is_terminal() {
            return Ok(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(total);
        let form = "{bar:32} {percent:>3} %  {binary_bytes} of {binary_total_bytes}  {eta} left";
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        Ok(bar)
    }
}

/// The ledgers in a directory: directories whose name ends in `.sealog`.
fn ledgers_in(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let io = |source| Error::Io {
        action: "list",
        path: directory.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "sealog")
            && path.is_dir()
        {
            found.push(path);
        }
    }
    Ok(found)
}
