//! Settings: where each option of a command comes from (`docs/configuration.md`).
//!
//! One table, [`OPTIONS`], names every option. A value is taken from the command line, else from the variable
//! `SEALOG_<NAME>`, else from the one configuration file that is read, else it has its default; [`Settings`]
//! remembers which, and `doctor` prints it.
//!
//! **What is absent**: secrets. No option holds a private key; a file that tries to is refused.

mod environment;
mod file;
mod options;
mod value;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use environment::Environment;
pub use options::{OPTIONS, Setting, find};

use crate::error::Error;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The command line.
    Flag,
    /// The variable of the environment.
    Variable(String),
    /// A configuration file.
    File(PathBuf),
    /// Nowhere: the default.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("command line"),
            Self::Variable(name) => formatter.write_str(name),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Default => formatter.write_str("default"),
        }
    }
}

/// The values that are set, each with its source.
#[derive(Debug)]
pub struct Settings {
    environment: Environment,
    file: Option<PathBuf>,
    values: BTreeMap<&'static str, (OsString, Source)>,
}

impl Settings {
    /// Takes flags (`name`, value), variables and the configuration file together.
    ///
    /// # Errors
    /// A configuration file that cannot be read, is not TOML or has an unknown or forbidden option; a flag that
    /// names no option; a variable that is set and empty is taken as not set.
    pub fn discover(
        environment: Environment,
        config: Option<&Path>,
        flags: Vec<(String, OsString)>,
    ) -> Result<Self, Error> {
        let mut values = BTreeMap::new();
        let file = file::find(&environment, config)?;
        if let Some(found) = &file {
            for (option, value) in file::read(found)? {
                let source = Source::File(found.path.clone());
                values.insert(option.name, (value, source));
            }
        }
        for option in OPTIONS {
            let variable = option.variable();
            if let Some(value) = environment.variable(&variable) {
                let source = Source::Variable(variable);
                values.insert(option.name, (value.to_owned(), source));
            }
        }
        for (name, value) in flags {
            let option = find(&name).ok_or(Error::UnknownOption { name, file: None })?;
            values.insert(option.name, (value, Source::Flag));
        }
        Ok(Self {
            environment,
            file: file.map(|found| found.path),
            values,
        })
    }

    /// The environment that the settings were found in.
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The configuration file that was read, if there is one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Value and source of an option, as they were given.
    pub fn raw(&self, name: &str) -> Option<(&OsStr, &Source)> {
        let (value, source) = self.values.get(name)?;
        Some((value, source))
    }

    /// An option that is a path, as seen from the working directory.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let (value, source) = self.raw(name)?;
        let base = match source {
            // A path in a file is meant from where the file stands, or the file could not be moved about.
            Source::File(file) => file.parent().unwrap_or_else(|| Path::new("")),
            _ => self.environment.directory(),
        };
        Some(base.join(value))
    }

    /// An option that is text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        let Some((value, _)) = self.raw(name) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or_else(|| self.bad(name, "UTF-8 text"))?;
        Ok(Some(text))
    }

    /// An option that is one of a few words.
    pub fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        found
            .map(|(_, value)| Some(*value))
            .ok_or_else(|| self.bad(name, &names.join(" or ")))
    }

    /// An option that is true or false; `1`, `yes`, `0` and `no` are understood.
    pub fn truth(&self, name: &str) -> Result<bool, Error> {
        let words = [
            ("true", true),
            ("1", true),
            ("yes", true),
            ("false", false),
            ("0", false),
            ("no", false),
        ];
        Ok(self.choice(name, &words)?.unwrap_or(false))
    }

    /// An option that is a duration, such as `90s`, `15m`, `24h` or `7d`.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, Error> {
        let parse = |text| duration(text).ok_or_else(|| self.bad(name, value::DURATION));
        self.text(name)?.map(parse).transpose()
    }

    /// An option that is a number, or a number of bytes such as `64MiB`.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Error> {
        let parse = |text| value::bytes(text).ok_or_else(|| self.bad(name, value::BYTES));
        self.text(name)?.map(parse).transpose()
    }

    /// The words of an option that is a list with commas.
    pub fn list(&self, name: &str) -> Result<Vec<String>, Error> {
        let text = self.text(name)?.unwrap_or_default();
        let words = text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        Ok(words.map(str::to_owned).collect())
    }

    fn bad(&self, name: &str, expected: &str) -> Error {
        let source = self
            .raw(name)
            .map_or(Source::Default, |(_, source)| source.clone());
        Error::BadSetting {
            name: name.into(),
            source_name: source.to_string(),
            expected: expected.into(),
        }
    }
}

pub use value::duration;

/// How a duration is written, for messages.
pub const DURATION_FORM: &str = value::DURATION;

#[cfg(test)]
mod tests;
