//! Signed notes: a text and the lines of those who signed it (C2SP signed-note, `docs/formats/note.md`).
//!
//! A note's text says nothing until [`Note::verify`] has found a signature by a key that the caller brought.
//! **Absent**: signature types other than 0x01 and 0x04; their lines are kept and never count.

use alloc::string::String;
use alloc::vec::Vec;

use super::base64;
use super::cosignature::{self, CosignatureError};
use super::sign::{SignError, Signer};
use super::vkey::{KeyType, VerifierKey, is_name};
use crate::ErrorKind;
use crate::limits::{NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};

/// What a signature line begins with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";
/// Bytes of a key id.
const ID_BYTES: usize = 4;

/// A note as it was read, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: Vec<NoteSignature<'a>>,
}

/// One signature line, unverified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature<'a> {
    name: &'a str,
    id: [u8; ID_BYTES],
    signature: Vec<u8>,
    line: &'a str,
}

/// The text of a note with at least one good signature and no bad one by the keys that it was verified with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote {
    text: String,
    signatures: Vec<VerifiedSignature>,
}

/// A key that signed a note; each key stands once, however many lines it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSignature {
    key: VerifierKey,
    time: Option<u64>,
}

impl<'a> Note<'a> {
    /// Reads a note of at most [`NOTE_BYTES_MAX`] bytes and [`NOTE_SIGNATURES_MAX`] signature lines.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, NoteError> {
        refuse_length(bytes.len())?;
        let note = core::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        refuse_control(note)?;
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, rest) = note
            .split_at_checked(separator + 1)
            .ok_or(NoteError::NoSeparator)?;
        let lines = rest.strip_prefix('\n').ok_or(NoteError::NoSeparator)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let mut signatures = Vec::new();
        for (number, line) in (1..).zip(lines.split('\n')) {
            if number > NOTE_SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures {
                    max: NOTE_SIGNATURES_MAX,
                });
            }
            let signature = NoteSignature::parse(line);
            signatures.push(signature.ok_or(NoteError::SignatureLine { number })?);
        }
        Ok(Self { text, signatures })
    }

    /// The text with its last newline, unverified.
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// The signature lines in order, unverified.
    pub fn signatures(&self) -> &[NoteSignature<'a>] {
        &self.signatures
    }

    /// Verifies every line whose name and id belong to one of the keys. One bad line among those refuses the note,
    /// and so does the absence of any such line; lines by others count for nothing.
    pub fn verify<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<VerifiedNote, NoteError> {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut verified: Vec<VerifiedSignature> = Vec::new();
        for signature in &self.signatures {
            let Some(key) = signature.find_key(&keys)? else {
                continue;
            };
            let time = signature.verify(key, self.text)?;
            match verified.iter_mut().find(|other| other.key == *key) {
                // Of several times by one witness the earliest: it shows the most, and never looks too fresh.
                Some(known) => known.time = known.time.min(time),
                None => verified.push(VerifiedSignature {
                    key: key.clone(),
                    time,
                }),
            }
        }
        if verified.is_empty() {
            return Err(NoteError::NoKnownKey);
        }
        Ok(VerifiedNote {
            text: self.text.into(),
            signatures: verified,
        })
    }
}

