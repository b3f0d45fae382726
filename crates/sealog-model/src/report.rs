//! What a command over models came to, for the machines of continuous integration: SARIF 2.1.0, `JUnit` and the
//! annotations of GitHub's runners.
//!
//! A [`Table`] has one case for each file and for what vouches for them, and the faults of each. Scan, verification and
//! gate make one, and the same writers write it. Every text of it can come from a hostile model: the writers escape.
//! **What is absent**: JSON, of which each command has a form of its own.

mod sarif;
mod text;

use std::collections::BTreeMap;

pub use sarif::sarif;
pub use text::{github, junit};

use crate::Error;
use crate::manifest::Change;
use crate::scan::baseline::Baseline;
use crate::scan::rule::RULES;
use crate::scan::{FileReport, Finding, Report, Severity, Verdict};

/// How heavy a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It could not be decided, or is not known to be harmless.
    Warning,
    /// It is refuted, or known to do harm.
    Error,
}

impl Level {
    /// The word of SARIF and of GitHub's runners.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    const fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Malicious => Self::Error,
            Severity::Suspicious | Severity::Undecided => Self::Warning,
        }
    }
}

/// A rule by which something is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its stable id.
    pub id: String,
    /// What it means, in one line.
    pub title: String,
    /// How heavy it is.
    pub level: Level,
}

/// One fault of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The id of its rule.
    pub rule: String,
    /// How heavy it is.
    pub level: Level,
    /// In a word, for a list.
    pub word: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// At which byte of the file, where there is one.
    pub offset: Option<u64>,
    /// What stays the same from run to run, also when other faults come or go.
    pub identity: String,
    /// Why it is accepted, if it is: it is shown and does not count.
    pub accepted: Option<String>,
}

/// A file, or what vouches for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its path.
    pub path: String,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The command: `scan`, `verify` or `gate`.
    pub command: &'static str,
    /// Its exit status.
    pub status: u8,
    /// Whether it could do what it was asked for, whatever the answer.
    pub executed: bool,
    /// The rules of its faults, and perhaps others.
    pub rules: Vec<Described>,
    /// Files and what vouches for them.
    pub cases: Vec<Case>,
}

impl Table {
    /// What a scan found. The exit status is that of `sealog model scan`.
    pub fn of_scan(report: &Report, baseline: &Baseline) -> Self {
        let rules = RULES.iter().map(|rule| Described {
            id: rule.id().to_owned(),
            title: rule.title().to_owned(),
            level: Level::of_severity(rule.severity()),
        });
        let cases = report.files().iter().map(|file| {
            let faults = file.findings().iter();
            Case {
                path: file.path().to_owned(),
                faults: faults.map(|found| fault(file, found, baseline)).collect(),
            }
        });
        Self {
            command: "scan",
            status: match baseline.verdict(report) {
                Verdict::Clean => 0,
                Verdict::Suspicious | Verdict::Malicious => 1,
                Verdict::Undecided => 2,
            },
            executed: true,
            rules: rules.collect(),
            cases: cases.collect(),
        }
    }

    /// What a command over a signed model came to, with nothing at fault so far. `envelope` is what vouches for it.
    pub fn of_model(
        command: &'static str,
        envelope: &str,
        files: impl IntoIterator<Item = String>,
    ) -> Self {
        let paths = std::iter::once(envelope.to_owned()).chain(files);
        let cases = paths.map(|path| Case {
            path,
            faults: Vec::new(),
        });
        Self {
            command,
            status: 0,
            executed: true,
            rules: Vec::new(),
            cases: cases.collect(),
        }
    }

    /// Puts down why the model does not hold: at each path that differs, else at what vouches for it. `place` makes the
    /// path of a file from that in the model.
    pub fn refuse(
        &mut self,
        (code, title): (&str, &str),
        message: &str,
        changes: &[Change],
        status: u8,
        place: impl Fn(&str) -> String,
    ) {
        let level = if status == 1 {
            Level::Error
        } else {
            Level::Warning
        };
        self.status = status;
        self.executed = status == 1;
        self.rules.push(Described {
            id: code.to_owned(),
            title: title.to_owned(),
            level,
        });
        let fault = |word: &str, message: &str| Fault {
            rule: code.to_owned(),
            level,
            word: word.to_owned(),
            message: message.to_owned(),
            offset: None,
            identity: format!("{code}\0{message}"),
            accepted: None,
        };
        let word = if status == 1 { "refuted" } else { "undecided" };
        if changes.is_empty() {
            let envelope = self.cases.first().map(|case| case.path.clone());
            let faults = vec![fault(word, message)];
            self.add_faults([(envelope.unwrap_or_default(), faults)]);
            return;
        }
        self.add_faults(changes.iter().map(|change| {
            let fault = fault(change.kind.name(), &change.to_string());
            (place(&change.path), vec![fault])
        }));
    }

