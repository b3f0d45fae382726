//! What a walk leaves out: the rules of `OpenSSF` Model Signing v1.0, which know exact relative paths only.

use std::collections::BTreeSet;

use super::{ModelPath, Unfit};

/// The four names that OMS leaves out, at the top level only.
pub const OMS_IGNORED: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Which paths are left out. Each covers itself and all below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoreRules {
    rules: BTreeSet<ModelPath>,
    own: BTreeSet<ModelPath>,
}

impl IgnoreRules {
    /// Leaves nothing out.
    pub fn none() -> Self {
        Self::default()
    }

    /// Leaves out what OMS does by default.
    pub fn oms() -> Self {
        let mut rules = Self::default();
        for name in OMS_IGNORED {
            // Each is a plain name.
            let _ = rules.add(name);
        }
        rules
    }

    /// Leaves out one more path and all below it.
    pub fn add(&mut self, path: &str) -> Result<(), Unfit> {
        self.rules.insert(ModelPath::parse(path)?);
        Ok(())
    }

    /// Leaves out what other rules do too.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.rules.extend(other.rules.iter().cloned());
    }

    /// The same without the rules that cover one of these paths.
    pub(crate) fn sparing<'p>(mut self, paths: impl Iterator<Item = &'p ModelPath>) -> Self {
        for path in paths {
            self.rules.retain(|rule| !rule.covers(path.as_str()));
        }
        self
    }

    /// Leaves out a file that is about the model and cannot be part of it: its manifest, its signature. It is named by
    /// whoever calls, never by the manifest, and is not reported.
    pub fn add_own(&mut self, path: ModelPath) {
        self.own.insert(path);
    }

    /// The paths, in order.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &ModelPath> {
        self.rules.iter()
    }

    /// Whether a path is left out by a rule.
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.rules.contains(path)
    }

    /// Whether a path is one of the caller's own files.
    pub(crate) fn is_own(&self, path: &str) -> bool {
        self.own.contains(path)
    }

    /// Whether a path lies at or below a rule, wherever it was found.
    pub fn covers(&self, path: &str) -> bool {
        self.rules
            .iter()
            .chain(&self.own)
            .any(|rule| rule.covers(path))
    }
}
