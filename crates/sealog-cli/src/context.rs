//! What every command has at hand: settings, output, and the ledger they name.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use sealog_core::tlog::sign::Signer;
use sealog_ledger::{Access, HeadCopyPolicy, IndexMode, Ledger, Options};

use sealog_privacy::limits::POLICY_BYTES_MAX;
use sealog_privacy::policy::Policy;

use crate::error::Error;
use crate::output::{Format, Output, complain, count, plain};
use crate::production;
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

    /// Opens the ledger that is meant.
    pub fn open(&self, access: Access) -> Result<Ledger, Error> {
        self.open_by(access, None)
    }

    /// The same, by a signer in place of the log's key file.
    pub fn open_by(
        &self,
        access: Access,
        signer: Option<Arc<dyn Signer>>,
    ) -> Result<Ledger, Error> {
        let path = self.ledger_path(None)?;
        let options = Options {
            signer,
            ..self.options(access)?
        };
        if access == Access::Append {
            production::check_append(&self.settings, &path)?;
        }
        let ledger = Ledger::open(&path, options)?;
        if access == Access::Append {
            production::check_stated(&self.settings, &ledger)?;
        }
        if let Some(finding) = ledger.refused_tail() {
            let entries = count(ledger.size(), "entry", "entries");
            complain(&plain(&format!(
                "sealog: behind its {entries} the log goes on with lines that cannot be part of it: {finding}"
            )));
            complain("  `sealog verify` says where; they are not shown");
        }
        Ok(ledger)
    }

    /// How the settings say that a ledger is opened.
    pub fn options(&self, access: Access) -> Result<Options, Error> {
        let settings = &self.settings;
        let default = Options::default();
        let size = |name, default: usize| {
            let number = settings.number(name)?;
            Ok::<_, Error>(
                number
                    .and_then(|number| number.try_into().ok())
                    .unwrap_or(default),
            )
        };
        let head_copy = [
            ("use", HeadCopyPolicy::Use),
            ("require", HeadCopyPolicy::Require),
        ];
        let index = [
            ("follow", IndexMode::Follow),
            ("manual", IndexMode::Manual),
            ("off", IndexMode::Off),
        ];
        Ok(Options {
            access,
            secrets: settings.path("secrets"),
            state_dir: settings.path("state_dir"),
            config_dir: settings.path("config_dir"),
            turn_wait: settings.duration("turn_wait")?.unwrap_or(default.turn_wait),
            queue_records_max: size("queue_records", default.queue_records_max)?,
            queue_bytes_max: size("queue_bytes", default.queue_bytes_max)?,
            queue_wait: settings
                .duration("queue_wait")?
                .unwrap_or(default.queue_wait),
            segment_bytes: settings
                .number("segment_bytes")?
                .unwrap_or(default.segment_bytes),
            epoch_entries: settings
                .number("epoch_entries")?
                .unwrap_or(default.epoch_entries),
            epoch_seconds: settings
                .number("epoch_seconds")?
                .unwrap_or(default.epoch_seconds),
            head_copy: settings
                .choice("head_copy", &head_copy)?
                .unwrap_or(default.head_copy),
            // A command that ends at once has no use for a thread that follows.
            index: settings
                .choice("index", &index)?
                .unwrap_or(IndexMode::Manual),
            allow_file_systems: settings.list("file_systems")?,
            privacy: self.privacy()?,
            producer_id: settings
                .text("producer")?
                .map_or(default.producer_id, Into::into),
            ..Options::default()
        })
    }

    /// The policy that the settings name for records.
    fn privacy(&self) -> Result<Option<Arc<Policy>>, Error> {
        let policy = match self.settings.text("privacy")? {
            None | Some("none") => return Ok(None),
            Some("usual") => Policy::usual()?,
            Some(_) => read_policy(&self.settings.path("privacy").unwrap_or_default())?,
        };
        Ok(Some(Arc::new(policy)))
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

/// Reads a privacy policy.
pub fn read_policy(path: &Path) -> Result<Policy, Error> {
    let failed = |source| Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    let mut text = Vec::new();
    let limit = u64::try_from(POLICY_BYTES_MAX).unwrap_or(u64::MAX);
    let opened = fs::File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::NoPrivacyPolicy { path: path.into() },
        _ => failed(source),
    })?;
    let read = opened.take(limit + 1).read_to_end(&mut text);
    read.map_err(failed)?;
    Ok(Policy::parse(&text, Vec::new())?)
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