    /// Adds faults to the cases of their paths; a path that has none gets one.
    fn add_faults(&mut self, faults: impl IntoIterator<Item = (String, Vec<Fault>)>) {
        let known = self.cases.iter().enumerate();
        // A model may have a million files, and a difference for each of them.
        let mut places: BTreeMap<String, usize> =
            known.map(|(at, case)| (case.path.clone(), at)).collect();
        for (path, faults) in faults {
            let at = *places.entry(path.clone()).or_insert(self.cases.len());
            match self.cases.get_mut(at) {
                Some(case) => case.faults.extend(faults),
                None => self.cases.push(Case { path, faults }),
            }
        }
    }

    /// Adds what a scan found, as faults of the same files. Its status stays what it was.
    pub fn add_scan(
        &mut self,
        report: &Report,
        baseline: &Baseline,
        place: impl Fn(&str) -> String,
    ) {
        let scan = Self::of_scan(report, baseline);
        self.rules.extend(scan.rules);
        let cases = scan.cases.into_iter();
        self.add_faults(cases.map(|case| (place(&case.path), case.faults)));
    }
}

fn fault(file: &FileReport, finding: &Finding, baseline: &Baseline) -> Fault {
    let (rule, path, detail) = (finding.rule(), finding.path(), finding.detail());
    let offset = finding.offset();
    let (title, id) = (rule.title(), rule.id());
    Fault {
        rule: id.to_owned(),
        level: Level::of_severity(rule.severity()),
        word: rule.severity().to_string(),
        message: format!("{path} at byte {offset}: {title}: {detail}"),
        // Inside of a container it is no offset of the file.
        offset: Some(if path.contains('!') { 0 } else { offset }),
        identity: format!("{id}\0{path}\0{detail}"),
        accepted: baseline
            .accepts(file, finding)
            .map(|accepted| accepted.reason().to_owned()),
    }
}

impl Error {
    /// What its code means, in one line.
    pub const fn title(&self) -> &'static str {
        match self {
            #[cfg(feature = "sources")]
            Self::Source { .. } => "the model cannot be had from where it is said to be",
            Self::Io { .. } => "the operating system refused or failed an operation",
            Self::Unfit { .. } => "something cannot be part of a model",
            Self::Empty { .. } => "there is no file of a model",
            Self::Limit { .. } => "a limit is exceeded",
            Self::Changed { .. } => "a file changed while it was read",
            Self::Blob { .. } => "a blob of a hub cache has other content than its name says",
            Self::Malformed { .. } | Self::Json { .. } => "a text does not follow its format",
            Self::Key { .. } => "a key cannot be used",
            Self::Pin { .. } => "what is trusted is of no use for this format",
            Self::UnknownKey { .. } => "a key that was named is not among the trusted ones",
            Self::Exists { .. } => "there is something already where a file was to be made",
            Self::Unsigned { .. } => "nobody vouches for the model",
            Self::Signature { .. } => "a signature does not hold",
            Self::NotExpected { .. } => "what is there is not what was asked for",
            Self::Differs { .. } => "the model differs from what was signed",
            Self::NotCovered { .. } => "files are there that no signature covers",
            Self::NoFile { .. } => "the admitted model has no such file",
            Self::Unsupported { .. } => "a format cannot state what it would have to",
            Self::Undecided { .. } => "whether it holds cannot be said with what is there",
            Self::NotClean { .. } => "loading the model may run code",
            Self::NotDetermined { .. } => "what the model is could not be read from its files",
            Self::NotBuilt { .. } => "this build lacks what would have to be verified",
        }
    }
}

#[cfg(test)]
mod tests;
