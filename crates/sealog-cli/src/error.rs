//! What can go wrong with a command, and what to do about it.

use std::io;
use std::path::PathBuf;

use sealog_core::ErrorKind;
use sealog_core::finding::Finding;
use sealog_core::json::JsonError;

use crate::advice;

/// Everything that a command reports instead of its result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] sealog_ledger::Error),
    /// A log of an older system cannot be read or adopted.
    #[error(transparent)]
    Import(#[from] sealog_ledger::import::ImportError),
    /// A model, its manifest, signature or key cannot be used, or does not hold.
    #[error(transparent)]
    Model(#[from] sealog_model::Error),
    /// A privacy policy cannot be used, or the search under it failed.
    #[error(transparent)]
    Privacy(#[from] sealog_privacy::Error),
    /// No ledger was named and none is here.
    #[error("no ledger is named, and there is no `*.sealog` in {}", directory.display())]
    NoLedger {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// No ledger was named and several are here.
    #[error("no ledger is named, and there are several here: {}", names.join(", "))]
    SeveralLedgers {
        /// Their names.
        names: Vec<String>,
    },
    /// There is nothing at a path.
    #[error("there is nothing at {}", path.display())]
    Absent {
        /// The path.
        path: PathBuf,
    },
    /// A configuration file says what it may not say.
    #[error("configuration file {}: {problem}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// An option that does not exist.
    #[error("no option is called `{name}`{}", in_file(file.as_ref()))]
    UnknownOption {
        /// Its name.
        name: String,
        /// The file that has it; none: the command line.
        file: Option<PathBuf>,
    },
    /// An option has a value of the wrong form. The value is not shown: it may be a secret put in the wrong place.
    #[error("option `{name}` ({source_name}) is not {expected}")]
    BadSetting {
        /// Its name.
        name: String,
        /// Where the value came from.
        source_name: String,
        /// What it has to be.
        expected: String,
    },
    /// An argument has a value that is not allowed.
    #[error("{argument}: {problem}")]
    Argument {
        /// Which argument.
        argument: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// In production something is missing or forbidden.
    #[error("not in production: {problem}")]
    Production {
        /// What.
        problem: String,
    },
    /// A key is there already, and none is ever written over.
    #[error("there is a key already at {}", path.display())]
    KeyExists {
        /// Its file.
        path: PathBuf,
    },
    /// This user knows another log of the same origin.
    #[error("a log of the origin {origin} is known already, with another key")]
    OriginTaken {
        /// The origin.
        origin: String,
    },
    /// The input is not JSON.
    #[error("{place}: {source}")]
    Json {
        /// Which input.
        place: String,
        /// Why.
        source: JsonError,
    },
    /// The input is JSON and no record.
    #[error("{place}: {problem}")]
    Input {
        /// Which input.
        place: String,
        /// Why.
        problem: String,
    },
    /// There was nothing to record.
    #[error("the input holds no record")]
    EmptyBatch,
    /// Some lines of a stream were not recorded.
    #[error("{failed} of {lines} lines were not recorded")]
    Lines {
        /// How many were not.
        failed: u64,
        /// How many there were.
        lines: u64,
        /// What the worst of them was.
        kind: ErrorKind,
    },
    /// A verifier key cannot be used.
    #[error("{place} is not a verifier key: {problem}")]
    VerifierKey {
        /// Where it came from.
        place: String,
        /// Why not.
        problem: String,
    },
    /// A policy cannot be used.
    #[error("{} is not a policy: {problem}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Why not.
        problem: String,
    },
    /// There is no privacy policy at a path.
    #[error("there is no privacy policy at {}", path.display())]
    NoPrivacyPolicy {
        /// The path.
        path: PathBuf,
    },
    /// Reading or writing a file failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output failed, other than by being closed.
    #[error("cannot write the output: {source}")]
    Output {
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Which of the four kinds of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Ledger(error) => error.kind(),
            Self::Import(error) => error.kind(),
            Self::Model(error) => error.kind(),
            Self::Privacy(error) => error.kind(),
            Self::Lines { kind, .. } => *kind,
            Self::Production { .. } | Self::KeyExists { .. } | Self::OriginTaken { .. } => {
                ErrorKind::Refused
            }
            Self::NoLedger { .. }
            | Self::SeveralLedgers { .. }
            | Self::ConfigFile { .. }
            | Self::UnknownOption { .. }
            | Self::BadSetting { .. }
            | Self::Argument { .. }
            | Self::Json { .. }
            | Self::Input { .. }
            | Self::EmptyBatch
            | Self::VerifierKey { .. }
            | Self::Policy { .. } => ErrorKind::Malformed,
            Self::Absent { .. }
            | Self::NoPrivacyPolicy { .. }
            | Self::Io { .. }
            | Self::Output { .. } => ErrorKind::Unavailable,
        }
    }

    /// Ids to retry with, where the outcome is unknown.
    pub fn record_ids(&self) -> &[String] {
        match self {
            Self::Ledger(error) => error.outcome_unknown().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The findings behind the error, if it has any.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Ledger(error) => error.findings(),
            _ => &[],
        }
    }

    /// Whether it is about one record and says nothing against the next.
    pub fn is_of_one_record(&self) -> bool {
        use sealog_ledger::Error as Below;
        match self {
            Self::Ledger(error) => matches!(
                error,
                Below::Record { .. }
                    | Below::Argument { .. }
                    | Below::Rules { .. }
                    | Below::IdTaken { .. }
                    | Below::IdUnknowable { .. }
            ),
            Self::Json { .. } | Self::Input { .. } | Self::Argument { .. } => true,
            _ => false,
        }
    }

    /// What to do about it, if there is something to do beyond what the message says.
    pub fn advice(&self) -> Option<&'static str> {
        use sealog_ledger::Error as Below;
        match self {
            // The code is that of the finding, and what to do about one in a log is another matter.
            Self::Ledger(Below::Record { .. } | Below::Rules { .. }) => advice::of("input"),
            Self::Ledger(Below::Damaged { .. }) => advice::of("damaged"),
            _ => advice::of(self.code()),
        }
    }

    /// A stable reason code, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Import(error) => error.code(),
            Self::Model(error) => error.code(),
            Self::Privacy(error) => error.code(),
            Self::NoLedger { .. } => "no_ledger",
            Self::SeveralLedgers { .. } => "several_ledgers",
            Self::Absent { .. } => "absent",
            Self::ConfigFile { .. } => "config_file",
            Self::UnknownOption { .. } => "unknown_option",
            Self::BadSetting { .. } => "bad_setting",
            Self::Argument { .. } => "argument",
            Self::Production { .. } => "production",
            Self::KeyExists { .. } => "key_exists",
            Self::OriginTaken { .. } => "origin_taken",
            Self::Json { .. } => "json",
            Self::Input { .. } => "input",
            Self::EmptyBatch => "empty_batch",
            Self::Lines { .. } => "lines",
            Self::VerifierKey { .. } => "verifier_key",
            Self::Policy { .. } => "policy",
            Self::NoPrivacyPolicy { .. } => "privacy_policy_absent",
            Self::Io { .. } => "io",
            Self::Output { .. } => "output",
        }
    }
}

fn in_file(file: Option<&PathBuf>) -> String {
    file.map_or_else(String::new, |path| format!(" ({})", path.display()))
}
