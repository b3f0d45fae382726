//! The rules of the house over every file that git tracks or would track.
//!
//! **What is absent**: what rustfmt, clippy and rustdoc already check (layout, function length, missing documentation).

mod manifest;
mod markdown;
mod rules;
mod rust;
mod text;

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};

use crate::process::Job;

/// What breaks a rule, as `path:line: what`.
#[derive(Debug, Default)]
pub(crate) struct Found {
    errors: Vec<String>,
    warnings: Vec<String>,
    files: usize,
}

impl Found {
    pub(crate) fn holds(&self) -> bool {
        self.errors.is_empty()
    }

    pub(crate) fn files_read(&self) -> usize {
        self.files
    }

    pub(crate) fn into_errors(self) -> Vec<String> {
        self.errors
    }

    fn error(&mut self, file: &File<'_>, line: usize, what: impl fmt::Display) {
        self.errors.push(format!("{}:{line}: {what}", file.path));
    }

    fn warning(&mut self, file: &File<'_>, line: usize, what: impl fmt::Display) {
        self.warnings.push(format!("{}:{line}: {what}", file.path));
    }
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(formatter, "error: {error}")?;
        }
        for warning in &self.warnings {
            writeln!(formatter, "warning: {warning}")?;
        }
        let (errors, warnings) = (self.errors.len(), self.warnings.len());
        writeln!(
            formatter,
            "tidy: {} files, {errors} errors, {warnings} warnings",
            self.files
        )
    }
}

/// A file of the tree.
struct File<'a> {
    /// Relative to the root, with forward slashes.
    path: &'a str,
    bytes: &'a [u8],
}

impl File<'_> {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    fn extension(&self) -> Option<&str> {
        self.name().rsplit_once('.').map(|(_, extension)| extension)
    }

    /// Whether it is compared byte by byte by a test.
    fn is_data(&self) -> bool {
        self.path
            .split('/')
            .any(|part| rules::DATA_FOLDERS.contains(&part))
    }

    fn is_generated(&self) -> bool {
        rules::GENERATED.iter().any(|(path, _)| *path == self.path)
    }
}

/// Applies every rule to the tree below `root`.
pub(crate) fn over_tree(root: &Path) -> Result<Found> {
    let listing = [
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ];
    let names = Job::new("git", root).arguments(&listing).output()?;
    let mut found = Found::default();
    for path in names.split('\0').filter(|path| !path.is_empty()) {
        let whole = root.join(path);
        if !whole.exists() {
            continue; // removed, but not yet in the index
        }
        let bytes = std::fs::read(&whole).with_context(|| format!("cannot read {path}"))?;
        found.files += 1;
        check(
            &File {
                path,
                bytes: &bytes,
            },
            &|path| root.join(path).exists(),
            &mut found,
        );
    }
    if found.files == 0 {
        found
            .errors
            .push("git lists no files: nothing was checked".to_owned());
    }
    Ok(found)
}

/// Applies every rule to one file; `exists` answers for paths relative to the root.
fn check(file: &File<'_>, exists: &dyn Fn(&str) -> bool, found: &mut Found) {
    text::check_file(file, found);
    if file.is_data() {
        return;
    }
    let Ok(content) = std::str::from_utf8(file.bytes) else {
        found.error(
            file,
            1,
            "is not UTF-8; binary data belongs into a data folder",
        );
        return;
    };
    text::check(file, content, found);
    if file.extension() != Some("md") {
        text::check_documents(file, content, exists, found);
    }
    match file.extension() {
        Some("rs") => rust::check(file, content, found),
        Some("md") => markdown::check(file, content, exists, found),
        Some("toml") if file.name() == "Cargo.toml" => manifest::check(file, content, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
