//! Logs of older systems: verified under their own rules, then adopted.
//!
//! A source is copied once into a private file, read and verified whole, and only then adopted from the same copy
//! ([`Ledger::adopt`](crate::Ledger::adopt)). What is adopted says `capture_mode: imported`, keeps the original bytes
//! as a payload, and carries ids and times as claims of the source. `docs/import.md` lists what is found.
//!
//! A document about a model ([`ModelDocument`]) comes verified from elsewhere and is adopted in the same way.
//!
//! **What is absent**: reading manifests of models, which `sealog-model` does, and any network.

mod adopt;
mod audit_trail;
mod chain;
mod json;
mod llm_kinds;
mod llm_trail;
mod model;
mod provenance;
mod report;
mod secret;
mod source;
mod weakness;
mod zip;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sealog_core::ErrorKind;
use sealog_core::finding::Weight;
use sealog_core::hash::Hash;
use sealog_core::json::Object;
use sealog_core::time::Timestamp;

pub use adopt::{Adopted, Adoption};
pub use model::{DocumentFile, ModelDocument, ModelFacts};
pub use secret::{ANCHOR_BYTES_MAX, Anchor, HMAC_KEY_BYTES_MAX, HmacKey};
pub use source::{RECORD_LINE_BYTES_MAX, SOURCE_BYTES_MAX};
pub use weakness::{DETAIL_BYTES_MAX, FINDINGS_KEPT_MAX, Findings, ImportFinding, Weakness};

/// Media type of originals that are JSON, or were to be.
const JSON: &str = "application/json";

/// An older format that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Receipts of ai-audit-trail: an evidence ZIP, or JSON Lines.
    AiAuditTrail,
    /// A database file of decision-provenance, schema 1.0 or 1.1.
    DecisionProvenance,
    /// Events of llm-audit-trail, schema 0.1 or 0.2: JSON Lines.
    LlmAuditTrail,
    /// A manifest of `HashTraceAI`, in one of its three forms: a [`ModelDocument`].
    HashTraceAi,
    /// The hash file and the metadata of mlsecops-integrity: a [`ModelDocument`].
    MlsecopsIntegrity,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[
        Self::AiAuditTrail,
        Self::DecisionProvenance,
        Self::LlmAuditTrail,
        Self::HashTraceAi,
        Self::MlsecopsIntegrity,
    ];

    /// Its name, as `import.adopted.source_format` has it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::AiAuditTrail => "ai-audit-trail",
            Self::DecisionProvenance => "decision-provenance",
            Self::LlmAuditTrail => "llm-audit-trail",
            Self::HashTraceAi => "hashtraceai",
            Self::MlsecopsIntegrity => "mlsecops-integrity",
        }
    }

    /// Whether it is of documents about a model, which are read and verified elsewhere.
    pub const fn is_of_models(self) -> bool {
        matches!(self, Self::HashTraceAi | Self::MlsecopsIntegrity)
    }

    /// The format of this name.
    pub fn from_id(id: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|format| format.id() == id)
    }

    /// The format that the first line of a file is of: a guess, which the reader then holds to.
    fn of_bytes(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"SQLite format 3\0") {
            return Some(Self::DecisionProvenance);
        }
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if head.starts_with(b"{") && llm_trail::is_claimed(line) {
            return Some(Self::LlmAuditTrail);
        }
        (head.starts_with(b"PK\x03\x04") || head.starts_with(b"{")).then_some(Self::AiAuditTrail)
    }
}

/// What was verified of a source, under its own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "as for every verdict: holds, refuted, undecided"
)]
pub enum SourceVerdict {
    /// All that its rules ask for holds.
    Holds,
    /// Something fails.
    Refuted,
    /// Something could not be decided.
    Undecided,
}

impl SourceVerdict {
    /// Its name, as `import.adopted.verification` has it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Refuted => "refuted",
            Self::Undecided => "undecided",
        }
    }
}

