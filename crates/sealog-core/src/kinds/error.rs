//! Why a record or entry does not follow the schema.

#![expect(
    clippy::unnecessary_box_returns,
    reason = "errors are rare; boxed, they keep the result of a check that holds in a register"
)]

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Write as _;

use crate::ErrorKind;
use crate::limits::SCHEMA_NAME_BYTES_SHOWN_MAX;

/// Why a part of an entry was refused, and where: `path` is a JSON Pointer from the value that was checked.
///
/// Says what was found by kind and length, never by content. The only words of a producer's that it shows are names
/// of unknown fields and keys of maps, each shortened, with everything but printable ASCII escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A value of another JSON type.
    #[error("{path}: expected {expected}, found {found}")]
    WrongType {
        /// Where.
        path: String,
        /// What the table asks for.
        expected: &'static str,
        /// The JSON type that stands there.
        found: &'static str,
    },
    /// `null` where a member without a value has to be absent.
    #[error("{path}: null stands only where it has a meaning; leave the member out")]
    Null {
        /// Where.
        path: String,
    },
    /// A value of the right JSON type and another form.
    #[error("{path}: expected {expected}, found {bytes} bytes of another form")]
    Form {
        /// Where.
        path: String,
        /// The form that the table asks for.
        expected: &'static str,
        /// Bytes of the value as it stands in the text.
        bytes: usize,
    },
    /// A bare digest in a field that may cover personal content.
    #[error("{path}: a bare digest where a commitment is required")]
    BareDigest {
        /// Where.
        path: String,
    },
    /// A commitment in a field that is joined on by equality.
    #[error("{path}: a commitment where a digest is required")]
    CommitmentForDigest {
        /// Where.
        path: String,
    },
    /// A required member is absent.
    #[error("{path}: required and absent")]
    Missing {
        /// Where it would stand.
        path: String,
    },
    /// A member that the kind does not have.
    #[error("{path}: no such member in this kind")]
    UnknownField {
        /// Where.
        path: String,
    },
    /// An empty list where the member has to be absent.
    #[error("{path}: an empty list; leave the member out")]
    EmptyList {
        /// Where.
        path: String,
    },
    /// A kind that is neither in the file nor in reverse-domain form.
    #[error(
        "{path}: neither a kind of schema {} nor a name with at least two dots",
        super::SCHEMA_VERSION
    )]
    UnknownKind {
        /// Where the kind stands.
        path: String,
    },
    /// A kind that is not in the file, in a newer schema that may have it.
    #[error(
        "{path}: not a kind of schema {}, and the record follows a newer one",
        super::SCHEMA_VERSION
    )]
    NewerKind {
        /// Where the kind stands.
        path: String,
    },
    /// A kind that is computed for reports and never written.
    #[error("{path}: records of this kind are computed, never written")]
    DerivedKind {
        /// Where the kind stands.
        path: String,
    },
    /// The body names another system than the record.
    #[error("{path}: not the system_id of the record")]
    SystemId {
        /// Where it stands in the body.
        path: String,
    },
    /// A rule between fields does not hold.
    #[error("{path}: {rule}")]
    Rule {
        /// Where.
        path: String,
        /// The stable code of the rule.
        code: &'static str,
        /// The rule in words.
        rule: &'static str,
    },
}

/// Boxed, so that the result of a check that holds fits a register.
pub(super) type Check<T = ()> = Result<T, Box<SchemaError>>;

impl SchemaError {
    /// Always [`ErrorKind::Malformed`].
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::Malformed
    }

    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongType { .. } => "wrong_type",
            Self::Null { .. } => "null_not_allowed",
            Self::Form { .. } => "wrong_form",
            Self::BareDigest { .. } => "bare_digest",
            Self::CommitmentForDigest { .. } => "commitment_for_digest",
            Self::Missing { .. } => "missing_field",
            Self::UnknownField { .. } => "unknown_field",
            Self::EmptyList { .. } => "empty_list",
            Self::UnknownKind { .. } => "unknown_kind",
            Self::NewerKind { .. } => "newer_kind",
            Self::DerivedKind { .. } => "derived_kind",
            Self::SystemId { .. } => "system_id_differs",
            Self::Rule { code, .. } => code,
        }
    }

    /// Where, as a JSON Pointer (RFC 6901) from the value that was checked.
    pub fn path(&self) -> &str {
        match self {
            Self::WrongType { path, .. }
            | Self::Null { path }
            | Self::Form { path, .. }
            | Self::BareDigest { path }
            | Self::CommitmentForDigest { path }
            | Self::Missing { path }
            | Self::UnknownField { path }
            | Self::EmptyList { path }
            | Self::UnknownKind { path }
            | Self::NewerKind { path }
            | Self::DerivedKind { path }
            | Self::SystemId { path }
            | Self::Rule { path, .. } => path,
        }
    }

    /// The same error as seen from the object or list in which the checked value is called `name`.
    #[must_use]
    pub(super) fn within(mut self: Box<Self>, name: &str) -> Box<Self> {
        let mut outer = String::from("/");
        push_name(&mut outer, name);
        let path = self.path_mut();
        outer.push_str(path);
        *path = outer;
        self
    }

    fn path_mut(&mut self) -> &mut String {
        match self {
            Self::WrongType { path, .. }
            | Self::Null { path }
            | Self::Form { path, .. }
            | Self::BareDigest { path }
            | Self::CommitmentForDigest { path }
            | Self::Missing { path }
            | Self::UnknownField { path }
            | Self::EmptyList { path }
            | Self::UnknownKind { path }
            | Self::NewerKind { path }
            | Self::DerivedKind { path }
            | Self::SystemId { path }
            | Self::Rule { path, .. } => path,
        }
    }
}

/// Appends a reference token of a JSON Pointer, safe to print.
fn push_name(path: &mut String, name: &str) {
    let start = path.len();
    for char in name.chars() {
        if path.len() - start >= SCHEMA_NAME_BYTES_SHOWN_MAX {
            path.push_str("...");
            return;
        }
        match char {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            ' '..='~' => path.push(char),
            // Writing to a string cannot fail.
            _ => write!(path, "{}", char.escape_unicode()).unwrap_or_default(),
        }
    }
}