impl<'a> NoteSignature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(LINE_START)?.split_once(' ')?;
        let bytes = base64::decode(encoded)?;
        let (id, signature) = bytes.split_first_chunk::<ID_BYTES>()?;
        (is_name(name) && !signature.is_empty()).then(|| Self {
            name,
            id: *id,
            signature: signature.into(),
            line,
        })
    }

    /// Name of the key that the line claims.
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// Id of the key that the line claims.
    pub const fn id(&self) -> [u8; ID_BYTES] {
        self.id
    }

    /// The bytes behind the id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The whole line without its newline.
    pub const fn line(&self) -> &'a str {
        self.line
    }

    /// The one key with this line's name and id. Two different keys cannot be told apart by the line, so that is
    /// refused rather than guessed.
    fn find_key<'k>(&self, keys: &[&'k VerifierKey]) -> Result<Option<&'k VerifierKey>, NoteError> {
        let mut found: Option<&VerifierKey> = None;
        for key in keys {
            if key.name() != self.name || key.id() != self.id {
                continue;
            }
            if found.is_some_and(|other| other != *key) {
                let name = self.name.into();
                return Err(NoteError::AmbiguousKey { name });
            }
            found = Some(key);
        }
        Ok(found)
    }

    /// Verifies the line under the key that it names; the time of a cosignature.
    fn verify(&self, key: &VerifierKey, text: &str) -> Result<Option<u64>, NoteError> {
        let wrong = || NoteError::WrongSignature {
            name: self.name.into(),
        };
        match key.key_type() {
            KeyType::CosignatureV1 => cosignature::verify(key, text, &self.signature)
                .map(Some)
                .map_err(|source| NoteError::Cosignature {
                    name: self.name.into(),
                    source,
                }),
            KeyType::Ed25519 => {
                let signature = self.signature.as_slice().try_into().map_err(|_| wrong())?;
                if key.verify(text.as_bytes(), signature) {
                    Ok(None)
                } else {
                    Err(wrong())
                }
            }
        }
    }
}

impl VerifiedNote {
    /// The text with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The keys that signed, in the order of their first lines.
    pub fn signatures(&self) -> &[VerifiedSignature] {
        &self.signatures
    }
}

impl VerifiedSignature {
    /// The key.
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// For a cosignature the time that it states, in POSIX seconds, the earliest where there are several.
    pub const fn time(&self) -> Option<u64> {
        self.time
    }
}

/// Reads and verifies a note; see [`Note::verify`].
pub fn verify<'k>(
    note: &[u8],
    keys: impl IntoIterator<Item = &'k VerifierKey>,
) -> Result<VerifiedNote, NoteError> {
    Note::parse(note)?.verify(keys)
}

/// Signs a text by keys of type 0x01, one line each, in the order given. Each signature is verified before the note
/// is handed out.
pub fn sign(text: &str, signers: &[&dyn Signer]) -> Result<String, NoteError> {
    refuse_control(text)?;
    if !text.ends_with('\n') {
        return Err(NoteError::TextEnd);
    }
    if signers.is_empty() {
        return Err(NoteError::NoSignatures);
    }
    if signers.len() > NOTE_SIGNATURES_MAX {
        return Err(NoteError::TooManySignatures {
            max: NOTE_SIGNATURES_MAX,
        });
    }
    let mut note = String::with_capacity(text.len() + 1 + 160 * signers.len());
    note.push_str(text);
    note.push('\n');
    for signer in signers {
        let key = signer.verifier_key();
        if key.key_type() != KeyType::Ed25519 {
            return Err(NoteError::KeyType {
                name: key.name().into(),
                expected: KeyType::Ed25519.byte(),
                found: key.key_type().byte(),
            });
        }
        let signature = signer.sign(text.as_bytes())?;
        if !key.verify(text.as_bytes(), &signature) {
            let name = key.name().into();
            return Err(SignError::Wrong { name }.into());
        }
        push_line(&mut note, key, &signature);
    }
    refuse_length(note.len())?;
    Ok(note)
}

/// Appends signature lines (without newlines) to a note, those that it does not have yet. Nothing is verified.
pub fn merge<'a>(
    note: &str,
    lines: impl IntoIterator<Item = &'a str>,
) -> Result<String, NoteError> {
    let parsed = Note::parse(note.as_bytes())?;
    let mut merged = String::from(note);
    let mut known: Vec<&str> = parsed.signatures.iter().map(|known| known.line).collect();
    for (number, line) in (1..).zip(lines) {
        NoteSignature::parse(line).ok_or(NoteError::SignatureLine { number })?;
        if !known.contains(&line) {
            known.push(line);
            merged.push_str(line);
            merged.push('\n');
        }
    }
    Note::parse(merged.as_bytes())?;
    Ok(merged)
}

