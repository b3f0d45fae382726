//! What can go wrong with a ledger.

use std::path::PathBuf;
use std::time::Duration;

use sealog_core::ErrorKind;
use sealog_core::entry::EntryError;
use sealog_core::finding::{Finding, Weight};

/// Everything that this crate reports. Messages name what happened and to what; shells add what to do next, by
/// [`Error::code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The place where the bytes live failed or refused.
    #[error(transparent)]
    Store(#[from] sealog_store::Error),
    /// A record is not well-formed. It is certainly not in the log.
    #[error("the record is not well-formed: {}", chain(source))]
    Record {
        /// What is wrong with it.
        #[source]
        source: EntryError,
    },
    /// A value that a caller gave is not allowed there.
    #[error("{what} is not allowed: {why}")]
    Argument {
        /// Which value.
        what: &'static str,
        /// Why it is refused.
        why: String,
    },
    /// A record breaks the log's rules. It is certainly not in the log.
    #[error("the record breaks the rules of the log: {}", list(findings))]
    Rules {
        /// What a verifier would have said.
        findings: Vec<Finding>,
    },
    /// The same producer already recorded something else under this id.
    #[error("record_id {record_id} is taken by another record at index {index}")]
    IdTaken {
        /// The id.
        record_id: String,
        /// Where the other record stands.
        index: u64,
    },
    /// An id that a caller chose cannot be compared with older ones now.
    #[error(
        "record_id {record_id} cannot be compared with older records until the index is rebuilt"
    )]
    IdUnknowable {
        /// The id.
        record_id: String,
    },
    /// An id that a caller chose is not newer than entries that were disposed of, and whose ids went with them.
    #[error(
        "record_id {record_id} is not newer than entries of up to {until} that were disposed of: whether it repeats one of \
         them cannot be told"
    )]
    IdBeforeDisposal {
        /// The id.
        record_id: String,
        /// When the newest of them was recorded.
        until: String,
    },
    /// Too much waits to be written.
    #[error(
        "the queue is full ({records} records, {bytes} bytes) and did not empty within {waited:?}"
    )]
    QueueFull {
        /// Records that wait.
        records: usize,
        /// Bytes that wait.
        bytes: usize,
        /// How long was waited.
        waited: Duration,
    },
    /// The ledger was opened for reading.
    #[error("the ledger at {} was opened for reading", path.display())]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
    },
    /// The ledger was closed.
    #[error("the ledger was closed")]
    Closed,
    /// There is no signing key for a ledger that is not empty.
    #[error("no signing key for this ledger at {}", path.display())]
    KeyMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A key file cannot be used.
    #[error("the key file {} cannot be used: {why}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The key is not the one that signs this log now.
    #[error("the signing key is not the log's: expected {expected}, found {found}")]
    KeyMismatch {
        /// The log's verifier key.
        expected: String,
        /// The signer's.
        found: String,
    },
    /// There is no signature, so nothing was written. The ledger goes on once there is one.
    #[error("nothing was signed: {reason}")]
    Signer {
        /// What it said.
        reason: String,
    },
    /// A cosigned checkpoint does not vouch for this log.
    #[error("the cosigned checkpoint is not taken in: {reason}")]
    Anchor {
        /// Why.
        reason: String,
    },
    /// The log has a newer format.
    #[error("the ledger has format version {found}, this program reads up to {known}")]
    NewerFormat {
        /// Version of the ledger.
        found: u64,
        /// Newest version that is read.
        known: u64,
    },
    /// The log does not hold together, so nothing is added to it.
    #[error("the ledger is damaged: {}", list(findings))]
    Damaged {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// The log is behind, or differs from, the last checkpoint that this machine saw of it.
    #[error(
        "the ledger at size {size} does not continue the head copy of size {seen}: a restored backup or a fork"
    )]
    BehindHeadCopy {
        /// Size of the ledger.
        size: u64,
        /// Size of the head copy.
        seen: u64,
    },
    /// No head copy for a ledger that is not empty, where one is required.
    #[error("no head copy of this ledger is at {}", path.display())]
    HeadCopyMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// This user knows another log of this origin.
    #[error("another log of the origin {origin} is known on this machine")]
    OriginTaken {
        /// The origin.
        origin: String,
    },
    /// This machine knows a ledger at a path where now is none.
    #[error("a ledger was known at {} and none is there now", path.display())]
    Vanished {
        /// The path.
        path: PathBuf,
    },
    /// There is no entry of this index.
    #[error("there is no entry {index}: the log has {size}")]
    NoEntry {
        /// The index asked for.
        index: u64,
        /// Entries of the log.
        size: u64,
    },
    /// The entry was disposed of.
    #[error("entry {index} was disposed of by the record at {by}")]
    Disposed {
        /// The index asked for.
        index: u64,
        /// The record that says so.
        by: u64,
    },
    /// The log says that entries are disposed of, and not all of it is done. Whoever opens it to write goes on.
    #[error("the disposal recorded at {index} is not finished: {reason}")]
    DisposalUnfinished {
        /// The last record of the disposal.
        index: u64,
        /// What failed.
        reason: String,
    },
    /// Entries were disposed of while the log was read, so that what was read is of two states of its files.
    #[error("entries were disposed of while the log was read")]
    Rewritten,
    /// The group that the records were in was not written. They are certainly not in the log.
    #[error("{reason}")]
    NotWritten {
        /// Kind of what failed.
        kind: ErrorKind,
        /// Its reason code.
        code: &'static str,
        /// What failed.
        reason: String,
    },
    /// Whether the records are in the log is unknown. Retry with the same ids.
    #[error("whether the records are in the log is unknown: {reason}")]
    OutcomeUnknown {
        /// Ids to retry with.
        record_ids: Vec<String>,
        /// What failed.
        reason: String,
    },
    /// An extract does not hold, or not as far as was asked.
    #[error("line {line} of the extract: {finding}")]
    Extract {
        /// Which line, from 1.
        line: u64,
        /// What fails there.
        finding: Box<Finding>,
    },
    /// The query index failed; the log is not concerned.
    #[error("the index failed: {reason}")]
    Index {
        /// What it said.
        reason: String,
    },
    /// Reading or writing a file beside the log failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something is where a new file was to be.
    #[error("there is something at {} already, and nothing is written over", path.display())]
    FileExists {
        /// Where.
        path: PathBuf,
    },
    /// The random source failed.
    #[error("the random source failed: {reason}")]
    Random {
        /// What it said.
        reason: String,
    },
    /// The key store cannot be used.
    #[error("the key store{} cannot be used: {why}", at(path.as_deref()))]
    KeyStore {
        /// Its file; none in memory.
        path: Option<PathBuf>,
        /// Why.
        why: String,
    },
    /// Entries name data keys of persons or tenants, and the store that held them is not there.
    #[error("the log names keys of a key store (entries: {entries}), and none is at {}", path.display())]
    KeyStoreMissing {
        /// Where it was looked for.
        path: PathBuf,
        /// How many entries.
        entries: u64,
    },
    /// A policy or a sealed value failed.
    #[error(transparent)]
    Privacy(sealog_privacy::Error),
    /// The key store has no key and no pseudonym of whoever is to be erased: nothing is there, or not any more.
    #[error("the key store knows nobody of this name in this tenant")]
    UnknownSubject,
    /// Whom the record is about was erased while it was made: the record names a key or a pseudonym that is gone.
    #[error("whom the record is about was erased while it was made")]
    SubjectErased,
    /// A legal hold forbids the erasure.
    #[error("the legal hold {hold_id} on {scope} forbids it")]
    Held {
        /// The hold.
        hold_id: String,
        /// What it covers.
        scope: String,
    },
    /// A retention policy still keeps an entry.
    #[error("the retention class {class} keeps an entry of it until {until}")]
    Retained {
        /// The class.
        class: String,
        /// Until when.
        until: String,
    },
    /// There are not enough approvals of an erasure.
    #[error("{scope} is approved by {given} of the {needed} persons that it needs")]
    NotApproved {
        /// What is to be erased.
        scope: String,
        /// Approvals that it needs.
        needed: usize,
        /// Approvals that count.
        given: usize,
    },
    /// A data key was destroyed or cannot be read.
    #[error("the data key {key_id} is not available")]
    DataKey {
        /// Which key.
        key_id: String,
    },
}