/// Why a source cannot be read or adopted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The ledger refused or failed.
    #[error(transparent)]
    Ledger(#[from] crate::Error),
    /// Reading or copying a file failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The source is not of the format, or beyond a limit, so that nothing was decided.
    #[error("the source cannot be read: {why}")]
    Source {
        /// A stable reason code.
        code: &'static str,
        /// Why.
        why: String,
    },
    /// The source does not hold under its own rules, and nobody accepted that.
    #[error("the source is {} under its own rules: {}", verdict.id(), codes.join(", "))]
    NotAccepted {
        /// What was decided.
        verdict: SourceVerdict,
        /// Codes of the findings that speak against it.
        codes: Vec<&'static str>,
    },
    /// The ledger was opened with a privacy policy, which would change the originals that an import keeps.
    #[error(
        "an import keeps originals byte for byte, and the privacy policy of this ledger would change them"
    )]
    UnderPolicy,
    /// Another import goes on in this ledger.
    #[error("another import is adopting into this ledger")]
    Busy,
    /// The source was adopted before.
    #[error("this source was imported before, at index {index}")]
    Again {
        /// Where the record of it stands.
        index: u64,
    },
}

impl ImportError {
    pub(crate) fn source(code: &'static str, why: impl Into<String>) -> Self {
        Self::Source {
            code,
            why: why.into(),
        }
    }

    /// Which of the four kinds of error this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Ledger(error) => error.kind(),
            Self::Io { .. } => ErrorKind::Unavailable,
            Self::Source { .. } => ErrorKind::Malformed,
            Self::NotAccepted {
                verdict: SourceVerdict::Refuted,
                ..
            } => ErrorKind::Refuted,
            Self::NotAccepted { .. } | Self::UnderPolicy | Self::Busy | Self::Again { .. } => {
                ErrorKind::Refused
            }
        }
    }

    /// A stable reason code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) => error.code(),
            Self::Io { .. } => "io",
            Self::Source { code, .. } => code,
            Self::NotAccepted { verdict, codes } => match verdict {
                SourceVerdict::Undecided => codes.first().copied().unwrap_or("import_undecided"),
                _ => codes.first().copied().unwrap_or("import_refuted"),
            },
            Self::UnderPolicy => "import_under_policy",
            Self::Busy => "import_busy",
            Self::Again { .. } => "imported_before",
        }
    }
}

/// One record of a source, as it is adopted.
#[derive(Debug)]
struct Original {
    position: u64,
    kind: String,
    id: Option<String>,
    time: Option<Timestamp>,
    media_type: &'static str,
    bytes: Vec<u8>,
    /// Kind and body of the record that it becomes; none: it is adopted as `import.adopted`.
    entry: Option<(&'static str, Object)>,
}

/// What each format gives: a verification, and then its records.
trait Reader: std::fmt::Debug {
    /// Verifies everything; gives the number of records.
    fn review(&mut self, findings: &mut Findings) -> Result<u64, ImportError>;
    /// Version of the format, where it says one.
    fn version(&self) -> Option<String>;
    /// What of that which was pinned the verdict stands on.
    fn verified_with(&self) -> Option<String> {
        None
    }
    /// Whether its first record is that of a model that was there: a document may be adopted without, and come again.
    fn registers_model(&self) -> bool {
        false
    }
    /// The records in order.
    fn each(
        &mut self,
        take: &mut dyn FnMut(Original) -> Result<(), ImportError>,
    ) -> Result<(), ImportError>;
}

/// What is pinned for a source, each by another way than the source itself.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// The Ed25519 key that signed it: receipts of ai-audit-trail.
    pub key: Option<[u8; 32]>,
    /// The secret that it is chained with: events of llm-audit-trail.
    pub secret: Option<HmacKey>,
    /// Where it ended at some time: events of llm-audit-trail.
    pub anchor: Option<Anchor>,
}

