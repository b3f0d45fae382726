//! What a scan found, and the answer that follows from it.

use std::fmt;

use super::beside::Beside;
use super::rule::Rule;

/// What a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Not everything could be looked at.
    Undecided,
    /// It is not known to be harmless.
    Suspicious,
    /// It is known to do harm.
    Malicious,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(Verdict::from(*self).word())
    }
}

/// The four answers. Only [`Verdict::Clean`] opens a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Every byte was accounted for, and nothing was found.
    Clean,
    /// Not everything could be looked at.
    Undecided,
    /// Something is not known to be harmless.
    Suspicious,
    /// Something is known to do harm.
    Malicious,
}

impl From<Severity> for Verdict {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Undecided => Self::Undecided,
            Severity::Suspicious => Self::Suspicious,
            Severity::Malicious => Self::Malicious,
        }
    }
}

impl Verdict {
    /// The word of the reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Undecided => "undecided",
            Self::Suspicious => "suspicious",
            Self::Malicious => "malicious",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// One thing that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub(super) rule: &'static Rule,
    pub(super) path: String,
    pub(super) offset: u64,
    pub(super) detail: String,
    pub(super) global: Option<(String, String)>,
}

impl Finding {
    /// The rule it falls under.
    pub const fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// The file, and behind each `!` the member of an archive.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Bytes from the beginning of that file or member.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What exactly was found.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Module and name, where the finding is about something imported.
    pub fn global(&self) -> Option<(&str, &str)> {
        let pair = self.global.as_ref();
        pair.map(|(module, name)| (module.as_str(), name.as_str()))
    }
}

/// What one file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) findings: Vec<Finding>,
    /// Tensors that it keeps in files beside it; nothing any more once the report is whole.
    pub(super) beside: Vec<Beside>,
}

impl FileReport {
    /// The file, relative to what was scanned.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is, by its content.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// Its length.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of its content in lower-case hex; empty if it could not be read.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What was found in it, in the order of the bytes.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The answer for this file.
    pub fn verdict(&self) -> Verdict {
        worst(self.findings.iter().map(|finding| finding.rule.severity()))
    }
}

/// What a scan came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub(super) files: Vec<FileReport>,
}

impl Report {
    /// Every file that was looked at, in order.
    pub fn files(&self) -> &[FileReport] {
        &self.files
    }

    /// One file more.
    pub(crate) fn push(&mut self, file: FileReport) {
        self.files.push(file);
    }

    /// Takes the files of another scan in behind its own.
    pub fn append(&mut self, other: Self) {
        self.files.extend(other.files);
    }

    /// Every finding, file by file.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.files.iter().flat_map(|file| &file.findings)
    }

    /// The answer: the worst of the files; undecided if there was none.
    pub fn verdict(&self) -> Verdict {
        let files = self.files.iter().map(FileReport::verdict);
        files.max().unwrap_or(Verdict::Undecided)
    }
}

impl From<FileReport> for Report {
    fn from(file: FileReport) -> Self {
        Self { files: vec![file] }
    }
}

pub(super) fn worst(severities: impl Iterator<Item = Severity>) -> Verdict {
    severities.max().map_or(Verdict::Clean, Verdict::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_looked_at_is_not_clean() {
        assert_eq!(Report::default().verdict(), Verdict::Undecided);
    }

    #[test]
    fn the_worst_wins() {
        use Severity::{Malicious, Suspicious, Undecided};
        assert_eq!(worst([].into_iter()), Verdict::Clean);
        assert_eq!(worst([Undecided].into_iter()), Verdict::Undecided);
        assert_eq!(
            worst([Suspicious, Undecided].into_iter()),
            Verdict::Suspicious
        );
        assert_eq!(
            worst([Malicious, Undecided].into_iter()),
            Verdict::Malicious
        );
    }
}