impl Error {
    /// Which of the four kinds of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::NotWritten { kind, .. } => *kind,
            Self::Record { .. } | Self::Argument { .. } => ErrorKind::Malformed,
            Self::Rules { .. }
            | Self::IdTaken { .. }
            | Self::IdUnknowable { .. }
            | Self::IdBeforeDisposal { .. }
            | Self::QueueFull { .. }
            | Self::ReadOnly { .. }
            | Self::Closed
            | Self::KeyMissing { .. }
            | Self::KeyMismatch { .. }
            | Self::Signer { .. }
            | Self::Anchor { .. }
            | Self::NewerFormat { .. }
            | Self::BehindHeadCopy { .. }
            | Self::HeadCopyMissing { .. }
            | Self::Vanished { .. }
            | Self::OriginTaken { .. }
            | Self::NoEntry { .. }
            | Self::Disposed { .. }
            | Self::KeyStoreMissing { .. }
            | Self::UnknownSubject
            | Self::SubjectErased
            | Self::Held { .. }
            | Self::Retained { .. }
            | Self::NotApproved { .. }
            | Self::FileExists { .. } => ErrorKind::Refused,
            Self::Privacy(error) => error.kind(),
            Self::Damaged { .. } => ErrorKind::Refuted,
            Self::Extract { finding, .. } => match finding.weight() {
                Weight::Refutes => ErrorKind::Refuted,
                Weight::Undecided | Weight::Note => ErrorKind::Malformed,
            },
            Self::KeyFile { .. }
            | Self::OutcomeUnknown { .. }
            | Self::Index { .. }
            | Self::DisposalUnfinished { .. }
            | Self::Rewritten
            | Self::Io { .. }
            | Self::Random { .. }
            | Self::KeyStore { .. }
            | Self::DataKey { .. } => ErrorKind::Unavailable,
        }
    }

    /// A stable reason code, `snake_case`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => store_code(error),
            Self::NotWritten { code, .. } => code,
            Self::Record { source } => source.finding().code.id(),
            Self::Argument { .. } => "argument",
            Self::Rules { findings } | Self::Damaged { findings } => heaviest(findings),
            Self::Extract { finding, .. } => finding.code.id(),
            Self::IdTaken { .. } => "id_taken",
            Self::IdUnknowable { .. } => "id_unknowable",
            Self::IdBeforeDisposal { .. } => "id_before_disposal",
            Self::QueueFull { .. } => "queue_full",
            Self::ReadOnly { .. } => "read_only",
            Self::Closed => "closed",
            Self::KeyMissing { .. } => "key_missing",
            Self::KeyFile { .. } => "key_file",
            Self::KeyMismatch { .. } => "key_mismatch",
            Self::Signer { .. } => "signer",
            Self::Anchor { .. } => "anchor",
            Self::NewerFormat { .. } => "newer_format",
            Self::BehindHeadCopy { .. } => "behind_head_copy",
            Self::HeadCopyMissing { .. } => "head_copy_missing",
            Self::Vanished { .. } => "vanished",
            Self::OriginTaken { .. } => "origin_taken",
            Self::NoEntry { .. } => "no_entry",
            Self::Disposed { .. } => "disposed",
            Self::DisposalUnfinished { .. } => "disposal_unfinished",
            Self::Rewritten => "rewritten",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::Index { .. } => "index",
            Self::Io { .. } => "io",
            Self::FileExists { .. } => "file_exists",
            Self::Random { .. } => "random",
            Self::DataKey { .. } => "data_key",
            Self::KeyStore { .. } => "key_store",
            Self::KeyStoreMissing { .. } => "key_store_missing",
            Self::Privacy(error) => error.code(),
            Self::UnknownSubject => "unknown_subject",
            Self::SubjectErased => "subject_erased",
            Self::Held { .. } => "legal_hold",
            Self::Retained { .. } => "retention",
            Self::NotApproved { .. } => "not_approved",
        }
    }

    /// Ids to retry with, where the outcome is unknown.
    pub fn outcome_unknown(&self) -> Option<&[String]> {
        match self {
            Self::OutcomeUnknown { record_ids, .. } => Some(record_ids),
            _ => None,
        }
    }

    /// The findings behind the error, if it has any.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Rules { findings } | Self::Damaged { findings } => findings,
            Self::Extract { finding, .. } => std::slice::from_ref(finding),
            _ => &[],
        }
    }

    /// What a policy said; of what failed in this crate while it worked, that itself.
    pub(crate) fn from_privacy(error: sealog_privacy::Error) -> Self {
        match error {
            sealog_privacy::Error::Vault { source } => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(source) => Self::Privacy(sealog_privacy::Error::Vault { source }),
            },
            error => Self::Privacy(error),
        }
    }

    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

