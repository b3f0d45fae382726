//! What the settings read of the process: variables and the working directory, as a value, so that tests need no
//! process of their own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables and working directory of a process.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    directory: PathBuf,
}

impl Environment {
    /// An environment of these variables and this working directory.
    pub fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        directory: PathBuf,
    ) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            directory,
        }
    }

    /// The environment of this process. Where the working directory is gone, paths stay relative.
    pub fn of_process() -> Self {
        Self::new(env::vars_os(), env::current_dir().unwrap_or_default())
    }

    /// The working directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        let value = self.variables.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value.as_os_str())
    }

    /// Names of the set variables that begin so, in order.
    pub fn names(&self, prefix: &str) -> impl Iterator<Item = &str> {
        let set = self.variables.iter().filter(|(_, value)| !value.is_empty());
        set.filter_map(|(name, _)| name.to_str())
            .filter(move |name| name.starts_with(prefix))
    }

    /// The user's directory for configuration.
    pub fn config_home(&self) -> Option<PathBuf> {
        self.base("XDG_CONFIG_HOME", ".config")
    }

    /// A directory of the XDG base directory specification; a relative one counts as not set.
    fn base(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let set = self.variable(variable).map(PathBuf::from);
        set.filter(|path| path.is_absolute()).or_else(|| {
            let home = self
                .variable("HOME")
                .or_else(|| self.variable("USERPROFILE"))?;
            Some(Path::new(home).join(below_home))
        })
    }
}