impl Pins {
    /// Refuses what is pinned and would not be looked at: an answer must not pass over it.
    ///
    /// # Errors
    /// `pin_unused`: the format has no place for it.
    pub fn refuse_unused(&self, format: Format) -> Result<(), ImportError> {
        let receipts = format == Format::AiAuditTrail;
        let events = format == Format::LlmAuditTrail;
        for (given, used, what) in [
            (self.key.is_some(), receipts, "an Ed25519 key"),
            (self.secret.is_some(), events, "a secret key"),
            (self.anchor.is_some(), events, "an anchor"),
        ] {
            if given && !used {
                let why = format!("{what} was given, and {} has none", format.id());
                return Err(ImportError::source("pin_unused", why));
            }
        }
        Ok(())
    }
}

/// A source that was read and verified whole.
#[derive(Debug)]
pub struct Source {
    format: Format,
    digest: Hash,
    records: u64,
    findings: Findings,
    verified_with: Option<String>,
    reader: Box<dyn Reader>,
}

impl Source {
    /// Copies, reads and verifies a source. Without a format its first line says which it is.
    ///
    /// # Errors
    /// It cannot be read, or something is pinned that its format does not have. That it does not hold is no error, but
    /// a finding.
    pub fn open(path: &Path, format: Option<Format>, pins: Pins) -> Result<Self, ImportError> {
        refuse_journal(path)?;
        let copy = source::copy_of(path)?;
        let io = source::failed("read", path);
        let mut head = Vec::new();
        let mut file = copy.file.reopen().map_err(&io)?;
        // A whole line, or it does not tell.
        let limit = u64::try_from(RECORD_LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let mut begin = (&mut file).take(limit);
        begin.read_to_end(&mut head).map_err(&io)?;
        let format = format.or_else(|| Format::of_bytes(&head)).ok_or_else(|| {
            ImportError::source("unknown_format", "it is of no format that is imported")
        })?;
        pins.refuse_unused(format)?;
        let key = pins.key;
        let mut findings = Findings::default();
        let mut reader: Box<dyn Reader> = match format {
            Format::AiAuditTrail if head.starts_with(b"PK") => {
                audit_trail::open_zip(file, key, &mut findings)?
            }
            Format::AiAuditTrail => Box::new(audit_trail::Receipts::new(file, key)),
            Format::DecisionProvenance => Box::new(provenance::Database::open(copy.file)?),
            Format::LlmAuditTrail => {
                Box::new(llm_trail::Events::new(file, pins.secret, pins.anchor))
            }
            Format::HashTraceAi | Format::MlsecopsIntegrity => {
                let why =
                    "a document about a model is verified beside the model, before it comes here";
                return Err(ImportError::source("model_document", why));
            }
        };
        let records = reader.review(&mut findings)?;
        if records == 0 {
            findings.add(Weakness::EmptySource, None);
        }
        if format == Format::AiAuditTrail && key.is_none() {
            findings.add(Weakness::KeyNotPinned, None);
        }
        let signed_by = key.map(|key| format!("ed25519:{}", Hash::new(key).to_hex()));
        Ok(Self {
            format,
            digest: copy.digest,
            records,
            findings,
            verified_with: signed_by.or_else(|| reader.verified_with()),
            reader,
        })
    }

    /// Its format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The version of its format, where it says one.
    pub fn version(&self) -> Option<String> {
        self.reader.version()
    }

    /// SHA-256 of the file.
    pub const fn digest(&self) -> &Hash {
        &self.digest
    }

    /// Number of records.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// What was found.
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What its own rules say of it.
    pub fn verdict(&self) -> SourceVerdict {
        match self.findings.weight() {
            Weight::Note => SourceVerdict::Holds,
            Weight::Undecided => SourceVerdict::Undecided,
            Weight::Refutes => SourceVerdict::Refuted,
        }
    }
}

/// A database whose newest rows stand in a journal beside it would be read without them.
fn refuse_journal(path: &Path) -> Result<(), ImportError> {
    for suffix in ["-wal", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        if std::fs::metadata(&name).is_ok_and(|data| data.len() > 0) {
            let why = "a journal lies beside it, which holds rows that are not in the file: close \
                       the program that writes it, open it once with sqlite3 and quit";
            return Err(ImportError::source("journal_pending", why));
        }
    }
    Ok(())
}
