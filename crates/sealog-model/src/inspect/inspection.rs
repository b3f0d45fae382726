//! What an inspection says of a file.

use std::fmt;

use sealog_core::json::Value;

/// How far an inspection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// The structure was read.
    Read,
    /// The content is of a kind that is not read, or of none that is known.
    Unread,
    /// The content does not follow its format or breaks a limit.
    Malformed,
}

impl Answer {
    /// The word of the reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Malformed => "malformed",
        }
    }
}

/// Why a file is malformed, and where that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) reason: String,
    pub(super) offset: u64,
}

impl Fault {
    pub(super) fn new(reason: impl Into<String>, offset: u64) -> Self {
        Self {
            reason: reason.into(),
            offset,
        }
    }

    /// What is wrong.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// At which byte: of the file, or of the member that [`Inspection::path`] names.
    pub const fn offset(&self) -> u64 {
        self.offset
    }
}

/// A tensor or array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Vec<u64>,
    pub(super) place: Option<String>,
}

impl Tensor {
    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type, as its format or library spells it.
    pub fn dtype(&self) -> &str {
        &self.dtype
    }

    /// Its shape, the slowest dimension first.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The other file that holds its data, where one does.
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// How many numbers it holds; none beyond 64 bits.
    pub fn items(&self) -> Option<u64> {
        self.shape.iter().copied().try_fold(1, u64::checked_mul)
    }
}

/// One dimension of an input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// Of this length.
    Known(u64),
    /// Of any length, under a name that stands for the same length everywhere.
    Named(String),
    /// Of any length.
    Any,
}

impl fmt::Display for Dimension {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(length) => write!(formatter, "{length}"),
            Self::Named(name) => formatter.write_str(name),
            Self::Any => formatter.write_str("?"),
        }
    }
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    pub(super) name: String,
    pub(super) dtype: String,
    pub(super) shape: Option<Vec<Dimension>>,
}

impl Port {
    /// Its name; empty where it has none.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type, as the format spells it.
    pub fn dtype(&self) -> &str {
        &self.dtype
    }

    /// Its shape, where the format says one.
    pub fn shape(&self) -> Option<&[Dimension]> {
        self.shape.as_deref()
    }
}

/// The inspection of one file, or of one member of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    pub(super) path: String,
    pub(super) kind: &'static str,
    pub(super) bytes: u64,
    pub(super) framework: Option<String>,
    pub(super) version: Option<String>,
    pub(super) class: Option<String>,
    pub(super) tensors: Vec<Tensor>,
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    pub(super) metadata: Vec<(String, Value)>,
    pub(super) unread: Vec<String>,
    pub(super) members: Vec<Self>,
    pub(super) fault: Option<Fault>,
    pub(super) known: bool,
    pub(super) sha256: Option<String>,
}

impl Inspection {
    pub(super) fn new(path: &str, bytes: u64) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
            known: true,
            ..Self::default()
        }
    }

    /// A content that is not read, and why.
    pub(super) fn unread(path: &str, bytes: u64, why: impl Into<String>) -> Self {
        let mut out = Self::new(path, bytes);
        out.kind = "unknown";
        out.known = false;
        out.unread.push(why.into());
        out
    }

    /// Drops what was read: half of a structure is none.
    pub(super) fn fail(&mut self, fault: Fault) {
        *self = Self {
            path: std::mem::take(&mut self.path),
            kind: self.kind,
            bytes: self.bytes,
            known: true,
            fault: Some(fault),
            ..Self::default()
        };
    }

    pub(super) fn note(&mut self, key: &str, value: impl Into<Value>) {
        self.metadata.push((key.to_owned(), value.into()));
    }

    /// Its name below what was asked for; members stand behind `!`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kind of its content.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// How long it is.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its digest in hexadecimal, where that was asked for.
    pub fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// What made it or is to load it, where it says so.
    pub fn framework(&self) -> Option<&str> {
        self.framework.as_deref()
    }

    /// The version of that, where it says so.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The class or architecture of the model, where it says so.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// Every tensor and array of the file itself; those of members are theirs.
    pub fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }

    /// What goes in.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What comes out.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Everything else that it says of itself.
    pub fn metadata(&self) -> &[(String, Value)] {
        &self.metadata
    }

    /// What was not read, in words.
    pub fn not_read(&self) -> &[String] {
        &self.unread
    }

    /// Members of an archive.
    pub fn members(&self) -> &[Self] {
        &self.members
    }

    /// Why it is malformed, if it is.
    pub const fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// The worst of this and its members.
    pub fn answer(&self) -> Answer {
        let own = match (&self.fault, self.known) {
            (Some(_), _) => Answer::Malformed,
            (None, true) => Answer::Read,
            (None, false) => Answer::Unread,
        };
        let members = self.members.iter().map(Self::answer).max();
        members.map_or(own, |members| own.max(members))
    }

    /// How many tensors there are, members included.
    pub fn tensor_count(&self) -> usize {
        let members = self.members.iter().map(Self::tensor_count);
        self.tensors.len() + members.sum::<usize>()
    }

    /// How many numbers all tensors hold, members included; none beyond 64 bits.
    pub fn parameters(&self) -> Option<u64> {
        let own = self.tensors.iter().map(Tensor::items);
        let members = self.members.iter().map(Self::parameters);
        own.chain(members)
            .try_fold(0u64, |sum, items| sum.checked_add(items?))
    }
}