fn store_code(error: &sealog_store::Error) -> &'static str {
    use sealog_store::Error as Store;
    match error {
        Store::NotALedger { .. } => "not_a_ledger",
        Store::Exists { .. } => "exists",
        Store::OpenedForReading { .. } => "read_only",
        Store::Busy { .. } => "busy",
        Store::Disposing { .. } => "disposing",
        Store::Poisoned { .. } => "poisoned",
        Store::Forked { .. } => "forked",
        Store::SharedFileSystem { .. } => "shared_file_system",
        Store::WrongKind { .. } => "wrong_kind",
        Store::ForeignBytes { .. } => "foreign_bytes",
        _ => "io",
    }
}

/// The code of the first of the heaviest findings: a note may stand before what refused a record.
fn heaviest(findings: &[Finding]) -> &'static str {
    let weight = findings.iter().map(Finding::weight).max();
    let first = findings
        .iter()
        .find(|finding| Some(finding.weight()) == weight);
    first.map_or("damaged", |finding| finding.code.id())
}

fn list(findings: &[Finding]) -> String {
    findings
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// An error with what it rests on, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        text.push_str(": ");
        text.push_str(&below.to_string());
        source = below.source();
    }
    text
}

impl From<sealog_privacy::Error> for Error {
    fn from(error: sealog_privacy::Error) -> Self {
        Self::from_privacy(error)
    }
}

fn at(path: Option<&std::path::Path>) -> String {
    path.map_or_else(String::new, |path| format!(" {}", path.display()))
}
