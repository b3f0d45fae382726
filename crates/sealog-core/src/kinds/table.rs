//! The tables that `build.rs` makes of `kinds.json`, and what their rows say.

use super::name::Name;

/// A kind of record.
#[derive(Debug)]
pub struct KindDef {
    name: &'static str,
    description: &'static str,
    written_by: WrittenBy,
    may_hold_personal_data: bool,
    note: Option<&'static str>,
    rule: Rule,
    fields: &'static [FieldDef],
}

impl KindDef {
    /// Its name, for example `decision`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What a record of it says, in one line.
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// Who may write records of it.
    pub const fn written_by(&self) -> WrittenBy {
        self.written_by
    }

    /// Whether a field of it may hold personal data.
    pub const fn may_hold_personal_data(&self) -> bool {
        self.may_hold_personal_data
    }

    /// Why no control reads it, for kinds that none does.
    pub const fn note(&self) -> Option<&'static str> {
        self.note
    }

    /// The fields of its body in canonical order.
    pub const fn fields(&self) -> &'static [FieldDef] {
        self.fields
    }

    /// A field of its body.
    pub fn field(&self, name: &str) -> Option<&'static FieldDef> {
        self.fields.iter().find(|field| field.name() == name)
    }

    pub(super) const fn rule(&self) -> Rule {
        self.rule
    }
}

/// A field of a body, or a member of an entry or of an object in it.
#[derive(Debug)]
pub struct FieldDef {
    name: Name,
    slot: Slot,
    of: Type,
    required: bool,
    nullable: bool,
    personal: Personal,
    form: Form,
    meaning: &'static str,
}

impl FieldDef {
    /// Its name: the key in canonical JSON.
    pub const fn name(&self) -> &'static str {
        self.name.text()
    }

    /// The type of its value.
    pub const fn of(&self) -> &Type {
        &self.of
    }

    /// Whether it must be there.
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// Whether `null` may stand there, as its meaning says.
    pub const fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// Whether it holds a commitment, so that a bare digest is refused.
    pub const fn is_committed(&self) -> bool {
        matches!(self.of, Type::Commitment)
    }

    /// What it may say of persons.
    pub const fn personal(&self) -> Personal {
        self.personal
    }

    /// What it means, in one line.
    pub const fn meaning(&self) -> &'static str {
        self.meaning
    }

    pub(super) const fn key(&self) -> &Name {
        &self.name
    }

    pub(super) const fn slot(&self) -> Slot {
        self.slot
    }

    pub(super) const fn form(&self) -> Form {
        self.form
    }
}

/// The type of a field.
#[derive(Debug)]
#[non_exhaustive]
pub enum Type {
    /// An identifier.
    Id,
    /// `algorithm:hex` of an artefact.
    Digest,
    /// `hmac-sha256:key id:hex` of a value that may be personal.
    Commitment,
    /// RFC 3339 in UTC.
    Time,
    /// A finite number.
    Number,
    /// An integer from 0 to 2^53 - 1.
    Integer,
    /// One line of 1 to 1024 bytes.
    String,
    /// Free text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// One of the values.
    Enum {
        /// The values of the file.
        values: &'static [&'static str],
        /// Whether a reverse-domain value of somebody's own is allowed too.
        open: bool,
    },
    /// A list of values of one type.
    List(&'static Type),
    /// An object with these members.
    Object(&'static [FieldDef]),
    /// A flat map from strings to number, string or boolean.
    Map,
}

/// Who may write a record of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WrittenBy {
    /// Whoever records it, the log's own software included.
    Producer,
    /// Only the log's own administrative calls.
    Log,
    /// Nobody: computed when reports are made.
    Derived,
}

/// What a field may say of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Personal {
    /// Nothing.
    None,
    /// It stands for a person under a pseudonym.
    Pseudonym,
    /// Anything that somebody typed.
    FreeText,
}

/// A narrower form than the type's: the patterns of the file, and what its meanings say in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing narrower.
    Any,
    /// An object that another table is for.
    AnyObject,
    /// The name of a kind, which `check_body` looks up.
    Kind,
    /// Sixty-four lowercase hex digits.
    Hex64,
    /// Thirty-two lowercase hex digits.
    Hex32,
    /// A lowercase UUID of version 7.
    Uuid7,
    /// Three numbers with points between.
    Version,
    /// Sixty-four bytes in base64.
    SignatureBase64,
    /// Base64 of at most `PAYLOAD_INLINE_BYTES_MAX` bytes.
    InlineBase64,
    /// A digest by SHA-256 and no other algorithm.
    Sha256,
    /// A list with at least one element.
    NotEmpty,
    /// A map to integers that are not negative.
    Counts,
    /// A number from 0 to 1.
    UnitInterval,
}

/// Where rules and readers find the value of a field: [`found`](super::found).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    None,
    Action,
    Body,
    ConfigDigest,
    Error,
    Index,
    Kind,
    LabelId,
    LabelSource,
    ModelId,
    ModelReason,
    ModelState,
    Payloads,
    PersonalCommitments,
    PrevCheckpoint,
    PrevHash,
    ProducerId,
    ProducerRun,
    ProducerSeq,
    RecordId,
    RecordedAt,
    RetentionClass,
    SchemaVersion,
    Score,
    Seq,
    StreamId,
    SystemId,
    TenantId,
}

impl Slot {
    /// Slots there are, `None` among them.
    pub(super) const COUNT: usize = Self::TenantId.place() + 1;

    #[expect(
        clippy::as_conversions,
        reason = "the place of a variant, of which there are few"
    )]
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

/// The rules between the fields of a kind: [`rules`](super::rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    None,
    ConfigChanged,
    Decision,
    EpochSealed,
    IndexRange,
    KeyEvent,
    LedgerCreated,
    LogState,
    SeqRange,
}

include!(concat!(env!("OUT_DIR"), "/kinds.rs"));