/// Appends one signature line.
pub(super) fn push_line(note: &mut String, key: &VerifierKey, signature: &[u8]) {
    let mut bytes = Vec::with_capacity(ID_BYTES + signature.len());
    bytes.extend_from_slice(&key.id());
    bytes.extend_from_slice(signature);
    note.push_str(LINE_START);
    note.push_str(key.name());
    note.push(' ');
    base64::encode_to(&bytes, note);
    note.push('\n');
}

fn refuse_length(found: usize) -> Result<(), NoteError> {
    if found > NOTE_BYTES_MAX {
        return Err(NoteError::TooLong {
            max: NOTE_BYTES_MAX,
            found,
        });
    }
    Ok(())
}

fn refuse_control(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        Some(offset) => Err(NoteError::ControlCharacter { offset }),
        None => Ok(()),
    }
}

/// Why a note is none, or does not show what it is said to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than any note that is read.
    #[error("note of {found} bytes, at most {max}")]
    TooLong {
        /// The limit in bytes.
        max: usize,
        /// Its length.
        found: usize,
    },
    /// Not UTF-8.
    #[error("the note is not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first byte that belongs to no character.
        offset: usize,
    },
    /// A control character other than newline.
    #[error("control character at byte {offset} of the note")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// No empty line between text and signatures.
    #[error("the note has no empty line before its signatures")]
    NoSeparator,
    /// Nothing behind the last empty line, or the last line is cut off.
    #[error("the note does not end with a whole signature line")]
    NoSignatures,
    /// A line behind the last empty line is no signature line.
    #[error("signature line {number} of the note is malformed")]
    SignatureLine {
        /// Its number, from 1.
        number: usize,
    },
    /// More signature lines than are read.
    #[error("more than {max} signature lines in a note")]
    TooManySignatures {
        /// The limit.
        max: usize,
    },
    /// A text that was to be signed does not end with a newline.
    #[error("a note's text ends with a newline")]
    TextEnd,
    /// A key of a type that does not sign this.
    #[error("key {name} is of type {found:#04x}, expected {expected:#04x}")]
    KeyType {
        /// Name of the key.
        name: String,
        /// The type byte that it needs.
        expected: u8,
        /// Its type byte.
        found: u8,
    },
    /// Two of the keys given share a name and an id.
    #[error("two different keys are named {name} with the same id")]
    AmbiguousKey {
        /// The name.
        name: String,
    },
    /// A line by one of the keys given does not verify.
    #[error("the signature by {name} does not verify")]
    WrongSignature {
        /// Name of the key.
        name: String,
    },
    /// A cosignature by one of the keys given does not verify.
    #[error("the cosignature by {name} is not accepted")]
    Cosignature {
        /// Name of the key.
        name: String,
        /// What is wrong with it.
        source: CosignatureError,
    },
    /// None of the lines is by one of the keys given.
    #[error("no signature by a known key")]
    NoKnownKey,
    /// There is no signature to put into the note.
    #[error("the note could not be signed")]
    Sign(#[from] SignError),
}

impl NoteError {
    /// Refuted for signatures, malformed for bytes, else what the signer's or cosignature's error says.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongSignature { .. } | Self::NoKnownKey => ErrorKind::Refuted,
            Self::Cosignature { source, .. } => source.kind(),
            Self::Sign(source) => source.kind(),
            Self::KeyType { .. } | Self::AmbiguousKey { .. } => ErrorKind::Refused,
            Self::TooLong { .. }
            | Self::NotUtf8 { .. }
            | Self::ControlCharacter { .. }
            | Self::NoSeparator
            | Self::NoSignatures
            | Self::SignatureLine { .. }
            | Self::TooManySignatures { .. }
            | Self::TextEnd => ErrorKind::Malformed,
        }
    }
}

#[cfg(test)]
mod tests;
